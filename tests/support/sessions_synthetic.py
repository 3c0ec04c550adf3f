"""A log as large as one wants, written row by row without the store: no fsync, no slots filled ahead."""

from __future__ import annotations

import hashlib
import secrets
from contextlib import closing
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar

from sessions import codec, merkle
from sessions.checkpoint import Checkpoint, Signer
from sessions.engine import connect
from sessions.evidence_box import box
from sessions.keys import KeyBundle
from sessions.opening import configure, create_schema
from sessions.pins import StationPins
from sessions.record import format_utc
from tests.support.sessions_station import OPERATOR, ORIGIN, START, record

SESSION = "HL-20261122-01"
BOOT = "11111111-2222-3333-4444-555555555555"


@dataclass
class Synthetic:
    """A log of one session: its opening, attempts with their beginnings, its close."""

    SEED: ClassVar[bytes] = bytes(range(32))

    path: Path
    attempts: int
    bundle: KeyBundle = field(default_factory=KeyBundle.generate)
    evidence_bytes: int = 300
    _slot: int = 0

    @property
    def signer(self) -> Signer:
        return Signer(ORIGIN, self.SEED)

    @property
    def pins(self) -> StationPins:
        return StationPins().add(self.signer.key.encode())

    def write(self) -> None:
        self.path.touch()
        db = connect(self.path, self.bundle.database_key)
        with closing(db.conn):
            configure(db)
            db.conn.execute("PRAGMA synchronous = OFF")
            db.conn.execute("BEGIN")
            create_schema(db)
            self._entries(db.conn)
            db.conn.execute("COMMIT")
            db.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def _entries(self, conn: Any) -> None:
        edge: tuple[bytes, ...] = ()
        for seq, (kind, body, evidence) in enumerate(self._bodies()):
            boxed = box(evidence, take=self._take, station=ORIGIN) if evidence else None
            at = format_utc(START + timedelta(seconds=seq))
            whole = {
                "schema": 2,
                "kind": kind,
                "seq": seq,
                "origin": ORIGIN,
                "at": at,
                "monotonic_ms": 1000 * seq,
                "boot_id": BOOT,
                "operator": OPERATOR.as_body(),
                **body,
                **(boxed.as_body() if boxed else {}),
            }
            data = codec.encode(whole)
            growth = merkle.grow(seq, edge, merkle.leaf_hash(data))
            edge = growth.edge
            head = Checkpoint(origin=ORIGIN, size=seq + 1, root=growth.root).sign(self.signer)
            row = (seq, kind, body.get("session"), body.get("attempt"), data)
            conn.execute("INSERT INTO entries VALUES (?, ?, ?, ?, ?)", row)
            conn.executemany("INSERT INTO nodes VALUES (?, ?, ?)", growth.nodes)
            conn.execute("INSERT INTO checkpoints VALUES (?, ?)", (head.size, head.note))
            for name, data in boxed.ciphertexts.items() if boxed else ():
                conn.execute("INSERT INTO evidence VALUES (?, ?, ?)", (seq, name, data))

    def _take(self, count: int) -> tuple[int, tuple[bytes, ...]]:
        first = self._slot
        self._slot += count
        return first, tuple(secrets.token_bytes(32) for _ in range(count))

    def _bodies(self) -> Any:
        station = {"operator": {"id": "station", "role": "station"}}
        yield "key", {"event": "station-key", "vkey": self.signer.key.encode(), **station}, {}
        rules = hashlib.sha256(b"rules").hexdigest()
        opened = {
            "session": SESSION,
            "root_kind": "training",
            "day": "2026-11-22",
            "place": "P. 1",
            "component": "theory",
            "component_label": "Lý thuyết",
            "rules": "r",
            "rules_sha256": rules,
            "roster_hash": "0" * 64,
            "candidates": self.attempts,
            "refused_rows": 0,
        }
        yield "open", opened, {"roster": b"{}", "rules": b"rules"}
        for number in range(self.attempts):
            body = record(number).as_body()
            begun = {name: body[name] for name in ("session", "attempt", "component")}
            yield "begin", begun, {}
            pieces = {
                "identity": b"i" * self.evidence_bytes,
                "chip-portrait": number.to_bytes(4, "big") * (self.evidence_bytes // 4),
            }
            yield "attempt", body, pieces
        counts = dict.fromkeys(("candidates", "admitted", "referred", "refused", "absent"), 0)
        yield "close", {"session": SESSION, "reason": "over", **counts, "attempts": self.attempts}, {}
