"""What the 12 digits say of themselves: province, century and sex, year. It warns; it never refuses.

Sex and birth date can be corrected by law and the number stays, so that a difference proves nothing.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from sessions.roster.model import Seat


@cache
def provinces() -> Mapping[str, str]:
    """Return the codes of provinces as numbers hold them: three digits → name as it was when the codes were given."""
    data: dict[str, Any] = tomllib.loads((files("sessions.roster") / "provinces.toml").read_text("utf-8"))
    return {str(code): str(name) for code, name in data["provinces"].items()}


def province_of(number: str) -> str:
    """Return the name of the province where the birth was registered; "" for a code that no province has."""
    return provinces().get(number[:3], "")


def birth_year_of(number: str) -> int:
    """Return the year of birth that 12 digits state: 1900 to 2399."""
    return (19 + int(number[3]) // 2) * 100 + int(number[4:6])


def sex_of(number: str) -> str:
    """Return "nam" or "nữ" by the fourth of 12 digits."""
    return "nữ" if int(number[3]) % 2 else "nam"


def number_warnings(seat: Seat) -> tuple[str, ...]:
    """Return codes of what in a seat's number does not agree with itself or with the row; () without a number."""
    number = seat.id_number
    if len(number) != 12 or not (number.isascii() and number.isdigit()):
        return ()
    found = []
    if not province_of(number):
        found.append("roster-number-province")
    if birth_year_of(number) != seat.birth.year:
        found.append("roster-number-and-birth-differ")
    if seat.sex and seat.sex != sex_of(number):
        found.append("roster-number-and-sex-differ")
    return tuple(found)
