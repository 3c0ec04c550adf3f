"""The first statements on a connection: pragmas, schema, and what a failure at this point means."""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from sessions import pages, schema
from sessions.engine import Database, DatabaseError, translate
from sessions.errors import (
    StoreAlteredError,
    StoreError,
    StoreFullError,
    StoreIoError,
    StoreOnNetworkError,
    StoreReadOnlyError,
    StoreSchemaError,
    StoreUnreadableError,
)

SCHEMA_SHA256: Final = "4b4debd7e5d8e3660e12f64814bf3381f8b29fed77d95b9a9a27f60727896f52"
"""The hash of schema 2 with its append-only triggers: a program whose schema text was changed does not start."""
_NETWORK: Final = frozenset(
    {
        "nfs",
        "nfs4",
        "cifs",
        "smb3",
        "smbfs",
        "fuse.sshfs",
        "fuse.davfs",
        "davfs",
        "afs",
        "ceph",
        "glusterfs",
        "fuse.glusterfs",
        "vboxsf",
        "fuse.rclone",
        "network",
    }
)
_DRIVE_REMOTE: Final = 4
_LEAST: Final = 65_536
_PRAGMAS: Final = (
    "PRAGMA synchronous = FULL",
    "PRAGMA fullfsync = ON",
    "PRAGMA checkpoint_fullfsync = ON",
    "PRAGMA foreign_keys = ON",
    "PRAGMA recursive_triggers = ON",
    "PRAGMA secure_delete = ON",
    "PRAGMA cell_size_check = ON",
    "PRAGMA trusted_schema = OFF",
    "PRAGMA temp_store = MEMORY",
)


def configure(db: Database) -> None:
    """Set what every connection needs; the first statement that reads the file."""
    for pragma in _PRAGMAS:
        db.conn.execute(pragma)
    mode = db.conn.execute("PRAGMA journal_mode = WAL").fetchone()[0]
    if mode != "wal":
        raise StoreError(why="no-wal")


def create_schema(db: Database) -> None:
    """Make tables, indexes and triggers inside the present transaction."""
    for sql in schema.STATEMENTS.values():
        db.conn.execute(sql)
    db.conn.execute(f"PRAGMA application_id = {schema.APPLICATION_ID}")
    db.conn.execute(f"PRAGMA user_version = {schema.USER_VERSION}")


def require_local(path: Path) -> None:
    """Raise StoreOnNetworkError when the log would lie on a network drive, where SQLite's locks cannot be trusted."""
    kind = drive_kind(path)
    if kind in _NETWORK:
        raise StoreOnNetworkError(drive=kind)


def drive_kind(path: Path, mounts: Path = Path("/proc/self/mountinfo")) -> str:
    """Return the kind of file system of a path ("ext4", "nfs4"; Windows: "network" or "local"), or ""."""
    if sys.platform == "win32":
        import ctypes  # noqa: PLC0415 - windll exists on Windows only

        anchor = path.resolve().anchor
        remote = anchor.startswith("\\\\") or ctypes.windll.kernel32.GetDriveTypeW(anchor) == _DRIVE_REMOTE
        return "network" if remote else "local"
    folder = path.parent.resolve()
    best, found = -1, ""
    try:
        lines = mounts.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    for line in lines:
        before, _, after = line.partition(" - ")
        fields = before.split(" ")
        if len(fields) < 5 or not after:
            continue
        point = Path(fields[4].encode().decode("unicode_escape"))
        if folder.is_relative_to(point) and len(point.parts) >= best:
            best, found = len(point.parts), after.split(" ")[0]
    return found


def require_schema(db: Database) -> None:
    """Raise unless tables, indexes and triggers are exactly those of this version, whose hash is pinned here."""
    version = db.conn.execute("PRAGMA user_version").fetchone()[0]
    if version != schema.USER_VERSION:
        raise StoreSchemaError(version=version)
    rows = db.conn.execute("SELECT type, name, sql FROM sqlite_schema").fetchall()
    found = {(kind, name): sql for kind, name, sql in rows if (kind, name) not in schema.AUTOMATIC}
    if found != schema.STATEMENTS or digest_of(found) != SCHEMA_SHA256:
        raise StoreAlteredError(why="schema")


def digest_of(statements: Mapping[tuple[str, str], str | None]) -> str:
    """Return the SHA-256 (hexadecimal) of tables, indexes and triggers: one line for each, sorted."""
    lines = sorted(f"{kind} {name} {sql}\n" for (kind, name), sql in statements.items())
    return hashlib.sha256("".join(lines).encode()).hexdigest()


@contextmanager
def translated(path: Path, database_key: bytes) -> Iterator[None]:
    """Turn the database library's errors into ours; tell another key from an altered first page."""
    try:
        yield
    except DatabaseError as error:
        found = translate(error)
        if isinstance(found, StoreUnreadableError):
            bad = pages.bad_pages(path, database_key)
            if bad:
                raise StoreAlteredError(page=bad[0]) from None
            if not os.access(path.parent, os.W_OK):  # SQLite cannot make its own files beside the database
                raise StoreReadOnlyError(why="folder") from None
        if isinstance(found, StoreIoError) and shutil.disk_usage(path.parent).free < _LEAST:
            raise StoreFullError(needed=_LEAST) from None  # its own files do not fit; SQLite says only "I/O"
        raise found from None
