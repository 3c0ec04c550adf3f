"""The gate of a desk: may this candidate come in here, now, to this component; or, who is in, is it the same person?

Every refusal is an error with its own code; none of them is evidence against the candidate: a person decides.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from sessions.course.allocation import placed, places_of
from sessions.course.board import Board
from sessions.course.consent import require_consent
from sessions.course.draw import open_draws
from sessions.course.due import require_due
from sessions.course.entries import SessionEntry
from sessions.course.errors import DecidedError, NotYetAdmittedError, SuspendedError, WrongRoomError
from sessions.course.movement import RE_ENTRY, SPOT_CHECK
from sessions.course.parts import require_own_part
from sessions.course.states import KEEPS_OUT, Standing
from sessions.errors import AlreadyAdmittedError
from sessions.roster.model import Seat
from sessions.roster.names import comparison_key
from sessions.session import FirstAttempt

CHECK_IN: Final = "check-in"


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """One desk's gate. `room`: of this desk, where it serves one; `purpose`: why somebody is looked at."""

    board: Board
    room: str = ""
    purpose: str = CHECK_IN
    now: Callable[[], datetime] = _now

    def require_seat(self, seat: Seat) -> Seat:
        """Return the seat of somebody who belongs here and now.

        Raises OtherPartError, ConsentRefusedError, WrongRoomError, SuspendedError; of somebody who comes in LateError,
        ComponentEndedError, ComponentNotOwedError, ComponentBlockedError, ResultExistsError; of
        somebody who is to be looked at again NotYetAdmittedError.
        """
        self.board.refresh()
        session = self.board.session
        require_own_part(session, seat, self.board.entries)
        require_consent(self.board.entries, seat.sbd)
        standing = self.board.standing(seat.sbd)
        places = places_of(self.board.entries, session.component)
        self._require_room(placed(seat, places)[0])
        _require_not_suspended(standing)
        _require_not_decided(self.board.entries, standing)
        if self.purpose != CHECK_IN:
            return require_in(standing)
        if not standing.admitted:  # who is in already is told so by `require_first`
            require_due(session, self.board.entries, seat, self.now(), room=self.room)
        return seat

    def require_first(self, sbd: str) -> FirstAttempt:
        """Return evidence that a candidate was not let in before, or is to be looked at again.

        Raises AlreadyAdmittedError.
        """
        self.board.refresh()
        standing = self.board.standing(sbd)
        if self.purpose == CHECK_IN and standing.admitted and standing.entry is not None:
            raise AlreadyAdmittedError(sbd=sbd, entry=standing.entry.seq, at=standing.entry.at)
        return FirstAttempt(sbd=sbd, earlier_attempts=standing.attempts)

    def _require_room(self, room: str) -> None:
        """Raise WrongRoomError where the candidate's room is another than this desk's."""
        if self.room and room and comparison_key(self.room) != comparison_key(room):
            raise WrongRoomError(room=room, here=self.room)


def looked_at_for(standing: Standing, entries: Sequence[Any]) -> str:
    """Return why somebody who comes to a desk is looked at now: RE_ENTRY of whoever went out and is not back,
    SPOT_CHECK of whoever was drawn and nothing came of it yet, CHECK_IN of everybody else.
    """
    if not standing.admitted:
        return CHECK_IN
    if standing.out:
        return RE_ENTRY
    return SPOT_CHECK if standing.sbd in open_draws(entries, standing.component) else CHECK_IN


def require_in(standing: Standing) -> Seat:
    """Return the seat of somebody who was let in before; raises NotYetAdmittedError."""
    if not standing.admitted:
        raise NotYetAdmittedError(sbd=standing.sbd, component=standing.component)
    return standing.seat


def _require_not_decided(entries: Iterable[SessionEntry], standing: Standing) -> None:
    """Raise DecidedError where the chairman's last word on somebody was not to admit: no later look undoes that."""
    last: SessionEntry | None = None
    for entry in entries:
        if entry.kind == "decision" and entry.body["sbd"] == standing.sbd:
            last = entry if entry.body["component"] == standing.component else last
    if last is not None and last.body["decided"] != "admitted":
        raise DecidedError(sbd=standing.sbd, entry=last.seq)


def _require_not_suspended(standing: Standing) -> None:
    """Raise SuspendedError where an incident's consequence keeps somebody out."""
    for number, consequence in standing.incidents.items():
        if consequence in KEEPS_OUT:
            raise SuspendedError(incident=number, consequence=consequence)
