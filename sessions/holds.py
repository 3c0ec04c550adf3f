"""Holds: what a dispute is about is not erased, until two persons say that it may be."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sessions.errors import HoldError, SecondPersonError, UnknownSessionError
from sessions.record import Operator, Second, parse_utc
from sessions.session import newest_roster
from sessions.store import Receipt, Store

REASON: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
"""A reason is a code: free text in a body might name somebody, for ever."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """A hold in force: on a whole session (`sbd` None) or on one candidate in it. `at` is UTC, `seq` its entry."""

    session: str
    sbd: str | None
    reason: str
    at: datetime
    placed_by: str
    second: str
    seq: int


def active_holds(store: Store, session_id: str | None = None) -> tuple[Hold, ...]:
    """Return the holds in force, of a session or of all, in the order in which they were placed."""
    found: dict[tuple[str, str | None], Hold] = {}
    for entry in store.entries("hold", session_id):
        body = entry.body
        place = (body["session"], body.get("sbd"))
        if body["event"] == "released":
            found.pop(place, None)
            continue
        found[place] = Hold(
            session=body["session"],
            sbd=body.get("sbd"),
            reason=body["reason"],
            at=parse_utc(body["at"]),
            placed_by=body["operator"]["id"],
            second=body["second"]["id"],
            seq=entry.seq,
        )
    return tuple(found.values())


def place_hold(
    store: Store,
    session_id: str,
    *,
    reason: str,
    operator: Operator,
    second: Second,
    sbd: str | None = None,
) -> Receipt:
    """Hold a session or one candidate in it.

    Raises UnknownSessionError, HoldError (placed already; nobody of this number), SecondPersonError.
    """
    if sbd is not None and sbd not in _known(store, session_id):
        raise HoldError(why="unknown-candidate", session=session_id, sbd=sbd)
    if (session_id, sbd) in _places(store, session_id):
        raise HoldError(why="placed", session=session_id, sbd=sbd or "")
    body = {"session": session_id, "event": "placed", "reason": require_reason(reason)}
    return _enter(store, body, sbd, operator, second)


def release_hold(
    store: Store,
    session_id: str,
    *,
    reason: str,
    operator: Operator,
    second: Second,
    sbd: str | None = None,
) -> Receipt:
    """Release exactly the hold that was placed. Raises UnknownSessionError, HoldError, SecondPersonError."""
    if (session_id, sbd) not in _places(store, session_id):
        raise HoldError(why="none", session=session_id, sbd=sbd or "")
    body = {"session": session_id, "event": "released", "reason": require_reason(reason)}
    return _enter(store, body, sbd, operator, second)


def require_reason(reason: str) -> str:
    """Return a reason that is a code: small letters, digits, hyphens; raises HoldError."""
    if not REASON.fullmatch(reason):
        raise HoldError(why="reason")
    return reason


def require_two(operator: Operator, second: Second) -> Second:
    """Return the second person of an entry if it is another one; raises SecondPersonError."""
    if not second.user_id or second.user_id == operator.user_id:
        raise SecondPersonError(user=operator.user_id)
    return second


def _places(store: Store, session_id: str) -> set[tuple[str, str | None]]:
    if not store.entries("open", session_id):
        raise UnknownSessionError
    return {(hold.session, hold.sbd) for hold in active_holds(store, session_id)}


def _known(store: Store, session_id: str) -> set[str]:
    """Return every candidate number of a session: a hold on a misspelt one would protect nobody."""
    found = newest_roster(store, session_id)
    listed = {seat.sbd for seat in found[1].seats if not seat.erased} if found else set()
    return listed | {entry.body["sbd"] for entry in store.entries(session=session_id) if "sbd" in entry.body}


def _enter(
    store: Store, body: Mapping[str, str], sbd: str | None, operator: Operator, second: Second
) -> Receipt:
    whole = dict(body) if sbd is None else {**body, "sbd": sbd}
    return store.append("hold", whole, operator=operator, second=require_two(operator, second))
