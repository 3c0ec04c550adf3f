"""A roster against the rules it is meant for: classes and components that these do not have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from sessions.errors import UnknownComponentError
from sessions.roster.model import Roster, RowChange, RowDefect, Seat
from sessions.rules import Rules

_MARKS: Final = "component:"


def by_rules(roster: Roster, rules: Rules) -> Roster:
    """Return a roster without the rows whose class or components the rules do not have: each is refused and named.

    Where the rules have classes, a row without one, and a list without any, is a warning.
    """
    unknown = _unknown_components(roster.rows, rules)
    refused = [
        defect
        for seat in roster.rows
        for defect in (
            *_class_defects(roster, seat, rules),
            *_component_defects(roster, seat, unknown, rules),
        )
    ]
    bad = {defect.row for defect in refused}
    kept = tuple(seat for seat in roster.rows if seat.row not in bad)
    return replace(
        roster,
        rows=kept,
        refused=tuple(sorted((*roster.refused, *refused), key=lambda each: each.row)),
        changes=_without(roster.changes, bad),
        guesses=_without(roster.guesses, bad),
        warnings=(*_class_warnings(roster, kept, rules), *_without(roster.warnings, bad)),
    )


def warn_of_classes(roster: Roster, known: Sequence[Rules]) -> Roster:
    """Return a roster with a warning for each row whose class none of the rules have."""
    names = list(dict.fromkeys(name for rules in known for name in rules.classes))
    strange = {
        text
        for text in {seat.licence_class for seat in roster.rows} - {""}
        if all(rules.licence_class(text) is None for rules in known)
    }
    said = tuple(
        RowChange(
            row=seat.row,
            column=_class_column(roster),
            code="roster-class-nowhere",
            before=seat.licence_class,
            after=" ".join(names),
        )
        for seat in roster.rows
        if seat.licence_class in strange
    )
    return replace(roster, warnings=(*said, *roster.warnings)) if said else roster


def _without(notes: Sequence[RowChange], rows: set[int]) -> tuple[RowChange, ...]:
    return tuple(each for each in notes if each.row not in rows)


def _class_column(roster: Roster) -> str:
    return roster.columns.get("class", "class")


def _class_defects(roster: Roster, seat: Seat, rules: Rules) -> list[RowDefect]:
    text = seat.licence_class
    if not rules.classes or not text or rules.licence_class(text) is not None:
        return []
    code, column = "roster-class-unknown", _class_column(roster)
    return [RowDefect(row=seat.row, column=column, code=code, value=text, after=" ".join(rules.classes))]


def _class_warnings(roster: Roster, seats: Sequence[Seat], rules: Rules) -> list[RowChange]:
    lacking = [seat for seat in seats if not seat.licence_class]
    if not rules.classes or not lacking:
        return []
    column, names = _class_column(roster), " ".join(rules.classes)
    if len(lacking) == len(seats):
        return [RowChange(row=0, column=column, code="roster-class-none", after=names)]
    return [
        RowChange(row=seat.row, column=column, code="roster-class-missing", after=names) for seat in lacking
    ]


def _unknown_components(seats: Sequence[Seat], rules: Rules) -> set[str]:
    found = set()
    for text in {text for seat in seats for text in seat.components}:
        try:
            rules.require_component(text)
        except UnknownComponentError:
            found.add(text)
    return found


def _component_defects(roster: Roster, seat: Seat, unknown: set[str], rules: Rules) -> list[RowDefect]:
    known = ", ".join(part.label for part in rules.components.values())
    return [
        RowDefect(
            row=seat.row,
            column=roster.columns.get(_MARKS + text) or roster.columns.get("components", "components"),
            code="roster-component-unknown",
            value=text,
            after=known,
        )
        for text in seat.components
        if text in unknown
    ]
