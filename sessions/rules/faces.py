"""What a rules file may say of faces beside the rates: presentation attacks, the search, old photographs."""

from __future__ import annotations

from typing import Any, Final

from sessions.rules.model import OldPhoto
from sessions.rules.tables import Table

PAD_CHECKS: Final = ("pad", "pad-turn", "pad-eyes", "pad-flash", "pad-model")
NEVER_REFUSE: Final = frozenset({*PAD_CHECKS, "face-search"})
"""Signs of a presentation attack, and a resemblance to others: advice to people, never evidence that refuses."""
MAX_FMR_REFER: Final = 1e-2
"""The weakest: of a hundred impostors one is looked at by a person."""
_MAX_FMR_SEARCH: Final = 1e-4


def searching(face: Table) -> dict[str, Any]:
    """Return what may stand in [face]: the false match rate of the search, and from when on a photograph is old."""
    found: dict[str, Any] = {}
    if "search_fmr" in face.value:
        found["search_fmr"] = face.number("search_fmr", _MAX_FMR_SEARCH)
    if "old_photo" in face.value:
        old = face.under("old_photo").only({"years", "fmr_refer"})
        found["old_photo"] = OldPhoto(
            years=old.integer("years", 1, 60), fmr_refer=old.number("fmr_refer", MAX_FMR_REFER)
        )
    return found


def pad_section(table: Table) -> dict[str, Any]:
    """Return [pad]: the checks that are made though not required, and how many turns of the head one takes."""
    table.only(set(), {"advised", "turns"}).policy()
    found: dict[str, Any] = {}
    if "advised" in table.value:
        found["pad_advised"] = frozenset(table.texts("advised", PAD_CHECKS))
    if "turns" in table.value:
        found["pad_turns"] = table.integer("turns", 1, 6)
    return found
