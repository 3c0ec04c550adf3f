"""`proctor session candidate`: where one candidate stands and what happened, and the log says who looked."""

from typing import Any

from proctor.commands.context import Context
from proctor.commands.day import local
from proctor.commands.exceptions import acting
from proctor.errors import CommandError
from proctor.history_words import words_of
from proctor.texts import Texts, load_texts
from reports.posting import mask_number
from sessions.course.allocation import placed, places_of
from sessions.course.board import Board
from sessions.course.case import require_candidate
from sessions.course.entries import SessionEntry
from sessions.course.history import history_of
from sessions.course.states import Standing
from sessions.rules import Rules

WHAT = "candidate"
PICTURES = ("chip-portrait", "live-portrait", "photo", "frames")
"""Pieces of evidence that are pictures, in the order in which they are looked at."""
MAX_REASON = 200


def show(context: Context) -> int:
    """Show one candidate with every entry in words. The view entry is committed first."""
    options = context.options
    reason = " ".join(options.reason.split())
    if not reason or len(reason) > MAX_REASON:
        raise CommandError("view-reason", usage=True, limit=MAX_REASON)
    with acting(context, "view") as (opened, session, operator):
        require_candidate(session, options.sbd)
        body = {"what": WHAT, "session": session.session_id, "sbd": options.sbd, "reason": reason}
        receipt = opened.store.append("view", body, operator=operator)
        board = Board(opened.store, session)
        standing = board.standing(options.sbd)
        places = places_of(board.entries, session.component)
        found = history_of(board.entries, options.sbd, session.component)
    room, seat = placed(standing.seat, places)
    data = {
        "ok": True,
        "session": session.session_id,
        "component": session.component,
        **_standing(standing),
        "room": room or None,
        "seat": seat or None,
        "history": [_row(each, session.rules) for each in found],
        "view_entry": receipt.seq,
    }
    context.result(data, _lines(data, context.texts))
    return 0


def _standing(standing: Standing) -> dict[str, Any]:
    seat = standing.seat
    number = seat.id_number or seat.old_number
    return {
        "candidate": seat.sbd,
        "name": seat.full_name,
        "birth": seat.birth.display,
        "number": mask_number(number) if number else None,
        "class": seat.licence_class or None,
        "addition": seat.addition or None,
        "state": str(standing.state),
        "admitted": standing.admitted,
        "how": standing.how or None,
        "attempts": standing.attempts,
        "at": standing.at,
        "entry": standing.seq,
    }


def _row(entry: SessionEntry, rules: Rules) -> dict[str, Any]:
    body = entry.body
    held = body.get("evidence", {}) if entry.part is None else {}
    second = body.get("second")
    return {
        "entry": entry.seq,
        "part": entry.part,
        "at": entry.at,
        "kind": entry.kind,
        **{language: words_of(entry, rules, load_texts(language)) for language in ("vi", "en")},
        "by": {"id": body["operator"]["id"], "role": body["operator"]["role"]},
        "second": None if second is None else {"id": second["id"], "role": second["role"]},
        "pictures": [name for name in PICTURES if name in held],
    }


def _lines(data: dict[str, Any], texts: Texts) -> tuple[str, ...]:
    where = " ".join(part for part in (data["room"], data["seat"]) if part)
    head = [data["candidate"], data["name"], data["birth"], data["number"], data["class"], where]
    state = texts.say(f"state.{data['state']}")
    lines = ["  ".join(part for part in (*head, state) if part)]
    for row in data["history"]:
        people = ", ".join(each["id"] for each in (row["by"], row["second"]) if each is not None)
        lines.append(f"  {local(row['at'])}  {row[texts.language]}  ({people}, {row['entry']})")
    return tuple(lines)
