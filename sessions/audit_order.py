"""The part of verification that follows sessions and attempts: what may come after what, and what is missing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from sys import intern
from typing import Any, Final

from sessions.audit_course import Course
from sessions.audit_day import Days
from sessions.audit_people import People
from sessions.events import STATION_ID, is_user
from sessions.finding import Findings
from sessions.record import Verdict, parse_utc
from sessions.vietnam import VIETNAM

_INSIDE: Final = frozenset(
    {
        "begin",
        "attempt",
        "close",
        "override",
        "correction",
        "incident",
        "result",
        "spot-check",
        "exit",
        "re-entry",
        "print",
        "print-job",
        "sheet-signature",
        "sheet-timestamp",
        "roster",
        "hold",
        "start",
        "pause",
        "resume",
        "component",
        "allocation",
        "draw",
        "manual",
        "decision",
        "consent",
        "prior",
        "split",
        "merge",
    }
)
"""Kinds that belong to a session that was opened before."""
BEFORE_CLOSE: Final = frozenset(
    {
        "begin",
        "attempt",
        "roster",
        "spot-check",
        "exit",
        "re-entry",
        "start",
        "pause",
        "resume",
        "component",
        "allocation",
        "draw",
        "manual",
        "consent",
        "split",
        "merge",
    }
)
"""Kinds that a closed session has no more of. Results, corrections, incidents and decisions may still come."""
_INTERRUPTED: Final = "attempt-interrupted"
_LATE: Final = "record-late"
"""Why the station itself ends an attempt."""
_ABOUT_ATTEMPTS: Final = frozenset({"override", "spot-check", "re-entry"})
"""Kinds whose `of` is an attempt of the session."""
_HEADS: Final[Mapping[str, tuple[str, str]]] = {
    "print": ("sheet_size", "sheet_root"),
    "export": ("size", "root"),
}
"""Kinds that name a tree head of the log before them: the fields of its size and root."""
_SCOPES: Final[Mapping[str, tuple[bool, bool]]] = {"session": (True, False), "candidate": (True, True)}
"""Scopes of erasure that say whether there are a `session` and an `sbd`."""
RootAt = Callable[[int], bytes | None]
"""Returns the log's root of a size, or None where it cannot be known."""


@dataclass(slots=True)
class _Session:
    """What is known of a session so far; numbers are those of entries."""

    first: int
    opened: int | None = None
    schema: int = 2
    day: str = ""
    closed: int | None = None
    attempts: int = 0


class Order:
    """Takes the bodies in order; `finish` says what is missing at the end."""

    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self._sessions: dict[str, _Session] = {}
        self._people = People(findings.add)
        self._days = Days()
        self._course = Course()
        self._begun: dict[str, tuple[int, Any]] = {}
        self._ended: dict[str, Any] = {}
        self._within: dict[int, str] = {}
        self._heads: list[tuple[int, str, str, int, Any]] = []
        self._names: dict[int, frozenset[str]] = {}
        self.shredded: dict[tuple[int, str], int] = {}
        """What shred entries name: piece → number of the entry."""
        self._last_at = ""

    def entry(self, seq: int, body: Mapping[str, Any]) -> None:
        """Take in the next entry."""
        kind, session, attempt = body["kind"], body.get("session"), body.get("attempt")
        self._last_at = body["at"]
        self._people.entry(seq, body)
        if "evidence" in body:
            self._names[seq] = frozenset(body["evidence"])
        if type(attempt) is str:
            self._attempt(seq, kind, attempt, body)
        if type(session) is str and (kind in _INSIDE or kind == "open"):
            self._session(seq, kind, session, body)
        if body["schema"] == 2:
            self._references(seq, kind, body)
            for field in self._days.faults(seq, body):
                self._findings.add("log-altered-event", seq=seq, kind=kind, field=field)
            for why in self._course.faults(seq, body):
                self._add(seq, why)
        if type(session) is str:
            self._within[seq] = intern(session)
        if kind == "shred" and body["schema"] == 2:
            for fault in self._wrong_targets(seq, body):
                self._findings.add("log-altered-event", seq=seq, kind=kind, field=fault)

    def _add(self, seq: int, why: str) -> None:
        self._findings.add("log-altered-order", seq=seq, why=why)

    # -- attempts ---------------------------------------------------------------------------------

    def _attempt(self, seq: int, kind: str, attempt: str, body: Mapping[str, Any]) -> None:
        if kind == "begin":
            if attempt in self._begun or attempt in self._ended:
                self._add(seq, "begun-twice")
            else:
                self._begun[attempt] = (seq, body.get("session"))
        elif kind == "attempt":
            if attempt in self._ended:
                self._add(seq, "ended-twice")
            elif attempt in self._begun:
                if self._begun[attempt][1] != body.get("session"):
                    self._add(seq, "other-session")
            elif body["schema"] == 2:
                self._findings.add("attempt-without-begin", seq=seq)
            if body["schema"] == 2 and not _ended_right(body, begun=attempt in self._begun):
                self._add(seq, "by-station")
            self._ended.setdefault(attempt, body.get("session"))

    # -- references -------------------------------------------------------------------------------

    def _references(self, seq: int, kind: str, body: Mapping[str, Any]) -> None:
        """What an entry decides about has been there before, in its session; a tree head is one of this log."""
        session, of, corrects = (body.get(name) for name in ("session", "of", "corrects"))
        if (
            kind in _ABOUT_ATTEMPTS
            and not (kind == "override" and "of_station" in body)  # said where exceptions are judged
            and type(of) is str
            and (of not in self._ended or self._ended[of] != session)
        ):
            self._add(seq, "of")
        if kind == "correction" and type(corrects) is int and self._within.get(corrects, "") != session:
            self._add(seq, "corrects")
        if kind in _HEADS:
            name, root = _HEADS[kind]
            if type(body.get(name)) is int:
                self._heads.append((seq, kind, root, body[name], body.get(root)))

    def _check_heads(self, root_at: RootAt) -> None:
        """Hold the tree heads that left the machine, as their entries say, against the log."""
        for seq, kind, name, size, root in self._heads:
            own = root_at(size) if 0 <= size <= seq else b""
            if own is not None and own.hex() != root:
                self._findings.add("log-altered-event", seq=seq, kind=kind, field=name)
        for seq, size, root in self._people.heads:
            own = root_at(size) if 0 <= size <= seq else b""
            if own is not None and own.hex() != root:
                self._findings.add("log-altered-signature", seq=seq, why="head")
        for seq, size, root in self._days.heads:
            own = root_at(size) if 0 <= size <= seq else b""
            if own is not None and own.hex() != root:
                self._findings.add("log-altered-event", seq=seq, kind="draw", field="root")

    # -- sessions ---------------------------------------------------------------------------------

    def _session(self, seq: int, kind: str, name: str, body: Mapping[str, Any]) -> None:
        known = self._sessions.setdefault(name, _Session(seq))
        if kind == "open":
            self._open(seq, known, body)
        elif body["schema"] == 2 and known.closed is not None:
            self._after_close(seq, kind, body)
        if kind == "attempt":
            known.attempts += 1
        elif kind == "close" and known.closed is None:
            known.closed = seq

    def _open(self, seq: int, known: _Session, body: Mapping[str, Any]) -> None:
        if known.opened is not None:
            self._add(seq, "opened-twice")
            return
        if known.first != seq:
            self._add(known.first, "before-open")
        known.opened, known.schema, known.day = seq, body["schema"], str(body.get("day", ""))

    def _after_close(self, seq: int, kind: str, body: Mapping[str, Any]) -> None:
        """What a crash left is ended by the station itself, late: nothing else of the sitting follows."""
        if kind == "close":
            self._add(seq, "closed-twice")
        elif kind in BEFORE_CLOSE and not may_follow_close(kind, body):
            self._add(seq, "after-close")

    # -- erasure ----------------------------------------------------------------------------------

    def _wrong_targets(self, seq: int, body: Mapping[str, Any]) -> list[str]:
        """Return ["targets"] unless a shred entry names pieces of earlier entries of its session, each for the first
        time.
        """
        found = body.get("targets")
        if not isinstance(found, (list, tuple)):
            return []  # said by its type already
        there = "session" in body, "sbd" in body
        if _SCOPES.get(str(body.get("scope")), there) != there:
            return ["scope"]
        for target in found:
            place, names = named(target)
            if not 0 <= place < seq or not names or not names <= self._names.get(place, frozenset()):
                return ["targets"]
            if self._within.get(place) != body.get("session") or len(names) != len(target["names"]):
                return ["targets"]
            pieces = [(place, name) for name in names]
            if any(piece in self.shredded for piece in pieces):
                return ["targets"]
            self.shredded.update(dict.fromkeys(pieces, seq))
        return []

    # -- the whole --------------------------------------------------------------------------------

    def finish(self, now: datetime | None, root_at: RootAt) -> None:
        """Say which attempts never ended, which sessions are empty or were never closed, which tree heads are wrong."""
        self._check_heads(root_at)
        last = max((seq for seq, _ in self._begun.values()), default=-1)
        for attempt, (seq, _) in self._begun.items():
            if attempt not in self._ended and seq != last:
                self._findings.add("attempt-unfinished", seq=seq)
        today = self._today(now)
        for session, known in self._sessions.items():
            self._incomplete(session, known, today)

    def _incomplete(self, session: str, known: _Session, today: str) -> None:
        facts = {"session": session[:64]}
        if known.opened is None:
            self._findings.add("session-not-opened", seq=known.first, **facts)
            return
        over = known.day < today
        if known.closed is None and over and known.schema == 2:
            self._findings.add("session-not-closed", seq=known.opened, day=known.day[:16], **facts)
        if not known.attempts and (over or known.closed is not None):
            self._findings.add("session-empty", seq=known.opened, **facts)

    def _today(self, now: datetime | None) -> str:
        """Return the later one of the day of the last entry and the caller's day: YYYY-MM-DD."""
        days = ["", *([_day(parse_utc(self._last_at))] if self._last_at else [])]
        return max([*days, *([_day(now)] if now is not None else [])])


def may_follow_close(kind: str, body: Mapping[str, Any]) -> bool:
    """Whether an entry of these kinds may come after the close: an attempt that the station ends, a proof that
    somebody undertook to bring.
    """
    facts = body.get("facts")
    proof = kind == "manual" and isinstance(facts, dict) and "closes" in facts
    return proof or (kind == "attempt" and bool(body["operator"]["id"] == STATION_ID))


def _ended_right(body: Mapping[str, Any], *, begun: bool) -> bool:
    """Whether an attempt is a person's, or one that the station ends, interrupted or recorded late, and refers."""
    late = body.get("late")
    if body["operator"]["id"] != STATION_ID:
        return late is None
    reasons = list(body["reasons"]) if isinstance(body.get("reasons"), (list, tuple)) else []
    if body.get("verdict") != Verdict.REFER:
        return False
    if late is None:
        return begun and reasons == [_INTERRUPTED]
    said = isinstance(late, dict) and type(late.get("verdict")) is str and is_user(late.get("operator"))
    return said and reasons[:1] == [_LATE]


def named(target: Any) -> tuple[int, frozenset[str]]:
    """Return entry and names of one target of a shred entry; (-1, nothing) where it is none."""
    if not isinstance(target, dict):
        return -1, frozenset()
    place, names = target.get("seq"), target.get("names")
    if type(place) is not int or not isinstance(names, (list, tuple)):
        return -1, frozenset()
    if not all(type(name) is str for name in names):
        return -1, frozenset()
    return place, frozenset(names)


def _day(at: datetime) -> str:
    day: date = at.date()
    with suppress(OverflowError):  # the last hours of the year 9999
        day = at.astimezone(VIETNAM).date()
    return day.isoformat()
