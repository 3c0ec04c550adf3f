"""When two spellings of a Vietnamese name are the same name, and in which order names are listed."""

from __future__ import annotations

import unicodedata
from typing import Final

_TONES: Final = "\u0300\u0301\u0303\u0309\u0323"
_D_LIKE: Final = str.maketrans({"\u00f0": "đ", "\u0256": "đ", "\u2019": "'", "\u02bc": "'"})
_ALPHABET: Final = "aăâbcdđeêfghijklmnoôơpqrstuưvwxyz"
_TONE_ORDER: Final = {"": 0, "\u0300": 1, "\u0309": 2, "\u0303": 3, "\u0301": 4, "\u0323": 5}


def display_form(text: str) -> str:
    """Return a name as kept and printed: NFC, one space between words, no invisible characters."""
    visible = "".join(_visible(char) for char in unicodedata.normalize("NFC", text))
    return " ".join(visible.split())


def comparison_key(name: str) -> str:
    """Return the form in which two spellings of one name are equal.

    Folded are letter case, NFC and NFD, the Đ of other alphabets (U+00D0, U+0189), old and new placing of the
    tone (hoà, hòa), and every kind of space. Letters and tones themselves are kept: An is not Ân.
    """
    words = display_form(name).casefold().translate(_D_LIKE).split()
    return " ".join(_with_tone_last(word) for word in words)


def sort_key(name: str) -> tuple[tuple[tuple[int, ...], tuple[int, ...]], ...]:
    """Return the key of Vietnamese lists: given name first, then the words before it; tones break ties."""
    words = comparison_key(name).split()
    ordered = words[-1:] + words[:-1]
    return tuple(_collate(word) for word in ordered)


def _visible(char: str) -> str:
    category = unicodedata.category(char)
    if category in {"Zs", "Zl", "Zp"} or char in "\t\r\n\v\f":
        return " "
    return "" if category in {"Cf", "Cc"} else char


def _with_tone_last(word: str) -> str:
    """Return the syllable's letters without its tone, then the tone: the placing no longer matters."""
    letters, tones = _split_tone(word)
    return unicodedata.normalize("NFC", letters) + tones


def _split_tone(word: str) -> tuple[str, str]:
    decomposed = unicodedata.normalize("NFD", word)
    tones = "".join(char for char in decomposed if char in _TONES)
    letters = "".join(char for char in decomposed if char not in _TONES)
    return unicodedata.normalize("NFC", letters), tones


def _collate(word: str) -> tuple[tuple[int, ...], tuple[int, ...]]:
    letters, tones = _split_tone(word)
    places = tuple(_ALPHABET.find(char) if char in _ALPHABET else 100 + ord(char) for char in letters)
    return places, tuple(_TONE_ORDER.get(tone, 9) for tone in tones)
