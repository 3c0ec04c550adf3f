"""Every bit of every row of a small log, flipped one at a time, is found. `ROW_BITS=1` takes all of them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sessions.engine import DatabaseError
from tests.support.sessions_rich import RichLog, make_rich

STEP = int(os.environ.get("ROW_BITS", "2503"))
"""Every so manieth bit; a prime, so that all places of a byte are met."""
COLUMNS = {
    "entries": (("seq",), ("kind", "session", "attempt", "body")),
    "nodes": (("level", "idx"), ("hash",)),
    "checkpoints": (("size",), ("note",)),
    "cosignatures": (("size", "line"), ("line",)),
    "evidence": (("seq", "name"), ("ciphertext", "name")),
    "shredded": (("seq", "name"), ("name",)),
}


@pytest.fixture(scope="module")
def rich(tmp_path_factory: pytest.TempPathFactory) -> RichLog:
    return make_rich(tmp_path_factory.mktemp("rich"))


def bits(rich: RichLog) -> Iterator[tuple[str, tuple[Any, ...], str, int]]:
    """Yield (table, key of the row, column, bit)."""
    with rich.copy() as copy, copy.insider() as execute:
        for table, (keys, columns) in COLUMNS.items():
            names = ", ".join((*keys, *columns))
            for row in execute(f"SELECT {names} FROM {table}").fetchall():  # noqa: S608
                for column, value in zip(columns, row[len(keys) :], strict=True):
                    size = 0 if value is None else len(value.encode() if isinstance(value, str) else value)
                    for bit in range(8 * size):
                        yield table, row[: len(keys)], column, bit


def flip(execute: Any, table: str, key: tuple[Any, ...], column: str, bit: int) -> None:
    where = " AND ".join(f"{name} = ?" for name in COLUMNS[table][0])
    (value,) = execute(f"SELECT {column} FROM {table} WHERE {where}", key).fetchone()  # noqa: S608
    data = bytearray(value.encode() if isinstance(value, str) else value)
    data[bit // 8] ^= 1 << bit % 8
    kind = "TEXT" if isinstance(value, str) else "BLOB"
    sql = f"UPDATE {table} SET {column} = CAST(? AS {kind}) WHERE {where}"  # noqa: S608
    execute(sql, (bytes(data), *key))


@pytest.mark.slow
def test_every_flipped_bit_of_a_row_is_found(rich: RichLog, tmp_path: Path) -> None:
    all_bits = list(bits(rich))
    assert len(all_bits) > 100_000
    original = rich.path.read_bytes()
    with rich.copy() as copy:
        for place in all_bits[::STEP]:
            copy.path.write_bytes(original)
            try:
                with copy.insider() as execute:
                    flip(execute, *place)
            except DatabaseError:
                continue  # the table would not have it
            report = copy.verify(copy.path)
            if (
                place[0] == "cosignatures" and report.ok
            ):  # a line of nobody known proves nothing, and is said so
                assert any(each.code == "witness-unpinned" for each in report.findings), place
                continue
            assert not report.ok, place
