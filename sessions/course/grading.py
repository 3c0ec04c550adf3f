"""Points and what they come to: passed, failed, or only taken where the rules have no pass mark. Pure.

Points are whole hundredths (`…_e2`) here; an entry has tenths (`points_e1`), or hundredths where tenths are not enough.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from sessions.course.result_errors import (
    CriticalNotAskedError,
    PointsAboveMaximumError,
    PointsInvalidError,
    PointsNegativeError,
    PointsNotWholeError,
)
from sessions.rules import Rules

_POINTS: Final = re.compile(r"([+-]?)0*([0-9]{1,4})(?:[.,]([0-9]{1,2})0*)?")
_CAP_E2: Final = 100_000
"""No test has more than 1,000 points: what is above is a slip of the keyboard where the rules have no maximum."""
_WHOLE_E2: Final = 100


class Outcome(StrEnum):
    """What a candidate has of a component. TAKEN: points without a pass mark; INCOMPLETE: begun and not ended."""

    PASSED = "passed"
    FAILED = "failed"
    TAKEN = "taken"
    ABSENT = "absent"
    INCOMPLETE = "incomplete"


SAT: Final = frozenset({Outcome.PASSED, Outcome.FAILED, Outcome.TAKEN, Outcome.INCOMPLETE})
"""Outcomes of somebody who was there."""
CODES: Final[Mapping[Outcome, str]] = {
    Outcome.PASSED: "DA",
    Outcome.FAILED: "RO",
    Outcome.ABSENT: "VA",
    Outcome.INCOMPLETE: "KH",
}
"""The codes on paper; points without a pass mark have none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """What the rules ask of a component, for one class. Points in hundredths.

    `maximum_e2`, `pass_e2`: None where the rules have none. `step_e2`: the smallest part of a point that is counted.
    `judged`: without a pass mark a person says whether the component was passed; else nobody does.
    """

    component: str
    maximum_e2: int | None = None
    pass_e2: int | None = None
    critical: bool = False
    step_e2: int = _WHOLE_E2
    judged: bool = False


def marks_of(rules: Rules, component: str, licence_class: str) -> Marks:
    """Return the maximum and pass mark of a component for a class.

    Driving tests count whole points. Exams are marked to hundredths, and where their rules have no pass mark nobody
    passes or fails.
    """
    step = 1 if rules.kind == "exam" else _WHOLE_E2
    found = rules.grading(component, licence_class)
    if found is None:
        return Marks(component=component, step_e2=step, judged=bool(rules.classes))
    if found.max_e1 % 10 or found.pass_e1 % 10:
        step = min(step, 10)
    return Marks(
        component=component,
        maximum_e2=found.max_e1 * 10,
        pass_e2=found.pass_e1 * 10,
        critical=found.critical,
        step_e2=step,
    )


def read_points(text: str) -> int:
    """Return points in hundredths of "27", "27,5", "27.5" or "7,25".

    Raises PointsInvalidError, PointsNegativeError; nothing is rounded.
    """
    shown = text.strip()
    found = _POINTS.fullmatch(shown)
    if found is None:
        raise PointsInvalidError(value=shown[:32])
    sign, whole, part = found.groups()
    points = int(whole) * 100 + int((part or "0").ljust(2, "0"))
    if sign == "-" and points:
        raise PointsNegativeError(value=shown[:32])
    return points


def points_text(points_e2: int, mark: str = ",") -> str:
    """Return points as written: "27", "27,5", "7,25"."""
    whole, part = divmod(points_e2, 100)
    return f"{whole}{mark}{part:02d}".rstrip("0") if part else str(whole)


def points_body(points_e2: int) -> dict[str, int]:
    """Return points as an entry has them: tenths, or hundredths where tenths are not enough."""
    tenths, rest = divmod(points_e2, 10)
    return {"points_e2": points_e2} if rest else {"points_e1": tenths}


def points_of(values: Mapping[str, Any]) -> int | None:
    """Return the points of an entry's body, or of a correction's values, in hundredths; None where there are none."""
    for name, hundredths in (("points_e2", 1), ("points_e1", 10)):
        value = values.get(name)
        if type(value) is int:
            return value * hundredths
    return None


def require_points(points_e2: int, marks: Marks) -> int:
    """Return points that the component can have.

    Raises PointsNegativeError, PointsAboveMaximumError, PointsNotWholeError.
    """
    value = points_text(abs(points_e2))
    maximum = _CAP_E2 if marks.maximum_e2 is None else marks.maximum_e2
    if points_e2 < 0:
        raise PointsNegativeError(value=f"-{value}")
    if points_e2 > maximum:
        raise PointsAboveMaximumError(value=value, maximum=points_text(maximum))
    if points_e2 % marks.step_e2:
        raise PointsNotWholeError(value=value)
    return points_e2


def grade(points_e2: int, marks: Marks, *, critical_failed: bool = False) -> Outcome:
    """Return what points come to; a failed critical question fails whatever the points are.

    Raises as `require_points`, and CriticalNotAskedError where the component has no critical question.
    """
    require_points(points_e2, marks)
    if critical_failed and not marks.critical:
        raise CriticalNotAskedError(component=marks.component)
    if marks.pass_e2 is None:
        return Outcome.TAKEN
    return Outcome.FAILED if critical_failed or points_e2 < marks.pass_e2 else Outcome.PASSED
