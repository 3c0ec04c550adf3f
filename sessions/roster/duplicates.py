"""Rows that clash: one candidate number or one paper for two rows refuses all of them; namesakes are only said."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Sequence

from sessions.roster.names import comparison_key
from sessions.roster.rows import Row
from sessions.roster.values import WARNING, Note


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
