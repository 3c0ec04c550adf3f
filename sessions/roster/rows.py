"""From lines to seats: each cell read by its meaning, every defect named, every change and guess kept with its row."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Final

from sessions.roster.births import read_birth, read_by_sex, read_parts
from sessions.roster.cells import CellError
from sessions.roster.columns import fold
from sessions.roster.headings import Heading, words
from sessions.roster.lines import Found
from sessions.roster.model import PartialDate, RowChange, RowDefect, Seat
from sessions.roster.notes import CHANGE, WARNING, Note
from sessions.roster.structure import number_warnings
from sessions.roster.table import MAX_CELL, Cell, Line
from sessions.roster.values import (
    Numbers,
    Value,
    read_class,
    read_health,
    read_mark,
    read_name,
    read_number,
    read_sbd,
    read_sex,
    read_text,
    shown,
    twelve_digits,
)

_PLAIN: Final = (
    "room",
    "seat",
    "subject",
    "shift",
    "car",
    "part",
    "school_class",
    "remark",
    "address",
    "held_class",
)
_YOUNG: Final = 16
_OLD: Final = 100
_ALL: Final = {"tatca", "toanbo", "day du", "daydu", "all", "4noidung", "3noidung", "landau"}


@dataclass(slots=True)
class Row:
    """A row while it is read: the cells by field, and what was found on the way, by kind of note."""

    number: int
    cells: Mapping[str, Cell] = field(repr=False)
    heading: Heading
    defects: list[RowDefect] = field(default_factory=list)
    notes: dict[str, list[RowChange]] = field(default_factory=dict)
    file_notes: list[RowChange] = field(default_factory=list)
    file_warnings: list[RowChange] = field(default_factory=list)
    seat: Seat | None = None
    sbd: str = ""
    numbers: Numbers = field(default_factory=Numbers)

    def cell(self, name: str) -> Cell:
        """Return a field's cell, "" where the list has none."""
        return self.cells.get(name, "")

    def refuse(self, name: str, code: str, *, other: int | None = None) -> None:
        """Note a defect; the row will not be used."""
        value = shown(self.cell(name))[:MAX_CELL]
        column = self.heading.name_of(name)
        self.defects.append(RowDefect(row=self.number, column=column, code=code, value=value, other=other))

    def note(self, name: str, note: Note, *, other: int | None = None) -> None:
        """Keep a change, guess or warning."""
        kept = RowChange(
            row=self.number,
            column=self.heading.name_of(name),
            code=note.code,
            before=note.before[:MAX_CELL],
            after=note.after[:MAX_CELL],
            other=other,
        )
        self.notes.setdefault(note.kind, []).append(kept)

    def take(self, name: str, reading: Callable[[Cell], Value[Any]]) -> Any:
        """Return a cell's value, or None after noting why there is none."""
        try:
            read = reading(self.cell(name))
        except CellError as error:
            self.refuse(name, error.code)
            return None
        for note in read.notes:
            self.note(name, note)
        return read.value


def read_rows(
    found: Found, heading: Heading, today: date | None = None, *, capitals: bool = False
) -> list[Row]:
    """Return a row for every candidate's line, with its seat where nothing is wrong with it.

    `capitals`: a name in small letters is one in capitals, as the TCVN3 fonts for capitals have it.
    """
    numbered = _numbered_by(found.lines, heading)
    marks = _marks_used(found.lines, heading)
    beside = _given_beside(found.lines, heading)
    rows = []
    for line, context in found.lines:
        row = Row(line.number, _cells(line, heading, numbered), heading)
        if beside is not None or capitals:
            row.cells = {**row.cells, **_whole_name(row, line, beside, capitals=capitals)}
        if line.hidden:
            row.note("sbd", Note(WARNING, "roster-row-hidden"))
        surplus = found.surplus.get(line.number)
        if surplus and found.delimited:
            row.defects.append(
                RowDefect(row=row.number, column="", code="roster-surplus-cells", value=surplus)
            )
        elif surplus:
            row.note("", Note(WARNING, "roster-surplus-ignored", surplus, ""))
        row.seat = _seat(row, context, marks, today)
        rows.append(row)
    _pad(rows)
    _say_of_the_file(heading, numbered, marks, rows)
    if beside is not None and rows:
        rows[0].file_notes.append(
            RowChange(row=0, column=heading.name_of("name"), code="roster-name-two-columns")
        )
    return rows


def _given_beside(lines: Sequence[tuple[Line, Mapping[str, str]]], heading: Heading) -> int | None:
    """Return the column of given names that has no heading of its own: "Họ và tên" merged over two columns."""
    column = heading.columns.get("name", -2) + 1
    if column < 1 or column in heading.names or "given" in heading.columns:
        return None
    texts = [shown(line.cells[column]).strip() if column < len(line.cells) else "" for line, _ in lines]
    words_alone = [text for text in texts if text and len(text) <= 24 and not any(map(str.isdigit, text))]
    return column if texts and len(words_alone) * 5 >= len(texts) * 4 else None


def _whole_name(row: Row, line: Line, beside: int | None, *, capitals: bool) -> dict[str, Cell]:
    """Return the name's cell with what stands beside it, and in capitals where the font has them so."""
    found: dict[str, Cell] = {}
    if beside is not None and beside < len(line.cells):
        found["name"] = f"{shown(row.cell('name'))} {shown(line.cells[beside])}".strip()
    for name in ("name", "family", "given") if capitals else ():
        text = shown(found.get(name, row.cell(name)))
        if text.islower():
            found[name] = text.upper()
    return found


def _cells(line: Line, heading: Heading, numbered: str) -> dict[str, Cell]:
    cells = {name: line.cells[index] for name, index in heading.columns.items() if index < len(line.cells)}
    if numbered != "sbd":
        cells["sbd"] = cells.get(numbered, "")
    return cells


def _numbered_by(lines: Sequence[tuple[Line, Mapping[str, str]]], heading: Heading) -> str:
    """Return "sbd", or "stt" where the list has no candidate numbers (no such column, or nothing in it)."""
    column = heading.columns.get("sbd")
    if "stt" not in heading.columns:
        return "sbd"
    has_any = column is not None and any(_filled(line, column) for line, _ in lines)
    return "sbd" if has_any else "stt"


def _marks_used(lines: Sequence[tuple[Line, Mapping[str, str]]], heading: Heading) -> dict[str, int]:
    """Return the columns of marks, or none where all are empty: a form that is filled in by hand."""
    columns = heading.components
    return columns if any(_filled(line, column) for line, _ in lines for column in columns.values()) else {}


def _filled(line: Line, column: int) -> bool:
    return column < len(line.cells) and bool(shown(line.cells[column]).strip())


def _say_of_the_file(heading: Heading, numbered: str, marks: Mapping[str, int], rows: list[Row]) -> None:
    """Keep with the first row what is guessed for all of them."""
    if not rows:
        return
    if numbered == "stt":
        last = max((row.sbd for row in rows), default="")
        rows[0].file_notes.append(
            RowChange(
                row=0, column=heading.name_of("stt"), code="roster-sbd-from-stt", before="STT", after=last
            )
        )
    if heading.components and not marks:
        names = ", ".join(heading.name_of(f"component:{name}") for name in heading.components)
        rows[0].file_notes.append(RowChange(row=0, column=names, code="roster-marks-empty"))


def _seat(row: Row, context: Mapping[str, str], marks: Mapping[str, int], today: date | None) -> Seat | None:
    """Return the seat of a row, or None when a cell is refused."""
    sbd: str | None = row.take("sbd", read_sbd)
    name = _name(row)
    birth, sex = _birth(row, today)
    numbers = _numbers(row, birth)
    row.sbd = sbd or ""
    row.numbers = numbers or Numbers()
    components = _components(row, marks)
    texts = {each: _plain(row, each, context) for each in _PLAIN}
    if sbd is None or name is None or birth is None or numbers is None or components is None:
        return None
    if numbers.passport:
        texts["remark"] = "; ".join(filter(None, (texts["remark"], f"Hộ chiếu {numbers.passport}")))
    seat = Seat(
        row=row.number,
        sbd=sbd,
        full_name=name,
        birth=birth,
        id_number=numbers.number,
        old_number=numbers.old,
        licence_class=(row.take("class", read_class) if "class" in row.heading.columns else "")
        or context.get("class", ""),
        components=components,
        sex=sex,
    )
    more: dict[str, Any] = {**_health(row), **texts}
    seat = replace(seat, **more)
    _warn(row, seat, today)
    return seat


def _name(row: Row) -> str | None:
    columns = row.heading.columns
    if "name" in columns and not ("given" in columns and not shown(row.cell("name")).strip()):
        if "given" not in columns or "family" in columns or not shown(row.cell("given")).strip():
            found: str | None = row.take("name", read_name)
            return found
        row.cells = {**row.cells, "name": f"{shown(row.cell('name'))} {shown(row.cell('given'))}"}
        return row.take("name", read_name)  # type: ignore[no-any-return]
    given = shown(row.cell("given")).strip()
    if not given:
        row.refuse("given", "roster-name-missing")
        return None
    row.cells = {**row.cells, "given": f"{shown(row.cell('family')).strip()} {given}".strip()}
    whole: str | None = row.take("given", read_name)
    return whole


def _birth(row: Row, today: date | None) -> tuple[PartialDate | None, str]:
    """Return birth date and sex; the sex by its own column, or by which column the date stands in."""
    columns = row.heading.columns
    number = twelve_digits(row.cell("number")) or twelve_digits(row.cell("cmnd"))
    sex = _sex(row)
    if "birth" in columns and "birth_year" not in columns:
        return row.take("birth", lambda cell: read_birth(cell, number, today)), sex
    if "birth_male" in columns or "birth_female" in columns:
        column = "birth_male" if "birth_male" in columns else "birth_female"
        try:
            read, by_column = read_by_sex(row.cell("birth_male"), row.cell("birth_female"), number, today)
        except CellError as error:
            row.refuse(column, error.code)
            return None, sex
        for note in read.notes:
            row.note("birth_male" if by_column == "nam" else "birth_female", note)
        return read.value, sex or by_column
    year = row.cell("birth_year")
    day = row.cell("birth_day") if "birth_day" in columns else row.cell("birth")
    return row.take("birth_year", lambda _: read_parts(day, row.cell("birth_month"), year)), sex


def _sex(row: Row) -> str:
    columns = row.heading.columns
    if "sex" in columns and not {"male", "female"} & columns.keys():
        return row.take("sex", read_sex) or ""
    marked = [sex for sex, name in (("nam", "male"), ("nữ", "female")) if shown(row.cell(name)).strip()]
    if len(marked) == 1:
        return marked[0]
    if "female" in columns and "male" not in columns:
        return "nam"  # one column "Nữ" with a mark for women: the others are men
    return ""


def _numbers(row: Row, birth: PartialDate | None) -> Numbers | None:
    """Return the numbers of a row's one or two columns: the 12 digits where there are any, the old one beside them."""
    filled = [name for name in ("number", "cmnd") if shown(row.cell(name)).strip()]
    if not filled and shown(row.cell("passport")).strip():
        filled = ["passport"]
    found: list[Numbers] = []
    before = {kind: list(notes) for kind, notes in row.notes.items()}
    for name in filled or ["number" if "number" in row.heading.columns else "cmnd"]:
        read: Numbers | None = row.take(name, lambda cell: read_number(cell, birth))
        if read is None:
            return None
        found.append(read)
    number = next((each.number for each in found if each.number), "")
    other = next((each.number for each in found if each.number not in {"", number}), "")
    if number and len(found) > 1:
        row.notes[WARNING] = before.get(WARNING, [])  # an old number beside the new one is nothing to warn of
    if other:
        row.note(filled[-1], Note(WARNING, "roster-number-differs", other, number))
    return Numbers(
        number=number,
        old=next((each.old for each in found if each.old), ""),
        passport=next((each.passport for each in found if each.passport), ""),
    )


def _plain(row: Row, name: str, context: Mapping[str, str]) -> str:
    if name not in row.heading.columns:
        return context.get(name, "")
    text = row.take(name, read_text) if row.cell(name) != "" else ""
    return text or context.get(name, "")


def _health(row: Row) -> dict[str, str]:
    columns = row.heading.columns
    number = row.take("health_number", read_text) or "" if "health_number" in columns else ""
    day = ""
    if shown(row.cell("health_date")).strip():
        try:
            day = read_birth(row.cell("health_date")).value.iso
        except CellError:
            row.note("health_date", Note(WARNING, "roster-health-date", shown(row.cell("health_date")), ""))
    name = "health_valid" if "health_valid" in columns else "health"
    valid: str = row.take(name, read_health) or "" if name in columns else ""
    return {
        "health_valid": valid or ("yes" if number or day else ""),
        "health_number": number,
        "health_date": day,
    }


def _components(row: Row, marks: Mapping[str, int]) -> tuple[str, ...] | None:
    """Return the components that a row owes, () for all; None after a mark that says nothing, or where none is owed."""
    if marks:
        owed = {part: row.take(f"component:{part}", lambda cell: Value(read_mark(cell))) for part in marks}
        if None in owed.values():
            return None
        if not any(owed.values()):
            row.refuse(f"component:{next(iter(marks))}", "roster-marks-none")
            return None
        return tuple(part for part, owes in owed.items() if owes) if not all(owed.values()) else tuple(owed)
    text: str = _plain(row, "components", {})
    if not text or fold(text) in _ALL:
        return ()
    return tuple(_component(part) for piece in re.split(r"[;,+|/&\n]| và ", text) if (part := piece.strip()))


def _component(text: str) -> str:
    name = words().fields.get(fold(text), "")
    return name.removeprefix("component:") if name.startswith("component:") else text


def _warn(row: Row, seat: Seat, today: date | None) -> None:
    for code in number_warnings(seat):
        row.note(
            "number" if "number" in row.heading.columns else "cmnd", Note(WARNING, code, seat.id_number, "")
        )
    if today is not None:
        age = today.year - seat.birth.year
        if age < _YOUNG or age > _OLD:
            code = "roster-birth-young" if age < _YOUNG else "roster-birth-very-old"
            row.note("birth", Note(WARNING, code, seat.birth.display, str(age)))


def _pad(rows: Iterable[Row]) -> None:
    """Give candidate numbers their zeros back where all of them are numbers of at most three digits: 1 is 001."""
    rows = [row for row in rows if row.sbd]
    if not rows or not all(row.sbd.isascii() and row.sbd.isdigit() and len(row.sbd) <= 3 for row in rows):
        return
    for row in rows:
        whole = row.sbd.zfill(3)
        if whole != row.sbd:
            row.note("sbd", Note(CHANGE, "roster-sbd-padded", row.sbd, whole))
            row.sbd = whole
            row.seat = replace(row.seat, sbd=whole) if row.seat is not None else None
