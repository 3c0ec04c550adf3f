"""Which lines below the heading are candidates: not the heading again, not totals, signatures, group titles, blanks."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from sessions.roster.columns import fold
from sessions.roster.headings import Heading, words
from sessions.roster.model import RowChange
from sessions.roster.table import MAX_ROWS, Cell, Line, Sheet
from sessions.roster.values import shown

_SIGNED_ON: Final = re.compile(r"ngày[\s.…_\d]*tháng[\s.…_\d]*năm", re.IGNORECASE)
_DATE: Final = re.compile(
    r"\d{1,2}\s*[/.-]\s*\d{1,2}\s*[/.-]\s*\d{2,4}|\d{4}-\d{1,2}-\d{1,2}|(?:19|20)\d\d|[1-5]\d{4}"
)
_LONG: Final = re.compile(r"[A-Za-z]?[\doO][\doOlI .\-]{6,18}[\doO]")
_TOTAL: Final = re.compile(
    r"(?:tổng\s*(?:số|cộng)|danh sách\s*(?:này\s*)?(?:có|gồm)|ấn định)\D{0,60}?(\d{1,5})(?!\d)", re.IGNORECASE
)
_GROUPS: Final = (
    ("class", re.compile(r"hạng\s*(?:xe|gplx|sát hạch)?\s*:?\s*([A-F]\d?E?)\b.*", re.IGNORECASE)),
    ("room", re.compile(r"phòng\s*(?:thi)?\s*(?:số)?\s*:?\s*([\w.\-]{1,16})", re.IGNORECASE)),
    ("shift", re.compile(r"ca\s*(?:thi)?\s*(?:số)?\s*:?\s*(\d{1,2})", re.IGNORECASE)),
)
_SHARED: Final = ("room", "shift", "subject", "class", "car", "part", "school_class")
_TELLING: Final = (
    "sbd", "stt", "name", "given", "number", "cmnd", "birth", "birth_male", "birth_female", "birth_year",
)  # fmt: skip
_TITLE_CLASS: Final = re.compile(
    r".*\bhạng\s*(?:xe|gplx|sát hạch)?\s*:?\s*([A-D]\d?E?)\b(?!\s*[,;và])", re.IGNORECASE
)


@dataclass(slots=True)
class Found:
    """The candidates' lines with what the lines above them say for all of them, and the lines that are none."""

    lines: list[tuple[Line, Mapping[str, str]]] = field(default_factory=list)
    passed_over: list[RowChange] = field(default_factory=list)
    guesses: list[RowChange] = field(default_factory=list)
    surplus: dict[int, str] = field(default_factory=dict)
    totals: list[tuple[int, int]] = field(default_factory=list)
    delimited: bool = False

    def skip(self, line: Line, code: str) -> None:
        """Note a line that is no candidate."""
        self.passed_over.append(RowChange(row=line.number, column="", code=code, before=_whole(line)[:300]))

    def warnings(self, candidates: int) -> list[RowChange]:
        """Return what the list says of its own length where that is not what was found."""
        stated = {total for _, total in self.totals}
        if len(stated) != 1 or candidates in stated:
            return []
        row, total = self.totals[0]
        code = "roster-total-differs"
        return [RowChange(row=row, column="", code=code, before=str(total), after=str(candidates))]


def sort_lines(sheet: Sheet, heading: Heading, *, delimited: bool) -> Found:
    """Return the lines of candidates and of everything else. `delimited`: the file is text, where cells can move."""
    found = Found(delimited=delimited)
    context: dict[str, str] = {}
    _titles(sheet, heading, found, context)
    shared = _shared(sheet, heading)
    width = max(heading.width, *(len(line.cells) for line in sheet.lines[heading.first : heading.last + 1]))
    ended = False
    for place, line in enumerate(sheet.lines[heading.last + 1 :]):
        filled = [(index, cell) for index, cell in enumerate(line.cells) if shown(cell).strip()]
        if not filled:
            continue
        code = _no_candidate(line, filled, heading, first=place == 0, ended=ended)
        if code == "roster-row-group":
            _group(line, filled, heading, found, context)
        elif code:
            ended = ended or code == "roster-row-foot"
            found.skip(line, code)
            _total(line, found)
        else:
            found.lines.append((_with_shared(line, shared), dict(context)))
            beyond = [
                shown(cell) for index, cell in filled if index >= (width if delimited else heading.width)
            ]
            if beyond:
                found.surplus[line.number] = " | ".join(beyond)[:200]
    return found


def _shared(sheet: Sheet, heading: Heading) -> dict[int, dict[int, Cell]]:
    """Return row → column → value of cells merged downwards in columns that several candidates can share."""
    columns = {heading.columns[name] for name in _SHARED if name in heading.columns}
    wanted = {
        (top, left): bottom for top, left, bottom, _ in sheet.merged if left in columns and bottom > top
    }
    found: dict[int, dict[int, Cell]] = {}
    budget = MAX_ROWS * len(
        _SHARED
    )  # more than that many only overlapping cells have, which no program writes
    for line in sheet.lines if wanted else ():
        for column in columns:
            bottom = wanted.pop((line.number, column), line.number)
            if column < len(line.cells):
                last = min(bottom, line.number + budget)
                budget -= last - line.number
                for row in range(line.number + 1, last + 1):
                    found.setdefault(row, {})[column] = line.cells[column]
    return found


def _with_shared(line: Line, shared: Mapping[int, Mapping[int, Cell]]) -> Line:
    values = shared.get(line.number)
    if not values:
        return line
    cells = [*line.cells, *[""] * (max(values) + 1 - len(line.cells))]
    filled = tuple(values.get(column, "") if cell == "" else cell for column, cell in enumerate(cells))
    return replace(line, cells=filled)


def _no_candidate(
    line: Line, filled: list[tuple[int, Cell]], heading: Heading, *, first: bool, ended: bool
) -> str:
    """Return why a line is no candidate, "" where it is one (or a broken one, which is refused and named)."""
    if _is_person(line, heading):
        return ""
    tests: tuple[tuple[str, Callable[[], bool]], ...] = (
        ("roster-heading-again", lambda: heading.repeats(line.cells)),
        ("roster-row-numbering", lambda: _is_numbering(filled, first=first)),
        ("roster-row-group", lambda: len(filled) == 1 and _group_of(shown(filled[0][1])) is not None),
        ("roster-row-foot", lambda: _is_foot(line) or (ended and not _is_counter(filled, heading))),
        ("roster-row-empty", lambda: _is_counter(filled, heading)),
        ("roster-row-text", lambda: len(filled) == 1 and not _is_name(filled[0][0], heading)),
    )
    return next((code for code, holds in tests if holds()), "")


def _is_counter(filled: list[tuple[int, Cell]], heading: Heading) -> bool:
    """Whether a line has a running number or candidate number and nothing else."""
    return len(filled) == 1 and filled[0][0] in {heading.columns.get("stt"), heading.columns.get("sbd")}


def _is_name(column: int, heading: Heading) -> bool:
    return column in {heading.columns.get(field) for field in ("name", "family", "given")}


def _is_numbering(filled: list[tuple[int, Cell]], *, first: bool) -> bool:
    """Whether a line below the heading only counts the columns: (1) (2) (3)…"""
    numbers = [re.fullmatch(r"\(?\s*(\d{1,2})\s*\)?", shown(cell)) for _, cell in filled]
    if len(filled) < 3 or not all(numbers):
        return False
    values = [int(number[1]) for number in numbers if number]
    return first and values == list(range(values[0], values[0] + len(values)))


def _is_person(line: Line, heading: Heading) -> bool:
    """Whether a line has a number or a birth date in its column, or a candidate number beside a name."""
    cells = {name: _at(line, heading, name) for name in _TELLING if name in heading.columns}
    numbers = [cells.get(name, "") for name in ("number", "cmnd")]
    births = [cells.get(name, "") for name in ("birth", "birth_male", "birth_female", "birth_year")]
    if any(_LONG.fullmatch(text) for text in numbers) or any(_DATE.match(text) for text in births):
        return True
    numbered = cells.get("sbd", "") or cells.get("stt", "")
    named = cells.get("name", "") or cells.get("given", "")
    return (
        len(numbered) <= 16 and any(char.isdigit() for char in numbered) and sum(map(str.isalpha, named)) >= 2
    )


def _at(line: Line, heading: Heading, name: str) -> str:
    column = heading.columns[name]
    return shown(line.cells[column]).strip() if column < len(line.cells) else ""


def _is_foot(line: Line) -> bool:
    known = words()
    texts = [cell for cell in line.cells if isinstance(cell, str) and cell.strip()]
    folded = [fold(text) for text in texts]
    if any(key.startswith(known.foot_begins) for key in folded if key):
        return True
    return any(part in key for key in folded for part in known.foot_contains) or any(
        _SIGNED_ON.search(text) for text in texts
    )


def _group_of(text: str) -> tuple[str, str] | None:
    clean = " ".join(text.split())
    for name, form in _GROUPS:
        if found := form.fullmatch(clean):
            return name, found[1].upper() if name == "class" else found[1]
    return None


def _group(
    line: Line, filled: list[tuple[int, Cell]], heading: Heading, found: Found, context: dict[str, str]
) -> None:
    """Take a title between rows ("HẠNG B1", "PHÒNG THI SỐ 02") for the rows below it, where no column says it."""
    name, value = _group_of(str(filled[0][1])) or ("", "")
    found.skip(line, "roster-row-group")
    if name not in heading.columns:
        context[name] = value
        code = "roster-group-guessed"
        found.guesses.append(
            RowChange(row=line.number, column=name, code=code, before=_whole(line), after=value)
        )


def _titles(sheet: Sheet, heading: Heading, found: Found, context: dict[str, str]) -> None:
    """Pass over what stands above the heading; a class or room named there is a guess for all rows."""
    for line in sheet.lines[: heading.first]:
        found.skip(line, "roster-row-title")
        for cell in line.cells:
            text = " ".join(cell.split()) if isinstance(cell, str) else ""
            group = _group_of(text)
            if group is None and (titled := _TITLE_CLASS.fullmatch(text[:200])):
                group = "class", titled[1].upper()
            if group is not None and group[0] not in heading.columns and group[0] not in context:
                context[group[0]] = group[1]
                code = "roster-group-guessed"
                found.guesses.append(
                    RowChange(row=line.number, column=group[0], code=code, before=text[:200], after=group[1])
                )


def _total(line: Line, found: Found) -> None:
    if stated := _TOTAL.search(_whole(line)):
        found.totals.append((line.number, int(stated[1])))


def _whole(line: Line) -> str:
    return " ".join(" ".join(shown(cell).split()) for cell in line.cells if shown(cell).strip())
