"""Reading an open log: entries, evidence, tree head, nodes. What the writer shares with whoever only looks."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sessions import merkle
from sessions.checkpoint import Checkpoint, Signer, verify_checkpoint
from sessions.engine import Database, DatabaseError, translate
from sessions.errors import EvidenceMissingError, NoteFormatError, NoteSignatureError, StoreAlteredError
from sessions.evidence_box import unbox


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry as stored."""

    seq: int
    kind: str
    body: Mapping[str, Any] = field(repr=False)


class LogReader:
    """The reading half of a store. Methods may be called from any thread."""

    def __init__(self, db: Database, *, evidence_key: bytes, signer: Signer) -> None:
        self._db, self._evidence_key, self._signer = db, evidence_key, signer
        self._lock = threading.RLock()
        self._authentic: int | None = None

    @property
    def origin(self) -> str:
        """The log's name in every checkpoint."""
        return self._signer.key.name

    def entries(self, kind: str | None = None, session: str | None = None) -> tuple[Entry, ...]:
        """Return the entries of a kind, of a session, of both, or all, in order."""
        wanted = {"kind": kind, "session": session}
        terms = [name for name, value in wanted.items() if value is not None]
        where = " AND ".join(f"{name} = :{name}" for name in terms) or "1"
        sql = f"SELECT seq, kind, body FROM entries WHERE {where} ORDER BY seq"  # noqa: S608
        with self._authenticated():
            rows = list(self._db.query(sql, {name: wanted[name] for name in terms}))
        return tuple(_entry(row["seq"], row["kind"], row["body"]) for row in rows)

    def attempt(self, attempt_id: str) -> Entry | None:
        """Return the entry of an attempt, or None when it was never committed."""
        with self._authenticated():
            row = self._db.conn.execute(
                "SELECT seq, kind, body FROM entries WHERE attempt = ?", (attempt_id,)
            ).fetchone()
        return None if row is None else _entry(*row)

    def evidence(self, seq: int, name: str) -> bytes:
        """Return a piece of evidence in the clear, if it is what the entry's body binds.

        Raises EvidenceMissingError, StoreAlteredError.
        """
        sql = (
            "SELECT e.ciphertext, k.wrapped, b.body FROM evidence e JOIN evidence_keys k ON k.seq = e.seq "
            "JOIN entries b ON b.seq = e.seq WHERE e.seq = ? AND e.name = ?"
        )
        with self._authenticated():
            row = self._db.conn.execute(sql, (seq, name)).fetchone()
        if row is None or row[0] is None or row[1] is None:
            raise EvidenceMissingError(seq=seq, evidence=name)
        if json.loads(row[2])["evidence"].get(name) != hashlib.sha256(row[0]).hexdigest():
            raise StoreAlteredError(seq=seq, evidence=name)
        return unbox(row[0], row[1], evidence_key=self._evidence_key, origin=self.origin, name=name)

    def head(self) -> Checkpoint:
        """Return the last signed tree head; raises StoreAlteredError when it is not this station's."""
        with self._lock, self._translating():
            note = self._one("SELECT note FROM checkpoints ORDER BY size DESC LIMIT 1")
        try:
            return verify_checkpoint(note, self._signer.key)
        except (NoteFormatError, NoteSignatureError):
            raise StoreAlteredError(why="checkpoint") from None

    def node(self, level: int, index: int) -> bytes:
        """Return a stored node of the tree; the reader that the proofs of `merkle` need."""
        with self._lock, self._translating():
            digest: bytes = self._one("SELECT hash FROM nodes WHERE level = ? AND idx = ?", level, index)
        return digest

    @contextmanager
    def _authenticated(self) -> Iterator[None]:
        """Hold one snapshot of the database in which every body is what the signed tree head covers.

        The station acts on what it reads here: who is a user, who was admitted, which roster a session has. What
        somebody else edited, even for a moment, raises StoreAlteredError.
        """
        conn = self._db.conn
        with self._lock, self._translating():
            if conn.in_transaction:
                self._require_authentic()
                yield
                return
            conn.execute("BEGIN")
            try:
                self._require_authentic()
                yield
            finally:
                conn.execute("ROLLBACK")  # nothing was written

    def _require_authentic(self) -> None:
        """Recompute the tree from the bodies, unless no other connection has written since that was last done."""
        version: int = self._one("PRAGMA data_version")
        if version == self._authentic:
            return
        edge: tuple[bytes, ...] = ()
        size = 0
        sql = "SELECT seq, kind, session, attempt, body FROM entries ORDER BY seq"
        for seq, kind, session, attempt, body in self._db.conn.execute(sql):
            if seq != size or (kind, session, attempt) != _columns(body):
                raise StoreAlteredError(seq=size, why="columns")
            growth = merkle.grow(size, edge, merkle.leaf_hash(body))
            edge, size = growth.edge, growth.size
        head = self.head()
        if (head.size, head.root) != (size, merkle.fold(edge)):
            raise StoreAlteredError(why="bodies", size=size)
        self._authentic = version

    def _one(self, sql: str, *values: object) -> Any:
        row = self._db.conn.execute(sql, values).fetchone()
        if row is None:
            raise StoreAlteredError(why="row-missing")
        return row[0]

    @contextmanager
    def _translating(self) -> Iterator[None]:
        try:
            yield
        except DatabaseError as error:
            raise translate(error) from None


def _columns(body: bytes) -> tuple[Any, Any, Any]:
    """Return what the columns beside a body must say; raises StoreAlteredError for what is no body."""
    try:
        fields = json.loads(body)
        return fields["kind"], fields.get("session"), fields.get("attempt")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise StoreAlteredError(why="body") from None


def _entry(seq: int, kind: str, body: bytes) -> Entry:
    return Entry(seq=seq, kind=kind, body=json.loads(body))
