"""What the window remembers from one start to the next: size, language, and which desk it was. Nobody's data."""

import json
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from proctor.errors import CommandError
from proctor.files import read_file
from proctor.gui.look import SCALES
from proctor.texts import LANGUAGES
from sessions.files import write_private

FILE: Final = "window.json"
MOST: Final = 4096
"""Octets of a file that the window itself wrote; a larger one is not its own."""
_LONGEST: Final = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """`language` "": as the command says; `session`, `component`, `room`: the desk that was open last."""

    scale: float = 1.0
    language: str = ""
    session: str = ""
    component: str = ""
    room: str = ""


def load_settings(home: Path) -> Settings:
    """Return what was remembered; what cannot be read or does not fit is forgotten."""
    try:
        data = json.loads(read_file(str(home / FILE), MOST))
    except (CommandError, ValueError, RecursionError):
        return Settings()
    if not isinstance(data, dict):
        return Settings()
    words = {name: data.get(name) for name in ("language", "session", "component", "room")}
    kept = {name: word for name, word in words.items() if isinstance(word, str) and len(word) <= _LONGEST}
    if kept.get("language") not in LANGUAGES:
        kept["language"] = ""
    scale = data.get("scale")
    return Settings(scale=float(scale) if scale in SCALES else 1.0, **kept)


def save_settings(home: Path, settings: Settings) -> None:
    """Remember; a disk that takes nothing costs the memory, not the work."""
    with suppress(OSError):
        home.mkdir(parents=True, exist_ok=True)
        write_private(home / FILE, f"{json.dumps(asdict(settings))}\n".encode())
