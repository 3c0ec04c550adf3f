"""The tables of the log, word for word. Writer and verifier compare the database with this text.

A later schema is a new number and a new text; this one stays, so that old logs remain readable.
"""

from __future__ import annotations

from typing import Final

APPLICATION_ID: Final = 0x50524354
"""PRAGMA application_id: "PRCT"."""
USER_VERSION: Final = 1

_TABLES: Final = {
    "entries": (
        "CREATE TABLE entries (seq INTEGER PRIMARY KEY, kind TEXT NOT NULL, session TEXT, attempt TEXT, "
        "body BLOB NOT NULL) STRICT"
    ),
    "nodes": (
        "CREATE TABLE nodes (level INTEGER NOT NULL, idx INTEGER NOT NULL, hash BLOB NOT NULL, "
        "PRIMARY KEY (level, idx)) STRICT, WITHOUT ROWID"
    ),
    "checkpoints": "CREATE TABLE checkpoints (size INTEGER PRIMARY KEY, note TEXT NOT NULL) STRICT",
    "evidence_keys": (
        "CREATE TABLE evidence_keys (seq INTEGER PRIMARY KEY REFERENCES entries(seq), wrapped BLOB) STRICT"
    ),
    "evidence": (
        "CREATE TABLE evidence (seq INTEGER NOT NULL REFERENCES evidence_keys(seq), name TEXT NOT NULL, "
        "ciphertext BLOB, PRIMARY KEY (seq, name)) STRICT"
    ),
}
_INDEXES: Final = {
    "entries_attempt": "CREATE UNIQUE INDEX entries_attempt ON entries(attempt) WHERE attempt IS NOT NULL",
    "entries_session": "CREATE INDEX entries_session ON entries(session, seq) WHERE session IS NOT NULL",
    "entries_kind": "CREATE INDEX entries_kind ON entries(kind, seq)",
}
_NEXT: Final = {
    "entries": "NEW.seq IS NOT (SELECT coalesce(max(seq), -1) + 1 FROM entries)",
    "nodes": "EXISTS (SELECT 1 FROM nodes WHERE level = NEW.level AND idx = NEW.idx)",
    "checkpoints": "NEW.size IS NOT (SELECT coalesce(max(size), 0) + 1 FROM checkpoints)",
    "evidence_keys": "EXISTS (SELECT 1 FROM evidence_keys WHERE seq = NEW.seq)",
    "evidence": "EXISTS (SELECT 1 FROM evidence WHERE seq = NEW.seq AND name = NEW.name)",
}


def _triggers() -> dict[str, str]:
    """Return the triggers that make each table append-only, REPLACE included."""
    found = {}
    for table, taken in _NEXT.items():
        for event in ("UPDATE", "DELETE"):
            name = f"{table}_no_{event.lower()}"
            found[name] = (
                f"CREATE TRIGGER {name} BEFORE {event} ON {table} "
                "BEGIN SELECT raise(ABORT, 'append-only'); END"
            )
        name = f"{table}_only_next"
        found[name] = (
            f"CREATE TRIGGER {name} BEFORE INSERT ON {table} WHEN {taken} "
            "BEGIN SELECT raise(ABORT, 'append-only'); END"
        )
    return found


STATEMENTS: Final[dict[tuple[str, str], str]] = {
    **{("table", name): sql for name, sql in _TABLES.items()},
    **{("index", name): sql for name, sql in _INDEXES.items()},
    **{("trigger", name): sql for name, sql in _triggers().items()},
}
"""(type, name) → SQL as it stands in sqlite_schema."""

AUTOMATIC: Final = frozenset({("index", "sqlite_autoindex_evidence_1")})
"""What SQLite makes by itself; its SQL is NULL."""
