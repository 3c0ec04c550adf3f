"""Verification of a large log: quick, full, and an inclusion proof, beside the bare calls of the same run."""

from __future__ import annotations

import hashlib
import hmac
import json
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from sessions import merkle, pages
from sessions.checkpoint import Signer, parse_checkpoint
from sessions.engine import connect
from sessions.verify import verify_log
from tests.support.sessions_station import ORIGIN, Bench
from tests.support.sessions_synthetic import Synthetic

ENTRIES = 100_000
PROOF_LEAVES = 1_000_000


def timed(call: Callable[[], Any]) -> tuple[float, float, Any]:
    """Return wall and CPU seconds of a call, and what it returned."""
    wall, cpu = time.perf_counter(), time.process_time()
    found = call()
    return time.perf_counter() - wall, time.process_time() - cpu, found


def bare_calls(path: Path, key: bytes) -> dict[str, float]:
    """Return the seconds of nothing but hashing and signature checks over the same bytes, read beforehand in parts."""
    times = {"leaf": 0.0, "nodes": 0.0, "ciphertexts": 0.0, "signatures": 0.0, "pages": 0.0}
    with closing(connect(path, key, read_only=True).conn) as conn:
        count = conn.execute("SELECT count(*) FROM entries").fetchone()[0]
        node = b"\x01" + bytes(64)
        times["nodes"] = timed(lambda: [hashlib.sha256(node).digest() for _ in range(2 * count)])[0]
        for rows in parts(conn, "SELECT body FROM entries"):
            bodies = [b"\x00" + row[0] for row in rows]
            times["leaf"] += timed(lambda: [hashlib.sha256(body).digest() for body in bodies])[0]  # noqa: B023
        for rows in parts(conn, "SELECT ciphertext FROM evidence"):
            blobs = [row[0] for row in rows]
            times["ciphertexts"] += timed(lambda: [hashlib.sha256(blob).digest() for blob in blobs])[0]  # noqa: B023
        public = None
        for rows in parts(conn, "SELECT note FROM checkpoints"):
            notes = [parse_checkpoint(row[0])[1] for row in rows]
            public = public or Signer(ORIGIN, Synthetic.SEED).key.public
            loaded = Ed25519PublicKey.from_public_bytes(public)
            jobs = [(note.signatures[0].signature, note.text.encode()) for note in notes]
            times["signatures"] += timed(lambda: [loaded.verify(*job) for job in jobs])[0]  # noqa: B023
    page, mac_key = bytes(pages.PAGE - 64), bytes(32)
    count = path.stat().st_size // pages.PAGE
    times["pages"] = timed(lambda: [hmac.digest(mac_key, page, "sha512") for _ in range(count)])[0]
    return times


def parts(conn: Any, sql: str) -> Iterator[list[tuple[Any, ...]]]:
    cursor = conn.execute(sql)
    while rows := cursor.fetchmany(1000):
        yield rows


def proof_times(leaves: int = PROOF_LEAVES) -> dict[str, float]:
    """Return milliseconds of an inclusion proof at this many leaves: out of memory, and verified."""
    levels = [[hashlib.sha256(index.to_bytes(4, "big")).digest() for index in range(leaves)]]
    while len(levels[-1]) > 1:
        below = levels[-1]
        levels.append([merkle.node_hash(*pair) for pair in zip(below[::2], below[1::2], strict=False)])
    rng, made, checked = random.Random(1), [], []
    root = merkle.root_at(leaves, lambda level, index: levels[level][index])
    for _ in range(500):
        index = rng.randrange(leaves)
        start = time.perf_counter()
        proof = merkle.inclusion_proof(index, leaves, lambda level, place: levels[level][place])
        middle = time.perf_counter()
        merkle.verify_inclusion(levels[0][index], index, leaves, proof, root)
        made.append(middle - start)
        checked.append(time.perf_counter() - middle)
    return {
        "inclusion_proof_ms": round(sorted(made)[len(made) // 2] * 1000, 3),
        "inclusion_verify_ms": round(sorted(checked)[len(checked) // 2] * 1000, 3),
    }


def measure(folder: Path, entries: int) -> dict[str, Any]:
    log = Synthetic(folder / "station.db", attempts=entries // 2 - 1)
    log.write()
    bench = Bench(path=log.path, bundle=log.bundle)
    common: dict[str, Any] = {"database_key": log.bundle.database_key, "pins": log.pins}
    quick_wall, quick_cpu, quick = timed(lambda: verify_log(bench.path, full=False, **common))
    bare = bare_calls(bench.path, log.bundle.database_key)
    full_wall, full_cpu, full = timed(lambda: verify_log(bench.path, full=True, **common))
    if not (quick.ok and full.ok and quick.mode == "quick"):
        raise RuntimeError((quick, full))
    total = sum(bare.values())
    return {
        "entries": quick.size,
        "megabytes": round(bench.path.stat().st_size / 1e6),
        "quick_s": round(quick_wall, 2),
        "quick_cpu_s": round(quick_cpu, 2),
        "skipped": list(quick.skipped),
        "full_s": round(full_wall, 2),
        "full_own_cpu_s": round(full_cpu, 2),
        "bare_s": {name: round(seconds, 2) for name, seconds in bare.items()},
        "full_over_bare": round(full_wall / total, 2),
        "full_over_bare_without_pages": round(full_wall / (total - bare["pages"]), 2),
    }


def main() -> None:
    entries = int(sys.argv[1]) if len(sys.argv) > 1 else ENTRIES
    with tempfile.TemporaryDirectory(dir=sys.argv[2] if len(sys.argv) > 2 else None) as folder:
        found = measure(Path(folder), entries)
    print(json.dumps({"verify": {**found, **proof_times()}}, indent=2))


if __name__ == "__main__":
    main()
