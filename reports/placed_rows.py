"""Table rows with their lines and heights; a row taller than a page in pieces. Pure. Lengths are PDF points."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Final

from reportlab.lib.units import mm

from reports.fonts import LEADING, READABLE, Face, Line, fit, stack_height
from reports.sheet import ROW_MM, Cell, Portraits, Row, Sheet

TABLE_SIZE: Final = 10.0
PAD_X: Final = 1.0 * mm
PAD_Y: Final = 0.9 * mm
MIN_ROW: Final = ROW_MM * mm
_PIECES: Final = 4
"""Into about so many pieces of a page a row is divided that fits on none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedRow:
    """A row with its height and, per cell, the lines to draw.

    A row taller than a page is divided: `row` is then what of it stands here, `number` the same for all its pieces
    (from 0, in the sheet's order), and `begins` true for the first one, with which its candidate counts.
    """

    row: Row
    height: float
    lines: tuple[tuple[Line, ...], ...]
    number: int = 0
    begins: bool = True


def place(sheet: Sheet, row: Row, number: int) -> PlacedRow:
    """Return a row of a sheet, laid out in its columns."""
    lines = []
    for column, cell in zip(sheet.columns, row.cells, strict=True):
        room = column.width_mm * mm - 2 * PAD_X
        cell_lines: list[Line] = []
        for index, paragraph in enumerate(cell.paragraphs):
            face = Face.BOLD if cell.strong and index == 0 else Face.REGULAR
            cell_lines += fit(paragraph, face, TABLE_SIZE, room, narrowest=READABLE)
        lines.append(tuple(cell_lines))
    return PlacedRow(
        row=row, height=max(sheet.row_mm * mm, _height(lines)), lines=tuple(lines), number=number
    )


def divided(placed: PlacedRow, room: float) -> list[PlacedRow]:
    """Return a row, in pieces where it is taller than `room`, the height of a page."""
    if placed.height <= room:
        return [placed]
    count = max(1, int((room / _PIECES - 2 * PAD_Y) / (TABLE_SIZE * LEADING)))
    longest = max(len(cell) for cell in placed.lines)
    return [_piece(placed, start, start + count) for start in range(0, longest, count)]


def merged(rows: Sequence[PlacedRow]) -> tuple[PlacedRow, ...]:
    """Return a page's rows, the pieces of one row put together again."""
    found = []
    for _, group in groupby(rows, key=lambda row: row.number):
        pieces = list(group)
        found.append(pieces[0] if len(pieces) == 1 else _together(pieces))
    return tuple(found)


def _piece(placed: PlacedRow, start: int, end: int) -> PlacedRow:
    lines = tuple(cell[start:end] for cell in placed.lines)
    portraits = placed.row.portraits if start == 0 else Portraits()
    return PlacedRow(
        row=replace(placed.row, cells=_cells(lines), portraits=portraits),
        height=_height(lines),
        lines=lines,
        number=placed.number,
        begins=start == 0,
    )


def _together(pieces: Sequence[PlacedRow]) -> PlacedRow:
    lines = tuple(
        tuple(line for cell in cells for line in cell)
        for cells in zip(*(piece.lines for piece in pieces), strict=True)
    )
    first = pieces[0]
    return replace(
        first,
        row=replace(first.row, cells=_cells(lines)),
        lines=lines,
        height=sum(piece.height for piece in pieces),
    )


def _cells(lines: Sequence[Sequence[Line]]) -> tuple[Cell, ...]:
    return tuple(Cell(paragraphs=tuple(line.text for line in cell)) for cell in lines)


def _height(lines: Sequence[Sequence[Line]]) -> float:
    return max((stack_height(cell) for cell in lines), default=0.0) + 2 * PAD_Y
