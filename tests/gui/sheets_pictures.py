"""Pictures of the sheets page: `python -m tests.gui.sheets_pictures DIR vi|en SCALE [PHASE …]` on a screen (Xvfb)."""

import os
import sys
import tempfile
from pathlib import Path
from unittest import mock

from proctor.config import Places
from tests.gui.screenshot import shoot
from tests.gui.sheets_phases import PHASES, enter, session_of
from tests.gui.test_station_start import Bench, Watched

__all__ = ["PHASES", "main"]


def main(folder: Path, language: str, scale: float, names: list[str]) -> None:
    """One picture for each phase, as the screen shows it."""
    for name in names or list(PHASES):
        with tempfile.TemporaryDirectory() as home, mock.patch.dict(os.environ, PROCTOR_HOME=home):
            made = session_of(Path(home))
            window = Watched(Places.of(None), language=language, scale=scale, means=Bench().means())
            window.focus_force()
            assert window.free()
            enter(window, made.session)
            PHASES[name](window)
            window.pump(seconds=0.3)
            shoot(window, folder, f"sheets-{name}", language, scale)
            window.free()
            window.leave()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], float(sys.argv[3]), sys.argv[4:])
