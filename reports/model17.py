"""The report on mô hình 17 as a page model: seven columns, the tables behind them, every figure once. Pure.

The three files (text, pages, spreadsheet) are drawn from it and say the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

from reports.sheet import Header

COLUMNS: Final = 7
RESULT: Final = 2
"""The column that is computed, from 0; a person types those behind it."""
WIDTHS_MM: Final = (11.0, 24.0, 94.0, 30.0, 36.0, 27.0, 30.0)
"""Of the seven columns on lying A4."""
BLANK: Final = ("\u2026" * 9,) * 8
"""What a person fills in by hand."""

Value = str | int | date
"""What a cell of a table holds: text, a count, a day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A number that the report says, under the words it stands with. `name` is the same in every language."""

    name: str
    group: str
    label: str
    value: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table behind the seven columns. `weights`: the columns' widths, relative; `total`: its last row is a sum."""

    name: str
    title: str
    heads: tuple[str, ...]
    weights: tuple[float, ...]
    rows: tuple[tuple[Value, ...], ...]
    total: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Model17:
    """The whole report. `row`: the paragraphs of each column; in the computed one those that end in a colon are heads.

    `training`: banner and watermark, or None; `source`: what it was computed from, at the foot of every page;
    `sheet_names`: what a spreadsheet calls the report and its figures; `made`: the day it bears.
    """

    language: str
    header: Header
    heads: tuple[str, ...]
    row: tuple[tuple[str, ...], ...]
    figures: tuple[Figure, ...]
    tables: tuple[Table, ...]
    closing: tuple[str, ...]
    recipients_label: str
    recipients: tuple[str, ...]
    signature: tuple[str, str]
    source: str
    page: str
    sheet_names: tuple[str, str]
    figure_heads: tuple[str, str, str]
    made: date
    training: tuple[str, str] | None = None


def number(value: int) -> str:
    """Return a whole number as Vietnamese writes it: 4483 → "4.483"."""
    return f"{value:,}".replace(",", ".")


def shown(value: Value) -> str:
    """Return a table's value as text."""
    if isinstance(value, date):
        return value.strftime("%d/%m/%Y")
    return number(value) if isinstance(value, int) else value
