"""Rows into pages: A4 landscape within Nghị định 30/2020's margins, no row divided, no page end left bare.

Pure. Lengths are PDF points from the lower left corner unless the name says mm.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from reportlab.lib.units import mm

from reports.errors import HeadTooTallError, RowTooTallError
from reports.fonts import LEADING, Face, Line, fit
from reports.sheet import ROW_MM, Closing, Header, Row, Sheet

PAGE: Final = (297 * mm, 210 * mm)
LEFT: Final = 30 * mm
RIGHT: Final = PAGE[0] - 15 * mm
TOP: Final = PAGE[1] - 20 * mm
BOTTOM: Final = 45 * mm
"""Where rows end; the foot with the page seal stands below, down to FOOT_BOTTOM."""
FOOT_TOP: Final = 43 * mm
FOOT_BOTTOM: Final = 9 * mm
SEAL_SIDE: Final = 33 * mm
"""Largest side of the page seal; its lower right corner is at (RIGHT, FOOT_BOTTOM)."""
STATION_BOX: Final = (RIGHT - 96 * mm, FOOT_BOTTOM + 3 * mm, RIGHT - 36 * mm, FOOT_TOP - 4 * mm)
"""x1, y1, x2, y2 on the last page: where the signed file shows the station's own signature."""

PICTURE: Final = (8.1 * mm, 10.8 * mm)
TABLE_SIZE: Final = 10.0
PAD_X: Final = 1.0 * mm
PAD_Y: Final = 0.9 * mm
MIN_ROW: Final = ROW_MM * mm
SIGNING_SPACE: Final = 22 * mm
_MIN_TAIL: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedRow:
    """A row with its height and, per cell, the lines to draw."""

    row: Row
    height: float
    lines: tuple[tuple[Line, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HeaderLines:
    """The first page's head, wrapped: left block, right block, number, title, lines; and its height."""

    left: tuple[Line, ...]
    right: tuple[Line, ...]
    number: tuple[Line, ...]
    place: tuple[Line, ...]
    title: tuple[Line, ...]
    below: tuple[Line, ...]
    height: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosingLines:
    """The closing block, wrapped: totals as (left column, right column) rows, and its height."""

    totals: tuple[tuple[tuple[Line, ...], tuple[Line, ...]], ...]
    remarks: tuple[Line, ...]
    recipients: tuple[Line, ...]
    signatures: tuple[tuple[Line, ...], ...]
    height: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """A sheet laid out: rows by page, the heads and the closing block as lines."""

    header: HeaderLines
    heads: PlacedHeads
    pages: tuple[tuple[PlacedRow, ...], ...]
    closing: ClosingLines


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedHeads:
    """The table's head row: lines per column and its height."""

    lines: tuple[tuple[Line, ...], ...]
    height: float


def lay_out(sheet: Sheet) -> Layout:
    """Return a sheet's pages; raises RowTooTallError or HeadTooTallError for what fits on no page."""
    header, heads, closing = _header(sheet.header), _heads(sheet), _closing(sheet.closing)
    rows = [_place(sheet, row) for row in sheet.rows]
    rest = TOP - BOTTOM - heads.height
    if header.height > rest:
        raise HeadTooTallError(lines=len(header.below) + len(header.left))
    counts = paginate([row.height for row in rows], rest - header.height, rest, closing.height)
    pages, start = [], 0
    for count in counts:
        pages.append(tuple(rows[start : start + count]))
        start += count
    return Layout(header=header, heads=heads, pages=tuple(pages), closing=closing)


def paginate(heights: Sequence[float], first: float, rest: float, closing: float) -> tuple[int, ...]:
    """Return how many rows each page takes.

    `first` and `rest` are the heights for rows on the first and every later page. Rows fill their pages. Where the
    closing block has no room below the last ones, it goes to a page of its own with the last one or two of them,
    never with all: a page emptied so would look as if rows had been taken out. A single row stays, and the
    block stands alone; 0 is a page without a table. Raises RowTooTallError.
    """
    if closing > rest:
        raise RowTooTallError(row=len(heights))
    counts = _fill(heights, first, rest)
    tail = heights[len(heights) - counts[-1] :]
    room = first if len(counts) == 1 else rest
    if sum(tail) + closing > room:
        moved = _company(tail, room, rest - closing)
        counts[-1:] = [len(tail) - moved, moved]
    elif len(counts) > 1 and counts[-1] < _MIN_TAIL < counts[-2] and _fits(heights, rest - closing):
        counts[-2:] = [counts[-2] - 1, _MIN_TAIL]
    return tuple(counts)


def _fits(heights: Sequence[float], room: float) -> bool:
    return sum(heights[len(heights) - _MIN_TAIL :]) <= room


def _fill(heights: Sequence[float], first: float, rest: float) -> list[int]:
    """Return how many rows fit page after page, the closing block left aside."""
    counts, free = [0], first
    for index, height in enumerate(heights):
        if height > free:
            counts.append(0)
            free = rest
        if height > free:
            raise RowTooTallError(row=index + 1)
        counts[-1] += 1
        free -= height
    return counts


def _company(tail: Sequence[float], room: float, free: float) -> int:
    """Return how many rows of a page of `room` go with the closing block to the next, which has `free` for them.

    Two where those that stay still fill half of their page, else one; none where that would be all of them.
    """
    if len(tail) > _MIN_TAIL and 2 * sum(tail[:-_MIN_TAIL]) >= room and _fits(tail, free):
        return _MIN_TAIL
    return int(len(tail) > 1 and tail[-1] <= free)


def _place(sheet: Sheet, row: Row) -> PlacedRow:
    lines = []
    for column, cell in zip(sheet.columns, row.cells, strict=True):
        room = column.width_mm * mm - 2 * PAD_X
        cell_lines: list[Line] = []
        for index, paragraph in enumerate(cell.paragraphs):
            face = Face.BOLD if cell.strong and index == 0 else Face.REGULAR
            cell_lines += fit(paragraph, face, TABLE_SIZE, room)
        lines.append(tuple(cell_lines))
    height = max((stack_height(cell) for cell in lines), default=0.0) + 2 * PAD_Y
    return PlacedRow(row=row, height=max(sheet.row_mm * mm, height), lines=tuple(lines))


def _heads(sheet: Sheet) -> PlacedHeads:
    lines = tuple(
        fit(column.heading, Face.BOLD, TABLE_SIZE, column.width_mm * mm - PAD_X) for column in sheet.columns
    )
    return PlacedHeads(lines=lines, height=max(stack_height(head) for head in lines) + 2 * PAD_Y)


def _header(header: Header) -> HeaderLines:
    left = (
        *fit(header.parent, Face.REGULAR, 13, HALF),
        *fit(header.agency, Face.BOLD, 13, HALF),
    )
    right = (*fit(header.nation, Face.BOLD, 13, HALF), *fit(header.motto, Face.BOLD, 13, HALF))
    number = fit(header.number, Face.REGULAR, 13, HALF)
    place = fit(header.place_and_date, Face.ITALIC, 13, HALF)
    title = fit(header.title, Face.BOLD, 14, RIGHT - LEFT)
    below = tuple(line for text in header.lines for line in fit(text, Face.REGULAR, 12, RIGHT - LEFT))
    blocks = max(stack_height(left) + stack_height(number), stack_height(right) + stack_height(place))
    height = blocks + RULE_GAP + TITLE_GAP + stack_height(title) + stack_height(below) + TABLE_GAP
    return HeaderLines(
        left=left, right=right, number=number, place=place, title=title, below=below, height=height
    )


HALF: Final = 122 * mm
"""Width of each of the two blocks at the top."""
RULE_GAP: Final = 2.4 * mm
"""Room below the blocks' names in which their rules stand."""
TITLE_GAP: Final = 2.0 * mm
TABLE_GAP: Final = 2.2 * mm
CLOSING_GAP: Final = 2.0 * mm
TOTALS_COLUMN: Final = 124 * mm


def _closing(closing: Closing) -> ClosingLines:
    wrapped = [fit(text, Face.REGULAR, 12, TOTALS_COLUMN) for text in closing.totals]
    half = (len(wrapped) + 1) // 2
    right = [*wrapped[half:], *[()] * (2 * half - len(wrapped))]
    totals = tuple(zip(wrapped[:half], right, strict=True))
    remarks = tuple(line for text in closing.remarks for line in fit(text, Face.ITALIC, 11, RIGHT - LEFT))
    slot = (RIGHT - LEFT) / (len(closing.signatures) + 1) - 3 * mm
    recipients = (
        *fit(closing.recipients_label, Face.BOLD_ITALIC, 12, slot),
        *(line for text in closing.recipients for line in fit(text, Face.REGULAR, 11, slot)),
    )
    signatures = tuple(
        (*fit(block.role, Face.BOLD, 12, slot), *fit(block.hint, Face.ITALIC, 11, slot))
        for block in closing.signatures
    )
    signing = max((stack_height(block) for block in signatures), default=0.0) + SIGNING_SPACE
    height = (
        2 * CLOSING_GAP
        + sum(max(stack_height(a), stack_height(b)) for a, b in totals)
        + stack_height(remarks)
        + max(stack_height(recipients), signing)
    )
    return ClosingLines(
        totals=totals, remarks=remarks, recipients=recipients, signatures=signatures, height=height
    )


def stack_height(lines: Sequence[Line]) -> float:
    """Return the height of lines one below the other."""
    return sum(line.size * LEADING for line in lines)


def foot_notice(notice: str) -> tuple[Line, ...]:
    """Return the foot's remark in the room left of the station's box."""
    return fit(notice, Face.ITALIC, 8, STATION_BOX[0] - LEFT - 3 * mm)


def foot_cosigned(text: str) -> tuple[Line, ...]:
    """Return the foot's words about cosignatures in the room left of the station's box: two lines at most."""
    return fit(text, Face.REGULAR, 8, STATION_BOX[0] - LEFT - 3 * mm)[:2]
