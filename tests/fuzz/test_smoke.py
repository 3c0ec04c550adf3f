"""Each fuzz target with a few thousand inputs, the same every time."""

from __future__ import annotations

import random
import time

import pytest

from tests.fuzz.judge import CPU_S, judge, seconds
from tests.fuzz.mutate import mutated
from tests.fuzz.targets import TARGETS

INPUTS = 3000
SECONDS = 3.0
LOOSE_CPU_S = 5 * CPU_S
"""`make test` runs on busy and slow machines; `make fuzz` holds the real bound."""


@pytest.mark.parametrize("name", TARGETS)
def test_target(name: str) -> None:
    target = TARGETS[name]
    chance = random.Random(name)
    seeds = target.seeds()
    longest, slow = b"", list[bytes]()
    ends = time.monotonic() + SECONDS
    for octets in (*seeds, *(mutated(chance, seeds) for _ in range(INPUTS))):
        longest = max(longest, octets, key=len)
        if seconds(target, octets) > LOOSE_CPU_S:
            slow.append(octets)
        if time.monotonic() > ends:
            break
    for octets in (longest, *slow[:10]):
        assert judge(target, octets, cpu_s=LOOSE_CPU_S) == ""
