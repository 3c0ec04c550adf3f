"""Makes what the training PKI consists of, and keeps it in its directory."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from readers.emrtd.curves import Point, curve_by_name
from readers.emrtd.pki.certificate import DOCUMENT_TYPE_LIST
from readers.errors import ReaderError, TlvError
from readers.iso7816 import der, tlv
from readers.softcard.pki_crl import authority_key, renewed_crl, write_file
from readers.softcard.security_files import explicit_parameters, oid, sequence
from readers.softcard.signing import Credential, OddCurveKey, PrivateKey

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from pathlib import Path

CURVES: Final[Mapping[str, type[ec.EllipticCurve]]] = {
    "secp256r1": ec.SECP256R1,
    "secp384r1": ec.SECP384R1,
    "secp521r1": ec.SECP521R1,
    "brainpoolP256r1": ec.BrainpoolP256R1,
    "brainpoolP384r1": ec.BrainpoolP384R1,
    "brainpoolP512r1": ec.BrainpoolP512R1,
}
_NAMES: Final = {curve.name: name for name, curve in CURVES.items()}
_SPELT_OUT: Final = ("explicit", "changed-generator")
_SERIAL_OCTETS: Final = 16
_SPKI_FIELD: Final = 6
"""Where SubjectPublicKeyInfo stands in a TBSCertificate of version 3."""
_EXPONENT: Final = 65537
_RSA_BITS: Final = 3072


class TrainingPkiError(ReaderError):
    """The training PKI cannot be made or read; fact `reason`."""

    code = "training-pki-broken"


class Maker:
    """Loads each part of the PKI, or makes it where it is absent or has run out."""

    def __init__(self, directory: Path, *, spec: dict[str, Any], now: datetime, seed: bytes | None) -> None:
        self._directory = directory
        self._spec = spec
        self._now = now.replace(microsecond=0)
        self._seed = seed

    def authority(self, name: str) -> Credential:
        """A self-signed CSCA."""
        row = self._spec[name]
        old = self._load(name)
        if old is not None:
            return old
        key, subject = self._key(name, row["curve"]), self._name(row)
        start = self._now - timedelta(days=row["age_days"])
        builder = self._builder(
            name,
            row,
            subject=subject,
            issuer=subject,
            public=key.public_key(),
            start=start,
            is_authority=True,
        )
        return self._keep(name, _encode(builder.sign(key, hashes.SHA384())), key)

    def signer(self, name: str, csca: Credential, *, row: str = "signer", kind: str = "named") -> Credential:
        """A document signer of the CSCA, whose key is in use for 90 days. kind: "named" or "explicit" curve
        parameters, "rsa"."""
        values = self._spec[row]
        old = self._load(name)
        if old is not None and _issued_by(old, csca) and self._still_used(old, values["renew_days"]):
            return old
        encoded, key = self._make_signer(name, values, csca, kind)
        return self._keep(name, encoded, key)

    def odd_signer(self, name: str, authorities: Mapping[str, Credential]) -> Credential:
        """A signer as its row in `odd_signer` says, not kept. Raises KeyError."""
        values = {**self._spec["signer"], **self._spec["odd_signer"][name]}
        issuer = values["authority"]
        if issuer == "itself":
            return self._self_signed(values)
        csca = self._forged(authorities["csca"]) if issuer == "forged" else authorities[issuer]
        encoded, key = self._make_signer(f"odd {name}", values, csca, values.get("kind", "named"))
        return Credential(encoded=encoded, key=key)

    def _make_signer(
        self, name: str, row: Mapping[str, Any], csca: Credential, kind: str
    ) -> tuple[bytes, Any]:
        start = self._now - timedelta(days=row["age_days"])
        label = f"{name} {start.isoformat()}"
        key = self._signer_key(label, row, kind)
        issuer = csca.certificate
        country = str(issuer.subject.get_attributes_for_oid(NameOID.COUNTRY_NAME)[0].value)
        subject = self._name({**row, "country": country})
        public = key.public_key() if not isinstance(key, OddCurveKey) else csca.key.public_key()
        builder = self._builder(
            label, row, subject=subject, issuer=issuer.subject, public=public, start=start
        )
        locality = x509.Name([x509.NameAttribute(NameOID.LOCALITY_NAME, row.get(country, row["locality"]))])
        alternative = x509.SubjectAlternativeName([x509.DirectoryName(locality)])
        builder = builder.add_extension(alternative, critical=False).add_extension(
            authority_key(issuer), critical=False
        )
        encoded = _encode(builder.sign(csca.key, hashes.SHA384()))
        if kind in _SPELT_OUT:
            encoded = _with_key(encoded, _explicit_key(key), csca.key)
        return encoded, key

    def _signer_key(self, label: str, row: Mapping[str, Any], kind: str) -> Any:
        if kind == "rsa":
            return rsa.generate_private_key(_EXPONENT, row.get("rsa_bits", _RSA_BITS))
        if kind == "changed-generator":
            return _changed_generator(row["curve"])
        return self._key(label, row["curve"])

    def _forged(self, csca: Credential) -> Credential:
        """A CSCA of our own under the name, serial and key identifier of the true one."""
        true = csca.certificate
        key = ec.generate_private_key(csca.key.curve)
        builder = x509.CertificateBuilder(
            subject_name=true.subject,
            issuer_name=true.issuer,
            public_key=key.public_key(),
            serial_number=true.serial_number,
            not_valid_before=true.not_valid_before_utc,
            not_valid_after=true.not_valid_after_utc,
            extensions=list(true.extensions),
        )
        return Credential(encoded=_encode(builder.sign(key, hashes.SHA384())), key=key)

    def _self_signed(self, row: Mapping[str, Any]) -> Credential:
        """A signer that vouches for itself."""
        start = self._now - timedelta(days=row["age_days"])
        key = ec.generate_private_key(CURVES[row["curve"]]())
        name = self._name(row)
        builder = self._builder(
            "odd", row, subject=name, issuer=name, public=key.public_key(), start=start, is_authority=False
        )
        return Credential(encoded=_encode(builder.sign(key, hashes.SHA384())), key=key)

    def crl(self, csca: Credential, revoked: Credential | None = None, *, name: str = "crl") -> bytes:
        """The CRL of the CSCA, kept as NAME.der."""
        serials = set() if revoked is None else {revoked.certificate.serial_number}
        return renewed_crl(
            self._directory / f"{name}.der", csca, serials, now=self._now, row=self._spec["crl"]
        )

    def _still_used(self, credential: Credential, days: int) -> bool:
        start = credential.certificate.not_valid_before_utc
        return start <= self._now <= start + timedelta(days=days)

    def _name(self, row: Mapping[str, Any]) -> x509.Name:
        return x509.Name(
            [
                x509.NameAttribute(NameOID.COUNTRY_NAME, row["country"]),
                x509.NameAttribute(NameOID.ORGANIZATION_NAME, self._spec["marker"]["organization"]),
                x509.NameAttribute(NameOID.COMMON_NAME, row["common_name"]),
            ]
        )

    def _builder(
        self,
        label: str,
        row: Mapping[str, Any],
        *,
        subject: x509.Name,
        issuer: x509.Name,
        public: ec.EllipticCurvePublicKey | rsa.RSAPublicKey,
        start: datetime,
        is_authority: bool = False,
    ) -> x509.CertificateBuilder:
        """What all certificates have: names, serial, validity, key, usage, usage period, marker."""
        usage_end = start + timedelta(days=row["usage_days"])
        marker = x509.UnrecognizedExtension(
            x509.ObjectIdentifier(self._spec["marker"]["oid"]),
            tlv.encode(0x0C, self._spec["marker"]["text"].encode("utf-8")),
        )
        builder = x509.CertificateBuilder(
            subject_name=subject,
            issuer_name=issuer,
            public_key=public,
            serial_number=self._serial(label),
            not_valid_before=start,
            not_valid_after=start + timedelta(days=row["valid_days"]),
        )
        builder = builder.add_extension(_key_usage(is_authority=is_authority), critical=True)
        builder = builder.add_extension(
            x509.PrivateKeyUsagePeriod(not_before=start, not_after=usage_end), critical=False
        )
        builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        if is_authority:
            builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        if "document_types" in row:
            builder = builder.add_extension(_document_types(row["document_types"]), critical=False)
        return builder.add_extension(marker, critical=False)

    def _material(self, label: str, octets: int) -> bytes:
        if self._seed is None:
            return secrets.token_bytes(octets)
        return hashlib.shake_256(self._seed + label.encode("utf-8")).digest(octets)

    def _serial(self, label: str) -> int:
        octets = self._material(f"serial {label}", _SERIAL_OCTETS)
        return int.from_bytes(bytes([0x40 | octets[0] & 0x3F]) + octets[1:], "big")

    def _key(self, label: str, curve_name: str) -> ec.EllipticCurvePrivateKey:
        curve = CURVES[curve_name]()
        if self._seed is None:
            return ec.generate_private_key(curve)
        octets = (curve.key_size - 1) // 8
        return ec.derive_private_key(int.from_bytes(self._material(f"key {label}", octets), "big"), curve)

    def _load(self, name: str) -> Credential | None:
        certificate, key = self._directory / f"{name}.der", self._directory / f"{name}.key"
        if not (certificate.exists() and key.exists()):
            return None
        try:
            private = serialization.load_pem_private_key(key.read_bytes(), password=None)
            encoded = certificate.read_bytes()
            matches = _public_octets(encoded) == _point_or_modulus(private)
        except (ValueError, OSError, TlvError, IndexError):
            raise TrainingPkiError(reason="unreadable", file=name) from None
        if not matches:
            raise TrainingPkiError(reason="key", file=name)
        return Credential(encoded=encoded, key=private)

    def _keep(self, name: str, encoded: bytes, key: PrivateKey) -> Credential:
        pem = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        write_file(self._directory / f"{name}.key", pem, mode=0o600)
        write_file(self._directory / f"{name}.der", encoded, mode=0o644)
        return Credential(encoded=encoded, key=key)


def _key_usage(*, is_authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not is_authority,
        key_cert_sign=is_authority,
        crl_sign=is_authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _issued_by(credential: Credential, csca: Credential) -> bool:
    """By the key identifier; the directory is our own."""
    own = credential.certificate.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value
    return own == authority_key(csca.certificate)


def _encode(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.DER)


def _document_types(codes: list[str]) -> x509.UnrecognizedExtension:
    """DocumentTypeList (9303-12 7.1.1.6)."""
    listed = tlv.encode(der.SET, *(tlv.encode(0x13, code.encode("ascii")) for code in codes))
    value = tlv.encode(der.SEQUENCE, der.encode_integer(0), listed)
    return x509.UnrecognizedExtension(x509.ObjectIdentifier(DOCUMENT_TYPE_LIST), value)


def _explicit_key(key: Any) -> bytes:
    """SubjectPublicKeyInfo with every parameter of the curve spelt out."""
    if isinstance(key, OddCurveKey):
        curve, point = key.curve, key.curve.multiply(key.private)
    else:
        numbers = key.public_key().public_numbers()
        curve, point = curve_by_name(_NAMES[key.curve.name]), Point(numbers.x, numbers.y)
    algorithm = sequence(oid("1.2.840.10045.2.1"), explicit_parameters(curve))
    return sequence(algorithm, tlv.encode(der.BIT_STRING, b"\0", curve.encode(point)))


def _changed_generator(curve_name: str) -> OddCurveKey:
    """A key whose public half is twice the true generator, and whose generator is that point too."""
    true = curve_by_name(curve_name)
    return OddCurveKey(curve=replace(true, generator=true.multiply(2)), private=1)


def _with_key(encoded: bytes, spki: bytes, key: ec.EllipticCurvePrivateKey) -> bytes:
    """The same certificate over another SubjectPublicKeyInfo, signed anew."""
    certificate = tlv.parse_one(encoded, der.SEQUENCE)
    body, algorithm, _ = certificate.children()
    fields = list(body.children())
    changed = tlv.encode(
        der.SEQUENCE, *(spki if at == _SPKI_FIELD else field.raw for at, field in enumerate(fields))
    )
    signature = key.sign(changed, ec.ECDSA(hashes.SHA384()))
    return tlv.encode(der.SEQUENCE, changed, algorithm.raw, tlv.encode(der.BIT_STRING, b"\0", signature))


def _public_octets(encoded: bytes) -> bytes:
    """The public key of a certificate as its bit string holds it."""
    body = tlv.parse_one(encoded, der.SEQUENCE).children()[0]
    return der.decode_bit_string(body.children()[_SPKI_FIELD].children()[1])


def _point_or_modulus(key: Any) -> bytes:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    spki = key.public_key().public_bytes(serialization.Encoding.DER, form)
    return der.decode_bit_string(tlv.parse_one(spki, der.SEQUENCE).children()[1])
