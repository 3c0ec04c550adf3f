"""The keyed texts that a sheet is written with, and text made safe to print."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping

from reports.errors import TextMissingError

Texts = Mapping[str, str]
"""Texts by key, as in text/<language>/reports.toml; placeholders are those of str.format."""

DASH = "\u2014"
"""What stands where a result does not exist yet."""


def say(texts: Texts, key: str, /, **values: str | int) -> str:
    """Return the text of a key with its placeholders filled; raises TextMissingError."""
    try:
        return clean(texts[key].format(**values))
    except (KeyError, IndexError, ValueError):
        raise TextMissingError(key=key) from None


def clean(text: str) -> str:
    """Return the text in NFC on one line: control and invisible format characters dropped, spaces single."""
    kept = "".join(" " if char.isspace() else char for char in text if _printable(char))
    return " ".join(unicodedata.normalize("NFC", kept).split())


def _printable(char: str) -> bool:
    return char.isspace() or unicodedata.category(char) not in {"Cc", "Cf", "Cs", "Co", "Cn"}
