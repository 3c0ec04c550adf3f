"""The rule for the expiry of the card: birthdays at 14, 25, 40 and 60; a card issued within two years
before one of them lives until the next; none left means no expiry, written 991231 in the MRZ."""

from __future__ import annotations

from datetime import MAXYEAR, date
from typing import Final

THRESHOLDS: Final = (14, 25, 40, 60)
RENEWAL_YEARS: Final = 2
MAX_CANDIDATES: Final = 4


def expiry_by_rule(birth: date, issued: date) -> date | None:
    """The expiry a card issued on this day should bear; None: indefinite."""
    return next(
        (birthday(birth, age) for age in THRESHOLDS if issued < birthday(birth, age - RENEWAL_YEARS)), None
    )


def labelled_candidates(birth: date, issued: date) -> tuple[tuple[str, date | None], ...]:
    """At most four expiries in the order to try, with what each is: "rule", "next" (threshold), "indefinite".

    Births on 29 February have a "29feb" candidate behind the rule's: the other day on which a common year counts
    the birthday. It comes early, since both days are the same rule; the others contradict it."""
    rule = expiry_by_rule(birth, issued)
    found: list[tuple[str, date | None]] = [("rule" if rule is not None else "indefinite", rule)]
    if rule is None:
        return tuple(found)
    if (birth.month, birth.day) == (2, 29) and rule.day != birth.day:
        found.append(("29feb", date(rule.year, 3, 1)))
    following = [birthday(birth, age) for age in THRESHOLDS if birthday(birth, age) > rule]
    found += [("next", expires) for expires in following[:1]]
    return (*found, ("indefinite", None))[:MAX_CANDIDATES]


def candidates(birth: date, issued: date) -> tuple[date | None, ...]:
    """The expiries of `labelled_candidates`. None: indefinite."""
    return tuple(expires for _, expires in labelled_candidates(birth, issued))


def birthday(birth: date, age: int) -> date:
    """The day on which a person turns this age; 28 February for births on 29 February in common years. Beyond the
    calendar (the year on a card may be anything) its last day."""
    year = birth.year + age
    if year > MAXYEAR:
        return date.max
    try:
        return birth.replace(year=year)
    except ValueError:
        return date(year, 2, 28)
