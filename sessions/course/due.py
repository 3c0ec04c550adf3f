"""What no look at a person settles: whose desk, which room, when, and whether the component is owed now."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sessions.course.allocation import placed, places_of
from sessions.course.calls import require_in_time
from sessions.course.entries import SessionEntry
from sessions.course.errors import WrongRoomError
from sessions.course.parts import require_own_part
from sessions.course.progress import Progress
from sessions.roster.model import Seat
from sessions.roster.names import comparison_key
from sessions.session import Session


def require_due(
    session: Session, entries: Sequence[SessionEntry], seat: Seat, now: datetime, *, room: str = ""
) -> Seat:
    """Return the seat of somebody who may come in to the session's component at this desk, at that time.

    `room`: of the desk, where it serves one. Raises OtherPartError, WrongRoomError, ComponentNotListedError,
    ComponentNotOwedError, ComponentBlockedError, ResultExistsError, LateError, ComponentEndedError.
    """
    require_own_part(session, seat, entries)
    places = places_of(entries, session.component)
    theirs = placed(seat, places)[0]
    if room and theirs and comparison_key(room) != comparison_key(theirs):
        raise WrongRoomError(room=theirs, here=room)
    progress = Progress.of(session, entries, only=seat.sbd)
    progress.require_may_take(seat.sbd, session.component, session.day)
    return require_in_time(session, entries, session.component, now, seat, places=places)
