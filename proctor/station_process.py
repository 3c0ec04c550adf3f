"""The station's window in a process of its own, started again when it dies: a crash below Python leaves no word to say.

What the dead process left of its last place becomes a diagnostics file without anybody's data.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from time import monotonic
from typing import Any, Final

from proctor.diagnostics import FOLDER, take_fault

NO_DISPLAY: Final = 3
NO_TK: Final = 4
WRONG: Final = 5
"""Exit statuses of the window's process that are answers, not crashes."""
DEATHS: Final = 3
DEATHS_S: Final = 120.0
LEAVE_S: Final = 12.0

Start = Callable[[Mapping[str, Any]], "subprocess.Popen[bytes]"]


def start(order: Mapping[str, Any]) -> "subprocess.Popen[bytes]":
    """Start the window's process. `order`: what it is to show; nothing secret, since processes can be listed."""
    environment = dict(os.environ) | {"PYTHONPATH": str(Path(__file__).parent.parent)}
    command = [sys.executable, "-P", "-m", "proctor.gui.station", json.dumps(dict(order))]
    return subprocess.Popen(command, env=environment)


def keep_open(
    order: Mapping[str, Any], home: Path, *, run: Start = start, clock: Callable[[], float] = monotonic
) -> int:
    """Show the window until somebody closes it; return 0, NO_DISPLAY, NO_TK, WRONG, or 1 when it will not stay up.

    A window that dies is started again, and told where the diagnostics file lies. KeyboardInterrupt ends it.
    """
    deaths: list[float] = []
    now = dict(order)
    while True:
        process = run(now)
        try:
            status = process.wait()
        except KeyboardInterrupt:
            _end(process)
            raise
        if status in {0, NO_DISPLAY, NO_TK, WRONG}:
            return status
        at = clock()
        deaths = [each for each in deaths if at - each < DEATHS_S] + [at]
        file = take_fault(home / FOLDER, status=status)
        if len(deaths) >= DEATHS:
            return 1
        now = dict(order) | {"restarted": "—" if file is None else str(file)}


def _end(process: "subprocess.Popen[bytes]") -> None:
    """Let the window close what is open; kill it when it does not."""
    process.terminate()
    try:
        process.wait(LEAVE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
