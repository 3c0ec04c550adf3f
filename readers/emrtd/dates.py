"""Dates of which parts may be unknown: birth dates in the MRZ (9303-3 4.8) and on the Vietnamese card."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date
from typing import Final

_PRINTED: Final = re.compile(r"(?:(?:([0-9]{2})/?)?([0-9]{2})/?)?([0-9]{4})")


@dataclass(frozen=True, slots=True, kw_only=True)
class PartialDate:
    """A date whose month or day may be unknown (None). Hidden from repr: it is a birth date."""

    year: int = field(repr=False)
    month: int | None = field(default=None, repr=False)
    day: int | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        """Raises ValueError when the known parts are no date."""
        if self.month is None and self.day is not None:
            raise ValueError("day without month")
        date(self.year, self.month or 1, self.day or 1)

    @classmethod
    def of(cls, known: date) -> PartialDate:
        """A wholly known date."""
        return cls(year=known.year, month=known.month, day=known.day)

    @property
    def iso(self) -> str:
        """ISO 8601, reduced to what is known: 1999-01-15, 1999-01, 1999."""
        parts = [f"{self.year:04d}"]
        parts += [f"{part:02d}" for part in (self.month, self.day) if part is not None]
        return "-".join(parts)

    @property
    def full(self) -> date | None:
        """The date when every part is known."""
        if self.month is None or self.day is None:
            return None
        return date(self.year, self.month, self.day)

    @property
    def earliest(self) -> date:
        """The first day that these parts allow."""
        return date(self.year, self.month or 1, self.day or 1)

    def agrees_with(self, other: PartialDate) -> bool:
        """Whether every part that both know is equal."""
        pairs = ((self.year, other.year), (self.month, other.month), (self.day, other.day))
        return all(left == right for left, right in pairs if left is not None and right is not None)


def parse_printed(text: str) -> PartialDate:
    """A date as the Vietnamese card prints it: ddMMyyyy or dd/MM/yyyy, MM/yyyy or yyyy alone; 00 for an unknown day or
    month. Raises ValueError."""
    match = _PRINTED.fullmatch(text)
    if match is None:
        raise ValueError("date")
    day, month, year = (int(part or 0) for part in match.groups())
    return PartialDate(year=year, month=month or None, day=(day or None) if month else None)
