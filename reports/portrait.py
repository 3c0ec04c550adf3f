"""Portraits made small enough for a table of three hundred rows.

Callers hand in JPEG that the station itself encoded from decoded pixels, not bytes straight from a chip;
sizes are checked before anything is decoded all the same.
"""

from __future__ import annotations

import io
import struct
import zlib
from typing import Final

from PIL import Image

from reports.errors import PortraitError
from reports.sheet import Thumbnail
from reports.template_errors import TemplateLogoError

MAX_BYTES: Final = 2_000_000
MAX_PIXELS: Final = 4_000_000
BOX: Final = (63, 84)
"""Largest width and height of a thumbnail in pixels: 3 × 4, about 200 dpi as printed."""
_QUALITIES: Final = (60, 50, 40, 30)
_LARGE_QUALITIES: Final = (78, 70, 60, 50)
_BYTES_PER_PIXEL: Final = 0.32
"""What a picture may take: 1,700 bytes in BOX, so that six hundred of them and the rest stay below 1.5 MB."""
FIGURE_BOX: Final = (300, 400)
"""The same for a picture of 30 × 40 mm."""
MAX_LOGO_BYTES: Final = 1_000_000
LOGO_BOX: Final = (240, 240)
"""Largest logo in pixels: about 400 dpi as printed."""
_LOGO_QUALITY: Final = 90
_PNG: Final = b"\x89PNG\r\n\x1a\n"
_PNG_HEAD: Final = 33


def thumbnail(jpeg: bytes, box: tuple[int, int] = BOX) -> Thumbnail:
    """Return a JPEG scaled to fit a box of width and height, whole, without metadata; raises PortraitError."""
    if not 4 <= len(jpeg) <= MAX_BYTES:
        raise PortraitError(why="size", size=len(jpeg))
    width, height = jpeg_size(jpeg)
    if width * height > MAX_PIXELS:
        raise PortraitError(why="pixels", width=width, height=height)
    try:
        with Image.open(io.BytesIO(jpeg), formats=("JPEG",)) as image:
            image.draft("RGB", box)
            small = image.convert("RGB")
    except (OSError, ValueError, SyntaxError):
        raise PortraitError(why="damaged") from None
    small.thumbnail(box, Image.Resampling.BICUBIC)
    most = _BYTES_PER_PIXEL * box[0] * box[1]
    encoded = b""
    for quality in _QUALITIES if box == BOX else _LARGE_QUALITIES:
        encoded = _encoded(small, quality)
        if len(encoded) <= most:
            break
    return Thumbnail(jpeg=encoded, width=small.width, height=small.height)


def _encoded(image: Image.Image, quality: int) -> bytes:
    out = io.BytesIO()
    image.save(out, "JPEG", quality=quality, optimize=True)
    return out.getvalue()


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


def logo_thumbnail(data: bytes) -> Thumbnail:
    """Return a PNG or JPEG logo as a JPEG within LOGO_BOX, on white where it is transparent. Raises TemplateLogoError.

    Sizes are known from the file's head before anything is decoded.
    """
    if not 4 <= len(data) <= MAX_LOGO_BYTES:
        raise TemplateLogoError(why="size", size=len(data), limit=MAX_LOGO_BYTES)
    width, height = _logo_size(data)
    if not 0 < width * height <= MAX_PIXELS:
        raise TemplateLogoError(why="pixels", width=width, height=height)
    try:
        with Image.open(io.BytesIO(data), formats=("PNG", "JPEG")) as image:
            colours = image.convert("RGBA")
    except (OSError, ValueError, SyntaxError, struct.error, zlib.error):
        raise TemplateLogoError(why="damaged") from None
    colours.thumbnail(LOGO_BOX, Image.Resampling.LANCZOS)
    flat = Image.new("RGB", colours.size, "white")
    flat.paste(colours, mask=colours.getchannel("A"))
    out = io.BytesIO()
    flat.save(out, "JPEG", quality=_LOGO_QUALITY, subsampling=0, optimize=True)
    return Thumbnail(jpeg=out.getvalue(), width=flat.width, height=flat.height)


def _logo_size(data: bytes) -> tuple[int, int]:
    """Return width and height from the file's head, nothing decoded; raises TemplateLogoError."""
    if data.startswith(_PNG) and len(data) >= _PNG_HEAD:
        return int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")
    try:
        return jpeg_size(data)
    except PortraitError:
        raise TemplateLogoError(why="format") from None
