"""A file of results or of passed components as rows: columns by their names, cells as text, a number for every row."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final

from sessions.course.result_errors import TableUnreadableError
from sessions.errors import RosterUnreadableError
from sessions.roster.cells import clean
from sessions.roster.columns import fold
from sessions.roster.delimited import decode, split_table
from sessions.roster.table import MAX_BYTES, Cell, Line, Sheet
from sessions.roster.workbook import format_of, read_workbook

HEADING_WITHIN: Final = 60
MAX_VALUE: Final = 200
"""Characters of a cell; longer ones are cut, and then are no number, name or date that could be right."""
Names = Mapping[str, tuple[str, ...]]
"""Field → the names that its column may have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TableRow:
    """One row: its number in the file, from 1, and its cells by field; a field whose column is missing is not there."""

    number: int
    cells: Mapping[str, str] = field(repr=False)

    def text(self, name: str) -> str:
        """Return a cell; empty where it is empty or its column is missing."""
        return self.cells.get(name, "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """The rows below the heading that are not empty; `headings`: field → the column's name in the file."""

    rows: tuple[TableRow, ...] = field(repr=False)
    headings: Mapping[str, str]
    sha256: str

    def column(self, name: str) -> str:
        """Return what a field's column is called in the file; the field's own name where it has none."""
        return self.headings.get(name, name)


def read_table(data: bytes, names: Names, *, needed: Sequence[frozenset[str]]) -> Table:
    """Return the table of a CSV file or workbook (XLSX, XLS, ODS).

    `needed`: sets of fields; of each set the heading must have one. Raises TableUnreadableError: `why` "empty",
    "encoding", "workbook", "too-large", …, "guess" (a text file whose encoding is not certain), "column" (with the
    first one missing).
    """
    fields = {fold(text): name for name, texts in names.items() for text in texts}
    sheets = _sheets(data, fields)
    best: tuple[int, dict[str, int], Sheet, int] | None = None
    for sheet in sheets:
        for place, line in enumerate(sheet.lines[:HEADING_WITHIN]):
            columns = _columns(line, fields)
            lacking = [options for options in needed if not options & columns.keys()]
            if best is None or (len(lacking), -len(columns)) < (best[3], -len(best[1])):
                best = place, columns, sheet, len(lacking)
    if best is None:
        raise TableUnreadableError(why="empty")
    place, columns, sheet, _ = best
    for options in needed:
        if not options & columns.keys():
            raise TableUnreadableError(why="column", column=sorted(names[sorted(options)[0]])[0])
    heading = sheet.lines[place]
    rows = tuple(_row(line, columns) for line in sheet.lines[place + 1 :])
    return Table(
        rows=tuple(row for row in rows if any(row.cells.values())),
        headings={name: text_of(heading.cells[index]) for name, index in columns.items()},
        sha256=hashlib.sha256(data).hexdigest(),
    )


def text_of(cell: Cell) -> str:
    """Return a cell as a person would type it: 27.0 is "27", a date is dd/mm/yyyy, a ticked box is "x"."""
    if isinstance(cell, bool):
        return "x" if cell else ""
    if isinstance(cell, (int, float)):
        return f"{cell:.10g}"
    if isinstance(cell, (date, datetime)):
        return f"{cell.day:02d}/{cell.month:02d}/{cell.year:04d}"
    return clean(str(cell))[:MAX_VALUE]


def _sheets(data: bytes, fields: Mapping[str, str]) -> tuple[Sheet, ...]:
    if len(data) > MAX_BYTES:
        raise TableUnreadableError(why="too-large", limit=MAX_BYTES)
    try:
        if format_of(data):
            return tuple(sheet for sheet in read_workbook(data).sheets if not sheet.hidden)
        text, _, previews = decode(data)
        if previews:
            raise TableUnreadableError(why="guess")
        return (split_table(text, lambda lines: max(len(_columns(line, fields)) for line in lines)),)
    except RosterUnreadableError as error:
        raise TableUnreadableError(**error.facts) from None


def _columns(line: Line, fields: Mapping[str, str]) -> dict[str, int]:
    """Return field → column of a row of headings; the first of two equal columns counts."""
    found: dict[str, int] = {}
    for index, cell in enumerate(line.cells):
        if isinstance(cell, str) and (name := fields.get(fold(cell))) is not None:
            found.setdefault(name, index)
    return found


def _row(line: Line, columns: Mapping[str, int]) -> TableRow:
    size = len(line.cells)
    return TableRow(
        number=line.number,
        cells={name: text_of(line.cells[index]) if index < size else "" for name, index in columns.items()},
    )
