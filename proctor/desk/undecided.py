"""A REFER that nobody decided about, looked up in the log: the one at the desk when it was cut short is opened again
there. It shows what the log holds; whoever sees pictures and fields of it is entered first, as everywhere.
"""

import json
from contextlib import suppress
from datetime import date
from typing import Any, Final

from biometrics.decode import PortraitDecoder
from biometrics.errors import BiometricsError
from proctor.commands.evidence_view import Looked, look_at
from proctor.desk.ending import compared
from proctor.desk.events import Candidate, CheckDone, Ending, Reason, Reopened
from proctor.desk.onlookers import as_png
from proctor.errors import CommandError
from proctor.roots import OpenRoot
from readers.emrtd.dates import PartialDate
from readers.emrtd.evidence import Holder
from sessions.course.entries import SessionEntry, session_entries
from sessions.course.overrides import require_override, suggested
from sessions.errors import SessionsError
from sessions.record import Outcome, Verdict
from sessions.roster.model import Seat
from sessions.session import Session

CHIP: Final = "chip-portrait"
LIVE: Final = "live-portrait"
IDENTITY: Final = "identity"


def last_refer(opened: OpenRoot, session: Session) -> SessionEntry | None:
    """Return the newest attempt of this log at the session's component, if it is a REFER that two persons may decide
    about now; None otherwise. Raises StoreError."""
    entries = session_entries(opened.store, session.session_id)
    mine = [entry for entry in entries if entry.kind == "attempt" and entry.part is None]
    if not mine or mine[-1].body["component"] != session.component:
        return None
    attempt = mine[-1]
    if attempt.body["verdict"] != Verdict.REFER or not _decidable(opened, session, entries, attempt):
        return None
    return attempt


def _decidable(
    opened: OpenRoot, session: Session, entries: tuple[SessionEntry, ...], attempt: SessionEntry
) -> bool:
    body = attempt.body
    try:
        if "sbd" in body:
            require_override(session, entries, sbd=body["sbd"], attempt_id=body["attempt"])
            return True
    except SessionsError:
        return False
    done = any(entry.kind == "override" and entry.body["of"] == body["attempt"] for entry in entries)
    return not done and bool(suggested(opened.store, session, attempt))


def reopened(opened: OpenRoot, session: Session, attempt: SessionEntry, *, reason: str) -> Reopened:
    """Return an attempt of the log as the page shows one that is over. `reason`: why its pictures and fields are looked
    at, in words; who may not look sees neither. Takes a moment: beside the window. Raises StoreError."""
    body = attempt.body
    looked = _looked(opened, session, attempt, reason)
    pieces = {} if looked is None else looked.pieces
    seat = next((each for each in session.seats if not each.erased and each.sbd == body.get("sbd")), None)
    holder = _holder(pieces.get(IDENTITY, b""))
    return Reopened(
        of=str(body["attempt"]),
        result=Ending(
            verdict=Verdict.REFER,
            recorded=True,
            entry=attempt.seq,
            reasons=tuple(Reason(code=code, facts=_facts(body, code)) for code in body["reasons"]),
            warnings=tuple(Reason(code=code) for code in _warned(body)),
            differences=compared(seat, holder) if holder is not None else (),
            candidate=None if seat is None else _candidate(seat, by_chip=_by_chip(body)),
            chip=str(body.get("chip_verdict", "")),
        ),
        checks=tuple(
            CheckDone(
                attempt_id=str(body["attempt"]),
                name=name,
                outcome=Outcome(row["outcome"]),
                code=str(row["code"]),
                facts=dict(row["facts"]),
            )
            for name, row in body["checks"].items()
        ),
        chip=_portrait(pieces.get(CHIP)),
        live=pieces.get(LIVE),
    )


def _looked(opened: OpenRoot, session: Session, attempt: SessionEntry, reason: str) -> Looked | None:
    """Return what was kept, once it is entered who looks; None where nothing was, or who is here may not look."""
    try:
        operator = session.rules.require_may(opened.require_login().operator, "view")
        return look_at(opened, attempt.seq, reason=reason, operator=operator, only=(IDENTITY, CHIP, LIVE))
    except (SessionsError, CommandError):
        return None


def _facts(body: Any, code: str) -> dict[str, str | int]:
    rows = (row["facts"] for row in body["checks"].values() if row["code"] == code)
    return dict(next(rows, {}))


def _warned(body: Any) -> list[str]:
    row = body["checks"].get("cross-check", {})
    return str(row.get("facts", {}).get("warnings", "")).split()


def _by_chip(body: Any) -> bool:
    return bool(body.get("facts", {}).get("sbd_source") == "chip")


def _candidate(seat: Seat, *, by_chip: bool) -> Candidate:
    place = " / ".join(part for part in (seat.room, seat.seat) if part)
    return Candidate(sbd=seat.sbd, name=seat.full_name, place=place, by_chip=by_chip)


def _holder(data: bytes) -> Holder | None:
    """Return whom the chip named, as far as it was kept; None where it was not, or nobody can read it."""
    with suppress(ValueError, KeyError, TypeError):
        told = json.loads(data)
        year, *rest = (int(part) for part in str(told["birth"]).split("-"))
        month, day = (*rest, None, None)[:2]
        return Holder(
            id_number=str(told["number"]),
            surname_given=str(told["name"]),
            full_name=str(told["name"]),
            birth=PartialDate(year=year, month=month, day=day),
            sex=str(told["sex"]),
            expiry=date.fromisoformat(told["expiry"]) if told["expiry"] else None,
            nationality="",
            document_type="",
            document_number="",
            issuing_state="",
        )
    return None


def _portrait(data: bytes | None) -> bytes | None:
    """Return a chip's portrait as PNG: it comes from outside, and a process of its own unpacks it."""
    if data is None:
        return None
    try:
        with PortraitDecoder() as decoder:
            return as_png(decoder.decode(data))
    except BiometricsError:
        return None
