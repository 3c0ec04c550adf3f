"""Names that read oddly: letters of an old font among Unicode, another alphabet, two persons in one cell."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import Final

from sessions.roster.legacy import from_tcvn3, from_vni, vietnamese_score
from sessions.roster.notes import WARNING, Note

_USUAL: Final = re.compile("[A-Za-z\u00c0-\u024f\u1ea0-\u1ef9 .'\u2019\u02bc()\\-]+")
_TWO: Final = re.compile(r"[^\W\d_][.)]?\s*[,;/&+]\s*[^\W\d_]{2}")
_GAIN: Final = 0.3


def odd_names(name: str) -> tuple[Note, ...]:
    """Return warnings of a name that is used as it stands; () for a usual one."""
    if name.isascii():
        return _two(name)
    usual = _USUAL.fullmatch(name) is not None
    score, _ = vietnamese_score((name,))
    if score == 1 and usual:
        return ()
    if (other := _otherwise(name, score)) is not None:
        return (Note(WARNING, "roster-name-old-font", name, other),)
    if usual or not any(_is_odd(char) for char in name):
        return _two(name)
    return (Note(WARNING, "roster-name-letters", name, ""), *_two(name))


def _two(name: str) -> tuple[Note, ...]:
    return (Note(WARNING, "roster-name-two-persons", name, ""),) if _TWO.search(name) else ()


def _is_odd(char: str) -> bool:
    return not char.isascii() and _USUAL.fullmatch(char) is None


def _otherwise(name: str, score: float) -> str | None:
    """Return how a name reads in an old font, or as UTF-8 taken for Windows-1252, where that is far more Vietnamese."""
    readings = [from_tcvn3(name), from_vni(name)]
    with suppress(UnicodeError):
        readings.append(name.encode("cp1252").decode("utf-8"))
    found = [(vietnamese_score((text,))[0], text) for text in readings if text != name and not text.isascii()]
    best = max(found, default=(0.0, ""), key=lambda each: each[0])
    return best[1] if best[0] >= score + _GAIN else None
