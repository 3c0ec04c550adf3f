"""Just enough ISO/IEC 7816-4 for the foreign parties: written apart from the project's own, so that a mistake there
does not meet its twin here."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Command:
    """A command as the chip sees it; `le` None when nothing was asked for."""

    cla: int
    ins: int
    p1: int
    p2: int
    data: bytes
    le: int | None

    @classmethod
    def parse(cls, octets: bytes) -> Command:
        """All seven cases of 5.1."""
        head, body = octets[:4], octets[4:]
        long = len(body) > 2 and body[0] == 0
        if not body:
            return cls(*head, b"", None)
        if len(body) == 1:
            return cls(*head, b"", body[0] or 256)
        if long and len(body) == 3:
            return cls(*head, b"", int.from_bytes(body[1:], "big") or 65536)
        start = 3 if long else 1
        count = int.from_bytes(body[1:3], "big") if long else body[0]
        data, rest = body[start : start + count], body[start + count :]
        if len(data) != count or len(rest) not in (0, 2 if long else 1):
            raise ValueError("lengths")
        return cls(*head, data, (int.from_bytes(rest, "big") or (65536 if long else 256)) if rest else None)


def objects(octets: bytes) -> list[tuple[int, bytes]]:
    """Tags and values of a flat row of data objects."""
    found = []
    while octets:
        size = 2 if octets[0] & 0x1F == 0x1F else 1
        tag, first = int.from_bytes(octets[:size], "big"), octets[size]
        more = first & 0x7F if first & 0x80 else 0
        length = int.from_bytes(octets[size + 1 : size + 1 + more], "big") if more else first
        start = size + 1 + more
        found.append((tag, octets[start : start + length]))
        octets = octets[start + length :]
    return found


def wrap(tag: int, value: bytes) -> bytes:
    """One data object."""
    name = tag.to_bytes(2 if tag > 0xFF else 1, "big")
    size = len(value)
    if size < 0x80:
        return name + bytes([size]) + value
    width = 1 if size < 0x100 else 2
    return name + bytes([0x80 | width]) + size.to_bytes(width, "big") + value
