"""A token in software (SoftHSM 2), in a folder of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

PIN = "4711"
TOKEN = "tram-mau"
LABEL = "log"
_LIBRARIES = (
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
    "/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so",
)


@dataclass(frozen=True)
class SoftToken:
    """A token's library and folder; `environment` is what a process needs to find it."""

    library: str
    folder: Path
    environment: dict[str, str]

    @property
    def tokens(self) -> Path:
        return self.folder / "tokens"


def make_token(folder: Path, label: str = TOKEN) -> SoftToken:
    """Make and initialise a token, or skip."""
    library = next((name for name in _LIBRARIES if Path(name).exists()), None)
    tool = shutil.which("softhsm2-util")
    if library is None or tool is None:
        pytest.skip("softhsm2 is not installed")
    (folder / "tokens").mkdir(parents=True)
    settings = folder / "softhsm2.conf"
    settings.write_text(
        f"directories.tokendir = {folder / 'tokens'}\nobjectstore.backend = file\nlog.level = ERROR\n",
        encoding="utf-8",
    )
    environment = {"SOFTHSM2_CONF": str(settings)}
    subprocess.run(
        [tool, "--init-token", "--free", "--label", label, "--so-pin", "12345678", "--pin", PIN],
        check=True,
        capture_output=True,
        env={**os.environ, **environment},
    )
    return SoftToken(library=library, folder=folder, environment=environment)
