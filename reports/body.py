"""The blocks above a table as pieces that pages can take: paragraphs by lines, pictures whole. Pure.

Lengths are PDF points unless the name says mm.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

from reportlab.lib.units import mm

from reports.fonts import LEADING, Face, Line, fit, justified, stack_height, width
from reports.sheet import Block, Figure, Figures, Paragraph

INDENT: Final = 10 * mm
"""How far a paragraph's first line stands in."""
_LABEL_GAP: Final = 3 * mm
_LABEL_SHARE: Final = 0.4
_KEPT: Final = 2
"""Lines of a paragraph that stay together at either end of a page."""
_CAPTION: Final = 10.0
_FRAME_GAP: Final = 3 * mm
_TALLEST: Final = 80 * mm
BODY_GAP: Final = 2 * mm
"""Room between the last block and what follows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedText:
    """Lines of one paragraph on one page: `labels` to the left, `lines` from `offset` on, `gap` above.

    `block` counts the sheet's blocks from 0: two pieces of one paragraph have the same.
    """

    block: int
    paragraph: Paragraph
    labels: tuple[Line, ...]
    lines: tuple[Line, ...]
    offset: float
    gap: float

    @property
    def height(self) -> float:
        """The height with the gap above."""
        return self.gap + max(len(self.labels), len(self.lines)) * self.paragraph.size * LEADING

    @property
    def texts(self) -> tuple[str, ...]:
        """What it says, for the page's digest."""
        return (" ".join(line.text for line in self.labels), " ".join(line.text for line in self.lines))


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedFigures:
    """Pictures side by side: each frame's width and height, the captions' lines below."""

    block: int
    figures: tuple[Figure, ...]
    frame: tuple[float, float]
    captions: tuple[tuple[Line, ...], ...]
    gap: float

    @property
    def height(self) -> float:
        """The height with the gap above."""
        return self.gap + self.frame[1] + mm + max(stack_height(lines) for lines in self.captions)

    @property
    def texts(self) -> tuple[str, ...]:
        """What it says, for the page's digest: the captions."""
        return tuple(" ".join(line.text for line in lines) for lines in self.captions)


Placed = PlacedText | PlacedFigures
Piece = tuple[Placed, ...]
"""What a page takes whole: some lines, a heading with what follows it, or pictures."""


def pieces_of(blocks: Sequence[Block], room: float) -> list[Piece]:
    """Return the blocks in pieces, within `room`."""
    labels = _label_width(blocks, room)
    pieces: list[Piece] = []
    heading: Piece = ()
    for number, block in enumerate(blocks):
        found = _pieces(number, block, room, labels)
        if not found:
            continue
        found[0] = (*heading, *found[0])
        heading = ()
        if _leads(block) and len(found) == 1 and number + 1 < len(blocks):
            heading = found[0]
            continue
        pieces += found
    return [*pieces, heading] if heading else pieces


def height_of(piece: Piece) -> float:
    """Return the height of a piece."""
    return sum(part.height for part in piece)


def joined(pieces: Sequence[Piece]) -> tuple[Placed, ...]:
    """Return what a page shows of its pieces: lines of one paragraph that meet again are one."""
    found: list[Placed] = []
    for part in (part for piece in pieces for part in piece):
        last = found[-1] if found else None
        if isinstance(part, PlacedText) and isinstance(last, PlacedText) and last.block == part.block:
            found[-1] = replace(last, labels=(*last.labels, *part.labels), lines=(*last.lines, *part.lines))
        else:
            found.append(part)
    return tuple(found)


def _pieces(number: int, block: Block, room: float, labels: float) -> list[Piece]:
    if isinstance(block, Figures):
        return [(_figures(number, block, room),)] if block.figures else []
    return [(part,) for part in _texts(number, block, room, labels)]


def _leads(block: Block) -> bool:
    """Say whether a block is a heading, which no page may end with."""
    return isinstance(block, Paragraph) and block.strong and not block.label


def _label_width(blocks: Sequence[Block], room: float) -> float:
    """Return the width of the column of labels: that of the longest, within its share of the page."""
    widths = [
        width(block.label, Face.REGULAR, block.size)
        for block in blocks
        if isinstance(block, Paragraph) and block.label
    ]
    return min(max(widths, default=0.0) + 0.1, _LABEL_SHARE * room)


def _texts(number: int, paragraph: Paragraph, room: float, labels: float) -> list[PlacedText]:
    offset = labels + _LABEL_GAP if paragraph.label else 0.0
    label = fit(paragraph.label, Face.REGULAR, paragraph.size, labels) if paragraph.label else ()
    lines = _lines(paragraph, room - offset)
    whole = PlacedText(
        block=number,
        paragraph=paragraph,
        labels=label,
        lines=lines,
        offset=offset,
        gap=paragraph.space_before_mm * mm,
    )
    return [
        replace(
            whole,
            labels=label[start:end],
            lines=lines[start:end],
            gap=whole.gap if start == 0 else 0.0,
        )
        for start, end in _breaks(max(len(lines), len(label)))
    ]


def _lines(paragraph: Paragraph, room: float) -> tuple[Line, ...]:
    """Return a paragraph's lines: centred ones as they are, others to both margins, the first set in."""
    face = _face(paragraph)
    if paragraph.centred or paragraph.label:
        return fit(paragraph.text, face, paragraph.size, room)
    return justified(paragraph.text, face, paragraph.size, room, indent=INDENT)


def _face(paragraph: Paragraph) -> Face:
    if paragraph.strong:
        return Face.BOLD_ITALIC if paragraph.italic else Face.BOLD
    return Face.ITALIC if paragraph.italic else Face.REGULAR


def _breaks(count: int) -> list[tuple[int, int]]:
    """Return where `count` lines may be divided: never with fewer than two of them at either end of a page."""
    if count < 2 * _KEPT:
        return [(0, count)] if count else []
    edges = [0, *range(_KEPT, count - _KEPT + 1), count]
    return list(pairwise(edges))


def _figures(number: int, block: Figures, room: float) -> PlacedFigures:
    slot = room / len(block.figures)
    wide = min(block.width_mm * mm, slot - _FRAME_GAP, _TALLEST * 3 / 4)
    return PlacedFigures(
        block=number,
        figures=block.figures,
        frame=(wide, wide * 4 / 3),
        captions=tuple(
            fit(figure.caption, Face.REGULAR, _CAPTION, slot - _FRAME_GAP) for figure in block.figures
        ),
        gap=BODY_GAP,
    )
