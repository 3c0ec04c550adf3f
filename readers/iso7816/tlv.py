"""BER-TLV (ISO/IEC 7816-4 5.2, ITU-T X.690 8.1), hardened: work is bounded by the size of the input.

Tags are integers as written (0x7F49, 0x5F1F). Definite lengths of at most four octets; the indefinite form
is refused.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from readers.errors import TlvError

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_TAG_OCTETS = 3
MAX_LENGTH_OCTETS = 4
MAX_SIBLINGS = 1024
MAX_DEPTH = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """Tag and length field: `size` octets long, announcing `length` octets of value."""

    tag: int
    size: int
    length: int

    @property
    def total(self) -> int:
        """Octets of the whole object, header included."""
        return self.size + self.length


@dataclass(frozen=True, slots=True, kw_only=True)
class Tlv:
    """One data object; the value is never shown in repr."""

    tag: int
    value: bytes = field(repr=False)
    raw: bytes = field(repr=False)

    @property
    def constructed(self) -> bool:
        """Whether bit 6 of the first tag octet says that the value is made of data objects."""
        return bool(_first_octet(self.tag) & 0x20)

    def children(self) -> tuple[Tlv, ...]:
        """The data objects of the value, one level down. Raises TlvError."""
        return parse_all(self.value)

    def child(self, tag: int) -> Tlv:
        """The first child with this tag. Raises TlvError if there is none."""
        return require(self.children(), tag)


def _first_octet(tag: int) -> int:
    while tag > 0xFF:
        tag >>= 8
    return tag


def _read_tag(data: bytes, offset: int, end: int) -> tuple[int, int]:
    if offset >= end:
        raise TlvError(reason="no-tag")
    tag = data[offset]
    position = offset + 1
    if tag & 0x1F != 0x1F:
        return tag, position
    while True:
        if position >= end:
            raise TlvError(reason="tag-truncated")
        if position - offset >= MAX_TAG_OCTETS:
            raise TlvError(reason="tag-too-long")
        octet = data[position]
        tag = tag << 8 | octet
        position += 1
        if not octet & 0x80:
            return tag, position


def _read_length(data: bytes, offset: int, end: int) -> tuple[int, int]:
    if offset >= end:
        raise TlvError(reason="no-length")
    first = data[offset]
    if first < 0x80:
        return first, offset + 1
    octets = first & 0x7F
    if octets == 0:
        raise TlvError(reason="indefinite-length")
    if octets > MAX_LENGTH_OCTETS:
        raise TlvError(reason="length-too-long")
    stop = offset + 1 + octets
    if stop > end:
        raise TlvError(reason="length-truncated")
    return int.from_bytes(data[offset + 1 : stop], "big"), stop


def read_header(data: bytes, offset: int = 0, end: int | None = None) -> Header:
    """Read tag and length at `offset` without looking at the value, which may lie beyond the data. Raises
    TlvError."""
    stop = len(data) if end is None else end
    tag, position = _read_tag(data, offset, stop)
    length, position = _read_length(data, position, stop)
    return Header(tag=tag, size=position - offset, length=length)


def read_tlv(data: bytes, offset: int = 0) -> tuple[Tlv, int]:
    """Read the object at `offset`; return it and the offset behind it. Raises TlvError if it leaves the
    input."""
    header = read_header(data, offset)
    end = offset + header.total
    if end > len(data):
        raise TlvError(reason="value-truncated")
    return Tlv(tag=header.tag, value=data[offset + header.size : end], raw=data[offset:end]), end


def parse_all(data: bytes) -> tuple[Tlv, ...]:
    """The objects of one level that fill the data exactly. Raises TlvError."""
    found: list[Tlv] = []
    offset = 0
    while offset < len(data):
        if len(found) >= MAX_SIBLINGS:
            raise TlvError(reason="too-many-objects")
        item, offset = read_tlv(data, offset)
        found.append(item)
    return tuple(found)


def parse_one(data: bytes, tag: int | None = None) -> Tlv:
    """The single object that fills the data exactly, of this tag when given. Raises TlvError."""
    item, end = read_tlv(data)
    if end != len(data):
        raise TlvError(reason="trailing-bytes")
    if tag is not None and item.tag != tag:
        raise TlvError(reason="unexpected-tag", expected=f"{tag:X}")
    return item


def require(items: Iterable[Tlv], tag: int) -> Tlv:
    """The first object with this tag. Raises TlvError if there is none."""
    found = find(items, tag)
    if found is None:
        raise TlvError(reason="missing-object", expected=f"{tag:X}")
    return found


def find(items: Iterable[Tlv], tag: int) -> Tlv | None:
    """The first object with this tag, or None."""
    return next((item for item in items if item.tag == tag), None)


def check_nesting(data: bytes, *, max_depth: int = MAX_DEPTH) -> int:
    """Walk every constructed object without recursion; return the number of objects. Raises TlvError.

    Use before handing chip bytes to a recursive parser: depth and lengths are then known to be sane."""
    pending = [(data, 1)]
    count = 0
    while pending:
        level, depth = pending.pop()
        if depth > max_depth:
            raise TlvError(reason="too-deep")
        for item in parse_all(level):
            count += 1
            if item.constructed and item.value:
                pending.append((item.value, depth + 1))
    return count


def encode_length(length: int) -> bytes:
    """The shortest definite form of a length."""
    if length < 0x80:
        return bytes([length])
    octets = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes([0x80 | len(octets)]) + octets


def encode(tag: int, *values: bytes) -> bytes:
    """One data object with the values joined."""
    value = b"".join(values)
    return tag.to_bytes((tag.bit_length() + 7) // 8 or 1, "big") + encode_length(len(value)) + value
