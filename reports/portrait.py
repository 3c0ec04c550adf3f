"""Portraits made small enough for a table of three hundred rows.

Callers hand in JPEG that the station itself encoded from decoded pixels, not bytes straight from a chip;
sizes are checked before anything is decoded all the same.
"""

from __future__ import annotations

import io
from typing import Final

from PIL import Image

from reports.errors import PortraitError
from reports.sheet import Thumbnail

MAX_BYTES: Final = 2_000_000
MAX_PIXELS: Final = 4_000_000
BOX: Final = (78, 104)
"""Largest width and height of a thumbnail in pixels: 3 × 4, about 250 dpi as printed."""
_QUALITY: Final = 70


def thumbnail(jpeg: bytes) -> Thumbnail:
    """Return a JPEG scaled to fit BOX, whole, without metadata; raises PortraitError."""
    if not 4 <= len(jpeg) <= MAX_BYTES:
        raise PortraitError(why="size", size=len(jpeg))
    width, height = jpeg_size(jpeg)
    if width * height > MAX_PIXELS:
        raise PortraitError(why="pixels", width=width, height=height)
    try:
        with Image.open(io.BytesIO(jpeg), formats=("JPEG",)) as image:
            image.draft("RGB", BOX)
            small = image.convert("RGB")
    except (OSError, ValueError, SyntaxError):
        raise PortraitError(why="damaged") from None
    small.thumbnail(BOX, Image.Resampling.BICUBIC)
    out = io.BytesIO()
    small.save(out, "JPEG", quality=_QUALITY, optimize=True)
    return Thumbnail(jpeg=out.getvalue(), width=small.width, height=small.height)


def jpeg_size(jpeg: bytes) -> tuple[int, int]:
    """Return width and height from the frame header, nothing decoded; raises PortraitError."""
    if jpeg[:2] != b"\xff\xd8":
        raise PortraitError(why="no-jpeg")
    at = 2
    while at + 9 <= len(jpeg) and jpeg[at] == 0xFF:
        marker = jpeg[at + 1]
        if 0xC0 <= marker <= 0xCF and marker not in {0xC4, 0xC8, 0xCC}:
            height, width = (int.from_bytes(jpeg[i : i + 2], "big") for i in (at + 5, at + 7))
            if not (width and height):
                raise PortraitError(why="empty")
            return width, height
        at += 1 if marker == 0xFF else 2 + int.from_bytes(jpeg[at + 2 : at + 4], "big")
    raise PortraitError(why="no-frame")
