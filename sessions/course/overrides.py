"""ADMIT instead of REFER, by two persons; and what the chairman decides about somebody whom the machine refused.

The machine expels nobody, and nobody but the machine changes its verdict: an override or decision is an entry of its
own, the attempt stays what it was.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, Final

from sessions.checkpoint import station_of
from sessions.closing import require_open
from sessions.course.case import (
    Case,
    case_of,
    find_attempt,
    looks_again,
    refusal_of,
    require_candidate,
    require_face_tried,
    require_not_kept_out,
    verdict_of,
)
from sessions.course.due import require_due
from sessions.course.entries import SessionEntry, session_entries
from sessions.course.exception_errors import (
    AlreadyInError,
    AttemptNotLastError,
    AttemptOfAnotherError,
    AttemptOtherComponentError,
    DecisionNotRefusedError,
    DecisionTakenError,
    HeadNeededError,
    NoAttemptError,
    NotSuggestedError,
    OverrideAfterRefuseError,
    OverrideNotForError,
    OverrideNothingSeenError,
    OverrideUnnamedError,
)
from sessions.course.incidents import require_incident
from sessions.course.reasons import note_of, require_reason
from sessions.errors import EvidenceMissingError
from sessions.record import Operator, Second, Verdict, parse_utc
from sessions.roster.model import PartialDate
from sessions.roster.suggest import Suggestion, suggestions
from sessions.session import Session
from sessions.store import Receipt, Store

CONFIRMED: Final = "suggestion-confirmed"
ADMITTED: Final = "admitted"
NOT_ADMITTED: Final = "not-admitted"
NOT_ABOUT_IDENTITY: Final = (
    "too-late",
    "other-part",
    "wrong-room",
    "component-blocked",
    "component-not-owed",
    "component-not-listed",
    "candidate-suspended",
    "session-not-started",
    "session-paused",
    "consent-refused",
)
"""Reasons of a REFER that no look at the person settles: another desk, the rules, or an incident does."""
_CUT_SHORT: Final = frozenset({"attempt-interrupted", "interrupted"})
_HEADS: Final = {"driving-test": "chairman", "exam": "site-head"}


def require_override(
    session: Session, entries: Sequence[SessionEntry], *, sbd: str, attempt_id: str | None = None
) -> SessionEntry:
    """Return the attempt that two persons may override for this candidate at the session's component.

    Without an id it is the candidate's last one. Raises the errors of `exception_errors`: everything but a REFER that
    a person can judge is refused with its reason; and those of `require_due`, as of the time when the candidate came:
    where the chip was not read, the attempt itself says nothing of part, room, hour and order.
    """
    require_candidate(session, sbd)
    case = require_not_kept_out(case_of(entries, sbd, session.component))
    attempt = _meant(session, entries, case, attempt_id)
    _require_undecided(case, attempt)
    _require_referred(case, attempt, session)
    if case.admitted is None:
        came, desk = parse_utc(attempt.at), str(attempt.body.get("place", ""))
        require_due(session, entries, require_candidate(session, sbd), came, room=desk)
    return attempt


def require_named(store: Store, session: Session, attempt: SessionEntry, *, sbd: str, reason: str) -> str:
    """Return why an attempt belongs to this candidate: "named", or what suggests it: "old-number", "name-birth", …

    Raises OverrideUnnamedError where the attempt names nobody and the reason is not CONFIRMED, NotSuggestedError
    where nothing that was read suggests the candidate.
    """
    if "sbd" in attempt.body:
        return "named"
    if reason != CONFIRMED:
        raise OverrideUnnamedError(of=attempt.body["attempt"])
    found = suggested(store, session, attempt)
    for suggestion in found:
        if suggestion.seat.sbd == sbd:
            return suggestion.why
    raise NotSuggestedError(sbd=sbd, suggested=" ".join(each.seat.sbd for each in found) or "-")


def suggested(store: Store, session: Session, attempt: SessionEntry) -> tuple[Suggestion, ...]:
    """Return whom of the list the identity that an attempt read may be: old number, name and birth date."""
    try:
        read = json.loads(store.evidence(attempt.held, "identity"))
    except (EvidenceMissingError, ValueError):
        return ()
    if not isinstance(read, dict):
        return ()
    texts = {name: value for name, value in read.items() if type(value) is str and value}
    return suggestions(
        session.seats,
        old_number=texts.get("old_number"),
        name=texts.get("name"),
        birth=_birth(texts.get("birth", "")),
    )


def override(
    store: Store,
    session: Session,
    *,
    sbd: str,
    reason: str,
    operator: Operator,
    second: Second,
    attempt_id: str | None = None,
    note: str = "",
    incident: str | None = None,
) -> Receipt:
    """Commit that two persons let in a candidate whom the machine referred. Raises as `require_override`."""
    why = require_reason("override", reason)
    require_open(store, session)
    entries = session_entries(store, session.session_id)
    attempt = require_override(session, entries, sbd=sbd, attempt_id=attempt_id)
    require_named(store, session, attempt, sbd=sbd, reason=why.code)
    if incident is not None:
        require_incident(entries, incident, sbd=sbd)
    body: dict[str, Any] = {
        "session": session.session_id,
        "of": attempt.body["attempt"],
        "sbd": sbd,
        "component": session.component,
        "verdict": Verdict.ADMIT.value,
        "reason": why.recorded,
        **_made_at(attempt),
        **({} if incident is None else {"incident": incident}),
    }
    return store.append("override", body, note_of(why, note), operator=operator, second=second)


# -- the chairman's decision ---------------------------------------------------------------------------


def require_decision(
    session: Session,
    entries: Sequence[SessionEntry],
    *,
    sbd: str,
    incident: str,
    attempt_id: str | None = None,
) -> SessionEntry:
    """Return the refused attempt that the chairman may decide about; without an id the refusal that stands.

    Of somebody who is in it may be one that looked again. Raises the errors of `exception_errors`; FaceTriesLeftError
    as long as the face may be tried again.
    """
    require_candidate(session, sbd)
    case = require_not_kept_out(case_of(entries, sbd, session.component))
    attempt = _refused(session, entries, case, attempt_id)
    taken = case.decided.get(attempt.body["attempt"])
    if taken is not None:
        raise DecisionTakenError(entry=taken.seq)
    require_face_tried(case, attempt, session.rules)
    known = [entry for entry in entries if entry.part in {None, attempt.part}]
    require_incident(known, incident, sbd=sbd, attempt=attempt.body["attempt"])
    return attempt


def require_head(session: Session, operator: Operator, second: Second) -> tuple[Operator, Second]:
    """Return the two persons if one of them may decide after a refusal; raises HeadNeededError."""
    if not any(session.rules.may(role, "decide") for role in (operator.role, second.role)):
        raise HeadNeededError(role=_HEADS.get(session.rules.kind, "chairman"))
    return operator, second


def decide(
    store: Store,
    session: Session,
    *,
    sbd: str,
    admit: bool,
    incident: str,
    reason: str,
    operator: Operator,
    second: Second,
    attempt_id: str | None = None,
    note: str = "",
) -> Receipt:
    """Commit the chairman's decision about a refused candidate; the verdict stays REFUSE. Raises as
    `require_decision` and `require_head`.
    """
    why = require_reason("decision", reason)
    require_head(session, operator, second)
    require_open(store, session)
    entries = session_entries(store, session.session_id)
    attempt = require_decision(session, entries, sbd=sbd, incident=incident, attempt_id=attempt_id)
    body = {
        "session": session.session_id,
        "of": attempt.body["attempt"],
        "sbd": sbd,
        "component": session.component,
        "decided": ADMITTED if admit else NOT_ADMITTED,
        "reason": why.recorded,
        "incident": incident,
        **_made_at(attempt),
    }
    return store.append("decision", body, note_of(why, note), operator=operator, second=second)


# -- which attempt -------------------------------------------------------------------------------------


def _meant(
    session: Session, entries: Sequence[SessionEntry], case: Case, attempt_id: str | None
) -> SessionEntry:
    """Return the attempt that is meant, of this candidate or of nobody, at this component."""
    if attempt_id is None:
        if not case.attempts:
            raise NoAttemptError(sbd=case.sbd, component=case.component)
        return case.attempts[-1]
    attempt = find_attempt(entries, attempt_id)
    body = attempt.body
    if body["component"] != session.component:
        raise AttemptOtherComponentError(component=body["component"], wanted=session.component)
    named = body.get("sbd") or _confirmed(entries, attempt_id)
    if named not in {None, case.sbd}:
        raise AttemptOfAnotherError(sbd=case.sbd, named=named)
    return attempt


def _confirmed(entries: Iterable[SessionEntry], attempt_id: str) -> str | None:
    """Return whose attempt one that names nobody is, by what two persons entered about it; None before that."""
    about = (entry.body for entry in entries if entry.kind in {"override", "decision"})
    return next((str(body["sbd"]) for body in about if body["of"] == attempt_id), None)


def _require_undecided(case: Case, attempt: SessionEntry) -> None:
    """Raise where the candidate is in, this attempt was overridden, or a later one decides."""
    body = attempt.body
    done = case.overridden.get(body["attempt"])
    if done is not None:
        raise AlreadyInError(how="override", entry=done.seq)
    again = attempt in case.rechecks or ("sbd" not in body and looks_again(body))
    if case.admitted is not None and not again:
        raise AlreadyInError(how=case.how, entry=case.admitted.seq)
    same = case.attempts
    if again:
        same = [each for each in case.rechecks if each.body["purpose"] == body["purpose"]]
    if "sbd" in body and same and same[-1].body["attempt"] != body["attempt"]:
        raise AttemptNotLastError(last=same[-1].body["attempt"])


def _made_at(attempt: SessionEntry) -> dict[str, str]:
    """Return the field that says at which other station an attempt was made; none for one of this log."""
    return {} if attempt.part is None else {"of_station": station_of(attempt.origin)}


def _require_referred(case: Case, attempt: SessionEntry, session: Session) -> None:
    body = attempt.body
    verdict = verdict_of(body)
    if verdict is Verdict.REFUSE:
        raise OverrideAfterRefuseError(sbd=case.sbd, of=body["attempt"])
    if verdict is Verdict.ADMIT and body["verdict"] == Verdict.ADMIT:
        raise AlreadyInError(how=body["method"], entry=attempt.seq)
    refusal = refusal_of(case)
    if refusal is not None:
        raise OverrideAfterRefuseError(sbd=case.sbd, of=refusal.body["attempt"])
    codes = _codes(body)
    if codes & _CUT_SHORT:
        raise OverrideNothingSeenError(of=body["attempt"])
    for code in NOT_ABOUT_IDENTITY:
        if code in codes:
            raise OverrideNotForError(why=code)


def _codes(body: Mapping[str, Any]) -> frozenset[str]:
    """Return the reasons of an attempt, and the codes of its checks that a cut left undecided."""
    return frozenset(str(code) for code in body["reasons"])


def _refused(
    session: Session, entries: Sequence[SessionEntry], case: Case, attempt_id: str | None
) -> SessionEntry:
    standing = refusal_of(case)
    if attempt_id is None and standing is not None:
        return standing
    if case.admitted is not None and (attempt_id is None or not case.rechecks):
        raise AlreadyInError(how=case.how, entry=case.admitted.seq)
    attempt = _meant(session, entries, case, attempt_id)
    if case.admitted is not None and attempt not in case.rechecks:
        raise AlreadyInError(how=case.how, entry=case.admitted.seq)
    if verdict_of(attempt.body) is not Verdict.REFUSE:
        raise DecisionNotRefusedError(verdict=attempt.body["verdict"])
    return attempt


def _birth(text: str) -> PartialDate | None:
    """Return the birth date of a chip's identity as it was kept (YYYY-MM-DD or YYYY), or None."""
    if re.fullmatch(r"\d{4}", text):
        return PartialDate(year=int(text))
    try:
        return PartialDate.of(date.fromisoformat(text))
    except ValueError:
        return None
