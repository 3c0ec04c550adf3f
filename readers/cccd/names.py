"""Comparing Vietnamese names with their form in the MRZ: capitals, no diacritics, Đ written D."""

from __future__ import annotations

import unicodedata
from typing import Final

TD1_NAME_CHARACTERS: Final = 30
_CUT_AT_MOST: Final = 2
"""Characters by which a folded name may stay below the line: the doubled filler, and one at its end."""


def fold(name: str) -> str:
    """The name in capitals A-Z with single spaces; anything else becomes a space."""
    replaced = name.replace("Đ", "D").replace("đ", "d")
    decomposed = unicodedata.normalize("NFKD", replaced).upper()
    kept = (character for character in decomposed if not unicodedata.combining(character))
    return " ".join("".join(letter if "A" <= letter <= "Z" else " " for letter in kept).split())


def same_name(full_name: str, mrz_name: str) -> bool:
    """Whether the full name folds to the MRZ's, which may be cut at the end of its line.

    Blanks do not count: the apostrophe of names such as H'Hen is left out of an MRZ or becomes a filler, both occur
    (9303-3 4.6)."""
    full, short = fold(full_name), fold(mrz_name)
    if full.replace(" ", "") == short.replace(" ", ""):
        return True
    return len(short) >= TD1_NAME_CHARACTERS - _CUT_AT_MOST and _is_cut(full.split(), short.split())


def _is_cut(full: list[str], short: list[str]) -> bool:
    """Whether a full line has the first parts of the name, each whole or shortened (9303-3 4.6)."""
    pairs = zip(full, short, strict=False)
    return len(short) <= len(full) and all(part.startswith(cut) for part, cut in pairs)
