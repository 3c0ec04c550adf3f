"""A database and a key file under other keys: what was done once is not done again, so that a crash may leave either.

Nothing here knows of people or entries; `sessions.rotation` says when.
"""

from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path

from sessions import pages
from sessions.engine import DatabaseError, connect, translate
from sessions.errors import (
    EvidenceErasedError,
    KeyFileError,
    RotationRefusedError,
    StoreAlteredError,
    StoreUnreadableError,
)
from sessions.evidence_keys import EvidenceKeys
from sessions.files import write_private


def rekey(path: Path, old: bytes, new: bytes) -> None:
    """Encrypt a database anew, in one transaction; twice is once. Raises StoreError.

    The pages go through the write-ahead log: until its commit is durable the old key opens the file, afterwards the
    new one. Then the log is merged and cut, and every page is checked under the new key.
    """
    try:
        if not _opens(path, new):
            with closing(connect(path, old).conn) as conn:
                conn.execute("PRAGMA synchronous = FULL")
                conn.execute("SELECT count(*) FROM sqlite_schema").fetchone()
                conn.execute(f"PRAGMA rekey = \"x'{new.hex()}'\"")
        with closing(connect(path, new).conn) as conn:
            conn.execute("PRAGMA synchronous = FULL")
            busy = conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
    except DatabaseError as error:
        raise translate(error) from None
    if busy:
        raise RotationRefusedError(why="busy")
    bad = pages.bad_pages(path, new)
    if bad:
        raise StoreAlteredError(page=bad[0])


def _opens(path: Path, key: bytes) -> bool:
    """Whether a key opens a database, its write-ahead log included."""
    try:
        with closing(connect(path, key).conn) as conn:
            conn.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    except DatabaseError as error:
        if isinstance(translate(error), StoreUnreadableError):
            return False
        raise
    return True


def reseal(path: Path, old: bytes, new: bytes, station: str) -> int:
    """Seal the key file's slots under another evidence key and return how many; twice is once.

    Destroyed slots stay destroyed; what opens under neither key stays as it is, to be found. The old file is
    overwritten before it goes. Raises KeyFileError, OSError.
    """
    if old == new:
        return 0
    before = EvidenceKeys(path, old, station, taken=0)
    count = before.slots
    after = EvidenceKeys(path, new, station, taken=count)
    fresh = {}
    for slot in range(count):
        if _readable(after, slot) is None and (key := _readable(before, slot)) is not None:
            fresh[slot] = key
    if not fresh:
        return 0
    with path.open("r+b", buffering=0) as stream:
        content = after.resealed(fresh)
        write_private(path, content)
        stream.seek(0)
        stream.write(bytes(len(content)))
        os.fsync(stream.fileno())
    return len(fresh)


def _readable(keys: EvidenceKeys, slot: int) -> bytes | None:
    try:
        return keys.read(slot)
    except (KeyFileError, EvidenceErasedError):
        return None
