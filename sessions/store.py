"""The log's writer: one database transaction per entry, and nothing is acknowledged before it is durable.

An append reads the tree's size and right edge inside its own transaction, writes body, nodes, evidence
and the signed checkpoint, and commits. What it wrote, `verify` recomputes without this module.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Self

from sessions import codec, merkle
from sessions.checkpoint import Checkpoint, Signer, verify_checkpoint
from sessions.engine import Database, DatabaseError, connect
from sessions.errors import (
    AttemptIdReusedError,
    StoreAlteredError,
    StoreError,
    StoreFullError,
    StoreSchemaError,
    StoreUnreadableError,
)
from sessions.evidence_box import Boxed, box
from sessions.files import sync_dir
from sessions.opening import configure, create_schema, require_schema, translated
from sessions.pending import ATTEMPT_ID, Late, PendingFolder, Reserve
from sessions.reader import Entry, LogReader
from sessions.record import SCHEMA, STATION, AttemptRecord, Clock, Operator, Verdict, format_utc

RESERVE_BYTES: Final = 4 * 1024 * 1024
LATE: Final = "record-late"
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
        "evidence",
        "evidence_key",
    }
)


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


class Store(LogReader):
    """The open log of one station. One process writes at a time; methods may be called from any thread."""

    def __init__(
        self,
        db: Database,
        directory: Path,
        *,
        evidence_key: bytes,
        signer: Signer,
        clock: Clock,
        reserve: int,
    ) -> None:
        super().__init__(db, evidence_key=evidence_key, signer=signer)
        self._clock = clock
        self._pending = PendingFolder(directory / "pending", evidence_key)
        self._reserve = Reserve(directory / "reserve.bin", reserve)
        self._known_edge: tuple[int, int, tuple[bytes, ...]] | None = None

    # -- opening ----------------------------------------------------------------------------------

    @classmethod
    def create(
        cls,
        path: Path,
        *,
        database_key: bytes,
        evidence_key: bytes,
        signer: Signer,
        clock: Clock,
        wait_s: float = 2.0,
        reserve: int = RESERVE_BYTES,
    ) -> Self:
        """Make a new log whose first entry names the station's key; raises StoreError if there is one.

        It is made under another name and renamed when whole.
        """
        if path.exists():
            raise StoreSchemaError(why="exists")
        draft = path.with_name(f"{path.name}.new")
        draft.unlink(missing_ok=True)
        os.close(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        db = connect(draft, database_key, wait_s=wait_s)
        store = cls(db, path.parent, evidence_key=evidence_key, signer=signer, clock=clock, reserve=reserve)
        with translated(draft, database_key), closing(db.conn):
            configure(db)
            with store._db_txn():
                create_schema(db)
                vkey = {"event": "station-key", "vkey": signer.key.encode()}
                store._write(store._draft("key", vkey, {}, STATION))
        draft.rename(path)
        sync_dir(path.parent)
        return cls.open(
            path,
            database_key=database_key,
            evidence_key=evidence_key,
            signer=signer,
            clock=clock,
            wait_s=wait_s,
            reserve=reserve,
        )

    @classmethod
    def open(
        cls,
        path: Path,
        *,
        database_key: bytes,
        evidence_key: bytes,
        signer: Signer,
        clock: Clock,
        wait_s: float = 2.0,
        reserve: int = RESERVE_BYTES,
    ) -> Self:
        """Open a log: check schema, triggers and tree head, and commit attempts that wait, as REFER.

        Raises StoreUnreadableError (no file, another key), StoreAlteredError, StoreSchemaError, or another
        StoreError.
        """
        if not path.is_file():
            raise StoreUnreadableError(why="no-file")
        path = path.resolve()  # SQLite's own files lie beside what a link points to
        db = connect(path, database_key, wait_s=wait_s)
        store = cls(db, path.parent, evidence_key=evidence_key, signer=signer, clock=clock, reserve=reserve)
        try:
            with translated(path, database_key):
                configure(db)
                require_schema(db)
                store._require_head()
                with store._authenticated():
                    pass
            store.commit_pending()
        except StoreError:
            store.close()
            raise
        with suppress(StoreFullError):
            store._reserve.require()
        return store

    def close(self) -> None:
        """Close the database; the write-ahead log is merged into it."""
        with self._lock:
            self._db.conn.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    # -- writing ----------------------------------------------------------------------------------

    def append(
        self,
        kind: str,
        body: Mapping[str, Any],
        evidence: Mapping[str, bytes] | None = None,
        *,
        operator: Operator,
    ) -> Receipt:
        """Commit one entry and return its receipt; raises StoreError, and then nothing was written."""
        draft = self._draft(kind, body, evidence or {}, operator)
        with self._lock, self._translating(), self._db_txn():
            return self._write(draft)

    def append_attempt(self, record: AttemptRecord, evidence: Mapping[str, bytes] | None = None) -> Receipt:
        """Commit an attempt once, however often it is called with the same record.

        On a full disk the reserve is freed and the commit tried again. What still cannot be committed
        is sealed into pending/ (fact pending=1 of the error raised) and committed when the log is opened
        next.
        """
        if not ATTEMPT_ID.fullmatch(record.attempt_id):
            raise ValueError("an attempt id is 1 to 64 letters, digits, '.', '_' or '-'")
        body, files = record.as_body(), dict(evidence or {})
        try:
            return self._commit_attempt(body, files, record.operator)
        except StoreFullError as error:
            self._reserve.free()
            return self._retry(body, files, record.operator, error)
        except AttemptIdReusedError:
            raise
        except StoreError as error:
            raise self._set_aside(body, files, record.operator, error) from None

    def require_room(self) -> int:
        """Return the reserve's size in bytes; raises StoreFullError when no attempt should begin."""
        return self._reserve.require()

    def commit_pending(self) -> tuple[Receipt, ...]:
        """Commit every attempt that waits, as REFER with the reason "record-late", each exactly once."""
        receipts = []
        for attempt_id in self._pending.waiting():
            late = self._pending.read(attempt_id)
            if self.attempt(attempt_id) is None:
                receipts.append(self._commit_late(late))
            self._pending.drop(attempt_id)
        return tuple(receipts)

    def _commit_late(self, late: Late) -> Receipt:
        body = dict(late.body)
        body["late"] = {"verdict": body["verdict"], "operator": dict(late.operator)}
        body["verdict"] = Verdict.REFER.value
        body["reasons"] = [LATE, *body["reasons"]]
        return self._commit_attempt(body, late.evidence, STATION)

    def _commit_attempt(
        self, body: Mapping[str, Any], evidence: Mapping[str, bytes], operator: Operator
    ) -> Receipt:
        draft = self._draft("attempt", body, evidence, operator)
        with self._lock, self._translating(), self._db_txn():
            known = self.attempt(body["attempt"])
            if known is not None:
                return self._receipt_again(known, body)
            receipt = self._write(draft)
        self._pending.drop(body["attempt"])
        return receipt

    def _retry(
        self,
        body: Mapping[str, Any],
        evidence: Mapping[str, bytes],
        operator: Operator,
        first: StoreError,
    ) -> Receipt:
        try:
            return self._commit_attempt(body, evidence, operator)
        except StoreError:
            raise self._set_aside(body, evidence, operator, first) from None

    def _set_aside(
        self,
        body: Mapping[str, Any],
        evidence: Mapping[str, bytes],
        operator: Operator,
        error: StoreError,
    ) -> StoreError:
        """Seal an attempt into pending/ and return the error to raise, which says whether that worked."""
        late = Late(attempt_id=body["attempt"], body=body, operator=operator.as_body(), evidence=evidence)
        try:
            self._pending.seal(late)
        except OSError:
            return type(error)(**error.facts, pending=0)
        return type(error)(**error.facts, pending=1)

    def _receipt_again(self, known: Entry, body: Mapping[str, Any]) -> Receipt:
        if any(known.body.get(name) != value for name, value in body.items() if name != "evidence"):
            raise AttemptIdReusedError(seq=known.seq)
        note = self._one("SELECT note FROM checkpoints WHERE size = ?", known.seq + 1)
        head = verify_checkpoint(note, self._signer.key)
        return Receipt(seq=known.seq, size=head.size, root=head.root, note=note)

    def _draft(
        self, kind: str, body: Mapping[str, Any], evidence: Mapping[str, bytes], operator: Operator
    ) -> _Draft:
        """Do what needs no place in the log yet, so that it is done outside the transaction."""
        taken = _COMMON & body.keys()
        if taken:
            raise ValueError(f"fields that the store sets: {', '.join(sorted(taken))}")
        boxed = box(evidence, evidence_key=self._evidence_key, origin=self.origin) if evidence else None
        whole = {
            **body,
            "schema": SCHEMA,
            "kind": kind,
            "origin": self.origin,
            "operator": operator.as_body(),
            **(boxed.as_body() if boxed else {}),
        }
        return _Draft(
            kind=kind,
            session=body.get("session"),
            attempt=body.get("attempt"),
            fields=codec.encode_fields(whole),
            boxed=boxed,
        )

    def _write(self, draft: _Draft) -> Receipt:
        """Write one entry inside the present transaction."""
        size, edge = self._edge()
        moment = self._clock.now()
        place = {
            "seq": size,
            "at": format_utc(moment.at),
            "monotonic_ms": moment.monotonic_ms,
            "boot_id": moment.boot_id,
        }
        data = codec.join({**draft.fields, **codec.encode_fields(place)})
        growth = merkle.grow(size, edge, merkle.leaf_hash(data))
        head = Checkpoint(origin=self.origin, size=growth.size, root=growth.root).sign(self._signer)
        execute, many = self._db.conn.execute, self._db.conn.executemany
        row = (size, draft.kind, draft.session, draft.attempt, data)
        execute("INSERT INTO entries (seq, kind, session, attempt, body) VALUES (?, ?, ?, ?, ?)", row)
        many("INSERT INTO nodes (level, idx, hash) VALUES (?, ?, ?)", growth.nodes)
        if draft.boxed is not None:
            self._write_evidence(size, draft.boxed)
        execute("INSERT INTO checkpoints (size, note) VALUES (?, ?)", (head.size, head.note))
        version: int = self._one("PRAGMA data_version")
        self._known_edge = (version, growth.size, growth.edge)
        return Receipt(seq=size, size=head.size, root=head.root, note=head.note)

    def _write_evidence(self, seq: int, boxed: Boxed) -> None:
        conn = self._db.conn
        conn.execute("INSERT INTO evidence_keys (seq, wrapped) VALUES (?, ?)", (seq, boxed.wrapped))
        rows = [(seq, name, ciphertext) for name, ciphertext in boxed.ciphertexts.items()]
        conn.executemany("INSERT INTO evidence (seq, name, ciphertext) VALUES (?, ?, ?)", rows)

    # -- inside -----------------------------------------------------------------------------------

    def _edge(self) -> tuple[int, tuple[bytes, ...]]:
        """Return size and right edge of the tree as they are in this transaction.

        What this connection committed last is remembered, and believed only while no other connection has
        written since (PRAGMA data_version) and no transaction of ours has failed.
        """
        version: int = self._one("PRAGMA data_version")
        if self._known_edge is not None and self._known_edge[0] == version:
            return self._known_edge[1:]
        size: int = self._one("SELECT coalesce(max(seq), -1) + 1 FROM entries")
        sql = "SELECT hash FROM nodes WHERE level = ? AND idx = ?"
        return size, tuple(self._one(sql, level, index) for level, index in merkle.edge(size))

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
            with suppress(DatabaseError):
                self._db.conn.execute("ROLLBACK")
            raise
