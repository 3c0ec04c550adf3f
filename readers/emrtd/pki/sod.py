"""EF.SOD: CMS signed data over the LDS security object (9303-10 4.6.2, RFC 5652 5).

Everything is read by the hardened TLV parser. The signature is checked under the certificate that comes with
the object, so it shows consistency only; who that signer is, is the chain's question.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from asn1crypto import x509
from asn1crypto.core import GeneralizedTime, UTCTime

from readers.emrtd.evidence import Facts, SecurityObject, freeze
from readers.emrtd.files import EF_SOD
from readers.emrtd.pki.algorithms import (
    SignatureAlgorithm,
    digest,
    read_hash,
    read_signature_algorithm,
    require_strong_hash,
)
from readers.emrtd.pki.asn1 import CONTEXT_0, CONTEXT_1, Fields, in_utc, parsing, require_der
from readers.emrtd.pki.certificate import Certificate, read_certificate, read_name
from readers.emrtd.pki.errors import SodMalformedError, SodSignatureError
from readers.emrtd.pki.public_key import PublicKey, SignatureRefusedError, load_public_key
from readers.iso7816 import der, tlv

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

SIGNED_DATA: Final = "1.2.840.113549.1.7.2"
LDS_SECURITY_OBJECT: Final = "2.23.136.1.1.1"
CONTENT_TYPE: Final = "1.2.840.113549.1.9.3"
MESSAGE_DIGEST: Final = "1.2.840.113549.1.9.4"
SIGNING_TIME: Final = "1.2.840.113549.1.9.5"
MAX_CERTIFICATES: Final = 8
_KEY_ID_SIGNER: Final = 0x80
_UTC_TIME: Final = 0x17
_GENERALIZED_TIME: Final = 0x18


@dataclass(frozen=True, slots=True, kw_only=True)
class _Signer:
    """One SignerInfo. `attributes`: the octets that are signed, None if the content itself is."""

    issuer_key: str | None
    serial: int | None
    key_id: bytes | None
    digest_algorithm: str
    algorithm: SignatureAlgorithm
    attributes: bytes | None = field(repr=False)
    signature: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class _SignedData:
    content_type: str
    content: bytes = field(repr=False)
    certificates: tuple[bytes, ...] = field(repr=False)
    signers: tuple[tlv.Tlv, ...] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Attributes:
    content_type: str
    message_digest: bytes = field(repr=False)
    signing_time: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Hashes:
    algorithm: str
    values: Mapping[int, bytes] = field(repr=False)
    version: int


def require_signed(octets: bytes) -> SecurityObject:
    """Return what the one signer of the EF.SOD signed.

    Raises SodMalformedError, SodSignatureError, WeakAlgorithmError, UnsupportedAlgorithmError,
    CurveParametersError, CertificateMalformedError."""
    with parsing(SodMalformedError):
        require_der(octets)
        signed = _read_signed_data(tlv.parse_one(octets, EF_SOD.tag).value)
    if signed.content_type != LDS_SECURITY_OBJECT:
        raise SodSignatureError(reason="content-type")
    signer = _require_one_signer(signed)
    certificate = _require_certificate(signer, signed.certificates)
    signing_time = _require_signature(signed, signer, certificate)
    with parsing(SodMalformedError):
        hashes = _read_security_object(signed.content)
    require_strong_hash(hashes.algorithm, what="data-groups")
    return SecurityObject(
        raw=octets,
        hash_algorithm=hashes.algorithm,
        data_group_hashes=hashes.values,
        signer_certificate=certificate.encoded,
        signing_time=signing_time,
        facts=_facts(hashes, signer, signing_time),
    )


def _facts(hashes: _Hashes, signer: _Signer, signing_time: datetime | None) -> Facts:
    return freeze(
        {
            "hash_algorithm": hashes.algorithm,
            "lds_version": hashes.version,
            "signature_algorithm": signer.algorithm.label,
            "signing_time": "absent" if signing_time is None else "present",
            "data_groups": " ".join(f"DG{number}" for number in sorted(hashes.values)),
        }
    )


# --- reading -----------------------------------------------------------------------------------------------


def _read_signed_data(octets: bytes) -> _SignedData:
    outer = Fields(tlv.parse_one(octets))
    if der.decode_oid(outer.take(der.OID)) != SIGNED_DATA:
        raise SodMalformedError(reason="not-signed-data")
    fields = Fields(tlv.parse_one(outer.take(CONTEXT_0).value))
    outer.end()
    der.decode_integer(fields.take(der.INTEGER))
    fields.take(der.SET)
    content = Fields(fields.take(der.SEQUENCE))
    certificates = fields.take_optional(CONTEXT_0)
    fields.take_optional(CONTEXT_1)
    signers = fields.take(der.SET)
    fields.end()
    return _SignedData(
        content_type=der.decode_oid(content.take(der.OID)),
        content=tlv.parse_one(content.take(CONTEXT_0).value, der.OCTET_STRING).value,
        certificates=() if certificates is None else tuple(item.raw for item in certificates.children()),
        signers=signers.children(),
    )


def _require_one_signer(signed: _SignedData) -> _Signer:
    if not signed.signers:
        raise SodSignatureError(reason="no-signer")
    if len(signed.signers) > 1:
        raise SodMalformedError(reason="several-signers")
    with parsing(SodMalformedError):
        return _read_signer(signed.signers[0])


def _read_signer(item: tlv.Tlv) -> _Signer:
    fields = Fields(item)
    der.decode_integer(fields.take(der.INTEGER))
    key_id = fields.take_optional(_KEY_ID_SIGNER)
    issuer, serial = (
        (None, None) if key_id is not None else _read_issuer_and_serial(fields.take(der.SEQUENCE))
    )
    digest_algorithm = read_hash(fields.take(der.SEQUENCE))
    attributes = fields.take_optional(CONTEXT_0)
    algorithm = read_signature_algorithm(fields.take(der.SEQUENCE))
    signature = fields.take(der.OCTET_STRING).value
    fields.take_optional(CONTEXT_1)
    fields.end()
    return _Signer(
        issuer_key=issuer,
        serial=serial,
        key_id=None if key_id is None else key_id.value,
        digest_algorithm=digest_algorithm,
        algorithm=algorithm,
        attributes=None if attributes is None else bytes([der.SET]) + attributes.raw[1:],
        signature=signature,
    )


def _read_issuer_and_serial(item: tlv.Tlv) -> tuple[str, int]:
    fields = Fields(item)
    name = read_name(x509.Name.load(fields.take(der.SEQUENCE).raw, strict=True))
    serial = der.decode_integer(fields.take(der.INTEGER))
    fields.end()
    return name.key, serial


def _read_attributes(octets: bytes) -> _Attributes:
    """The three signed attributes (RFC 5652 11), each at most once and with one value; unknown ones are
    skipped."""
    found: dict[str, tlv.Tlv] = {}
    for item in tlv.parse_one(octets, der.SET).children():
        fields = Fields(item)
        oid = der.decode_oid(fields.take(der.OID))
        values = fields.take(der.SET).children()
        if oid in found or len(values) != 1:
            raise SodMalformedError(reason="signed-attributes")
        found[oid] = values[0]
    if CONTENT_TYPE not in found or MESSAGE_DIGEST not in found:
        raise SodMalformedError(reason="signed-attributes")
    return _Attributes(
        content_type=der.decode_oid(found[CONTENT_TYPE]),
        message_digest=found[MESSAGE_DIGEST].value,
        signing_time=_read_time(found[SIGNING_TIME]) if SIGNING_TIME in found else None,
    )


def _read_time(item: tlv.Tlv) -> datetime:
    kinds = {_UTC_TIME: UTCTime, _GENERALIZED_TIME: GeneralizedTime}
    return in_utc(kinds[item.tag].load(item.raw, strict=True).native)


def _read_security_object(octets: bytes) -> _Hashes:
    """LDSSecurityObject, version 0 or 1 (9303-10 4.6.2.3)."""
    require_der(octets)
    fields = Fields(tlv.parse_one(octets))
    version = der.decode_integer(fields.take(der.INTEGER))
    algorithm = read_hash(fields.take(der.SEQUENCE))
    listed = fields.take(der.SEQUENCE).children()
    has_version_info = fields.take_optional(der.SEQUENCE) is not None
    fields.end()
    if version not in (0, 1) or (version == 0 and has_version_info):
        raise SodMalformedError(reason="security-object-version")
    values: dict[int, bytes] = {}
    for item in listed:
        number, value = _read_data_group_hash(item, hashlib.new(algorithm).digest_size)
        if number in values:
            raise SodMalformedError(reason="data-group-twice")
        values[number] = value
    return _Hashes(algorithm=algorithm, values=MappingProxyType(values), version=version)


def _read_data_group_hash(item: tlv.Tlv, octets: int) -> tuple[int, bytes]:
    fields = Fields(item)
    number = der.decode_integer(fields.take(der.INTEGER))
    value = fields.take(der.OCTET_STRING).value
    fields.end()
    if not 1 <= number <= 16 or len(value) != octets:
        raise SodMalformedError(reason="data-group-hash")
    return number, value


# --- checking ----------------------------------------------------------------------------------------------


def _require_certificate(signer: _Signer, certificates: tuple[bytes, ...]) -> Certificate:
    """The certificate the signer points at. Others beside it are ignored: none of them is an anchor."""
    if len(certificates) > MAX_CERTIFICATES:
        raise SodMalformedError(reason="too-many-certificates")
    for octets in certificates:
        certificate = read_certificate(octets)
        by_serial = (certificate.issuer.key, certificate.serial) == (signer.issuer_key, signer.serial)
        if by_serial or certificate.key_id == signer.key_id:
            return certificate
    raise SodMalformedError(reason="certificate-missing")


def _require_signature(signed: _SignedData, signer: _Signer, certificate: Certificate) -> datetime | None:
    """Check the signed attributes against the content, then the signature over them; return the signing
    time."""
    if signer.attributes is None:
        raise SodSignatureError(reason="no-signed-attributes")
    with parsing(SodMalformedError):
        attributes = _read_attributes(signer.attributes)
    if attributes.content_type != signed.content_type:
        raise SodSignatureError(reason="content-type")
    hash_name = require_strong_hash(signer.digest_algorithm, what="message-digest")
    if not hmac.compare_digest(attributes.message_digest, digest(hash_name, signed.content)):
        raise SodSignatureError(reason="message-digest")
    _verify(load_public_key(certificate.spki), signer, signer.attributes)
    return attributes.signing_time


def _verify(key: PublicKey, signer: _Signer, attributes: bytes) -> None:
    """Check over the attributes as they stand, else in DER order, which the signer was bound to (RFC 5652
    5.4)."""
    try:
        key.verify(signer.signature, attributes, signer.algorithm, signer.digest_algorithm)
    except SignatureRefusedError as refused:
        sorted_attributes = _der_order(attributes)
        if refused.reason != "signature" or sorted_attributes == attributes:
            raise SodSignatureError(reason=refused.reason) from None
    else:
        return
    try:
        key.verify(signer.signature, sorted_attributes, signer.algorithm, signer.digest_algorithm)
    except SignatureRefusedError as refused:
        raise SodSignatureError(reason=refused.reason) from None


def _der_order(attributes: bytes) -> bytes:
    items = tlv.parse_one(attributes, der.SET).children()
    return tlv.encode(der.SET, *sorted(item.raw for item in items))
