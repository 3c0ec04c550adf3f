"""Pictures as PDF objects: a JPEG as it is, and words at 45 degrees as a stencil to paint through."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from functools import cache
from typing import Final

from PIL import Image, ImageDraw, ImageFont
from reportlab.pdfbase.pdfdoc import PDFArray, PDFDocument, PDFName, PDFObject, PDFStream
from reportlab.pdfgen.canvas import Canvas

from reports.fonts import Face, font_file
from reports.sheet import Thumbnail

STENCIL_SIDE: Final = 1_200
"""Pixels on each side of a stencil."""


class ImageObject(PDFObject):
    """An image stream with its own dictionary; `content` is already encoded as `encoding` says."""

    def __init__(self, content: bytes, encoding: str, **entries: object) -> None:
        self._content = content
        self._entries = {"Filter": PDFArray([PDFName(encoding)]), **entries}

    def format(self, document: PDFDocument) -> bytes:
        """Return the object's bytes in the file."""
        stream = PDFStream(content=self._content)
        for key, value in self._entries.items():
            stream.dictionary[key] = value
        stream.dictionary["Type"] = PDFName("XObject")
        stream.dictionary["Subtype"] = PDFName("Image")
        stream.dictionary["Length"] = len(self._content)
        formatted: bytes = stream.format(document)
        return formatted


def keep(canvas: Canvas, name: str, make: Callable[[], ImageObject]) -> None:
    """Put an image into a canvas's document under a name, once; `canvas.doForm(name)` then draws it."""
    if not canvas.hasForm(name):
        document: PDFDocument = canvas._doc  # type: ignore[attr-defined]  # the stubs leave it out
        document.addForm(name, make())


def jpeg_object(picture: Thumbnail) -> ImageObject:
    """Return a colour JPEG, its bytes as they are."""
    return ImageObject(
        picture.jpeg,
        "DCTDecode",
        Width=picture.width,
        Height=picture.height,
        BitsPerComponent=8,
        ColorSpace=PDFName("DeviceRGB"),
    )


def stencil_object(words: str) -> ImageObject:
    """Return words rising at 45 degrees across a square, to be painted in the current colour.

    Drawn as letters they would come out of text extraction one by one, scattered through the table.
    """
    return ImageObject(
        _stencil(words),
        "FlateDecode",
        Width=STENCIL_SIDE,
        Height=STENCIL_SIDE,
        BitsPerComponent=1,
        ImageMask="true",
    )


@cache
def _stencil(words: str) -> bytes:
    """Return the compressed bits of a stencil, 0 where paint goes through."""
    probe = ImageFont.truetype(str(font_file(Face.BOLD)), 100)
    box = probe.getbbox(words)
    size = int(100 * STENCIL_SIDE * 1.16 / (box[2] - box[0]))
    font = ImageFont.truetype(str(font_file(Face.BOLD)), size)
    canvas = Image.new("L", (STENCIL_SIDE * 2, STENCIL_SIDE * 2), 255)
    ImageDraw.Draw(canvas).text((STENCIL_SIDE, STENCIL_SIDE), words, font=font, fill=0, anchor="mm")
    turned = canvas.rotate(45, Image.Resampling.BICUBIC, fillcolor=255)
    half = STENCIL_SIDE // 2
    square = turned.crop((half, half, half + STENCIL_SIDE, half + STENCIL_SIDE))
    return zlib.compress(square.point(lambda level: 255 if level > 127 else 0).convert("1").tobytes(), 9)
