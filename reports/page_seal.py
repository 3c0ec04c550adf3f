"""The page seal of a sheet's page: what of the sheet it says, and how many rows it has room for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from reports.seal import SHORT_HASH, PageSeal, fits
from reports.sheet import Sheet

VARIANT: Final = 24
"""Letters of a sheet's variant that its seals carry; the log has all of them."""
Mark = tuple[str, str]


def page_seal(sheet: Sheet, *, page: int, pages: int, digest: bytes, marks: Sequence[Mark]) -> PageSeal:
    """Return what the seal of a page says; `page` from 1, `digest` that of the page, `marks` of its rows."""
    return PageSeal(
        kind=sheet.kind,
        origin=sheet.head.origin,
        session_id=sheet.session_id,
        page=page,
        pages=pages,
        size=sheet.head.size,
        root=sheet.head.root,
        roster=bytes.fromhex(sheet.roster_hash)[:SHORT_HASH],
        digest=digest[:SHORT_HASH],
        rows=tuple(marks),
        variant=sheet.variant[:VARIANT],
    )


def has_room(sheet: Sheet, marks: Sequence[Mark]) -> bool:
    """Whether one page's seal has room for these rows."""
    return fits(
        marks,
        kind=sheet.kind,
        origin=sheet.head.origin,
        session_id=sheet.session_id,
        variant=sheet.variant[:VARIANT],
    )
