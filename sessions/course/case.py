"""What the log says of one candidate at one component: what an exception may still change. Pure.

Beside the board (`states`), which says where everybody stands, this keeps what an exception is held against: every
attempt with its refusal, what was overridden or decided, who owes a proof.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from sessions.course.entries import SessionEntry
from sessions.course.errors import SuspendedError
from sessions.course.exception_errors import (
    AttemptUnknownError,
    CandidateUnknownError,
    FaceTriesLeftError,
)
from sessions.course.states import KEEPS_OUT, RECHECKS, note_consequence
from sessions.errors import ComponentNotListedError
from sessions.record import Verdict
from sessions.roster.model import Seat
from sessions.rules import Rules
from sessions.session import Session

HARD: Final = frozenset(
    {
        "card-access",
        "chip-open",
        "pa-keys",
        "chip-genuine",
        "pa-consistent",
        "pa-trusted",
        "face-capture",
    }
)
"""Checks whose failure speaks against card or station, and not only of a face."""
FACE: Final = "face-match"
PROVISIONAL: Final = "admitted-provisionally"


@dataclass(slots=True, kw_only=True)
class Case:
    """One candidate at one component. Lists are in order.

    `attempts` let in or not; `rechecks` look again at somebody who was let in (one of somebody who was not, whatever
    its purpose, is among the attempts); `overridden` and `decided` by attempt id; `admitted`: the entry that let the
    candidate in; `refusal`: the one that stands; `incidents`: id → consequence.
    """

    sbd: str
    component: str
    attempts: list[SessionEntry] = field(default_factory=list)
    rechecks: list[SessionEntry] = field(default_factory=list)
    overridden: dict[str, SessionEntry] = field(default_factory=dict)
    decided: dict[str, SessionEntry] = field(default_factory=dict)
    manuals: list[SessionEntry] = field(default_factory=list)
    moves: list[SessionEntry] = field(default_factory=list)
    incidents: dict[str, str] = field(default_factory=dict)
    admitted: SessionEntry | None = None
    refusal: SessionEntry | None = None

    @property
    def how(self) -> str:
        """How the candidate came in: "chip-face" (or another method), "override", "manual", "decision"; or ""."""
        if self.admitted is None:
            return ""
        kind = self.admitted.kind
        return str(self.admitted.body["method"]) if kind == "attempt" else kind

    @property
    def face_tries(self) -> int:
        """How often the face was compared and did not match: coming in, or of somebody who is in since then."""
        looks = self.attempts if self.admitted is None else self.rechecks
        return sum(1 for entry in looks if _failed(entry.body, FACE))

    @property
    def out(self) -> SessionEntry | None:
        """The exit after which the candidate did not come back, or None."""
        last: SessionEntry | None = None
        for entry in self.moves:
            if entry.kind == "exit":
                last = entry
            elif entry.body["outcome"] == "admitted":
                last = None
        return last

    @property
    def provisional(self) -> SessionEntry | None:
        """The admission on an undertaking whose proof is still owed, or None."""
        owed: SessionEntry | None = None
        for entry in self.manuals:
            owed = entry if entry.body["outcome"] == PROVISIONAL else None
        return owed

    def take(self, entry: SessionEntry) -> None:
        """Take in the next entry that names this candidate, and this component or none."""
        body = entry.body
        if entry.kind == "attempt":
            self._attempt(entry)
        elif entry.kind == "override":
            self.overridden[body["of"]] = entry
            self._let_in(entry, body["verdict"] == Verdict.ADMIT)
        elif entry.kind == "decision":
            self.decided[body["of"]] = entry
            self._let_in(entry, body["decided"] == "admitted")
            if body["decided"] == "admitted":
                self.refusal = None
        elif entry.kind == "manual":
            self.manuals.append(entry)
            self._let_in(entry, str(body["outcome"]).startswith("admitted"))
        elif entry.kind in {"exit", "re-entry"}:
            self.moves.append(entry)
        elif entry.kind == "incident":
            note_consequence(self.incidents, entry)

    def confirm(self, attempt: SessionEntry) -> None:
        """An attempt that named nobody was this candidate's: a refusal of it stands like any other."""
        if self.admitted is None:
            self.refusal = _standing(self.refusal, attempt, admits=False)

    def _attempt(self, entry: SessionEntry) -> None:
        again, admits = looks_again(entry.body), entry.body["verdict"] == Verdict.ADMIT
        if self.admitted is None:
            self.attempts.append(entry)
            self.refusal = _standing(self.refusal, entry, admits=admits and not again)
            self._let_in(entry, admits and not again)
        elif again:
            self.rechecks.append(entry)
            self.refusal = _standing(self.refusal, entry, admits=admits)
        else:
            self.attempts.append(entry)

    def _let_in(self, entry: SessionEntry, admits: bool) -> None:
        if admits and self.admitted is None:
            self.admitted, self.refusal = entry, None


def case_of(entries: Iterable[SessionEntry], sbd: str, component: str) -> Case:
    """Return what a session's entries say of one candidate at one component."""
    case = Case(sbd=sbd, component=component)
    tried: dict[str, str] = {}
    nobodys: dict[str, SessionEntry] = {}
    for entry in entries:
        body = entry.body
        if entry.kind == "attempt":
            tried[body["attempt"]] = body["component"]
            if "sbd" not in body and body["component"] == component:
                nobodys[body["attempt"]] = entry
        of_attempt = tried.get(body["of"], "") if entry.kind == "override" else component
        if body.get("sbd") == sbd and body.get("component", of_attempt) == component:
            meant = nobodys.get(body.get("attempt_of" if entry.kind == "incident" else "of", ""))
            if meant is not None:
                case.confirm(meant)
            case.take(entry)
    return case


def verdict_of(body: Mapping[str, Any]) -> Verdict:
    """Return what the machine decided: an attempt that was committed late was decided before."""
    late = body.get("late")
    return Verdict(late["verdict"] if isinstance(late, dict) else body["verdict"])


def refusal_of(case: Case) -> SessionEntry | None:
    """Return the refusal that stands, or None: the last one that no later attempt or decision took back; of somebody
    who is in, of the attempts that looked again since.

    A face that did not match is taken back by a later comparison that did not fail; nothing but an admission takes
    back a refused chip: another card, or none, does not make it good.
    """
    return case.refusal


def looks_again(body: Mapping[str, Any]) -> bool:
    """Whether an attempt or manual entry has the purpose of looking again at somebody who was let in."""
    return body.get("purpose", "check-in") in RECHECKS


def require_face_tried(case: Case, refusal: SessionEntry, rules: Rules) -> int:
    """Return how often the face was tried; raises FaceTriesLeftError where only the face failed, and may be tried
    again.
    """
    tries = case.face_tries
    if _by_face_alone(refusal.body) and tries < rules.face_tries:
        raise FaceTriesLeftError(tries=tries, left=rules.face_tries - tries)
    return tries


def require_candidate(session: Session, sbd: str) -> Seat:
    """Return the seat of a candidate who takes this component.

    Raises CandidateUnknownError, ComponentNotListedError.
    """
    for seat in session.seats:
        if not seat.erased and seat.sbd == sbd:
            if seat.components and session.component not in seat.components:
                raise ComponentNotListedError(sbd=sbd, component=session.component)
            return seat
    raise CandidateUnknownError(session=session.session_id)


def require_not_kept_out(case: Case) -> Case:
    """Return the case; raises SuspendedError while an incident's consequence keeps the candidate out."""
    for incident, consequence in case.incidents.items():
        if consequence in KEEPS_OUT:
            raise SuspendedError(incident=incident, consequence=consequence)
    return case


def find_attempt(entries: Iterable[SessionEntry], attempt_id: str) -> SessionEntry:
    """Return an attempt of the session made at this station; raises AttemptUnknownError."""
    for entry in entries:
        if entry.kind == "attempt" and entry.part is None and entry.body["attempt"] == attempt_id:
            return entry
    raise AttemptUnknownError


def _standing(standing: SessionEntry | None, entry: SessionEntry, *, admits: bool) -> SessionEntry | None:
    """Return which refusal stands after an attempt."""
    if admits:
        return None
    if standing is not None and not _by_face_alone(standing.body):
        return standing
    if verdict_of(entry.body) is Verdict.REFUSE:
        return entry
    return None if _compared(entry.body) else standing


def _failed(body: Mapping[str, Any], check: str) -> bool:
    row = body["checks"].get(check)
    return isinstance(row, dict) and row.get("outcome") == "failed"


def _compared(body: Mapping[str, Any]) -> bool:
    row = body["checks"].get(FACE)
    return isinstance(row, dict) and row.get("outcome") in {"passed", "indeterminate"}


def _by_face_alone(body: Mapping[str, Any]) -> bool:
    return _failed(body, FACE) and not any(_failed(body, name) for name in HARD)
