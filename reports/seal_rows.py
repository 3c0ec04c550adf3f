"""The candidate numbers of a page, short: a number that continues the one before it is only the difference.

In the payload of a page seal a number is a text, or an integer d: the last number that was not empty, whose final ASCII
digits (as many as there are, at most 15), read as one number, are d more, with as many digits. The integer is written
wherever it can be, so that the same numbers have one form.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

from reports.errors import SealFormatError

Marks = tuple[tuple[str, str], ...]
MAX_ROWS: Final = 64
_COUNTED: Final = re.compile(r"(.*?)([0-9]{1,15})", re.DOTALL)


def pack_numbers(numbers: Sequence[str]) -> list[str | int]:
    """Return the numbers as the payload has them."""
    packed: list[str | int] = []
    last = ""
    for number in numbers:
        step = _step(last, number)
        packed.append(number if step is None else step)
        last = number or last
    return packed


def unpack_numbers(packed: Sequence[Any], *, counting: bool) -> list[str]:
    """Return the numbers that a payload has; `counting`: integers are allowed. Raises SealFormatError."""
    numbers: list[str] = []
    last = ""
    for item in packed:
        if isinstance(item, str):
            numbers.append(item)
        elif counting and type(item) is int:
            numbers.append(_count(last, item))
        else:
            raise SealFormatError(why="rows")
        last = numbers[-1] or last
    if counting and pack_numbers(numbers) != list(packed):
        raise SealFormatError(why="rows-form")
    return numbers


def _step(last: str, number: str) -> int | None:
    """Return by how much a number continues the last one; None where it does not."""
    before, now = _COUNTED.fullmatch(last), _COUNTED.fullmatch(number)
    if before is None or now is None or before[1] != now[1] or len(before[2]) != len(now[2]):
        return None
    return int(now[2]) - int(before[2])


def _count(last: str, step: int) -> str:
    before = _COUNTED.fullmatch(last)
    if before is None:
        raise SealFormatError(why="rows")
    digits = len(before[2])
    if not 0 <= (number := int(before[2]) + step) < 10**digits:
        raise SealFormatError(why="rows")
    return f"{before[1]}{number:0{digits}d}"
