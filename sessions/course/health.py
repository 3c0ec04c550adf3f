"""What the list says of health certificates, as warnings; and how often chips were read, for a fee that is off.

Both only inform: nobody is kept out by them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final

from sessions.course.entries import SessionEntry
from sessions.roster.model import Seat
from sessions.rules import Rules

INVALID: Final = "health-invalid"
NUMBER_MISSING: Final = "health-number-missing"
DATE_OLD: Final = "health-date-old"
DATE_LATER: Final = "health-date-later"
MONTHS: Final = 12
"""For how long a certificate counts where the rules say nothing else."""
_READ: Final = frozenset({"passed"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Scans:
    """How many chips were read in a session, and what that comes to where the rules charge for it (VND)."""

    count: int
    enabled: bool
    fee_vnd: int

    @property
    def total_vnd(self) -> int:
        """The fee of all of them; 0 where none is charged."""
        return self.count * self.fee_vnd if self.enabled else 0


def health_warnings(seat: Seat, rules: Rules, day: date) -> tuple[str, ...]:
    """Return what is odd about a candidate's health certificate on a day, as codes; nothing for an exam's list, or
    where the list has nothing of health at all.
    """
    stated = (seat.health_valid, seat.health_number, seat.health_date)
    if seat.erased or rules.kind != "driving-test" or not any(stated):
        return ()
    found = [INVALID] if seat.health_valid == "no" else []
    if not seat.health_number:
        found.append(NUMBER_MISSING)
    return (*found, *_date_warnings(seat.health_date, day))


def _date_warnings(text: str, day: date) -> tuple[str, ...]:
    try:
        issued = date.fromisoformat(text)
    except ValueError:
        return ()
    if issued > day:
        return (DATE_LATER,)
    months = (day.year - issued.year) * 12 + day.month - issued.month - (day.day < issued.day)
    return (DATE_OLD,) if months >= MONTHS else ()


def scans(entries: Iterable[SessionEntry], rules: Rules) -> Scans:
    """Return how many attempts of a session read a chip to its end."""
    count = sum(
        entry.kind == "attempt" and entry.body["checks"].get("chip-read", {}).get("outcome") in _READ
        for entry in entries
    )
    return Scans(count=count, enabled=rules.fees.enabled, fee_vnd=rules.fees.scan_vnd)
