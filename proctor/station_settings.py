"""Which devices this station's desk uses, kept in a file of the machine: what `proctor station` takes where no option
says otherwise. Nobody's data, and no trust: which camera may be used is the log's to say.
"""

import json
import tomllib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Final

from proctor.candidate_window import require_place
from proctor.errors import CommandError
from proctor.files import read_file
from readers.errors import ReaderError
from readers.qr.serial import ScannerRule
from sessions.files import write_private

FILE: Final = "devices.toml"
MOST: Final = 16 * 1024
"""Octets of the file; a larger one is not what `proctor devices set` wrote."""
_LONGEST: Final = 160
_HEAD: Final = "# proctor devices set\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class StationSettings:
    """As `proctor station` takes them; "" is the usual: any reader, camera 0, no scanner, no candidate's screen.

    `scan_by_camera`: the camera looks for QR codes between attempts too.
    """

    reader: str = ""
    camera: str = ""
    scanner: str = ""
    candidate_screen: str = ""
    sounds: bool = True
    scan_by_camera: bool = False


NAMES: Final = tuple(each.name for each in fields(StationSettings))
SWITCHES: Final = ("sounds", "scan_by_camera")


def load_station(home: Path) -> StationSettings:
    """Return what is kept, or the usual where nothing is. Raises CommandError "devices-settings"."""
    path = home / FILE
    if not path.exists():
        return StationSettings()
    try:
        data = tomllib.loads(read_file(str(path), MOST).decode())
    except (CommandError, ValueError, RecursionError):
        raise CommandError("devices-settings", file=str(path)) from None
    fits = all(
        isinstance(value, bool) if name in SWITCHES else isinstance(value, str) and len(value) <= _LONGEST
        for name, value in data.items()
    )
    if not fits or not set(data) <= set(NAMES):
        raise CommandError("devices-settings", file=str(path))
    try:
        return require_settings(StationSettings(**data))
    except (CommandError, ReaderError):
        raise CommandError("devices-settings", file=str(path)) from None


def save_station(home: Path, settings: StationSettings) -> Path:
    """Keep them, and return the file. Raises OSError."""
    path = home / FILE
    home.mkdir(parents=True, exist_ok=True)
    lines = [f"{name} = {json.dumps(getattr(settings, name), ensure_ascii=False)}" for name in NAMES]
    write_private(path, (_HEAD + "\n".join(lines) + "\n").encode())
    return path


def require_settings(settings: StationSettings) -> StationSettings:
    """Return settings that a desk can take. Raises ScannerRuleError, CommandError "screen-place-invalid",
    "devices-value"."""
    for name in NAMES:
        value = getattr(settings, name)
        if isinstance(value, str) and (len(value) > _LONGEST or not value.isprintable()):
            raise CommandError("devices-value", usage=True, name=name)
    if settings.scanner:
        ScannerRule.parse(settings.scanner)
    if settings.candidate_screen:
        require_place(settings.candidate_screen)
    return settings
