"""The widths of a table's columns: a number, a date, a time or a word of a heading is never broken. Pure.

Widths are millimetres.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from reportlab.lib.units import mm

from reports.fonts import Face, width
from reports.placed_rows import PAD_X, TABLE_SIZE
from reports.sheet import Column, Sheet

EASY: Final = 0.8
"""Letters narrowed to this are read without an effort; columns are planned for it."""
TIGHT: Final = 0.72
"""Letters are never narrower; a little more than where a word would be broken."""
_LONGEST_NUMBER: Final = 20
"""A longer word with digits is a hash or a file's name, which may be broken."""
_SHORT: Final = 8
"""Words without digits up to this length are never broken."""
_KEPT: Final = 0.7
"""What a column keeps of its width when another needs some."""


def least_mm(sheet: Sheet, index: int, scale: float = TIGHT) -> float:
    """Return the least width of a column: its longest number, short word or word of its heading, narrowed to `scale`;
    its whole width where it shows portraits.
    """
    column = sheet.columns[index]
    if column.portraits:
        return column.width_mm
    heading = max((width(word, Face.BOLD, TABLE_SIZE) for word in column.heading.split()), default=0.0)
    words = {
        (Face.BOLD if cell.strong and at == 0 else Face.REGULAR, word)
        for cell in (row.cells[index] for row in sheet.rows)
        for at, paragraph in enumerate(cell.paragraphs)
        for word in paragraph.split()
        if _whole(word)
    }
    longest = max((width(word, face, TABLE_SIZE) for face, word in words), default=0.0)
    return max(heading * scale + PAD_X, longest * scale + 2 * PAD_X) / mm


def _whole(word: str) -> bool:
    """Say whether a word must not be broken."""
    if len(word) <= _SHORT:
        return True
    return len(word) <= _LONGEST_NUMBER and any(char.isdigit() for char in word)


def fitted(sheet: Sheet, room: float) -> tuple[Column, ...]:
    """Return a sheet's columns within `room` mm; one that a number needs wider gets what the others can give."""
    total = sum(column.width_mm for column in sheet.columns)
    share = min(1.0, room / total) if total else 1.0
    columns = tuple(replace(column, width_mm=column.width_mm * share) for column in sheet.columns)
    scaled = replace(sheet, columns=columns)
    for scale in (EASY, TIGHT):
        widened = _evened(columns, [least_mm(scaled, index, scale) for index in range(len(columns))])
        if widened is not None:
            return widened
    return columns


def _evened(columns: Sequence[Column], least: Sequence[float]) -> tuple[Column, ...] | None:
    """Return the columns, each at least as wide as it must be; None where the others cannot give so much."""
    widths = [column.width_mm for column in columns]
    missing = [max(0.0, need - wide) for need, wide in zip(least, widths, strict=True)]
    if not any(missing):
        return tuple(columns)
    spare = [
        0.0 if column.portraits else max(0.0, column.width_mm - max(need, _KEPT * column.width_mm))
        for column, need in zip(columns, least, strict=True)
    ]
    if sum(missing) > sum(spare):
        return None
    share = sum(missing) / sum(spare)
    return tuple(
        replace(column, width_mm=column.width_mm + more - share * free)
        for column, more, free in zip(columns, missing, spare, strict=True)
    )
