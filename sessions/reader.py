"""Reading an open log: entries, evidence, tree head, nodes. What the writer shares with whoever only looks."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from sessions import merkle
from sessions.checkpoint import (
    Checkpoint,
    Signer,
    VerifierKey,
    parse_checkpoint,
    station_of,
    verify_checkpoint,
)
from sessions.engine import Database, DatabaseError, translate
from sessions.errors import (
    EvidenceErasedError,
    EvidenceMissingError,
    NoteFormatError,
    NoteSignatureError,
    StoreAlteredError,
)
from sessions.evidence_box import commitment, slot_of, unbox, unwrap_1
from sessions.evidence_keys import EvidenceKeys

_KEY_ENTRIES: Final = "SELECT seq, kind, body FROM entries WHERE kind IN ('key', 'epoch') ORDER BY seq"
_PIECE: Final = (
    "SELECT e.ciphertext, b.body, s.by, k.wrapped FROM evidence e JOIN entries b ON b.seq = e.seq "
    "LEFT JOIN shredded s ON s.seq = e.seq AND s.name = e.name "
    "LEFT JOIN evidence_keys k ON k.seq = e.seq WHERE e.seq = ? AND e.name = ?"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry as stored."""

    seq: int
    kind: str
    body: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedPiece:
    """A piece of evidence as stored, the 32-byte key that opens it, and the schema it was written by."""

    ciphertext: bytes = field(repr=False)
    key: bytes = field(repr=False)
    schema: int


class LogReader:
    """The reading half of a store. Methods may be called from any thread."""

    def __init__(self, db: Database, *, evidence_key: bytes, signer: Signer) -> None:
        self._db, self._evidence_key, self._signer = db, evidence_key, signer
        self._keys: EvidenceKeys | None = None
        self._lock = threading.RLock()
        self._authentic: int | None = None
        self._former: VerifierKey | None = None

    @property
    def origin(self) -> str:
        """The log's name in every checkpoint of the present epoch."""
        return self._signer.key.name

    @property
    def station(self) -> str:
        """The station's name: the origin without its epoch."""
        return station_of(self.origin)

    @property
    def evidence_keys(self) -> EvidenceKeys:
        """The file of evidence keys; raises StoreAlteredError before it is open."""
        if self._keys is None:
            raise StoreAlteredError(why="evidence-keys")
        return self._keys

    def entries(self, kind: str | None = None, session: str | None = None) -> tuple[Entry, ...]:
        """Return the entries of a kind, of a session, of both, or all, in order."""
        wanted = {"kind": kind, "session": session}
        terms = [name for name, value in wanted.items() if value is not None]
        where = " AND ".join(f"{name} = :{name}" for name in terms) or "1"
        sql = f"SELECT seq, kind, body FROM entries WHERE {where} ORDER BY seq"  # noqa: S608
        with self._authenticated():
            rows = list(self._db.query(sql, {name: wanted[name] for name in terms}))
        return tuple(_entry(row["seq"], row["kind"], row["body"]) for row in rows)

    def entries_after(
        self, seq: int, session: str, *, parse: Callable[[bytes], Mapping[str, Any]] = json.loads
    ) -> tuple[Entry, ...]:
        """Return the entries of a session behind an entry's number, in order. `parse`: reads their bodies."""
        sql = "SELECT seq, kind, body FROM entries WHERE session = ? AND seq > ? ORDER BY seq"
        with self._authenticated():
            rows = self._db.conn.execute(sql, (session, seq)).fetchall()
        return tuple(Entry(seq=number, kind=kind, body=parse(body)) for number, kind, body in rows)

    def entry(self, seq: int) -> Entry:
        """Return one entry; raises EvidenceMissingError where there is none of this number."""
        with self._authenticated():
            row = self._db.conn.execute(
                "SELECT seq, kind, body FROM entries WHERE seq = ?", (seq,)
            ).fetchone()
        if row is None:
            raise EvidenceMissingError(seq=seq)
        return _entry(*row)

    def body(self, seq: int) -> bytes:
        """Return the exact bytes of an entry's body; raises EvidenceMissingError."""
        with self._authenticated():
            row = self._db.conn.execute("SELECT body FROM entries WHERE seq = ?", (seq,)).fetchone()
        if row is None:
            raise EvidenceMissingError(seq=seq)
        return bytes(row[0])

    def attempt(self, attempt_id: str) -> Entry | None:
        """Return the entry of an attempt that has ended, or None when it was never committed."""
        return self._of_attempt("attempt", attempt_id)

    def begun(self, attempt_id: str) -> Entry | None:
        """Return the entry with which an attempt began, or None."""
        return self._of_attempt("begin", attempt_id)

    def _of_attempt(self, kind: str, attempt_id: str) -> Entry | None:
        sql = f"SELECT seq, kind, body FROM entries WHERE attempt = ? AND kind = '{kind}'"  # noqa: S608
        with self._authenticated():
            row = self._db.conn.execute(sql, (attempt_id,)).fetchone()
        return None if row is None else _entry(*row)

    def evidence(self, seq: int, name: str) -> bytes:
        """Return a piece of evidence in the clear, if it is what the entry's body binds.

        Raises EvidenceMissingError, EvidenceErasedError, StoreAlteredError, KeyFileError.
        """
        piece = self.sealed(seq, name)
        return unbox(piece.ciphertext, piece.key, station=self.station, name=name, schema=piece.schema)

    def sealed(self, seq: int, name: str) -> SealedPiece:
        """Return a piece of evidence as stored, with its key, if both are what the entry's body binds.

        Raises as `evidence`.
        """
        with self._authenticated():
            row = self._db.conn.execute(_PIECE, (seq, name)).fetchone()
        if row is None:
            raise EvidenceMissingError(seq=seq, evidence=name)
        ciphertext, data, shredded, wrapped = row
        if shredded is not None:
            raise EvidenceErasedError(seq=seq, evidence=name, by=shredded)
        body = json.loads(data)
        if ciphertext is None or body["evidence"].get(name) != hashlib.sha256(ciphertext).hexdigest():
            raise StoreAlteredError(seq=seq, evidence=name)
        if body["schema"] == 1:
            key = self._key_1(seq, name, wrapped)
            return SealedPiece(ciphertext=ciphertext, key=key, schema=1)
        key = self.evidence_keys.read(slot_of(body, name))
        if commitment(key) != body["evidence_keys"].get(name):
            raise StoreAlteredError(seq=seq, evidence=name, why="key")
        return SealedPiece(ciphertext=ciphertext, key=key, schema=2)

    def _key_1(self, seq: int, name: str, wrapped: bytes | None) -> bytes:
        if wrapped is None:
            raise EvidenceMissingError(seq=seq, evidence=name)
        return unwrap_1(wrapped, evidence_key=self._evidence_key, origin=self.station, name=name)

    def head(self) -> Checkpoint:
        """Return the last signed tree head; raises StoreAlteredError when it is not this station's."""
        with self._lock, self._translating():
            note = self._one("SELECT note FROM checkpoints ORDER BY size DESC LIMIT 1")
            return self._require_ours(note)

    def checkpoint(self, size: int) -> Checkpoint:
        """Return the signed tree head of an earlier size; raises StoreAlteredError."""
        with self._lock, self._translating():
            return self._require_ours(self._one("SELECT note FROM checkpoints WHERE size = ?", size))

    def note(self, size: int | None = None) -> str:
        """Return a checkpoint as a signed note with the cosignatures it has: of this size, or the last."""
        head = self.head() if size is None else self.checkpoint(size)
        return head.note + "".join(f"{line}\n" for line in self.cosignatures(head.size))

    def cosignatures(self, size: int) -> tuple[str, ...]:
        """Return the cosignature lines that were kept of a checkpoint, sorted."""
        sql = "SELECT line FROM cosignatures WHERE size = ? ORDER BY line"
        with self._lock, self._translating():
            return tuple(line for (line,) in self._db.conn.execute(sql, (size,)))

    def last_cosigned(self) -> int | None:
        """Return the size of the newest checkpoint that has a cosignature, or None."""
        with self._lock, self._translating():
            size: int | None = self._one("SELECT max(size) FROM cosignatures")
        return size

    def node(self, level: int, index: int) -> bytes:
        """Return a stored node of the tree; the reader that the proofs of `merkle` need."""
        with self._lock, self._translating():
            digest: bytes = self._one("SELECT hash FROM nodes WHERE level = ? AND idx = ?", level, index)
        return digest

    # -- whose key --------------------------------------------------------------------------------

    def _require_ours(self, note: str) -> Checkpoint:
        """Return the checkpoint of a note if the key that signed at its size is in the line of ours."""
        try:
            head, parsed = parse_checkpoint(note)
            if head.origin == self.origin:
                try:
                    parsed.verify(self._signer.key)
                except NoteSignatureError:
                    pass  # signed before the key was changed
                else:
                    return head
            return verify_checkpoint(note, self._key_at(head.size))
        except (NoteFormatError, NoteSignatureError):
            raise StoreAlteredError(why="checkpoint") from None

    def _key_at(self, size: int) -> VerifierKey:
        """Return the key that signs the checkpoint of a size; the last one must be the one we hold."""
        found: VerifierKey | None = None
        wanted: VerifierKey | None = None
        for seq, kind, data in self._db.conn.execute(_KEY_ENTRIES):
            event = kind if kind == "epoch" else json.loads(data).get("event")
            if event not in {"station-key", "station-key-rotated", "epoch"}:
                continue
            found = VerifierKey.parse(json.loads(data)["vkey"])
            if seq + (event == "station-key-rotated") < size:
                wanted = found
        ours = {key.public for key in (self._signer.key, self._former) if key is not None}
        if wanted is None or found is None or found.public not in ours:
            raise StoreAlteredError(why="signer")
        return wanted

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
