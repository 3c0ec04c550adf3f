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
    best = _best_heading(_sheets(data, fields), fields, needed)
    for options in needed:
        if not options & best.columns.keys():
            raise TableUnreadableError(why="column", column=names[sorted(options)[0]][0])
    rows = tuple(_row(line, best.columns) for line in best.sheet.lines[best.last + 1 :])
    return Table(
        rows=tuple(row for row in rows if any(row.cells.values())),
        headings=best.headings,
        sha256=hashlib.sha256(data).hexdigest(),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Heading:
    """A heading of one row or two: the index of its last line, field → column, field → name, how much is lacking."""

    sheet: Sheet
    last: int
    columns: Mapping[str, int]
    headings: Mapping[str, str]
    lacking: int

    @property
    def worth(self) -> tuple[int, int]:
        """The smaller the better."""
        return self.lacking, -len(self.columns)


def _best_heading(
    sheets: Sequence[Sheet], fields: Mapping[str, str], needed: Sequence[frozenset[str]]
) -> _Heading:
    """Return the heading with what is needed and the most columns, the first of equals."""
    best: _Heading | None = None
    for sheet in sheets:
        for place in range(min(len(sheet.lines), HEADING_WITHIN)):
            for rows in (1, 2):
                found = _heading(sheet, place, rows, fields, needed)
                if found is not None and (best is None or found.worth < best.worth):
                    best = found
    if best is None:
        raise TableUnreadableError(why="empty")
    return best


def _heading(
    sheet: Sheet, place: int, rows: int, fields: Mapping[str, str], needed: Sequence[frozenset[str]]
) -> _Heading | None:
    """Return these rows as a heading; of two, the lower one says more ("Điểm" below "Kết quả")."""
    lines = sheet.lines[place : place + rows]
    if len(lines) < rows or (rows == 2 and not _is_words(lines[1])):
        return None
    columns: dict[str, int] = {}
    names: dict[str, str] = {}
    for index in range(max(len(line.cells) for line in lines)):
        for line in reversed(lines):
            cell = line.cells[index] if index < len(line.cells) else ""
            name = fields.get(fold(cell)) if isinstance(cell, str) else None
            if name is not None:
                columns.setdefault(name, index)
                names.setdefault(name, text_of(cell))
                break
    lacking = sum(1 for options in needed if not options & columns.keys())
    return _Heading(sheet=sheet, last=place + rows - 1, columns=columns, headings=names, lacking=lacking)


def _is_words(line: Line) -> bool:
    """Whether a row has words and nothing else: then it may be a heading's second row."""
    return all(isinstance(cell, str) and not any(char.isdigit() for char in cell) for cell in line.cells)


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
