"""`proctor retention plan` and `proctor retention run`."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from proctor.commands.context import Context
from proctor.commands.erase import confirm, is_training
from proctor.commands.session import open_for
from proctor.erasing import Erased, erased_json, prove, remove_own_packs, selection_json
from proctor.errors import CommandError
from proctor.files import require_folder
from proctor.keeping import backup_after_close, backup_lines
from proctor.roots import OpenRoot
from proctor.seconds import second_of
from sessions import retention
from sessions.record import parse_utc
from sessions.retention import Due, SessionPlan
from sessions.roles import require_may

QUIET_DAYS = 31
"""A station that wrote nothing for longer is asked whether its clock is right before it erases."""


def plan(context: Context) -> int:
    """Show what a run would erase today, or on another day. Nothing is changed."""
    on = _day(context.options.on)
    with open_for(context, training=is_training(context), login=False) as opened:
        plans = retention.plan(opened.store, on)
    data = {"ok": True, **plan_json(on, plans)}
    context.result(data, tuple(_lines(context, data)))
    return 0


def run(context: Context) -> int:
    """Erase exactly what the plan of today shows: one shred entry and one proof for each session and kind of data."""
    options = context.options
    on = datetime.now(UTC).date()
    with open_for(context, training=is_training(context), login=True) as opened:
        operator = require_may(opened.require_login().operator, "erase")
        if options.second == operator.user_id:
            raise CommandError("same-person", usage=True)
        _require_clock(context, opened)
        plans = retention.plan(opened.store, on)
        data = plan_json(on, plans)
        done: list[Erased] = []
        if any(due.takes for each in plans for due in each.dues):
            folder = require_folder(Path(options.out) if options.out else opened.root.sheets_dir)
            confirm(context, tuple(_lines(context, data)), "retention")
            second = second_of(context, opened, "erase")
            carried = retention.run(opened.store, plans, operator=operator, second=second)
            for each, _, _ in carried:
                remove_own_packs(opened, each.session.session_id)
            done = [prove(opened, receipt, each.session.session_id, folder) for each, _, receipt in carried]
        saved = backup_after_close(opened) if done else None
    say = context.texts.say
    lines = [say("erase.proof", file=str(each.proof.path)) for each in done]
    context.result(
        {"ok": True, **data, "entries": erased_json(tuple(done)), "backup": saved},
        (say("retention.done", count=len(done)), *lines, *backup_lines(context.texts, saved))
        if done
        else (say("retention.nothing"),),
    )
    return 0 if saved is None or saved["ok"] else 1


def _require_clock(context: Context, opened: OpenRoot) -> None:
    """Raise CommandError "retention-clock" where the clock is far ahead of the last entry: a clock set forward while
    the machine was off leaves no jump in the log, and would make everything due."""
    last = parse_utc(opened.store.entry(opened.store.head().size - 1).body["at"])
    days = (datetime.now(UTC) - last).days
    if days > QUIET_DAYS and not context.options.clock_checked:
        raise CommandError("retention-clock", last=last.date().isoformat(), days=days)


def _day(text: str | None) -> date:
    if text is None:
        return datetime.now(UTC).date()
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise CommandError("bad-date", usage=True, value=text) from None


def plan_json(on: date, plans: tuple[SessionPlan, ...]) -> dict[str, Any]:
    """The schedule of every session, and what a run on that day takes."""
    return {
        "on": on.isoformat(),
        "total": sum(len(due.selection.pieces) for each in plans for due in each.dues if due.is_due),
        "sessions": [_session_json(each) for each in plans],
    }


def _session_json(each: SessionPlan) -> dict[str, Any]:
    return {
        "session": each.session.session_id,
        "state": each.state,
        "closed": None if each.closed is None else each.closed.isoformat(),
        "terms_of": each.terms_of or None,
        "kinds": [_due_json(due) for due in each.dues],
    }


def _due_json(due: Due) -> dict[str, Any]:
    return {
        "kind": due.term.kind,
        "days": due.term.days,
        "due_on": due.day.isoformat(),
        "due": due.is_due,
        "source": due.term.source,
        "source_status": due.term.status,
        **selection_json(due.selection),
    }


def _lines(context: Context, data: dict[str, Any]) -> list[str]:
    say = context.texts.say
    lines = [say("retention.on", day=data["on"], total=data["total"])]
    for row in data["sessions"]:
        lines.append(say(f"retention.{row['state']}", session=row["session"], closed=row["closed"] or ""))
        for kind in row["kinds"]:
            key = "retention.due" if kind["due"] else "retention.later"
            name = say(f"erasure.kind.{kind['kind']}")
            held = sum(kind["held"].values())
            lines.append(say(key, kind=name, day=kind["due_on"], total=kind["total"], held=held))
            lines += [say(f"erase.stays.{code}") for code in sorted(set(kind["stays"]))]
    return lines
