"""`proctor doctor --record`, `proctor session start|pause|resume|call`: a session's day at the station."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from proctor.commands.context import Context
from proctor.commands.session import open_for, open_session
from proctor.doctor import Item
from proctor.errors import CommandError
from proctor.names import component_of
from proctor.roots import OpenRoot
from proctor.seconds import second_of
from proctor.texts import Texts
from sessions.closing import require_open
from sessions.course.allocation import places_of
from sessions.course.board import Board
from sessions.course.calls import Called, call_list, commit_call, commit_end, commit_start, starts_at
from sessions.course.day import (
    FAILED,
    Resume,
    WithoutTest,
    outcome_of,
    pause_session,
    record_self_test,
    require_roster_hash,
    resume_session,
    start_session,
)
from sessions.course.progress import Progress
from sessions.record import Operator, parse_utc
from sessions.roles import require_may
from sessions.session import Session
from sessions.store import Receipt
from sessions.vietnam import VIETNAM

Command = Callable[[Context], int]
NEXT = 10


def record(context: Context, items: tuple[Item, ...]) -> int:
    """Write what the examination of the machine found into the log. Exit 1 where a needed part is missing."""
    options = context.options
    checks = {item.name: {"ok": int(item.ok), "needed": int(item.needed)} for item in items}
    note = "\n".join(_item_line(item, context.texts) for item in items).encode()
    if options.session:
        with open_session(context, options.session, login=True) as (opened, session):
            operator = session.rules.require_may(opened.require_login().operator, "start")
            require_open(opened.store, session)
            receipt = record_self_test(
                opened.store, checks, note=note, session=options.session, operator=operator
            )
    else:
        with open_for(context, training=options.training, login=True) as opened:
            operator = require_may(opened.require_login().operator, "start")
            receipt = record_self_test(opened.store, checks, note=note, session=None, operator=operator)
    outcome = outcome_of(checks)
    data = {"ok": outcome != FAILED, "outcome": outcome, "entry": entry_json(receipt), "checks": checks}
    say = context.texts.say
    lines = (say(f"day.self-test.{outcome}", entry=receipt.seq), *_items(context.texts, items))
    context.result(data | {"session": options.session}, lines)
    return 1 if outcome == FAILED else 0


def _items(texts: Texts, items: tuple[Item, ...]) -> tuple[str, ...]:
    return tuple(f"  {_item_line(item, texts)}" for item in items)


def _item_line(item: Item, texts: Texts) -> str:
    state = texts.say("doctor.ok" if item.ok else "doctor.bad")
    detail = "; ".join(part for part in (item.detail, item.advice) if part)
    return f"[{state}] {texts.say(f'doctor.{item.name}')}{f': {detail}' if detail else ''}"


def start(context: Context) -> int:
    """Start a session: roster hash, self-test, version of the notice."""
    options = context.options
    with open_session(context, options.session, login=True) as (opened, session):
        operator = _may(opened, session)
        exception = _exception(context, opened, session)
        require_roster_hash(session, options.roster_hash)
        receipt = start_session(
            opened.store,
            session,
            operator=operator,
            now=datetime.now(UTC),
            roster_hash=options.roster_hash,
            exception=exception,
        )
        body = opened.store.entry(receipt.seq).body
    data = {
        "ok": True,
        "session": session.session_id,
        "entry": entry_json(receipt),
        "roster_hash": session.roster_hash,
        "compared": bool(options.roster_hash),
        "self_test": body.get("self_test"),
        "notice": body["notice"],
        "exception": body.get("exception"),
    }
    say = context.texts.say
    lines = [
        say("day.started", session=session.session_id, count=len(session.seats), entry=receipt.seq),
        say("day.roster-hash", hash=_grouped(session.roster_hash)),
    ]
    if "self_test" in body:
        lines.append(say("day.started-by-test", entry=body["self_test"]))
    elif exception is not None:
        lines.append(say("day.started-without-test", second=exception.second.user_id))
    context.result(data, tuple(lines))
    return 0


def _exception(context: Context, opened: OpenRoot, session: Session) -> WithoutTest | None:
    reason = context.options.without_self_test
    if reason is None:
        return None
    return WithoutTest(reason=reason, second=second_of(context, opened, "start", session))


def pause(context: Context) -> int:
    """Pause a session: nobody is checked in until it is resumed."""
    options = context.options
    with open_session(context, options.session, login=True) as (opened, session):
        receipt = pause_session(opened.store, session, operator=_may(opened, session), reason=options.reason)
    line = context.texts.say("day.paused", session=session.session_id, entry=receipt.seq)
    context.result({"ok": True, "session": session.session_id, "entry": entry_json(receipt)}, (line,))
    return 0


def resume(context: Context) -> int:
    """Resume a session, after a pause or a crash, and say where it stood."""
    options = context.options
    with open_session(context, options.session, login=True) as (opened, session):
        stood, receipt = resume_session(
            opened.store, session, operator=_may(opened, session), reason=options.reason
        )
    entry = None if receipt is None else entry_json(receipt)
    data = {"ok": True, "session": session.session_id, "entry": entry, **resume_json(stood)}
    context.result(data, resume_lines(stood, context.texts))
    return 0


def resume_json(stood: Resume) -> dict[str, Any]:
    """Where a session stood, as docs/json.md has it."""
    return {
        "candidate": stood.at or None,
        "last": None
        if stood.last_seq is None
        else {
            "candidate": stood.last_sbd,
            "entry": stood.last_seq,
            "at": stood.last_at,
            "outcome": stood.last_verdict,
        },
        "interrupted": [
            {
                "attempt": each.attempt,
                "entry": each.seq,
                "began_at": each.began_at,
                "candidate": each.sbd or None,
            }
            for each in stood.interrupted
        ],
        "was_paused": stood.state.paused is not None,
        "rebooted": stood.rebooted,
    }


def resume_lines(stood: Resume, texts: Texts) -> tuple[str, ...]:
    """Where a session stood, for a person."""
    lines = [texts.say("day.stood-nobody", session=stood.session)]
    if stood.last_seq is not None:
        facts: dict[str, str | int] = {
            "sbd": stood.last_sbd,
            "entry": stood.last_seq,
            "outcome": _outcome(stood, texts),
        }
        lines = [texts.say("day.stood", session=stood.session, at=local(stood.last_at), **facts)]
    for each in stood.interrupted:
        key = "day.interrupted-of" if each.sbd else "day.interrupted"
        lines.append(texts.say(key, sbd=each.sbd, at=local(each.began_at), entry=each.seq))
    if stood.state.paused is not None:
        lines.append(texts.say("day.was-paused", at=local(str(stood.state.paused.body["at"]))))
    return tuple(lines)


def _outcome(stood: Resume, texts: Texts) -> str:
    """Return what the last attempt came to as the board says it; another entry's outcome as it is."""
    states = {"ADMIT": "admitted", "REFER": "referred", "REFUSE": "refused"}
    state = states.get(stood.last_verdict)
    return stood.last_verdict if state is None else texts.say(f"state.{state}")


# -- calling -------------------------------------------------------------------------------------------


def call(context: Context) -> int:
    """Call candidates to a component, or say when it starts or that it ended."""
    options = context.options
    if options.next is not None and options.next < 1:
        raise CommandError("call-next-bad", usage=True)
    with open_session(context, options.session, login=True) as (opened, session):
        operator = _may(opened, session)
        require_open(opened.store, session)
        component = session.at(options.component or session.component)
        if options.start_at is not None:
            return _start_component(context, opened, component, operator)
        if options.end:
            return _end_component(context, opened, component, operator)
        return _call(context, opened, component, operator)


def _call(context: Context, opened: OpenRoot, session: Session, operator: Operator) -> int:
    options = context.options
    board = Board(opened.store, session)
    places = places_of(board.entries, session.component)
    seen = [row.sbd for row in board.standings(session.component) if row.attempts or row.admitted]
    found = call_list(
        session,
        board.entries,
        session.component,
        places,
        seen=seen,
        room=options.room,
        limit=options.next or NEXT,
    )
    data: dict[str, Any] = {"ok": bool(found), "session": session.session_id, "component": session.component}
    data["called"] = [
        {"candidate": each.seat.sbd, "room": each.room or None, "seat": each.place or None} for each in found
    ]
    waiting = Progress.of(board.session, board.entries).waiting(session.component)
    data["waiting"] = waiting
    wait = (context.texts.say("day.call-waiting", count=waiting),) if waiting else ()
    if not found:
        context.result(data | {"entry": None}, (context.texts.say("day.call-nobody"), *wait))
        return 1
    sbds = [each.seat.sbd for each in found]
    receipt = commit_call(
        opened.store, session, session.component, sbds, room=options.room, operator=operator
    )
    head = context.texts.say("day.called", component=component_of(session, context.texts), count=len(found))
    lines = tuple(_called_line(each, context.texts) for each in found)
    context.result(data | {"entry": entry_json(receipt)}, (head, *lines, *wait))
    return 0


def _called_line(called: Called, texts: Texts) -> str:
    where = " ".join(part for part in (called.room, called.place) if part)
    name = called.seat.full_name
    return f"  {called.seat.sbd}  {name}" + (f"  {texts.say('day.place', place=where)}" if where else "")


def _start_component(context: Context, opened: OpenRoot, session: Session, operator: Operator) -> int:
    options = context.options
    starts = starts_at(session.day, options.start_at)
    if starts is None:
        raise CommandError("bad-time", usage=True, value=options.start_at[:20])
    receipt = commit_start(
        opened.store, session, session.component, starts, room=options.room, operator=operator
    )
    late = session.rules.late_minutes
    data = {
        "ok": True,
        "session": session.session_id,
        "component": session.component,
        "starts_at": starts.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        "late_minutes": late,
        "entry": entry_json(receipt),
    }
    key = "day.component-started" if late is None else "day.component-started-late"
    time = f"{starts:%H:%M}"
    line = context.texts.say(
        key, component=component_of(session, context.texts), time=time, minutes=late or 0
    )
    context.result(data, (line,))
    return 0


def _end_component(context: Context, opened: OpenRoot, session: Session, operator: Operator) -> int:
    receipt = commit_end(
        opened.store, session, session.component, room=context.options.room, operator=operator
    )
    line = context.texts.say("day.component-ended", component=component_of(session, context.texts))
    data = {"ok": True, "session": session.session_id, "component": session.component}
    context.result(data | {"entry": entry_json(receipt)}, (line,))
    return 0


# -- shared --------------------------------------------------------------------------------------------


def _may(opened: OpenRoot, session: Session) -> Operator:
    return session.rules.require_may(opened.require_login().operator, "start")


def entry_json(receipt: Receipt) -> dict[str, Any]:
    """An entry's place, as docs/json.md has it."""
    return {"seq": receipt.seq, "size": receipt.size, "root": receipt.root.hex()}


def local(at: str) -> str:
    """Return a stored time as calendar and clock on the wall in Vietnam show it."""
    return f"{parse_utc(at).astimezone(VIETNAM):%d/%m/%Y %H:%M}"


def _grouped(digest: str) -> str:
    return " ".join(digest[at : at + 4] for at in range(0, 32, 4)) + " …"
