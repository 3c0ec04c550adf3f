"""Text that stands in an entry's body for ever, open to every reader of a pack: no number of a person in it."""

from __future__ import annotations

import re
from typing import Final

from sessions.errors import SessionsError

_PERSONAL: Final = re.compile(r"\d{9,}")
_DIGEST: Final = re.compile(r"\b[0-9a-f]{64}\b")
"""A SHA-256, such as a tree head's: whatever digits stand in it are nobody's."""


class PersonalNumberError(SessionsError):
    """A text for an entry's body with nine or more digits in a row: an identity or telephone number."""

    code = "text-has-number"


def one_line(text: str, longest: int) -> str:
    """Return text as an entry has it: one line, printable, cut to `longest`; raises PersonalNumberError."""
    line = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    if _PERSONAL.search(_DIGEST.sub("", line)):
        raise PersonalNumberError
    return line[:longest]
