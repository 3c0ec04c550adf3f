"""The station's window in a process of its own, started again when it dies: a crash below Python leaves no word to say.

What the dead process left of its last place becomes a diagnostics file without anybody's data.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
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
ORDER_COMES: Final = "-"
"""In the place of the order: it comes as a line on standard input. Without one the process ends at once."""
_SMALL: Final = {
    "MALLOC_ARENA_MAX": "2",
    "MALLOC_MMAP_THRESHOLD_": "262144",
    "MALLOC_TRIM_THRESHOLD_": "262144",
}
"""Of glibc: threads share what others freed, and a camera's frame goes back to the system at once. Without them the
window's process held 194 MB after twenty candidates, with them 111."""

Start = Callable[[Mapping[str, Any]], "subprocess.Popen[bytes]"]


def start(order: Mapping[str, Any]) -> "subprocess.Popen[bytes]":
    """Start the window's process. `order`: what it is to show; nothing secret, since processes can be listed."""
    return subprocess.Popen(_command(json.dumps(dict(order))), env=environment())


class Waiting:
    """A window's process that loads what it needs while somebody still finds out what it is to show, if anything."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = subprocess.Popen(
            _command(ORDER_COMES), env=environment(), stdin=subprocess.PIPE
        )

    def start(self, order: Mapping[str, Any]) -> "subprocess.Popen[bytes]":
        """Start the window as `start` does: in the process that waits, later ones anew."""
        process, self._process = self._process, None
        if process is None or process.stdin is None:
            return start(order)
        with suppress(OSError), process.stdin as line:  # of one that died its end tells
            line.write(json.dumps(dict(order)).encode() + b"\n")
        return process

    def close(self) -> None:
        """End the process if it still waits."""
        process, self._process = self._process, None
        if process is not None and process.stdin is not None:
            process.stdin.close()
            _end(process)


def _command(order: str) -> list[str]:
    return [sys.executable, "-P", "-m", "proctor.gui.station", order]


def environment() -> dict[str, str]:
    """Return what the window's process runs under."""
    return _SMALL | dict(os.environ) | {"PYTHONPATH": str(Path(__file__).parent.parent)}


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


def has_display(environment: Mapping[str, str], platform: str = sys.platform) -> bool:
    """Whether there is a screen that a window could be on."""
    if platform in {"win32", "darwin"}:
        return True
    return bool(environment.get("DISPLAY") or environment.get("WAYLAND_DISPLAY"))
