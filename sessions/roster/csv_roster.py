"""A roster from a CSV file: any usual delimiter and encoding; broken rows are refused, the rest goes on."""

from __future__ import annotations

import codecs
import csv
import hashlib
import io
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sessions.errors import RosterUnreadableError
from sessions.roster.cells import (
    MAX_CELL,
    CellError,
    Read,
    clean,
    number_fits,
    read_birth,
    read_name,
    read_number,
    read_sbd,
)
from sessions.roster.columns import match_heading, missing_fields
from sessions.roster.model import PartialDate, Roster, RowChange, RowDefect, Seat

MAX_BYTES: Final = 8_000_000
MAX_ROWS: Final = 20_000
MAX_COLUMNS: Final = 64
_HEADING_WITHIN: Final = 30
_DELIMITERS: Final = (",", ";", "\t", "|")
_PLAIN: Final = ("class", "room", "seat", "subject", "shift")


@dataclass(slots=True)
class _Row:
    """A row while it is read: the cells by field, and what was found on the way."""

    number: int
    cells: dict[str, str] = field(repr=False)
    headings: dict[str, str]
    defects: list[RowDefect] = field(default_factory=list)
    changes: list[RowChange] = field(default_factory=list)
    warnings: list[RowChange] = field(default_factory=list)

    def refuse(self, name: str, code: str) -> None:
        column = self.headings.get(name, name)
        value = self.cells.get(name, "")[:MAX_CELL]
        self.defects.append(RowDefect(row=self.number, column=column, code=code, value=value))

    def take(self, name: str, reading: Callable[[str], Read[Any]]) -> Any:
        """Return a cell's value, or None after noting why there is none."""
        try:
            read = reading(self.cells.get(name, ""))
        except CellError as error:
            self.refuse(name, error.code)
            return None
        for code in read.changes:
            self.changes.append(RowChange(row=self.number, column=self.headings[name], code=code))
        return read.value


def read_roster(data: bytes) -> Roster:
    """Return the roster of a CSV file's bytes.

    UTF-8 or UTF-16, with or without byte order mark; comma, semicolon, tab or bar; rows above the heading are
    passed over. Raises RosterUnreadableError when there is no heading with SBD, name, birth and number.
    """
    table = _table(_decode(data))
    start, columns = _heading(table)
    headings = {name: clean(table[start][index]) for name, index in columns.items()}
    rows = [
        _row(number, cells, columns, headings)
        for number, cells in enumerate(table[start + 1 :], start + 2)
        if any(clean(cell) for cell in cells)
    ]
    seats = {row.number: _seat(row) for row in rows}
    _refuse_duplicates(rows, seats)
    return Roster(
        rows=tuple(seat for row in rows if (seat := seats[row.number]) is not None and not row.defects),
        refused=tuple(defect for row in rows for defect in row.defects),
        changes=tuple(change for row in rows for change in row.changes if not row.defects),
        warnings=tuple(warning for row in rows for warning in row.warnings if not row.defects),
        sha256=hashlib.sha256(data).hexdigest(),
        data=data,
    )


def _decode(data: bytes) -> str:
    if len(data) > MAX_BYTES:
        raise RosterUnreadableError(why="too-large", limit=MAX_BYTES)
    encoding = "utf-8-sig"
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encoding = "utf-16"
    elif b"\x00" in data[:200]:
        encoding = "utf-16-le" if data[1:2] == b"\x00" else "utf-16-be"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        raise RosterUnreadableError(why="encoding") from None
    if "\x00" in text or not text.strip():
        raise RosterUnreadableError(why="empty" if not text.strip() else "encoding")
    return text


def _table(text: str) -> list[list[str]]:
    """Return the rows under the delimiter that gives the best heading."""
    tables = [table for delimiter in _DELIMITERS if (table := _split(text, delimiter)) is not None]
    if not tables:
        raise RosterUnreadableError(why="table")
    return max(tables, key=_known_columns)


def _split(text: str, delimiter: str) -> list[list[str]] | None:
    """Return the rows, or None where the text is no table of this delimiter. Work is bounded by the limits."""
    table: list[list[str]] = []
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
            if len(row) > MAX_COLUMNS:
                return None
            if len(table) == MAX_ROWS:
                raise RosterUnreadableError(why="too-many-rows", limit=MAX_ROWS)
            table.append(row)
    except csv.Error:
        return None
    return table


def _known_columns(table: Sequence[Sequence[str]]) -> int:
    return max(len(match_heading(cells)) for cells in table[:_HEADING_WITHIN] or [[]])


def _heading(table: Sequence[Sequence[str]]) -> tuple[int, dict[str, int]]:
    """Return index and columns of the heading; raises RosterUnreadableError naming a missing column."""
    best: tuple[int, dict[str, int]] = (0, {})
    for index, cells in enumerate(table[:_HEADING_WITHIN]):
        found = match_heading(cells)
        if not missing_fields(found):
            return index, found
        if len(found) > len(best[1]):
            best = (index, found)
    raise RosterUnreadableError(why="column", column=missing_fields(best[1])[0])


def _row(number: int, cells: Sequence[str], columns: dict[str, int], headings: dict[str, str]) -> _Row:
    values = {name: clean(cells[index]) if index < len(cells) else "" for name, index in columns.items()}
    if "name" not in columns:
        values["name"] = f"{values['family']} {values['given']}".strip()
        headings = {**headings, "name": headings["given"]}
    row = _Row(number, values, headings)
    for name, value in values.items():
        if len(value) > MAX_CELL:
            row.refuse(name, "roster-cell-too-long")
    return row


def _seat(row: _Row) -> Seat | None:
    """Return the seat of a row, or None when a cell is refused."""
    sbd: str | None = row.take("sbd", read_sbd)
    name: str | None = row.take("name", read_name)
    birth: PartialDate | None = row.take("birth", read_birth)
    number: str | None = row.take("number", lambda text: read_number(text, birth))
    if sbd is None or name is None or birth is None or number is None:
        return None
    if not number_fits(number, birth):
        code = "roster-number-and-birth-differ"
        row.warnings.append(RowChange(row=row.number, column=row.headings["number"], code=code))
    plain = {field_name: row.cells.get(field_name, "") for field_name in _PLAIN}
    return Seat(
        row=row.number,
        sbd=sbd,
        full_name=name,
        birth=birth,
        id_number=number,
        licence_class=plain["class"],
        room=plain["room"],
        seat=plain["seat"],
        subject=plain["subject"],
        shift=plain["shift"],
        components=_components(row.cells.get("components", "")),
    )


def _components(text: str) -> tuple[str, ...]:
    """Return the parts of a list of components as written; the rules give them their identifiers later."""
    for mark in ";,+|/\n":
        text = text.replace(mark, ";")
    return tuple(part for piece in text.split(";") if (part := piece.strip()))


def _refuse_duplicates(rows: Sequence[_Row], seats: dict[int, Seat | None]) -> None:
    """Refuse every row whose candidate number or 12 digits occur more than once."""
    numbers = {
        row.number: seat.id_number if (seat := seats[row.number]) else row.cells.get("number", "")
        for row in rows
    }
    by_sbd = Counter(_same_sbd(row.cells["sbd"]) for row in rows)
    by_number = Counter(numbers.values())
    for row in rows:
        if row.cells["sbd"] and by_sbd[_same_sbd(row.cells["sbd"])] > 1:
            row.refuse("sbd", "roster-sbd-duplicate")
        if numbers[row.number] and by_number[numbers[row.number]] > 1:
            row.refuse("number", "roster-number-duplicate")


def _same_sbd(sbd: str) -> str:
    """Return the form in which 1 and 001 are the same candidate number."""
    return str(int(sbd)) if sbd.isascii() and sbd.isdigit() else sbd.upper()
