"""`proctor incident …`: what happened, in one command, and what follows from it."""

from typing import Any

from proctor.commands.context import Context
from proctor.commands.exceptions import acting, entered, read_photo, read_words, said
from proctor.commands.session import open_session
from proctor.seconds import second_of
from sessions.course.entries import session_entries
from sessions.course.incidents import Incident, add_incident, decide_incident, incidents_of, require_incident
from sessions.record import parse_utc
from sessions.session import Session
from sessions.vietnam import VIETNAM


def add(context: Context) -> int:
    """Enter an incident. A consequence that the role may not lay down is entered as proposed."""
    options = context.options
    note = read_words(context, "note")["note"]
    photo = read_photo(context)
    with acting(context, "incident") as (opened, session, operator):
        second = None if options.second is None else second_of(context, opened, "incident", session)
        number, receipt = add_incident(
            opened.store,
            session,
            code=options.code,
            sbd=options.sbd,
            attempt_id=options.attempt,
            component=session.component if options.component else None,
            place=options.place,
            at=options.at,
            consequence=options.consequence,
            note=note,
            photo=photo,
            operator=operator,
            second=second,
        )
        incident = require_incident(session_entries(opened.store, session.session_id), number)
    data = entered(session, receipt, kind="incident", operator=operator, second=second)
    data |= _row(context, session, incident)
    key = "exception.incident.proposed" if incident.proposed else "exception.incident"
    line = context.texts.say(
        key,
        incident=number,
        entry=receipt.seq,
        consequence=_word(context, incident.consequence),
        proposed=_word(context, incident.proposed),
    )
    return said(context, data, line)


def decide(context: Context) -> int:
    """Lay down what follows from an incident."""
    options = context.options
    note = read_words(context, "note")["note"]
    with acting(context, "consequence") as (opened, session, operator):
        require_incident(session_entries(opened.store, session.session_id), options.incident)
        second = second_of(context, opened, "consequence", session)
        receipt = decide_incident(
            opened.store,
            session,
            incident_id=options.incident,
            consequence=options.consequence,
            note=note,
            operator=operator,
            second=second,
        )
        incident = require_incident(session_entries(opened.store, session.session_id), options.incident)
    data = entered(session, receipt, kind="incident", operator=operator, second=second)
    data |= _row(context, session, incident)
    line = context.texts.say(
        "exception.incident",
        incident=incident.incident_id,
        entry=receipt.seq,
        consequence=_word(context, incident.consequence),
    )
    return said(context, data, line)


def list_all(context: Context) -> int:
    """List the incidents of a session as they stand."""
    with open_session(context, context.options.session, login=False) as (opened, session):
        found = incidents_of(session_entries(opened.store, session.session_id))
    rows = [_row(context, session, incident) for incident in found]
    lines = [
        context.texts.say(
            "exception.incident.row",
            incident=row["incident"],
            at=parse_utc(row["at"]).astimezone(VIETNAM).strftime("%H:%M"),
            label=row["label"],
            sbd=row["candidate"] or "-",
            consequence=_word(context, row["consequence"]),
        )
        for row in rows
    ]
    context.result({"session": session.session_id, "incidents": rows}, tuple(lines))
    return 0


def _row(context: Context, session: Session, incident: Incident) -> dict[str, Any]:
    kind = session.rules.incidents.get(incident.code)
    return {
        "incident": incident.incident_id,
        "code": incident.code,
        "label": incident.code if kind is None else kind.label,
        "minutes": kind is None or kind.minutes,
        "candidate": incident.sbd,
        "of_component": incident.component,
        "place": incident.place,
        "at": incident.at,
        "consequence": incident.consequence,
        "proposed": incident.proposed or None,
        "of": incident.attempt_id,
        "entries": list(incident.seqs),
    }


def _word(context: Context, consequence: str) -> str:
    return context.texts.say(f"consequence.{consequence}") if consequence else ""
