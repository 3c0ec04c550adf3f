"""Every animal of the zoo is read, and everything that was done to it is said."""

from __future__ import annotations

from datetime import date

import pytest

from proctor.texts import load_texts
from sessions.roster.model import Roster
from sessions.roster.reading import read_roster
from tests.roster_zoo.cases import CASES, Case

TODAY = date(2026, 11, 22)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_zoo(case: Case) -> None:
    read = read_roster(case.data(), today=TODAY, **case.options)
    said = {
        name: {(each.row, each.code) for each in getattr(read, name)}
        for name in ("changes", "guesses", "warnings", "refused")
    }
    assert said == {
        "changes": case.changes,
        "guesses": case.guesses,
        "warnings": case.warnings,
        "refused": case.refused,
    }
    assert [(seat.sbd, seat.full_name, seat.birth.iso, seat.id_number) for seat in read.rows] == case.rows
    for name, value in case.more.items():
        assert getattr(read if name == "encoding" else read.rows[0], name) == value, name
    says_nothing_in_passing(read)


def says_nothing_in_passing(read: Roster) -> None:
    """Names and numbers are in no repr; every code has a text in both languages."""
    shown = repr(read)
    for seat in read.rows:
        assert seat.full_name not in shown
        assert not seat.id_number or seat.id_number not in shown
    for each in (*read.refused, *read.changes, *read.guesses, *read.warnings, *read.passed_over):
        assert each.code in load_texts("vi")
        assert each.code in load_texts("en")


def test_each_name_is_one_file() -> None:
    assert len({case.name for case in CASES}) == len(CASES)
