"""The first statements on a connection: pragmas, schema, and what a failure at this point means."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from sessions import pages, schema
from sessions.engine import Database, DatabaseError, translate
from sessions.errors import StoreAlteredError, StoreError, StoreSchemaError, StoreUnreadableError

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


def require_schema(db: Database) -> None:
    """Raise unless tables, indexes and triggers are exactly those of this version."""
    version = db.conn.execute("PRAGMA user_version").fetchone()[0]
    if version != schema.USER_VERSION:
        raise StoreSchemaError(version=version)
    rows = db.conn.execute("SELECT type, name, sql FROM sqlite_schema").fetchall()
    found = {(kind, name): sql for kind, name, sql in rows if (kind, name) not in schema.AUTOMATIC}
    if found != schema.STATEMENTS:
        raise StoreAlteredError(why="schema")


@contextmanager
def translated(path: Path, database_key: bytes) -> Iterator[None]:
    """Turn the database library's errors into ours; tell another key from an altered first page."""
    try:
        yield
    except DatabaseError as error:
        found = translate(error)
        if isinstance(found, StoreUnreadableError):
            bad = pages.bad_pages(path, database_key)
            raise StoreAlteredError(page=bad[0]) from None
        raise found from None
