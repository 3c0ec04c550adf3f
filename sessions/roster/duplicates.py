"""Rows beside one another: two with one candidate number or paper are refused; namesakes and turned dates are said."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Sequence
from typing import Final

from sessions.roster.model import PartialDate, RowChange
from sessions.roster.names import comparison_key
from sessions.roster.notes import WARNING, Note
from sessions.roster.rows import Row

_MONTH_FIRST: Final = "roster-birth-month-first"
_NAMED: Final = 100
"""Rows that one message names."""


def refuse_duplicates(rows: Sequence[Row]) -> None:
    """Refuse every row whose candidate number, 12 digits or old number occur more than once, broken rows included."""
    _refuse(rows, lambda row: _same_sbd(row.sbd), "sbd", "roster-sbd-duplicate")
    _refuse(rows, lambda row: row.numbers.number, "number", "roster-number-duplicate")
    _refuse(rows, lambda row: row.numbers.old, "cmnd", "roster-number-duplicate")


def warn_namesakes(rows: Sequence[Row]) -> None:
    """Warn of usable rows with one name and one birth date: one person listed twice, or two persons."""
    for group in _groups(rows, _name_and_birth):
        for row in group:
            other = next(each for each in group if each is not row)
            row.note(
                "name",
                Note(WARNING, "roster-namesake", row.seat.full_name if row.seat else "", ""),
                other=other.number,
            )


def warn_of_order(rows: Sequence[Row]) -> None:
    """Warn once of dates that read either way round, where another date of the list has the month first."""
    wrong = [str(row.number) for row in rows if any(each.code == _MONTH_FIRST for each in row.defects)]
    if not wrong:
        return
    either = [str(row.number) for row in rows if row.seat is not None and _either_way(row.seat.birth)]
    if either:
        named = ", ".join(either[:_NAMED]) + (f" … ({len(either)})" if len(either) > _NAMED else "")
        column = rows[0].heading.name_of("birth")
        rows[0].file_warnings.append(
            RowChange(
                row=0,
                column=column,
                code="roster-birth-both-ways",
                before=", ".join(wrong[:_NAMED]),
                after=named,
            )
        )


def _either_way(birth: PartialDate) -> bool:
    return birth.month is not None and birth.day is not None and birth.month != birth.day <= 12


def _name_and_birth(row: Row) -> Hashable:
    if row.seat is None or row.defects:
        return ""
    return comparison_key(row.seat.full_name), row.seat.birth


def _refuse(rows: Sequence[Row], key: Callable[[Row], Hashable], name: str, code: str) -> None:
    for group in _groups(rows, key):
        for row in group:
            other = next(each for each in group if each is not row)
            column = (
                name
                if name in row.heading.columns
                else {"cmnd": "number", "number": "cmnd", "sbd": "stt"}[name]
            )
            row.refuse(column, code, other=other.number)


def _groups(rows: Sequence[Row], key: Callable[[Row], Hashable]) -> list[list[Row]]:
    """Return the groups of two or more rows with one key; an empty key is nobody's."""
    found: dict[Hashable, list[Row]] = defaultdict(list)
    for row in rows:
        if value := key(row):
            found[value].append(row)
    return [group for group in found.values() if len(group) > 1]


def _same_sbd(sbd: str) -> str:
    """Return the form in which 1 and 001 are the same candidate number."""
    return str(int(sbd)) if sbd.isascii() and sbd.isdigit() else sbd.upper()
