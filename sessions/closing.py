"""Closing a session: the counts as they stand are committed, and nobody is checked in after that."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from sessions.errors import SessionClosedError
from sessions.record import Operator
from sessions.session import Session, State, roll
from sessions.store import Receipt, Store


def is_closed(store: Store, session_id: str) -> bool:
    """Whether a session has its close entry."""
    return bool(store.entries("close", session_id))


def require_open(store: Store, session: Session) -> Session:
    """Return a session that was not closed; raises SessionClosedError."""
    closed = store.entries("close", session.session_id)
    if closed:
        raise SessionClosedError(session=session.session_id, at=closed[0].body["at"])
    return session


def counts_of(store: Store, session: Session) -> Mapping[str, int]:
    """Return the counts of a close entry: candidates by state, and the attempts that belong to the session."""
    states = Counter(row.state for row in roll(store, session))
    return {
        "candidates": len(session.seats),
        "admitted": states[State.ADMITTED],
        "referred": states[State.REFERRED],
        "refused": states[State.REFUSED],
        "absent": states[State.NOT_SEEN],
        "attempts": len(store.entries("attempt", session.session_id)),
    }


def close_session(store: Store, session: Session, *, operator: Operator, reason: str = "finished") -> Receipt:
    """Commit the close entry; raises SessionClosedError, StoreError."""
    require_open(store, session)
    body = {"session": session.session_id, "reason": reason, **counts_of(store, session)}
    return store.append("close", body, operator=operator)
