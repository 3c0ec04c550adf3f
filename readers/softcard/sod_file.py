"""EF.SOD, encoded and signed (9303-10 4.6.2, RFC 5652): the parts apart, so that tests can break each one."""

from __future__ import annotations

import hashlib
from datetime import UTC
from typing import TYPE_CHECKING, Final

from asn1crypto import x509
from asn1crypto.core import UTCTime
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from readers.emrtd.files import EF_SOD
from readers.emrtd.pki.algorithms import hash_oid
from readers.iso7816 import der, tlv

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from readers.softcard.pki import Credential

LDS_SECURITY_OBJECT: Final = "2.23.136.1.1.1"
_SIGNED_DATA: Final = "1.2.840.113549.1.7.2"
_CONTENT_TYPE: Final = "1.2.840.113549.1.9.3"
_MESSAGE_DIGEST: Final = "1.2.840.113549.1.9.4"
_SIGNING_TIME: Final = "1.2.840.113549.1.9.5"
_ECDSA_SHA256: Final = "1.2.840.10045.4.3.2"
_CMS_VERSION: Final = 3
_SIGNER_VERSION: Final = 1


def encode_sod(data_groups: Mapping[int, bytes], signer: Credential, signing_time: datetime) -> bytes:
    """EF.SOD over the data groups: SHA-256, one signer by issuer and serial, ECDSA-SHA256, its certificate
    within."""
    content = security_object(data_groups)
    attributes = signed_attributes(content, signing_time)
    info = signer_info(signer.encoded, attributes, sign(signer, attributes))
    return wrap(content, [signer.encoded], [info])


def security_object(data_groups: Mapping[int, bytes], algorithm: str = "sha256") -> bytes:
    """LDSSecurityObject version 0 with the hash of every data group."""
    values = (
        _sequence(
            der.encode_integer(number), tlv.encode(der.OCTET_STRING, hashlib.new(algorithm, octets).digest())
        )
        for number, octets in sorted(data_groups.items())
    )
    return _sequence(der.encode_integer(0), hash_identifier(algorithm), _sequence(*values))


def signed_attributes(
    content: bytes,
    signing_time: datetime | None,
    *,
    content_type: str = LDS_SECURITY_OBJECT,
    algorithm: str = "sha256",
) -> bytes:
    """The SET OF attributes as it is signed, in DER order."""
    found = [
        _attribute(_CONTENT_TYPE, _oid(content_type)),
        _attribute(_MESSAGE_DIGEST, tlv.encode(der.OCTET_STRING, hashlib.new(algorithm, content).digest())),
    ]
    if signing_time is not None:
        found.append(_attribute(_SIGNING_TIME, UTCTime(signing_time.astimezone(UTC)).dump()))
    return tlv.encode(der.SET, *sorted(found))


def sign(signer: Credential, octets: bytes) -> bytes:
    """ECDSA-SHA256 of the signer."""
    return signer.key.sign(octets, ec.ECDSA(hashes.SHA256()))


def signer_info(
    certificate: bytes,
    attributes: bytes | None,
    signature: bytes,
    *,
    digest_algorithm: str = "sha256",
    signature_algorithm: bytes | None = None,
) -> bytes:
    """One SignerInfo that names its certificate by issuer and serial. `attributes` as a SET."""
    body = x509.Certificate.load(certificate)["tbs_certificate"]
    named = _sequence(body["issuer"].dump(), body["serial_number"].dump())
    tagged = b"" if attributes is None else b"\xa0" + attributes[1:]
    algorithm = signature_algorithm or _sequence(_oid(_ECDSA_SHA256))
    return _sequence(
        der.encode_integer(_SIGNER_VERSION),
        named,
        hash_identifier(digest_algorithm),
        tagged,
        algorithm,
        tlv.encode(der.OCTET_STRING, signature),
    )


def wrap(
    content: bytes,
    certificates: Iterable[bytes],
    signer_infos: Iterable[bytes],
    *,
    content_type: str = LDS_SECURITY_OBJECT,
) -> bytes:
    """The whole file around content, certificates and signers."""
    encapsulated = _sequence(_oid(content_type), tlv.encode(0xA0, tlv.encode(der.OCTET_STRING, content)))
    carried = b"".join(certificates)
    signed_data = _sequence(
        der.encode_integer(_CMS_VERSION),
        tlv.encode(der.SET, hash_identifier("sha256")),
        encapsulated,
        tlv.encode(0xA0, carried) if carried else b"",
        tlv.encode(der.SET, *signer_infos),
    )
    return tlv.encode(EF_SOD.tag, _sequence(_oid(_SIGNED_DATA), tlv.encode(0xA0, signed_data)))


def hash_identifier(algorithm: str) -> bytes:
    """The AlgorithmIdentifier of a hash."""
    return _sequence(_oid(hash_oid(algorithm)))


def _attribute(oid: str, value: bytes) -> bytes:
    return _sequence(_oid(oid), tlv.encode(der.SET, value))


def _oid(dotted: str) -> bytes:
    return tlv.encode(der.OID, der.encode_oid(dotted))


def _sequence(*values: bytes) -> bytes:
    return tlv.encode(der.SEQUENCE, *values)
