"""Who is out, who comes back and was looked at again; what came of a random check."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sessions.closing import require_open
from sessions.course.case import (
    Case,
    case_of,
    find_attempt,
    require_candidate,
    require_not_kept_out,
    verdict_of,
)
from sessions.course.entries import SessionEntry, session_entries
from sessions.course.exception_errors import (
    AlreadyOutError,
    AttemptOtherComponentError,
    NotDrawnError,
    NotInError,
    NotOutError,
    OutcomeUnknownError,
    SpotCheckTakenError,
    UnverifiedError,
)
from sessions.course.reasons import clean_note, require_reason
from sessions.record import Operator, Verdict
from sessions.session import Session
from sessions.store import Receipt, Store

RE_ENTRY: Final = "re-entry"
ADMITTED: Final = "admitted"
REFERRED: Final = "referred"
REFUSED: Final = "refused"
OTHER_PERSON: Final = "other-person"
OUTCOMES: Final = ("same-person", "unsure", OTHER_PERSON, "not-there", "not-possible")
"""What came of a random check; the first three are also what an attempt says by itself."""
_OF_VERDICT: Final = {Verdict.ADMIT: "same-person", Verdict.REFER: "unsure", Verdict.REFUSE: OTHER_PERSON}


def require_in(session: Session, entries: Sequence[SessionEntry], sbd: str) -> Case:
    """Return the case of somebody who was let in; raises CandidateUnknownError, SuspendedError, NotInError."""
    require_candidate(session, sbd)
    case = require_not_kept_out(case_of(entries, sbd, session.component))
    if case.admitted is None:
        raise NotInError(sbd=sbd, component=session.component)
    return case


def leave(store: Store, session: Session, *, sbd: str, reason: str, operator: Operator) -> Receipt:
    """Commit that a candidate leaves the room. Raises as `require_in`, AlreadyOutError, ReasonUnknownError."""
    why = require_reason("exit", reason)
    require_open(store, session)
    case = require_in(session, session_entries(store, session.session_id), sbd)
    if case.out is not None:
        raise AlreadyOutError(sbd=sbd, at=case.out.at)
    body = {
        "session": session.session_id,
        "sbd": sbd,
        "component": session.component,
        "reason": why.recorded,
    }
    return store.append("exit", body, operator=operator)


def require_re_entry(
    session: Session, entries: Sequence[SessionEntry], *, sbd: str, attempt_id: str | None = None
) -> tuple[str, str | None]:
    """Return what looking again came to, and the attempt that says so: ADMITTED, REFERRED, REFUSED or OTHER_PERSON.

    Whoever was referred comes back after an override of that attempt; the manual path with purpose "re-entry" counts
    too. Raises as `require_in`, NotOutError; UnverifiedError where the rules want a look and nobody looked.
    """
    case = require_in(session, entries, sbd)
    left = case.out
    if left is None:
        raise NotOutError(sbd=sbd)
    if attempt_id is not None:
        return _outcome(case, _given(session, entries, attempt_id), sbd)
    order = {id(entry): place for place, entry in enumerate(entries)}
    looks = [each for each in (*case.rechecks, *case.manuals) if _is_re_entry(each)]
    later = sorted(
        (each for each in looks if order[id(each)] > order[id(left)]), key=lambda each: order[id(each)]
    )
    if later:
        return _outcome(case, later[-1], sbd)
    if session.rules.reverify.re_entry:
        raise UnverifiedError(sbd=sbd, session=session.session_id)
    return ADMITTED, None


def come_back(
    store: Store, session: Session, *, sbd: str, operator: Operator, attempt_id: str | None = None
) -> tuple[str, Receipt]:
    """Commit that somebody comes back as this candidate, and what looking again came to; only ADMITTED is in again."""
    require_open(store, session)
    entries = session_entries(store, session.session_id)
    outcome, of = require_re_entry(session, entries, sbd=sbd, attempt_id=attempt_id)
    body: dict[str, Any] = {
        "session": session.session_id,
        "sbd": sbd,
        "component": session.component,
        "outcome": outcome,
    }
    if of is not None:
        body["of"] = of
    return outcome, store.append("re-entry", body, operator=operator)


def enter_spot_check(
    store: Store,
    session: Session,
    *,
    sbd: str,
    operator: Operator,
    attempt_id: str | None = None,
    outcome: str | None = None,
    note: str = "",
) -> tuple[str, Receipt]:
    """Commit what came of the last draw for a candidate who was drawn.

    By an attempt, or in a word of OUTCOMES. Raises NotDrawnError, SpotCheckTakenError, OutcomeUnknownError.
    """
    require_candidate(session, sbd)
    require_open(store, session)
    entries = session_entries(store, session.session_id)
    draw = _last_draw(entries, session.component, sbd)
    said, of = outcome or "", None
    if attempt_id is not None:
        said, of = _checked(_given(session, entries, attempt_id), sbd), attempt_id
    if said not in OUTCOMES:
        raise OutcomeUnknownError(known=" ".join(OUTCOMES))
    body: dict[str, Any] = {
        "session": session.session_id,
        "sbd": sbd,
        "component": session.component,
        "outcome": said,
        "draw": str(draw.seq),
        **({} if of is None else {"of": of}),
    }
    words = clean_note(note)
    evidence = {"note": words.encode()} if words else {}
    return said, store.append("spot-check", body, evidence, operator=operator)


def _given(session: Session, entries: Sequence[SessionEntry], attempt_id: str) -> SessionEntry:
    attempt = find_attempt(entries, attempt_id)
    if attempt.body["component"] != session.component:
        raise AttemptOtherComponentError(component=attempt.body["component"], wanted=session.component)
    return attempt


def _is_re_entry(entry: SessionEntry) -> bool:
    return str(entry.body.get("purpose", "")) == RE_ENTRY


def _outcome(case: Case, look: SessionEntry, sbd: str) -> tuple[str, str | None]:
    body = look.body
    if look.kind == "manual":
        return (ADMITTED if str(body["outcome"]).startswith(ADMITTED) else REFUSED), None
    name = str(body["attempt"])
    if body.get("sbd", sbd) != sbd:
        return OTHER_PERSON, name
    verdict = verdict_of(body)
    if "sbd" in body and (verdict is Verdict.ADMIT or name in case.overridden):
        return ADMITTED, name
    return (REFUSED if verdict is Verdict.REFUSE else REFERRED), name


def _checked(attempt: SessionEntry, sbd: str) -> str:
    if attempt.body.get("sbd") != sbd:
        return OTHER_PERSON if "sbd" in attempt.body else "unsure"
    return _OF_VERDICT[verdict_of(attempt.body)]


def _last_draw(entries: Sequence[SessionEntry], component: str, sbd: str) -> SessionEntry:
    """Return the last draw in which a candidate was drawn; raises NotDrawnError, SpotCheckTakenError."""
    drawn = [
        entry
        for entry in entries
        if entry.kind == "draw" and entry.body["component"] == component and sbd in entry.body["drawn"]
    ]
    if not drawn:
        raise NotDrawnError(sbd=sbd)
    for entry in entries:
        body = entry.body
        if entry.kind == "spot-check" and body["sbd"] == sbd and body["draw"] == str(drawn[-1].seq):
            raise SpotCheckTakenError(entry=entry.seq)
    return drawn[-1]
