"""Certificate revocation lists of a CSCA (9303-12 7.1.4), read once into plain values."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from asn1crypto import pem, x509

from readers.emrtd.pki.algorithms import SignatureAlgorithm, read_signature_algorithm
from readers.emrtd.pki.asn1 import CONTEXT_0, TIMES, Fields, parsing, read_time
from readers.emrtd.pki.certificate import Name, read_name
from readers.emrtd.pki.errors import CrlRefusedError
from readers.errors import TlvError
from readers.iso7816 import der, tlv

if TYPE_CHECKING:
    from datetime import datetime

MAX_CRL_OCTETS: Final = 16 * 1024 * 1024
MAX_AGE_DAYS: Final = 90
MAX_NUMBER_OCTETS: Final = 20
"""RFC 5280 5.2.3; also more digits than that are no number anybody could print."""
_NUMBER: Final = "2.5.29.20"
_AUTHORITY_KEY: Final = "2.5.29.35"
_UNDERSTOOD: Final = frozenset({_NUMBER, _AUTHORITY_KEY})
_BOOLEAN: Final = 0x01


@dataclass(frozen=True, slots=True, kw_only=True)
class Crl:
    """One CRL. `number` is None where the issuer gives none. Nothing in it is verified by reading it.

    `earlier`: what a trust store adds, the serials that earlier lists of the issuer named and this one does not."""

    encoded: bytes = field(repr=False)
    signed_part: bytes = field(repr=False)
    signature: bytes = field(repr=False)
    algorithm: SignatureAlgorithm
    issuer: Name
    authority_key_id: bytes | None
    number: int | None
    this_update: datetime
    next_update: datetime | None
    serials: frozenset[int] = field(repr=False)
    earlier: frozenset[int] = field(default=frozenset(), repr=False)

    def revokes(self, serial: int) -> bool:
        """Whether this list or an earlier one of the issuer names the certificate."""
        return serial in self.serials or serial in self.earlier

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the whole list, lower-case hexadecimal."""
        return hashlib.sha256(self.encoded).hexdigest()

    def age_days(self, at: datetime) -> int:
        """Whole days since the list was issued; negative when it comes from the future."""
        return (at - self.this_update).days


def read_crl(data: bytes) -> Crl:
    """Read one CRL, DER or PEM. Raises CrlRefusedError, UnsupportedAlgorithmError."""
    if len(data) > MAX_CRL_OCTETS:
        raise CrlRefusedError(reason="too-large")
    with parsing(CrlRefusedError):
        if pem.detect(data):
            label, _, data = pem.unarmor(data)
            if label != "X509 CRL":
                raise CrlRefusedError(reason="not-a-crl")
        signed_part, algorithm, signature = tlv.parse_one(data, der.SEQUENCE).children()
        return _crl(data, signed_part, algorithm, der.decode_bit_string(signature))


def _crl(octets: bytes, signed_part: tlv.Tlv, algorithm: tlv.Tlv, signature: bytes) -> Crl:
    """TBSCertList (RFC 5280 5.1)."""
    fields = Fields(signed_part)
    fields.take_optional(der.INTEGER)
    if fields.take(der.SEQUENCE).raw != algorithm.raw:
        raise CrlRefusedError(reason="two-algorithms")
    issuer = read_name(x509.Name.load(fields.take(der.SEQUENCE).raw, strict=True))
    this_update, next_update = fields.take_any(TIMES), fields.take_any(TIMES)
    revoked, wrapped = fields.take_optional(der.SEQUENCE), fields.take_optional(CONTEXT_0)
    fields.end()
    if this_update is None:
        raise CrlRefusedError(reason="time")
    extensions = {} if wrapped is None else _extensions(tlv.parse_one(wrapped.value, der.SEQUENCE))
    authority = extensions.get(_AUTHORITY_KEY)
    return Crl(
        encoded=octets,
        signed_part=signed_part.raw,
        signature=signature,
        algorithm=read_signature_algorithm(algorithm),
        issuer=issuer,
        authority_key_id=None
        if authority is None
        else x509.AuthorityKeyIdentifier.load(authority, strict=True)["key_identifier"].native,
        number=_number(extensions.get(_NUMBER)),
        this_update=read_time(this_update),
        next_update=None if next_update is None else read_time(next_update),
        serials=frozenset() if revoked is None else _serials(revoked.value),
    )


def _number(octets: bytes | None) -> int | None:
    if octets is None:
        return None
    item = tlv.parse_one(octets, der.INTEGER)
    number = der.decode_integer(item)
    if number < 0 or len(item.value) > MAX_NUMBER_OCTETS:
        raise CrlRefusedError(reason="number")
    return number


def _extensions(item: tlv.Tlv) -> dict[str, bytes]:
    """Their values by identifier. Raises CrlRefusedError for a critical one that would change what the list means."""
    found: dict[str, bytes] = {}
    for extension in item.children():
        fields = Fields(extension)
        oid = der.decode_oid(fields.take(der.OID))
        critical = fields.take_optional(_BOOLEAN)
        value = fields.take(der.OCTET_STRING).value
        fields.end()
        if oid in found:
            raise CrlRefusedError(reason="duplicate-extension")
        if critical is not None and critical.value != b"\0" and oid not in _UNDERSTOOD:
            raise CrlRefusedError(reason="critical-extension")
        found[oid] = value
    return found


def _serials(data: bytes) -> frozenset[int]:
    """The revoked serials, walked over in place: a list may have tens of thousands.

    A critical entry extension would say that a serial is another issuer's: refused."""
    serials: set[int] = set()
    harmless = {b""}  # what follows serial and time: most often nothing, or one of a few reasons
    offset = 0
    while offset < len(data):
        entry, offset = _span(data, offset, (der.SEQUENCE,), len(data))
        start, end = _span(data, entry, (der.INTEGER,), offset)
        if not 0 < end - start <= der.MAX_INTEGER_OCTETS:
            raise TlvError(reason="integer")
        serials.add(int.from_bytes(data[start:end], "big", signed=True))
        _, end = _span(data, end, TIMES, offset)
        rest = data[end:offset]
        if rest not in harmless:
            _require_uncritical(rest)
            harmless.add(rest)
    return frozenset(serials)


def _span(data: bytes, offset: int, tags: tuple[int, ...], limit: int) -> tuple[int, int]:
    """Start and end of the value of the object at `offset`, which must be one of these and end within the limit."""
    if offset + 2 > limit or data[offset] not in tags:
        raise TlvError(reason="structure")
    start, length = offset + 2, data[offset + 1]
    if length >= 0x80:
        header = tlv.read_header(data, offset, limit)
        start, length = offset + header.size, header.length
    if start + length > limit:
        raise TlvError(reason="value-truncated")
    return start, start + length


def _require_uncritical(octets: bytes) -> None:
    for extension in tlv.parse_one(octets, der.SEQUENCE).children():
        critical = tlv.find(extension.children(), _BOOLEAN)
        if critical is not None and critical.value != b"\0":
            raise CrlRefusedError(reason="critical-extension")
