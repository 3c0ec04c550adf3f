"""The manual path: two persons establish who somebody is. A normal path, with the same rights, and no mark against
anybody.

The entry says by which kind of document and a coarse reason. What is of health, belief or family goes into the
encrypted note; a number on a document into the encrypted identity; of VNeID nothing is kept.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from sessions.checkpoint import station_of
from sessions.closing import require_open
from sessions.course.case import (
    PROVISIONAL,
    Case,
    case_of,
    refusal_of,
    require_candidate,
    require_face_tried,
    require_not_kept_out,
)
from sessions.course.day import require_not_paused, require_started
from sessions.course.due import require_due
from sessions.course.entries import SessionEntry, session_entries
from sessions.course.exception_errors import (
    AlreadyInError,
    DocumentDiffersError,
    DocumentNumberError,
    DocumentRefusedError,
    DocumentUnknownError,
    ManualAfterRefuseError,
    NothingProvisionalError,
    OutcomeUnknownError,
    UndertakingNeededError,
    VneidKeepsNothingError,
)
from sessions.course.parts import require_own_part
from sessions.course.reasons import note_of, photo_of, require_reason
from sessions.record import Operator, Second
from sessions.roster.model import Seat
from sessions.session import Session
from sessions.store import Receipt, Store

DOCUMENTS: Final = (
    "cccd-chip",
    "can-cuoc-2024",
    "cccd-barcode",
    "cmnd-9",
    "passport",
    "passport-chip",
    "vneid",
    "none",
    "other",
)
COMPARED: Final = ("photo", "name", "birth", "number")
"""What both persons compare unless they say otherwise."""
ADMITTED: Final = "admitted"
NOT_ADMITTED: Final = "not-admitted"
OUTCOMES: Final = (ADMITTED, PROVISIONAL, NOT_ADMITTED)
RE_ENTRY: Final = "re-entry"
_MAX_NUMBER: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class ManualCase:
    """What two persons say of one candidate.

    `number`: as it stands on the document; compared with the list where it can be, kept encrypted. `compared`: of
    COMPARED. `undertaking`: no document, a signed undertaking. `later_proof`: closes such an admission. `purpose`: as
    of an attempt ("re-entry": who comes back).
    """

    sbd: str
    document: str
    reason: str
    note: str = field(default="", repr=False)
    number: str = field(default="", repr=False)
    photo: bytes | None = field(default=None, repr=False)
    compared: Sequence[str] = COMPARED
    undertaking: bool = False
    later_proof: bool = False
    established: bool = True
    purpose: str = "check-in"


def require_manual(session: Session, entries: Sequence[SessionEntry], asked: ManualCase) -> Case:
    """Return the candidate's case if two persons may establish who this is. Raises the errors of `exception_errors`."""
    seat = require_candidate(session, asked.sbd)
    require_own_part(session, seat, entries)
    case = require_not_kept_out(case_of(entries, asked.sbd, session.component))
    if asked.later_proof:
        if case.provisional is None:
            raise NothingProvisionalError(sbd=asked.sbd)
    elif asked.purpose == RE_ENTRY:
        if case.out is None:
            raise AlreadyInError(
                how=case.how or "re-entry", entry=0 if case.admitted is None else case.admitted.seq
            )
    elif case.admitted is not None:
        raise AlreadyInError(how=case.how, entry=case.admitted.seq)
    if not asked.later_proof:
        _require_not_refused(session, case)
    _require_document(session, asked)
    _require_number(seat, asked)
    return case


def enter_manual(
    store: Store,
    session: Session,
    asked: ManualCase,
    *,
    operator: Operator,
    second: Second,
    now: datetime | None = None,
) -> tuple[str, Receipt]:
    """Commit what two persons established, and return the outcome of OUTCOMES. Raises as `require_manual`."""
    why = require_reason("manual", asked.reason)
    wrong = set(asked.compared) - set(COMPARED)
    if wrong:
        raise OutcomeUnknownError(known=" ".join(COMPARED))
    entries = session_entries(store, session.session_id)
    case = require_manual(session, entries, asked)
    if not asked.later_proof:  # what somebody undertook to bring may come when the day is over
        _require_due(store, session, entries, asked, now or datetime.now(UTC))
    outcome = _outcome(asked)
    facts: dict[str, Any] = {
        "persons": 2,
        "compared": " ".join(name for name in COMPARED if name in asked.compared),
        "document_rule": session.rules.document(asked.document, session.day),
    }
    if case.provisional is not None and asked.later_proof:
        facts["closes"] = case.provisional.seq
        if case.provisional.part is not None:
            facts["of_station"] = station_of(case.provisional.origin)
    body: dict[str, Any] = {
        "session": session.session_id,
        "sbd": asked.sbd,
        "component": session.component,
        "document": asked.document,
        "outcome": outcome,
        "reason": why.recorded,
        "facts": facts,
        "rules_sha256": session.rules_sha256,
        "roster_hash": session.roster_hash,
        "purpose": asked.purpose,
    }
    if case.attempts and not asked.later_proof:
        body["of"] = case.attempts[-1].body["attempt"]
    evidence = {**note_of(why, asked.note), **photo_of(asked.photo), **_identity(asked)}
    return outcome, store.append("manual", body, evidence, operator=operator, second=second)


def _outcome(asked: ManualCase) -> str:
    if not asked.established:
        return NOT_ADMITTED
    return PROVISIONAL if asked.undertaking else ADMITTED


def _require_due(
    store: Store, session: Session, entries: Sequence[SessionEntry], asked: ManualCase, now: datetime
) -> None:
    """Raise where it is not identity that keeps a candidate out: not begun, paused, too late, not to be taken now."""
    require_open(store, session)
    require_not_paused(store, require_started(store, session))
    if asked.purpose == RE_ENTRY or not asked.established:
        return
    require_due(session, entries, require_candidate(session, asked.sbd), now)


def _require_not_refused(session: Session, case: Case) -> None:
    """Raise FaceTriesLeftError or ManualAfterRefuseError where the machine's refusal stands."""
    refusal = refusal_of(case)
    if refusal is not None:
        require_face_tried(case, refusal, session.rules)
        raise ManualAfterRefuseError(sbd=case.sbd, of=refusal.body["attempt"])


def _require_document(session: Session, asked: ManualCase) -> None:
    if asked.document not in DOCUMENTS:
        raise DocumentUnknownError(known=" ".join(DOCUMENTS))
    if (asked.document == "none") != asked.undertaking and asked.established:
        raise UndertakingNeededError
    if asked.established and session.rules.document(asked.document, session.day) == "refuse":
        raise DocumentRefusedError(document=asked.document, day=session.day.isoformat())
    if asked.document == "vneid" and (asked.photo is not None or asked.number):
        raise VneidKeepsNothingError


def _require_number(seat: Seat, asked: ManualCase) -> None:
    """Raise DocumentDiffersError where the document's number is of the list's kind and another one."""
    number = _plain(asked.number)
    if not number:
        return
    if len(number) > _MAX_NUMBER:
        raise DocumentNumberError
    listed = {12: seat.id_number, 9: seat.old_number}.get(len(number), "") if number.isdigit() else ""
    if listed and listed != number:
        raise DocumentDiffersError(sbd=seat.sbd)


def _identity(asked: ManualCase) -> dict[str, bytes]:
    number = _plain(asked.number)
    if not number:
        return {}
    return {"identity": json.dumps({"document": asked.document, "number": number}, sort_keys=True).encode()}


def _plain(number: str) -> str:
    text = re.sub(r"[ .\-]", "", number.strip()).upper()
    if text and not re.fullmatch(r"[0-9A-Z]{1,64}", text):
        raise DocumentNumberError
    return text
