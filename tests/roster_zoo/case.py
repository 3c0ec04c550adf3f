"""A roster file and what must come out of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.roster_zoo.builders import GOOD, HEAD, as_csv

FILES = Path(__file__).parent / "files"
MAU = ("001", "NGUYỄN VĂN MẪU", "1999-01-15", "001099000001")
THI = ("002", "TRẦN THỊ MẪU", "2001-03-08", "001301000002")
Notes = set[tuple[int, str]]


@dataclass(frozen=True)
class Case:
    """A file and what must come out: rows (SBD, name, birth, number) and (row, code) of everything said of it."""

    name: str
    data: Callable[[], bytes]
    rows: list[tuple[str, str, str, str]] = field(default_factory=lambda: [MAU])
    changes: Notes = field(default_factory=set)
    guesses: Notes = field(default_factory=set)
    warnings: Notes = field(default_factory=set)
    refused: Notes = field(default_factory=set)
    more: dict[str, Any] = field(default_factory=dict)  # fields of the first seat
    options: dict[str, Any] = field(default_factory=dict)


def csv_case(name: str, *rows: list[str], head: list[str] = HEAD, **expected: Any) -> Case:
    return Case(name, lambda: as_csv([head, *rows]), **expected)


def with_(place: int, value: object, row: list[str] = GOOD) -> list[Any]:
    return [*row[:place], value, *row[place + 1 :]]
