"""`proctor erase` and `proctor hold …`."""

import sys
from pathlib import Path
from typing import Any

from proctor.commands.context import Context
from proctor.commands.session import open_for, open_session
from proctor.erasing import (
    copies_json,
    copies_of,
    erase_selection,
    erased_json,
    names_of,
    selection_json,
    write_proof,
)
from proctor.errors import CommandError
from proctor.keeping import backup_after_close, backup_lines
from proctor.roots import OpenRoot, kind_at
from proctor.seconds import second_of
from sessions.errors import ErasureHeldError, ErasureNothingError
from sessions.holds import Hold, active_holds, place_hold, release_hold, require_reason
from sessions.record import format_utc
from sessions.selection import Selection, select
from sessions.session import Session

CONFIRMATIONS = frozenset({"xoá", "xóa", "xoa", "erase"})


def erase(context: Context) -> int:
    """Erase a session's evidence, or one candidate's. Shows what goes; two persons; a proof on paper."""
    options = context.options
    if options.proof is None and options.reason is None:
        raise CommandError("erase-reason-missing", usage=True)
    names = names_of(options.pieces)
    with open_session(context, options.session, login=True) as (opened, session):
        operator = session.rules.require_may(opened.require_login().operator, "erase")
        if options.proof is not None:
            return _print_again(context, opened, session)
        require_reason(options.reason)
        selection = select(opened.store, session.session_id, sbd=options.candidate, names=names)
        data = _preview(context, opened, session, selection)
        if options.dry_run:
            context.result({"ok": True, "dry_run": True, **data, "entries": []}, tuple(_lines(context, data)))
            return 0
        _require_something(selection)
        if options.second == operator.user_id:
            raise CommandError("same-person", usage=True)
        confirm(context, tuple(_lines(context, data)), selection.session)
        done = erase_selection(
            opened,
            selection,
            scope="session" if options.candidate is None else "candidate",
            reason=options.reason,
            second=second_of(context, opened, "erase", session),
            folder=Path(options.out) if options.out else opened.root.sheets_dir,
        )
        saved = backup_after_close(opened)
    context.result(
        {"ok": True, "dry_run": False, **data, "entries": erased_json(done), "backup": saved},
        (
            *(context.texts.say("erase.done", entry=each.receipt.seq, total=data["total"]) for each in done),
            *(context.texts.say("erase.proof", file=str(each.proof.path)) for each in done),
            *backup_lines(context.texts, saved),
            *_copy_lines(context, data),
        ),
    )
    return 0 if saved is None or saved["ok"] else 1


def confirm(context: Context, lines: tuple[str, ...], what: str) -> None:
    """Show what will go and wait for the word; --yes says it beforehand. Raises CommandError."""
    for line in lines:
        context.console.print(line, markup=False)
    if context.options.yes:
        return
    if context.held is not None or not sys.stdin.isatty():
        raise CommandError("erase-not-confirmed", what=what)
    context.say("erase.confirm")
    if sys.stdin.readline().strip().casefold() not in CONFIRMATIONS:
        raise CommandError("erase-not-confirmed", what=what)


def _print_again(context: Context, opened: OpenRoot, session: Session) -> int:
    folder = Path(context.options.out) if context.options.out else opened.root.sheets_dir
    written = write_proof(opened, session.session_id, context.options.proof, folder)
    data = {
        "ok": True,
        "session": session.session_id,
        "entry": context.options.proof,
        "file": str(written.path),
        "sha256": written.sha256,
    }
    context.result(data, (context.texts.say("erase.proof", file=str(written.path)),))
    return 0


def _preview(context: Context, opened: OpenRoot, session: Session, selection: Selection) -> dict[str, Any]:
    head = opened.store.head()
    return {
        "session": session.session_id,
        "candidate": context.options.candidate,
        "reason": context.options.reason,
        "closed": bool(opened.store.entries("close", session.session_id)),
        **selection_json(selection),
        "before": {"size": head.size, "root": head.root.hex()},
        "copies": copies_json(copies_of(opened, session.session_id)),
    }


def _require_something(selection: Selection) -> None:
    if selection.pieces:
        return
    if selection.held:
        raise ErasureHeldError(
            session=selection.session, **({"sbd": selection.sbd} if selection.sbd else {"why": "session"})
        )
    raise ErasureNothingError(session=selection.session)


def _lines(context: Context, data: dict[str, Any]) -> list[str]:
    say = context.texts.say
    lines = [say("erase.session", session=data["session"], candidate=data["candidate"] or say("erase.all"))]
    lines += [
        say("erase.piece", name=say(f"erasure.kind.{name}"), count=n) for name, n in data["pieces"].items()
    ]
    lines += [
        say("erase.held", name=say(f"erasure.kind.{name}"), count=n) for name, n in data["held"].items()
    ]
    lines += [say("erase.kept-rows", count=len(data["kept_rows"]))] if data["kept_rows"] else []
    lines += [say("erase.whole", count=len(data["whole_entries"]))] if data["whole_entries"] else []
    lines += [say(f"erase.stays.{code}") for code in sorted(set(data["stays"]))]
    if not data["closed"] and data["candidate"] is None:
        lines.append(say("erase.not-closed"))
    return [*lines, *_copy_lines(context, data)]


def _copy_lines(context: Context, data: dict[str, Any]) -> list[str]:
    """Say which copies stay, and what opens them."""
    copies, say = data["copies"], context.texts.say
    lines = [
        say(
            "erase.copy",
            entry=copy["entry"],
            what=_what(context, copy["what"]),
            at=copy["at"],
            place=copy["file"] or copy["recipient"] or "",
        )
        for copy in copies
    ]
    return [say("erase.copies", count=len(copies)), *lines, say("erase.copies-open")]


def _what(context: Context, what: str) -> str:
    key = f"erase.what.{what}"
    return context.texts.say(key if key in context.texts else "erase.what.other")


# -- holds ---------------------------------------------------------------------------------------------


def place(context: Context) -> int:
    """Hold a session or a candidate: nothing of theirs is erased."""
    return _change(context, "placed")


def release(context: Context) -> int:
    """Release a hold."""
    return _change(context, "released")


def _change(context: Context, event: str) -> int:
    options = context.options
    require_reason(options.reason)
    with open_session(context, options.session, login=True) as (opened, session):
        operator = session.rules.require_may(opened.require_login().operator, "erase")
        receipt = (place_hold if event == "placed" else release_hold)(
            opened.store,
            session.session_id,
            reason=options.reason,
            operator=operator,
            second=second_of(context, opened, "erase", session),
            sbd=options.candidate,
        )
    data = {
        "ok": True,
        "event": event,
        "session": session.session_id,
        "candidate": options.candidate,
        "reason": options.reason,
        "entry": {"seq": receipt.seq, "size": receipt.size, "root": receipt.root.hex()},
    }
    who = options.candidate or context.texts.say("erase.all")
    line = context.texts.say(f"hold.{event}", session=session.session_id, candidate=who, entry=receipt.seq)
    context.result(data, (line,))
    return 0


def list_holds(context: Context) -> int:
    """List the holds in force."""
    with open_for(context, training=is_training(context), login=False) as opened:
        rows = [_hold_json(hold) for hold in active_holds(opened.store)]
    everybody = context.texts.say("erase.all")
    lines = [
        f"{row['session']}  {row['candidate'] or everybody}  {row['reason']}  {row['at']}  {row['by']}, {row['second']}"
        for row in rows
    ]
    context.result({"holds": rows}, tuple(lines) or (context.texts.say("hold.none"),))
    return 0


def is_training(context: Context) -> bool:
    """Whether the training root is meant: by --training, or because --root is one."""
    named = context.places.root
    return context.options.training or (named is not None and kind_at(named) == "training")


def _hold_json(hold: Hold) -> dict[str, Any]:
    return {
        "session": hold.session,
        "candidate": hold.sbd,
        "reason": hold.reason,
        "at": format_utc(hold.at),
        "by": hold.placed_by,
        "second": hold.second,
        "entry": hold.seq,
    }
