"""How long a cosignature takes: a collector in its own process, TLS kept alive, each line verified. Plain figures."""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import time
from pathlib import Path

from proctor.witness.client import WitnessClient
from proctor.witness.cosigning import Exchange
from proctor.witness.folder import DATABASE
from sessions.cosignature import Kind
from sessions.store import Store
from sessions.witness_store import WitnessStore
from sessions.witnesses import Witness
from tests.faults.test_witness_kill import served
from tests.support.sessions_station import OPERATOR, ORIGIN, Bench
from tests.support.witness import NOW, make_folder

ROUNDS = 1_000


def measure(folder: Path, kind: Kind) -> dict[str, float]:
    """One head more, one cosignature more, over and over: what the background thread does while a desk works."""
    station = folder / "station"
    station.mkdir()
    bench = Bench(path=station / "station.db")
    made = make_folder(folder / "witness", kind=kind)
    with WitnessStore.open(made.path / DATABASE) as store:
        store.trust(bench.bundle.signer(ORIGIN).key, at=NOW)
    process, port = served(made.path, 0)
    witness = Witness(key=made.key, address=f"https://127.0.0.1:{port}", tls_pin=made.tls_pin)
    try:
        with bench.create() as log, WitnessClient(witness) as client:
            times, commits = _times(log, Exchange(log, client))
    finally:
        process.terminate()
        process.wait(20)
        if process.stdout is not None:
            process.stdout.close()
    times.sort()
    commits.sort()
    return {
        "cosignatures": ROUNDS,
        "p50_ms": round(statistics.median(times), 2),
        "p99_ms": round(times[int(len(times) * 0.99)], 2),
        "max_ms": round(times[-1], 2),
        "own_commit_p50_ms": round(statistics.median(commits), 2),
        "own_commit_p99_ms": round(commits[int(len(commits) * 0.99)], 2),
    }


def _times(log: Store, exchange: Exchange) -> tuple[list[float], list[float]]:
    """Return the milliseconds of each cosignature, and of the commit before it: the same disk at the same moment."""
    exchange.cosign(log.head())  # the connection
    times, commits = [], []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        log.append("view", {"what": "list"}, operator=OPERATOR)
        commits.append((time.perf_counter() - begun) * 1_000)
        head = log.head()
        begun = time.perf_counter()
        exchange.cosign(head)
        times.append((time.perf_counter() - begun) * 1_000)
    return times, commits


def main() -> None:
    place = sys.argv[1] if len(sys.argv) > 1 else None
    found = {}
    for kind in Kind:
        with tempfile.TemporaryDirectory(dir=place) as folder:
            found[kind.name] = measure(Path(folder), kind)
    print(json.dumps({"witness": found}, indent=2))


if __name__ == "__main__":
    main()
