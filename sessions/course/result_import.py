"""A file of one component's results: what can be entered, what the log has already, which rows are refused and why."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import Final

from sessions.course.progress import Progress
from sessions.course.result_errors import ResultExistsError, ResultMissingError, RowTwiceError
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
    read_critical,
    read_outcome,
    read_row_points,
)
from sessions.course.result_table import Table, TableRow, read_table
from sessions.course.results import Given, Ready, enter, require_result, require_values, same_result
from sessions.errors import SessionsError
from sessions.record import Operator
from sessions.session import Session
from sessions.store import Receipt, Store

MAX_NOTE: Final = 200
COLUMNS: Final = {
    "sbd": SBD_NAMES,
    "points": POINTS_NAMES,
    "outcome": OUTCOME_NAMES,
    "critical": (
        "liệt",
        "điểm liệt",
        "câu liệt",
        "câu điểm liệt",
        "câu hỏi điểm liệt",
        "sai câu liệt",
        "sai câu điểm liệt",
        "critical",
        "critical failed",
    ),
    "note": ("ghi chú", "nhận xét", "note", "remark"),
    "name": NAME_NAMES,
    "number": NUMBER_NAMES,
}
NEEDED: Final = (frozenset({"sbd"}), frozenset({"points", "outcome"}))
_BLAMED: Final = {
    "points-above-maximum": "points",
    "points-not-whole": "points",
    "points-negative": "points",
    "critical-not-asked": "critical",
    "no-pass-mark": "outcome",
    "points-needed": "points",
    "outcome-differs": "outcome",
}
"""Which cell an error of the rules is about; any other is about the candidate."""
_OTHER: Final = {"points": "outcome", "outcome": "points"}
"""Where it stands in a file that has only one of the two."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadyRow:
    """A row that can be entered."""

    row: int
    ready: Ready


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultPlan:
    """What a file comes to. `same`: rows whose result the log has already, just so. `sha256` is the file's."""

    component: str
    ready: tuple[ReadyRow, ...]
    same: tuple[int, ...]
    refused: tuple[RowRefusal, ...]
    sha256: str


def plan_import(progress: Progress, component: str, data: bytes) -> ResultPlan:
    """Return what a file of a component's results comes to; nothing is written. Raises TableUnreadableError."""
    table = read_table(data, COLUMNS, needed=NEEDED)
    candidates = Candidates(progress)
    read: list[tuple[TableRow, Given]] = []
    refused: list[RowRefusal] = []
    for row in table.rows:
        if is_foot(row):
            continue
        try:
            read.append((row, _given(row, candidates, progress, component)))
        except CellRefusedError as error:
            refused.append(error.at(table, row))
    once, twice = _once(table, read)
    refused += twice
    ready: list[ReadyRow] = []
    same: list[int] = []
    for row, given in once:
        try:
            found = _ready(row, given, progress)
        except CellRefusedError as error:
            refused.append(error.at(table, row))
            continue
        if found is None:
            same.append(row.number)
        else:
            ready.append(ReadyRow(row=row.number, ready=found))
    refused.sort(key=lambda each: each.row)
    return ResultPlan(
        component=component, ready=tuple(ready), same=tuple(same), refused=tuple(refused), sha256=table.sha256
    )


def commit_import(
    store: Store, session: Session, plan: ResultPlan, *, source: str, batch: str, operator: Operator
) -> tuple[Receipt, ...]:
    """Enter every row that can be; raises StoreError. Cut short, the same file goes on where it stopped."""
    return tuple(
        enter(store, session, row.ready, source=source, operator=operator, batch=batch, file=plan.sha256)
        for row in plan.ready
    )


def _given(row: TableRow, candidates: Candidates, progress: Progress, component: str) -> Given:
    """Return what a row says; raises CellRefusedError."""
    seat = candidates.require(row)
    given = Given(
        sbd=seat.sbd,
        component=component,
        points_e2=read_row_points(row, progress.marks(seat.sbd, component)),
        outcome=read_outcome(row),
        critical_failed=read_critical(row),
        note=row.text("note")[:MAX_NOTE],
    )
    if given.points_e2 is None and given.outcome is None and not given.critical_failed:
        raise CellRefusedError("points" if "points" in row.cells else "outcome", ResultMissingError())
    return given


def _once(
    table: Table, read: list[tuple[TableRow, Given]]
) -> tuple[list[tuple[TableRow, Given]], list[RowRefusal]]:
    """Return the rows whose candidate is in the file once, and the refusals of all the others."""
    rows = defaultdict(list)
    for row, given in read:
        rows[given.sbd].append(row)
    refused = [
        CellRefusedError("sbd", RowTwiceError(sbd=sbd, rows=" ".join(str(each.number) for each in found))).at(
            table, row
        )
        for sbd, found in rows.items()
        if len(found) > 1
        for row in found
    ]
    return [(row, given) for row, given in read if len(rows[given.sbd]) == 1], refused


def _ready(row: TableRow, given: Given, progress: Progress) -> Ready | None:
    """Return the result of a row, or None where the log has just that already; raises CellRefusedError."""
    try:
        return require_result(progress, given)
    except ResultExistsError as known:
        try:
            if same_result(progress, require_values(progress, replace(given, note=""))):
                return None
        except SessionsError as error:
            raise _refused(error, row) from None
        raise _refused(known, row) from None
    except SessionsError as error:
        raise _refused(error, row) from None


def _refused(error: SessionsError, row: TableRow) -> CellRefusedError:
    name = _BLAMED.get(error.code, "sbd")
    if name not in row.cells and name in _OTHER:
        name = _OTHER[name]
    return CellRefusedError(name, error)
