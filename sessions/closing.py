"""Closing a session: the counts as they stand are committed, and nobody is checked in after that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sessions.course.board import Board
from sessions.course.entries import SessionEntry, session_entries
from sessions.errors import SessionClosedError
from sessions.reader import LogReader
from sessions.record import Operator, Verdict
from sessions.session import Session
from sessions.store import Receipt, Store

_STATES: Final = {Verdict.ADMIT: "admitted", Verdict.REFER: "referred", Verdict.REFUSE: "refused"}
_SEEN: Final = frozenset({"override", "manual", "decision"})
"""Kinds that see a candidate whom no attempt may have named."""


def is_closed(store: LogReader, session_id: str) -> bool:
    """Whether a session has its close entry."""
    return bool(store.entries("close", session_id))


def require_open(store: LogReader, session: Session) -> Session:
    """Return a session that was not closed; raises SessionClosedError."""
    closed = store.entries("close", session.session_id)
    if closed:
        raise SessionClosedError(session=session.session_id, at=closed[0].body["at"])
    return session


def counts_of(store: LogReader, session: Session) -> Mapping[str, int]:
    """Return the counts of a close entry: candidates by the machine's verdict on them, whatever the component, who
    was not seen, and the attempts.

    An admission counts, whatever came after it; otherwise the last verdict. Who was let in by a person alone
    was seen. One part of a session that several stations share knows of nobody whether they are absent: there
    it is `not_seen`, until the other parts were merged.
    """
    entries = session_entries(store, session.session_id)
    states: dict[str, str] = {}
    for entry in entries:
        if _lets_in(entry) and states.get(entry.body["sbd"]) != "admitted":
            states[entry.body["sbd"]] = _STATES[Verdict(entry.body["verdict"])]
    seen = {entry.body["sbd"] for entry in entries if entry.kind in _SEEN} | set(states)
    found = list(states.values())
    return {
        "candidates": len(session.seats),
        **{name: found.count(name) for name in _STATES.values()},
        "absent" if _is_whole(session, entries) else "not_seen": len(session.seats) - len(seen),
        "attempts": sum(entry.kind == "attempt" for entry in entries),
    }


def _is_whole(session: Session, entries: Sequence[SessionEntry]) -> bool:
    """Whether this is everybody: a session of one station, or one whose other parts were all merged."""
    return session.part is None or sum(entry.kind == "merge" for entry in entries) == session.part.of - 1


def _lets_in(entry: SessionEntry) -> bool:
    """Whether an entry is an attempt at coming in, of somebody on the list."""
    first = entry.body.get("purpose", "check-in") == "check-in"
    return entry.kind == "attempt" and first and "sbd" in entry.body


def totals_of(store: LogReader, session: Session) -> Mapping[str, Mapping[str, int]]:
    """Return, by component, how many are `listed`, `present`, in each state, and let in in each way."""
    board = Board(store, session)
    totals: dict[str, dict[str, int]] = {}
    for component in session.components:
        rows = board.standings(component)
        ways = {
            f"by_{how}": sum(row.how == how for row in rows) for how in ("override", "manual", "decision")
        }
        totals[component] = {
            "listed": len(rows),
            "present": sum(row.admitted for row in rows),
            **{str(state): count for state, count in board.counts(component).items() if count},
            **ways,
        }
    return totals


def close_session(store: Store, session: Session, *, operator: Operator, reason: str = "finished") -> Receipt:
    """Commit the close entry; raises SessionClosedError, StoreError."""
    require_open(store, session)
    body: dict[str, Any] = {"session": session.session_id, "reason": reason, **counts_of(store, session)}
    if session.part is not None:
        body["part"] = session.part.as_body()
    body["totals"] = totals_of(store, session)
    return store.append("close", body, operator=operator)
