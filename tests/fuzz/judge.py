"""Runs inputs one by one without atheris and says what is wrong with each: python -m tests.fuzz.judge NAME FILE…

The bounds for one input: no error but those of readers, biometrics and sessions, 50 ms of CPU, 64 MB."""

from __future__ import annotations

import contextlib
import sys
import time
import tracemalloc
from pathlib import Path
from typing import TYPE_CHECKING

from biometrics.errors import BiometricsError
from readers.errors import ReaderError
from sessions.errors import SessionsError

if TYPE_CHECKING:
    from tests.fuzz.targets import Target

CPU_S = 0.050
MEMORY_KIB = 64 * 1024
_TIMES = 3


def judge(target: Target, octets: bytes, *, cpu_s: float = CPU_S) -> str:
    """What is wrong with this input, or nothing. Memory is measured apart: it takes time itself."""
    spent = min(seconds(target, octets) for _ in range(_TIMES))
    if spent > cpu_s:
        return f"{1000 * spent:.0f} ms of CPU"
    tracemalloc.start()
    try:
        seconds(target, octets)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    return f"{peak // 1024} KiB" if peak > MEMORY_KIB * 1024 else ""


def seconds(target: Target, octets: bytes) -> float:
    """The reader's CPU time for one input. Raises whatever is none of their errors."""
    before, others = time.process_time(), None
    with contextlib.suppress(ReaderError, BiometricsError, SessionsError):
        others = target.run(octets)
    return time.process_time() - before - (others if isinstance(others, float) else 0.0)


def main() -> None:
    """Prints a line for each bad input; ends with 1 if there is one."""
    from tests.fuzz.targets import TARGETS

    target = TARGETS[sys.argv[1]]
    for seed in target.seeds():
        seconds(target, seed)
    bad = False
    for name in sys.argv[2:]:
        wrong = judge(target, Path(name).read_bytes())
        if wrong:
            bad = True
            print(f"{name}: {wrong}")
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
