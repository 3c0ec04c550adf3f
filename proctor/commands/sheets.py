"""`proctor sheets attendance`."""

from pathlib import Path

from proctor.commands.context import Context
from proctor.commands.session import open_session
from proctor.commands.witness_show import outcome_json, outcome_line
from proctor.sheets import write_attendance
from proctor.witness.cosigning import Outcome


def attendance(context: Context) -> int:
    """Write the attendance and identification sheet of a session."""
    with open_session(context, context.options.session, login=True) as (opened, session):
        written = write_attendance(opened, session, Path(context.options.out))
    data = {
        "kind": "attendance",
        "session": session.session_id,
        "file": str(written.path),
        "sha256": written.sha256,
        "size": written.size,
        "root": written.root,
        "seal_certificate": written.certificate,
        "witnesses": [outcome_json(found) for found in written.asked],
    }
    line = context.texts.say("result.sheet", file=str(written.path))
    context.result(data, (*_trouble(context, written.asked), line))
    return 0


def _trouble(context: Context, asked: tuple[Outcome, ...]) -> tuple[str, ...]:
    """One line for each witness that failed, an alarm first, then the required ones: why the paper says so."""
    failing = [found for found in asked if found.error is not None or found.unleft is not None]
    failing.sort(key=lambda found: (not found.alarm, not found.witness.required))
    return tuple(outcome_line(context, found) for found in failing)
