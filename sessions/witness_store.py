"""What a witness remembers: the logs it knows, the largest tree of each that it signed, every note, every refusal.

Nothing leaves the witness before it is durable here: a cosignature is written and synced in the transaction that
found it allowed. The file is plain SQLite: it holds public statements and no key.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Self

from sessions.checkpoint import Checkpoint, VerifierKey, epoch_of, parse_note, station_of
from sessions.cosignature import Cosigner, read_head, with_lines
from sessions.engine import Database, DatabaseError, connect_plain, translate
from sessions.errors import (
    NoteFormatError,
    NoteSignatureError,
    ProofError,
    StoreAlteredError,
    WitnessRefusedError,
)
from sessions.opening import configure
from sessions.pins import require_replaced
from sessions.witness_notice import (
    BEHIND,
    EPOCH,
    EPOCH_BEHIND,
    EPOCH_FIRST,
    EPOCH_SKIPPED,
    EPOCH_UNPROVEN,
    FORK,
    INCONSISTENT,
    MORE,
    OLD_EPOCH,
    Notice,
)
from sessions.witness_protocol import (
    ROTATED,
    AddCheckpoint,
    LeftEntry,
    require_beginning,
    require_growth,
    require_signed,
)
from sessions.witness_schema import APPLICATION_ID, SCHEMA, VERSION

FRESH_S: Final = 3_600
"""A head that was cosigned less than this ago gets the same line again, so that asking again writes nothing."""
MAX_NOTICES: Final = 1_000
MAX_LEFT: Final = 100_000
PAGE: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Cosigned:
    """A head this witness signed: its note, the witness's line, when (seconds since 1970)."""

    head: Checkpoint
    note: str = field(repr=False)
    line: str = field(repr=False)
    at: int

    @property
    def whole(self) -> str:
        """The note with the witness's line."""
        return with_lines(self.note, (self.line,))


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownKey:
    """A log's key: good for sizes above `after`, up to the next key's; `how`: pinned or rotated."""

    key: VerifierKey
    after: int
    how: str
    at: int


class WitnessStore:
    """The open memory of one witness. One thread at a time."""

    def __init__(self, db: Database) -> None:
        self._db = db

    @classmethod
    def create(cls, path: Path) -> None:
        """Make an empty memory; raises StoreError."""
        db = connect_plain(path)
        with _translated():
            configure(db)
            db.conn.execute("BEGIN IMMEDIATE")
            for sql in SCHEMA:
                db.conn.execute(sql)
            db.conn.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            db.conn.execute(f"PRAGMA user_version = {VERSION}")
            db.conn.execute("COMMIT")
            db.conn.close()

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open a memory; raises StoreAlteredError for one with another schema, StoreError."""
        db = connect_plain(path)
        with _translated():
            configure(db)
            rows = db.conn.execute("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY rowid")
            if tuple(sql for (sql,) in rows) != SCHEMA:
                raise StoreAlteredError(why="schema")
        return cls(db)

    def close(self) -> None:
        """Close the file."""
        self._db.conn.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    # -- keys -------------------------------------------------------------------------------------

    def trust(self, key: VerifierKey, *, at: int, replace: str | None = None) -> bool:
        """Pin a log's key; return whether it was new.

        Where the log has another key already, `replace` must be the fingerprint of its last one; the new key is good
        for sizes above the last that was signed, and what is older stays as it was. Raises StationPinDiffersError,
        StationPinReplaceError, NoteFormatError.
        """
        known = self.key_rows(key.name)
        former = known[-1] if known else None
        if former is not None and (
            former.key == key or (replace is None and any(r.key == key for r in known))
        ):
            return False
        require_replaced(key, None if former is None else former.key, replace)
        after = -1
        if former is not None:
            signed = self.last(key.name)
            after = max(former.after + 1, 0 if signed is None else signed.head.size)
        with self._txn():
            self._insert_key(key, after=after, how="pinned", at=at)
        return True

    def key_rows(self, origin: str | None = None) -> tuple[KnownKey, ...]:
        """Return the known keys, of one origin or of all, in the order in which they came into force."""
        sql = "SELECT vkey, after, how, at FROM keys WHERE ?1 IS NULL OR origin = ?1 ORDER BY origin, after"
        return tuple(
            KnownKey(key=VerifierKey.parse(vkey), after=after, how=how, at=at)
            for vkey, after, how, at in self._rows(sql, origin)
        )

    def require_key(self, origin: str, size: int) -> VerifierKey:
        """Return the key that signs a log's checkpoint of a size. Raises WitnessRefusedError (404).

        An epoch without a pin of its own is vouched for by the key that was in force in the one before it, under
        the new name.
        """
        rows = self.key_rows(origin)
        if not rows:
            rows = self._inherited(origin)
        if not rows:
            raise WitnessRefusedError(status=404, why="unknown-log")
        in_force = [row for row in rows if row.after < size] or rows[:1]
        return VerifierKey(name=origin, public=in_force[-1].key.public)

    def _inherited(self, origin: str) -> tuple[KnownKey, ...]:
        station, epoch = station_of(origin), epoch_of(origin)
        earlier = [
            row
            for row in self.key_rows()
            if station_of(row.key.name) == station and epoch_of(row.key.name) < epoch
        ]
        if not earlier:
            return ()
        latest = max(earlier, key=lambda row: (epoch_of(row.key.name), row.after))
        return (KnownKey(key=latest.key, after=-1, how=latest.how, at=latest.at),)

    def _insert_key(self, key: VerifierKey, *, after: int, how: str, at: int) -> None:
        sql = "INSERT INTO keys (origin, after, vkey, how, at) VALUES (?, ?, ?, ?, ?)"
        self._db.conn.execute(sql, (key.name, after, key.encode(), how, at))

    # -- signing ----------------------------------------------------------------------------------

    def cosign(self, request: AddCheckpoint, cosigner: Cosigner, *, at: int) -> Cosigned:
        """Sign a head that extends the last one, or give the line it got before; durable when this returns.

        Raises WitnessRefusedError with the status of C2SP tlog-witness; what smells of a fork or a rollback is kept
        as a notice first. Raises StoreError.
        """
        require_signed(request, self.require_key(request.head.origin, request.head.size))
        try:
            with self._txn():
                return self._cosign(request, cosigner, at)
        except WitnessRefusedError as refusal:
            kind = self._kind_of(request, refusal)
            if kind is not None:
                self._notice(kind, request, at)
            raise

    def _cosign(self, request: AddCheckpoint, cosigner: Cosigner, at: int) -> Cosigned:
        known = self.last(request.head.origin)
        self._require_newest_epoch(request.head.origin)
        if known is None:
            head = self._begun(request, at)
        else:
            head = require_growth(request, known.head)
            if known.head == head and known.at <= at < known.at + FRESH_S:
                return known
        text = request.note.text
        made = Cosigned(head=head, note=request.text, line=cosigner.cosign(text, at), at=at)
        sql = (
            "INSERT INTO signed (station, epoch, origin, size, root, note, line, at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
        )
        place = (station_of(head.origin), epoch_of(head.origin), head.origin, head.size, head.root)
        self._db.conn.execute(sql, (*place, made.note, made.line, at))
        return made

    def last(self, origin: str) -> Cosigned | None:
        """Return the largest head of a log that was signed, or None."""
        sql = "SELECT note, line, at FROM signed WHERE origin = ? ORDER BY size DESC, id DESC LIMIT 1"
        rows = self._rows(sql, origin)
        return None if not rows else _cosigned(*rows[0])

    def signed(self, head: Checkpoint) -> bool:
        """Return whether exactly this head was signed."""
        sql = "SELECT 1 FROM signed WHERE origin = ? AND size = ? AND root = ? LIMIT 1"
        return bool(self._rows(sql, head.origin, head.size, head.root))

    def _begun(self, request: AddCheckpoint, at: int) -> Checkpoint:
        """Return the first head of a log, and notice how its epoch fits on the one before."""
        before = self._newest(station_of(request.head.origin))
        head, shown = require_beginning(request, None if before is None else before.head)
        if before is None:
            if epoch_of(head.origin) > 1:
                self._insert_notice(EPOCH_FIRST, request, at)
        elif head.size < before.head.size:
            self._insert_notice(EPOCH_BEHIND, request, at, known=before.head.size)
        else:
            self._insert_notice(EPOCH if shown else EPOCH_UNPROVEN, request, at, known=before.head.size)
        return head

    def _newest(self, station: str) -> Cosigned | None:
        """Return the largest signed head of a station's newest epoch, or None."""
        sql = "SELECT note, line, at FROM signed WHERE station = ? ORDER BY epoch DESC, size DESC, id DESC LIMIT 1"
        rows = self._rows(sql, station)
        return None if not rows else _cosigned(*rows[0])

    def _require_newest_epoch(self, origin: str) -> None:
        """Require the newest known epoch, or the next; a later one only if the keeper pinned its key by hand."""
        newest = self._newest(station_of(origin))
        if newest is None:
            return
        further = epoch_of(origin) - epoch_of(newest.head.origin)
        if further < 0:
            raise WitnessRefusedError(status=403, why="old-epoch")
        if further > 1 and all(row.how != "pinned" for row in self.key_rows(origin)):
            raise WitnessRefusedError(status=403, why="epoch-skipped")

    # -- notices ----------------------------------------------------------------------------------

    def _kind_of(self, request: AddCheckpoint, refusal: WitnessRefusedError) -> str | None:
        """Return what a refusal is a sign of, or None where a client only did not know our size."""
        why, head = refusal.facts["why"], request.head
        known = self.last(head.origin)
        size = 0 if known is None else known.head.size
        if why in {"old-epoch", "epoch-skipped", "proof"}:
            return {"old-epoch": OLD_EPOCH, "epoch-skipped": EPOCH_SKIPPED}.get(why, INCONSISTENT)
        if why == "epoch-proof":  # it may go on without one, and that will be an alarm
            return None
        if why == "old-larger" or head.size > size:
            return None
        sql = "SELECT root FROM signed WHERE origin = ? AND size = ? LIMIT 1"
        same = self._rows(sql, head.origin, head.size)
        if same and same[0][0] != head.root:
            return FORK
        return BEHIND if head.size < size else None

    def _notice(self, kind: str, request: AddCheckpoint, at: int) -> None:
        with self._txn():
            self._insert_notice(kind, request, at)

    def _insert_notice(self, kind: str, request: AddCheckpoint, at: int, known: int | None = None) -> None:
        head = request.head
        if known is None:
            last = self.last(head.origin) or self._newest(station_of(head.origin))
            known = 0 if last is None else last.head.size
        size, root, note = head.size, head.root, request.text
        key = (kind, head.origin, size, root)
        sql = "SELECT 1 FROM notices WHERE kind = ? AND origin = ? AND size = ? AND root = ?"
        many = self._rows("SELECT count(*) FROM notices WHERE station = ?", station_of(head.origin))[0][0]
        if many >= MAX_NOTICES and not self._rows(sql, *key):
            kind, size, root, note = MORE, 0, bytes(32), ""
        self._db.conn.execute(
            "INSERT INTO notices (kind, station, origin, size, root, known, note, first_at, last_at, count)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 1) ON CONFLICT DO UPDATE SET last_at = excluded.last_at,"
            " count = count + 1",
            (kind, station_of(head.origin), head.origin, size, root, known, note, at, at),
        )

    def notices(self) -> tuple[Notice, ...]:
        """Return what was noticed, oldest first."""
        sql = (
            "SELECT kind, origin, size, root, known, note, first_at, last_at, count FROM notices"
            " ORDER BY first_at, origin, size"
        )
        names = ("kind", "origin", "size", "root", "known", "note", "first_at", "last_at", "count")
        return tuple(Notice(**dict(zip(names, row, strict=True))) for row in self._rows(sql))

    # -- entries ----------------------------------------------------------------------------------

    def keep(self, entry: LeftEntry, *, at: int) -> str:
        """Keep an entry that a station leaves here, and return its kind: a shred, or a rotation of its key.

        It must be in a tree that this witness signed. A rotation must be the last entry of the last one; the new key
        is in force from the next size on. Raises WitnessRefusedError (400, 403, 404, 409, 422).
        """
        head, fields = self._verified(entry)
        kind = str(fields.get("kind"))
        if kind not in {"shred", "key"} or (kind == "key" and fields.get("event") != ROTATED):
            raise WitnessRefusedError(status=422, why="kind")
        if not self.signed(head):
            raise WitnessRefusedError(status=409, why="not-cosigned")
        with self._txn():
            if kind == "key":
                self._rotate(head, entry, fields, at)
            self._insert_entry(head, entry, kind, at)
        return kind

    def _verified(self, entry: LeftEntry) -> tuple[Checkpoint, dict[str, Any]]:
        try:
            head = entry.head
            fields = entry.verify(self.require_key(head.origin, head.size))
        except NoteFormatError:
            raise WitnessRefusedError(status=400, why="entry") from None
        except NoteSignatureError:
            raise WitnessRefusedError(status=403, why="signature") from None
        except ProofError:
            raise WitnessRefusedError(status=422, why="proof") from None
        if station_of(str(fields.get("origin"))) != station_of(head.origin):
            raise WitnessRefusedError(status=422, why="origin")
        return head, fields

    def _rotate(self, head: Checkpoint, entry: LeftEntry, fields: dict[str, Any], at: int) -> None:
        known = self.last(head.origin)
        if head.size != entry.seq + 1 or known is None or known.head != head:
            if any(row.after == entry.seq + 1 for row in self.key_rows(head.origin)):
                return
            raise WitnessRefusedError(status=409, why="not-the-head")
        try:
            key = VerifierKey.parse(str(fields.get("vkey")))
        except NoteFormatError:
            raise WitnessRefusedError(status=422, why="vkey") from None
        if key.name != head.origin:
            raise WitnessRefusedError(status=422, why="vkey")
        rows = self.key_rows(head.origin)
        if not rows:  # an epoch that the key of the one before vouched for
            self._insert_key(self.require_key(head.origin, head.size), after=-1, how="epoch", at=at)
        if all(row.after != head.size for row in rows):
            self._insert_key(key, after=head.size, how="rotated", at=at)

    def _insert_entry(self, head: Checkpoint, entry: LeftEntry, kind: str, at: int) -> None:
        station, epoch = station_of(head.origin), epoch_of(head.origin)
        sql = "SELECT body FROM entries WHERE station = ? AND epoch = ? AND seq = ?"
        found = self._rows(sql, station, epoch, entry.seq)
        if found:
            return
        if self._rows("SELECT count(*) FROM entries WHERE station = ?", station)[0][0] >= MAX_LEFT:
            raise WitnessRefusedError(status=409, why="too-many")
        proof = "\n".join(node.hex() for node in entry.proof)
        self._db.conn.execute(
            "INSERT INTO entries (station, epoch, seq, kind, body, proof, note, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (station, epoch, entry.seq, kind, entry.body, proof, entry.note, at),
        )

    def left(self, station: str, *, after: int = -1) -> tuple[LeftEntry, ...]:
        """Return up to PAGE entries that a station left here, of all epochs, with numbers above `after`, in order."""
        sql = (
            "SELECT seq, body, proof, note FROM entries WHERE station = ? AND seq > ?"
            " ORDER BY seq, epoch LIMIT ?"
        )
        rows = self._rows(sql, station, after, PAGE)
        if len(rows) == PAGE:  # the same number may stand in two epochs: both on one page
            rows = [row for row in rows if row[0] != rows[-1][0]] or rows
        return tuple(
            LeftEntry(seq=seq, body=body, proof=tuple(map(bytes.fromhex, proof.split())), note=note)
            for seq, body, proof, note in rows
        )

    # -- the auditor's view -----------------------------------------------------------------------

    def heads(self) -> tuple[tuple[Cosigned, int], ...]:
        """Return the largest signed head of every log, and how many of its notes were signed."""
        rows = self._rows("SELECT origin, count(*) FROM signed GROUP BY origin ORDER BY origin")
        found = ((self.last(origin), count) for origin, count in rows)
        return tuple((head, count) for head, count in found if head is not None)

    def all_signed(self) -> Iterator[Cosigned]:
        """Yield every head that was signed, in order."""
        for row in self._rows("SELECT note, line, at FROM signed ORDER BY id"):
            yield _cosigned(*row)

    # -- inside -----------------------------------------------------------------------------------

    def _rows(self, sql: str, *values: object) -> list[Any]:
        with _translated():
            return list(self._db.conn.execute(sql, values).fetchall())

    @contextmanager
    def _txn(self) -> Iterator[None]:
        """Hold the write lock, commit at the end (synced), roll back on any way out but that."""
        with _translated():
            self._db.conn.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.conn.execute("COMMIT")
            except BaseException:
                with suppress(DatabaseError):
                    self._db.conn.execute("ROLLBACK")
                raise


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except DatabaseError as error:
        raise translate(error) from None


def _cosigned(note: str, line: str, at: int) -> Cosigned:
    return Cosigned(head=read_head(parse_note(note).text), note=note, line=line, at=at)
