"""A sheet as the lines of a table: what stands above the heads, the heads, the rows, what stands below. Pure.

Pictures are left out, and so is where people sign: a table is for counting again, the PDF is the sheet.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from reports.sheet import Cell, Column, Figures, Row, Sheet, Value
from reports.wording import DASH
from reports.words import LIMIT, number_words

_IN_WORDS: Final = re.compile(r"(?<![\w.,/])(\d{1,12}) \(([^()]+)\)")
_ALONE: Final = re.compile(r"[^:]+: (\d{1,12})\.?")
_EMPTY: Final = re.compile(r"[\s.\u2026]*")


class Part(StrEnum):
    """What a line is: a mark that must not be missed, the title, a remark, the heads, a row, a total."""

    MARK = "mark"
    TITLE = "title"
    REMARK = "remark"
    HEADS = "heads"
    ROW = "row"
    TOTAL = "total"


@dataclass(frozen=True, slots=True, kw_only=True)
class TableLine:
    """One line: its cells from the left. Text is text whatever it looks like; None is an empty cell."""

    part: Part
    values: tuple[Value, ...] = field(repr=False)


def table_columns(sheet: Sheet) -> tuple[Column, ...]:
    """Return the columns of a sheet's table without the pictures."""
    return tuple(column for column in sheet.columns if not column.portraits)


def table_lines(sheet: Sheet, *, note: str = "") -> Iterator[TableLine]:
    """Yield the lines of a sheet from above; `note`: what the table says of itself, the first of its remarks."""
    yield from _above(sheet, note)
    if sheet.columns:
        yield TableLine(part=Part.HEADS, values=tuple(column.whole for column in table_columns(sheet)))
    for row in sheet.rows:
        yield TableLine(part=Part.ROW, values=_row(sheet, row))
    for total in sheet.closing.totals:
        yield TableLine(part=Part.TOTAL, values=(total, *figures_of(total)))
    for remark in sheet.closing.remarks:
        yield TableLine(part=Part.REMARK, values=(remark,))


def figures_of(total: str) -> tuple[int, ...]:
    """Return the counts of a total: those whose words in brackets are theirs, else the one it ends with."""
    found = [(int(digits), words) for digits, words in _IN_WORDS.findall(total)]
    counts = tuple(count for count, words in found if count < LIMIT and number_words(count) == words)
    if counts:
        return counts
    alone = _ALONE.fullmatch(total)
    return () if alone is None else (int(alone.group(1)),)


def value_of(cell: Cell) -> Value:
    """Return what a spreadsheet's cell holds: the typed value, else the paragraphs below one another."""
    if cell.value is not None:
        return cell.value
    return "\n".join(cell.paragraphs) or None


def _row(sheet: Sheet, row: Row) -> tuple[Value, ...]:
    pairs = zip(sheet.columns, row.cells, strict=True)
    return tuple(value_of(cell) for column, cell in pairs if not column.portraits)


def _above(sheet: Sheet, note: str) -> Iterator[TableLine]:
    """Yield marks, issuer, title, session, tree head, and the blocks of a sheet without a table."""
    marks = (*(sheet.training or ())[:1], sheet.reprint, sheet.foot.warning)
    for mark in marks:
        if mark:
            yield TableLine(part=Part.MARK, values=(mark,))
    header, foot = sheet.header, sheet.foot
    for issuer in (header.parent, header.agency):
        if not _EMPTY.fullmatch(issuer):
            yield TableLine(part=Part.REMARK, values=(issuer,))
    yield TableLine(part=Part.TITLE, values=(header.title,))
    told = (
        *header.lines,
        foot.session,
        f"{foot.roster} {sheet.roster_hash}",
        f"{foot.head} {sheet.head.root.hex()}",
        foot.cosigned,
        note,
        foot.notice,
    )
    for line in told:
        if line:
            yield TableLine(part=Part.REMARK, values=(line,))
    for block in sheet.body:
        if not isinstance(block, Figures):
            values = (block.label, block.text or DASH) if block.label else (block.text,)
            yield TableLine(part=Part.REMARK, values=values)
