"""Changes of rows and tables by somebody with the station's database key, the append-only triggers put back."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from tests.tamper.subject import Subject, insider

COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "entries": ("seq", "kind", "session", "attempt", "body"),
    "nodes": ("level", "idx", "hash"),
    "checkpoints": ("size", "note"),
    "cosignatures": ("size", "line"),
    "evidence_keys": ("seq", "wrapped"),
    "evidence": ("seq", "name", "ciphertext"),
    "shredded": ("seq", "name", "by"),
}
KEYS: Final[Mapping[str, int]] = {
    "entries": 1,
    "nodes": 2,
    "checkpoints": 1,
    "cosignatures": 2,
    "evidence_keys": 1,
    "evidence": 2,
    "shredded": 2,
}
"""How many of the columns, the first ones, name a row."""

Execute = Callable[..., Any]
Change = Callable[[Execute, str, random.Random], str | None]


def another_value(value: Any, rng: random.Random) -> Any:
    """Return another value, a small step away or of another type."""
    if value is None or rng.random() < 0.1:
        return rng.choice(["x", 0, b"\x00", None])
    if isinstance(value, int):
        return value + rng.choice([-1, 1, 2, 40])
    if not value:
        return value + (b"\x00" if isinstance(value, bytes) else "x")
    place = rng.randrange(len(value))
    if isinstance(value, bytes):
        return value[:place] + bytes([value[place] ^ rng.randrange(1, 256)]) + value[place + 1 :]
    return value[:place] + chr(ord(value[place]) ^ rng.choice((1, 2, 32))) + value[place + 1 :]


def _rows(execute: Execute, table: str) -> list[tuple[Any, ...]]:
    found: list[tuple[Any, ...]] = execute(f"SELECT {', '.join(COLUMNS[table])} FROM {table}").fetchall()  # noqa: S608
    return found


def _where(table: str) -> str:
    return " AND ".join(f"{name} = ?" for name in COLUMNS[table][: KEYS[table]])


def _insert(execute: Execute, table: str, row: tuple[Any, ...]) -> None:
    execute(f"INSERT INTO {table} VALUES ({', '.join('?' * len(row))})", row)  # noqa: S608


def change(execute: Execute, table: str, rng: random.Random) -> str | None:
    """One value of one row becomes another."""
    row = rng.choice(_rows(execute, table))
    at = rng.randrange(len(row))
    new = another_value(row[at], rng)
    if new == row[at] and type(new) is type(row[at]):
        return None
    key = row[: KEYS[table]]
    execute(f"UPDATE {table} SET {COLUMNS[table][at]} = ? WHERE {_where(table)}", (new, *key))  # noqa: S608
    return f"{COLUMNS[table][at]} of {key}"


def delete(execute: Execute, table: str, rng: random.Random) -> str:
    """One row is gone."""
    key = rng.choice(_rows(execute, table))[: KEYS[table]]
    execute(f"DELETE FROM {table} WHERE {_where(table)}", key)  # noqa: S608
    return str(key)


def delete_many(execute: Execute, table: str, rng: random.Random) -> str:
    """Several rows are gone, perhaps all."""
    rows = _rows(execute, table)
    gone = rng.sample(rows, rng.randint(1, len(rows)))
    for row in gone:
        execute(f"DELETE FROM {table} WHERE {_where(table)}", row[: KEYS[table]])  # noqa: S608
    return f"{len(gone)} rows"


def insert(execute: Execute, table: str, rng: random.Random) -> str | None:
    """A row of made-up values beside a good one."""
    row = list(rng.choice(_rows(execute, table)))
    for at in range(len(row)):
        if at < KEYS[table] or rng.random() < 0.5:
            row[at] = another_value(row[at], rng)
    _insert(execute, table, tuple(row))
    return str(row[: KEYS[table]])


def duplicate(execute: Execute, table: str, rng: random.Random) -> str:
    """A row once more, under the next free key."""
    rows = _rows(execute, table)
    row = list(rng.choice(rows))
    first = COLUMNS[table][0]
    if table in {"entries", "checkpoints"}:
        row[0] = execute(f"SELECT max({first}) + 1 FROM {table}").fetchone()[0]  # noqa: S608
    else:
        taken = {other[: KEYS[table]] for other in rows}
        places = [other[0] for other in rows if (other[0], *row[1 : KEYS[table]]) not in taken]
        row[0] = rng.choice(places or [max(other[0] for other in rows) + 1])
    if table == "entries" and row[3] is not None:
        row[3] = f"{row[3]}-again"  # the index would not have it twice
    _insert(execute, table, tuple(row))
    return f"{row[: KEYS[table]]}"


def swap_values(execute: Execute, table: str, rng: random.Random) -> str | None:
    """Two rows exchange what one column says."""
    rows = _rows(execute, table)
    if len(rows) < 2:
        return None
    one, two = rng.sample(rows, 2)
    at = rng.randrange(KEYS[table], len(one)) if len(one) > KEYS[table] else len(one) - 1
    if one[at] == two[at]:
        return None
    name, where = COLUMNS[table][at], _where(table)
    for row, new in ((one, two[at]), (two, one[at])):
        execute(f"UPDATE {table} SET {name} = ? WHERE {where}", (new, *row[: KEYS[table]]))  # noqa: S608
    return f"{name} of {one[: KEYS[table]]} and {two[: KEYS[table]]}"


def swap_rows(execute: Execute, table: str, rng: random.Random) -> str | None:
    """Two rows exchange their places: everything but the first column."""
    rows = _rows(execute, table)
    if len({row[0] for row in rows}) < 2:
        return None
    one, two = rng.sample(rows, 2)
    if one[0] == two[0] or one[1:] == two[1:]:
        return None
    for row in (one, two):
        execute(f"DELETE FROM {table} WHERE {_where(table)}", row[: KEYS[table]])  # noqa: S608
    for row in ((one[0], *two[1:]), (two[0], *one[1:])):
        _insert(execute, table, row)
    return f"{one[: KEYS[table]]} and {two[: KEYS[table]]}"


ROW_CHANGES: Final[Mapping[str, Change]] = {
    "change": change,
    "delete": delete,
    "delete several": delete_many,
    "insert": insert,
    "duplicate": duplicate,
    "swap values": swap_values,
    "swap rows": swap_rows,
}


def apply_to_rows(table: str, change_of: Change) -> Callable[[Subject, Path, random.Random], str | None]:
    """Return a mutation of the log in a directory."""

    def mutate(subject: Subject, root: Path, rng: random.Random) -> str | None:
        with insider(root, subject, tables=(table,)) as execute:
            execute("PRAGMA defer_foreign_keys = ON")
            return change_of(execute, table, rng)

    return mutate


# -- whole tables and the schema -------------------------------------------------------------------------


def _objects(execute: Execute, kind: str) -> list[tuple[str, str]]:
    sql = "SELECT name, sql FROM sqlite_schema WHERE type = ? AND sql IS NOT NULL"
    found: list[tuple[str, str]] = execute(sql, (kind,)).fetchall()
    return found


def drop_table(execute: Execute, _table: str, rng: random.Random) -> str:
    name, _ = rng.choice(_objects(execute, "table"))
    execute(f"DROP TABLE {name}")
    return name


def rename_table(execute: Execute, _table: str, rng: random.Random) -> str:
    name, _ = rng.choice(_objects(execute, "table"))
    execute(f"ALTER TABLE {name} RENAME TO {name}_old")
    return name


def copy_table(execute: Execute, _table: str, rng: random.Random) -> str:
    name, _ = rng.choice(_objects(execute, "table"))
    execute(f"CREATE TABLE {name}_copy AS SELECT * FROM {name}")  # noqa: S608
    return name


def exchange_table(execute: Execute, _table: str, rng: random.Random) -> str:
    """A table is replaced by a copy without its constraints."""
    name, _ = rng.choice(_objects(execute, "table"))
    execute(f"CREATE TABLE made AS SELECT * FROM {name}")  # noqa: S608
    execute(f"DROP TABLE {name}")
    execute(f"ALTER TABLE made RENAME TO {name}")
    return name


def drop_index(execute: Execute, _table: str, rng: random.Random) -> str:
    name, _ = rng.choice(_objects(execute, "index"))
    execute(f"DROP INDEX {name}")
    return name


def drop_trigger(execute: Execute, _table: str, rng: random.Random) -> str:
    name, _ = rng.choice(_objects(execute, "trigger"))
    execute(f"DROP TRIGGER {name}")
    return name


def change_trigger(execute: Execute, _table: str, rng: random.Random) -> str:
    name, sql = rng.choice(_objects(execute, "trigger"))
    execute(f"DROP TRIGGER {name}")
    execute(sql.replace("raise(ABORT, 'append-only')", "raise(IGNORE)"))
    return name


def add_trigger(execute: Execute, _table: str, rng: random.Random) -> str:
    name, _ = rng.choice(_objects(execute, "table"))
    execute(f"CREATE TRIGGER own AFTER INSERT ON {name} BEGIN SELECT 1; END")
    return name


def add_column(execute: Execute, _table: str, rng: random.Random) -> str:
    name, _ = rng.choice(_objects(execute, "table"))
    execute(f"ALTER TABLE {name} ADD COLUMN more TEXT")
    return name


def add_view(execute: Execute, _table: str, rng: random.Random) -> str:
    name, _ = rng.choice(_objects(execute, "table"))
    execute(f"CREATE VIEW own AS SELECT * FROM {name}")  # noqa: S608
    return name


def change_version(execute: Execute, _table: str, rng: random.Random) -> str:
    pragma = rng.choice(("user_version", "application_id"))
    value = execute(f"PRAGMA {pragma}").fetchone()[0]
    execute(f"PRAGMA {pragma} = {value + rng.choice((-1, 1, 7))}")
    return pragma


TABLE_CHANGES: Final[Mapping[str, Change]] = {
    "drop a table": drop_table,
    "rename a table": rename_table,
    "duplicate a table": copy_table,
    "exchange a table": exchange_table,
    "drop an index": drop_index,
    "drop a trigger": drop_trigger,
    "change a trigger": change_trigger,
    "add a trigger": add_trigger,
    "add a column": add_column,
    "add a view": add_view,
    "change a version": change_version,
}


def apply_to_schema(change_of: Change) -> Callable[[Subject, Path, random.Random], str | None]:
    """Return a mutation of the schema of the log in a directory."""

    def mutate(subject: Subject, root: Path, rng: random.Random) -> str | None:
        with insider(root, subject) as execute:
            execute("PRAGMA defer_foreign_keys = ON")
            return change_of(execute, "", rng)

    return mutate
