"""Calling a component: who is called, when it starts, who is late."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from sessions.course.allocation import Place, placed
from sessions.course.day_errors import ComponentEndedError
from sessions.course.entries import SessionEntry
from sessions.course.errors import LateError
from sessions.course.progress import Progress, Status
from sessions.record import Operator, format_utc, parse_utc
from sessions.roster.model import Seat
from sessions.roster.names import comparison_key
from sessions.session import Session
from sessions.store import Receipt, Store
from sessions.vietnam import VIETNAM

CALLED: Final = "called"
STARTED: Final = "started"
ENDED: Final = "ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class Called:
    """One candidate on a call list, with the room (or car) and seat that count."""

    seat: Seat
    room: str
    place: str


def call_list(
    session: Session,
    entries: Sequence[SessionEntry],
    component: str,
    places: Mapping[str, Place],
    *,
    seen: Iterable[str] = (),
    room: str = "",
    limit: int | None = None,
) -> tuple[Called, ...]:
    """Return who is to be called next: in the list's order, owing the component and free to take it now, not called
    before, not seen yet, of this station's part.

    `seen`: who was at the desk already. `room`: of one room only; with it they come by seat.
    """
    gone = {sbd for entry in _of(entries, component, CALLED) for sbd in entry.body["called"]} | set(seen)
    progress = Progress.of(session, entries)
    found = []
    for seat in session.seats:
        if seat.erased or seat.sbd in gone or not progress.to_call(seat.sbd, component):
            continue
        if progress.status(seat.sbd, component) is not Status.OPEN:
            continue
        if session.part is not None and seat.part != str(session.part.number):
            continue
        where, at = placed(seat, places)
        if not room or comparison_key(where) == comparison_key(room):
            found.append(Called(seat=seat, room=where, place=at))
    if room and any(called.place for called in found):
        found.sort(key=lambda called: (len(called.place), called.place))
    return tuple(found[:limit])


def commit_call(
    store: Store, session: Session, component: str, sbds: Sequence[str], *, room: str, operator: Operator
) -> Receipt:
    """Commit that these candidates were called."""
    body = _body(session, component, CALLED, room) | {"called": list(sbds)}
    return store.append("component", body, operator=operator)


def commit_start(
    store: Store, session: Session, component: str, starts: datetime, *, room: str, operator: Operator
) -> Receipt:
    """Commit when a component starts: latecomers are counted from then. `starts`: UTC."""
    body = _body(session, component, STARTED, room) | {"starts_at": format_utc(starts)}
    return store.append("component", body, operator=operator)


def commit_end(store: Store, session: Session, component: str, *, room: str, operator: Operator) -> Receipt:
    """Commit that a component ended: nobody comes in any more."""
    return store.append("component", _body(session, component, ENDED, room), operator=operator)


def _body(session: Session, component: str, event: str, room: str) -> dict[str, Any]:
    body = {"session": session.session_id, "component": component, "event": event}
    return body | ({"room": room} if room else {})


def starts_at(day: date, text: str) -> datetime | None:
    """Return the UTC time of "08:30" (or "8h30") on the session's day in Vietnam; None for anything else."""
    hours, _, minutes = text.strip().lower().replace("h", ":").partition(":")
    if not (hours.isascii() and hours.isdigit() and minutes.isascii() and minutes.isdigit()):
        return None
    try:
        return datetime.combine(day, time(int(hours), int(minutes)), VIETNAM)
    except ValueError:
        return None


def started_at(entries: Iterable[SessionEntry], component: str, room: str = "") -> datetime | None:
    """Return when a component starts in a room: what was said of that room last, else of all rooms; None: not yet."""
    found = _last(entries, component, STARTED, room)
    return None if found is None else parse_utc(found.body["starts_at"])


def require_in_time(
    session: Session,
    entries: Sequence[SessionEntry],
    component: str,
    now: datetime,
    seat: Seat,
    *,
    places: Mapping[str, Place] | None = None,
) -> Seat:
    """Return a seat whose holder comes in time for a component.

    Late is later than the rules' minutes after the start; a component that was not started yet, and rules without
    such minutes, have nobody late. Raises LateError (facts `minutes` since the start, `limit`), ComponentEndedError.
    """
    room = placed(seat, places or {})[0]
    ended = _last(entries, component, ENDED, room)
    begun = _last(entries, component, STARTED, room)
    if ended is not None and (begun is None or begun.at < ended.at):
        raise ComponentEndedError(component=component, at=ended.at)
    limit = session.rules.late_minutes
    if begun is None or limit is None:
        return seat
    late = now - parse_utc(begun.body["starts_at"])
    if late > timedelta(minutes=limit):
        raise LateError(minutes=int(late.total_seconds() // 60), limit=limit)
    return seat


def _last(entries: Iterable[SessionEntry], component: str, event: str, room: str) -> SessionEntry | None:
    """Return the last such entry of this room or of all rooms; one of the room itself comes first."""
    found = [*_of(entries, component, event)]
    key = comparison_key(room)
    here = [entry for entry in found if "room" in entry.body and comparison_key(entry.body["room"]) == key]
    every = [entry for entry in found if "room" not in entry.body]
    latest = here or every
    return latest[-1] if latest else None


def _of(entries: Iterable[SessionEntry], component: str, event: str) -> Iterable[SessionEntry]:
    return (
        entry
        for entry in entries
        if entry.kind == "component" and (entry.body["component"], entry.body["event"]) == (component, event)
    )
