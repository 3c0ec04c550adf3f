"""What is said of a candidate and a component: where they stand, the result, what is missing. Values only."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from sessions.course.entries import SessionEntry
from sessions.course.grading import Marks, Outcome


class Status(StrEnum):
    """Where a candidate stands with a component; of the last five, the results."""

    NOT_LISTED = "not-listed"
    KEPT = "kept"
    OPEN = "open"
    WAITING = "waiting"
    BLOCKED = "blocked"
    PASSED = "passed"
    FAILED = "failed"
    TAKEN = "taken"
    ABSENT = "absent"
    INCOMPLETE = "incomplete"


@dataclass(frozen=True, slots=True, kw_only=True)
class ComponentResult:
    """A candidate's result of a component, as corrected. Points in hundredths (`points_text` writes them).

    `code`: DA, RO, VA, KH, or "" for points without a pass mark. `cancelled`: by an incident; it counts as failed.
    `entry` is None for who was absent when the session was closed: nobody entered that. `corrections`: in order.
    """

    sbd: str
    component: str
    outcome: Outcome
    code: str
    points_e2: int | None = None
    marks: Marks
    critical_failed: bool = False
    cancelled: bool = False
    source: str = ""
    entry: SessionEntry | None = field(default=None, repr=False)
    corrections: tuple[SessionEntry, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """The earlier component that keeps a later one closed.

    `why`: "no-result" (yet), "not-passed", "expired" (passed on `passed_on`, not counted any more), "unknown" (nobody
    stated it, and this session does not hold it).
    """

    component: str
    why: str
    passed_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MayTake:
    """Evidence that a candidate owes a component and may take it now. `warnings` are codes, and stop nobody."""

    sbd: str
    component: str
    warnings: tuple[str, ...] = ()
