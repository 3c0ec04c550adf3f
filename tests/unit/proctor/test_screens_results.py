"""What may be typed as a result, which row comes next, and what a page says of it."""

import pytest

from proctor.errors import CommandError
from proctor.screens.results import (
    Value,
    asked_of,
    correct_words,
    counts_of,
    enter_words,
    find,
    import_words,
    next_open,
    read_value,
    rows_of,
)
from proctor.texts import load_texts
from sessions.course.grading import Marks
from sessions.errors import SessionsError
from tests.support.course_results import Course, course, seat

VI = load_texts("vi")
TESTED = Marks(component="theory", maximum_e2=3000, pass_e2=2700, critical=True)
JUDGED = Marks(component="road", judged=True)
EXAM = Marks(component="mathematics", step_e2=1)


@pytest.mark.parametrize(
    ("typed", "marks", "value"),
    [
        ("27", TESTED, Value(points="27")),
        (" 030 ", TESTED, Value(points="30")),
        ("7,25", EXAM, Value(points="7,25")),
        ("va", TESTED, Value(word="absent")),
        ("Vắng", TESTED, Value(word="absent")),
        ("KH", TESTED, Value(word="incomplete")),
        ("đạt", JUDGED, Value(word="passed")),
        ("RO", JUDGED, Value(word="failed")),
    ],
)
def test_points_and_the_codes_of_the_paper_may_be_typed(typed: str, marks: Marks, value: Value) -> None:
    assert read_value(typed, marks) == value


@pytest.mark.parametrize(
    ("typed", "marks", "code"),
    [
        ("", TESTED, "results-page-empty"),
        ("abc", TESTED, "results-page-value"),
        ("2o", TESTED, "points-invalid"),
        ("31", TESTED, "points-above-maximum"),
        ("-1", TESTED, "points-negative"),
        ("26,5", TESTED, "points-not-whole"),
        ("DA", TESTED, "results-page-points"),
        ("DA", EXAM, "no-pass-mark"),
    ],
)
def test_what_cannot_be_a_result_is_named(typed: str, marks: Marks, code: str) -> None:
    with pytest.raises((CommandError, SessionsError)) as error:
        read_value(typed, marks)
    assert error.value.code == code


def test_a_wrong_critical_question_goes_with_points_only() -> None:
    assert read_value("29", TESTED, critical=True).words == ("--points=29", "--critical-failed")
    assert read_value("va", TESTED, critical=True).words == ("--absent",)


def made() -> Course:
    """Three candidates: one passed, one let in, one not seen."""
    whole = course(seat(1), seat(2), seat(3))
    whole.sat("001", "theory", points_e1=280)
    whole.admit("002", "theory")
    return whole


def test_rows_say_who_is_in_and_what_is_still_expected() -> None:
    whole = made()
    rows = rows_of(whole.progress, "theory", VI)
    assert [(row.sbd, row.state, row.result) for row in rows] == [
        ("001", "đã vào", "DA · đạt · 28 điểm"),
        ("002", "đã vào", ""),
        ("003", "chưa đến", ""),
    ]
    assert rows[0].entry == whole.seq - 1
    assert counts_of(rows) == (1, 3)
    assert [next_open(rows, sbd) for sbd in ("001", "002", "003", "")] == ["002", "003", "002", "002"]
    assert find(rows, "3") == "003"
    with pytest.raises(CommandError, match="results-page-nobody"):
        find(rows, "9")


def test_commands_carry_what_was_typed() -> None:
    whole = made()
    session, rows = whole.session, rows_of(whole.progress, "theory", VI)
    words = enter_words(session, "theory", "002", Value(points="27"))
    assert words[-2:] == ("--sbd=002", "--points=27")
    taken_back = correct_words(session, rows[0], None, "other", note=True)
    assert taken_back[-4:] == ("--void", "--reason=other", "--note", "-")
    assert import_words(session, "theory", "-x.csv", dry=True, skip=False)[-1].startswith("/")


def test_the_line_above_the_field_says_what_the_rules_ask() -> None:
    assert asked_of(TESTED, VI).startswith("tối đa 30 · đạt từ 27 · có câu điểm liệt")
    assert "DA đạt" in asked_of(JUDGED, VI)
