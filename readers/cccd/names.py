"""Comparing Vietnamese names with their form in the MRZ: capitals, no diacritics, Đ written D."""

from __future__ import annotations

import unicodedata
from typing import Final

TD1_NAME_CHARACTERS: Final = 30


def fold(name: str) -> str:
    """The name in capitals A-Z with single spaces; anything else becomes a space."""
    replaced = name.replace("Đ", "D").replace("đ", "d")
    decomposed = unicodedata.normalize("NFKD", replaced).upper()
    kept = (character for character in decomposed if not unicodedata.combining(character))
    return " ".join("".join(letter if "A" <= letter <= "Z" else " " for letter in kept).split())


def same_name(full_name: str, mrz_name: str) -> bool:
    """Whether the full name folds to the MRZ's, which may be cut at the end of its line."""
    full, short = fold(full_name), fold(mrz_name)
    if full == short:
        return True
    return len(short) >= TD1_NAME_CHARACTERS - 2 and full.startswith(short)
