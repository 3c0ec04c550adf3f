"""The rule for the expiry of the card: birthdays at 14, 25, 40 and 60; a card issued within two years
before one of them lives until the next; none left means no expiry, written 991231 in the MRZ."""

from __future__ import annotations

from datetime import date
from typing import Final

THRESHOLDS: Final = (14, 25, 40, 60)
RENEWAL_YEARS: Final = 2
MAX_CANDIDATES: Final = 4


def expiry_by_rule(birth: date, issued: date) -> date | None:
    """The expiry a card issued on this day should bear; None: indefinite."""
    return next(
        (birthday(birth, age) for age in THRESHOLDS if issued < birthday(birth, age - RENEWAL_YEARS)), None
    )


def candidates(birth: date, issued: date) -> tuple[date | None, ...]:
    """At most four expiries in the order to try: the rule's, the next threshold's, indefinite; and for
    births on 29 February the other day of the changeover. None: indefinite."""
    rule = expiry_by_rule(birth, issued)
    following = [
        birthday(birth, age) for age in THRESHOLDS if rule is not None and birthday(birth, age) > rule
    ]
    found: list[date | None] = [rule, *following[:1], None]
    if (birth.month, birth.day) == (2, 29) and rule is not None and rule.day != birth.day:
        found.insert(1, date(rule.year, 3, 1))
    return tuple(dict.fromkeys(found))[:MAX_CANDIDATES]


def birthday(birth: date, age: int) -> date:
    """The day on which a person turns this age; 28 February for births on 29 February in common years."""
    try:
        return birth.replace(year=birth.year + age)
    except ValueError:
        return date(birth.year + age, 2, 28)
