"""A rotation that is killed at any line leaves a station that opens, with the old keys or the new ones, never half."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

REPO = Path(__file__).parents[2]
STEP = int(os.environ.get("PROCTOR_ROTATION_STEP", "24"))
"""1: every line; a larger number takes every so many."""


def killed(folder: Path, what: str) -> list[dict[str, Any]]:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "tests.faults.rotation_child", str(folder), what, str(STEP)],
        check=False,
        capture_output=True,
        text=True,
        cwd=REPO,
        env={**os.environ, "PYTHONPATH": str(REPO)},
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="no fork")
def test_new_secrets_killed_anywhere(tmp_path: Path) -> None:
    runs = killed(tmp_path, "secrets")
    assert len(runs) > 10
    assert {run["status"] for run in runs} == {9}
    assert {run["new_secrets"] for run in runs} == {True, False}
    for run in runs:
        assert run["new_secrets"] == run["new_master"] == (run["entries"] == 1), run
        assert run["entries"] in {0, 1}, run
        assert run["old_database_key"] == run["old_master"] != run["new_secrets"], run
        assert not run["new_signer"], run
        assert (run["generations"], run["left"]) == (1, []), run


@pytest.mark.skipif(sys.platform == "win32", reason="no fork")
def test_a_new_signing_key_killed_anywhere(tmp_path: Path) -> None:
    runs = killed(tmp_path, "station")
    assert len(runs) > 2
    assert {run["status"] for run in runs} == {9}
    for run in runs:
        assert run["new_signer"] == (run["entries"] == 1), run
        assert run["entries"] in {0, 1}, run
        assert not run["new_secrets"], run
        assert run["left"] == [], run
