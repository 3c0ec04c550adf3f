"""The process that a test kills or starves: appends attempts and prints each acknowledged one, flushed."""

from __future__ import annotations

import itertools
import os
import sys
from pathlib import Path

from sessions.errors import StoreError, StoreFullError
from sessions.keys import KeyBundle
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


def main(path: str, seeds: str, first: str, mode: str) -> None:
    bench = Bench(path=Path(path), bundle=bundle_of(Path(seeds)), reserve=65_536)
    store = bench.open() if bench.path.exists() else bench.create()
    print("ready", flush=True)
    for number in itertools.count(int(first)):
        attempt = record(number)
        try:
            if mode == "full":
                store.require_room()
            receipt = store.append_attempt(attempt, evidence(number, 20_000))
        except StoreFullError as error:
            print("full", attempt.attempt_id, error.facts.get("pending", "before"), flush=True)
            break
        except StoreError as error:
            print("error", error.code, flush=True)
            break
        print("ack", attempt.attempt_id, receipt.seq, flush=True)
    if mode == "full":
        print("ok" if bench.verify().ok else f"bad {bench.verify().code}", flush=True)
        os._exit(0)


if __name__ == "__main__":
    main(*sys.argv[1:])
