"""Points: how they are written, what they can be, what they come to."""

import pytest

from sessions.course.grading import (
    Marks,
    Outcome,
    grade,
    marks_of,
    points_body,
    points_of,
    points_text,
    read_points,
)
from sessions.course.result_errors import (
    CriticalNotAskedError,
    PointsAboveMaximumError,
    PointsInvalidError,
    PointsNegativeError,
    PointsNotWholeError,
)
from sessions.rules import load_rules

DRIVING = load_rules("driving-tt108-2026")


@pytest.mark.parametrize(
    ("text", "points"),
    [
        ("27", 2700),
        ("27,5", 2750),
        ("27.5", 2750),
        (" 27,50 ", 2750),
        ("7,25", 725),
        ("0", 0),
        ("-0", 0),
        ("027", 2700),
        ("+9", 900),
        ("7,2500", 725),
    ],
)
def test_points_are_read_without_rounding(text: str, points: int) -> None:
    assert read_points(text) == points
    assert read_points(points_text(points)) == points
    assert points_of(points_body(points)) == points


@pytest.mark.parametrize(
    "text", ["", "hai", "27,555", "1e3", "27/30", "٢٧", "27 5", "1.000,5", "nan", "12345", "9" * 5000]
)
def test_what_is_no_number_of_points_is_refused(text: str) -> None:
    with pytest.raises(PointsInvalidError):
        read_points(text)


def test_less_than_nothing_is_refused() -> None:
    with pytest.raises(PointsNegativeError):
        read_points("-1")


# The tables of Thông tư 12/2025/TT-BCA: least points that pass, and the maximum.
@pytest.mark.parametrize(
    ("licence_class", "component", "least", "maximum"),
    [
        ("A1", "theory", 21, 25),
        ("A", "theory", 23, 25),
        ("B1", "theory", 23, 25),
        ("B", "theory", 27, 30),
        ("C1", "theory", 32, 35),
        ("C", "theory", 36, 40),
        ("D", "theory", 41, 45),
        ("CE", "theory", 41, 45),
        ("B", "yard", 80, 100),
        ("B", "road", 80, 100),
        ("DE", "road", 15, 20),
    ],
)
def test_pass_marks_by_class(licence_class: str, component: str, least: int, maximum: int) -> None:
    marks = marks_of(DRIVING, component, licence_class)
    assert grade(least * 100, marks) is Outcome.PASSED
    assert grade(least * 100 - 100, marks) is Outcome.FAILED
    assert grade(maximum * 100, marks) is Outcome.PASSED
    with pytest.raises(PointsAboveMaximumError):
        grade(maximum * 100 + 100, marks)


def test_a_wrong_critical_question_fails_the_theory_only() -> None:
    theory, yard = marks_of(DRIVING, "theory", "B"), marks_of(DRIVING, "yard", "B")
    assert grade(3000, theory, critical_failed=True) is Outcome.FAILED
    with pytest.raises(CriticalNotAskedError):
        grade(9000, yard, critical_failed=True)


def test_driving_tests_count_whole_points_and_exams_do_not() -> None:
    with pytest.raises(PointsNotWholeError):
        grade(2750, marks_of(DRIVING, "theory", "B"))
    paper = marks_of(load_rules("written-exam"), "mathematics", "")
    assert grade(725, paper) in {Outcome.TAKEN, Outcome.PASSED}


def test_without_a_pass_mark_nobody_passes() -> None:
    assert grade(9900, Marks(component="mathematics")) is Outcome.TAKEN
    assert marks_of(DRIVING, "theory", "hạng Z9").judged


def test_no_test_has_more_than_a_thousand_points() -> None:
    with pytest.raises(PointsAboveMaximumError):
        grade(100_001, Marks(component="mathematics", step_e2=1))


@pytest.mark.parametrize("values", [{"points_e1": "27"}, {"points_e1": True}, {}, {"points_e2": None}])
def test_points_of_another_type_are_none(values: dict[str, object]) -> None:
    assert points_of(values) is None
