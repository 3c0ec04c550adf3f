"""`proctor roster window`."""

from pathlib import Path

from proctor.commands.context import Context
from proctor.errors import CommandError
from sessions.vietnam import today


def window(context: Context) -> int:
    """Open the window that brings a roster in. Exit 0 when a session was created."""
    try:
        from proctor.gui.roster_window import run  # noqa: PLC0415 - every other command works without Tk
    except ImportError:
        raise CommandError("no-tk") from None
    options = context.options
    created = run(
        context.places,
        training=options.training,
        language=context.texts.language,
        today=today(),
        path=Path(options.file) if options.file else None,
    )
    if created is None:
        context.result({"ok": False, "session": None}, ())
        return 1
    data = {
        "ok": True,
        "session": created.session_id,
        "roster_hash": created.roster_hash,
        "candidates": created.candidates,
        "refused": created.refused,
    }
    line = context.texts.say("window.created", session=created.session_id, candidates=created.candidates)
    context.result(data, (created.session_id, line))
    return 0
