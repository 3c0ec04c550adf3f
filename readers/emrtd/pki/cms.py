"""CMS signed data (RFC 5652 5) as travel documents use it: EF.SOD, EF.CardSecurity, master lists.

Everything is read by the hardened TLV parser. The signature is checked under the certificate that comes with the
object, so it shows consistency only; who that signer is, is the chain's question.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from asn1crypto import x509

from readers.emrtd.pki.algorithms import (
    SignatureAlgorithm,
    digest,
    read_hash,
    read_signature_algorithm,
    require_strong_hash,
)
from readers.emrtd.pki.asn1 import (
    CONTEXT_0,
    CONTEXT_1,
    Fields,
    parsing,
    read_time,
    require_der,
    to_definite,
)
from readers.emrtd.pki.certificate import Certificate, read_certificate, read_name
from readers.emrtd.pki.public_key import PublicKey, SignatureRefusedError, load_public_key
from readers.errors import ReaderError, TlvError
from readers.iso7816 import der, tlv

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

SIGNED_DATA: Final = "1.2.840.113549.1.7.2"
CONTENT_TYPE: Final = "1.2.840.113549.1.9.3"
MESSAGE_DIGEST: Final = "1.2.840.113549.1.9.4"
SIGNING_TIME: Final = "1.2.840.113549.1.9.5"
_KEY_ID_SIGNER: Final = 0x80


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One use of CMS: the content it must have, how many certificates it may carry, and its two errors, which both
    take a `reason`: `malformed` for a wrong form, `refused` for a signature that does not hold."""

    content_type: str
    max_certificates: int
    malformed: type[ReaderError]
    refused: type[ReaderError]


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedContent:
    """What the one signer signed, and with what."""

    content: bytes = field(repr=False)
    signer: Certificate
    others: tuple[bytes, ...] = field(repr=False)
    signing_time: datetime | None
    algorithm: SignatureAlgorithm
    encoding: str

    @property
    def facts(self) -> dict[str, str | int]:
        """How it was signed; for the record."""
        return {
            "signature_algorithm": self.algorithm.label,
            "signing_time": "absent" if self.signing_time is None else "present",
            "encoding": self.encoding,
        }


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


def require_signed_content(octets: bytes, kind: Kind) -> SignedContent:
    """Return what the one signer of a ContentInfo signed.

    The standard prescribes DER; BER, which older issuers wrote, is read as the DER it stands for and recorded.
    Raises the kind's two errors, WeakAlgorithmError, UnsupportedAlgorithmError, CurveParametersError,
    CertificateMalformedError."""
    with parsing(kind.malformed):
        octets, encoding = _in_der(octets)
        signed = _read_signed_data(octets)
    if signed.content_type != kind.content_type:
        raise kind.refused(reason="content-type")
    signer = _require_one_signer(signed, kind)
    certificate = _require_certificate(signer, signed.certificates, kind)
    signing_time = _require_signature(signed, signer, certificate, kind)
    return SignedContent(
        content=signed.content,
        signer=certificate,
        others=tuple(item for item in signed.certificates if item != certificate.encoded),
        signing_time=signing_time,
        algorithm=signer.algorithm,
        encoding=encoding,
    )


def content_type_of(octets: bytes) -> str | None:
    """The type of content of a ContentInfo with signed data; None for anything else."""
    try:
        return _read_signed_data(_in_der(octets)[0]).content_type
    except TlvError:
        return None


# --- reading -----------------------------------------------------------------------------------------------


def _in_der(octets: bytes) -> tuple[bytes, str]:
    try:
        require_der(octets)
    except TlvError as broken:
        if broken.facts.get("reason") not in ("indefinite-length", "constructed-string"):
            raise
        octets = to_definite(octets)
        require_der(octets)
        return octets, "ber"
    return octets, "der"


def _read_signed_data(octets: bytes) -> _SignedData:
    outer = Fields(tlv.parse_one(octets))
    if der.decode_oid(outer.take(der.OID)) != SIGNED_DATA:
        raise TlvError(reason="not-signed-data")
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


def _require_one_signer(signed: _SignedData, kind: Kind) -> _Signer:
    if not signed.signers:
        raise kind.refused(reason="no-signer")
    if len(signed.signers) > 1:
        raise kind.malformed(reason="several-signers")
    with parsing(kind.malformed):
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
            raise TlvError(reason="signed-attributes")
        found[oid] = values[0]
    if CONTENT_TYPE not in found or found.get(MESSAGE_DIGEST, found[CONTENT_TYPE]).tag != der.OCTET_STRING:
        raise TlvError(reason="signed-attributes")
    return _Attributes(
        content_type=der.decode_oid(found[CONTENT_TYPE]),
        message_digest=found[MESSAGE_DIGEST].value,
        signing_time=read_time(found[SIGNING_TIME]) if SIGNING_TIME in found else None,
    )


# --- checking ----------------------------------------------------------------------------------------------


def _require_certificate(signer: _Signer, certificates: Sequence[bytes], kind: Kind) -> Certificate:
    """The certificate the signer points at. Others beside it are ignored: none of them is an anchor."""
    if len(certificates) > kind.max_certificates:
        raise kind.malformed(reason="too-many-certificates")
    unreadable: ReaderError | None = None
    for octets in certificates:
        try:
            certificate = read_certificate(octets)
        except ReaderError as broken:
            unreadable = broken
            continue
        by_serial = (certificate.issuer.key, certificate.serial) == (signer.issuer_key, signer.serial)
        if by_serial or certificate.key_id == signer.key_id:
            return certificate
    if unreadable is not None:
        raise unreadable
    raise kind.malformed(reason="certificate-missing")


def _require_signature(
    signed: _SignedData, signer: _Signer, certificate: Certificate, kind: Kind
) -> datetime | None:
    """Check the signed attributes against the content, then the signature over them; return the signing time.

    Attributes are mandatory wherever the content is not plain data (RFC 5652 5.3): without them the octets of
    someone's attributes could be passed off as content."""
    if signer.attributes is None:
        raise kind.refused(reason="no-signed-attributes")
    with parsing(kind.malformed):
        attributes = _read_attributes(signer.attributes)
    if attributes.content_type != signed.content_type:
        raise kind.refused(reason="content-type")
    hash_name = require_strong_hash(signer.digest_algorithm, what="message-digest")
    if not hmac.compare_digest(attributes.message_digest, digest(hash_name, signed.content)):
        raise kind.refused(reason="message-digest")
    _verify(load_public_key(certificate.spki), signer, signer.attributes, kind)
    return attributes.signing_time


def _verify(key: PublicKey, signer: _Signer, attributes: bytes, kind: Kind) -> None:
    """Check over the attributes as they stand, else in DER order, which the signer was bound to (RFC 5652
    5.4)."""
    try:
        key.verify(signer.signature, attributes, signer.algorithm, signer.digest_algorithm)
    except SignatureRefusedError as refused:
        sorted_attributes = _der_order(attributes)
        if refused.reason != "signature" or sorted_attributes == attributes:
            raise kind.refused(reason=refused.reason) from None
    else:
        return
    try:
        key.verify(signer.signature, sorted_attributes, signer.algorithm, signer.digest_algorithm)
    except SignatureRefusedError as refused:
        raise kind.refused(reason=refused.reason) from None


def _der_order(attributes: bytes) -> bytes:
    items = tlv.parse_one(attributes, der.SET).children()
    return tlv.encode(der.SET, *sorted(item.raw for item in items))
