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


def roster_rows(document: bytes) -> tuple[str, tuple[bytes, ...]]:
    """Return the roster hash and the rows' hashes in order (of form 1: none); ("", ()) for what is no document."""
    try:
        found = parse_document(document)
    except RosterDocumentError:
        return "", ()
    return found.roster_hash, tuple(row.digest for row in found.rows) if found.redactable else ()
