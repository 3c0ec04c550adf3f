"""Looking at a sheet that was made: its file is read, and the log says who looked before anything is shown."""

import hashlib
from pathlib import Path

from proctor.errors import CommandError
from proctor.roots import OpenRoot
from proctor.screens.sheet_files import read_pdf
from proctor.screens.sheets import Made
from reports.signing_errors import SigningFileError
from reports.signing_official import official_fields
from sessions.session import Session

WHAT = "sheet"


def look_at(opened: OpenRoot, session: Session, made: Made, path: Path) -> bytes:
    """Return a made sheet's file, entered as looked at: `view`, "sheet N", N the entry of its print.

    Raises RoleForbiddenError, CommandError, StoreError.
    """
    operator = session.rules.require_may(opened.require_login().operator, "view")
    data = read_made(made, path)
    body = {"what": f"{WHAT} {made.seq}", "session": session.session_id}
    body |= {"sbd": made.wish.sbd} if made.wish.sbd else {}
    opened.store.append("view", body, operator=operator)
    return data


def read_made(made: Made, path: Path) -> bytes:
    """Return a made sheet's file as it is in the log: one that was exchanged since it was found, its size and time
    kept, is never shown as that sheet. Raises CommandError "sheets-page.file.altered"."""
    data = read_pdf(path)
    if hashlib.sha256(data).hexdigest() != made.newest:
        raise CommandError("sheets-page.file.altered", file=path.name)
    return data


def open_roles(pdf: bytes) -> tuple[tuple[str, str], ...]:
    """Return the fields of a sheet in which nobody signed yet: name and role. None where it has no fields."""
    try:
        return tuple((each.name, each.role) for each in official_fields(pdf) if not each.signed)
    except (SigningFileError, CommandError):
        return ()
