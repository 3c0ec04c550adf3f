"""The self-signed certificate of a station's seal key: a name tag that is believed only where it is pinned."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID, ObjectIdentifier

VALID_DAYS: Final = 3_660
_ORGANISATION: Final = "PROCTOR station seal"
_DOCUMENT_SIGNING: Final = ObjectIdentifier("1.3.6.1.5.5.7.3.36")
"""id-kp-documentSigning of RFC 9336."""


def make_station_certificate(key: ec.EllipticCurvePrivateKey, common_name: str, at: datetime) -> bytes:
    """Return the DER certificate of a P-256 key, valid from the start of `at`'s UTC day for ten years.

    The same key, name and day give the same bytes, so that it need not be stored to be pinned.
    """
    start = at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, _ORGANISATION),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(_serial(key, common_name, start))
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=VALID_DAYS))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(), critical=True)
        .add_extension(x509.ExtendedKeyUsage([_DOCUMENT_SIGNING]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    certificate = builder.sign(key, hashes.SHA256(), ecdsa_deterministic=True)
    return certificate.public_bytes(serialization.Encoding.DER)


def certificate_fingerprint(certificate: bytes) -> str:
    """Return the SHA-256 of a DER certificate, lowercase hexadecimal: what is pinned and compared."""
    return hashlib.sha256(certificate).hexdigest()


def _serial(key: ec.EllipticCurvePrivateKey, common_name: str, start: datetime) -> int:
    """Return a positive serial of 127 bits, never zero, bound to key, name and day."""
    public = key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    seed = hashlib.sha256(public + common_name.encode() + start.isoformat().encode()).digest()
    return (int.from_bytes(seed[:16], "big") >> 1) | 1


def _usage() -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=True,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
