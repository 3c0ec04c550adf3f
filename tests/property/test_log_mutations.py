"""Random single changes to a small log, each of which must be found: bytes of the file, and values in rows."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from sessions.engine import DatabaseError, connect
from tests.support.sessions_station import Bench

BYTE_CHANGES = 400
ROW_CHANGES = 250
SEED = 20261122
TABLES = {
    "entries": ("seq", "kind", "session", "attempt", "body"),
    "nodes": ("level", "idx", "hash"),
    "checkpoints": ("size", "note"),
    "evidence_keys": ("seq", "wrapped"),
    "evidence": ("seq", "name", "ciphertext"),
}


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    return Bench(path=tmp_path_factory.mktemp("small") / "station.db").filled(5)


def changed(value: Any, rng: random.Random) -> Any:
    """Return another value, one step away."""
    if value is None or rng.random() < 0.1:
        return rng.choice(["x", 0, b"\x00", None])
    if isinstance(value, int):
        return value + rng.choice([-1, 1, 2, 40])
    if not value:
        return value + (b"\x00" if isinstance(value, bytes) else "x")
    place = rng.randrange(len(value))
    if isinstance(value, bytes):
        return value[:place] + bytes([value[place] ^ 1 << rng.randrange(8)]) + value[place + 1 :]
    return value[:place] + chr(ord(value[place]) ^ 1) + value[place + 1 :]


def mutate(execute: Any, rng: random.Random) -> str | None:
    """Change one row and say how, or return None where the database would not have it."""
    table = rng.choice(list(TABLES))
    rowid = ", ".join(TABLES[table][:2]) if table == "nodes" else "rowid"
    rows = execute(f"SELECT {rowid}, {', '.join(TABLES[table])} FROM {table}").fetchall()  # noqa: S608
    if not rows:
        return None
    row = rng.choice(rows)
    keys = row[:2] if table == "nodes" else row[:1]
    where = " AND ".join(f"{name.strip()} = ?" for name in rowid.split(","))
    if rng.random() < 0.15:
        execute(f"DELETE FROM {table} WHERE {where}", keys)  # noqa: S608
        return f"delete {table} {keys}"
    column = rng.choice(TABLES[table])
    old = row[len(keys) + TABLES[table].index(column)]
    new = changed(old, rng)
    if new == old and type(new) is type(old):
        return None
    execute(f"UPDATE {table} SET {column} = ? WHERE {where}", (new, *keys))  # noqa: S608
    return f"{table}.{column} {keys}: {old!r} → {new!r}"


@pytest.mark.slow
def test_every_changed_byte_is_found(small: Bench, tmp_path: Path) -> None:
    rng = random.Random(SEED)
    original = small.path.read_bytes()
    work = Bench(path=tmp_path / "station.db", bundle=small.bundle)
    for _ in range(BYTE_CHANGES):
        place, bit = rng.randrange(len(original)), rng.randrange(8)
        data = bytearray(original)
        data[place] ^= 1 << bit
        work.path.write_bytes(data)
        report = work.verify()
        assert report.code == "log-altered-page", (place, bit)
        assert report.first_bad is not None
        assert report.first_bad.page == (1 if place < 16 else place // 4096 + 1), (place, bit)


def test_every_changed_row_is_found(small: Bench, tmp_path: Path) -> None:
    rng = random.Random(SEED)
    original = small.path.read_bytes()
    work = Bench(path=tmp_path / "station.db", bundle=small.bundle)
    done = 0
    while done < ROW_CHANGES:
        work.path.write_bytes(original)
        connection = connect(work.path, work.bundle.database_key).conn
        execute = connection.execute
        execute("PRAGMA synchronous = OFF")
        execute("BEGIN")
        made = execute("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").fetchall()
        for name, _ in made:
            execute(f"DROP TRIGGER {name}")
        try:
            what = mutate(execute, rng)
        except DatabaseError:
            what = None
        if what is not None:
            for _, sql in made:
                execute(sql)
            execute("COMMIT")
        connection.close()
        if what is None:
            continue
        done += 1
        report = work.verify()
        assert not report.ok, what
        assert report.first_bad is not None, what


def test_the_unchanged_log_is_good(small: Bench) -> None:
    assert small.verify(evidence_key=small.bundle.evidence_key).ok
