"""Where a candidate stands at one component, and what each entry of the log makes of it. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from sessions.course.entries import SessionEntry
from sessions.record import Verdict
from sessions.roster.model import Seat


class State(StrEnum):
    """Where a candidate stands at a component. ABSENT exists only once the session was closed."""

    NOT_SEEN = "not-seen"
    IN_CHECK = "in-check"
    ADMITTED = "admitted"
    REFERRED = "referred"
    REFUSED = "refused"
    WRONG_ROOM = "wrong-room"
    LATE = "late"
    DUPLICATE = "duplicate"
    MANUAL = "manual"
    DECIDED = "decided"
    OUT = "out"
    BACK = "back"
    SUSPENDED = "suspended"
    ABSENT = "absent"
    ERASED = "erased"


KEEPS_OUT: Final = frozenset({"suspended", "cancelled", "removed"})
"""Consequences of an incident after which somebody is no longer in."""
RECHECKS: Final = frozenset({"component-start", "re-entry", "spot-check", "watch"})
"""Purposes of an attempt that looks again at somebody who was let in; any other lets in. Of somebody who was not, it
is an attempt like any other, but for an ADMIT, which is no more than a referral.
"""
_BY_REASON: Final[tuple[tuple[frozenset[str], State], ...]] = (
    (frozenset({"wrong-room", "other-part"}), State.WRONG_ROOM),
    (frozenset({"too-late"}), State.LATE),
    (frozenset({"already-admitted", "admitted-elsewhere"}), State.DUPLICATE),
    (frozenset({"candidate-suspended"}), State.SUSPENDED),
)
_BY_VERDICT: Final = {
    Verdict.ADMIT: State.ADMITTED,
    Verdict.REFER: State.REFERRED,
    Verdict.REFUSE: State.REFUSED,
}


@dataclass(slots=True, kw_only=True, eq=False)
class Standing:
    """One candidate at one component.

    `admitted`: let in, and `how`: "chip-face", "override", "manual", "decision", or "". `entry` is what decided (None:
    nobody was seen), `verdict`, `reasons`, `chip_verdict` those of the deciding attempt, which no override changes.
    `attempts` at the desk, `tries` of the face that did not match, `duplicates` after somebody was let in, `rechecks`
    with their verdicts. `second` is the second person's object, if the admission needed one. `incidents`: id →
    consequence.
    """

    seat: Seat
    component: str
    state: State = State.NOT_SEEN
    admitted: bool = False
    how: str = ""
    entry: SessionEntry | None = field(default=None, repr=False)
    attempt: SessionEntry | None = field(default=None, repr=False)
    attempts: int = 0
    tries: int = 0
    duplicates: int = 0
    rechecks: list[tuple[str, str, str]] = field(default_factory=list)
    incidents: dict[str, str] = field(default_factory=dict)
    out: bool = False
    been_out: bool = False

    @property
    def sbd(self) -> str:
        """The candidate number."""
        return self.seat.sbd

    @property
    def at(self) -> str | None:
        """When what decided was committed (UTC, as stored)."""
        return None if self.entry is None else self.entry.at

    @property
    def seq(self) -> int | None:
        """The number of the entry that decided, in the log it stands in."""
        return None if self.entry is None else self.entry.seq

    @property
    def verdict(self) -> Verdict | None:
        """The machine's last verdict on this candidate at this component."""
        return None if self.attempt is None else Verdict(self.attempt.body["verdict"])

    @property
    def reasons(self) -> tuple[str, ...]:
        """The codes of that verdict."""
        return () if self.attempt is None else tuple(self.attempt.body["reasons"])

    @property
    def chip_verdict(self) -> str:
        """What was said of the chip."""
        return "" if self.attempt is None else str(self.attempt.body["chip_verdict"])

    @property
    def operator(self) -> Mapping[str, str] | None:
        """Who made the entry that decided: id and role."""
        return None if self.entry is None else self.entry.body["operator"]

    @property
    def second(self) -> Mapping[str, str] | None:
        """The second person of the entry that decided, if it has one: id, role, proof."""
        return None if self.entry is None else self.entry.body.get("second")

    @property
    def weak(self) -> bool:
        """Whether the second person's presence was proven by a password alone."""
        return self.second is not None and self.second["proof"] == "password"

    @property
    def part(self) -> int | None:
        """The other station's part that the deciding entry came from."""
        return None if self.entry is None else self.entry.part


def apply(standing: Standing, entry: SessionEntry) -> None:
    """Let an entry that names this candidate (and this component, or none) change where the candidate stands."""
    step = _STEPS.get(entry.kind)
    if step is not None:
        step(standing, entry)
        standing.state = _state(standing)


def close(standing: Standing) -> None:
    """Nobody comes any more: who was not seen is absent."""
    if standing.state is State.NOT_SEEN:
        standing.state = State.ABSENT


def unbegin(standing: Standing) -> None:
    """An attempt that began with this candidate's number turned out to be another's, or nobody's."""
    if standing.entry is not None and standing.entry.kind == "begin":
        standing.entry = None
        standing.state = _state(standing)


def _begin(standing: Standing, entry: SessionEntry) -> None:
    if not standing.admitted and standing.entry is None:
        standing.entry = entry


def _attempt(standing: Standing, entry: SessionEntry) -> None:
    body = entry.body
    standing.attempts += 1
    if body["checks"].get("face-match", {}).get("outcome") == "failed":
        standing.tries += 1
    again = body.get("purpose", "check-in") in RECHECKS
    if standing.admitted:
        if again:
            standing.rechecks.append((body["purpose"], body["verdict"], body["attempt"]))
        else:
            standing.duplicates += 1
        return
    if _refused_still(standing, body):
        return
    standing.entry = entry
    if again and body["verdict"] == Verdict.ADMIT:  # nobody comes in by a look at those who are in
        return
    standing.attempt = entry
    if body["verdict"] == Verdict.ADMIT:
        _let_in(standing, entry, body["method"])


def _refused_still(standing: Standing, body: Mapping[str, Any]) -> bool:
    """Whether a refusal stands although somebody came again: nobody was compared, or the chairman had said no."""
    if standing.attempt is None or standing.attempt.body["verdict"] != Verdict.REFUSE:
        return False
    compared = body["checks"].get("face-match", {}).get("outcome") != "not-performed"
    undone = body["verdict"] == Verdict.REFER and ("decided-not-admitted" in body["reasons"] or not compared)
    return bool(undone)


def _override(standing: Standing, entry: SessionEntry) -> None:
    if entry.body["verdict"] == Verdict.ADMIT:
        _let_in(standing, entry, "override")


def _decision(standing: Standing, entry: SessionEntry) -> None:
    if entry.body["decided"] == "admitted":
        _let_in(standing, entry, "decision")


def _manual(standing: Standing, entry: SessionEntry) -> None:
    if str(entry.body["outcome"]).startswith("admitted"):
        _let_in(standing, entry, "manual")
    elif not standing.admitted:
        standing.entry = entry


def _let_in(standing: Standing, entry: SessionEntry, how: str) -> None:
    """The first way in counts; what comes after it does not change how somebody came in."""
    if not standing.admitted:
        standing.admitted, standing.how, standing.entry = True, how, entry


def _exit(standing: Standing, _entry: SessionEntry) -> None:
    if standing.admitted:
        standing.out = standing.been_out = True


def _re_entry(standing: Standing, entry: SessionEntry) -> None:
    if entry.body["outcome"] == "admitted":
        standing.out = False


def _incident(standing: Standing, entry: SessionEntry) -> None:
    note_consequence(standing.incidents, entry)


def note_consequence(incidents: dict[str, str], entry: SessionEntry) -> None:
    """Note what follows from an incident by now; what stands already nobody changes without a second person."""
    body: Mapping[str, Any] = entry.body
    number = str(body.get("incident", entry.seq))
    if number not in incidents or "second" in body:
        incidents[number] = str(body.get("consequence", incidents.get(number, "")))


_STEPS: Final[Mapping[str, Callable[[Standing, SessionEntry], None]]] = {
    "begin": _begin,
    "attempt": _attempt,
    "override": _override,
    "decision": _decision,
    "manual": _manual,
    "exit": _exit,
    "re-entry": _re_entry,
    "incident": _incident,
}
KINDS: Final = frozenset(_STEPS)
"""The kinds of entries that change where somebody stands."""
_HOW: Final = {"manual": State.MANUAL, "decision": State.DECIDED}


def _state(standing: Standing) -> State:
    """Return the state that everything so far comes to."""
    if KEEPS_OUT.intersection(standing.incidents.values()):
        return State.SUSPENDED
    if standing.admitted:
        if standing.out:
            return State.OUT
        return State.BACK if standing.been_out else _HOW.get(standing.how, State.ADMITTED)
    if standing.entry is None:
        return State.NOT_SEEN
    if standing.entry.kind == "begin":
        return State.IN_CHECK
    return State.REFERRED if standing.attempt is None else _of_attempt(standing.attempt.body)


def _of_attempt(body: Mapping[str, Any]) -> State:
    """Return what an attempt that let nobody in comes to."""
    verdict = Verdict(body["verdict"])
    if verdict is Verdict.REFER:
        for codes, state in _BY_REASON:
            if codes.intersection(body["reasons"]):
                return state
    return _BY_VERDICT[verdict]
