"""A file as rows of cells, whatever it was: what every reader of rosters gives, and what the caps are."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Final

MAX_BYTES: Final = 8_000_000
"""Of the file as given."""
MAX_ROWS: Final = 20_000
MAX_COLUMNS: Final = 256
MAX_CELL: Final = 200
"""Characters of a cell that is used; longer ones refuse their row."""
MAX_TEXT: Final = 2_000
"""Characters of a cell that are kept at all."""

Cell = str | float | bool | date | datetime | time


@dataclass(frozen=True, slots=True)
class Line:
    """One row: its number in the file, from 1, and its cells as the file holds them; "" is an empty one.

    `quote_open`: a quotation mark was opened in it and never closed, and was left out.
    """

    number: int
    cells: tuple[Cell, ...] = field(repr=False)
    hidden: bool = False
    quote_open: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """One table of a file. `merged`: (first row, first column, last row, last column), rows from 1, columns from 0."""

    name: str
    lines: tuple[Line, ...] = field(repr=False)
    hidden: bool = False
    merged: tuple[tuple[int, int, int, int], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Tables:
    """Every table of a file, its format, and the encoding where the format does not settle it ("" then)."""

    format: str
    sheets: tuple[Sheet, ...]
    encoding: str = ""
