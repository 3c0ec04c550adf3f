"""Closing a session: the counts as they stand are committed, and nobody is checked in after that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sessions.course.board import Board
from sessions.course.day_errors import NotAPartError
from sessions.course.entries import SessionEntry, session_entries
from sessions.course.merge import missing_parts, require_merged
from sessions.course.parts import own_seats
from sessions.course.reconcile import totals, unsettled
from sessions.errors import SessionClosedError
from sessions.plain_text import one_line
from sessions.reader import LogReader
from sessions.record import Operator, Verdict
from sessions.session import Session
from sessions.store import Receipt, Store

_STATES: Final = {Verdict.ADMIT: "admitted", Verdict.REFER: "referred", Verdict.REFUSE: "refused"}
MAX_REASON: Final = 100
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
    was seen. One part of a session that several stations share counts its own candidates, and knows of nobody whether
    they are absent: there it is `not_seen`, until the other parts were merged.
    """
    entries = session_entries(store, session.session_id)
    whole = _is_whole(session, entries)
    listed = {seat.sbd for seat in (session.seats if whole else own_seats(session))}
    states: dict[str, str] = {}
    for entry in entries:
        if _lets_in(entry) and entry.body["sbd"] in listed and states.get(entry.body["sbd"]) != "admitted":
            states[entry.body["sbd"]] = _STATES[Verdict(entry.body["verdict"])]
    seen = {entry.body["sbd"] for entry in entries if entry.kind in _SEEN} & listed | set(states)
    found = list(states.values())
    candidates = len(session.seats) if whole else len(listed)
    return {
        "candidates": candidates,
        **{name: found.count(name) for name in _STATES.values()},
        "absent" if whole else "not_seen": candidates - len(seen),
        "attempts": sum(entry.kind == "attempt" for entry in entries),
    }


def _is_whole(session: Session, entries: Sequence[SessionEntry]) -> bool:
    """Whether this is everybody: a session of one station, or the one that all other parts were merged into."""
    return session.part is None or not (session.part.number > 1 or missing_parts(session, entries))


def _lets_in(entry: SessionEntry) -> bool:
    """Whether an entry is an attempt at coming in, of somebody on the list."""
    first = entry.body.get("purpose", "check-in") == "check-in"
    return entry.kind == "attempt" and first and "sbd" in entry.body


def totals_of(store: LogReader, session: Session) -> Mapping[str, Mapping[str, int]]:
    """Return what a close says by component: `listed` = `present` + `not_let_in` + `absent` + `excused`, and how
    those who are present were let in by persons. One part of a session has `not_seen` in place of `absent`.
    """
    board = Board(store, session)
    away = "absent" if _is_whole(session, board.entries) else "not_seen"
    found: dict[str, dict[str, int]] = {}
    for total in totals(board):
        if total.licence_class:
            continue
        rows = board.standings(total.component)
        found[total.component] = {
            "listed": total.listed,
            "present": total.present,
            "not_let_in": total.not_let_in,
            away: total.absent,
            "excused": total.excused,
            **{
                f"by_{how}": sum(row.how == how for row in rows) for how in ("override", "manual", "decision")
            },
        }
    return found


def close_session(store: Store, session: Session, *, operator: Operator, reason: str = "finished") -> Receipt:
    """Commit the close entry of a whole session.

    `reason` stands in the entry for ever. Raises PersonalNumberError, SessionClosedError, NotMergedError (parts are
    still at other stations), PartClosesError, StoreError.
    """
    said = one_line(reason, MAX_REASON) or "finished"
    require_open(store, session)
    require_merged(session, session_entries(store, session.session_id))
    return _close(store, session, {}, operator=operator, reason=said)


def close_part(store: Store, session: Session, *, operator: Operator) -> Receipt:
    """Commit the close entry of another station's part, at that station: who did not come was not seen, no more.

    Raises SessionClosedError, NotAPartError, StoreError.
    """
    require_open(store, session)
    if session.part is None or session.part.number == 1:
        raise NotAPartError(session=session.session_id)
    return _close(store, session, {"part": session.part.as_body()}, operator=operator, reason="handed-over")


def _close(
    store: Store, session: Session, part: Mapping[str, Any], *, operator: Operator, reason: str
) -> Receipt:
    body: dict[str, Any] = {
        "session": session.session_id,
        "reason": reason,
        **counts_of(store, session),
        **part,
    }
    body["totals"] = totals_of(store, session)
    left = [
        {"sbd": row.sbd, "component": row.component, "state": str(row.state)}
        for row in unsettled(Board(store, session))
    ]
    return store.append("close", body | ({"unsettled": left} if left else {}), operator=operator)
