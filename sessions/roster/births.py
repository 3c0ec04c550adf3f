"""Birth dates as they stand in lists: always the day first, never the month; a year alone is a year alone."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from typing import Final

from sessions.roster.cells import CellError
from sessions.roster.model import PartialDate
from sessions.roster.notes import CHANGE, GUESS, Note
from sessions.roster.table import Cell
from sessions.roster.values import Value, read_text, shown

_SEPARATED: Final = re.compile(r"(\d{1,2})\s*[/.\-,\\ ]\s*(\d{1,2})\s*[/.\-,\\ ]\s*(\d{2}|\d{4})")
_YEAR_FIRST: Final = re.compile(r"(\d{4})[/.\-](\d{1,2})[/.\-](\d{1,2})")
_WORDS: Final = re.compile(
    r"(?:ngày\s*)?(\d{1,2})\s*(?:tháng|thg)\s*(\d{1,2})\s*,?\s*(?:năm\s*)?(\d{4})", re.IGNORECASE
)
_MONTH_NAME: Final = re.compile(r"(\d{1,2})[\s\-/]([A-Za-z]{3,9})[\s\-/,]+(\d{4})")
_YEAR_ONLY: Final = re.compile(r"(?:năm\s*)?(\d{4})", re.IGNORECASE)
_BLANK_DAY: Final = re.compile(r"[\s0_.xX*?…-]*[/.\-][\s0_.xX*?…-]*[/.\-]\s*(\d{4})")
_BLANK_DAY_MONTH: Final = re.compile(r"(?:0{1,2}\s*[/.\-]\s*)?(\d{1,2})\s*[/.\-]\s*(\d{4})")
_RUN: Final = re.compile(r"(\d{1,2})(\d{2})(\d{4})")
_TIME: Final = re.compile(r"[T ]\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?(\s*[AP]M)?$")
_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_SERIAL: Final = range(3_654, 62_093)
"""Spreadsheet day numbers of 1910-01-01 to 2069-12-31, counted from 1899-12-30."""
_YEARS: Final = range(1900, 2101)
_EPOCH: Final = date(1899, 12, 30)
_LONGEST: Final = 40
"""Characters: no date is longer, and a longer text would cost time to look at."""
_DIGIT_LIKE: Final = str.maketrans({"o": "0", "O": "0", "l": "1", "I": "1", "|": "1"})


def read_birth(cell: Cell, number: str = "", today: date | None = None) -> Value[PartialDate]:
    """Return a birth date. `number`: the row's 12 digits or "", whose century decides a year of two digits.

    `today`: without a number a year of two digits is the last such year not after it; None: it is refused then. Raises
    CellError.
    """
    found = _of_cell(cell, number, today)
    if today is not None and found.value > PartialDate.of(today):
        raise CellError("roster-birth-future")
    return found


def _of_cell(cell: Cell, number: str, today: date | None) -> Value[PartialDate]:
    if isinstance(cell, (date, datetime)):
        return Value(_whole(cell.year, cell.month, cell.day))
    if isinstance(cell, (bool, time)):
        raise CellError("roster-birth-invalid")
    read = read_text(cell)
    if not read.value:
        raise CellError("roster-birth-missing")
    if len(read.value) > _LONGEST:
        raise CellError("roster-birth-invalid")
    text = _TIME.sub("", read.value).strip(" .;:'")
    found = _digits(text) if text.isascii() and text.isdigit() else _written(text, number, today)
    if found is None and text.translate(_DIGIT_LIKE) != text:
        turned = text.translate(_DIGIT_LIKE)
        found = _written(turned, number, today)
        if found is not None:
            found = Value(
                found.value, (*found.notes, Note(CHANGE, "roster-birth-letter-o", text, found.value.display))
            )
    if found is None:
        raise CellError("roster-birth-invalid")
    return Value(found.value, (*read.notes, *found.notes))


def _digits(text: str) -> Value[PartialDate] | None:
    """Return the date of digits alone: a year, a spreadsheet's day, or day, month and year run together."""
    value = int(text) if len(text) <= 8 else 0
    if len(text) == 4 and value in _YEARS:
        return Value(PartialDate(year=value))
    if len(text) == 5 and value in _SERIAL:
        day = PartialDate.of(_EPOCH + timedelta(days=value))
        return Value(day, (Note(CHANGE, "roster-birth-serial", text, day.display),))
    if len(text) in {7, 8} and (run := _RUN.fullmatch(text)) and int(run[3]) in _YEARS:
        day = _whole(int(run[3]), int(run[2]), int(run[1]))
        return Value(day, (Note(GUESS, "roster-birth-run", text, day.display),))
    return None


def _written(text: str, number: str, today: date | None) -> Value[PartialDate] | None:
    """Return the date of a text with marks or words in it; None where it is none."""
    if blank := _BLANK_DAY.fullmatch(text):
        return _year_only(text, int(blank[1]))
    if whole := (_SEPARATED.fullmatch(text) or _WORDS.fullmatch(text)):
        return _day_first(text, whole, number, today)
    if first := _YEAR_FIRST.fullmatch(text):
        return Value(_whole(int(first[1]), int(first[2]), int(first[3])))
    if named := _MONTH_NAME.fullmatch(text):
        return _named(text, named)
    return _without_day(text)


def _day_first(text: str, found: re.Match[str], number: str, today: date | None) -> Value[PartialDate]:
    day, month, year = int(found[1]), int(found[2]), int(found[3])
    if len(found[3]) == 2:
        return _two_digits(text, (day, month, year), number, today)
    return _year_only(text, year) if day == 0 else Value(_whole(year, month, day))


def _without_day(text: str) -> Value[PartialDate] | None:
    if alone := _YEAR_ONLY.fullmatch(text):
        return Value(PartialDate(year=int(alone[1]))) if int(alone[1]) in _YEARS else None
    partial = _BLANK_DAY_MONTH.fullmatch(text)
    if partial is None or int(partial[1]) > 12:
        return None
    return _year_only(
        text, int(partial[2]), "roster-birth-day-missing" if int(partial[1]) else "roster-birth-year-only"
    )


def _named(text: str, named: re.Match[str]) -> Value[PartialDate] | None:
    short = named[2][:3].lower()
    if short not in _MONTHS:
        return None
    day = _whole(int(named[3]), _MONTHS.index(short) + 1, int(named[1]))
    return Value(day, (Note(CHANGE, "roster-birth-month-name", text, day.display),))


def _year_only(text: str, year: int, code: str = "roster-birth-year-only") -> Value[PartialDate]:
    if year not in _YEARS:
        raise CellError("roster-birth-invalid")
    return Value(PartialDate(year=year), (Note(CHANGE, code, text, str(year)),))


def _two_digits(
    text: str, parts: tuple[int, int, int], number: str, today: date | None
) -> Value[PartialDate]:
    """Return the date of a year of two digits: by the number's century, else the last such year; both are guesses."""
    day, month, short = parts
    if number and int(number[4:6]) == short:
        year = (19 + int(number[3]) // 2) * 100 + short
        code = "roster-birth-century-by-number"
    elif today is not None:
        year = today.year - (today.year - short) % 100
        code = "roster-birth-century-guessed"
    else:
        raise CellError("roster-birth-two-digits")
    found = _whole(year, month, day)
    return Value(found, (Note(GUESS, code, text, found.display),))


def _whole(year: int, month: int, day: int) -> PartialDate:
    """Return a whole date; raises CellError with what is wrong: the month first, no such day, no such year."""
    if year not in _YEARS:
        raise CellError("roster-birth-year")
    if month > 12 >= day >= 1 and month <= 31:
        raise CellError("roster-birth-month-first")
    try:
        return PartialDate.of(date(year, month, day))
    except ValueError:
        raise CellError("roster-birth-no-such-day") from None


def read_parts(day: Cell, month: Cell, year: Cell) -> Value[PartialDate]:
    """Return the date of three columns; without day or month it is the year alone. Raises CellError."""
    texts = [read_text(cell).value for cell in (day, month, year)]
    if not any(texts):
        raise CellError("roster-birth-missing")
    if not re.fullmatch(r"\d{4}", texts[2]) or not all(re.fullmatch(r"\d{0,2}", text) for text in texts[:2]):
        raise CellError("roster-birth-invalid")
    if not int(texts[0] or 0) or not int(texts[1] or 0):
        return (
            _year_only("/".join(texts), int(texts[2]))
            if any(texts[:2])
            else Value(PartialDate(year=int(texts[2])))
        )
    return Value(_whole(int(texts[2]), int(texts[1]), int(texts[0])))


def read_by_sex(male: Cell, female: Cell, number: str, today: date | None) -> tuple[Value[PartialDate], str]:
    """Return the date that stands in the men's or the women's column, and the sex that this says. Raises CellError."""
    in_men, in_women = shown(male).strip(), shown(female).strip()
    if in_men and in_women:
        raise CellError("roster-birth-two")
    if not in_men and not in_women:
        raise CellError("roster-birth-missing")
    return read_birth(male if in_men else female, number, today), "nam" if in_men else "nữ"
