"""Incidents: what happened to whom, where, when, and what follows from it. The rules say which there are.

An incident has an id of its own; a later entry of the same id replaces the consequence, the first one stays as it is.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from typing import Any, Final

from sessions.course.case import find_attempt, require_candidate
from sessions.course.entries import SessionEntry, session_entries
from sessions.course.exception_errors import (
    ConsequenceUnknownError,
    HourInvalidError,
    IncidentCodeError,
    IncidentNobodyError,
    IncidentOfAnotherError,
    IncidentUnknownError,
    PlaceInvalidError,
)
from sessions.course.reasons import clean_note, photo_of
from sessions.errors import RoleForbiddenError
from sessions.record import Operator, Second, format_utc
from sessions.roles import load_roles
from sessions.rules import IncidentKind
from sessions.session import Session
from sessions.store import Receipt, Store
from sessions.vietnam import VIETNAM

NONE: Final = "none"
LIGHT: Final = frozenset({NONE, "reminded"})
"""Consequences that whoever writes the incident may note."""
MAX_PLACE: Final = 60
_HOUR: Final = re.compile(r"([01]?\d|2[0-3])[:hg.]([0-5]\d)")
_NUMBER: Final = re.compile(r"\d(?:[ .\-]?\d){7}")
_ANY: Final = IncidentKind(
    label="", consequences=(NONE, "reminded", "suspended", "cancelled", "removed"), minutes=True
)
"""What holds under rules of before there were incidents in them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """One incident as it stands now: `consequence` and `proposed` of its last entry, the rest of its first one.

    `at` is when it happened (UTC as stored; when it was entered, where nobody said). `seqs` are its entries' numbers.
    """

    incident_id: str
    code: str
    sbd: str | None
    component: str | None
    place: str
    at: str
    consequence: str
    proposed: str
    attempt_id: str | None
    seqs: tuple[int, ...]


def incidents_of(entries: Iterable[SessionEntry]) -> tuple[Incident, ...]:
    """Return the incidents of a session, the first entered first."""
    found: dict[str, Incident] = {}
    for entry in entries:
        if entry.kind == "incident":
            number = str(entry.body.get("incident", entry.seq))
            found[number] = _incident(number, entry, found.get(number))
    return tuple(found.values())


def require_incident(
    entries: Iterable[SessionEntry], incident_id: str, *, sbd: str | None = None, attempt: str | None = None
) -> Incident:
    """Return an incident of the session; raises IncidentUnknownError, or IncidentOfAnotherError for one about somebody
    else.
    """
    for incident in incidents_of(entries):
        if incident.incident_id == incident_id:
            about = incident.sbd is None and incident.attempt_id in {None, attempt}
            if sbd is not None and incident.sbd != sbd and not about:
                raise IncidentOfAnotherError(incident=incident_id)
            return incident
    raise IncidentUnknownError


def require_kind(session: Session, code: str | None) -> IncidentKind:
    """Return the rules' incident of a code; raises IncidentCodeError with those there are."""
    known = session.rules.incidents
    if not known and code and re.fullmatch(r"[a-z][a-z0-9-]{0,40}", code):
        return _ANY
    found = known.get(code or "")
    if found is None:
        raise IncidentCodeError(known=" ".join(known))
    return found


def may_decide(session: Session, code: str, role: str) -> bool:
    """Whether a role may lay down what follows from an incident of this code."""
    decides = require_kind(session, code).decides
    return session.rules.may(role, "consequence") and (
        not decides or role in decides or _trains(session, role)
    )


def require_consequence(session: Session, code: str, consequence: str) -> str:
    """Return a consequence that the rules foresee; raises ConsequenceUnknownError with those."""
    known = require_kind(session, code).consequences
    if consequence != NONE and consequence not in known:
        raise ConsequenceUnknownError(known=" ".join(dict.fromkeys((NONE, *known))))
    return consequence


def add_incident(
    store: Store,
    session: Session,
    *,
    code: str | None,
    operator: Operator,
    second: Second | None = None,
    sbd: str | None = None,
    attempt_id: str | None = None,
    component: str | None = None,
    place: str = "",
    at: str | None = None,
    consequence: str = NONE,
    note: str = "",
    photo: bytes | None = None,
    now: datetime | None = None,
) -> tuple[str, Receipt]:
    """Commit an incident and return its id.

    `component`: an identifier; None: it concerns the candidate in the whole session. `at`: "09:40", local time of
    the session's day. A consequence that the operator's role may not lay down is entered as `proposed`. Raises the
    errors of `exception_errors`.
    """
    require_kind(session, code)
    code = str(code)
    if sbd is not None:
        require_candidate(session, sbd)
    entries = session_entries(store, session.session_id)
    if attempt_id is not None:
        find_attempt(entries, attempt_id)
    number = next_id(session, entries)
    body: dict[str, Any] = {
        "session": session.session_id,
        "incident": number,
        "code": code,
        "happened_at": format_utc(_moment(session, at, now or datetime.now(UTC))),
        **_consequence(session, code, consequence, operator, sbd),
    }
    said = {
        "sbd": sbd,
        "attempt_of": attempt_id,
        "component": component,
        "place": require_place(place) or None,
    }
    body |= {name: value for name, value in said.items() if value is not None}
    words = clean_note(note)
    evidence = {**({"note": words.encode()} if words else {}), **photo_of(photo)}
    return number, store.append("incident", body, evidence, operator=operator, second=second)


def decide_incident(
    store: Store,
    session: Session,
    *,
    incident_id: str,
    consequence: str,
    operator: Operator,
    second: Second,
    note: str = "",
) -> Receipt:
    """Commit what follows from an incident, by somebody who may say so and a second person.

    Raises IncidentUnknownError, ConsequenceUnknownError, IncidentNobodyError, RoleForbiddenError.
    """
    known = require_incident(session_entries(store, session.session_id), incident_id)
    require_consequence(session, known.code, consequence)
    if known.sbd is None and consequence not in LIGHT:
        raise IncidentNobodyError
    if not may_decide(session, known.code, operator.role):
        raise RoleForbiddenError(role=operator.role, action="consequence")
    body: dict[str, Any] = {
        "session": session.session_id,
        "incident": incident_id,
        "code": known.code,
        "consequence": consequence,
    }
    said = {"sbd": known.sbd, "component": known.component, "attempt_of": known.attempt_id}
    body |= {name: value for name, value in said.items() if value is not None}
    words = clean_note(note)
    return store.append(
        "incident", body, {"note": words.encode()} if words else {}, operator=operator, second=second
    )


def next_id(session: Session, entries: Sequence[SessionEntry]) -> str:
    """Return the id of the next incident of a session: I-<session>-<nn>, from 01."""
    prefix = f"I-{session.session_id}-"
    own = [each.incident_id for each in incidents_of(entries) if each.incident_id.startswith(prefix)]
    taken = [int(text) for each in own if (text := each.removeprefix(prefix)).isdigit()]
    return f"{prefix}{max(taken, default=0) + 1:02d}"


def require_place(text: str) -> str:
    """Return a place in one line; raises PlaceInvalidError: it stands in the entry for ever, so it names nobody."""
    place = unicodedata.normalize("NFC", " ".join(text.split()))
    if len(place) > MAX_PLACE or _NUMBER.search(place) or not place.isprintable():
        raise PlaceInvalidError(limit=MAX_PLACE)
    return place


def _trains(session: Session, role: str) -> bool:
    """Whether this is the trainee of a training session, who plays every part."""
    known = load_roles().get(role)
    return session.kind == "training" and known is not None and known.training_only


def _consequence(
    session: Session, code: str, wanted: str, operator: Operator, sbd: str | None
) -> dict[str, str]:
    """Return the consequence in force, and what was only proposed."""
    require_consequence(session, code, wanted)
    if wanted in LIGHT:
        return {"consequence": wanted}
    if sbd is None:
        raise IncidentNobodyError
    if may_decide(session, code, operator.role):
        return {"consequence": wanted}
    return {"consequence": NONE, "proposed": wanted}


def _moment(session: Session, at: str | None, now: datetime) -> datetime:
    """Return when it happened; raises HourInvalidError for an hour that is none, or has not come."""
    if at is None:
        return now
    hour = _HOUR.fullmatch(at.strip())
    if hour is None:
        raise HourInvalidError
    moment = datetime.combine(session.day, time(int(hour[1]), int(hour[2])), VIETNAM).astimezone(UTC)
    if session.kind == "real" and moment > now + timedelta(minutes=2):
        raise HourInvalidError
    return moment


def _incident(number: str, entry: SessionEntry, known: Incident | None) -> Incident:
    """Return an incident after its next entry; one person alone changes nothing of what stands."""
    body = entry.body
    if known is not None and "second" not in body:
        return replace(known, seqs=(*known.seqs, entry.seq))
    before = known.consequence if known is not None else NONE
    first = known or Incident(
        incident_id=number,
        code=body["code"],
        sbd=body.get("sbd"),
        component=body.get("component"),
        place=str(body.get("place", "")),
        at=str(body.get("happened_at", entry.at)),
        consequence=NONE,
        proposed="",
        attempt_id=body.get("attempt_of"),
        seqs=(),
    )
    return Incident(
        incident_id=number,
        code=first.code,
        sbd=first.sbd,
        component=first.component,
        place=first.place,
        at=first.at,
        consequence=str(body.get("consequence", before)),
        proposed=str(body.get("proposed", "")),
        attempt_id=first.attempt_id,
        seqs=(*first.seqs, entry.seq),
    )
