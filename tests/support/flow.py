"""A day as a list of steps: an event, and where the candidate then stands, or the code it is refused with.

The real store, gate, policy and board; only chip and camera are replaced by what their checks came to.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from proctor.checks import CheckName
from proctor.policy import decide as verdict_of
from sessions.course.board import Board
from sessions.course.gate import Gate
from sessions.course.progress import Progress
from sessions.course.results import read_progress
from sessions.course.states import State
from sessions.errors import NotOnRosterError, SessionsError
from sessions.record import Check, Operator, Outcome, Second
from sessions.roster.model import Seat
from sessions.roster.reading import read_roster
from sessions.rules import load_rules
from sessions.session import Session, create_session, load_session
from sessions.store import Store
from tests.support.sessions_station import Bench, check, record

TRAINEE = Operator(user_id="tap-huan", role="trainee")
SECOND = Second(user_id="giam-sat", role="trainee", proof="training")
DAY = date(2026, 11, 22)
GREY = {"face-match": (Outcome.INDETERMINATE, "face-grey-band")}
OTHER_FACE = {"face-match": (Outcome.FAILED, "face-mismatch")}
ALTERED = {"pa-consistent": (Outcome.FAILED, "pa-failed")}
CLONE = {"chip-genuine": (Outcome.FAILED, "aa-failed")}
NO_CARD = {"card-access": (Outcome.INDETERMINATE, "no-card")}
Broken = dict[str, tuple[Outcome, str]]


@dataclass
class Day:
    """One session and everything that happens in it; every step goes through the product's own calls."""

    bench: Bench
    store: Store
    session_id: str
    incidents: dict[str, str] = field(default_factory=dict)
    last: dict[tuple[str, str], str] = field(default_factory=dict)

    @classmethod
    def open(
        cls, bench: Bench, store: Store, roster: str, *, rules: str, components: Sequence[str], place: str
    ) -> Day:
        """Create a training session."""
        session = create_session(
            store,
            root_kind="training",
            roster=read_roster(roster.encode()),
            rules=load_rules(rules),
            component=components[0],
            components=components,
            place=place,
            day=DAY,
            operator=TRAINEE,
        )
        return cls(bench, store, session.session_id)

    def session(self, component: str = "") -> Session:
        """The session as it is now, at a component."""
        found = load_session(self.store, self.session_id)
        return found.at(component) if component else found

    def board(self, component: str = "") -> Board:
        """The board read anew."""
        return Board(self.store, self.session(component))

    @property
    def progress(self) -> Progress:
        """What everybody owes and has."""
        return read_progress(self.store, self.session())

    def seat(self, sbd: str) -> Seat | None:
        """The seat of a number, or None: a stranger."""
        return next((seat for seat in self.session().seats if seat.sbd == sbd), None)

    def attempt(self, sbd: str, component: str, *, room: str, purpose: str, broken: Broken) -> str:
        """One candidate at the desk; returns the verdict. The gate and the policy are the product's own."""
        checks = {name: check() for name in CheckName}
        for name, (outcome, code) in broken.items():
            checks[CheckName(name)] = check(outcome, code)
        seat = self.seat(sbd)
        refused = self._gate(seat, component, room, purpose)
        if refused is not None:
            name, code = refused
            checks[name] = check(Outcome.INDETERMINATE, code)
        rules = self.session().rules
        made = verdict_of(
            checks,
            required=rules.required,
            refuse_on_failed=rules.refuse_on_failed,
            chip_at_best=rules.chip_at_best,
        )
        self._commit(sbd if seat else None, component, purpose, checks, made)
        return made.verdict.value

    def _gate(
        self, seat: Seat | None, component: str, room: str, purpose: str
    ) -> tuple[CheckName, str] | None:
        """Which of the list's two checks the gate stops at, and its code."""
        if seat is None:
            return CheckName.ROSTER, NotOnRosterError.code
        now = self.bench.clock.at
        gate = Gate(board=self.board(component), room=room, purpose=purpose, now=lambda: now)
        try:
            gate.require_seat(seat)
        except SessionsError as error:
            return CheckName.ROSTER, error.code
        try:
            gate.require_first(seat.sbd)
        except SessionsError as error:
            return CheckName.DUPLICATE, error.code
        return None

    def _commit(
        self, sbd: str | None, component: str, purpose: str, checks: dict[CheckName, Check], made: Any
    ) -> None:
        name = str(uuid.uuid4())
        self.last[sbd or "", component] = name
        self.store.begin_attempt(
            name, session=self.session_id, component=component, operator=TRAINEE, sbd=sbd, purpose=purpose
        )
        changes: dict[str, Any] = {
            "attempt_id": name,
            "session_id": self.session_id,
            "component": component,
            "verdict": made.verdict,
            "reasons": made.reasons,
            "checks": checks,
            "chip_verdict": made.chip.value,
            "sbd": sbd,
            "operator": TRAINEE,
            "purpose": purpose,
        }
        seat = self.seat(sbd) if sbd else None
        identity = {} if seat is None else {"id_number": seat.id_number, "full_name": seat.full_name}
        self.store.append_attempt(record(1, **changes), {"identity": json.dumps(identity).encode()})


Event = Callable[[Day], Any]


@dataclass(frozen=True, kw_only=True)
class Step:
    """What happens, and what must hold after it: where who stands at which component, or the code of the refusal."""

    says: str
    does: Event
    who: str = ""
    at: str = ""
    stands: State | None = None
    refused: str = ""
    verdict: str = ""


def run(day: Day, steps: Sequence[Step]) -> None:
    """Do the steps in order; a step that does not come to what it says fails by its own words."""
    for number, step in enumerate(steps, 1):
        said, found = "", None
        try:
            found = step.does(day)
        except SessionsError as error:
            said = error.code
        assert said == step.refused, f"{number}. {step.says}: {said or 'no error'}"
        if step.verdict:
            assert found == step.verdict, f"{number}. {step.says}: {found}"
        if step.stands is not None:
            state = day.board(step.at).standing(step.who, step.at).state
            assert state is step.stands, f"{number}. {step.says}: {state}"
