"""The power fails at any moment of any operation; what was acknowledged is there after the restart, once and whole."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.faults.power import OPERATIONS, cut_power

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the recorder looks into /proc")
CUTS = 16
"""`make soak` makes 1,000 and more."""


@pytest.mark.parametrize("name", sorted(OPERATIONS))
def test_nothing_acknowledged_is_lost(tmp_path: Path, name: str) -> None:
    tally = cut_power(OPERATIONS[name], count=CUTS, seed=20261122, folder=tmp_path)
    assert tally.cuts == CUTS
    assert tally.acknowledged > 0
    assert tally.lost == 0


def test_the_control_loses_what_it_acknowledged(tmp_path: Path) -> None:
    """With synchronous=NORMAL the same harness must find losses, or it proves nothing."""
    tally = cut_power(
        OPERATIONS["check-in"], count=CUTS, seed=1, folder=tmp_path, synchronous="NORMAL", tolerant=True
    )
    assert tally.lost > 0, tally
