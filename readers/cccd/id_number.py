"""The 12-digit identity number: province of birth registration, century and sex, year of birth, six digits.

Sex and birth year can be corrected by law, so what the number says is compared with a warning, never refused.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from readers.emrtd.access_key import Can
from readers.errors import IdNumberError

DIGITS: Final = 12
_CAN_DIGITS: Final = 6


@dataclass(frozen=True, slots=True)
class IdNumber:
    """Twelve digits, hidden from repr. Build with `parse_id_number`."""

    value: str = field(repr=False)

    @property
    def can(self) -> Can:
        """The card access number of the card with this number: its last six digits."""
        return Can(self.value[-_CAN_DIGITS:])

    @property
    def id_number(self) -> IdNumber:
        """Itself, so that a QR payload and a typed number can be asked alike."""
        return self

    @property
    def sex(self) -> str:
        """By the fourth digit: "M" or "F"."""
        return "F" if int(self.value[3]) % 2 else "M"

    @property
    def birth_year(self) -> int:
        """Year of birth by the fourth to sixth digit, 1900 to 2399."""
        return 1900 + 100 * (int(self.value[3]) // 2) + int(self.value[4:6])

    @property
    def masked(self) -> str:
        """First three and last four digits, the rest as dots: for screens, never for the log."""
        return self.value[:3] + "•" * 5 + self.value[-4:]

    def __str__(self) -> str:
        return self.masked


def parse_id_number(text: str) -> IdNumber:
    """The number in a text of twelve ASCII digits, spaces around it allowed. Raises IdNumberError."""
    digits = text.strip().strip("\ufeff").strip()
    for position, character in enumerate(digits[: DIGITS + 1], start=1):
        if not ("0" <= character <= "9"):
            raise IdNumberError(reason="not-a-digit", position=position)
    if len(digits) != DIGITS:
        raise IdNumberError(reason="length", length=len(digits))
    return IdNumber(digits)
