"""Texts and dates from data groups: what can be shown is shown safely, the rest is said to be unreadable."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Final

from readers.emrtd.dates import PartialDate

if TYPE_CHECKING:
    from datetime import date

_WIDE: Final = {0x1E: "utf-16-be", 0x1C: "utf-32-be"}
STRING_TAGS: Final = frozenset({0x0C, 0x12, 0x13, 0x14, 0x16, 0x1A, *_WIDE})
"""UTF8String, Numeric, Printable, Teletex, IA5, Visible, BMP and UniversalString (X.680 41)."""
_UNSAFE: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def readable(octets: bytes, tag: int = 0x0C) -> tuple[str, bool]:
    """NFC text with broken octets and unsafe characters escaped, and whether nothing had to be escaped."""
    coding = _WIDE.get(tag, "utf-8")
    try:
        text = octets.decode(coding)
    except UnicodeDecodeError:
        broken = octets.decode("utf-8" if coding == "utf-8" else "latin-1", errors="backslashreplace")
        return escape(unicodedata.normalize("NFC", broken)), False
    text = unicodedata.normalize("NFC", text)
    shown = escape(text)
    return shown, shown == text


def escape(text: str) -> str:
    """Replace control, format (bidi overrides too), private, unassigned and line-breaking characters by \\u escapes."""
    return "".join(
        f"\\u{ord(character):04x}" if unicodedata.category(character) in _UNSAFE else character
        for character in text
    )


def date_ccyymmdd(octets: bytes) -> PartialDate | None:
    """A date as DG11 and DG12 write it (9303-10 4.7.11, 4.7.12): eight digits, or four octets of BCD; None otherwise.

    Zeros or fillers stand for an unknown month or day."""
    text = octets.hex() if len(octets) == 4 else octets.decode("ascii", errors="replace")
    digits = text.replace("<", "0")
    if len(digits) != 8 or not (digits.isascii() and digits.isdigit()):
        return None
    month, day = int(digits[4:6]), int(digits[6:])
    try:
        return PartialDate(year=int(digits[:4]), month=month or None, day=(day or None) if month else None)
    except ValueError:
        return None


def whole(known: PartialDate | None) -> date | None:
    """The date when every part of it is known."""
    return None if known is None else known.full
