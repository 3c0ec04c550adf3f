"""Which row is the heading and which column is which: one row or two, merged cells, names in both languages."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import pairwise
from typing import Any, Final

from sessions.roster.columns import fold
from sessions.roster.table import Cell, Line, Sheet

HEADING_WITHIN: Final = 60
"""Lines with something in them, before which the heading must come."""
_COMPONENT: Final = "component:"
_NUMBER_LIKE: Final = ("number", "cmnd")
_BIRTHS: Final = ({"birth"}, {"birth_male"}, {"birth_female"}, {"birth_year"})
_BELOW: Final[Mapping[str, Mapping[str, str]]] = {
    "name": {
        "ho": "family",
        "hovatendem": "family",
        "hovadem": "family",
        "hodem": "family",
        "holot": "family",
        "ten": "given",
    },
    "birth": {"nam": "birth_male", "nu": "birth_female", "ngay": "birth_day", "thang": "birth_month"},
    "sex": {"nam": "male", "nu": "female"},
    "health": {
        "so": "health_number",
        "sogiay": "health_number",
        "ngay": "health_date",
        "ngaycap": "health_date",
        "hople": "health_valid",
    },
}
"""What a name below another one means: "Nam" below "Ngày sinh" holds the birth dates of men."""
_YEAR_ALONE: Final = fold("năm sinh")
_YEAR_MARKS: Final = ("năm", "Năm", "NĂM")


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What `headings.toml` says, folded: name → field, names that are known and not used, what a foot begins with."""

    fields: Mapping[str, str]
    known: frozenset[str]
    foot_begins: tuple[str, ...]
    foot_contains: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """Where the table begins. `first` and `last` are indexes into the sheet's lines (equal for a heading of one row).

    `columns`: field → column; `component:<name>` are columns of marks. `names`: column → heading as in the file.
    `width`: columns up to the last that has a name. `folded`: the heading's own cells, by which a repetition is known.
    """

    first: int
    last: int
    columns: Mapping[str, int]
    names: Mapping[int, str]
    width: int
    folded: tuple[frozenset[str], ...]
    twice: frozenset[str] = frozenset()
    """Fields of which there are two columns: two lists side by side, where names and dates are among them."""

    @property
    def unknown(self) -> tuple[str, ...]:
        """The headings that no field has and that are not known as ones that are not needed."""
        used = set(self.columns.values())
        known = words().known | ({_YEAR_ALONE} if "birth" in self.columns else frozenset())
        return tuple(
            name
            for column, name in self.names.items()
            if column not in used and not {fold(name), fold(name.split(" – ")[0])} & known and fold(name)
        )

    def name_of(self, field: str) -> str:
        """Return the heading of a field as it stands in the file; the field's own name where there is none."""
        if field == "sbd" and "sbd" not in self.columns:
            field = "stt"
        return self.names.get(self.columns.get(field, -1), field)

    @property
    def components(self) -> dict[str, int]:
        """The columns of marks: the component's name → column."""
        size = len(_COMPONENT)
        return {field[size:]: index for field, index in self.columns.items() if field.startswith(_COMPONENT)}

    def repeats(self, cells: Sequence[Cell]) -> bool:
        """Whether a row is the heading again, as at the top of every printed page."""
        found = _folded(cells)
        return any(len(found & row) >= max(2, len(row) - 1) for row in self.folded if len(row) >= 2)


@cache
def words() -> Words:
    """Return the names of columns and feet that come with the program."""
    data: dict[str, Any] = tomllib.loads((files("sessions.roster") / "headings.toml").read_text("utf-8"))
    fields = {fold(name): field for field, names in data["fields"].items() for name in names}
    marks = {fold(name): _COMPONENT + part for part, names in data["components"].items() for name in names}
    return Words(
        fields={**marks, **fields},
        known=frozenset(fold(name) for name in data["known"]["names"]),
        foot_begins=tuple(fold(text) for text in data["foot"]["begins"]),
        foot_contains=tuple(fold(text) for text in data["foot"]["contains"]),
    )


def find_heading(sheet: Sheet) -> tuple[Heading | None, str]:
    """Return the heading of a sheet, or None and the column that its best candidate lacks ("" : no heading at all)."""
    best: Heading | None = None
    for index in range(min(len(sheet.lines), HEADING_WITHIN)):
        for rows in (1, 2, 3):
            found = _heading(sheet, index, rows)
            if found is not None and (best is None or _worth(found) > _worth(best)):
                best = found
    if best is None or len(best.columns) < 2:
        return None, ""
    lacking = missing(best)
    return (None, lacking[0]) if lacking else (best, "")


def missing(heading: Heading) -> tuple[str, ...]:
    """Return what a roster cannot do without and this heading lacks: sbd (or a running number), name, birth, number."""
    found = heading.columns.keys()
    lacking = []
    if not {"sbd", "stt"} & found:
        lacking.append("sbd")
    if not ("name" in found or {"family", "given"} <= found):
        lacking.append("name")
    if not any(births <= found for births in _BIRTHS):
        lacking.append("birth")
    if not {"number", "cmnd"} & found:
        lacking.append("number")
    return tuple(lacking)


def known_columns(lines: Sequence[Line]) -> int:
    """Return how many columns of a roster the best heading among the first lines has."""
    fields = words().fields
    return max(
        (
            len({fields[key] for key in _folded(line.cells) if key in fields})
            for line in lines[:HEADING_WITHIN]
        ),
        default=0,
    )


def _worth(heading: Heading) -> tuple[int, int, int]:
    """Return by what one heading is better: nothing lacks, more columns, fewer rows."""
    return -len(missing(heading)), len(heading.columns), heading.first - heading.last


def _heading(sheet: Sheet, index: int, rows: int) -> Heading | None:
    lines = sheet.lines[index : index + rows]
    if len(lines) < rows or any(each.number - lines[0].number != place for place, each in enumerate(lines)):
        return None
    if any(_looks_like_data(line.cells) for line in lines):
        return None
    width = max(len(line.cells) for line in lines)
    grid = [[_text(line.cells, column) for column in range(width)] for line in lines]
    for above, below in pairwise(grid):
        _spread(above, below)
    columns: dict[str, int] = {}
    names: dict[int, str] = {}
    twice: set[str] = set()
    for column in range(width):
        stack = [row[column] for row in grid if row[column]]
        if not stack:
            continue
        names[column] = " – ".join(dict.fromkeys(stack))
        field = _field(stack)
        if field:
            twice |= {field} & columns.keys()
            _take(columns, field, column, names)
    if not columns or (rows > 1 and not any(_text(lines[-1].cells, column) for column in columns.values())):
        return None
    return Heading(
        first=index,
        last=index + rows - 1,
        columns=columns,
        names=names,
        width=max(names) + 1,
        folded=tuple(_folded(line.cells) for line in lines),
        twice=frozenset(twice),
    )


def _take(columns: dict[str, int], field: str, column: int, names: Mapping[int, str]) -> None:
    """Give a column to its field; the second of two columns of numbers is the older document's.

    A whole date goes before the year alone ("Năm sinh" beside "Ngày sinh").
    """
    if field == "birth" and fold(names.get(columns.get("birth", -1), "")) == _YEAR_ALONE:
        columns["birth"] = column
    if field == "number" and "number" in columns:
        field = "cmnd"
    columns.setdefault(field, column)


def _spread(above: list[str], below: list[str]) -> None:
    """Repeat a heading over the columns to its right that only the row below names: a merged cell is kept once."""
    for column in range(1, len(above)):
        if not above[column] and below[column]:
            above[column] = above[column - 1] if below[column - 1] else ""


def _field(stack: Sequence[str]) -> str:
    """Return the field of a column from its headings, top to bottom; "" for none."""
    fields = words().fields
    folded = [fold(text) for text in stack]
    found = [fields.get(key, "") for key in folded]
    if len(stack) > 1:
        whole = fields.get("".join(folded[-2:]), "")
        below = _below(found[-2], folded[-1], stack[-1])
        if below or whole:
            return below or whole
        if found[-1] and found[-2] in {"", "components"}:
            return found[-1]
        if found[-2]:
            return "" if found[-2] in {"components", "health"} else found[-2]
    return found[-1] or _closest(stack[-1])


def _below(upper: str, lower: str, text: str) -> str:
    if upper == "birth" and any(mark in text for mark in _YEAR_MARKS):
        return "birth_year"  # "Năm" and "Nam" are one word without marks
    return _BELOW.get(upper, {}).get(lower, "")


def _closest(text: str) -> str:
    """Return the field of a heading that has something in brackets, a star or a unit after its name."""
    stem = fold(re.sub(r"[(\[][^)\]]*[)\]]?", " ", text))
    stem = re.sub(r"(ddmmyyyy|ngaythangnam|12so|12chuso|batbuoc|neuco)$", "", stem)
    return words().fields.get(stem, "") if stem else ""


def _looks_like_data(cells: Sequence[Cell]) -> bool:
    """Whether a row has a birth date or a long number: then it is a candidate and no heading."""
    return any(not isinstance(cell, str) and cell != "" and not _small(cell) for cell in cells) or any(
        isinstance(cell, str)
        and (re.fullmatch(r"\s*\d{1,2}[/.-]\d{1,2}[/.-]\d{2,4}\s*|\s*\d{8,12}\s*", cell))
        for cell in cells
    )


def _small(cell: Cell) -> bool:
    return isinstance(cell, (int, float)) and abs(cell) < 100


def _text(cells: Sequence[Cell], column: int) -> str:
    cell = cells[column] if column < len(cells) else ""
    return " ".join(cell.split()) if isinstance(cell, str) else ""


def _folded(cells: Sequence[Cell]) -> frozenset[str]:
    return frozenset(key for cell in cells if isinstance(cell, str) and (key := fold(cell)))
