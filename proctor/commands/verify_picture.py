"""`proctor sheets verify` for a photo, a scan, or a PDF without signatures: its page seals."""

from collections.abc import Iterable

from proctor.commands.context import Context
from proctor.errors import CommandError
from proctor.roots import OpenRoot
from proctor.sheet_pictures import verify_picture
from proctor.sheet_pictures_show import picture_json, picture_lines
from sessions.checkpoint import VerifierKey


def judge_picture(
    context: Context,
    data: bytes,
    *,
    file: str,
    keys: Iterable[VerifierKey],
    opened: OpenRoot | None,
    session: str | None,
) -> int:
    """Print what the seals in a picture say. Exit 0 only when all of them are valid, complete, and the log agrees.

    Raises CommandError "picture-session-other" for a sheet of another session than the one that is meant, and as
    `read_picture_seals`.
    """
    finding = verify_picture(data, keys, opened, file=file)
    for sheet in finding.sheets:
        if session is not None and sheet.first.session_id != session:
            raise CommandError("picture-session-other", session=session, found=sheet.first.session_id)
    context.result(picture_json(finding, file), picture_lines(finding, context.texts))
    return 0 if finding.ok else 1
