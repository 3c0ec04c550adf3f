"""One cell at a time: what it means, or why it is refused. Nothing is guessed; what is changed is said."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, Generic, TypeVar

from sessions.roster.model import PartialDate
from sessions.roster.names import display_form

MAX_CELL: Final = 200
_SBD: Final = re.compile(r"[0-9A-Za-zĐđ][0-9A-Za-zĐđ./_-]{0,15}")
_DAY_FIRST: Final = re.compile(r"(\d{1,2})[/.\-](\d{1,2})[/.\-](\d{4})")
_YEAR_FIRST: Final = re.compile(r"(\d{4})[/.\-](\d{1,2})[/.\-](\d{1,2})")
_TIME: Final = re.compile(r"[T ]\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?$")
_QUOTED: Final = re.compile(r'="(.*)"')
_SERIAL: Final = range(3_654, 62_093)
"""Spreadsheet day numbers of 1910-01-01 to 2069-12-31, counted from 1899-12-30."""
_YEARS: Final = range(1900, 2101)


T = TypeVar("T")


class CellError(Exception):
    """A cell that makes its row unusable; `code` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Read(Generic[T]):
    """A cell's meaning and the codes of what was changed to get it."""

    value: T
    changes: tuple[str, ...] = ()


def clean(text: str) -> str:
    """Return a cell without what spreadsheets put around it: spaces, ="…", a leading apostrophe."""
    shown = display_form(text)
    quoted = _QUOTED.fullmatch(shown)
    return (quoted[1] if quoted else shown.removeprefix("'")).strip()


def read_sbd(text: str) -> Read[str]:
    """Return a candidate number as written; raises CellError."""
    if not text:
        raise CellError("roster-sbd-missing")
    if not _SBD.fullmatch(text):
        raise CellError("roster-sbd-invalid")
    return Read(text)


def read_name(text: str) -> Read[str]:
    """Return a name in NFC; raises CellError."""
    if not text:
        raise CellError("roster-name-missing")
    letters = [char for char in text if char.isalpha()]
    if len(letters) < 2 or any(char.isdigit() or char in "=<>@" for char in text) or len(text) > 120:
        raise CellError("roster-name-invalid")
    return Read(text)


def read_birth(text: str) -> Read[PartialDate]:
    """Return a birth date: d/m/yyyy, yyyy-m-d, a year, or a spreadsheet's day number; never m/d.

    00/00/yyyy is a year. Raises CellError.
    """
    if not text:
        raise CellError("roster-birth-missing")
    plain = _TIME.sub("", text).replace(" ", "")
    if day_first := _DAY_FIRST.fullmatch(plain):
        return _date(int(day_first[3]), int(day_first[2]), int(day_first[1]))
    if year_first := _YEAR_FIRST.fullmatch(plain):
        return _date(int(year_first[1]), int(year_first[2]), int(year_first[3]))
    if plain.isascii() and plain.isdigit() and len(plain) == 4 and int(plain) in _YEARS:
        return Read(PartialDate(year=int(plain)))
    if plain.isascii() and plain.isdigit() and len(plain) == 5 and int(plain) in _SERIAL:
        day = date(1899, 12, 30) + timedelta(days=int(plain))
        return Read(PartialDate.of(day), ("roster-birth-serial",))
    raise CellError("roster-birth-invalid")


def _date(year: int, month: int, day: int) -> Read[PartialDate]:
    if year not in _YEARS:
        raise CellError("roster-birth-invalid")
    if month == 0 and day == 0:
        return Read(PartialDate(year=year), ("roster-birth-year-only",))
    try:
        return Read(PartialDate.of(date(year, month, day)))
    except ValueError:
        raise CellError("roster-birth-invalid") from None


def read_number(text: str, birth: PartialDate | None) -> Read[str]:
    """Return the 12 digits; zeros lost at the front come back only where the birth year confirms them.

    Raises CellError; nine digits are an old number, which says nothing about the new one.
    """
    if not text:
        raise CellError("roster-number-missing")
    digits = "".join(str(unicodedata.decimal(char)) if char.isdecimal() else char for char in text)
    digits = re.sub(r"[ .\-]", "", digits)
    changes = [] if digits == text else ["roster-number-separators"]
    if re.fullmatch(r"[0-9oO]{12}", digits) and not digits.isdigit():
        digits = re.sub(r"[oO]", "0", digits)
        changes.append("roster-number-letter-o")
    if not (digits.isascii() and digits.isdigit()):
        raise CellError("roster-number-invalid")
    if len(digits) == 9:
        raise CellError("roster-number-old")
    if len(digits) in {10, 11}:
        digits = digits.zfill(12)
        if birth is None or not number_fits(digits, birth):
            raise CellError("roster-number-zeros")
        changes.append("roster-number-zeros-restored")
    if len(digits) != 12:
        raise CellError("roster-number-invalid")
    return Read(digits, tuple(changes))


def number_fits(digits: str, birth: PartialDate) -> bool:
    """Whether province (001–096), century and year of a 12-digit number agree with a birth date."""
    century = 19 + int(digits[3]) // 2
    return 1 <= int(digits[:3]) <= 96 and century * 100 + int(digits[4:6]) == birth.year
