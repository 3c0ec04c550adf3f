"""Results into the log: entered by hand or from a file, and corrected. Each is checked against the rules and the day.

A result of somebody who was never let in to the component is refused: a result without a check of identity is what a
fraud looks like. Absent is only who was not let in.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from sessions.course.entries import SessionEntry, session_entries
from sessions.course.errors import ComponentBlockedError, ComponentNotOwedError
from sessions.course.grading import SAT, Marks, Outcome, grade, points_body
from sessions.course.parts import require_not_handed_over
from sessions.course.progress import Progress
from sessions.course.result_errors import (
    AbsentAdmittedError,
    CorrectionTargetError,
    NoPassMarkError,
    OutcomeDiffersError,
    PointsNeededError,
    ResultExistsError,
    ResultMissingError,
    ResultNotAdmittedError,
)
from sessions.course.result_log import VOID, Kept, Recorded, place_of
from sessions.errors import ComponentNotListedError
from sessions.plain_text import one_line
from sessions.record import Operator, Second
from sessions.session import Session
from sessions.store import Receipt, Store

MAX_SOURCE: Final = 200
_STATED: Final = frozenset({Outcome.PASSED, Outcome.FAILED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """A result as somebody gives it: points, or a word, or both, which then must agree.

    `outcome`: what was said in words ("passed", "failed", "absent", "incomplete"), None where only points were given.
    """

    sbd: str
    component: str
    points_e2: int | None = None
    outcome: Outcome | None = None
    critical_failed: bool = False
    note: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """A result that may be written: what it comes to by the rules."""

    given: Given
    outcome: Outcome
    marks: Marks

    @property
    def values(self) -> dict[str, Any]:
        """What the entry says of it: outcome, points, failed critical question."""
        values: dict[str, Any] = {"outcome": self.outcome.value}
        if self.given.points_e2 is not None:
            values |= points_body(self.given.points_e2)
        if self.given.critical_failed:
            values["critical_failed"] = 1
        return values


def read_progress(store: Store, session: Session) -> Progress:
    """Return the progress of a session by its log, other stations' parts included. Raises StoreAlteredError."""
    return Progress.of(session, session_entries(store, session.session_id))


def require_result(progress: Progress, given: Given) -> Ready:
    """Return a result that can be entered.

    Raises SbdUnknownError, ComponentNotListedError, ComponentNotOwedError, ResultExistsError, ResultNotAdmittedError,
    AbsentAdmittedError, ComponentBlockedError, and what `require_values` raises.
    """
    sbd, component = given.sbd, given.component
    if component not in progress.listed(sbd):
        raise ComponentNotListedError(sbd=sbd, component=component)
    known = progress.log.results.get((sbd, component))
    if known is not None:
        code = result_code(progress, known)
        raise ResultExistsError(sbd=sbd, component=component, entry=known.newest.seq, result=code)
    kept = progress.kept(sbd, component)
    if kept is not None:
        raise ComponentNotOwedError(component=component, passed_on=kept.passed_on.isoformat())
    ready = require_values(progress, given)
    missing = progress.missing(sbd, component)
    if missing is not None:
        label = progress.session.rules.components[missing.component].label
        raise ComponentBlockedError(
            component=component, first=missing.component, first_label=label, why=missing.why
        )
    return ready


def require_values(progress: Progress, given: Given) -> Ready:
    """Return what a result comes to, if it can be and the candidate was there, or absent.

    Raises PointsNegativeError, PointsAboveMaximumError, PointsNotWholeError, CriticalNotAskedError, NoPassMarkError,
    PointsNeededError, OutcomeDiffersError, ResultNotAdmittedError, AbsentAdmittedError.
    """
    marks = progress.marks(given.sbd, given.component)
    outcome = _outcome(given, marks)
    facts = {"sbd": given.sbd, "component": given.component}
    here = progress.admitted(given.sbd, given.component)
    if outcome in SAT and here is None:
        raise ResultNotAdmittedError(**facts)
    if outcome is Outcome.ABSENT and here is not None:
        raise AbsentAdmittedError(**facts, entry=here.seq)
    return Ready(given=given, outcome=outcome, marks=marks)


def result_code(progress: Progress, known: Recorded) -> str:
    """Return the code of a result as recorded; the outcome's word where it has none."""
    word = str(known.values.get("outcome", ""))
    return progress.session.rules.result_codes.get(word, word)


def same_result(progress: Progress, ready: Ready) -> bool:
    """Whether the log already has exactly this result."""
    known = progress.log.results.get((ready.given.sbd, ready.given.component))
    return known is not None and dict(known.values) == ready.values


def enter(
    store: Store,
    session: Session,
    ready: Ready,
    *,
    source: str,
    operator: Operator,
    batch: str = "",
    file: str = "",
) -> Receipt:
    """Commit a result; raises PartHandedOverError, StoreError.

    `source`: where it comes from, in words; `file`: SHA-256 of the list.
    """
    require_not_handed_over(store, session)
    marks = ready.marks
    body: dict[str, Any] = {
        "session": session.session_id,
        "sbd": ready.given.sbd,
        "component": ready.given.component,
        "source": clean_source(source),
        **ready.values,
    }
    code = session.rules.result_codes.get(ready.outcome.value)
    if code is not None:
        body["code"] = code
    if marks.maximum_e2 is not None and marks.maximum_e2 % 10 == 0:
        body["maximum_e1"] = marks.maximum_e2 // 10
    body |= {name: value for name, value in (("batch", batch), ("file", file)) if value}
    note = {"note": ready.given.note.encode()} if ready.given.note else {}
    return store.append("result", body, note, operator=operator)


def clean_source(text: str) -> str:
    """Return where a result comes from as an entry has it: one line, printable, at most 200 characters.

    Raises PersonalNumberError.
    """
    return one_line(text, MAX_SOURCE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """A correction that may be written: of which entry, and the values that hold from then on."""

    target: SessionEntry = field(repr=False)
    sbd: str
    component: str
    values: Mapping[str, Any]


def require_target(
    progress: Progress, store: Store, seq: int, *, subject: tuple[str, str] = ("", ""), station: str = ""
) -> tuple[SessionEntry, Recorded | Kept]:
    """Return the entry of a number and what it is in force for: the newest of a result, or of a passed component.

    `subject`: candidate number and component, needed for an entry of several passed components. `station`: whose entry,
    where it is another station's. Raises CorrectionTargetError.
    """
    log = progress.log
    everything: list[Recorded | Kept] = [*log.every_result, *log.every_kept]
    for known in everything:
        places = [place_of(entry) for entry in (known.entry, *known.corrections)]
        if not any(place[1] == seq and station in {place[0], ""} for place in places):
            continue
        if any(subject) and subject != (known.sbd, known.component):
            continue
        if isinstance(known, Kept) and len(known.entry.body["passes"]) > 1 and not all(subject):
            raise CorrectionTargetError(entry=seq, why="candidate", newest=seq)
        newest = known.newest
        if newest.seq != seq or (station and place_of(newest)[0] != station):
            raise CorrectionTargetError(entry=seq, why="superseded", newest=newest.seq)
        return newest, known
    raise CorrectionTargetError(entry=seq, why=_why_not(store, progress.session, seq), newest=seq)


def require_correction(progress: Progress, known: Recorded | Kept, values: Mapping[str, Any]) -> Correction:
    """Return a correction that changes something; raises CorrectionTargetError ("same")."""
    before = dict(known.values) if isinstance(known, Recorded) else known.values
    if before == dict(values):
        raise CorrectionTargetError(entry=known.newest.seq, why="same", newest=known.newest.seq)
    progress.seat(known.sbd)
    return Correction(target=known.newest, sbd=known.sbd, component=known.component, values=values)


def correct(
    store: Store,
    session: Session,
    correction: Correction,
    *,
    reason: str,
    note: Mapping[str, bytes],
    operator: Operator,
    second: Second,
) -> Receipt:
    """Commit a correction, which two persons make; the corrected entry stays. Raises StoreError."""
    target = correction.target
    body: dict[str, Any] = {
        "session": session.session_id,
        "corrects": target.held,
        "reason": reason,
        "sbd": correction.sbd,
        "component": correction.component,
        "values": dict(correction.values),
    }
    if target.part is not None:
        body |= {"of_station": place_of(target)[0], "of_seq": target.seq}
    return store.append("correction", body, note, operator=operator, second=second)


def void_values() -> dict[str, Any]:
    """Return the values of a correction that takes a result back."""
    return {"outcome": VOID}


def _outcome(given: Given, marks: Marks) -> Outcome:
    """Return what points and words come to; raises where one cannot be, or they do not agree."""
    if given.outcome in {Outcome.ABSENT, Outcome.INCOMPLETE}:
        if given.outcome is Outcome.ABSENT and (given.points_e2 or given.critical_failed):
            raise OutcomeDiffersError(stated=given.outcome.value, computed="points")
        return given.outcome
    if given.points_e2 is None:
        return _in_words(given, marks)
    computed = grade(given.points_e2, marks, critical_failed=given.critical_failed)
    if given.outcome is None or given.outcome is computed:
        return computed
    if computed is Outcome.TAKEN:
        return _in_words(given, marks)
    raise OutcomeDiffersError(stated=given.outcome.value, computed=computed.value)


def _in_words(given: Given, marks: Marks) -> Outcome:
    """Return passed or failed as a person says it, where the rules leave it to one: with a pass mark points decide."""
    if given.critical_failed:
        grade(0, marks, critical_failed=True)
        if given.outcome is Outcome.PASSED:
            raise OutcomeDiffersError(stated=Outcome.PASSED.value, computed=Outcome.FAILED.value)
        return Outcome.FAILED
    if given.outcome is None:
        raise ResultMissingError
    if given.outcome in _STATED and marks.pass_e2 is not None:
        raise PointsNeededError(component=given.component)
    if given.outcome not in _STATED or not marks.judged:
        raise NoPassMarkError(component=given.component)
    return given.outcome


def _why_not(store: Store, session: Session, seq: int) -> str:
    """Return why the entry of a number cannot be corrected: no such entry, another session's, another kind."""
    if not 0 <= seq < store.head().size:
        return "none"
    entry = store.entry(seq)
    return "kind" if entry.body.get("session") == session.session_id else "other-session"
