"""Bringing an older log to the present schema, in one transaction; what is in it stays as it is and verifiable."""

from __future__ import annotations

import shutil
from contextlib import suppress
from pathlib import Path
from typing import Final

from sessions import schema, schema_1
from sessions.engine import Database, DatabaseError
from sessions.errors import StoreAlteredError, StoreFullError
from sessions.evidence_keys import EvidenceKeys

_AUTOMATIC: Final = frozenset({"sqlite_autoindex_evidence_1"})


def is_due(db: Database) -> bool:
    """Whether a log is of the schema before this one."""
    return bool(db.conn.execute("PRAGMA user_version").fetchone()[0] == schema_1.USER_VERSION)


def migrate(db: Database, path: Path, slots: Path, evidence_key: bytes, station: str) -> int | None:
    """Bring a log of schema 1 to schema 2 and return 1; return None where nothing is to do.

    Needs as much free room as the file is large. The schema found must be, to the letter, the old one. Raises
    StoreAlteredError, StoreFullError, and what the database raises; then the log is what it was.
    """
    if not is_due(db):
        return None
    rows = db.conn.execute("SELECT type, name, sql FROM sqlite_schema").fetchall()
    if {(kind, name): sql for kind, name, sql in rows if name not in _AUTOMATIC} != schema_1.STATEMENTS:
        raise StoreAlteredError(why="schema")
    needed = 2 * path.stat().st_size
    if shutil.disk_usage(path.parent).free < needed:
        raise StoreFullError(needed=needed)
    if not slots.exists():
        EvidenceKeys.create(slots, evidence_key, station)
    execute = db.conn.execute
    execute("PRAGMA foreign_keys = OFF")
    execute("PRAGMA legacy_alter_table = ON")
    execute("BEGIN IMMEDIATE")
    try:
        _rebuild(db)
        execute("COMMIT")
    except BaseException:
        with suppress(DatabaseError):
            execute("ROLLBACK")
        raise
    finally:
        execute("PRAGMA legacy_alter_table = OFF")
        execute("PRAGMA foreign_keys = ON")
    return schema_1.USER_VERSION


def _rebuild(db: Database) -> None:
    """Write the new schema around the old rows; only `evidence`, whose reference changes, is copied."""
    execute = db.conn.execute
    for kind, name in schema_1.STATEMENTS:
        if kind != "table":
            execute(f"DROP {kind.upper()} {name}")
    execute("ALTER TABLE evidence RENAME TO evidence_of_1")
    kept = {("table", name) for name in ("entries", "nodes", "checkpoints", "evidence_keys")}
    made = [sql for place, sql in schema.STATEMENTS.items() if place not in kept]
    for sql in (each for each in made if each.startswith("CREATE TABLE")):
        execute(sql)
    execute("INSERT INTO evidence (seq, name, ciphertext) SELECT seq, name, ciphertext FROM evidence_of_1")
    execute("DROP TABLE evidence_of_1")
    for sql in (each for each in made if not each.startswith("CREATE TABLE")):
        execute(sql)
    execute(f"PRAGMA user_version = {schema.USER_VERSION}")
