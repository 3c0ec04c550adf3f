"""A report's files on disk, and the entry that says what they were."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from proctor.errors import CommandError
from proctor.files import require_folder
from proctor.roots import OpenRoot
from sessions.checkpoint import Checkpoint
from sessions.files import write_private


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenFile:
    """A file of a report and its SHA-256 (hexadecimal)."""

    path: Path
    sha256: str


def write_files(folder: Path, name: str, files: Mapping[str, bytes]) -> tuple[WrittenFile, ...]:
    """Write `name` with each of these endings into `folder`. Raises CommandError "cannot-write"."""
    require_folder(folder)
    written = []
    for ending, data in files.items():
        path = folder / f"{name}.{ending}"
        try:
            write_private(path, data)
        except OSError:
            raise CommandError("cannot-write", file=str(path)) from None
        written.append(WrittenFile(path=path, sha256=hashlib.sha256(data).hexdigest()))
    return tuple(written)


def enter_export(
    opened: OpenRoot, what: str, head: Checkpoint, files: tuple[WrittenFile, ...], session: str | None = None
) -> int:
    """Enter that a report left the station, computed up to `head`; return the entry's number.

    `sha256` is that of the first file, `files` those of all by their endings. Nobody is named in it.
    """
    body = {
        "what": what,
        "sha256": files[0].sha256,
        "size": head.size,
        "root": head.root.hex(),
        "files": {file.path.suffix.removeprefix("."): file.sha256 for file in files},
        **({} if session is None else {"session": session}),
    }
    return opened.store.append("export", body, operator=opened.require_login().operator).seq
