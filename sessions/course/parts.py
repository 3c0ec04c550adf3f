"""One session at several stations without a network: whose candidates are whose.

The main station divides the list and keeps part 1; each other part goes to another station in a file. Every
candidate belongs to exactly one part, and the desk of another part sends them on. Form: docs/log-format.md, "Parts".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sessions.course.day_errors import (
    ErasedRowsError,
    NotSplitError,
    PartHandedOverError,
    PartMainError,
    SplitAgainError,
    SplitCountError,
    SplitEmptyError,
    SplitHoleError,
    SplitLateError,
    SplitOverlapError,
    SplitRangeError,
    SplitRoomError,
)
from sessions.course.errors import OtherPartError
from sessions.reader import LogReader
from sessions.record import Operator
from sessions.roster.model import Seat
from sessions.session import Part, Session
from sessions.store import Receipt, Store

if TYPE_CHECKING:  # which reads assignments itself
    from sessions.course.entries import SessionEntry

MAX_PARTS: Final = 20
BY_RANGE: Final = "by-range"
BY_ROOM: Final = "by-room"
EVEN: Final = "even"
BY_LIST: Final = "by-list"
_NUMBER: Final = re.compile(r"(.*?)([0-9]*)")
AT_THE_DESK: Final = ("begin", "attempt", "manual")


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """Who belongs to which part: candidate numbers by number of the part, from 1; everybody exactly once."""

    method: str
    parts: Mapping[int, tuple[str, ...]]

    @property
    def of(self) -> int:
        """How many parts there are."""
        return len(self.parts)

    def part_of(self, sbd: str) -> int | None:
        """Return whose a candidate is, or None for somebody who was not on the list then."""
        return next((number for number, sbds in self.parts.items() if sbd in sbds), None)

    def as_body(self) -> dict[str, Any]:
        """Return the fields of the entry."""
        return {"method": self.method, "parts": {str(n): list(sbds) for n, sbds in self.parts.items()}}

    @classmethod
    def of_body(cls, body: Mapping[str, Any]) -> Assignment:
        """Return the assignment of a `split` entry."""
        parts = {int(number): tuple(sbds) for number, sbds in body["parts"].items()}
        return cls(method=body["method"], parts=dict(sorted(parts.items())))


# -- dividing ------------------------------------------------------------------------------------------


def by_ranges(seats: Sequence[Seat], text: str, count: int | None = None) -> Assignment:
    """Return the parts of "001-100,101-200": a comma for the next part, "+" for more of the same one.

    Numbers count as numbers: "1-100" means 001 to 100. Raises SplitRangeError, SplitCountError, SplitHoleError,
    SplitOverlapError, SplitEmptyError.
    """
    wanted = [[_range(each) for each in part.split("+")] for part in text.split(",")]
    found = [[n for n, ranges in enumerate(wanted, 1) if _within(seat.sbd, ranges)] for seat in seats]
    return _assignment(BY_RANGE, seats, found, len(wanted), count)


def by_rooms(seats: Sequence[Seat], text: str, count: int | None = None) -> Assignment:
    """Return the parts of "P1,P2:P3": rooms of one part, a colon before the next part.

    Raises SplitRoomError for a room given twice or by nobody's row, and as `by_ranges`.
    """
    wanted = [[" ".join(room.split()) for room in part.split(",")] for part in text.split(":")]
    known = {seat.room for seat in seats} - {""}
    given = [room for rooms in wanted for room in rooms]
    for at, room in enumerate(given):
        if room not in known or room in given[:at]:
            raise SplitRoomError(room=room[:24])
    found = [[n for n, rooms in enumerate(wanted, 1) if seat.room in rooms] for seat in seats]
    return _assignment(BY_ROOM, seats, found, len(wanted), count)


def evenly(seats: Sequence[Seat], count: int) -> Assignment:
    """Return parts of like size, in the list's order: they differ by one at the most. Raises SplitCountError."""
    size, more = divmod(len(seats), max(count, 1))
    found = [[n] for n in range(1, count + 1) for _ in range(size + (n <= more))]
    return _assignment(EVEN, seats, found, count, count)


def by_list(seats: Sequence[Seat], count: int | None = None) -> Assignment:
    """Return the parts that the list itself names, in the order of their names. Raises as `by_ranges`."""
    names = sorted({seat.part for seat in seats} - {""}, key=_place)
    found = [[names.index(seat.part) + 1] if seat.part else [] for seat in seats]
    return _assignment(BY_LIST, seats, found, len(names), count)


def _assignment(
    method: str, seats: Sequence[Seat], found: Sequence[Sequence[int]], given: int, count: int | None
) -> Assignment:
    if (count is not None and count != given) or not 2 <= given <= MAX_PARTS:
        raise SplitCountError(parts=given if count is None else count, given=given)
    parts: dict[int, list[str]] = {number: [] for number in range(1, given + 1)}
    lost = [seat.sbd for seat, numbers in zip(seats, found, strict=True) if not numbers]
    if lost:
        raise SplitHoleError(sbd=lost[0], count=len(lost))
    for seat, numbers in zip(seats, found, strict=True):
        if len(numbers) > 1:
            raise SplitOverlapError(sbd=seat.sbd, parts=", ".join(map(str, numbers)))
        parts[numbers[0]].append(seat.sbd)
    for number, sbds in parts.items():
        if not sbds:
            raise SplitEmptyError(part=number)
    return Assignment(method=method, parts={number: tuple(sbds) for number, sbds in parts.items()})


def _range(text: str) -> tuple[tuple[str, int], tuple[str, int]]:
    ends = text.strip().split("..") if ".." in text else text.strip().split("-")
    first, last = _place(ends[0]), _place(ends[-1])
    if len(ends) > 2 or first[0] != last[0] or -1 in {first[1], last[1]} or first > last:
        raise SplitRangeError(text=text.strip()[:40])
    return first, last


def _within(sbd: str, ranges: Iterable[tuple[tuple[str, int], tuple[str, int]]]) -> bool:
    place = _place(sbd)
    return any(first <= place <= last for first, last in ranges)


def _place(sbd: str) -> tuple[str, int]:
    """Return a candidate number as what stands before its digits, and their value; −1 without digits."""
    match = _NUMBER.fullmatch(sbd.strip())
    before, digits = match.groups() if match else (sbd, "")
    return before, int(digits[:18]) if digits.isascii() and digits else -1


# -- in the log ----------------------------------------------------------------------------------------


def split_session(store: Store, session: Session, assignment: Assignment, *, operator: Operator) -> Receipt:
    """Commit whose candidates are whose; this station's part is number 1.

    Raises SplitAgainError, SplitLateError, ErasedRowsError, StoreError.
    """
    require_undivided(store, session)
    body = {
        "session": session.session_id,
        "group": session.session_id,
        "number": 1,
        "roster_hash": session.roster_hash,
        **assignment.as_body(),
    }
    return store.append("split", body, operator=operator)


def require_undivided(store: LogReader, session: Session) -> Session:
    """Return a session that may be divided: whole, with its list, before anybody came to the desk."""
    if session.part is not None:
        raise SplitAgainError(session=session.session_id)
    if any(store.entries(kind, session.session_id) for kind in AT_THE_DESK):
        raise SplitLateError(session=session.session_id)
    if any(seat.erased for seat in session.seats):
        raise ErasedRowsError(session=session.session_id)
    return session


def require_divided(store: LogReader, session: Session) -> Assignment:
    """Return who is whose in a session that this main station divided; raises NotSplitError, PartMainError."""
    if session.part is None:
        raise NotSplitError(session=session.session_id)
    if session.part.number != 1:
        raise PartMainError(session=session.session_id)
    return assignment_of(store, session)


def assignment_of(store: LogReader, session: Session) -> Assignment:
    """Return who is whose in a session that has parts; raises NotSplitError."""
    found = store.entries("split", session.session_id)
    if not found:
        raise NotSplitError(session=session.session_id)
    return Assignment.of_body(found[-1].body)


# -- at the desk ---------------------------------------------------------------------------------------


def require_own_part(session: Session, seat: Seat, entries: Iterable[SessionEntry] = ()) -> Seat:
    """Return a seat of this station's part, of a part that was merged here, or of a session without parts.

    Raises OtherPartError with theirs.
    """
    here = own_parts(session, entries)
    if here is None or seat.part in here:
        return seat
    raise OtherPartError(part=seat.part or "?")


def own_parts(session: Session, entries: Iterable[SessionEntry] = ()) -> frozenset[str] | None:
    """Return the parts that this station answers for: its own and those merged; None for a session without parts."""
    if session.part is None:
        return None
    merged = (str(entry.body["part"]) for entry in entries if entry.kind == "merge")
    return frozenset({str(session.part.number), *merged})


def require_not_handed_over(store: LogReader, session: Session) -> Session:
    """Return a session whose part is still at this station; raises PartHandedOverError: nobody would read the rest."""
    elsewhere = session.part is not None and session.part.number > 1
    if elsewhere and store.entries("close", session.session_id):
        raise PartHandedOverError(session=session.session_id)
    return session


def own_seats(session: Session) -> tuple[Seat, ...]:
    """Return the seats that this station answers for; erased rows are nobody's."""
    if session.part is None:
        return session.seats
    return tuple(seat for seat in session.seats if seat.part == str(session.part.number))


def part_label(part: Part | None) -> str:
    """Return "2/3" for part 2 of 3, "" for a whole session."""
    return "" if part is None else f"{part.number}/{part.of}"
