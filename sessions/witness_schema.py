"""The tables of a witness's memory. Plain SQLite; what was signed is only ever added to."""

from __future__ import annotations

from typing import Final

APPLICATION_ID: Final = 0x50525457
VERSION: Final = 1

_TABLES: Final = """
CREATE TABLE keys (
 origin TEXT NOT NULL, after INTEGER NOT NULL, vkey TEXT NOT NULL, how TEXT NOT NULL, at INTEGER NOT NULL,
 PRIMARY KEY (origin, after)) STRICT, WITHOUT ROWID;
CREATE TABLE signed (
 id INTEGER PRIMARY KEY, station TEXT NOT NULL, epoch INTEGER NOT NULL, origin TEXT NOT NULL, size INTEGER NOT NULL,
 root BLOB NOT NULL, note TEXT NOT NULL, line TEXT NOT NULL, at INTEGER NOT NULL) STRICT;
CREATE INDEX signed_origin ON signed(origin, size, id);
CREATE INDEX signed_station ON signed(station, epoch);
CREATE TABLE notices (
 kind TEXT NOT NULL, station TEXT NOT NULL, origin TEXT NOT NULL, size INTEGER NOT NULL, root BLOB NOT NULL,
 known INTEGER NOT NULL, note TEXT NOT NULL, first_at INTEGER NOT NULL, last_at INTEGER NOT NULL,
 count INTEGER NOT NULL, PRIMARY KEY (kind, origin, size, root)) STRICT, WITHOUT ROWID;
CREATE TABLE entries (
 station TEXT NOT NULL, epoch INTEGER NOT NULL, seq INTEGER NOT NULL, kind TEXT NOT NULL, body BLOB NOT NULL,
 proof TEXT NOT NULL, note TEXT NOT NULL, at INTEGER NOT NULL,
 PRIMARY KEY (station, epoch, seq)) STRICT, WITHOUT ROWID;
"""
_ABORT: Final = "BEGIN SELECT raise(ABORT, 'append-only'); END"
# what the code decides, the file holds to as well: no smaller tree, no second root of one size
_LARGER: Final = (
    "CREATE TRIGGER signed_only_larger BEFORE INSERT ON signed WHEN EXISTS (SELECT 1 FROM signed WHERE "  # noqa: S608
    f"origin = NEW.origin AND (size > NEW.size OR (size = NEW.size AND root IS NOT NEW.root))) {_ABORT}"
)
SCHEMA: Final = (
    *(statement.strip() for statement in _TABLES.split(";") if statement.strip()),
    _LARGER,
    *(
        f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} {_ABORT}"
        for table in ("keys", "signed", "entries")
        for verb in ("UPDATE", "DELETE")
    ),
)
