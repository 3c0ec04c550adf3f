"""The few DER values that chip files carry outside certificates: OBJECT IDENTIFIER and INTEGER (X.690 8.3,
8.19)."""

from __future__ import annotations

from typing import Final

from readers.errors import TlvError
from readers.iso7816 import tlv

INTEGER: Final = 0x02
BIT_STRING: Final = 0x03
OCTET_STRING: Final = 0x04
NULL: Final = 0x05
OID: Final = 0x06
SEQUENCE: Final = 0x30
SET: Final = 0x31
MAX_OID_OCTETS: Final = 32
MAX_INTEGER_OCTETS: Final = 1025


def decode_oid(item: tlv.Tlv) -> str:
    """The dotted form. Raises TlvError."""
    octets = item.value
    if item.tag != OID or not octets or len(octets) > MAX_OID_OCTETS or octets[-1] & 0x80:
        raise TlvError(reason="object-identifier")
    arcs: list[int] = []
    value = 0
    for octet in octets:
        value = value << 7 | octet & 0x7F
        if not octet & 0x80:
            arcs.append(value)
            value = 0
    first = min(arcs[0] // 40, 2)
    return ".".join(str(arc) for arc in (first, arcs[0] - 40 * first, *arcs[1:]))


def encode_oid(dotted: str) -> bytes:
    """The content octets of an OBJECT IDENTIFIER, without tag and length."""
    first, second, *rest = (int(arc) for arc in dotted.split("."))
    return b"".join(_base_128(arc) for arc in (40 * first + second, *rest))


def _base_128(value: int) -> bytes:
    octets = [value & 0x7F]
    while value := value >> 7:
        octets.append(0x80 | value & 0x7F)
    return bytes(reversed(octets))


def decode_integer(item: tlv.Tlv) -> int:
    """A signed INTEGER of at most 8,200 bits. Raises TlvError."""
    if item.tag != INTEGER or not item.value or len(item.value) > MAX_INTEGER_OCTETS:
        raise TlvError(reason="integer")
    return int.from_bytes(item.value, "big", signed=True)


def encode_integer(value: int) -> bytes:
    """A whole non-negative INTEGER with tag and length."""
    return tlv.encode(INTEGER, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def decode_bit_string(item: tlv.Tlv) -> bytes:
    """The octets of a BIT STRING without unused bits. Raises TlvError."""
    if item.tag != BIT_STRING or not item.value or item.value[0] != 0:
        raise TlvError(reason="bit-string")
    return item.value[1:]
