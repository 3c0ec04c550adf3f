"""What each candidate owes, has passed, may take next, and comes to: components, results, passed components. Pure.

A station's own log is not assumed to know what somebody passed: it counts where the list says so (its column of
components), or a `prior` entry with its source, or a result of this session.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from functools import cached_property
from typing import Final, Self

from sessions.course.component_state import ComponentResult, MayTake, Missing, Status
from sessions.course.entries import SessionEntry
from sessions.course.errors import ComponentBlockedError, ComponentNotOwedError
from sessions.course.grading import CODES, Marks, Outcome, marks_of, points_of
from sessions.course.result_errors import ResultExistsError, SbdUnknownError
from sessions.course.result_log import Conflict, Kept, Recorded, ResultLog, read_results
from sessions.course.states import KEEPS_OUT, KINDS, Standing, apply
from sessions.course.totals import Totals, conflicts_of, count
from sessions.errors import ComponentNotListedError, SessionsError
from sessions.roster.model import Seat
from sessions.session import Session

__all__ = ["ComponentResult", "MayTake", "Missing", "Progress", "Status"]

_CANCELLED: Final = "cancelled"
_DONE: Final = frozenset({Status.PASSED, Status.TAKEN})
_NEVER_SAT: Final = frozenset({Status.ABSENT, Status.BLOCKED})


class Progress:
    """A session's candidates and their components, as its entries make them; entries added later need a new one."""

    def __init__(
        self, session: Session, log: ResultLog, standings: dict[tuple[str, str], Standing], *, closed: bool
    ) -> None:
        self.session, self.log, self.closed = session, log, closed
        self._standings = standings
        self._seats = {seat.sbd: seat for seat in session.seats if not seat.erased}
        self._taken_for = {
            text: session.rules.components_of(text)
            for text in {seat.licence_class for seat in self._seats.values()}
        }
        self._classes: dict[str, str] = {}
        self._owed: dict[str, tuple[str, ...]] = {}
        self._statuses: dict[tuple[str, str], Status] = {}
        self._marks: dict[tuple[str, str], Marks] = {}
        self._found: dict[tuple[str, str], ComponentResult | None] = {}

    @classmethod
    def of(cls, session: Session, entries: Iterable[SessionEntry], *, only: str | None = None) -> Self:
        """Return the progress of a session with these entries of it, in order, taken-over ones among them.

        `only`: what is asked is about this candidate alone, so that entries about others need not be read.
        """
        whole = tuple(entries)
        if only is not None:
            whole = tuple(entry for entry in whole if entry.body.get("sbd", only) == only)
        standings: dict[tuple[str, str], Standing] = {}
        seats = {seat.sbd: seat for seat in session.seats if not seat.erased}
        for entry in whole:
            if entry.kind in KINDS:
                for row in _meant(session, seats, standings, entry):
                    apply(row, entry)
        closed = any(
            entry.kind == "close" and entry.part is None and "part" not in entry.body for entry in whole
        )
        return cls(session, read_results(whole), standings, closed=closed)

    # -- one candidate ----------------------------------------------------------------------------

    def seat(self, sbd: str) -> Seat:
        """Return a candidate's row of the list; raises SbdUnknownError."""
        if sbd not in self._seats:
            raise SbdUnknownError(sbd=sbd)
        return self._seats[sbd]

    @property
    def sbds(self) -> tuple[str, ...]:
        """Every candidate number, in the list's order."""
        return tuple(self._seats)

    def licence_class(self, sbd: str) -> str:
        """Return the class as the rules write it, else as the list does; empty where it says none."""
        text = self.seat(sbd).licence_class
        if text not in self._classes:
            known = self.session.rules.licence_class(text)
            self._classes[text] = " ".join(text.split()) if known is None else known.class_id
        return self._classes[text]

    @property
    def classes(self) -> tuple[str, ...]:
        """Every class that somebody is listed for, the rules' order first."""
        found = {self.licence_class(sbd) for sbd in self._seats} - {""}
        order = list(self.session.rules.classes)
        return tuple(
            sorted(found, key=lambda name: (order.index(name) if name in order else len(order), name))
        )

    def marks(self, sbd: str, component: str) -> Marks:
        """Return maximum and pass mark of a component for a candidate's class."""
        key = (self.seat(sbd).licence_class, component)
        if key not in self._marks:
            self._marks[key] = marks_of(self.session.rules, component, key[0])
        return self._marks[key]

    def listed(self, sbd: str) -> tuple[str, ...]:
        """Return the session's components that the list names for a candidate (none named: all of the class)."""
        seat = self.seat(sbd)
        return tuple(name for name in self.session.components if self._is_listed(seat, name))

    def owed(self, sbd: str) -> tuple[str, ...]:
        """Return the components of this session that a candidate owes: listed, and not kept from before."""
        if sbd not in self._owed:
            self._owed[sbd] = tuple(name for name in self.listed(sbd) if self.kept(sbd, name) is None)
        return self._owed[sbd]

    def kept(self, sbd: str, component: str, day: date | None = None) -> Kept | None:
        """Return the component as passed before, where it still counts on a day (default: the session's)."""
        found = self.log.kept.get((sbd, component))
        on = day or self.session.day
        return None if found is None or not self.counts(found, on) else found

    def expired(self, sbd: str, component: str, day: date | None = None) -> Kept | None:
        """Return the component as passed before, where it does not count any more on a day."""
        found = self.log.kept.get((sbd, component))
        until = None if found is None else self.session.rules.kept_until(found.passed_on)
        return found if until is None or until < (day or self.session.day) else None

    def admitted(self, sbd: str, component: str) -> SessionEntry | None:
        """Return the entry by which somebody was let in to a component, or None."""
        standing = self._standings.get((sbd, component))
        return standing.entry if standing is not None and standing.admitted else None

    def came(self, sbd: str, component: str) -> bool:
        """Whether somebody was seen at a component, let in or not."""
        standing = self._standings.get((sbd, component))
        return standing is not None and standing.entry is not None

    def not_let_in(self, sbd: str, component: str) -> bool:
        """Whether somebody who counts as absent came, and was not let in."""
        return self.status(sbd, component) is Status.ABSENT and self.came(sbd, component)

    def outcome(self, sbd: str, component: str) -> ComponentResult | None:
        """Return a candidate's result of a component in this session, or None as long as there is none."""
        key = (sbd, component)
        if key not in self._found:
            self._found[key] = self._outcome(sbd, component)
        return self._found[key]

    def missing(self, sbd: str, component: str, day: date | None = None) -> Missing | None:
        """Return the first earlier component that has to be passed before this one; None: it is open."""
        rules, seat = self.session.rules, self.seat(sbd)
        if not rules.sequential:
            return None
        for earlier in self._taken_for[seat.licence_class]:
            if earlier == component:
                return None
            found = self._missing(seat, earlier, day or self.session.day)
            if found is not None:
                return found
        return None

    def status(self, sbd: str, component: str) -> Status:
        """Return where a candidate stands with a component."""
        key = (sbd, component)
        if key not in self._statuses:
            self._statuses[key] = self._status(self.seat(sbd), component)
        return self._statuses[key]

    def next(self, sbd: str) -> tuple[str, ...]:
        """Return the components that a candidate may take now."""
        return tuple(name for name in self.owed(sbd) if self.status(sbd, name) is Status.OPEN)

    def to_call(self, sbd: str, component: str) -> bool:
        """Whether a component is owed and may be taken, result or not: listed, not kept from before, not suspended,
        in sequential rules what comes before it passed.
        """
        standing = self._standings.get((sbd, component))
        if component not in self.owed(sbd) or self.missing(sbd, component) is not None:
            return False
        return standing is None or KEEPS_OUT.isdisjoint(standing.incidents.values())

    def waiting(self, component: str) -> int:
        """Return how many owe a component and wait for the result of one before it."""
        return sum(self.status(sbd, component) is Status.WAITING for sbd in self._seats)

    def require_may_take(self, sbd: str, component: str, day: date) -> MayTake:
        """Return evidence that a candidate may take a component on a day.

        Raises SbdUnknownError, ComponentNotListedError, ComponentNotOwedError (passed before, or just now),
        ResultExistsError, ComponentBlockedError.
        """
        seat = self.seat(sbd)
        if not self._is_listed(seat, component):
            raise ComponentNotListedError(sbd=sbd, component=component)
        kept = self.kept(sbd, component, day)
        if kept is not None:
            raise ComponentNotOwedError(component=component, passed_on=kept.passed_on.isoformat())
        result = self.outcome(sbd, component)
        if result is not None:
            raise self._already(result)
        missing = self.missing(sbd, component, day)
        if missing is not None:
            raise self._blocked(component, missing)
        return MayTake(sbd=sbd, component=component, warnings=self.warnings(sbd, day))

    def warnings(self, sbd: str, day: date | None = None) -> tuple[str, ...]:
        """Return what a person should look at: prior-expired, health-invalid, health-unknown, component-not-of-class,
        class-unknown, nothing-owed.
        """
        return tuple(self._warnings(self.seat(sbd), day or self.session.day))

    def code(self, sbd: str) -> str | None:
        """Return what a candidate comes to: DA, RO, VA, KH; None as long as that is open, or without pass marks.

        DA: everything owed is passed. RO: something owed is failed. VA: nothing owed was taken, and absent. KH: some of
        it was taken, and nothing failed.
        """
        states = [self.status(sbd, name) for name in self.owed(sbd)]
        if Status.FAILED in states:
            return self.code_of(Outcome.FAILED)
        if not states or Status.OPEN in states or Status.WAITING in states:
            return None
        if _NEVER_SAT.issuperset(states):
            return self.code_of(Outcome.ABSENT) if Status.ABSENT in states or self.closed else None
        if not _DONE.issuperset(states):
            return self.code_of(Outcome.INCOMPLETE)
        return None if Status.TAKEN in states else self.code_of(Outcome.PASSED)

    # -- all of them ------------------------------------------------------------------------------

    def totals(self, component: str | None = None, licence_class: str | None = None) -> Totals:
        """Return the counts of a component, or of the whole; of a class (as `classes` has it), or of everybody."""
        return count(self, component, licence_class)

    @cached_property
    def conflicts(self) -> tuple[Conflict, ...]:
        """Everything in the log that does not agree, by candidate, component and entry."""
        return conflicts_of(self)

    # -- how --------------------------------------------------------------------------------------

    def _is_listed(self, seat: Seat, component: str) -> bool:
        named = not seat.components or component in seat.components
        held = component in self.session.components
        return held and named and component in self._taken_for[seat.licence_class]

    def counts(self, kept: Kept, day: date) -> bool:
        """Whether a component passed before still counts on a day."""
        until = self.session.rules.kept_until(kept.passed_on)
        return until is not None and kept.passed_on <= day <= until

    def _status(self, seat: Seat, component: str) -> Status:
        if not self._is_listed(seat, component):
            return Status.NOT_LISTED
        if self.kept(seat.sbd, component) is not None:
            return Status.KEPT
        result = self.outcome(seat.sbd, component)
        if result is not None:
            return Status(result.outcome.value)
        missing = self.missing(seat.sbd, component)
        if missing is None:
            return Status.OPEN
        return Status.WAITING if missing.why == "no-result" else Status.BLOCKED

    def _outcome(self, sbd: str, component: str) -> ComponentResult | None:
        seat, record = self.seat(sbd), self.log.results.get((sbd, component))
        standing = self._standings.get((sbd, component))
        if standing is not None and _CANCELLED in standing.incidents.values():
            return self._result(sbd, component, Outcome.FAILED, record, cancelled=True)
        if record is not None:
            return self._result(sbd, component, self.graded(record), record)
        if not self.closed or (standing is not None and standing.admitted):
            return None
        if not self._is_listed(seat, component) or self.missing(sbd, component) is not None:
            return None
        return self._result(sbd, component, Outcome.ABSENT, None)

    def _result(
        self,
        sbd: str,
        component: str,
        outcome: Outcome,
        record: Recorded | None,
        *,
        cancelled: bool = False,
    ) -> ComponentResult:
        values = {} if record is None else record.values
        return ComponentResult(
            sbd=sbd,
            component=component,
            outcome=outcome,
            code=self.code_of(outcome),
            points_e2=points_of(values),
            marks=self.marks(sbd, component),
            critical_failed=bool(values.get("critical_failed", 0)),
            cancelled=cancelled,
            source="" if record is None else str(record.entry.body["source"]),
            entry=None if record is None else record.entry,
            corrections=() if record is None else record.corrections,
        )

    def graded(self, record: Recorded) -> Outcome:
        """Return what a result comes to by the rules; as stated without a pass mark or without points."""
        try:
            stated = Outcome(str(record.values.get("outcome")))
        except ValueError:
            return Outcome.INCOMPLETE
        marks, points = self.marks(record.sbd, record.component), points_of(record.values)
        if stated not in {Outcome.PASSED, Outcome.FAILED, Outcome.TAKEN} or points is None:
            return stated
        if marks.pass_e2 is None:
            return stated
        failed = bool(record.values.get("critical_failed", 0)) or points < marks.pass_e2
        return Outcome.FAILED if failed else Outcome.PASSED

    def _missing(self, seat: Seat, earlier: str, day: date) -> Missing | None:
        """Return what is missing of one earlier component of the class; None where it was passed."""
        if self.kept(seat.sbd, earlier, day) is not None:
            return None
        held = self._is_listed(seat, earlier)
        result = self.outcome(seat.sbd, earlier) if held else None
        if held:
            if result is not None and result.outcome is Outcome.PASSED:
                return None
            final = result is not None and result.outcome is not Outcome.TAKEN
            return Missing(component=earlier, why="not-passed" if final else "no-result")
        expired = self.expired(seat.sbd, earlier, day)
        if expired is not None:
            return Missing(component=earlier, why="expired", passed_on=expired.passed_on)
        by_list = seat.components and earlier not in seat.components  # the list itself says: not owed
        return None if by_list else Missing(component=earlier, why="unknown")

    def _already(self, result: ComponentResult) -> SessionsError:
        if result.outcome is Outcome.PASSED:
            return ComponentNotOwedError(component=result.component, passed_on=self.session.day.isoformat())
        entry = {} if result.entry is None else {"entry": result.entry.seq}
        word = result.code or result.outcome.value
        return ResultExistsError(sbd=result.sbd, component=result.component, result=word, **entry)

    def _blocked(self, component: str, missing: Missing) -> ComponentBlockedError:
        label = self.session.rules.components[missing.component].label
        return ComponentBlockedError(
            component=component, first=missing.component, first_label=label, why=missing.why
        )

    def _warnings(self, seat: Seat, day: date) -> Iterator[str]:
        rules = self.session.rules
        known = [name for (sbd, name) in self.log.kept if sbd == seat.sbd]
        if any(self.expired(seat.sbd, name, day) for name in known):
            yield "prior-expired"
        counted = rules.keep_needs_health and any(self.kept(seat.sbd, name, day) for name in known)
        if seat.health_valid == "no":
            yield "health-invalid"
        elif counted and not seat.health_valid:
            yield "health-unknown"
        if rules.classes and rules.licence_class(seat.licence_class) is None:
            yield "class-unknown"
        elif set(seat.components).difference(self._taken_for[seat.licence_class]):
            yield "component-not-of-class"
        if not self.owed(seat.sbd):
            yield "nothing-owed"

    def code_of(self, outcome: Outcome) -> str:
        """Return the rules' code of an outcome; empty where there is none."""
        return self.session.rules.result_codes.get(outcome.value, CODES.get(outcome, ""))


def _meant(
    session: Session,
    seats: dict[str, Seat],
    standings: dict[tuple[str, str], Standing],
    entry: SessionEntry,
) -> Iterator[Standing]:
    """Yield the rows that an entry speaks of: one, or all of a candidate where it names no component."""
    sbd = entry.body.get("sbd")
    if sbd not in seats:
        return
    component = entry.body.get("component")
    for name in session.components if component is None else (component,):
        key = (sbd, name)
        if key not in standings:
            standings[key] = Standing(seat=seats[sbd], component=name)
        yield standings[key]
