"""The embedded faces (Liberation Serif, Times metrics) and text fitted into a width without losing a letter.

Lengths are PDF points (1/72 inch).
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Final

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

LEADING: Final = 1.17
_NARROWEST: Final = 0.70
READABLE: Final = 0.85
"""Longer words are rather divided than narrowed further, where the caller says so."""
_LONG: Final = 12
_FOLDER: Final = Path(__file__).parent / "fonts"


class Face(StrEnum):
    """A face; the value is the name under which the PDF library knows it."""

    REGULAR = "proctor-serif-regular"
    BOLD = "proctor-serif-bold"
    ITALIC = "proctor-serif-italic"
    BOLD_ITALIC = "proctor-serif-bold-italic"


_FILES: Final = {
    Face.REGULAR: "LiberationSerif-Regular.ttf",
    Face.BOLD: "LiberationSerif-Bold.ttf",
    Face.ITALIC: "LiberationSerif-Italic.ttf",
    Face.BOLD_ITALIC: "LiberationSerif-BoldItalic.ttf",
}


def font_file(face: Face) -> Path:
    """Return where a face's file lies."""
    return _FOLDER / _FILES[face]


@cache
def _font(face: Face) -> TTFont:
    """Return a face, read and registered on first use."""
    font = TTFont(face.value, str(font_file(face)))
    pdfmetrics.registerFont(font)
    return font


def initial_font() -> str:
    """Return the name of the face that a page begins with: an embedded one, of which a file keeps only what it uses."""
    return str(_font(Face.REGULAR).fontName)


def width(text: str, face: Face, size: float) -> float:
    """Return the width of a text."""
    return float(_font(face).stringWidth(text, size))


def missing_letters(text: str, face: Face = Face.REGULAR) -> str:
    """Return the letters for which a face has no glyph; all four have the same."""
    glyphs = _font(face).face.charToGlyph
    return "".join(char for char in text if ord(char) not in glyphs)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line as it will be drawn: `scale` narrows the letters (1.0 as designed), `spacing` widens every space,
    `indent` moves the line to the right.
    """

    text: str = field(repr=False)
    face: Face
    size: float
    scale: float = 1.0
    spacing: float = 0.0
    indent: float = 0.0

    @property
    def width(self) -> float:
        """The width as drawn."""
        return width(self.text, self.face, self.size) * self.scale


def stack_height(lines: Sequence[Line]) -> float:
    """Return the height of lines one below the other."""
    return sum(line.size * LEADING for line in lines)


def fit(
    text: str, face: Face, size: float, room: float, *, indent: float = 0.0, narrowest: float = _NARROWEST
) -> tuple[Line, ...]:
    """Return the lines of a text in `room`: in NFC, wrapped between words, the first one moved right by `indent`; a
    word too wide is narrowed, to 70 % at most, and if that does not do, divided between letters. A word of more than
    12 letters without a digit is narrowed to `narrowest` only. Every letter is kept.
    """
    lines: list[Line] = []
    words: list[str] = []
    free = room - indent
    for word in unicodedata.normalize("NFC", text).split():
        for piece in _pieces(word, face, size, room - indent, narrowest):
            if words and width(" ".join([*words, piece]), face, size) > free:
                lines.append(_line(words, face, size, free))
                words, free = [], room
            words.append(piece)
    if words:
        lines.append(_line(words, face, size, free))
    if lines and indent:
        lines[0] = replace(lines[0], indent=indent)
    return tuple(lines)


def justified(text: str, face: Face, size: float, room: float, *, indent: float) -> tuple[Line, ...]:
    """Return the lines as `fit`, the spaces of all but the last widened so that they end at the right margin."""
    lines = fit(text, face, size, room, indent=indent)
    return (*(_widened(line, room) for line in lines[:-1]), *lines[-1:])


def _widened(line: Line, room: float) -> Line:
    spaces = line.text.count(" ")
    left = room - line.indent - line.width
    return line if not spaces or left <= 0 else replace(line, spacing=min(left / spaces, line.size))


def narrowed(line: Line, room: float) -> Line:
    """Return a line with its letters narrowed as far as `room` needs."""
    return line if line.width <= room else replace(line, scale=line.scale * room / line.width)


def _line(words: list[str], face: Face, size: float, room: float) -> Line:
    text = " ".join(words)
    natural = width(text, face, size)
    return Line(text=text, face=face, size=size, scale=min(1.0, room / natural) if natural else 1.0)


def _pieces(word: str, face: Face, size: float, room: float, narrowest: float) -> list[str]:
    """Return a word in pieces of about the same length that fit at the narrowest scale; mostly the word itself."""
    whole = width(word, face, size)
    if whole * _NARROWEST <= room and (len(word) <= _LONG or any(char.isdigit() for char in word)):
        return [word]
    most = room / narrowest
    if whole <= most:
        return [word]
    even = whole / math.ceil(whole / most)
    pieces = [""]
    for cluster in _clusters(word):
        so_far = width(pieces[-1], face, size)
        if pieces[-1] and (so_far >= even or width(pieces[-1] + cluster, face, size) > most):
            pieces.append("")
        pieces[-1] += cluster
    return pieces


def _clusters(word: str) -> list[str]:
    """Return the letters of a word, each with the marks that follow it."""
    clusters: list[str] = []
    for char in word:
        if clusters and unicodedata.combining(char):
            clusters[-1] += char
        else:
            clusters.append(char)
    return clusters
