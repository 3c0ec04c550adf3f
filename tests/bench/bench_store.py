"""Durable attempts against raw inserts of the same rows, and the speed of verification. Plain figures, no asserts."""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from sessions import schema
from sessions.engine import connect
from sessions.opening import configure, create_schema
from sessions.record import AttemptRecord
from sessions.store import Store
from sessions.verify import verify_log
from tests.support.sessions_station import Bench, record

ATTEMPTS = 600
BATCH = 25
CHIP_BYTES, LIVE_BYTES = 15_000, 26_000  # as a training session leaves them
WHERE = {
    "entries": "seq = ?1",
    "nodes": "((idx + 1) << level) - 1 = ?1",
    "evidence": "seq = ?1",
    "checkpoints": "size = ?1 + 1",
}
Rows = list[tuple[str, tuple[Any, ...]]]


def fresh_evidence(number: int) -> dict[str, bytes]:
    return {
        "identity": b"i" * 300,
        "chip-portrait": number.to_bytes(2, "big") * (CHIP_BYTES // 2),
        "live-portrait": number.to_bytes(2, "big") * (LIVE_BYTES // 2),
    }


def rows_by_entry(path: Path, key: bytes) -> Iterator[Rows]:
    """Yield, for each entry of a log, the rows that it put into every table."""
    execute = connect(path, key, read_only=True).conn.execute
    for seq in range(execute("SELECT count(*) FROM entries").fetchone()[0]):
        yield [
            (table, row)
            for table, where in WHERE.items()
            for row in execute(f"SELECT * FROM {table} WHERE {where}", (seq,)).fetchall()  # noqa: S608
        ]


def raw_writer(path: Path, key: bytes) -> Callable[[Rows], None]:
    """Return a function that commits one entry's rows with bare INSERTs: same tables, indexes and pragmas, no
    triggers.
    """
    path.touch()
    db = connect(path, key)
    configure(db)
    create_schema(db)
    for kind, name in schema.STATEMENTS:
        if kind == "trigger":
            db.conn.execute(f"DROP TRIGGER {name}")
    execute = db.conn.execute

    def write(rows: Rows) -> None:
        execute("BEGIN IMMEDIATE")
        for table, row in rows:
            execute(f"INSERT INTO {table} VALUES ({', '.join('?' * len(row))})", row)  # noqa: S608
        execute("COMMIT")

    return write


def timed(call: Callable[[], object]) -> tuple[float, float]:
    """Return wall and CPU seconds of a call."""
    wall, cpu = time.perf_counter(), time.process_time()
    call()
    return time.perf_counter() - wall, time.process_time() - cpu


def attempt(store: Store, made: tuple[AttemptRecord, dict[str, bytes]], *, begun: bool) -> None:
    """Enter one attempt: how it ended, and with `begun` that it began, as at the desk."""
    if begun:
        part = {"session": made[0].session_id, "component": made[0].component}
        store.begin_attempt(made[0].attempt_id, operator=made[0].operator, **part)
    store.append_attempt(*made)


def written_rows(folder: Path, *, begun: bool) -> list[Rows]:
    """Return the rows of a log of ATTEMPTS attempts, entry by entry."""
    template = Bench(path=folder / "template.db")
    with template.create() as store:
        store._db.conn.execute("PRAGMA synchronous = OFF")
        for number in range(ATTEMPTS):
            attempt(store, (record(number), fresh_evidence(number)), begun=begun)
    return list(rows_by_entry(template.path, template.bundle.database_key))


def each_of(call: Callable[[Any], object], items: list[Any]) -> None:
    """Call once for each item."""
    for item in items:
        call(item)


def measure(folder: Path, *, begun: bool) -> dict[str, float]:
    """Let the writers take turns, batch by batch, so that all see the same disk and the same load.

    Each entry is a commit of its own in both: two for an attempt that was begun.
    """
    folder.mkdir()
    rows = written_rows(folder, begun=begun)
    each = 2 if begun else 1
    bench = Bench(path=folder / "own" / "station.db")
    bench.path.parent.mkdir()
    key = bench.bundle.database_key
    bare = raw_writer(folder / "bare.db", key)
    bare(rows[0])  # the entry that every log begins with
    ready = [(record(number), fresh_evidence(number)) for number in range(ATTEMPTS)]
    times: dict[str, list[tuple[float, float]]] = {"ours": [], "bare": []}
    with bench.create() as store:
        for start in range(0, ATTEMPTS, BATCH):
            part = slice(start, start + BATCH)
            raw_batch, own_batch = rows[1:][start * each : (start + BATCH) * each], ready[part]
            times["bare"].append(timed(partial(each_of, bare, raw_batch)))
            enter = partial(attempt, store, begun=begun)
            times["ours"].append(timed(partial(each_of, enter, own_batch)))
    wall = {name: statistics.median(one for one, _ in found) / BATCH for name, found in times.items()}
    cpu = {name: statistics.median(one for _, one in found) / BATCH for name, found in times.items()}
    seconds, _ = timed(lambda: verify_log(bench.path, database_key=key, pins=bench.pins))
    return {
        "raw_inserts_per_s": round(1 / wall["bare"], 1),
        "attempts_per_s": round(1 / wall["ours"], 1),
        "ratio": round(wall["bare"] / wall["ours"], 3),
        "cpu_added_ms": round((cpu["ours"] - cpu["bare"]) * 1000, 3),
        "verified_entries_per_s": round((ATTEMPTS * each + 1) / seconds, 1),
    }


def main() -> None:
    with tempfile.TemporaryDirectory(dir=sys.argv[1] if len(sys.argv) > 1 else None) as folder:
        place = Path(folder)
        found = {
            "store": measure(place / "ended", begun=False),
            "store, begun and ended": measure(place / "begun", begun=True),
        }
        print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
