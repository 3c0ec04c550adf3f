"""Reading ASN.1 structures in order, and keeping a parser's own exceptions from leaving this package."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from asn1crypto.core import GeneralizedTime, UTCTime

from readers.errors import TlvError
from readers.iso7816 import der, tlv

if TYPE_CHECKING:
    from collections.abc import Iterator

    from readers.errors import ReaderError

_PARSER_ERRORS = (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError, RecursionError)
_CONSTRUCTED_UNIVERSAL = frozenset({der.SEQUENCE, der.SET})
_UNIVERSAL_LIMIT: Final = 0x40
_CONSTRUCTED: Final = 0x20
_INDEFINITE: Final = 0x80
CONTEXT_0: Final = 0xA0
CONTEXT_1: Final = 0xA1
_UTC_TIME: Final = 0x17
_GENERALIZED_TIME: Final = 0x18
TIMES: Final = (_UTC_TIME, _GENERALIZED_TIME)


@contextmanager
def parsing(error: type[ReaderError]) -> Iterator[None]:
    """Turn what a parser raises on hostile input into `error`; wrap nothing but parsing in it."""
    try:
        yield
    except TlvError as broken:
        raise error(reason=str(broken.facts.get("reason", "structure"))) from None
    except _PARSER_ERRORS:
        raise error(reason="structure") from None


def require_der(octets: bytes) -> None:
    """Walk the whole structure before any parser sees it, once and without copying. Raises TlvError.

    Bounded depth, definite lengths, and no string in pieces: a constructed universal type is a SEQUENCE or
    SET."""
    pending = [(0, len(octets), 1)]
    while pending:
        position, end, depth = pending.pop()
        if depth > tlv.MAX_DEPTH:
            raise TlvError(reason="too-deep")
        siblings = 0
        while position < end:
            siblings += 1
            header = tlv.read_header(octets, position, end)
            first, start = octets[position], position + header.size
            position = start + header.length
            if position > end:
                raise TlvError(reason="value-truncated")
            if not first & _CONSTRUCTED:
                continue
            if first < _UNIVERSAL_LIMIT and first not in _CONSTRUCTED_UNIVERSAL:
                raise TlvError(reason="constructed-string")
            if header.length:
                pending.append((start, position, depth + 1))
        if siblings > tlv.MAX_SIBLINGS:
            raise TlvError(reason="too-many-objects")


def to_definite(octets: bytes) -> bytes:
    """The same object with definite lengths and every octet string in one piece (X.690 8.1.3.6, 8.7.3).

    Raises TlvError. Work is bounded by the size of the input times the greatest depth."""
    encoded, end = _definite(octets, 0, 1)
    if end != len(octets):
        raise TlvError(reason="trailing-bytes")
    return encoded


def _definite(data: bytes, offset: int, depth: int) -> tuple[bytes, int]:
    if depth > tlv.MAX_DEPTH:
        raise TlvError(reason="too-deep")
    tag, start, end = _extent(data, offset)
    if not data[offset] & _CONSTRUCTED:
        return data[offset:end], end
    parts: list[bytes] = []
    position, open_ended = start, end < 0
    while position < end or open_ended:
        if open_ended and data[position : position + 2] == b"\0\0":
            end = position = position + 2
            break
        part, position = _definite(data, position, depth + 1)
        parts.append(part)
    if position != end:
        raise TlvError(reason="value-truncated")
    if tag == der.OCTET_STRING | _CONSTRUCTED:
        pieces = (tlv.parse_one(part, der.OCTET_STRING).value for part in parts)
        return tlv.encode(der.OCTET_STRING, *pieces), end
    return tlv.encode(tag, *parts), end


def _extent(data: bytes, offset: int) -> tuple[int, int, int]:
    """Tag, start of the value and its end; the end is negative for the indefinite form of a constructed object."""
    tagged = offset + 1
    if offset < len(data) and data[offset] & 0x1F == 0x1F:
        while tagged < len(data) and data[tagged] & 0x80:
            tagged += 1
        tagged += 1
    if tagged < len(data) and data[tagged] == _INDEFINITE and data[offset] & _CONSTRUCTED:
        if tagged - offset > tlv.MAX_TAG_OCTETS:
            raise TlvError(reason="tag-too-long")
        return int.from_bytes(data[offset:tagged], "big"), tagged + 1, -1
    header = tlv.read_header(data, offset)
    end = offset + header.total
    if end > len(data):
        raise TlvError(reason="value-truncated")
    return header.tag, offset + header.size, end


def in_utc(moment: object) -> datetime:
    """A parsed time as UTC. Raises ValueError for times without a zone, which DER does not allow."""
    if not isinstance(moment, datetime) or moment.tzinfo is None:
        raise ValueError("time")
    return moment.astimezone(UTC)


def read_time(item: tlv.Tlv) -> datetime:
    """A UTCTime or GeneralizedTime, in UTC. Raises KeyError for anything else, ValueError for no time."""
    kinds = {_UTC_TIME: UTCTime, _GENERALIZED_TIME: GeneralizedTime}
    return in_utc(kinds[item.tag].load(item.raw, strict=True).native)


class Fields:
    """The components of a SEQUENCE, taken in order. Every method raises TlvError when the structure
    differs."""

    def __init__(self, item: tlv.Tlv, tag: int = der.SEQUENCE) -> None:
        if item.tag != tag:
            raise TlvError(reason="structure")
        self._items = list(item.children())

    def take(self, tag: int) -> tlv.Tlv:
        """The next component, which must have this tag."""
        found = self.take_optional(tag)
        if found is None:
            raise TlvError(reason="structure")
        return found

    def take_optional(self, tag: int) -> tlv.Tlv | None:
        """The next component if it has this tag."""
        return self.take_any((tag,))

    def take_any(self, tags: tuple[int, ...]) -> tlv.Tlv | None:
        """The next component if it has one of these tags."""
        return self._items.pop(0) if self._items and self._items[0].tag in tags else None

    def end(self) -> None:
        """Nothing may be left."""
        if self._items:
            raise TlvError(reason="structure")
