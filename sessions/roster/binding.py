"""How an open entry is bound to its roster without telling anybody who is on it."""

from __future__ import annotations

from sessions.errors import RosterDocumentError
from sessions.roster.document import parse_document


def roster_hash(document: bytes) -> str:
    """Return the roster hash (hexadecimal, SHA-256) of a stored roster document, of form 2 or 1.

    It is salted, so that it cannot be found by trying names, dates and numbers, and stays the same when rows are
    erased. Bytes that are no roster document have the empty text, which is nobody's roster hash.
    """
    try:
        return parse_document(document).roster_hash
    except RosterDocumentError:
        return ""
