"""Notice and consent, for each candidate: which version was shown, and whether the candidate agrees to a picture.

Refusing leads to the manual path with the same rights, and to nothing else.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from sessions.closing import require_open
from sessions.course.case import require_candidate
from sessions.course.entries import SessionEntry
from sessions.course.exception_errors import ConsentRefusedError, OutcomeUnknownError, PhotoRefusedError
from sessions.record import Operator
from sessions.session import Session
from sessions.store import Receipt, Store

SHOWN: Final = "shown"
AGREED: Final = "agreed"
REFUSED: Final = "refused"
BIOMETRICS_REFUSED: Final = "biometrics-refused"
OUTCOMES: Final = (SHOWN, AGREED, REFUSED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """The last word of a candidate: outcome of OUTCOMES, the notice's version and hash, when (UTC as stored), where."""

    sbd: str
    outcome: str
    version: str
    notice_sha256: str
    at: str
    seq: int


def consent_of(entries: Iterable[SessionEntry], sbd: str) -> Consent | None:
    """Return what a candidate said last, or None; that the notice was shown again does not undo an answer."""
    found: Consent | None = None
    for entry in entries:
        body = entry.body
        if entry.kind != "consent" or body["sbd"] != sbd:
            continue
        if found is not None and body["outcome"] == SHOWN:
            continue
        found = Consent(
            sbd=sbd,
            outcome=body["outcome"],
            version=body["version"],
            notice_sha256=body["notice_sha256"],
            at=entry.at,
            seq=entry.seq,
        )
    return found


def refuses(entries: Iterable[SessionEntry], sbd: str) -> bool:
    """Whether a candidate's last answer is that no picture may be taken."""
    found = consent_of(entries, sbd)
    return found is not None and found.outcome == REFUSED


def require_consent(entries: Iterable[SessionEntry], sbd: str) -> Consent | None:
    """Return what a candidate said last; raises ConsentRefusedError: then no picture is taken."""
    if refuses(entries, sbd):
        raise ConsentRefusedError(sbd=sbd)
    return consent_of(entries, sbd)


def require_photo_allowed(entries: Iterable[SessionEntry], sbd: str, reason: str) -> str:
    """Return a number of somebody of whom a picture may be kept; raises PhotoRefusedError for who refused one, or is
    let in by persons for that very `reason`.
    """
    if reason == BIOMETRICS_REFUSED or refuses(entries, sbd):
        raise PhotoRefusedError(sbd=sbd)
    return sbd


def enter_consent(
    store: Store, session: Session, *, sbd: str, outcome: str, notice: str, operator: Operator
) -> Receipt:
    """Commit that a candidate was shown the notice, agrees or refuses; `notice` is the text as shown.

    Raises CandidateUnknownError, OutcomeUnknownError.
    """
    if outcome not in OUTCOMES:
        raise OutcomeUnknownError(known=" ".join(OUTCOMES))
    require_candidate(session, sbd)
    require_open(store, session)
    body = {
        "session": session.session_id,
        "sbd": sbd,
        "version": session.rules.notice_version,
        "notice_sha256": hashlib.sha256(notice.encode()).hexdigest(),
        "outcome": outcome,
    }
    return store.append("consent", body, operator=operator)
