"""A crash below Python, at the real program: the window's process dies of a fault while a candidate is at the desk."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from proctor.gui.station.mark import find_mark
from tests.gui.test_station_power import REPO, killed

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]


def until(found: Callable[[], int], seconds: float = 90.0) -> int:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if number := found():
            return number
        time.sleep(0.2)
    pytest.fail("not in time")


def window_at_desk(station: int, *, other_than: int = 0) -> int:
    """The number of the window's process once its desk is open: the process for faces is its child. 0 before that."""
    for child in psutil.Process(station).children():
        try:
            named = [" ".join(each.cmdline()) for each in child.children(recursive=True)]
            if child.pid != other_than and any("biometrics" in name for name in named):
                return child.pid
        except psutil.NoSuchProcess:
            continue
    return 0


def test_a_window_that_dies_of_a_fault_comes_back_to_its_desk_and_says_where_its_file_is(
    screen: str, home: Path
) -> None:
    killed(screen, home, "training", "working")
    environment = dict(os.environ) | {"DISPLAY": screen, "PROCTOR_HOME": str(home)}
    station = subprocess.Popen([sys.executable, "-m", "proctor", "station"], cwd=REPO, env=environment)
    try:
        first = until(lambda: window_at_desk(station.pid))
        os.kill(first, signal.SIGSEGV)
        second = until(lambda: window_at_desk(station.pid, other_than=first))
        assert second != first
        assert find_mark(home) is not None
        (file,) = (home / "diagnostics").glob("crash-*.json")
        text = file.read_text(encoding="utf-8")
        told = json.loads(text)
        assert (told["status"], told["where"]) == (-signal.SIGSEGV, "process")
        assert told["threads"][0]["frames"]
        assert not any(part in text for part in (str(home), "Nguyễn", "Nguy\\u", "0010"))
        assert file.stat().st_mode & 0o077 == 0
    finally:
        station.terminate()
        station.wait(30)
