"""Where a station keeps its things, and nothing else."""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

HOME_VARIABLE = "PROCTOR_HOME"
TRAINING_SESSION_PREFIX = "HL-"


def default_home(environment: Mapping[str, str], platform: str = sys.platform) -> Path:
    """Return the folder of all data roots: PROCTOR_HOME, else the operating system's place for a user's data."""
    if environment.get(HOME_VARIABLE):
        return Path(environment[HOME_VARIABLE]).expanduser()
    if platform == "win32" and environment.get("LOCALAPPDATA"):
        return Path(environment["LOCALAPPDATA"]) / "proctor"
    if environment.get("XDG_DATA_HOME"):
        return Path(environment["XDG_DATA_HOME"]) / "proctor"
    return Path.home() / ".local" / "share" / "proctor"


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """The folders that one call works in: `--root` names one data root, else home has a real and a training one."""

    home: Path
    root: Path | None = None

    @classmethod
    def of(cls, root: str | None) -> "Places":
        """Return the places of one call."""
        return cls(home=default_home(os.environ), root=Path(root).expanduser().absolute() if root else None)

    @property
    def real(self) -> Path:
        """The data root of real sessions."""
        return self.root or self.home / "station"

    @property
    def training(self) -> Path:
        """The data root of training: its own keys, trust store, log and CSCA."""
        return self.root or self.home / "training"

    @property
    def pins(self) -> Path:
        """The station keys that this machine (or, with --root, that root) believes."""
        return (self.root or self.home) / "trust" / "stations"

    def of_session(self, session_id: str) -> Path:
        """Return the data root a session id belongs to: training ids say so."""
        return self.training if session_id.startswith(TRAINING_SESSION_PREFIX) else self.real
