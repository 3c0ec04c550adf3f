"""The process that a test kills or starves: it works as a station does and prints what is acknowledged, flushed.

usage: store_child full FOLDER, to make attempts until the disk is full; or store_child serve, to read lines of FOLDER,
FIRST and OPERATION (one of those of the power cuts), each of which is worked on by a fork that may be killed.
"""

from __future__ import annotations

import itertools
import os
import random
import sys
import traceback
from pathlib import Path

from sessions.errors import StoreError, StoreFullError
from sessions.keys import KeyBundle
from tests.faults.power import OPERATIONS
from tests.support.sessions_station import Bench, evidence, record


def bundle_of(seed_file: Path) -> KeyBundle:
    """Return the keys that parent and child share."""
    database_key, evidence_key, signing_seed, seal = seed_file.read_text(encoding="ascii").split()
    return KeyBundle(
        database_key=bytes.fromhex(database_key),
        evidence_key=bytes.fromhex(evidence_key),
        signing_seed=bytes.fromhex(signing_seed),
        seal_pkcs8=bytes.fromhex(seal),
    )


def write_bundle(seed_file: Path, keys: KeyBundle) -> None:
    """Write the keys for the child."""
    parts = (keys.database_key, keys.evidence_key, keys.signing_seed, keys.seal_pkcs8)
    seed_file.write_text(" ".join(part.hex() for part in parts), encoding="ascii")


def say(what: str, *rest: object) -> None:
    """Print an acknowledgement in one line, whole or not at all."""
    words = [each.hex() if isinstance(each, bytes) else str(each) for each in rest]
    os.write(1, f"{' '.join([what, *words])}\n".encode())


def work(folder: Path, first: int, name: str) -> None:
    """Do one operation after the other until somebody ends it."""
    operation = OPERATIONS[name]
    desk = operation.desk(folder / "live")
    desk.adopt(bundle_of(folder / "seeds.txt"))
    desk.listen(say)
    say("ready", os.getpid())
    rng = random.Random(first)
    for number in itertools.count(first, 10):
        operation.run(desk, rng, number)
        if not operation.again:
            return


def fill(folder: Path) -> None:
    """Make attempts until the disk is full, then verify."""
    bench = Bench(path=folder / "station.db", reserve=65_536)
    with bench.create() as store:
        say("ready")
        for number in itertools.count():
            attempt = record(number)
            try:
                store.require_room()
                receipt = store.append_attempt(attempt, evidence(number, 20_000))
            except StoreFullError as error:
                say("full", attempt.attempt_id, error.facts.get("pending", "before"))
                break
            except StoreError as error:
                say("error", error.code)
                break
            say("ack", attempt.attempt_id, receipt.seq)
        say("ok" if bench.verify().ok else f"bad {bench.verify().code}")
    os._exit(0)


def serve() -> None:
    """Let a fork work for each line, and say when it is gone."""
    for line in sys.stdin:
        folder, first, name = line.split()
        child = os.fork()
        if not child:
            try:
                work(Path(folder), int(first), name)
            except BaseException:  # noqa: BLE001 - whatever it is, it is said and this fork ends
                traceback.print_exc()
                os._exit(1)  # never back into the loop of the parent
            os._exit(0)
        _, status = os.waitpid(child, 0)
        say("gone", os.waitstatus_to_exitcode(status))


if __name__ == "__main__":
    if sys.argv[1] == "full":
        fill(Path(sys.argv[2]))
    serve()
