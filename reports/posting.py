"""Copies for a wall: which sheets may hang there, and what such a copy leaves out. Pure.

Luật Bảo vệ dữ liệu cá nhân 91/2025/QH15 and Nghị định 356/2025/NĐ-CP: whoever walks past needs to find a name and a
place, no more. So a posted copy has no portrait, no address, masked numbers, no place to sign, and nothing of how
somebody was identified: why a person came by the manual path may be a matter of health, belief or family.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from typing import Final

from reports.errors import ReportsError
from reports.session_sheet import Frame, Spec
from reports.sheet import Header

POSTED_KINDS: Final = ("attendance", "call-list", "results")
"""The kinds that have a copy for a wall."""
POSTED_ROW_MM: Final = 8.0
"""The least height of a row in which nobody signs."""
_SHOWN_BEFORE: Final = 3
_SHOWN_AFTER: Final = 4
_DOT: Final = "\u2022"


class SheetNotPostedError(ReportsError):
    """A kind of sheet that must not hang on a wall: it tells more of a person than a list needs to."""

    code = "sheet-not-posted"


def require_postable(kind: str) -> str:
    """Return a kind that may be posted; raises SheetNotPostedError."""
    if kind not in POSTED_KINDS:
        raise SheetNotPostedError(kind=kind, known=" ".join(POSTED_KINDS))
    return kind


def posted_header(frame: Frame, header: Header, *, posted: bool) -> Header:
    """Return the head of a copy for a wall: its title says that it is one, the first line what it leaves out."""
    if not posted:
        return header
    title = f"{header.title} \u2013 {frame.say('posted.title')}"
    return replace(header, title=title, lines=(frame.say("posted.what"), *header.lines))


def posted_specs(
    specs: Iterable[Spec], *, without: Collection[str], wide: Collection[str]
) -> tuple[Spec, ...]:
    """Return columns without those that a wall does not show; the `wide` ones share their room."""
    taken = tuple(specs)
    free = sum(width for name, width, _ in taken if name in without) / len(wide)
    return tuple(
        (name, width + free if name in wide else width, align)
        for name, width, align in taken
        if name not in without
    )


def mask_number(number: str) -> str:
    """Return a number with its middle hidden: 001099000001 → 001•••••0001; one too short for that, wholly."""
    hidden = len(number) - _SHOWN_BEFORE - _SHOWN_AFTER
    if hidden <= 0:
        return _DOT * 8
    return number[:_SHOWN_BEFORE] + _DOT * hidden + number[-_SHOWN_AFTER:]
