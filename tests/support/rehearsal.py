"""One rehearsal for a whole run of the tests: `proctor training --headless` as a process of its own, without a display.

Every attempt of it renders a face and asks three challenges. Whoever writes into what it left works on a copy.
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.support.cli import Ran

LIMIT_S = 280


def rehearsed(factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What it printed as JSON. The first worker of the run to ask makes it, the others wait for that one."""
    base = factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    folder, done = shared / "rehearsal", shared / "rehearsal.json"
    try:
        folder.mkdir()
    except FileExistsError:
        _await(done)
    else:
        written = done.with_suffix(".new")
        written.write_text(json.dumps(_make(folder)), encoding="utf-8")
        written.replace(done)
    status, out, err = json.loads(done.read_text(encoding="utf-8"))
    assert status == 0, err
    found: dict[str, Any] = Ran(status, out, err).json
    return found


def _make(folder: Path) -> tuple[int, str, str]:
    try:
        done = subprocess.run(
            [
                sys.executable,
                "-m",
                "proctor",
                "training",
                "--headless",
                "--out",
                str(folder / "out"),
                "--json",
            ],
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
            check=False,
            stdin=subprocess.DEVNULL,
            env={"PATH": "/usr/bin:/bin", "HOME": str(folder), "LC_ALL": "C"},
        )
    except subprocess.TimeoutExpired:
        return 1, "", f"no rehearsal within {LIMIT_S} s"
    return done.returncode, done.stdout, done.stderr


def _await(done: Path) -> None:
    end = time.monotonic() + LIMIT_S
    while not done.exists():
        assert time.monotonic() < end, "the worker that makes the rehearsal is not done"
        time.sleep(0.2)
