"""The station's own minutes of one incident: what, who, where, when, with what consequence. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from reports.exceptions_sheet import NoteOf, People
from reports.session_sheet import Frame, cell, moment
from reports.sheet import Align, Row, Sheet
from reports.wording import DASH
from sessions.course.entries import SessionEntry
from sessions.record import parse_utc

KIND: Final = "incident"
ROW_MM: Final = 8.0
_CHUNK: Final = 900
"""Characters of a note that one row takes: a longer one goes on in the next, over as many pages as it needs."""
_COLUMNS: Final = (("item", 40.0, Align.LEFT), ("text", 125.0, Align.LEFT))
_ROLES: Final = ("minutes-writer", "candidate", "witness", "in-charge")


def build_incident(
    frame: Frame, incident: str, entries: Sequence[SessionEntry], people: People, note_of: NoteOf
) -> Sheet:
    """Return the page model of an incident: `entries` are those of its id, the first recorded first, at least one."""
    rows = [_row(item, text) for item, text in _lines(frame, incident, entries, people, note_of)]
    roles = [frame.say(f"sign.{role}") for role in _ROLES]
    sheet = frame.sheet(
        KIND,
        variant=incident,
        header=frame.header(KIND, (frame.say("incident.not-council"), frame.day_line)),
        columns=frame.columns(_COLUMNS),
        rows=rows,
        closing=frame.closing(KIND, (), (frame.say("incident.remark"),), roles),
        counts={"incident-entries": len(entries)},
        row_mm=ROW_MM,
    )
    return replace(sheet, portrait=True)


def _lines(
    frame: Frame, incident: str, entries: Sequence[SessionEntry], people: People, note_of: NoteOf
) -> list[tuple[str, str]]:
    """Return the rows as (item, text)."""
    first = entries[0]
    body = first.body
    happened = body.get("happened_at")
    lines = [
        ("number", incident),
        ("code", _label(frame, str(body["code"]))),
        ("happened", moment(parse_utc(str(happened) if happened else first.at))),
        ("place", str(body.get("place", "")) or frame.session.place),
        ("component", frame.component_of(body)),
        ("candidates", _candidates(entries, people)),
        ("recorded", _recorded(frame, first, people)),
    ]
    for entry in entries:
        parts = _chunks(note_of(entry))
        lines += [("note-more" if at else "note", part) for at, part in enumerate(parts)]
    for entry in entries:
        text = frame.coded("consequence", str(entry.body.get("consequence", "")))
        who = _persons(entry, people)
        lines.append(("consequence", frame.say("incident.consequence", text=text, entry=entry.seq, who=who)))
    return [(frame.say(f"item.{item}"), text) for item, text in lines]


def _label(frame: Frame, code: str) -> str:
    """Return what the session's rules call an incident of this code."""
    known = frame.session.rules.incidents.get(code)
    return known.label if known is not None else code


def _candidates(entries: Sequence[SessionEntry], people: People) -> str:
    sbds = dict.fromkeys(str(entry.body["sbd"]) for entry in entries if "sbd" in entry.body)
    return "; ".join(f"{sbd} {people.names.get(sbd, '')}".strip() for sbd in sbds) or DASH


def _recorded(frame: Frame, entry: SessionEntry, people: People) -> str:
    who = _persons(entry, people)
    return frame.say("incident.recorded", who=who, at=moment(parse_utc(entry.at)), entry=entry.seq)


def _persons(entry: SessionEntry, people: People) -> str:
    """Return who made an entry, both where there were two."""
    persons = [people.person(entry.body["operator"])]
    if "second" in entry.body:
        persons.append(people.person(entry.body["second"]))
    return " + ".join(person.words for person in persons)


def _chunks(note: str) -> list[str]:
    """Return a note in pieces that fit a row each, divided between words."""
    pieces: list[str] = []
    for word in note.split():
        if pieces and len(pieces[-1]) + len(word) < _CHUNK:
            pieces[-1] += f" {word}"
        else:
            pieces.append(word)
    return pieces


def _row(item: str, text: str) -> Row:
    return Row(cells=(cell(item, strong=True), cell(text or DASH)), mark=("", "-"))
