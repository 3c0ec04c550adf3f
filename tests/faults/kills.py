"""kill -9 at random moments of a child that works as a station does; after each, a restart and the proof of it."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import IO

from tests.faults.desk import Said
from tests.faults.power import Operation, Tally
from tests.faults.root_desk import RootDesk
from tests.faults.store_child import write_bundle

REPO = Path(__file__).parents[2]
KILLS_PER_STATION = 6
LONGEST_S = 0.6


class Worker:
    """A process whose forks are killed."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "tests.faults.store_child", "serve"]
        self._process = subprocess.Popen(
            command, cwd=REPO, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *_exc: object) -> None:
        self._process.communicate(timeout=60)

    def killed(self, folder: Path, first: int, name: str, rng: random.Random, *, working: bool) -> Said:
        """Let a fork do an operation, kill it somewhere, and return what it had acknowledged.

        With `working` the chance begins after its first entry, however slow the machine is.
        """
        into, out = self._process.stdin, self._process.stdout
        if into is None or out is None:
            raise RuntimeError("no pipes")
        into.write(f"{folder} {first} {name}\n")
        into.flush()
        ready, pid = out.readline().split()
        if ready != "ready":
            raise AssertionError(f"{name}: the child ended with {pid} before it was ready")
        lines: list[str] = []
        while working and not (lines and lines[-1].startswith(("entry ", "gone "))):
            lines.append(_line(out))
        time.sleep(rng.random() * LONGEST_S)
        with contextlib.suppress(ProcessLookupError):
            os.kill(int(pid), signal.SIGKILL)
        while not (lines and lines[-1].startswith("gone ")):
            lines.append(_line(out))
        ended = int(lines.pop().split()[1])
        if ended not in {0, -signal.SIGKILL}:
            raise AssertionError(
                f"{name}: nobody killed it, it ended with {ended}; its traceback is on stderr"
            )
        return Said.of(map(_parsed, lines))


def kill_often(worker: Worker, operation: Operation, *, count: int, seed: int, folder: Path) -> Tally:
    """Kill a child `count` times and prove each restart."""
    tally, rng = Tally(), random.Random(seed)
    while tally.cuts < count:
        root = Path(tempfile.mkdtemp(dir=folder))
        (root / "live").mkdir()
        desk = operation.desk(root / "live")
        if not isinstance(desk, RootDesk):  # which makes its own keys
            desk.adopt(desk.bench.bundle)
        operation.prepare(desk)
        write_bundle(root / "seeds.txt", desk.bench.bundle)
        for _ in range(KILLS_PER_STATION if operation.again else 1):
            first, working = 1 + tally.cuts * 1_000 % 8_000, tally.cuts % 2 == 1
            said = worker.killed(root, first, operation.name, rng, working=working)
            desk.said = desk.said.plus(said)
            proof = desk.prove(desk.said)
            tally.cuts += 1
            tally.acknowledged += len(said.entries)
            tally.slowest_s = max(tally.slowest_s, proof.seconds)
            tally.complaints += bool(proof.complaint)
            if tally.cuts >= count:
                break
        shutil.rmtree(root)
    return tally


def _line(out: IO[str]) -> str:
    line = out.readline()
    if not line:
        raise RuntimeError("the worker is gone")
    return line


def _parsed(line: str) -> tuple[object, ...]:
    what, *rest = line.split()
    if what == "entry":
        return what, int(rest[0]), bytes.fromhex(rest[1])
    return (what, *rest)
