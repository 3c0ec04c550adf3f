"""`proctor sheets attendance`."""

from pathlib import Path

from proctor.commands.context import Context
from proctor.commands.session import open_session
from proctor.sheets import write_attendance


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
    }
    context.result(data, (context.texts.say("result.sheet", file=str(written.path)),))
    return 0
