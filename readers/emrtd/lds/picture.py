"""What an encoded picture is by its own octets: kind, size, and where it ends. Nothing is decoded here.

JPEG: ISO/IEC 10918-1 B.1.1; JPEG 2000 file: ISO/IEC 15444-1 Annex I; its codestream: Annex A."""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from typing import Final

_JPEG: Final = b"\xff\xd8\xff"
_JP2: Final = b"\x00\x00\x00\x0cjP  \r\n\x87\n"
_CODESTREAM: Final = b"\xff\x4f\xff\x51"
_MAGIC: Final = ((_JPEG, "jpeg"), (_JP2, "jpeg2000"), (_CODESTREAM, "jpeg2000"))
_FRAMES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""JPEG markers that carry the size: every SOF, without DHT, JPG and DAC."""
_SOI, _EOI, _SOS, _TEM = 0xD8, 0xD9, 0xDA, 0x01
_RESTARTS: Final = range(0xD0, 0xD8)
_MARKER: Final = re.compile(rb"\xff[^\x00\xd0-\xd7]")
_MAX_PARTS: Final = 4096
"""Segments, boxes or tile-parts that are followed; a picture of 64 KiB that has more is not understood."""
_SOT, _EOC = b"\xff\x90", b"\xff\xd9"


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """`format`: "jpeg", "jpeg2000" or "unknown". Width and height in pixels as the picture's own header claims, 0 when
    it has none. `end`: octets up to the end of the picture, None when it is cut off or not understood."""

    format: str
    width: int = 0
    height: int = 0
    end: int | None = None


def image_format(image: bytes) -> str:
    """What the picture is by its first octets: "jpeg", "jpeg2000" or "unknown"."""
    return next((name for magic, name in _MAGIC if image.startswith(magic)), "unknown")


def measure(image: bytes) -> Picture:
    """Walk the picture's own structure; work is bounded by its octets, and nothing is raised."""
    if image.startswith(_JPEG):
        return _measure_jpeg(image)
    if image.startswith(_JP2):
        return _measure_file(image)
    if image.startswith(_CODESTREAM):
        width, height = _codestream_size(image, 0)
        return Picture(
            format="jpeg2000", width=width, height=height, end=_codestream_end(image, 0, len(image))
        )
    return Picture(format="unknown")


def _measure_jpeg(image: bytes) -> Picture:
    size = (0, 0)
    position = 2
    for _ in range(_MAX_PARTS):
        found = _marker(image, position)
        if found is None:
            break
        marker, position = found
        if marker == _EOI:
            return Picture(format="jpeg", width=size[0], height=size[1], end=position)
        if marker in _RESTARTS or marker in (_TEM, _SOI):
            continue
        if position + 2 > len(image):
            break
        length = int.from_bytes(image[position : position + 2], "big")
        if marker in _FRAMES and size == (0, 0) and position + 7 <= len(image):
            height, width = struct.unpack_from(">HH", image, position + 3)
            size = (width, height)
        position += max(length, 2)
        if marker == _SOS:
            position = _after_scan(image, position)
    return Picture(format="jpeg", width=size[0], height=size[1])


def _marker(image: bytes, position: int) -> tuple[int, int] | None:
    """The marker at this place, fill octets allowed before it, and the place behind it."""
    if position >= len(image) or image[position] != 0xFF:
        return None
    while position < len(image) and image[position] == 0xFF:
        position += 1
    return None if position >= len(image) else (image[position], position + 1)


def _after_scan(image: bytes, position: int) -> int:
    """Where the entropy-coded data ends: at the next marker that is neither a stuffed octet nor a restart."""
    found = _MARKER.search(image, position)
    return len(image) if found is None else found.start()


def _measure_file(image: bytes) -> Picture:
    """The boxes of a JP2 file: as far as they follow one another, and the first codestream's size."""
    position, size, codestream_end = 0, (0, 0), None
    for _ in range(_MAX_PARTS):
        box = _box(image, position)
        if box is None:
            break
        kind, start, end = box
        if kind == b"jp2c" and codestream_end is None:
            size = _codestream_size(image, start)
            codestream_end = _codestream_end(image, start, min(end, len(image)))
            to_the_end = image[position : position + 4] == bytes(4)
            end = codestream_end if to_the_end and codestream_end is not None else end
        if end > len(image):
            break
        position = end
    complete = codestream_end is not None and position >= codestream_end
    return Picture(format="jpeg2000", width=size[0], height=size[1], end=position if complete else None)


def _box(image: bytes, position: int) -> tuple[bytes, int, int] | None:
    """Kind of the box here, where its contents start and end; None where no box starts (ISO/IEC 15444-1 I.4)."""
    head = image[position : position + 16]
    if len(head) < 8:
        return None
    length, kind = int.from_bytes(head[:4], "big"), head[4:8]
    if not all(0x20 <= octet <= 0x7E for octet in kind):
        return None
    start = 8
    if length == 1 and len(head) == 16:
        length, start = int.from_bytes(head[8:16], "big"), 16
    elif length == 0:
        length = len(image) - position
    return None if length < start else (kind, position + start, position + length)


def _codestream_size(image: bytes, start: int) -> tuple[int, int]:
    """Width and height of the reference grid less its offset (SIZ, A.5.1)."""
    if image[start : start + 4] != _CODESTREAM or len(image) < start + 24:
        return 0, 0
    right, bottom, left, top = struct.unpack_from(">4I", image, start + 8)
    return max(right - left, 0), max(bottom - top, 0)


def _codestream_end(image: bytes, start: int, stop: int) -> int | None:
    """Behind EOC: the main header's segments are skipped by their lengths, then the tile-parts by theirs (A.4.2)."""
    position = start + 2
    for _ in range(_MAX_PARTS):
        marker, length = image[position : position + 2], 2 + _number(image, position + 2, 2)
        if marker == _EOC or position + 4 > stop:
            break
        if marker == _SOT:
            length = _number(image, position + 6, 4)
            if length == 0:  # this tile-part goes on to EOC
                last = image.rfind(_EOC, position, stop)
                return None if last < 0 else last + 2
        position += max(length, 4)
    return position + 2 if image[position : position + 2] == _EOC and position + 2 <= stop else None


def _number(image: bytes, position: int, octets: int) -> int:
    return int.from_bytes(image[position : position + octets], "big")
