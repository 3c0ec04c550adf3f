"""A roster against its rules: no class and no component that these do not have comes into a session."""

from __future__ import annotations

from datetime import date

from proctor.commands.roster import notice_lines, refused_lines
from proctor.texts import load_texts
from sessions.roster.by_rules import by_rules, warn_of_classes
from sessions.roster.classes import shipped_classes
from sessions.roster.model import Roster
from sessions.roster.reading import read_roster
from sessions.rules import list_rules, load_rules

DRIVING = load_rules("driving-tt12-2025")
HEAD = "SBD;Họ và tên;Ngày sinh;Số CCCD;Hạng GPLX;Nội dung"


def read(*cells: tuple[str, str], head: str = HEAD) -> Roster:
    lines = [
        f"{place:03d};Nguyễn Văn {chr(64 + place)}m;05/05/1990;038090{place:06d};{';'.join(more)}"
        for place, more in enumerate(cells, 1)
    ]
    return read_roster("\n".join([head, *lines]).encode(), today=date(2026, 11, 22))


def test_unknown_classes_and_components_are_refused_with_row_value_and_what_is_known() -> None:
    roster = read(
        ("B", "LT"), ("B2", ""), ("B, C", ""), ("Hạng c1", "L+M"), ("", ""), ("B", "xyz, H, Q"), ("В", "")
    )
    found = by_rules(roster, DRIVING)
    assert [(each.row, each.column, each.code, each.value) for each in found.refused] == [
        (3, "Hạng GPLX", "roster-class-unknown", "B2"),
        (4, "Hạng GPLX", "roster-class-unknown", "B, C"),
        (7, "Nội dung", "roster-component-unknown", "xyz"),
        (7, "Nội dung", "roster-component-unknown", "Q"),
        (8, "Hạng GPLX", "roster-class-unknown", "В"),
    ]
    assert [seat.sbd for seat in found.rows] == ["001", "004", "005"]
    assert [(each.row, each.code) for each in found.warnings if "class" in each.code] == [
        (6, "roster-class-missing")
    ]
    for language in ("vi", "en"):
        said = "\n".join(
            (*refused_lines(found, load_texts(language)), *notice_lines(found, load_texts(language)))
        )
        assert "[" not in said
        assert "C1E" in said
        assert "“xyz”" in said


def test_a_driving_test_without_classes_is_said_once_and_an_exam_needs_none() -> None:
    roster = read(("", ""), ("", ""))
    assert [(each.row, each.code) for each in by_rules(roster, DRIVING).warnings] == [
        (0, "roster-class-none")
    ]
    assert by_rules(roster, load_rules("written-exam")) == roster


def test_without_rules_only_a_class_that_none_have_is_a_warning() -> None:
    found = warn_of_classes(read(("B", ""), ("B2", ""), ("DE", ""), ("", "")), list_rules())
    assert [(each.row, each.code, each.before) for each in found.warnings] == [
        (3, "roster-class-nowhere", "B2")
    ]
    assert not found.refused


def test_the_classes_found_in_a_hurry_are_those_of_the_rules() -> None:
    assert shipped_classes() == {name for rules in list_rules() for name in rules.classes}
