"""Components passed elsewhere or earlier: from a list, or from another session of this station; each with a source."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sessions.course.grading import Outcome, points_body
from sessions.course.progress import Progress
from sessions.course.result_errors import (
    PriorComponentError,
    PriorDateError,
    PriorNotKeptError,
    PriorNotPassedError,
    PriorOwnSessionError,
    ResultExistsError,
    RowTwiceError,
)
from sessions.course.result_rows import (
    NAME_NAMES,
    NUMBER_NAMES,
    OUTCOME_NAMES,
    POINTS_NAMES,
    SBD_NAMES,
    Candidates,
    CellRefusedError,
    RowRefusal,
    is_foot,
    read_outcome,
    read_row_points,
)
from sessions.course.result_table import Table, TableRow, read_table
from sessions.course.results import clean_source, result_code
from sessions.errors import UnknownComponentError
from sessions.plain_text import PersonalNumberError, one_line
from sessions.record import Operator
from sessions.roster.cells import CellError, read_birth
from sessions.roster.model import Seat
from sessions.session import Session
from sessions.store import Receipt, Store

MAX_WHERE: Final = 100
_PER_ENTRY: Final = 500
"""Passed components in one entry: far below the longest body."""
COLUMNS: Final = {
    "sbd": SBD_NAMES,
    "number": NUMBER_NAMES,
    "name": NAME_NAMES,
    "component": (
        "nội dung",
        "nội dung sát hạch",
        "nội dung thi",
        "môn",
        "môn thi",
        "phần thi",
        "component",
        "subject",
    ),
    "passed_on": (
        "ngày đạt",
        "ngày thi",
        "ngày sát hạch",
        "ngày",
        "ngày công nhận",
        "đạt ngày",
        "passed on",
        "date",
    ),
    "points": POINTS_NAMES,
    "outcome": OUTCOME_NAMES,
    "where": (
        "nơi thi",
        "nơi sát hạch",
        "trung tâm",
        "trung tâm sát hạch",
        "địa điểm",
        "nơi đạt",
        "where",
        "place",
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass:
    """One component that somebody passed. `expired`: too long before the session to count; `row`: of the list."""

    row: int
    sbd: str
    component: str
    passed_on: date
    points_e2: int | None = None
    where: str = ""
    expired: bool = False

    def as_body(self) -> dict[str, Any]:
        """Return the pass as it stands in a prior entry."""
        body: dict[str, Any] = {
            "sbd": self.sbd,
            "component": self.component,
            "passed_on": self.passed_on.isoformat(),
        }
        if self.points_e2 is not None:
            body |= points_body(self.points_e2)
        return body | ({"where": self.where} if self.where else {})


@dataclass(frozen=True, slots=True, kw_only=True)
class PriorPlan:
    """What a list comes to. `same`: rows that the log has already. `sha256`: the file's, empty without one."""

    ready: tuple[Pass, ...]
    same: tuple[int, ...]
    refused: tuple[RowRefusal, ...]
    sha256: str = ""


def plan_priors(progress: Progress, data: bytes, component: str = "") -> PriorPlan:
    """Return what a file of passed components comes to; nothing is written.

    `component`: the identifier for every row where the file has no such column. Raises TableUnreadableError,
    PriorNotKeptError.
    """
    _require_keeping(progress.session)
    needed = [frozenset({"sbd", "number"}), frozenset({"passed_on"})]
    table = read_table(data, COLUMNS, needed=[*needed, *([] if component else [frozenset({"component"})])])
    candidates = Candidates(progress)
    found: list[tuple[TableRow, Pass]] = []
    refused: list[RowRefusal] = []
    for row in table.rows:
        if is_foot(row):
            continue
        try:
            found.append((row, _pass(row, candidates.require(row), progress, component)))
        except CellRefusedError as error:
            refused.append(error.at(table, row))
    once, twice = _once(table, found)
    refused = sorted([*refused, *twice], key=lambda each: each.row)
    ready, same = _new(progress, once)
    return PriorPlan(ready=ready, same=same, refused=tuple(refused), sha256=table.sha256)


def plan_from_session(progress: Progress, other: Progress) -> PriorPlan:
    """Return what an earlier session of this station says that these candidates passed, by their 12-digit numbers.

    What that session itself knew from before comes along with its own day. Raises PriorOwnSessionError,
    PriorNotKeptError.
    """
    _require_keeping(progress.session)
    here, there = progress.session, other.session
    if here.session_id == there.session_id or there.day > here.day:
        raise PriorOwnSessionError(session=there.session_id)
    by_number = {seat.id_number: seat for seat in there.seats if not seat.erased and seat.id_number}
    found = [
        each
        for sbd in progress.sbds
        for earlier in [by_number.get(progress.seat(sbd).id_number)]
        if earlier is not None
        for each in _passed_there(progress, sbd, other, earlier.sbd)
    ]
    ready, same = _new(progress, found)
    return PriorPlan(ready=ready, same=same, refused=())


def commit_priors(
    store: Store, session: Session, plan: PriorPlan, *, source: str, reference: str, operator: Operator
) -> tuple[Receipt, ...]:
    """Commit passed components, at most 500 in an entry; raises StoreError."""
    receipts = []
    for start in range(0, len(plan.ready), _PER_ENTRY):
        body: dict[str, Any] = {
            "session": session.session_id,
            "source": clean_source(source),
            "reference": clean_source(reference),
            "passes": [each.as_body() for each in plan.ready[start : start + _PER_ENTRY]],
            **({"file": plan.sha256} if plan.sha256 else {}),
        }
        receipts.append(store.append("prior", body, operator=operator))
    return tuple(receipts)


def _require_keeping(session: Session) -> None:
    if session.rules.keep_years is None:
        raise PriorNotKeptError(rules=session.rules_id)


def _pass(row: TableRow, seat: Seat, progress: Progress, given: str) -> Pass:
    """Return what a row says that somebody passed; raises CellRefusedError."""
    session = progress.session
    try:
        text = row.text("component")
        component = session.rules.require_component(text).component_id if text or not given else given
    except UnknownComponentError as error:
        raise CellRefusedError("component", error) from None
    if component not in session.rules.components_of(seat.licence_class):
        raise CellRefusedError(
            "component", PriorComponentError(component=component, licence_class=seat.licence_class)
        )
    known = progress.log.results.get((seat.sbd, component))
    if known is not None:
        facts = {"sbd": seat.sbd, "component": component, "result": result_code(progress, known)}
        raise CellRefusedError("sbd", ResultExistsError(**facts, entry=known.newest.seq))
    passed_on = _day(row, session.day)
    until = session.rules.kept_until(passed_on)
    return Pass(
        row=row.number,
        sbd=seat.sbd,
        component=component,
        passed_on=passed_on,
        points_e2=_points(row, seat, progress, component),
        where=_where(row),
        expired=until is None or until < session.day,
    )


def require_day(text: str, latest: date) -> date:
    """Return a day that somebody passed on: day first, year first, or a spreadsheet's number.

    Raises PriorDateError for what is no whole date, and for a day after `latest`.
    """
    facts = {"value": text[:32], "day": latest.isoformat()}
    try:
        found = read_birth(text).value
    except CellError:
        raise PriorDateError(**facts) from None
    if found.month is None or found.day is None:
        raise PriorDateError(**facts)
    day = date(found.year, found.month, found.day)
    if day > latest:
        raise PriorDateError(**facts)
    return day


def _where(row: TableRow) -> str:
    """Return where it was passed; raises CellRefusedError of PersonalNumberError: it stands in the entry for ever."""
    try:
        return one_line(row.text("where"), MAX_WHERE)
    except PersonalNumberError as error:
        raise CellRefusedError("where", error) from None


def _day(row: TableRow, latest: date) -> date:
    """Return the day of a row; raises CellRefusedError of PriorDateError."""
    try:
        return require_day(row.text("passed_on"), latest)
    except PriorDateError as error:
        raise CellRefusedError("passed_on", error) from None


def _points(row: TableRow, seat: Seat, progress: Progress, component: str) -> int | None:
    """Return the points of a row, if they, and the word beside them, are a pass.

    The pass mark may have been another then, so that only what no rule takes for a pass is refused: a word that says
    failed or absent.
    """
    marks = progress.marks(seat.sbd, component)
    outcome, points = read_outcome(row), read_row_points(row, marks)
    for name in ("outcome", "points"):
        if outcome not in {None, Outcome.PASSED} and row.text(name):
            raise CellRefusedError(name, PriorNotPassedError(value=row.text(name)[:32], component=component))
    return points


def _passed_there(progress: Progress, sbd: str, other: Progress, there: str) -> Iterator[tuple[None, Pass]]:
    """Yield what somebody passed in another session, or had brought to it."""
    session = progress.session
    for component in session.rules.components_of(progress.seat(sbd).licence_class):
        if (sbd, component) in progress.log.results:
            continue
        result, kept = other.outcome(there, component), other.kept(there, component)
        day, points, where = other.session.day, None, ""
        if kept is not None:
            day, points, where = kept.passed_on, kept.points_e2, kept.where
        elif result is None or result.outcome is not Outcome.PASSED:
            continue
        else:
            points = result.points_e2
        until = session.rules.kept_until(day)
        yield (
            None,
            Pass(
                row=0,
                sbd=sbd,
                component=component,
                passed_on=day,
                points_e2=points,
                where=where,
                expired=until is None or until < session.day,
            ),
        )


def _once(
    table: Table, found: list[tuple[TableRow, Pass]]
) -> tuple[list[tuple[TableRow, Pass]], list[RowRefusal]]:
    """Return the rows that say something once, and the refusals of those that say it twice with different days."""
    rows: dict[tuple[str, str], list[tuple[TableRow, Pass]]] = defaultdict(list)
    for row, each in found:
        rows[each.sbd, each.component].append((row, each))
    refused = [
        CellRefusedError(
            "sbd", RowTwiceError(sbd=sbd, rows=" ".join(str(each.number) for each, _ in pair))
        ).at(table, row)
        for (sbd, _), pair in rows.items()
        if len(pair) > 1
        for row, _ in pair
    ]
    return [pair[0] for pair in rows.values() if len(pair) == 1], refused


def _new(
    progress: Progress, found: Iterable[tuple[TableRow | None, Pass]]
) -> tuple[tuple[Pass, ...], tuple[int, ...]]:
    """Return the passes that the log does not have yet, and the rows of those that it has."""
    ready, same = [], []
    for _, each in found:
        known = progress.log.kept.get((each.sbd, each.component))
        if known is not None and (known.passed_on, known.points_e2) == (each.passed_on, each.points_e2):
            same.append(each.row)
        else:
            ready.append(each)
    return tuple(ready), tuple(same)
