"""Who a person may be whose 12 digits the roster does not have. Suggestions: a person confirms one, or none."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from sessions.roster.columns import fold
from sessions.roster.model import PartialDate, Seat
from sessions.roster.names import comparison_key

OLD_NUMBER: Final = "old-number"
NAME_AND_BIRTH: Final = "name-and-birth"
NAME_AND_YEAR: Final = "name-and-year"
UNMARKED_NAME_AND_BIRTH: Final = "unmarked-name-and-birth"
_ORDER: Final = (OLD_NUMBER, NAME_AND_BIRTH, NAME_AND_YEAR, UNMARKED_NAME_AND_BIRTH)
MAX_SUGGESTIONS: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """A seat and why it is suggested; `why` has a text in every language as `suggestion.<why>`."""

    seat: Seat
    why: str


def suggestions(
    seats: Iterable[Seat],
    *,
    old_number: str | None = None,
    name: str | None = None,
    birth: PartialDate | None = None,
) -> tuple[Suggestion, ...]:
    """Return the seats that an old number, or a name and birth date, may mean; the best reason first.

    Spaces and dots in `old_number` do not matter. Without a birth date a name suggests nobody. A year alone, on either
    side, agrees with any date of that year, and a name without marks with one that has them.
    """
    digits = re.sub(r"\D", "", old_number or "")
    reasons = ((seat, _why(seat, digits, name, birth)) for seat in seats if not seat.erased)
    found = [Suggestion(seat=seat, why=why) for seat, why in reasons if why]
    found.sort(key=lambda each: _ORDER.index(each.why))
    return tuple(found[:MAX_SUGGESTIONS])


def _why(seat: Seat, digits: str, name: str | None, birth: PartialDate | None) -> str:
    if len(digits) == 9 and digits == seat.old_number:
        return OLD_NUMBER
    if name is None or birth is None:
        return ""
    same_name = comparison_key(name) == comparison_key(seat.full_name)
    if same_name and birth == seat.birth:
        return NAME_AND_BIRTH
    if same_name and birth.year == seat.birth.year and (birth.month is None or seat.birth.month is None):
        return NAME_AND_YEAR
    return UNMARKED_NAME_AND_BIRTH if birth == seat.birth and fold(name) == fold(seat.full_name) else ""
