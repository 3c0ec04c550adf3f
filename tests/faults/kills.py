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

    def killed(self, folder: Path, first: int, name: str, rng: random.Random) -> Said:
        """Let a fork do an operation, kill it somewhere, and return what it had acknowledged."""
        into, out = self._process.stdin, self._process.stdout
        if into is None or out is None:
            raise RuntimeError("no pipes")
        into.write(f"{folder} {first} {name}\n")
        into.flush()
        ready, pid = out.readline().split()
        if ready != "ready":
            raise RuntimeError("the child did not start")
        time.sleep(rng.random() * LONGEST_S)
        with contextlib.suppress(ProcessLookupError):
            os.kill(int(pid), signal.SIGKILL)
        return Said.of(_parsed(line) for line in iter(out.readline, "gone\n"))


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
            said = worker.killed(root, 1 + tally.cuts * 1_000 % 8_000, operation.name, rng)
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


def _parsed(line: str) -> tuple[object, ...]:
    what, *rest = line.split()
    if what == "entry":
        return what, int(rest[0]), bytes.fromhex(rest[1])
    return (what, *rest)
