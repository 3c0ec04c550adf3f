"""Base45 of RFC 9285 for page seals: the one of `sessions`, with this package's errors."""

from __future__ import annotations

from reports.errors import SealFormatError
from sessions import base45
from sessions.errors import NoteFormatError

ALPHABET = base45.ALPHABET
encode = base45.encode


def decode(text: str) -> bytes:
    """Return the bytes of a text; raises SealFormatError for anything `encode` would not produce."""
    try:
        return base45.decode(text)
    except NoteFormatError as error:
        raise SealFormatError(**error.facts) from None
