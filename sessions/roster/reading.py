"""A roster from any file that lists come in: XLSX, XLS, ODS, CSV of any delimiter and encoding, a web page as ".xls".

Broken rows are refused and named, the rest goes on; everything that was changed or guessed is said.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from sessions.errors import RosterUnreadableError
from sessions.roster.delimited import decode, is_close, previews_of, split_table
from sessions.roster.duplicates import refuse_duplicates, warn_namesakes, warn_of_order
from sessions.roster.headings import Heading, find_heading, known_columns
from sessions.roster.html_table import is_html, read_html
from sessions.roster.legacy import ENCODINGS, convert, from_tcvn3, from_vni, is_unicode, vietnamese_score
from sessions.roster.lines import sort_lines
from sessions.roster.model import EncodingPreview, Roster, RowChange
from sessions.roster.notes import CHANGE, GUESS, WARNING, Note
from sessions.roster.rows import Row, read_rows
from sessions.roster.table import MAX_BYTES, MAX_CELL, Sheet, Tables
from sessions.roster.values import shown
from sessions.roster.workbook import format_of, read_workbook

_SAMPLE: Final = 3_000
_READS_WELL: Final = 0.8
_GAIN: Final = 0.15
_CELLS: Final[tuple[tuple[str, Callable[[str], str]], ...]] = (
    ("unicode", lambda text: text),
    ("tcvn3", from_tcvn3),
    ("vni", from_vni),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    """A file's tables, their encoding, how certain that is."""

    tables: Tables
    encoding: str
    previews: tuple[EncodingPreview, ...] = ()
    notes: tuple[RowChange, ...] = ()
    converted: Tables | None = None
    """The tables as they were before their cells were converted; None where none was."""


def read_roster(
    data: bytes,
    *,
    encoding: str | None = None,
    name: str = "",
    sheet: str | None = None,
    today: date | None = None,
) -> Roster:
    """Return the roster of a file's bytes, whatever its format; the content decides, never the file's name.

    `encoding`: one of `ENCODINGS`, where what was found out is not right. `sheet`: which of several. `today`: the day
    by which a birth date is in the future, a candidate is young, and a year of two digits is guessed; None: none of
    these. `name` is the file's and decides nothing. Raises RosterUnreadableError, whose `why` has a text of its own.
    """
    if encoding is not None and encoding not in ENCODINGS:
        raise RosterUnreadableError(why="encoding-unknown", known=" ".join(ENCODINGS))
    if len(data) > MAX_BYTES:
        raise RosterUnreadableError(why="too-large", limit=MAX_BYTES)
    read = _read_tables(data, encoding)
    chosen, heading, notes = _choose(read.tables.sheets, sheet)
    found = sort_lines(chosen, heading, delimited=read.tables.format == "csv")
    rows = read_rows(found, heading, today, capitals=read.encoding == "tcvn3")
    if read.converted is not None:
        _say_converted(rows, heading, read.converted, chosen)
    refuse_duplicates(rows)
    warn_namesakes(rows)
    warn_of_order(rows)
    of_rows = _of_rows(rows)
    return replace(
        of_rows,
        guesses=(*read.notes, *found.guesses, *of_rows.guesses),
        warnings=(*notes, *found.warnings(len(rows)), *of_rows.warnings),
        passed_over=tuple(found.passed_over),
        encoding=read.encoding,
        format=read.tables.format,
        sheet=chosen.name,
        sheets=tuple(each.name for each in read.tables.sheets),
        columns={field: heading.names[column] for field, column in heading.columns.items()},
        previews=read.previews,
        sha256=hashlib.sha256(data).hexdigest(),
        data=data,
    )


def _of_rows(rows: Sequence[Row]) -> Roster:
    """Return what the rows say: the usable ones, the defects of the others, what was done to the usable ones."""
    good = [row for row in rows if not row.defects and row.seat is not None]
    said = {
        kind: tuple(each for row in good for each in row.notes.get(kind, ()))
        for kind in (CHANGE, GUESS, WARNING)
    }
    return Roster(
        rows=tuple(row.seat for row in good if row.seat is not None),
        refused=tuple(defect for row in rows for defect in row.defects),
        changes=said[CHANGE],
        guesses=(*(each for row in rows for each in row.file_notes), *said[GUESS]),
        warnings=(*(each for row in rows for each in row.file_warnings), *said[WARNING]),
    )


# -- from bytes to tables ----------------------------------------------------------------------------


def _read_tables(data: bytes, encoding: str | None) -> _Read:
    if format_of(data):
        return _converted(read_workbook(data), encoding, "unicode")
    if data.startswith((b"%PDF", b"\x89PNG", b"\xff\xd8\xff", b"{\\rtf", b"7z\xbc\xaf", b"Rar!")):
        raise RosterUnreadableError(why="format")
    text, used, previews = decode(data, encoding)
    tables = (
        read_html(text) if is_html(text) else Tables(format="csv", sheets=(split_table(text, known_columns),))
    )
    if used in {"utf-8", "utf-16"}:
        return _converted(tables, encoding, used)
    notes = () if encoding else (_encoding_guess(used, previews),)
    return _Read(tables=tables, encoding=used, previews=previews, notes=notes)


def _encoding_guess(encoding: str, previews: tuple[EncodingPreview, ...]) -> RowChange:
    unsure = is_close(previews) or previews[0].score_e4 < 6_000
    code = "roster-encoding-unsure" if unsure else "roster-encoding-guessed"
    return RowChange(row=0, column="", code=code, after=encoding)


def _converted(tables: Tables, encoding: str | None, own: str) -> _Read:
    """Return tables whose cells may hold TCVN3 or VNI letters inside Unicode, converted where they do."""
    if encoding in {"tcvn3", "vni"}:
        return _Read(tables=_convert(tables, encoding), encoding=encoding, converted=tables)
    texts = _sample(tables)
    score, words = vietnamese_score(texts)
    if encoding is not None or words == 0 or score >= _READS_WELL or _has_unicode(tables, texts):
        return _Read(tables=tables, encoding=own)
    previews = previews_of(texts, [(own if name == "unicode" else name, turn) for name, turn in _CELLS])
    best = previews[0]
    if best.encoding == own or best.score_e4 < (score + _GAIN) * 10_000:
        return _Read(tables=tables, encoding=own)
    notes = (_encoding_guess(best.encoding, previews),)
    return _Read(
        tables=_convert(tables, best.encoding),
        encoding=best.encoding,
        previews=previews,
        notes=notes,
        converted=tables,
    )


def _has_unicode(tables: Tables, texts: Sequence[str]) -> bool:
    """Whether cells are Vietnamese in Unicode, so that nothing of the file may be converted by a guess.

    In a text one such cell is enough; in a workbook, whose headings are Unicode beside cells in an old font, half.
    """
    found = sum(map(is_unicode, texts))
    return found > 0 if tables.format == "csv" else 2 * found > len(texts)


def _say_converted(rows: Sequence[Row], heading: Heading, before: Tables, chosen: Sheet) -> None:
    """Keep every cell of a candidate that reads otherwise since the conversion."""
    sheet = next(each for each in before.sheets if each.name == chosen.name)
    old = {line.number: line.cells for line in sheet.lines}
    new = {line.number: line.cells for line in chosen.lines}
    for row in rows:
        for name, column in heading.columns.items():
            cells = old[row.number], new[row.number]
            if column < len(cells[0]) and cells[0][column] != cells[1][column]:
                note = Note(CHANGE, "roster-text-converted", str(cells[0][column]), str(cells[1][column]))
                row.note(name, note)


def _sample(tables: Tables) -> list[str]:
    found = [
        cell
        for sheet in tables.sheets
        for line in sheet.lines
        for cell in line.cells
        if isinstance(cell, str) and not cell.isascii()
    ]
    return found[:: max(1, len(found) // _SAMPLE)]


def _convert(tables: Tables, encoding: str) -> Tables:
    return replace(tables, sheets=tuple(_convert_sheet(sheet, encoding) for sheet in tables.sheets))


def _convert_sheet(sheet: Sheet, encoding: str) -> Sheet:
    lines = tuple(
        replace(
            line,
            cells=tuple(convert(cell, encoding) if isinstance(cell, str) else cell for cell in line.cells),
        )
        for line in sheet.lines
    )
    return replace(sheet, lines=lines)


# -- which sheet -------------------------------------------------------------------------------------


def _choose(sheets: Sequence[Sheet], wanted: str | None) -> tuple[Sheet, Heading, tuple[RowChange, ...]]:
    """Return the sheet with the roster, its heading, and what is to be said of hidden ones."""
    if wanted is not None:
        sheets = [sheet for sheet in sheets if sheet.name == wanted]
        if not sheets:
            raise RosterUnreadableError(why="sheet-unknown")
    with_heading: list[tuple[Sheet, Heading]] = []
    lacking = ""
    for sheet in sheets:
        heading, lacks = find_heading(sheet)
        if heading is not None and heading.last + 1 < len(sheet.lines):
            with_heading.append((sheet, heading))
        lacking = lacking or lacks
    if not with_heading:
        raise RosterUnreadableError(
            **({"why": "column", "column": lacking} if lacking else {"why": "heading"})
        )
    visible = [each for each in with_heading if not each[0].hidden]
    hidden = [each for each in with_heading if each[0].hidden]
    if len(visible or hidden) > 1:
        names = ", ".join(f"“{each[0].name}”" for each in visible or hidden)
        raise RosterUnreadableError(why="sheet-choose", sheets=names[:300])
    sheet, heading = (visible or hidden)[0]
    if {"name", "birth"} <= heading.twice:
        raise RosterUnreadableError(why="side-by-side")
    left = [other.name for other, _ in hidden if other is not sheet]
    notes = [RowChange(row=0, column="", code="roster-sheet-hidden-left", before=name) for name in left]
    notes += [
        RowChange(
            row=line.number, column="", code="roster-quote-open", before=shown(line.cells[0])[:MAX_CELL]
        )
        for line in sheet.lines
        if line.quote_open
    ]
    notes += [RowChange(row=0, column=name, code="roster-column-unknown") for name in heading.unknown]
    if sheet.hidden:
        notes.append(RowChange(row=0, column="", code="roster-sheet-hidden", before=sheet.name))
    return sheet, heading, tuple(notes)
