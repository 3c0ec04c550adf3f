"""The gate of a desk: may this candidate come in here, now, to this component; or, who is in, is it the same person?

Every refusal is an error with its own code; none of them is evidence against the candidate: a person decides.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from sessions.course.board import Board
from sessions.course.errors import NotYetAdmittedError, SuspendedError, WrongRoomError
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

        Raises WrongRoomError, SuspendedError, NotYetAdmittedError (of somebody who is to be looked at again), and
        SessionsError of the rules' order and times.
        """
        self.board.refresh()
        standing = self.board.standing(seat.sbd)
        self._require_room(seat)
        _require_not_suspended(standing)
        if self.purpose != CHECK_IN and not standing.admitted:
            raise NotYetAdmittedError(sbd=seat.sbd, component=standing.component)
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

    def _require_room(self, seat: Seat) -> None:
        if self.room and seat.room and comparison_key(self.room) != comparison_key(seat.room):
            raise WrongRoomError(room=seat.room, here=self.room)


def _require_not_suspended(standing: Standing) -> None:
    """Raise SuspendedError where an incident's consequence keeps somebody out."""
    for number, consequence in standing.incidents.items():
        if consequence in KEEPS_OUT:
            raise SuspendedError(incident=number, consequence=consequence)
