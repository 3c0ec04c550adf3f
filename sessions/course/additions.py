"""Later additions to a session's list: "bổ sung k", with a reason and two persons, under a new roster hash.

Nothing of the list as it was is changed: every row keeps its salt and hash, the new ones come behind it. The entry
says both hashes and who was added.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from sessions.closing import require_open
from sessions.course.day_errors import PartAdditionError
from sessions.course.exception_errors import (
    AdditionEmptyError,
    AdditionImpossibleError,
    AdditionRefusedError,
)
from sessions.course.reasons import note_of, require_reason
from sessions.errors import RosterDocumentError, UnknownComponentError
from sessions.record import Operator, Second
from sessions.roster.document import RosterDocument
from sessions.roster.model import Roster, RowDefect, Seat
from sessions.roster.names import comparison_key
from sessions.session import Session, newest_roster
from sessions.store import Receipt, Store

MARK: Final = "bổ sung"


def next_addition(store: Store, session: Session) -> int:
    """Return the number of the next addition, from 1."""
    return len(store.entries("roster", session.session_id)) + 1


def next_sbd(session: Session) -> str:
    """Return the first candidate number behind all others, as long as the longest: 013 → 014."""
    numbers = [seat.sbd for seat in session.seats if seat.sbd.isascii() and seat.sbd.isdigit()]
    width = max((len(text) for text in numbers), default=3)
    return f"{max(map(int, numbers), default=0) + 1:0{width}d}"


def require_addable(session: Session, roster: Roster) -> tuple[Seat, ...]:
    """Return the rows of a roster that may be added: all good by themselves, and nobody who has a seat.

    Raises PartAdditionError (at another station's part: two stations would give one number to two people),
    AdditionEmptyError, AdditionRefusedError naming the first row.
    """
    if session.part is not None and session.part.number > 1:
        raise PartAdditionError(session=session.session_id)
    defects = [*roster.refused, *taken(session, roster.rows), *_unknown_components(session, roster.rows)]
    if defects:
        first = min(defects, key=lambda defect: defect.row)
        rows = len({defect.row for defect in defects})
        raise AdditionRefusedError(rows=rows, row=first.row, column=first.column, why=first.code)
    if not roster.rows:
        raise AdditionEmptyError
    return roster.rows


def taken(session: Session, rows: Iterable[Seat]) -> tuple[RowDefect, ...]:
    """Return a defect for every row whose candidate number or 12 digits somebody of the session has."""
    sbds = {_same(seat.sbd) for seat in session.seats if not seat.erased}
    numbers = {seat.id_number for seat in session.seats if seat.id_number}
    old = {seat.old_number for seat in session.seats if seat.old_number}
    found = []
    for row in rows:
        if _same(row.sbd) in sbds:
            found.append(RowDefect(row=row.row, column="SBD", code="addition-sbd-taken"))
        if row.id_number in numbers or row.old_number in old:
            found.append(RowDefect(row=row.row, column="CCCD", code="addition-number-taken"))
    return tuple(found)


def namesakes(session: Session, rows: Iterable[Seat]) -> tuple[int, ...]:
    """Return the rows of people whose name and birth date somebody of the session has: a person looks twice."""
    known = {(comparison_key(seat.full_name), seat.birth) for seat in session.seats if not seat.erased}
    return tuple(row.row for row in rows if (comparison_key(row.full_name), row.birth) in known)


def add_candidates(
    store: Store,
    session: Session,
    roster: Roster,
    *,
    reason: str,
    operator: Operator,
    second: Second,
    note: str = "",
) -> tuple[tuple[Seat, ...], Receipt]:
    """Commit later additions; return the new seats and the receipt.

    Raises the errors of `require_addable`, AdditionImpossibleError, SessionClosedError, ReasonUnknownError.
    """
    why = require_reason("addition", reason)
    require_open(store, session)
    rows = require_addable(session, roster)
    found = newest_roster(store, session.session_id)
    if found is None:
        raise AdditionImpossibleError
    number = next_addition(store, session)
    seats = _marked(session, found[1], rows, number)
    try:
        document = found[1].extended(seats)
    except RosterDocumentError:
        raise AdditionImpossibleError from None
    body = {
        "session": session.session_id,
        "reason": why.recorded,
        "added": len(seats),
        "addition": number,
        "roster_before": found[1].roster_hash,
        "roster_hash": document.roster_hash,
        "sbds": [seat.sbd for seat in seats],
    }
    evidence = {"roster": document.data, **note_of(why, note)}
    return seats, store.append("roster", body, evidence, operator=operator, second=second)


def _marked(
    session: Session, document: RosterDocument, rows: Sequence[Seat], number: int
) -> tuple[Seat, ...]:
    """Return the rows as they stand in the session: behind the others, marked, in this station's part."""
    last = max((row.seat.row for row in document.rows), default=1)
    part = "" if session.part is None else str(session.part.number)
    return tuple(
        replace(
            row,
            row=max(last, 1) + place,
            addition=f"{MARK} {number}",
            part=row.part or part,
            components=tuple(session.rules.require_component(text).component_id for text in row.components),
        )
        for place, row in enumerate(rows, 1)
    )


def _unknown_components(session: Session, rows: Iterable[Seat]) -> Iterable[RowDefect]:
    for row in rows:
        for text in row.components:
            try:
                held = session.rules.require_component(text).component_id in session.components
            except UnknownComponentError:
                held = False
            if not held:
                yield RowDefect(row=row.row, column="components", code="addition-component-unknown")


def _same(sbd: str) -> str:
    """Return the form in which 1 and 001 are the same candidate number."""
    return str(int(sbd)) if sbd.isascii() and sbd.isdigit() else sbd.upper()
