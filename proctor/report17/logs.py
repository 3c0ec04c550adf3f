"""The sessions of a log, for whoever counts over many of them."""

from collections.abc import Iterator
from datetime import date

from proctor.report17.source import Source, classes_of
from sessions.checkpoint import station_of
from sessions.course.entries import session_entries
from sessions.reader import Entry, LogReader
from sessions.session import load_session


def days_of(opened: Entry) -> date:
    """Return the day that a session was opened for."""
    return date.fromisoformat(opened.body["day"])


def sources_of_log(store: LogReader, since: date, until: date) -> Iterator[Source]:
    """Yield every session of a log whose day is among these, closed or not. Raises SessionsError."""
    for opened in store.entries("open"):
        if since <= days_of(opened) <= until:
            yield source_of_session(store, opened.body["session"])


def source_of_session(store: LogReader, session_id: str) -> Source:
    """Return one session of a log. Raises UnknownSessionError, StoreAlteredError."""
    session = load_session(store, session_id)
    entries = session_entries(store, session_id)
    merges = [entry.body for entry in entries if entry.kind == "merge"]
    return Source(
        station=station_of(store.origin),
        session=session_id,
        kind=session.kind,
        day=session.day,
        place=session.place,
        entries=entries,
        components=session.components,
        classes=classes_of(session.seats, session.rules),
        rules=session.rules,
        size=store.head().size,
        merged=tuple((station_of(body["part_origin"]), f"{session_id}-p{body['part']}") for body in merges),
        part=session.part is not None and session.part.number > 1,
    )
