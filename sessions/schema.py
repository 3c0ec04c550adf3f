"""The tables of the log, word for word. Writer and verifier compare the database with this text.

A later schema is a new number and a new text; the old one stays (`schema_1`), so that old logs remain readable.
"""

from __future__ import annotations

from typing import Final

from sessions import schema_1

APPLICATION_ID: Final = 0x50524354
"""PRAGMA application_id: "PRCT"."""
USER_VERSION: Final = 2

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
    "cosignatures": (
        "CREATE TABLE cosignatures (size INTEGER NOT NULL REFERENCES checkpoints(size), line TEXT NOT NULL, "
        "PRIMARY KEY (size, line)) STRICT, WITHOUT ROWID"
    ),
    "evidence_keys": (
        "CREATE TABLE evidence_keys (seq INTEGER PRIMARY KEY REFERENCES entries(seq), wrapped BLOB) STRICT"
    ),
    "evidence": (
        "CREATE TABLE evidence (seq INTEGER NOT NULL REFERENCES entries(seq), name TEXT NOT NULL, "
        "ciphertext BLOB, PRIMARY KEY (seq, name)) STRICT"
    ),
    "shredded": (
        "CREATE TABLE shredded (seq INTEGER NOT NULL, name TEXT NOT NULL, "
        "by INTEGER NOT NULL REFERENCES entries(seq), PRIMARY KEY (seq, name), "
        "FOREIGN KEY (seq, name) REFERENCES evidence(seq, name)) STRICT, WITHOUT ROWID"
    ),
}
_INDEXES: Final = {
    "entries_attempt": (
        "CREATE UNIQUE INDEX entries_attempt ON entries(attempt) "
        "WHERE attempt IS NOT NULL AND kind = 'attempt'"
    ),
    "entries_begin": (
        "CREATE UNIQUE INDEX entries_begin ON entries(attempt) WHERE attempt IS NOT NULL AND kind = 'begin'"
    ),
    "entries_session": "CREATE INDEX entries_session ON entries(session, seq) WHERE session IS NOT NULL",
    "entries_kind": "CREATE INDEX entries_kind ON entries(kind, seq)",
}
_NEXT: Final = {
    "entries": "NEW.seq IS NOT (SELECT coalesce(max(seq), -1) + 1 FROM entries)",
    "nodes": "EXISTS (SELECT 1 FROM nodes WHERE level = NEW.level AND idx = NEW.idx)",
    "checkpoints": "NEW.size IS NOT (SELECT coalesce(max(size), 0) + 1 FROM checkpoints)",
    "cosignatures": "EXISTS (SELECT 1 FROM cosignatures WHERE size = NEW.size AND line = NEW.line)",
    "evidence_keys": "EXISTS (SELECT 1 FROM evidence_keys WHERE seq = NEW.seq)",
    "evidence": "EXISTS (SELECT 1 FROM evidence WHERE seq = NEW.seq AND name = NEW.name)",
    "shredded": "EXISTS (SELECT 1 FROM shredded WHERE seq = NEW.seq AND name = NEW.name)",
}
_UPDATES: Final = {
    "evidence": (
        " WHEN NEW.seq IS NOT OLD.seq OR NEW.name IS NOT OLD.name OR NEW.ciphertext IS NOT NULL "
        "OR NOT EXISTS (SELECT 1 FROM shredded WHERE seq = OLD.seq AND name = OLD.name)"
    ),
    "evidence_keys": (
        " WHEN NEW.seq IS NOT OLD.seq OR NEW.wrapped IS NOT NULL "
        "OR NOT EXISTS (SELECT 1 FROM shredded WHERE seq = OLD.seq)"
    ),
}
"""What may be changed after all: a piece that a shred entry names may become NULL."""


def _triggers() -> dict[str, str]:
    """Return the triggers that make each table append-only, REPLACE included."""
    found = {}
    for table, taken in _NEXT.items():
        for event in ("UPDATE", "DELETE"):
            name = f"{table}_no_{event.lower()}"
            when = _UPDATES.get(table, "") if event == "UPDATE" else ""
            found[name] = (
                f"CREATE TRIGGER {name} BEFORE {event} ON {table}{when} "
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

SCHEMAS: Final[dict[int, dict[tuple[str, str], str]]] = {1: schema_1.STATEMENTS, USER_VERSION: STATEMENTS}
"""Every schema that a verifier reads, by user_version."""
