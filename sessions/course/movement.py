"""Who is out, who comes back and was looked at again; what came of a random check."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sessions.closing import require_open
from sessions.course.case import (
    Case,
    case_of,
    find_attempt,
    refusal_of,
    require_candidate,
    require_not_kept_out,
    verdict_of,
)
from sessions.course.day import require_not_paused
from sessions.course.entries import SessionEntry, session_entries
from sessions.course.exception_errors import (
    AlreadyOutError,
    AttemptNotLastError,
    AttemptOtherComponentError,
    AttemptOtherPurposeError,
    AttemptTooOldError,
    NotDrawnError,
    NotInError,
    NotOutError,
    OutcomeUnknownError,
    SpotCheckTakenError,
    SpotCheckWordError,
    UnverifiedError,
)
from sessions.course.reasons import clean_note, require_reason
from sessions.record import Operator, Verdict
from sessions.session import Session
from sessions.store import Receipt, Store

RE_ENTRY: Final = "re-entry"
SPOT_CHECK: Final = "spot-check"
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

    The last look since the exit says it: an attempt with that purpose, or the manual path with it. Whoever was
    referred comes back after an override of that attempt; after a refusal only an admission by the machine or the
    chairman's decision opens. Raises as `require_in`, NotOutError, as `_given`; UnverifiedError where the rules want a
    look and nobody looked.
    """
    case = require_in(session, entries, sbd)
    left = case.out
    if left is None:
        raise NotOutError(sbd=sbd)
    looks = _looks(entries, (*case.rechecks, *case.manuals), RE_ENTRY, left)
    if attempt_id is not None:
        return _outcome(case, _given(session, entries, attempt_id, (RE_ENTRY, left), looks), sbd)
    if looks:
        return _outcome(case, looks[-1], sbd)
    if session.rules.reverify.re_entry:
        raise UnverifiedError(sbd=sbd, session=session.session_id)
    return ADMITTED, None


def come_back(
    store: Store, session: Session, *, sbd: str, operator: Operator, attempt_id: str | None = None
) -> tuple[str, Receipt]:
    """Commit that somebody comes back as this candidate, and what looking again came to; only ADMITTED is in again."""
    require_open(store, session)
    require_not_paused(store, session)
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

    By the last look since the draw, or where nobody looked in a word of OUTCOMES. Raises NotDrawnError,
    SpotCheckTakenError, OutcomeUnknownError, SpotCheckWordError, and as `_given`.
    """
    require_candidate(session, sbd)
    require_open(store, session)
    entries = session_entries(store, session.session_id)
    draw = _last_draw(entries, session.component, sbd)
    case = case_of(entries, sbd, session.component)
    looks = _looks(entries, case.rechecks, SPOT_CHECK, draw)
    said, of = outcome or "", None
    if attempt_id is not None:
        said, of = _checked(_given(session, entries, attempt_id, (SPOT_CHECK, draw), looks), sbd), attempt_id
    elif looks:
        raise SpotCheckWordError(of=looks[-1].body["attempt"])
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


def _looks(
    entries: Sequence[SessionEntry], looks: Sequence[SessionEntry], purpose: str, since: SessionEntry
) -> list[SessionEntry]:
    """Return those of these entries that looked again at this station, with this purpose, since another; in order."""
    order = {id(entry): place for place, entry in enumerate(entries)}
    later = (each for each in looks if each.part is None and order[id(each)] > order[id(since)])
    return sorted(
        (each for each in later if str(each.body.get("purpose", "")) == purpose),
        key=lambda each: order[id(each)],
    )


def _given(
    session: Session,
    entries: Sequence[SessionEntry],
    attempt_id: str,
    wanted: tuple[str, SessionEntry],
    looks: Sequence[SessionEntry],
) -> SessionEntry:
    """Return the attempt of this id, which has the wanted purpose, came after that entry, and is the last look.

    Raises AttemptOtherComponentError, AttemptOtherPurposeError, AttemptTooOldError, AttemptNotLastError.
    """
    attempt, (purpose, since) = find_attempt(entries, attempt_id), wanted
    if attempt.body["component"] != session.component:
        raise AttemptOtherComponentError(component=attempt.body["component"], wanted=session.component)
    found = str(attempt.body.get("purpose", "check-in"))
    if found != purpose:
        raise AttemptOtherPurposeError(purpose=found, wanted=purpose)
    order = [id(entry) for entry in entries]
    if order.index(id(attempt)) < order.index(id(since)):
        raise AttemptTooOldError(of=attempt_id)
    if looks and order.index(id(looks[-1])) > order.index(id(attempt)):
        raise AttemptNotLastError(last=str(looks[-1].body.get("attempt", looks[-1].seq)))
    return attempt


def _outcome(case: Case, look: SessionEntry, sbd: str) -> tuple[str, str | None]:
    body, refused = look.body, refusal_of(case) is not None
    if look.kind == "manual":
        opens = str(body["outcome"]).startswith(ADMITTED) and not refused
        return (ADMITTED if opens else REFUSED), None
    name = str(body["attempt"])
    if body.get("sbd", sbd) != sbd:
        return OTHER_PERSON, name
    verdict = _said(body)
    decided = case.decided.get(name)
    turned = name in case.overridden or (decided is not None and decided.body["decided"] == ADMITTED)
    if "sbd" in body and not refused and (verdict is Verdict.ADMIT or turned):
        return ADMITTED, name
    return (REFUSED if refused or verdict is Verdict.REFUSE else REFERRED), name


def _said(body: Mapping[str, Any]) -> Verdict:
    """Return the machine's verdict of a look; an ADMIT that was recorded late was never given at the door."""
    verdict = verdict_of(body)
    return verdict if verdict is Verdict.REFUSE else Verdict(body["verdict"])


def _checked(attempt: SessionEntry, sbd: str) -> str:
    if attempt.body.get("sbd") != sbd:
        return OTHER_PERSON if "sbd" in attempt.body else "unsure"
    return _OF_VERDICT[_said(attempt.body)]


def _last_draw(entries: Sequence[SessionEntry], component: str, sbd: str) -> SessionEntry:
    """Return the last draw in which a candidate was drawn; raises NotDrawnError, SpotCheckTakenError."""
    drawn = [
        entry
        for entry in entries
        if entry.kind == "draw"
        and entry.part is None
        and entry.body["component"] == component
        and sbd in entry.body["drawn"]
    ]
    if not drawn:
        raise NotDrawnError(sbd=sbd)
    for entry in entries:
        body = entry.body
        if entry.kind == "spot-check" and body["sbd"] == sbd and body["draw"] == str(drawn[-1].seq):
            raise SpotCheckTakenError(entry=entry.seq)
    return drawn[-1]
