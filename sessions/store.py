"""The log of one station: made, opened, taken up where a crash left it; attempts that begin and end; new epochs."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, Final, Self

from sessions import codec, migration
from sessions.checkpoint import Signer, VerifierKey, epoch_of, parse_checkpoint, station_of
from sessions.destruction import finish
from sessions.engine import connect
from sessions.errors import (
    AttemptIdReusedError,
    NoteFormatError,
    StoreAlteredError,
    StoreError,
    StoreFullError,
    StoreMissingError,
    StoreSchemaError,
    StoreUnreadableError,
)
from sessions.evidence_keys import FILE_NAME, EvidenceKeys
from sessions.files import sync_dir
from sessions.instance import Instance
from sessions.interrupted import interrupted_body
from sessions.opening import configure, create_schema, require_local, require_schema, translated
from sessions.pending import ATTEMPT_ID, Late
from sessions.people_signing import Bound, Keys
from sessions.reader import Entry
from sessions.record import SCHEMA, STATION, AttemptRecord, Clock, Operator, Second, Verdict
from sessions.writer import LogWriter, Receipt

__all__ = ["LATE", "RESERVE_BYTES", "Receipt", "Store"]

RESERVE_BYTES: Final = 4 * 1024 * 1024
LATE: Final = "record-late"
_LEFT_BEGUN: Final = (
    "SELECT b.seq FROM entries b WHERE b.kind = 'begin' AND NOT EXISTS "
    "(SELECT 1 FROM entries a WHERE a.kind = 'attempt' AND a.attempt = b.attempt) ORDER BY b.seq"
)


class Store(LogWriter):
    """The open log of one station. One process writes at a time; methods may be called from any thread."""

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
        instance: Instance | None = None,
    ) -> Self:
        """Make a new log whose first entry names the station's key; raises StoreError if there is one.

        It is made under another name and renamed when whole.
        """
        if path.exists():
            raise StoreSchemaError(why="exists")
        require_local(path)
        slots = path.parent / "keys" / FILE_NAME
        if (instance is not None and instance.remembers) or _has_keys(slots, evidence_key, signer):
            raise StoreMissingError
        draft = path.with_name(f"{path.name}.new")
        draft.unlink(missing_ok=True)
        os.close(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        db = connect(draft, database_key, wait_s=wait_s)
        store = cls(db, path.parent, evidence_key=evidence_key, signer=signer, clock=clock, reserve=reserve)
        EvidenceKeys.create(store._slots, evidence_key, store.station)
        with translated(draft, database_key), closing(db.conn):
            configure(db)
            with store._db_txn():
                create_schema(db)
                vkey = {"event": "station-key", "vkey": signer.key.encode()}
                store._write(store._draft("key", vkey, {}, STATION))
        draft.rename(path)
        sync_dir(path.parent)
        if instance is not None:
            instance.bind(path, 1, store._known_root())
        return cls.open(
            path,
            database_key=database_key,
            evidence_key=evidence_key,
            signer=signer,
            clock=clock,
            wait_s=wait_s,
            reserve=reserve,
            instance=instance,
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
        instance: Instance | None = None,
        for_epoch: bool = False,
        former: VerifierKey | None = None,
    ) -> Self:
        """Open a log: check schema, triggers and tree head, finish what a crash left undone.

        A log of schema 1 is brought to schema 2. With `instance`, a database that is not the one this machine
        remembers raises InstanceChangedError; `for_epoch` opens it all the same, for `begin_epoch` alone; then
        `former`, the pinned key of the log, may stand in for a signing key that was lost.
        Raises StoreUnreadableError (no file, another key), StoreAlteredError, StoreSchemaError, or another
        StoreError.
        """
        if not path.is_file():
            raise StoreUnreadableError(why="no-file")
        path = path.resolve()  # SQLite's own files lie beside what a link points to
        require_local(path)
        db = connect(path, database_key, wait_s=wait_s)
        store = cls(
            db,
            path.parent,
            evidence_key=evidence_key,
            signer=signer,
            clock=clock,
            reserve=reserve,
            instance=instance,
        )
        store._former = former if for_epoch else None
        try:
            with translated(path, database_key):
                configure(db)
                store._migrate(path, evidence_key)
                require_schema(db)
                store._take_up_epoch()
                store._require_head()
                with store._authenticated():
                    pass
                store._open_keys()
                if not for_epoch:
                    store._take_up(path)
        except StoreError:
            store.close()
            raise
        with suppress(StoreFullError):
            store._reserve.require()
        return store

    def _take_up(self, path: Path) -> None:
        """Go on where this log was left: prove it is the same one, then finish what a crash left."""
        if self._instance is not None:
            self._instance.require(path, *self._head_pair(), root_at=lambda size: self.checkpoint(size).root)
        before = codec.decode(self._one("SELECT body FROM entries ORDER BY seq DESC LIMIT 1"))["schema"]
        if before != SCHEMA:  # migrated, now or before the power went
            self.append("key", {"event": "schema-migrated", "from": before, "to": SCHEMA}, operator=STATION)
        with suppress(StoreFullError):  # keys go first and need no room; the rest follows at the next opening
            finish(self)
        self.commit_pending()
        self.end_begun()

    def _migrate(self, path: Path, evidence_key: bytes) -> None:
        """Bring a log of schema 1 to schema 2. It is remembered before that, if this machine never had one of
        schema 2: afterwards a log without a memory is a stranger, whatever its last entry says.
        """
        if not migration.is_due(self._db):
            return
        if self._instance is not None and not self._instance.remembers and not self._slots.exists():
            self._take_up_epoch()
            self._require_head()
            self._instance.bind(path, *self._head_pair())
        migration.migrate(self._db, path, self._slots, evidence_key, self.station)

    def _take_up_epoch(self) -> None:
        """Sign under the name that the log has in its present epoch."""
        note = self._one("SELECT note FROM checkpoints ORDER BY size DESC LIMIT 1")
        try:
            origin = parse_checkpoint(note)[0].origin
        except NoteFormatError:
            raise StoreAlteredError(why="checkpoint") from None
        if station_of(origin) != self.station:
            raise StoreAlteredError(why="origin")
        if origin != self.origin:
            self._signer = self._signer.named(origin)

    def _open_keys(self) -> None:
        used = self._one(
            "SELECT coalesce(max(json_extract(CAST(body AS TEXT), '$.evidence_slot') + "
            "(SELECT count(*) FROM evidence WHERE evidence.seq = entries.seq)), 0) FROM entries "
            "WHERE seq IN (SELECT DISTINCT seq FROM evidence ORDER BY seq DESC LIMIT 256)"
        )
        self._keys = EvidenceKeys.open(self._slots, self._evidence_key, self.station, taken=used)

    def close(self) -> None:
        """Close the database; the write-ahead log is merged into it."""
        with self._lock:
            if self._instance is not None:
                self._instance.close()
            self._db.conn.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    def begin_attempt(
        self,
        attempt_id: str,
        *,
        session: str,
        component: str,
        operator: Operator,
        sbd: str | None = None,
        purpose: str = "check-in",
    ) -> Receipt:
        """Commit that an attempt begins, before its first check. Raises AttemptIdReusedError, StoreError.

        `sbd`: whose it will be if the number that was typed or scanned is right.
        """
        _require_attempt_id(attempt_id)
        if self.begun(attempt_id) is not None:
            raise AttemptIdReusedError(attempt=attempt_id)
        body = {"session": session, "attempt": attempt_id, "component": component}
        body |= {} if sbd is None else {"sbd": sbd}
        body |= {} if purpose == "check-in" else {"purpose": purpose}
        return self.append("begin", body, operator=operator)

    def append_attempt(self, record: AttemptRecord, evidence: Mapping[str, bytes] | None = None) -> Receipt:
        """Commit an attempt once, however often it is called with the same record.

        On a full disk the reserve is freed and the commit tried again. What still cannot be committed
        is sealed into pending/ (fact pending=1 of the error raised) and committed when the log is opened
        next.
        """
        _require_attempt_id(record.attempt_id)
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

    def begin_epoch(
        self,
        *,
        reason: str,
        operator: Operator,
        second: Second,
        path: Path,
        previous: str | None = None,
        signer: Signer | None = None,
    ) -> Receipt:
        """Go on under a new origin: after a restore, on another machine, or when the signing key was lost.

        `previous`: the last checkpoint (signed note) known of the old epoch, where it is not this log's own
        last; `signer`: another key. Then the log is taken up as by `open`.
        """
        with self._lock:
            known = self.note() if previous is None else previous
            head = parse_checkpoint(known)[0]
            number = epoch_of(self.origin) + 1
            origin = f"{self.station}/{number}"
            parts = self.signing_parts()  # while the log's own key is at hand
            former, self._signer = self._signer, (signer or self._signer).named(origin)
            body = {
                "epoch": number,
                "reason": reason,
                "vkey": self._signer.key.encode(),
                "previous": {
                    "origin": head.origin,
                    "size": head.size,
                    "root": head.root.hex(),
                    "note": known,
                },
            }
            if self._instance is not None:
                body |= self._instance.as_body()
                self._instance.forget()
            try:
                receipt = self._append_epoch(body, operator, second, parts)
            except StoreError:
                self._signer = former
                raise
            if self._instance is not None:
                self._instance.bind(path, receipt.size, receipt.root)
            self._take_up(path)
        return receipt

    def _append_epoch(
        self, body: Mapping[str, Any], operator: Operator, second: Second, parts: tuple[Bound, Keys]
    ) -> Receipt:
        draft = self._draft("epoch", body, {}, operator, second, parts=parts)
        with self._translating():
            with self._db_txn():
                receipt = self._write(draft)
            self._remember(receipt)
        return receipt

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

    def end_begun(self) -> tuple[Receipt, ...]:
        """Commit every attempt that began and never ended, as REFER "attempt-interrupted", each exactly once.

        Only for the moment of opening: then nobody is at the desk.
        """
        receipts = []
        with self._authenticated():
            left = [seq for (seq,) in self._db.conn.execute(_LEFT_BEGUN).fetchall()]
        for entry in map(self.entry, left):
            opened = self.entries("open", entry.body["session"])
            body = interrupted_body(entry, opened[0] if opened else None)
            receipts.append(self._commit_attempt(body, {}, STATION))
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
        with self._lock, self._translating():
            with self._db_txn():
                known = self.attempt(body["attempt"])
                if known is not None:
                    return self._receipt_again(known, body)
                receipt = self._write(draft)
            self._remember(receipt)
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
        head = self.checkpoint(known.seq + 1)
        return Receipt(seq=known.seq, size=head.size, root=head.root, note=head.note)


def _has_keys(slots: Path, evidence_key: bytes, signer: Signer) -> bool:
    """Whether a key file is there that has had keys: then there was a log."""
    return slots.exists() and EvidenceKeys.open(slots, evidence_key, signer.key.name, taken=0).slots > 0


def _require_attempt_id(attempt_id: str) -> None:
    if not ATTEMPT_ID.fullmatch(attempt_id):
        raise ValueError("an attempt id is 1 to 64 letters, digits, '.', '_' or '-'")
