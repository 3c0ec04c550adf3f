"""`proctor result …`: results entered, imported from a file, shown with their totals, corrected by two persons."""

import uuid
from collections.abc import Sequence
from typing import Any

from proctor.commands.context import Context
from proctor.commands.results_show import plan_json, plan_lines, progress_json, progress_lines, result_json
from proctor.commands.session import open_session
from proctor.errors import CommandError
from proctor.files import read_file
from proctor.names import component_of
from proctor.roots import OpenRoot
from proctor.seconds import second_of
from sessions.checkpoint import station_of
from sessions.course import results
from sessions.course.day_errors import NotMergedError, PartClosesError
from sessions.course.entries import SessionEntry, session_entries
from sessions.course.grading import Outcome, points_body, read_points, require_points
from sessions.course.merge import require_merged
from sessions.course.numbers import own_sbd
from sessions.course.priors import require_day
from sessions.course.progress import Progress
from sessions.course.reasons import clean_note, note_of, require_reason
from sessions.course.result_import import commit_import, plan_import
from sessions.course.result_log import Kept, Recorded
from sessions.course.result_rows import require_sbd
from sessions.course.results import Given
from sessions.errors import SessionsError
from sessions.record import Operator
from sessions.roster.table import MAX_BYTES
from sessions.session import Session
from sessions.store import Receipt

WORDS = {
    "absent": Outcome.ABSENT,
    "incomplete": Outcome.INCOMPLETE,
    "passed": Outcome.PASSED,
    "failed": Outcome.FAILED,
}


def enter(context: Context) -> int:
    """Enter one result."""
    options = context.options
    note = clean_note(context.read_argument(options.note)) if options.note is not None else ""
    with open_session(context, options.session, login=True) as (opened, whole):
        operator = _who(opened, whole, "result")
        session = at_component(whole, options.component)
        before = results.read_progress(opened.store, session)
        given = _given(context, require_sbd(before, options.sbd), session.component, note)
        ready = results.require_result(before, given)
        receipt = results.enter(
            opened.store,
            session,
            ready,
            source=options.source or context.texts.say("result-source.by-hand"),
            operator=operator,
        )
        progress = results.read_progress(opened.store, session)
    found = result_json(progress, given.sbd, session.component)
    data = {
        "ok": True,
        "session": session.session_id,
        "candidate": given.sbd,
        **found,
        "log": _entry(receipt),
    }
    line = context.texts.say(
        "result-entered",
        sbd=given.sbd,
        component=component_of(session, context.texts),
        result=_word(context, found),
        entry=receipt.seq,
    )
    context.result(data | {"candidate_code": progress.code(given.sbd)}, (line,))
    return 0


def import_file(context: Context) -> int:
    """Enter the results of a file; a refused row stops it unless --skip-bad-rows."""
    options = context.options
    data = read_file(options.file, MAX_BYTES)
    with open_session(context, options.session, login=True) as (opened, whole):
        operator = _who(opened, whole, "result")
        session = at_component(whole, options.component)
        plan = plan_import(results.read_progress(opened.store, session), session.component, data)
        stopped = bool(plan.refused) and not options.skip_bad_rows
        batch = "" if stopped or options.dry_run or not plan.ready else f"B-{uuid.uuid4()}"
        receipts: tuple[Receipt, ...] = ()
        if batch:
            source = options.source or context.texts.say("result-source.file", file=plan.sha256[:12])
            receipts = commit_import(
                opened.store, session, plan, source=source, batch=batch, operator=operator
            )
    shown = {
        "ok": not stopped,
        "session": session.session_id,
        "component": session.component,
        "file_sha256": plan.sha256,
        "batch": batch or None,
        "dry_run": bool(options.dry_run),
        "ready": len(plan.ready),
        "entered": len(receipts),
        "entries": [receipts[0].seq, receipts[-1].seq] if receipts else [],
        **plan_json(context, plan.same, plan.refused),
    }
    context.result(shown, (*plan_lines(context, plan.refused), _import_line(context, session, shown)))
    return 1 if stopped or (options.dry_run and plan.refused) else 0


def show(context: Context) -> int:
    """Show where every candidate stands with every component, the totals, and what does not agree."""
    options = context.options
    with open_session(context, options.session, login=False) as (opened, session):
        component = at_component(session, options.component).component if options.component else None
        entries = session_entries(opened.store, session.session_id)
    progress = Progress.of(session, entries)
    sbd = None if options.sbd is None else require_sbd(progress, options.sbd)
    not_whole = _not_whole(session, entries)
    data = progress_json(progress, sbd=sbd, component=component, not_whole=not_whole)
    context.result(data, tuple(progress_lines(context, progress, data)))
    return 0


def correct(context: Context) -> int:
    """Correct a result, or a passed component: a new entry of two persons, the old one stays."""
    options = context.options
    reason = require_reason("correction", options.reason)
    note = note_of(reason, context.read_argument(options.note) if options.note is not None else "")
    with open_session(context, options.session, login=True) as (opened, session):
        operator = _who(opened, session, "correct")
        progress = results.read_progress(opened.store, session)
        _, known = results.require_target(
            progress,
            opened.store,
            options.entry,
            subject=_subject(context, session),
            station=station_of(options.of_station or ""),
        )
        values = _new_values(context, progress, known)
        correction = results.require_correction(progress, known, values)
        second = second_of(context, opened, "correct", session)
        receipt = results.correct(
            opened.store,
            session,
            correction,
            reason=reason.recorded,
            note=note,
            operator=operator,
            second=second,
        )
        progress = results.read_progress(opened.store, session)
    found = result_json(progress, known.sbd, known.component)
    data = {
        "ok": True,
        "session": session.session_id,
        "candidate": known.sbd,
        "corrects": correction.target.seq,
        "reason": reason.recorded,
        "second": second.as_body(),
        **found,
        "candidate_code": progress.code(known.sbd),
        "log": _entry(receipt),
    }
    line = context.texts.say(
        "result-corrected",
        sbd=known.sbd,
        component=session.rules.components[known.component].label,
        result=_word(context, found),
        corrects=correction.target.seq,
        entry=receipt.seq,
    )
    context.result(data, (line,))
    return 0


def at_component(session: Session, text: str | None) -> Session:
    """Return the session at the component that an option names; without one, at its first."""
    return session if text is None else session.at(text)


def _not_whole(session: Session, entries: Sequence[SessionEntry]) -> SessionsError | None:
    """Return why a session has no totals: it is a part, or parts are still at other stations; None for a whole one."""
    try:
        require_merged(session, entries)
    except (NotMergedError, PartClosesError) as error:
        return error
    return None


def _who(opened: OpenRoot, session: Session, action: str) -> Operator:
    return session.rules.require_may(opened.require_login().operator, action)


def _given(context: Context, sbd: str, component: str, note: str = "") -> Given:
    """Return the result that the options give. Raises PointsInvalidError, PointsNegativeError."""
    options = context.options
    said = [outcome for name, outcome in WORDS.items() if getattr(options, name)]
    return Given(
        sbd=sbd,
        component=component,
        points_e2=None if options.points is None else read_points(options.points),
        outcome=said[0] if said else None,
        critical_failed=options.critical_failed,
        note=note,
    )


def _subject(context: Context, session: Session) -> tuple[str, str]:
    """Return candidate and component, where an entry of several passed components is meant."""
    options = context.options
    if options.sbd is None and options.component is None:
        return "", ""
    if options.sbd is None or options.component is None:
        raise CommandError("correction-subject", usage=True)
    return own_sbd(session, options.sbd), session.rules.require_component(options.component).component_id


def _new_values(context: Context, progress: Progress, known: Recorded | Kept) -> dict[str, Any]:
    """Return the values that hold from now on. Raises CommandError "correction-form", and what the rules refuse."""
    options = context.options
    if options.void:
        return results.void_values()
    if isinstance(known, Recorded):
        if options.passed_on is not None:
            raise CommandError("correction-form", usage=True)
        return results.require_values(progress, _given(context, known.sbd, known.component)).values
    if options.critical_failed or any(getattr(options, name) for name in WORDS):
        raise CommandError("correction-form", usage=True)
    values: dict[str, Any] = {"passed_on": known.passed_on.isoformat()}
    if options.passed_on is not None:
        values["passed_on"] = require_day(options.passed_on, progress.session.day).isoformat()
    points = known.points_e2 if options.points is None else read_points(options.points)
    if points is not None:
        values |= points_body(require_points(points, progress.marks(known.sbd, known.component)))
    return values


def _entry(receipt: Receipt) -> dict[str, Any]:
    return {"seq": receipt.seq, "size": receipt.size, "root": receipt.root.hex()}


def _word(context: Context, found: dict[str, Any]) -> str:
    say = context.texts.say
    word = found["code"] or say(f"result-status.{found['status']}")
    return word if found["points"] is None else say("result-points", code=word, points=found["points_text"])


def _import_line(context: Context, session: Session, shown: dict[str, Any]) -> str:
    if not shown["ok"]:
        key = "result-import.stopped"
    elif shown["dry_run"]:
        key = "result-import.dry-run"
    else:
        key = "result-import.done"
    return context.texts.say(
        key,
        component=component_of(session, context.texts),
        entered=shown["entered"],
        ready=shown["ready"],
        same=len(shown["same_rows"]),
        refused=len({row["row"] for row in shown["refused_rows"]}),
    )
