"""`proctor override` and `proctor decision`: somebody is let in otherwise than by the machine, whose verdict stays."""

from collections.abc import Sequence

from proctor.commands.context import Context
from proctor.commands.exceptions import acting, entered, read_words, said
from proctor.errors import CommandError
from proctor.roots import OpenRoot
from proctor.seconds import second_of
from sessions.course.entries import SessionEntry, session_entries
from sessions.course.exception_errors import NoAttemptError
from sessions.course.overrides import (
    decide,
    override,
    require_decision,
    require_head,
    require_named,
    require_override,
    suggested,
)
from sessions.course.reasons import note_of, require_reason
from sessions.session import Session


def enter_override(context: Context) -> int:
    """ADMIT over REFER, by two persons."""
    options = context.options
    why = require_reason("override", options.reason)
    note = read_words(context, "note")["note"]
    note_of(why, note)
    with acting(context, "override") as (opened, session, operator):
        entries = session_entries(opened.store, session.session_id)
        attempt = _attempt_of(context, session, entries)
        _show_suggestions(context, opened, session, attempt)
        require_named(opened.store, session, attempt, sbd=options.sbd, reason=why.code)
        second = second_of(context, opened, "override", session)
        receipt = override(
            opened.store,
            session,
            sbd=options.sbd,
            attempt_id=attempt.body["attempt"],
            reason=why.code,
            note=note,
            incident=options.incident,
            operator=operator,
            second=second,
        )
    data = entered(session, receipt, kind="override", operator=operator, second=second)
    verdict = str(attempt.body["verdict"])
    data |= {
        "candidate": options.sbd,
        "of": attempt.body["attempt"],
        "verdict_on_record": verdict,
        "reason": why.recorded,
    }
    line = context.texts.say("exception.override", sbd=options.sbd, entry=receipt.seq, verdict=verdict)
    return said(context, data, line)


def enter_decision(context: Context) -> int:
    """The chairman's decision on somebody whom the machine refused, with an incident and a second person."""
    options = context.options
    if options.admit == options.not_admit:
        raise CommandError("incident-needs-one", usage=True)
    why = require_reason("decision", options.reason)
    note = read_words(context, "note")["note"]
    note_of(why, note)
    with acting(context, "decide") as (opened, session, operator):
        entries = session_entries(opened.store, session.session_id)
        attempt = require_decision(
            session, entries, sbd=options.sbd, incident=options.incident, attempt_id=options.attempt
        )
        second = second_of(context, opened, "decide", session)
        require_head(session, operator, second)
        receipt = decide(
            opened.store,
            session,
            sbd=options.sbd,
            admit=options.admit,
            incident=options.incident,
            attempt_id=attempt.body["attempt"],
            reason=why.code,
            note=note,
            operator=operator,
            second=second,
        )
    decided = "admitted" if options.admit else "not-admitted"
    data = entered(session, receipt, kind="decision", operator=operator, second=second)
    data |= {
        "candidate": options.sbd,
        "of": attempt.body["attempt"],
        "verdict_on_record": "REFUSE",
        "decided": decided,
        "incident": options.incident,
        "reason": why.recorded,
    }
    line = context.texts.say(f"exception.decision.{decided}", sbd=options.sbd, entry=receipt.seq)
    return said(context, data, line)


def _attempt_of(context: Context, session: Session, entries: Sequence[SessionEntry]) -> SessionEntry:
    """Return the attempt that is meant. Somebody at the door whom no attempt names yet needs its id, and is told so."""
    options = context.options
    try:
        return require_override(session, entries, sbd=options.sbd, attempt_id=options.attempt)
    except NoAttemptError:
        unnamed = any(
            entry.kind == "attempt"
            and "sbd" not in entry.body
            and entry.body["component"] == session.component
            for entry in entries
        )
        if options.attempt is not None or not unnamed:
            raise
        raise CommandError("override-attempt-needed", sbd=options.sbd, session=session.session_id) from None


def _show_suggestions(context: Context, opened: OpenRoot, session: Session, attempt: SessionEntry) -> None:
    """Show whom an attempt that names nobody may mean, so that two persons confirm what they see."""
    if "sbd" in attempt.body:
        return
    found = suggested(opened.store, session, attempt)
    context.say("exception.suggestion", sbds=" ".join(each.seat.sbd for each in found) or "-")
    for each in found:
        line = f"  {each.seat.sbd}  {each.seat.full_name}  {each.seat.birth.display}"
        context.console.print(f"{line}  ({context.texts.say(f'suggestion.{each.why}')})", markup=False)
