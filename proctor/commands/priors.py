"""`proctor prior …`: components passed elsewhere or earlier, imported with their source; and the list of them."""

from typing import Any

from proctor.commands.context import Context
from proctor.commands.results_show import kept_json, plan_json, plan_lines
from proctor.commands.session import open_session
from proctor.errors import CommandError
from proctor.files import read_file
from proctor.roots import OpenRoot
from sessions.course.priors import PriorPlan, commit_priors, plan_from_session, plan_priors
from sessions.course.progress import Progress
from sessions.course.results import clean_source, read_progress
from sessions.roster.table import MAX_BYTES
from sessions.session import Session, load_session
from sessions.store import Receipt


def import_priors(context: Context) -> int:
    """Import passed components from a file or from another session; a refused row stops it unless --skip-bad-rows."""
    options = context.options
    if (options.file is None) == (options.from_session is None):
        raise CommandError("prior-one-source", usage=True)
    if options.file is not None and not (_stated(options.source) and _stated(options.reference)):
        raise CommandError("prior-source-missing", usage=True)
    with open_session(context, options.session, login=True) as (opened, session):
        operator = session.rules.require_may(opened.require_login().operator, "prior")
        progress = read_progress(opened.store, session)
        plan = _plan(context, opened, progress)
        source, reference = _source(context, opened)
        stopped = bool(plan.refused) and not options.skip_bad_rows
        receipts: tuple[Receipt, ...] = ()
        if not stopped and not options.dry_run and plan.ready:
            receipts = commit_priors(
                opened.store, session, plan, source=source, reference=reference, operator=operator
            )
        progress = read_progress(opened.store, session)
    expired = [each for each in plan.ready if each.expired]
    data = {
        "ok": not stopped,
        "session": session.session_id,
        "source": source,
        "reference": reference,
        "file_sha256": plan.sha256 or None,
        "dry_run": bool(options.dry_run),
        "ready": len(plan.ready),
        "expired": [
            {"candidate": each.sbd, "component": each.component, "passed_on": each.passed_on.isoformat()}
            for each in expired
        ],
        "entered": len(plan.ready) if receipts else 0,
        "entries": [receipt.seq for receipt in receipts],
        **plan_json(context, plan.same, plan.refused),
    }
    context.result(data, tuple(_import_lines(context, session, plan, data)))
    return 1 if stopped or (options.dry_run and plan.refused) else 0


def list_priors(context: Context) -> int:
    """List every passed component that was brought to a session, and until when it counts."""
    with open_session(context, context.options.session, login=False) as (opened, session):
        progress = read_progress(opened.store, session)
    rows = [kept_json(progress, kept) for kept in sorted(progress.log.kept.values(), key=_order(progress))]
    data = {"session": session.session_id, "date": session.day.isoformat(), "priors": rows}
    lines = tuple(_line(context, session, row) for row in rows)
    context.result(data, lines or (context.texts.say("prior-none"),))
    return 0


def _plan(context: Context, opened: OpenRoot, progress: Progress) -> PriorPlan:
    options, session = context.options, progress.session
    if options.from_session is not None:
        other = load_session(opened.store, options.from_session)
        return plan_from_session(progress, read_progress(opened.store, other))
    component = session.rules.require_component(options.component).component_id if options.component else ""
    return plan_priors(progress, read_file(options.file, MAX_BYTES), component)


def _source(context: Context, opened: OpenRoot) -> tuple[str, str]:
    """Return what the entry says of where this comes from: as stated, or the session and the log's tree head."""
    options = context.options
    source, reference = clean_source(options.source or ""), clean_source(options.reference or "")
    if options.from_session is None:
        return source, reference
    head = opened.store.head()
    named = context.texts.say("prior-from-session", session=options.from_session)
    return source or named, reference or f"{options.from_session} {head.size} {head.root.hex()}"


def _stated(text: str | None) -> bool:
    return bool(text and clean_source(text))


def _order(progress: Progress) -> Any:
    names = list(progress.session.rules.components)
    place = {sbd: number for number, sbd in enumerate(progress.sbds)}
    return lambda kept: (
        place.get(kept.sbd, len(place)),
        names.index(kept.component) if kept.component in names else 99,
    )


def _import_lines(context: Context, session: Session, plan: PriorPlan, data: dict[str, Any]) -> list[str]:
    say = context.texts.say
    lines = list(plan_lines(context, plan.refused))
    for each in data["expired"]:
        label = session.rules.components[each["component"]].label
        lines.append(say("prior-expired-line", sbd=each["candidate"], component=label, day=each["passed_on"]))
    key = (
        "prior-import.stopped"
        if not data["ok"]
        else "prior-import.dry-run"
        if data["dry_run"]
        else "prior-import.done"
    )
    refused = len({row["row"] for row in data["refused_rows"]})
    lines.append(
        say(key, entered=data["entered"], ready=data["ready"], same=len(data["same_rows"]), refused=refused)
    )
    return lines


def _line(context: Context, session: Session, row: dict[str, Any]) -> str:
    label = session.rules.components[row["component"]].label
    key = "prior-line" if row["counts"] else "prior-line.expired"
    return context.texts.say(
        key,
        sbd=row["candidate"],
        component=label,
        day=row["passed_on"],
        until=row["counts_until"] or "—",
        source=row["source"],
        reference=row["reference"],
        where=row["where"] or "—",
    )
