"""The retention schedule: what is due on a day, session by session, as the rules say; and carrying exactly that out.

A session counts from its close entry; one that was never closed is listed and not touched. Terms come from the rules
kept with the session; rules of before there was a retention section take those of the installed file of the same id.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final

from sessions.errors import UnknownRulesError
from sessions.record import Operator, Second, parse_utc
from sessions.rules import Rules, load_rules
from sessions.rules.terms import KINDS, Term
from sessions.selection import Piece, Selection, select
from sessions.session import Session, list_sessions
from sessions.shredding import shred_selection
from sessions.store import Receipt, Store

NOT_CLOSED: Final = "not-closed"
NO_TERMS: Final = "no-terms"
SCHEDULED: Final = "scheduled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """One kind of data of one session: from which day on it goes, and what that would take on the day asked for.

    `over` are the names of all pieces whose time is over then.
    """

    term: Term
    day: date
    is_due: bool
    selection: Selection
    over: frozenset[str]

    @property
    def takes(self) -> bool:
        """Whether a run would erase something."""
        return self.is_due and bool(self.selection.pieces)


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionPlan:
    """The schedule of one session. `state` is "scheduled", "not-closed" or "no-terms"; `terms_of` the rules' id."""

    session: Session
    state: str
    closed: date | None = None
    terms_of: str = ""
    dues: tuple[Due, ...] = ()


def plan(store: Store, on: date) -> tuple[SessionPlan, ...]:
    """Return what a run on a day takes, by session. Raises StoreAlteredError."""
    return tuple(_plan_of(store, session, on) for session in list_sessions(store))


def run(
    store: Store, plans: Iterable[SessionPlan], *, operator: Operator, second: Second
) -> tuple[tuple[SessionPlan, Due, Receipt], ...]:
    """Erase exactly what a plan takes: one shred entry for each session and kind of data (more, where one is too long).

    What was placed under a hold since the plan stays. Raises as `shredding.shred`.
    """
    done: list[tuple[SessionPlan, Due, Receipt]] = []
    for each in plans:
        for due in each.dues:
            if due.takes:
                done += [(each, due, receipt) for receipt in _carry_out(store, due, operator, second)]
    return tuple(done)


def terms_of(rules: Rules) -> tuple[str, Mapping[str, Term]]:
    """Return the terms that hold for a session and the id of the rules they are from; none where no file has any."""
    if rules.retention:
        return rules.rules_id, rules.retention
    try:
        installed = load_rules(rules.rules_id)
    except UnknownRulesError:
        return "", {}
    return (f"{installed.rules_id} (installed)", installed.retention) if installed.retention else ("", {})


def _plan_of(store: Store, session: Session, on: date) -> SessionPlan:
    closes = store.entries("close", session.session_id)
    if not closes:
        return SessionPlan(session=session, state=NOT_CLOSED)
    closed = parse_utc(closes[-1].body["at"]).date()
    source, terms = terms_of(session.rules)
    if not terms:
        return SessionPlan(session=session, state=NO_TERMS, closed=closed)
    days = {kind: closed + timedelta(days=terms[kind].days) for kind in KINDS}
    return SessionPlan(
        session=session,
        state=SCHEDULED,
        closed=closed,
        terms_of=source,
        dues=tuple(_dues(store, session, terms, days, on)),
    )


def _dues(
    store: Store, session: Session, terms: Mapping[str, Term], days: Mapping[str, date], on: date
) -> Iterator[Due]:
    """Yield what is due by kind; a piece that goes with one kind (schema 1) is not counted again with the next."""
    over: frozenset[str] = frozenset().union(*(KINDS[kind] for kind, day in days.items() if day <= on))
    taken: set[Piece] = set()
    for kind, day in days.items():
        chosen = select(store, session.session_id, names=KINDS[kind], whole=over)
        left = tuple(piece for piece in chosen.pieces if piece not in taken)
        if day <= on:
            taken |= set(left)
        yield Due(
            term=terms[kind],
            day=day,
            is_due=day <= on,
            selection=replace(chosen, pieces=left),
            over=over,
        )


def _carry_out(store: Store, due: Due, operator: Operator, second: Second) -> tuple[Receipt, ...]:
    """Erase what was planned and is still there."""
    planned = due.selection
    now = select(store, planned.session, names=KINDS[due.term.kind], whole=due.over)
    pieces = tuple(piece for piece in now.pieces if piece in set(planned.pieces))
    if not pieces:
        return ()
    reason = f"retention-{due.term.kind}"
    return shred_selection(
        store, replace(now, pieces=pieces), scope="retention", reason=reason, operator=operator, second=second
    )
