"""A note beside the data that a desk is open, taken away when it is left: whoever finds it came back after a cut.

It names a session and nobody: who was at the desk is in the log.
"""

import json
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from proctor.errors import CommandError
from proctor.files import read_file
from sessions.files import write_private

FILE: Final = "desk.json"
MOST: Final = 4096
"""Octets of a file that the station itself wrote; a larger one is not its own."""
_LONGEST: Final = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """Which desk was open."""

    session: str
    training: bool


def find_mark(home: Path) -> Mark | None:
    """Return the desk that was open when the station was cut short; None where it was left, or nothing can be read."""
    try:
        data = json.loads(read_file(str(home / FILE), MOST))
    except (CommandError, ValueError, RecursionError):
        return None
    if not isinstance(data, dict):
        return None
    session, training = data.get("session"), data.get("training")
    if not isinstance(session, str) or not 0 < len(session) <= _LONGEST or not isinstance(training, bool):
        return None
    return Mark(session=session, training=training)


def set_mark(home: Path, mark: Mark) -> None:
    """Note that a desk is open; a disk that takes nothing costs the note, not the work."""
    with suppress(OSError):
        home.mkdir(parents=True, exist_ok=True)
        write_private(home / FILE, f"{json.dumps(asdict(mark))}\n".encode())


def take_mark_away(home: Path) -> None:
    """The desk was left."""
    with suppress(OSError):
        (home / FILE).unlink(missing_ok=True)
