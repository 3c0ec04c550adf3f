"""The day of a session: self-test, start, pause, resume, and where it stood when the power went."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sessions.course.day_errors import (
    AlreadyPausedError,
    AlreadyStartedError,
    RosterHashDiffersError,
    SelfTestExceptionError,
    SelfTestNeededError,
)
from sessions.course.errors import SessionNotStartedError, SessionPausedError
from sessions.errors import SessionClosedError
from sessions.interrupted import INTERRUPTED
from sessions.reader import Entry, LogReader
from sessions.record import Operator, Second, parse_utc
from sessions.session import Session
from sessions.store import Receipt, Store

SELF_TEST_HOURS: Final = 12
PASSED: Final = "passed"
PARTLY: Final = "partly"
FAILED: Final = "failed"
AFTER_PAUSE: Final = "pause"
AFTER_CRASH: Final = "interruption"
REASONS: Final = frozenset({"break", "equipment", "power", "order", "change-over", "pause", "interruption"})
OTHER: Final = "other"
SHOWN: Final = 16
"""Digits of the roster hash that somebody compares at the least."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DayState:
    """Where a session stands as a whole. Times as stored (UTC); `seq` are numbers of entries."""

    started: Entry | None = None
    paused: Entry | None = None
    resumed: Entry | None = None
    closed: Entry | None = None

    @property
    def running(self) -> bool:
        """Whether it was started, and neither paused nor closed since."""
        return self.started is not None and self.paused is None and self.closed is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Interrupted:
    """An attempt that a crash left begun: its id, the entry that ended it, when it began, whose it was, if known."""

    attempt: str
    seq: int
    began_at: str
    sbd: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resume:
    """Where a session stood: the last candidate at the desk with the entry and time, what was cut short since the
    last start or resume, and whether another boot, or a pause, came between.
    """

    session: str
    state: DayState
    last_sbd: str = ""
    last_seq: int | None = None
    last_at: str = ""
    last_verdict: str = ""
    interrupted: tuple[Interrupted, ...] = ()
    rebooted: bool = False

    @property
    def at(self) -> str:
        """The candidate to go on with: the one who was at the desk, if that is known, else the last one seen."""
        known = [each.sbd for each in self.interrupted if each.sbd]
        return known[-1] if known else self.last_sbd

    @property
    def broken(self) -> bool:
        """Whether something was cut short, so that going on is worth an entry."""
        return bool(self.interrupted) or self.rebooted


# -- where it stands -----------------------------------------------------------------------------------


def day_state(entries: Iterable[Entry]) -> DayState:
    """Return how far the entries of one session came. Only this log's own are asked for."""
    found: dict[str, Entry | None] = {}
    for entry in entries:
        if entry.kind == "start":
            found["started"] = entry
        elif entry.kind == "pause":
            found["paused"] = entry
        elif entry.kind == "resume":
            found |= {"resumed": entry, "paused": None}
        elif entry.kind == "close":
            found["closed"] = entry
    return DayState(**found)


def state_of(store: LogReader, session: Session) -> DayState:
    """Return where a session stands as a whole: by its few entries of these kinds, whatever its size."""
    kinds = ("start", "pause", "resume", "close")
    own = [entry for kind in kinds for entry in store.entries(kind, session.session_id)]
    return day_state(sorted(own, key=lambda entry: entry.seq))


def needs_start(session: Session) -> bool:
    """Whether nobody may be checked in before the session's `start` entry: by its rules; never in training."""
    return session.kind == "real" and session.rules.session_start_required


def require_unclosed(store: LogReader, session: Session) -> Session:
    """Return a session that has no close entry; raises SessionClosedError."""
    closed = state_of(store, session).closed
    if closed is not None:
        raise SessionClosedError(session=session.session_id, at=str(closed.body["at"]))
    return session


def require_started(store: LogReader, session: Session) -> Session:
    """Return a session that was started, or needs no start; raises SessionNotStartedError."""
    if needs_start(session) and not store.entries("start", session.session_id):
        raise SessionNotStartedError(session=session.session_id)
    return session


def require_not_paused(store: LogReader, session: Session) -> Session:
    """Return a session that is not paused; raises SessionPausedError."""
    paused = state_of(store, session).paused
    if paused is not None:
        raise SessionPausedError(session=session.session_id, at=str(paused.body["at"]))
    return session


def where_we_were(store: LogReader, session: Session) -> Resume:
    """Return where a session stood when its log was last written.

    What was cut short counts since the last start or resume; the desk ends such attempts when it opens the log, so
    this names the ends.
    """
    entries = store.entries(session=session.session_id)
    state = day_state(entries)
    since = max((each.seq for each in (state.started, state.resumed) if each is not None), default=-1)
    begun = {entry.body["attempt"]: entry for entry in entries if entry.kind == "begin"}
    cut = tuple(
        _interrupted(entry, begun.get(entry.body["attempt"]))
        for entry in entries
        if entry.kind == "attempt" and entry.seq > since and list(entry.body["reasons"]) == [INTERRUPTED]
    )
    seen = [entry for entry in entries if entry.kind in {"attempt", "manual"} and "sbd" in entry.body]
    last = seen[-1] if seen else None
    return Resume(
        session=session.session_id,
        state=state,
        last_sbd="" if last is None else last.body["sbd"],
        last_seq=None if last is None else last.seq,
        last_at="" if last is None else last.body["at"],
        last_verdict="" if last is None else str(last.body.get("verdict", last.body.get("outcome", ""))),
        interrupted=cut,
        rebooted=_rebooted(entries, since),
    )


def _interrupted(ended: Entry, begun: Entry | None) -> Interrupted:
    sbd = ended.body.get("sbd", "" if begun is None else begun.body.get("sbd", ""))
    return Interrupted(
        attempt=ended.body["attempt"], seq=ended.seq, began_at=str(ended.body["begun"]["at"]), sbd=str(sbd)
    )


def _rebooted(entries: Iterable[Entry], since: int) -> bool:
    """Whether the machine was started anew among the entries since the last start or resume."""
    boots = {entry.body["boot_id"] for entry in entries if entry.seq >= since and entry.kind != "close"}
    return since >= 0 and len(boots) > 1


# -- the self-test -------------------------------------------------------------------------------------


def record_self_test(
    store: Store,
    checks: Mapping[str, Mapping[str, int]],
    *,
    note: bytes,
    session: str | None,
    operator: Operator,
) -> Receipt:
    """Commit a self-test: {name: {"ok", "needed"}} as 1 or 0; `note`: what was found, in words.

    The outcome is failed where something needed was, partly where something else was, else passed.
    """
    body: dict[str, Any] = {"outcome": outcome_of(checks), "checks": {k: dict(v) for k, v in checks.items()}}
    if session is not None:
        body["session"] = session
    return store.append("self-test", body, {"note": note}, operator=operator)


def outcome_of(checks: Mapping[str, Mapping[str, int]]) -> str:
    """Return passed, partly or failed."""
    if any(each["needed"] and not each["ok"] for each in checks.values()):
        return FAILED
    return PASSED if all(each["ok"] for each in checks.values()) else PARTLY


def require_self_test(store: LogReader, session: Session, now: datetime) -> Entry:
    """Return the newest self-test of the last 12 hours, if it is this session's or nobody's and did not fail.

    Raises SelfTestNeededError.
    """
    since = now - timedelta(hours=SELF_TEST_HOURS)
    recent = [
        entry
        for entry in store.entries("self-test")
        if parse_utc(entry.body["at"]) >= since
        and entry.body.get("session", session.session_id) == session.session_id
    ]
    if not recent:
        raise SelfTestNeededError(why="none", hours=SELF_TEST_HOURS)
    if recent[-1].body["outcome"] == FAILED:
        raise SelfTestNeededError(why="failed", hours=SELF_TEST_HOURS)
    return recent[-1]


# -- start, pause, resume ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class WithoutTest:
    """Why a session starts without a self-test that passed, and who else says so."""

    reason: str
    second: Second


def start_session(
    store: Store,
    session: Session,
    *,
    operator: Operator,
    now: datetime,
    roster_hash: str = "",
    exception: WithoutTest | None = None,
) -> Receipt:
    """Commit the start: the roster hash as compared, the self-test, the notice's version.

    `roster_hash`: as typed from the paper (its first 16 digits at least), or empty where nobody typed it. Raises
    AlreadyStartedError, RosterHashDiffersError, SelfTestNeededError (a real session without `exception`), StoreError.
    """
    state = state_of(store, session)
    if state.started is not None:
        raise AlreadyStartedError(session=session.session_id, at=str(state.started.body["at"]))
    require_roster_hash(session, roster_hash)
    body: dict[str, Any] = {
        "session": session.session_id,
        "roster_hash": session.roster_hash,
        "notice": session.rules.notice_version,
    }
    if exception is not None:
        if not exception.reason.strip():
            raise SelfTestExceptionError
        body["exception"] = "no-self-test"
        note = {"note": exception.reason.strip().encode()}
        return store.append("start", body, note, operator=operator, second=exception.second)
    try:
        body["self_test"] = require_self_test(store, session, now).seq
    except SelfTestNeededError:
        if session.kind == "real":
            raise
    return store.append("start", body, operator=operator)


def require_roster_hash(session: Session, typed: str) -> Session:
    """Return the session if what was typed from paper begins its roster hash; raises RosterHashDiffersError."""
    cleaned = "".join(typed.split()).replace(":", "").lower()
    if cleaned and (len(cleaned) < SHOWN or not session.roster_hash.startswith(cleaned)):
        raise RosterHashDiffersError(session=session.session_id)
    return session


def pause_session(store: Store, session: Session, *, operator: Operator, reason: str) -> Receipt:
    """Commit a pause; a reason that is none of REASONS stands beside the body. Raises SessionClosedError,
    SessionNotStartedError, AlreadyPausedError, StoreError.
    """
    require_unclosed(store, session)
    require_started(store, session)
    paused = state_of(store, session).paused
    if paused is not None:
        raise AlreadyPausedError(session=session.session_id, at=str(paused.body["at"]))
    code, note = reason_of(reason)
    return store.append("pause", {"session": session.session_id, "reason": code}, note, operator=operator)


def reason_of(text: str) -> tuple[str, dict[str, bytes]]:
    """Return a reason as a code for the body, and as evidence `note` where it was said in other words."""
    cleaned = " ".join(text.split())
    return (cleaned, {}) if cleaned in REASONS else (OTHER, {"note": cleaned.encode()} if cleaned else {})


def resume_session(
    store: Store, session: Session, *, operator: Operator, reason: str = ""
) -> tuple[Resume, Receipt | None]:
    """Return where the session stood, and the `resume` entry: none where nothing was paused or cut short.

    Raises SessionClosedError, SessionNotStartedError, StoreError.
    """
    require_unclosed(store, session)
    require_started(store, session)
    stood = where_we_were(store, session)
    if stood.state.paused is None and not stood.broken:
        return stood, None
    after = AFTER_PAUSE if stood.state.paused is not None else AFTER_CRASH
    code, note = (after, {}) if not reason else reason_of(reason)
    body = {"session": session.session_id, "reason": code, "after": after}
    return stood, store.append("resume", body, note, operator=operator)
