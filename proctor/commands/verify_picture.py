"""`proctor sheets verify` for a photo, a scan, or a PDF without signatures: its page seals."""

from collections.abc import Iterable

from proctor.commands.context import Context
from proctor.roots import OpenRoot
from proctor.sheet_pictures import verify_picture
from proctor.sheet_pictures_show import picture_json, picture_lines
from sessions.checkpoint import VerifierKey


def judge_picture(
    context: Context, data: bytes, *, file: str, keys: Iterable[VerifierKey], opened: OpenRoot | None
) -> int:
    """Print what the seals in a picture say. Exit 0 only when all of them are valid, complete, and the log agrees.

    Raises CommandError as `read_picture_seals`.
    """
    finding = verify_picture(data, keys, opened, file=file)
    context.result(picture_json(finding, file), picture_lines(finding, context.texts))
    return 0 if finding.ok else 1
