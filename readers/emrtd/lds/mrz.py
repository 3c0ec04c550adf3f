"""The machine readable zone in its three sizes (9303-3 4, 9303-4, 9303-5, 9303-6), every check digit
enforced."""

from __future__ import annotations

import contextlib
import re
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from readers.emrtd.dates import PartialDate
from readers.errors import MrzError

_ALPHABET: Final = re.compile(r"[A-Z0-9<]*")
_WEIGHTS: Final = (7, 3, 1)
INDEFINITE: Final = "991231"
"""The expiry of a card without one: never the last day of 1999."""
_SEXES: Final = {"M": "M", "F": "F", "<": "X"}
_LINES: Final = {90: ("TD1", 30), 72: ("TD2", 36), 88: ("TD3", 44)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Mrz:
    """The fields of an MRZ, fillers removed. `expiry` None: indefinite. All but the format is personal
    data.

    `information`: document number, birth and expiry, each with its check digit: the input of the access keys
    (9303-11 9.7.1)."""

    format: str
    document_code: str = field(repr=False)
    issuing_state: str = field(repr=False)
    document_number: str = field(repr=False)
    surname: str = field(repr=False)
    given_names: str = field(repr=False)
    nationality: str = field(repr=False)
    birth: PartialDate = field(repr=False)
    sex: str = field(repr=False)
    expiry: date | None = field(repr=False)
    optional: str = field(repr=False)
    optional_2: str = field(default="", repr=False)
    information: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where the fields stand in the joined lines, as (start, end); check digits follow their field."""

    number: tuple[int, int]
    birth: tuple[int, int]
    sex: int
    expiry: tuple[int, int]
    nationality: tuple[int, int]
    names: tuple[int, int]
    optional: tuple[int, int]
    optional_2: tuple[int, int]
    composite: int
    composite_parts: tuple[tuple[int, int], ...]


_LAYOUTS: Final = {
    "TD1": _Layout(
        number=(5, 14),
        birth=(30, 36),
        sex=37,
        expiry=(38, 44),
        nationality=(45, 48),
        names=(60, 90),
        optional=(15, 30),
        optional_2=(48, 59),
        composite=59,
        composite_parts=((5, 30), (30, 37), (38, 45), (48, 59)),
    ),
    "TD2": _Layout(
        number=(36, 45),
        birth=(49, 55),
        sex=56,
        expiry=(57, 63),
        nationality=(46, 49),
        names=(5, 36),
        optional=(64, 71),
        optional_2=(0, 0),
        composite=71,
        composite_parts=((36, 46), (49, 56), (57, 71)),
    ),
    "TD3": _Layout(
        number=(44, 53),
        birth=(57, 63),
        sex=64,
        expiry=(65, 71),
        nationality=(54, 57),
        names=(5, 44),
        optional=(72, 86),
        optional_2=(0, 0),
        composite=87,
        composite_parts=((44, 54), (57, 64), (65, 87)),
    ),
}


def check_digit(text: str) -> str:
    """The check digit of a field: weights 7 3 1, letters from 10, filler 0 (9303-3 4.9). Raises MrzError."""
    total = 0
    for position, character in enumerate(text):
        value = 0 if character == "<" else int(character, 36) if _ALPHABET.fullmatch(character) else None
        if value is None:
            raise MrzError(field="characters")
        total += value * _WEIGHTS[position % 3]
    return str(total % 10)


def parse_mrz(text: str) -> Mrz:
    """Parse the lines joined without separators: 90, 72 or 88 characters.

    Raises MrzError: fact `field` names the part at fault; `reason` is "letter-o" where a zero makes it right."""
    if len(text) not in _LINES or not _ALPHABET.fullmatch(text):
        raise MrzError(field="length" if len(text) not in _LINES else "characters")
    name, _ = _LINES[len(text)]
    layout = _LAYOUTS[name]
    number, digit, rest = _document_number(text, layout)
    _require_digit(text, layout.birth, "birth")
    _require_digit(text, layout.expiry, "expiry")
    if name == "TD3":
        _require_optional_digit(text, layout)
    _require(
        "".join(text[slice(*part)] for part in layout.composite_parts), text[layout.composite], "composite"
    )
    expiry = _expiry(text[slice(*layout.expiry)])
    surname, _, given = text[slice(*layout.names)].partition("<<")
    sex = _SEXES.get(text[layout.sex])
    if sex is None:
        raise MrzError(field="sex")
    return Mrz(
        format=name,
        document_code=_text(text[:2]),
        issuing_state=_text(text[2:5]),
        document_number=number.rstrip("<"),
        surname=_text(surname),
        given_names=_text(given),
        nationality=_text(text[slice(*layout.nationality)]),
        birth=_birth(text[slice(*layout.birth)], expiry),
        sex=sex,
        expiry=expiry,
        optional=rest,
        optional_2=_text(text[slice(*layout.optional_2)]),
        information=number + digit + _with_digit(text, layout.birth) + _with_digit(text, layout.expiry),
    )


def mrz_birth(birth: PartialDate) -> str:
    """A birth date as the MRZ writes it: YYMMDD, << for what is unknown (9303-3 4.8)."""
    parts = ("<<" if part is None else f"{part:02d}" for part in (birth.month, birth.day))
    return f"{birth.year % 100:02d}{''.join(parts)}"


def _with_digit(text: str, span: tuple[int, int]) -> str:
    return text[span[0] : span[1] + 1]


def _text(field_text: str) -> str:
    return " ".join(field_text.replace("<", " ").split())


def _require_digit(text: str, span: tuple[int, int], name: str) -> None:
    _require(text[slice(*span)], text[span[1]], name)


def _require(value: str, digit: str, name: str) -> None:
    """The check digit holds. An O is another character than 0, and is never read as one: only the error says it."""
    if digit == check_digit(value):
        return
    with_zeros = value.replace("O", "0"), digit.replace("O", "0")
    if (value, digit) != with_zeros and with_zeros[1] == check_digit(with_zeros[0]):
        raise MrzError(field=name, reason="letter-o")
    raise MrzError(field=name)


def _require_optional_digit(text: str, layout: _Layout) -> None:
    """TD3: the digit may be < when the optional data is empty (9303-4 4.2.2)."""
    value, digit = text[slice(*layout.optional)], text[layout.optional[1]]
    if digit != "<" or value.strip("<"):
        _require(value, digit, "optional")


def _document_number(text: str, layout: _Layout) -> tuple[str, str, str]:
    """The document number as the access keys take it, its check digit, and the remaining optional data.

    A long number goes on in the optional data (9303-5 4.2.2 note j)."""
    optional = text[slice(*layout.optional)]
    if text[layout.number[1]] == "<" and optional.strip("<"):
        rest, _, remaining = optional.partition("<")
        number = text[slice(*layout.number)] + rest[:-1]
        if not rest:
            raise MrzError(field="document-number")
        _require(number, rest[-1], "document-number")
        return number, rest[-1], _text(remaining)
    _require_digit(text, layout.number, "document-number")
    return text[slice(*layout.number)], text[layout.number[1]], _text(optional)


def _expiry(digits: str) -> date | None:
    if digits == INDEFINITE:
        return None
    if not digits.isdigit():
        raise MrzError(field="expiry")
    try:
        return date(2000 + int(digits[:2]), int(digits[2:4]), int(digits[4:]))
    except ValueError:
        raise MrzError(field="expiry") from None


def _birth(digits: str, expiry: date | None) -> PartialDate:
    """The MRZ has no century: 20YY when that lies before the expiry, else 19YY. Unknown parts are <<
    (9303-3 4.8)."""
    year, month, day = digits[:2], digits[2:4], digits[4:]
    if not year.isdigit() or not all(part.isdigit() or part == "<<" for part in (month, day)):
        raise MrzError(field="birth")
    last = 2099 if expiry is None else expiry.year
    likely = 2000 if 2000 + int(year) < last and expiry is not None else 1900
    for century in (likely, 3900 - likely):  # 29 February has only one of the two
        with contextlib.suppress(ValueError):
            return PartialDate(
                year=century + int(year),
                month=None if month == "<<" else int(month),
                day=None if day == "<<" or month == "<<" else int(day),
            )
    raise MrzError(field="birth")
