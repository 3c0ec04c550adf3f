"""A log as schema 1 wrote it, for tests of what became of it: tables, bodies, wrapped keys, checkpoints."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from sessions import codec, merkle, schema_1
from sessions.checkpoint import Checkpoint
from sessions.engine import connect
from sessions.opening import configure
from sessions.record import format_utc
from tests.support.sessions_station import OPERATOR, Bench, evidence, record

SESSION = "HL-20261121-01"


def write_schema_1(
    bench: Bench,
    attempts: int = 6,
    *,
    pieces: Mapping[int, Mapping[str, bytes]] | None = None,
    extra: Sequence[tuple[str, Mapping[str, Any], Mapping[str, bytes]]] = (),
) -> Bench:
    """Make a log of schema 1 at the bench's path: the key entry and some attempts with evidence.

    `extra`: entries between them, (kind, fields, evidence).
    """
    bench.path.parent.mkdir(parents=True, exist_ok=True)
    bench.path.touch(mode=0o600)
    db = connect(bench.path, bench.bundle.database_key)
    with closing(db.conn):
        configure(db)
        execute = db.conn.execute
        execute("BEGIN IMMEDIATE")
        for sql in schema_1.STATEMENTS.values():
            execute(sql)
        execute(f"PRAGMA application_id = {schema_1.APPLICATION_ID}")
        execute("PRAGMA user_version = 1")
        log = _Writer(bench, execute)
        vkey = bench.bundle.signer(bench.origin).key.encode()
        log.write(
            "key",
            {"event": "station-key", "vkey": vkey, "operator": {"id": "station", "role": "station"}},
            {},
        )
        for kind, fields, files in extra:
            log.write(kind, fields, files)
        for number in range(attempts):
            body = {**record(number, session_id=SESSION).as_body(), "operator": OPERATOR.as_body()}
            log.write("attempt", body, (pieces or {}).get(number, evidence(number)))
        execute("COMMIT")
    return bench


class _Writer:
    def __init__(self, bench: Bench, execute: Any) -> None:
        self._bench, self._execute = bench, execute
        self._size = 0
        self._edge: tuple[bytes, ...] = ()

    def write(self, kind: str, fields: Mapping[str, Any], pieces: Mapping[str, bytes]) -> None:
        bench, execute, seq = self._bench, self._execute, self._size
        moment = bench.clock.now()
        wrapped, ciphertexts = _boxed(bench, pieces)
        bound: dict[str, Any] = {}
        if pieces:
            bound["evidence"] = {name: hashlib.sha256(data).hexdigest() for name, data in ciphertexts.items()}
            bound["evidence_key"] = hashlib.sha256(wrapped).hexdigest()
        place = {"at": format_utc(moment.at), "monotonic_ms": moment.monotonic_ms, "boot_id": moment.boot_id}
        body = {"schema": 1, "kind": kind, "seq": seq, "origin": bench.origin, **fields, **place, **bound}
        data = codec.encode(body)
        growth = merkle.grow(seq, self._edge, merkle.leaf_hash(data))
        head = Checkpoint(origin=bench.origin, size=growth.size, root=growth.root)
        row = (seq, kind, body.get("session"), body.get("attempt"), data)
        execute("INSERT INTO entries (seq, kind, session, attempt, body) VALUES (?, ?, ?, ?, ?)", row)
        for node in growth.nodes:
            execute("INSERT INTO nodes (level, idx, hash) VALUES (?, ?, ?)", node)
        if pieces:
            execute("INSERT INTO evidence_keys (seq, wrapped) VALUES (?, ?)", (seq, wrapped))
        for name, ciphertext in ciphertexts.items():
            execute("INSERT INTO evidence (seq, name, ciphertext) VALUES (?, ?, ?)", (seq, name, ciphertext))
        note = head.sign(bench.bundle.signer(bench.origin)).note
        execute("INSERT INTO checkpoints (size, note) VALUES (?, ?)", (growth.size, note))
        self._size, self._edge = growth.size, growth.edge


def _boxed(bench: Bench, pieces: Mapping[str, bytes]) -> tuple[bytes, dict[str, bytes]]:
    key = secrets.token_bytes(32)
    wrapped = _seal(bench.bundle.evidence_key, key, f"proctor evidence key 1\n{bench.origin}\n")
    sealed = {
        name: _seal(key, data, f"proctor evidence 1\n{bench.origin}\n{name}\n")
        for name, data in pieces.items()
    }
    return wrapped, sealed


def _seal(key: bytes, data: bytes, aad: str) -> bytes:
    nonce = secrets.token_bytes(12)
    return nonce + AESGCM(key).encrypt(nonce, data, aad.encode())


def schema_1_bench(folder: Path, attempts: int = 6) -> Bench:
    """Return a bench whose log is of schema 1."""
    return write_schema_1(Bench(path=folder / "station.db"), attempts)
