"""EF.SOD, encoded and signed (9303-10 4.6.2, RFC 5652): the parts apart, so that tests can break each one."""

from __future__ import annotations

import hashlib
from datetime import UTC
from typing import TYPE_CHECKING, Final

from asn1crypto import x509
from asn1crypto.core import UTCTime

from readers.emrtd.files import EF_SOD
from readers.emrtd.pki.algorithms import hash_oid
from readers.iso7816 import der, tlv
from readers.softcard.options import CCCD
from readers.softcard.signing import signature_algorithm_of, signature_by

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from readers.softcard.options import ChipOptions
    from readers.softcard.signing import Credential

LDS_SECURITY_OBJECT: Final = "2.23.136.1.1.1"
_SIGNED_DATA: Final = "1.2.840.113549.1.7.2"
_CONTENT_TYPE: Final = "1.2.840.113549.1.9.3"
_MESSAGE_DIGEST: Final = "1.2.840.113549.1.9.4"
_SIGNING_TIME: Final = "1.2.840.113549.1.9.5"
_ECDSA_SHA256: Final = "1.2.840.10045.4.3.2"
_CMS_VERSION: Final = 3
_SIGNER_VERSION: Final = 1


def encode_sod(
    data_groups: Mapping[int, bytes],
    signer: Credential,
    signing_time: datetime,
    options: ChipOptions = CCCD,
) -> bytes:
    """EF.SOD over the data groups: one signer by issuer and serial, its certificate within; hash, version and
    scheme as the options say."""
    content = security_object(data_groups, options.sod_hash, version=options.lds_version)
    return sign_content(content, signer, signing_time, options)


def sign_content(
    content: bytes,
    signer: Credential,
    signing_time: datetime,
    options: ChipOptions = CCCD,
    *,
    content_type: str = LDS_SECURITY_OBJECT,
    template: int | None = EF_SOD.tag,
) -> bytes:
    """A SignedData around any content: EF.SOD, or EF.CardSecurity with its own content type and no template."""
    digest, is_pss = options.sod_hash, options.sod_signature == "rsa-pss"
    attributes = signed_attributes(content, signing_time, content_type=content_type, algorithm=digest)
    info = signer_info(
        signer.encoded,
        attributes,
        signature_by(signer, attributes, digest, is_pss=is_pss),
        digest_algorithm=digest,
        signature_algorithm=signature_algorithm_of(signer, digest, is_pss=is_pss),
    )
    return wrap(
        content,
        [signer.encoded],
        [info],
        content_type=content_type,
        digest_algorithm=digest,
        template=template,
    )


def security_object(
    data_groups: Mapping[int, bytes], algorithm: str = "sha256", *, version: int = 0
) -> bytes:
    """LDSSecurityObject with the hash of every data group; version 1 also names LDS and Unicode (9303-10
    4.6.2.3)."""
    values = (
        _sequence(
            der.encode_integer(number), tlv.encode(der.OCTET_STRING, hashlib.new(algorithm, octets).digest())
        )
        for number, octets in sorted(data_groups.items())
    )
    versions = _sequence(tlv.encode(0x13, b"0108"), tlv.encode(0x13, b"040000")) if version else b""
    return _sequence(der.encode_integer(version), hash_identifier(algorithm), _sequence(*values), versions)


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
    digest_algorithm: str = "sha256",
    template: int | None = EF_SOD.tag,
) -> bytes:
    """The whole file around content, certificates and signers."""
    encapsulated = _sequence(_oid(content_type), tlv.encode(0xA0, tlv.encode(der.OCTET_STRING, content)))
    carried = b"".join(certificates)
    signed_data = _sequence(
        der.encode_integer(_CMS_VERSION),
        tlv.encode(der.SET, hash_identifier(digest_algorithm)),
        encapsulated,
        tlv.encode(0xA0, carried) if carried else b"",
        tlv.encode(der.SET, *signer_infos),
    )
    message = _sequence(_oid(_SIGNED_DATA), tlv.encode(0xA0, signed_data))
    return message if template is None else tlv.encode(template, message)


def hash_identifier(algorithm: str) -> bytes:
    """The AlgorithmIdentifier of a hash."""
    return _sequence(_oid(hash_oid(algorithm)))


def _attribute(oid: str, value: bytes) -> bytes:
    return _sequence(_oid(oid), tlv.encode(der.SET, value))


def _oid(dotted: str) -> bytes:
    return tlv.encode(der.OID, der.encode_oid(dotted))


def _sequence(*values: bytes) -> bytes:
    return tlv.encode(der.SEQUENCE, *values)
