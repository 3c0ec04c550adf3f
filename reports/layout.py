"""A sheet on pages: head, blocks, table and closing block within Nghị định 30/2020's margins.

No row is divided that fits on a page. Pure. Lengths are PDF points from the lower left corner unless the name says mm.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Final

from reportlab.lib.units import mm

from reports.body import BODY_GAP, Placed, height_of, joined, pieces_of
from reports.columns import fitted
from reports.errors import HeadTooTallError
from reports.fonts import Face, Line, fit, narrowed, stack_height
from reports.geometry import LYING, Geometry, geometry_of
from reports.page_seal import has_room
from reports.paging import fill, paginate
from reports.placed_rows import PAD_X, PAD_Y, TABLE_SIZE, PlacedRow, divided, merged, place
from reports.sheet import Closing, Column, Header, Sheet
from reports.template_errors import ClosingTooTallError

SIGNING_SPACE: Final = 22 * mm
LOGO: Final = 15 * mm
"""Largest side of the logo beside the agency's name."""
LOGO_GAP: Final = 2 * mm
RULE_GAP: Final = 2.4 * mm
"""Room below the blocks' names in which their rules stand."""
TITLE_GAP: Final = 2.0 * mm
TABLE_GAP: Final = 2.2 * mm
CLOSING_GAP: Final = 2.0 * mm
_COLUMN_GAP: Final = 4 * mm
_COSIGNED_LINES: Final = 2
_FOOT_SIZES: Final = (8.0, 7.5, 7.0, 6.5, 6.0, 5.5)
_LONELY: Final = 3
"""A table whose first row would stand alone begins on the next page if less than a third of this one is left."""
_RECIPIENTS: Final = 42 * mm
"""Higher than this the recipients do not stand beside the signatures."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeaderLines:
    """The first page's head, wrapped: left block, right block, number, title, lines; and its height.

    `logo`: the room the logo takes left of the agency's name.
    """

    left: tuple[Line, ...]
    right: tuple[Line, ...]
    number: tuple[Line, ...]
    place: tuple[Line, ...]
    title: tuple[Line, ...]
    below: tuple[Line, ...]
    logo: float
    blocks: float
    height: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """A signature block: its lines, and its place among `slots` of the width, from 0."""

    lines: tuple[Line, ...]
    slot: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosingLines:
    """The closing block, wrapped: totals by columns, signature blocks by rows, and its height.

    `below`: the recipients stand below the signatures, over the whole width, since they are too many for a slot.
    """

    totals: tuple[tuple[Line, ...], ...]
    remarks: tuple[Line, ...]
    recipients: tuple[Line, ...]
    signatures: tuple[tuple[Signer, ...], ...]
    slots: int
    below: bool
    height: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedHeads:
    """The table's head row: lines per column and its height.

    `groups`: the headings above several columns, each with its first column and the one behind its last; they take the
    `upper` part of the height.
    """

    lines: tuple[tuple[Line, ...], ...]
    height: float
    groups: tuple[tuple[int, int, tuple[Line, ...]], ...] = ()
    upper: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """A sheet laid out: rows and blocks by page, the heads and the closing block as lines.

    `columns`: as wide as they are drawn. `bare`: the page (from 0) that shows the heads of a table without rows, or
    None.
    """

    geometry: Geometry
    columns: tuple[Column, ...]
    header: HeaderLines
    heads: PlacedHeads
    pages: tuple[tuple[PlacedRow, ...], ...]
    bodies: tuple[tuple[Placed, ...], ...]
    bare: int | None
    closing: ClosingLines


def lay_out(sheet: Sheet) -> Layout:
    """Return a sheet's pages. Raises RowTooTallError, HeadTooTallError, ClosingTooTallError for what fits on none."""
    paper = geometry_of(sheet)
    sheet = replace(sheet, columns=fitted(sheet, paper.width / mm))
    header, heads, closing = _header(sheet.header, paper), _heads(sheet), _closing(sheet.closing, paper)
    rest = paper.height - heads.height
    if header.height > rest or 2 * heads.height > paper.height:
        raise HeadTooTallError(lines=len(header.below) + len(header.left))
    if closing.height > rest:
        raise ClosingTooTallError(kind=sheet.kind)
    first = paper.height - header.height
    pages: list[tuple[PlacedRow, ...]]
    if sheet.columns:
        bodies, free = _flow(sheet, paper, first)
        pages = [()] * (len(bodies) - 1) + _table(sheet, free - heads.height, rest, closing.height)
        bare = _bare(sheet, len(bodies) - 1, fits=free >= heads.height)
    else:
        bodies = _letter(sheet, paper, first, closing.height)
        pages, bare = [()] * len(bodies), None
    if bare is not None:
        pages += [()] * (bare + 1 - len(pages))
    bodies += [()] * (len(pages) - len(bodies))
    return Layout(
        geometry=paper,
        columns=sheet.columns,
        header=header,
        heads=heads,
        pages=tuple(pages),
        bodies=tuple(bodies),
        bare=bare,
        closing=closing,
    )


def _flow(sheet: Sheet, paper: Geometry, first: float) -> tuple[list[tuple[Placed, ...]], float]:
    """Return the blocks by page, and what the last of these pages has left for a table."""
    pieces = pieces_of(sheet.body, paper.width)
    heights = [height_of(piece) for piece in pieces]
    counts = fill(heights, first, paper.height)
    bodies, start = [], 0
    for count in counts:
        bodies.append(joined(pieces[start : start + count]))
        start += count
    room = first if len(counts) == 1 else paper.height
    used = sum(heights[len(heights) - counts[-1] :]) + BODY_GAP if counts[-1] else 0.0
    return bodies, room - used


def _letter(sheet: Sheet, paper: Geometry, first: float, closing: float) -> list[tuple[Placed, ...]]:
    """Return the blocks by page of a sheet without a table, the closing block after the last."""
    pieces = pieces_of(sheet.body, paper.width)
    counts = paginate([height_of(piece) for piece in pieces], first, paper.height, closing, least=1)
    bodies, start = [], 0
    for count in counts:
        bodies.append(joined(pieces[start : start + count]))
        start += count
    return bodies


def _table(sheet: Sheet, first: float, rest: float, closing: float) -> list[tuple[PlacedRow, ...]]:
    """Return the rows by page, beginning with the page that has `first` left for them.

    Below blocks a table does not begin with its first row alone, where little of the page is lost so.
    """
    placed = [place(sheet, row, number) for number, row in enumerate(sheet.rows)]
    rows = [piece for row in placed for piece in divided(row, rest)]

    def sealed(start: int, end: int) -> bool:
        return has_room(sheet, [row.row.mark for row in rows[start:end] if row.begins])

    heights = [row.height for row in rows]
    counts = paginate(heights, first, rest, closing, sealed)
    if sheet.body and counts[0] == 1 < len(rows) and _LONELY * first < rest:
        counts = paginate(heights, 0.0, rest, closing, sealed)
    pages, start = [], 0
    for count in counts:
        pages.append(merged(rows[start : start + count]))
        start += count
    return pages


def _bare(sheet: Sheet, page: int, *, fits: bool) -> int | None:
    """Return the page that shows the heads of a table without rows."""
    if sheet.rows:
        return None
    return page if fits else page + 1


def _heads(sheet: Sheet) -> PlacedHeads:
    if not sheet.columns:
        return PlacedHeads(lines=(), height=0.0)
    lines = tuple(
        fit(column.heading, Face.BOLD, TABLE_SIZE, column.width_mm * mm - PAD_X) for column in sheet.columns
    )
    groups = _groups(sheet.columns)
    upper = max((stack_height(head) + 2 * PAD_Y for *_, head in groups), default=0.0)
    inside = {at for first, behind, _ in groups for at in range(first, behind)}
    height = max(
        stack_height(head) + 2 * PAD_Y + (upper if at in inside else 0.0) for at, head in enumerate(lines)
    )
    return PlacedHeads(lines=lines, height=height, groups=groups, upper=upper)


def _groups(columns: Sequence[Column]) -> tuple[tuple[int, int, tuple[Line, ...]], ...]:
    """Return the headings above several columns: first column, the one behind the last, lines."""
    found, at = [], 0
    for name, run in groupby(columns, key=lambda column: column.group):
        members = tuple(run)
        room = sum(column.width_mm for column in members) * mm - PAD_X
        if name:
            found.append((at, at + len(members), fit(name, Face.BOLD, TABLE_SIZE, room)))
        at += len(members)
    return tuple(found)


def _header(header: Header, paper: Geometry) -> HeaderLines:
    size = paper.head_size
    logo = 0.0 if header.logo is None else LOGO + LOGO_GAP
    room = paper.agency_width - logo
    left = (*fit(header.parent, Face.REGULAR, size, room), *fit(header.agency, Face.BOLD, size, room))
    right = (
        *fit(header.nation, Face.BOLD, size, paper.nation_width),
        *fit(header.motto, Face.BOLD, 13, paper.nation_width),
    )
    number = fit(header.number, Face.REGULAR, 13, room)
    place = fit(header.place_and_date, Face.ITALIC, 13, paper.nation_width)
    title = fit(header.title, Face.BOLD, 14, paper.width)
    below = tuple(line for text in header.lines for line in fit(text, Face.REGULAR, 12, paper.width))
    blocks = max(
        stack_height(left) + RULE_GAP + stack_height(number),
        stack_height(right) + RULE_GAP + stack_height(place),
        logo,
    )
    height = blocks + TITLE_GAP + stack_height(title) + stack_height(below) + TABLE_GAP
    return HeaderLines(
        left=left,
        right=right,
        number=number,
        place=place,
        title=title,
        below=below,
        logo=logo,
        blocks=blocks,
        height=height,
    )


def _closing(closing: Closing, paper: Geometry) -> ClosingLines:
    remarks = tuple(line for text in closing.remarks for line in fit(text, Face.ITALIC, 11, paper.width))
    totals = _totals(closing, paper)
    slots, places = _slots(len(closing.signatures), paper.signers)
    room = paper.width / slots - 3 * mm
    recipients = _recipients(closing, room)
    below = stack_height(recipients) > _RECIPIENTS
    if below:
        recipients = _recipients(closing, paper.width)
    blocks = [
        (*fit(block.role, Face.BOLD, 12, room), *fit(block.hint, Face.ITALIC, 11, room))
        for block in closing.signatures
    ]
    rows = tuple(tuple(Signer(lines=blocks[index], slot=slot) for index, slot in row) for row in places)
    heights = [signing_height(row) for row in rows] or [0.0]
    height = (
        2 * CLOSING_GAP
        + totals_height(totals)
        + stack_height(remarks)
        + (stack_height(recipients) + heights[0] if below else max(stack_height(recipients), heights[0]))
        + sum(heights[1:])
    )
    return ClosingLines(
        totals=totals,
        remarks=remarks,
        recipients=recipients,
        signatures=rows,
        slots=slots,
        below=below,
        height=height,
    )


def _recipients(closing: Closing, room: float) -> tuple[Line, ...]:
    return (
        *fit(closing.recipients_label, Face.BOLD_ITALIC, 12, room),
        *(line for text in closing.recipients for line in fit(text, Face.REGULAR, 11, room)),
    )


def _totals(closing: Closing, paper: Geometry) -> tuple[tuple[Line, ...], ...]:
    """Return the totals in columns, read down the first, then down the next: divided where that is the lowest."""
    if paper.totals_columns == 1:
        return (tuple(line for text in closing.totals for line in fit(text, Face.REGULAR, 12, paper.width)),)
    room = totals_width(paper) - _COLUMN_GAP
    wrapped = [fit(text, Face.REGULAR, 12, room) for text in closing.totals]
    ways = [
        tuple(tuple(line for lines in part for line in lines) for part in (wrapped[:at], wrapped[at:]))
        for at in range(len(wrapped), -1, -1)
    ]
    return min(ways, key=totals_height)


def totals_height(columns: Sequence[Sequence[Line]]) -> float:
    """Return the height of the totals: that of the highest column."""
    return max(stack_height(lines) for lines in columns)


def totals_width(paper: Geometry) -> float:
    """Return the width of a column of totals."""
    return paper.width / paper.totals_columns


def _slots(count: int, most: int) -> tuple[int, list[list[tuple[int, int]]]]:
    """Return into how many slots the width is divided, and by rows each block's index and slot.

    The first slot of the first row is the recipients'. More than `most` blocks take several rows, against the right.
    """
    if count <= most:
        return count + 1, [[(index, index + 1) for index in range(count)]] if count else []
    rows, start = [list(enumerate(range(1, most)))], most - 1
    while start < count:
        taken = min(most, count - start)
        rows.append([(start + index, most - taken + index) for index in range(taken)])
        start += taken
    return most, rows


def signing_height(row: Sequence[Signer]) -> float:
    """Return the height of a row of signature blocks, with room to sign in."""
    return max(stack_height(block.lines) for block in row) + SIGNING_SPACE


def foot_notice(notice: str, paper: Geometry = LYING) -> tuple[Line, ...]:
    """Return the foot's remark in the room left of the station's box."""
    return _small(notice, Face.ITALIC, paper.notice_width, paper.notice_lines)


def foot_cosigned(text: str, paper: Geometry = LYING) -> tuple[Line, ...]:
    """Return the foot's words about cosignatures, in two lines."""
    return _small(text, Face.REGULAR, paper.foot_width, _COSIGNED_LINES)


def _small(text: str, face: Face, room: float, most: int) -> tuple[Line, ...]:
    """Return a text of the foot in letters of 8 points, or smaller as far as `most` lines need; always whole."""
    lines: tuple[Line, ...] = ()
    for size in _FOOT_SIZES:
        lines = fit(text, face, size, room)
        if len(lines) <= most:
            break
    return lines


def foot_line(text: str, face: Face, size: float, paper: Geometry) -> Line:
    """Return a line of the foot, narrowed where the paper is upright."""
    return narrowed(Line(text=text, face=face, size=size), paper.foot_width)
