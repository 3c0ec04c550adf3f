"""Carrying out what shred entries name: keys first, then ciphertexts, then what the file still held of them.

The order makes a crash harmless at every point: what a committed entry names is destroyed sooner or later, at every
opening, and nothing is destroyed that no entry names.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Final, Protocol

from sessions import codec
from sessions.engine import DatabaseError
from sessions.erased import erased_by
from sessions.errors import CanonicalFormError, EventFormError, KeyFileError, StoreAlteredError
from sessions.evidence_keys import EvidenceKeys

_BATCH: Final = 50
"""Pieces that one transaction clears: the write-ahead log stays small, also on a disk that is nearly full."""
_ANY: Final = "SELECT 1 FROM shredded UNION ALL SELECT 1 FROM entries WHERE kind = 'shred' LIMIT 1"
_LEFT: Final = (
    "SELECT e.rowid FROM shredded s JOIN evidence e ON e.seq = s.seq AND e.name = s.name "
    "WHERE e.ciphertext IS NOT NULL LIMIT ?"
)
_SLOTS: Final = (
    "SELECT json_extract(CAST(b.body AS TEXT), '$.evidence_slot') + "
    "(SELECT count(*) FROM evidence x WHERE x.seq = s.seq AND x.name < s.name) "
    "FROM shredded s JOIN entries b ON b.seq = s.seq "
    "WHERE json_extract(CAST(b.body AS TEXT), '$.evidence_slot') IS NOT NULL"
)
_WRAPPED: Final = (
    "UPDATE evidence_keys SET wrapped = NULL WHERE wrapped IS NOT NULL "
    "AND seq IN (SELECT seq FROM shredded) AND NOT EXISTS (SELECT 1 FROM evidence e WHERE e.seq = evidence_keys.seq "
    "AND NOT EXISTS (SELECT 1 FROM shredded s WHERE s.seq = e.seq AND s.name = e.name))"
)


class Log(Protocol):
    """What is needed of an open store."""

    @property
    def evidence_keys(self) -> EvidenceKeys:
        """The file of evidence keys."""
        ...

    def maintain(self) -> AbstractContextManager[Any]:
        """Yield the connection under the lock, outside a transaction."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Destroyed:
    """How many keys and pieces were still there, and whether the write-ahead log is merged and empty.

    It is not while another program reads the file; then the next opening merges it.
    """

    count: int
    merged: bool


def finish(log: Log) -> int:
    """Carry out what shred entries name and a crash left undone; return how many keys and pieces were still there.

    Twice is once. Raises KeyFileError, StoreError.
    """
    return destroy_named(log).count


def destroy_named(log: Log) -> Destroyed:
    """Destroy every piece that a shred entry names, as far as it is not gone yet.

    First the keys' slots are zeroed and on disk, then ciphertexts and wrapped keys become NULL (`secure_delete`
    overwrites what they occupied), then the write-ahead log, which holds older images of the pages, is merged and cut
    to nothing. Raises KeyFileError, StoreAlteredError (the table names what no entry names), StoreError.
    """
    with log.maintain() as conn:
        if conn.execute(_ANY).fetchone() is None:
            return Destroyed(count=0, merged=True)
        _require_named(conn)
        count = _destroy_keys(log.evidence_keys, conn)
        count += _clear(conn)
        return Destroyed(count=count, merged=_truncate(conn))


def _require_named(conn: Any) -> None:
    """Raise StoreAlteredError unless the table of erased pieces is exactly what the shred entries of two persons say.

    Else whoever can write the table, or one person alone, would have the station itself destroy evidence.
    """
    rows = set(conn.execute("SELECT seq, name, by FROM shredded"))
    named: set[tuple[int, str, int]] = set()
    for by, data in conn.execute("SELECT seq, body FROM entries WHERE kind = 'shred'"):
        try:
            named |= {(seq, name, by) for seq, name in erased_by(by, codec.decode(bytes(data)))}
        except (CanonicalFormError, EventFormError):
            raise StoreAlteredError(why="shred", entry=by) from None
    if rows != named:
        raise StoreAlteredError(why="shredded")


def _destroy_keys(keys: EvidenceKeys, conn: Any) -> int:
    """Zero the slots of the named pieces that still hold a key, durably, before anything else goes."""
    slots = keys.remaining(slot for (slot,) in conn.execute(_SLOTS))
    if slots:
        keys.destroy(slots)
        if keys.remaining(slots):
            raise KeyFileError(why="not-destroyed")
    return len(slots)


def _clear(conn: Any) -> int:
    """Set the ciphertexts and the wrapped keys of schema 1 to NULL, some at a time; return how many there were."""
    conn.execute("PRAGMA secure_delete = ON")
    done = conn.execute(_WRAPPED).rowcount
    while rows := conn.execute(_LEFT, (_BATCH,)).fetchall():
        conn.execute("BEGIN IMMEDIATE")
        try:
            conn.executemany("UPDATE evidence SET ciphertext = NULL WHERE rowid = ?", rows)
            conn.execute("COMMIT")
        except BaseException:
            conn.execute("ROLLBACK")
            raise
        done += len(rows)
    return int(done)


def _truncate(conn: Any) -> bool:
    """Merge the write-ahead log into the file and cut it: its frames are older images of the pages."""
    try:
        return not conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
    except DatabaseError:
        return False
