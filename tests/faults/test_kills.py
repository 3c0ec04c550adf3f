"""kill -9 at any moment of any operation: what was acknowledged is there after the restart, once and whole."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.kills import Worker, kill_often
from tests.faults.power import OPERATIONS

KILLS = 3
"""For each operation; `make soak` kills 200 times and more."""


pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL and fork are POSIX")


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    with Worker() as found:
        yield found


@pytest.mark.parametrize("name", sorted(OPERATIONS))
def test_a_killed_station_lost_nothing(tmp_path: Path, worker: Worker, name: str) -> None:
    tally = kill_often(worker, OPERATIONS[name], count=KILLS, seed=20261122, folder=tmp_path)
    assert tally.cuts == KILLS
    assert tally.acknowledged > 0, "killed before it had said anything: nothing was proved"
