"""kill -9 at every line of an erasure: after the restart it has happened wholly, or not at all."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the child forks")


@pytest.mark.slow
def test_killed_at_every_line(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.faults.erasure_child", str(tmp_path)]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert ran.returncode == 0, ran.stderr
    runs = [json.loads(line) for line in ran.stdout.splitlines()]
    assert len(runs) > 60
    assert {run["line"][0] for run in runs} == {"shredding.py", "destruction.py", "evidence_keys.py"}
    done = {"shreds": 1, "open": 0, "keys": 0, "left": 0, "others": True, "erased_rows": 1, "again": 0}
    untouched = {"shreds": 0, "open": 3, "keys": 3, "others": True, "erased_rows": 0, "again": 0}
    for run in runs:
        assert run["status"] == 9, run
        expected = done if run["shreds"] else untouched
        assert {name: run[name] for name in expected} == expected, run
        assert run["shreds"] or run["left"] > 0
    assert {run["shreds"] for run in runs} == {0, 1}
    assert sum(run["shreds"] for run in runs) > 20
