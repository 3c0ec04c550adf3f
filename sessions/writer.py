"""Writing entries: one database transaction per entry, and nothing is acknowledged before it is durable.

An append reads the tree's size and right edge inside its own transaction, writes body, nodes, evidence and the signed
checkpoint, and commits. What it wrote, `verify` recomputes without this module.
"""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from sessions import codec, merkle
from sessions.checkpoint import Checkpoint, Signer
from sessions.clocks import Clocks
from sessions.engine import Database, DatabaseError
from sessions.errors import (
    StoreAlteredError,
    StoreFullError,
    StoreIoError,
)
from sessions.events import require_event
from sessions.evidence_box import Boxed, box
from sessions.evidence_keys import FILE_NAME
from sessions.instance import Instance
from sessions.pending import PendingFolder, Reserve
from sessions.people_register import Register
from sessions.people_signing import OF_OPERATOR, SIGNATURES, Bound, Keys, signed
from sessions.reader import LogReader
from sessions.record import SCHEMA, STATION, Clock, Operator, Second

_COMMON: Final = frozenset(
    {
        "schema",
        "kind",
        "seq",
        "origin",
        "at",
        "monotonic_ms",
        "boot_id",
        "operator",
        "second",
        "evidence",
        "evidence_keys",
        "evidence_slot",
        SIGNATURES,
    }
)

Also = Callable[[Any, int], None]
"""Further statements of an entry's transaction: given the connection and the entry's number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """The acknowledgement of a durable entry: its number, and size, root and signed note of the log
    with it.
    """

    seq: int
    size: int
    root: bytes
    note: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Draft:
    """An entry before it has a place: its columns, its encoded fields, its evidence."""

    kind: str
    session: str | None
    attempt: str | None
    fields: Mapping[str, str] = field(repr=False)
    boxed: Boxed | None


class LogWriter(LogReader):
    """The writing half of a store. One process writes at a time; methods may be called from any thread."""

    def __init__(
        self,
        db: Database,
        directory: Path,
        *,
        evidence_key: bytes,
        signer: Signer,
        clock: Clock,
        reserve: int,
        instance: Instance | None = None,
    ) -> None:
        super().__init__(db, evidence_key=evidence_key, signer=signer)
        self._clocks = Clocks(clock)
        self._pending = PendingFolder(directory / "pending", evidence_key)
        self._reserve = Reserve(directory / "reserve.bin", reserve)
        self._slots = directory / "keys" / FILE_NAME
        self._instance = instance
        self._known_edge: tuple[int, int, tuple[bytes, ...]] | None = None
        self._known_people: tuple[int, Register] | None = None

    def append(
        self,
        kind: str,
        body: Mapping[str, Any],
        evidence: Mapping[str, bytes] | None = None,
        *,
        operator: Operator,
        second: Second | None = None,
        also: Also | None = None,
        signatures: Mapping[str, Any] | None = None,
    ) -> Receipt:
        """Commit one entry and return its receipt; raises StoreError, and then nothing was written.

        `also` is called inside the same transaction, after the entry. `signatures`: those that two persons made of
        this body before (`sign`); else they sign now. Raises EventFormError for a body that events.toml does not
        know, PersonKeyError where a person's key is not open that the log names.
        """
        draft = self._draft(kind, body, evidence or {}, operator, second, signatures=signatures)
        with self._lock, self._translating():
            with self._db_txn():
                receipt = self._write(draft)
                if also is not None:
                    also(self._db.conn, receipt.seq)
            self._remember(receipt)
        return receipt

    def people(self) -> Register:
        """Return who is who, by the `key` entries. Raises StoreAlteredError."""
        with self._lock, self._translating():
            last: int = self._one("SELECT coalesce(max(seq), -1) FROM entries WHERE kind = 'key'")
        known = self._known_people
        if known is None or known[0] != last:
            register = Register.of((entry.seq, entry.body) for entry in self.entries("key"))
            known = self._known_people = last, register
        return known[1]

    def signing_parts(self) -> tuple[Bound, Keys]:
        """Return what signatures made now are bound to, and whose keys the log names. Raises StoreAlteredError."""
        head = self.head()
        return Bound.fresh(head.size, head.root), self.people().signing

    def sign(
        self, kind: str, body: Mapping[str, Any], *, operator: Operator, second: Second
    ) -> Mapping[str, Any]:
        """Return the signatures of both persons for an entry without evidence that is committed later, when they may
        be gone; nothing where the log names no key of theirs. Raises PersonKeyError, EventFormError.
        """
        whole = {**body, "operator": operator.as_body(), "second": second.as_body()}
        require_event(kind, whole)
        whole |= {"schema": SCHEMA, "kind": kind, "origin": self.origin}
        bound, keys = self.signing_parts()
        return dict(signed(whole, bound, keys, operator=operator, second=second).get(SIGNATURES, {}))

    def add_cosignatures(self, size: int, lines: Sequence[str]) -> int:
        """Keep cosignature lines of the checkpoint of a size, and return how many are new; the caller verified them.

        Raises StoreError; nothing is acknowledged before it is durable.
        """
        known = set(self.cosignatures(size))
        fresh = [(size, line) for line in dict.fromkeys(lines) if line not in known]
        with self._lock, self._translating(), self._db_txn():
            self._db.conn.executemany("INSERT INTO cosignatures (size, line) VALUES (?, ?)", fresh)
        return len(fresh)

    def rotate_key(
        self, signer: Signer, body: Mapping[str, Any], *, operator: Operator, second: Second
    ) -> Receipt:
        """Commit that another key signs from now on: the old one signs this entry, the new one what follows."""
        new = signer.named(self.origin)
        whole = {**body, "event": "station-key-rotated", "vkey": new.key.encode()}
        with self._lock:
            receipt = self.append("key", whole, operator=operator, second=second)
            self._signer = new
        return receipt

    @contextmanager
    def maintain(self) -> Iterator[Any]:
        """Hold the log still and yield its connection, outside a transaction: for erasing and copying."""
        with self._lock, self._translating():
            changes = self._db.conn.total_changes
            yield self._db.conn
            if self._db.conn.total_changes != changes:
                self._authentic = None

    def _draft(
        self,
        kind: str,
        body: Mapping[str, Any],
        evidence: Mapping[str, bytes],
        operator: Operator,
        second: Second | None = None,
        *,
        signatures: Mapping[str, Any] | None = None,
        parts: tuple[Bound, Keys] | None = None,
    ) -> _Draft:
        """Do what needs no place in the log yet, so that it is done outside the transaction."""
        taken = _COMMON & body.keys()
        if taken:
            raise ValueError(f"fields that the store sets: {', '.join(sorted(taken))}")
        whole: dict[str, Any] = {**body, "operator": operator.as_body()}
        if second is not None:
            whole["second"] = second.as_body()
        require_event(kind, whole, evidence)
        boxed = self._box(evidence)
        whole |= {"schema": SCHEMA, "kind": kind, **(boxed.as_body() if boxed else {})}
        if signatures is not None:
            whole |= {SIGNATURES: dict(signatures)} if signatures else {}
        elif second is not None or (kind == "key" and body.get("event") in OF_OPERATOR):
            bound, keys = parts or self.signing_parts()
            whole |= signed({**whole, "origin": self.origin}, bound, keys, operator=operator, second=second)
        return _Draft(
            kind=kind,
            session=body.get("session"),
            attempt=body.get("attempt"),
            fields=codec.encode_fields(whole),
            boxed=boxed,
        )

    def _box(self, evidence: Mapping[str, bytes]) -> Boxed | None:
        if not evidence:
            return None
        try:
            return box(evidence, take=self.evidence_keys.take, station=self.station)
        except OSError as error:
            raise StoreFullError(keys=1) if error.errno == errno.ENOSPC else StoreIoError(keys=1) from None

    def _write(self, draft: _Draft) -> Receipt:
        """Write one entry inside the present transaction; before it, a clock entry if the clock jumped."""
        size, edge = self._edge()
        place, jump = self._clocks.place(lambda: self._last_body(size))
        if jump is not None and draft.kind != "epoch":  # a new epoch may begin on another machine
            self._write_at(self._draft("clock", jump, {}, STATION), size, edge, place)
            size, edge = self._edge()
        return self._write_at(draft, size, edge, place)

    def _write_at(
        self, draft: _Draft, size: int, edge: tuple[bytes, ...], place: Mapping[str, Any]
    ) -> Receipt:
        common = codec.encode_fields({**place, "seq": size, "origin": self.origin})
        data = codec.join({**draft.fields, **common})
        growth = merkle.grow(size, edge, merkle.leaf_hash(data))
        head = Checkpoint(origin=self.origin, size=growth.size, root=growth.root).sign(self._signer)
        execute, many = self._db.conn.execute, self._db.conn.executemany
        row = (size, draft.kind, draft.session, draft.attempt, data)
        execute("INSERT INTO entries (seq, kind, session, attempt, body) VALUES (?, ?, ?, ?, ?)", row)
        many("INSERT INTO nodes (level, idx, hash) VALUES (?, ?, ?)", growth.nodes)
        if draft.boxed is not None:
            rows = [(size, name, ciphertext) for name, ciphertext in draft.boxed.ciphertexts.items()]
            many("INSERT INTO evidence (seq, name, ciphertext) VALUES (?, ?, ?)", rows)
        execute("INSERT INTO checkpoints (size, note) VALUES (?, ?)", (head.size, head.note))
        self._known_edge = (self._version, growth.size, growth.edge)
        return Receipt(seq=size, size=head.size, root=head.root, note=head.note)

    def _last_body(self, size: int) -> Mapping[str, Any] | None:
        """Return the last entry's body, for its clocks; None in an empty log."""
        if size == 0:
            return None
        return codec.decode(self._one("SELECT body FROM entries WHERE seq = ?", size - 1))

    def _edge(self) -> tuple[int, tuple[bytes, ...]]:
        """Return size and right edge of the tree as they are in this transaction.

        What this connection committed last is remembered, and believed only while no other connection has
        written since (PRAGMA data_version) and no transaction of ours has failed.
        """
        self._version: int = self._one("PRAGMA data_version")
        if self._known_edge is not None and self._known_edge[0] == self._version:
            return self._known_edge[1:]
        size: int = self._one("SELECT coalesce(max(seq), -1) + 1 FROM entries")
        sql = "SELECT hash FROM nodes WHERE level = ? AND idx = ?"
        return size, tuple(self._one(sql, level, index) for level, index in merkle.edge(size))

    def _known_root(self) -> bytes:
        return merkle.EMPTY_ROOT if self._known_edge is None else merkle.fold(self._known_edge[2])

    def _head_pair(self) -> tuple[int, bytes]:
        head = self.head()
        return head.size, head.root

    def _remember(self, receipt: Receipt) -> None:
        """Let the machine remember how far this log had come."""
        if self._instance is not None:
            self._instance.remember(receipt.size, receipt.root)

    def _require_head(self) -> None:
        """Raise StoreAlteredError unless the last checkpoint is ours and fits the entries and the tree."""
        size, edge = self._edge()
        head = self.head()
        if (head.size, head.root) != (size, merkle.fold(edge)):
            raise StoreAlteredError(why="head", size=size)

    @contextmanager
    def _db_txn(self) -> Iterator[None]:
        """Hold the write lock from the start, commit at the end, roll back on any way out but that."""
        self._db.conn.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._db.conn.execute("COMMIT")
        except BaseException:
            self._known_edge = None
            self._clocks.forget()
            with suppress(DatabaseError):
                self._db.conn.execute("ROLLBACK")
            raise
