"""What the examination of a pack finds: codes that say what it is consistent with, places, and their order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

ALTERED: Final = (
    "pack-truncated",
    "pack-entry-missing",
    "pack-entry-reordered",
    "pack-entry-repeated",
    "pack-entry-inserted",
    "pack-entry-foreign",
    "pack-entry-changed",
    "pack-entry-form",
    "pack-checkpoint-altered",
    "pack-resigned",
    "pack-print-differs",
    "pack-roster-differs",
    "pack-evidence-swapped",
    "pack-evidence-changed",
    "pack-evidence-missing",
    "pack-evidence-unbound",
    "pack-evidence-erased",
    "pack-evidence-closed",
    "pack-sheet-exchanged",
    "pack-sheet-unlogged",
    "pack-certificate-exchanged",
    "pack-keys-foreign",
    "pack-proof-altered",
    "pack-member-altered",
    "pack-session-differs",
    "pack-counts-differ",
    "pack-cosignature-altered",
    "pack-surplus",
    "pack-manifest-altered",
    "pack-anchor-mismatch",
    "station-key-mismatch",
)
"""Evidence against the pack; within one place in this order."""
UNDECIDED: Final = (
    "pack-older",
    "pack-anchor-unproven",
    "pack-anchor-uncovered",
    "pack-anchor-other-station",
    "pack-not-cosigned",
    "pack-other-recipient",
)
"""Nothing against the pack; a comparison that was asked for could not be made, or did not come out for it."""
IRREGULAR: Final = (
    "pack-session-open",
    "pack-session-empty",
    "pack-attempt-unfinished",
    "pack-attempt-unbegun",
    "pack-clock-jump",
)
"""What the station wrote itself and somebody should ask about; no evidence against the pack."""
CODES: Final = (*ALTERED, *UNDECIDED, *IRREGULAR)
_LIMIT: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class PackFinding:
    """One thing that is not as it should be; the place is an entry (`seq`), a member, or the whole."""

    code: str
    seq: int | None = None
    member: str | None = None
    facts: Mapping[str, str | int] = field(default_factory=dict)

    @property
    def severity(self) -> str:
        """`altered`, `undecided` or `irregular`."""
        if self.code in ALTERED:
            return "altered"
        return "undecided" if self.code in UNDECIDED else "irregular"

    @property
    def rank(self) -> tuple[int, int, int, str]:
        """Entries by number, then members, then the whole; evidence before oddities; within one place by code."""
        worth = ("altered", "undecided", "irregular").index(self.severity)
        kind = CODES.index(self.code)
        if self.seq is not None:
            return 3 * worth, self.seq, kind, ""
        if self.member is not None:
            return 3 * worth + 1, 0, kind, self.member
        return 3 * worth + 2, 0, kind, ""


class PackFindings:
    """Collects findings; of each code only the first 100 are kept, and the lowest place always is."""

    def __init__(self) -> None:
        self._found: dict[str, list[PackFinding]] = {}
        self.skipped: tuple[str, ...] = ()

    def add(
        self, code: str, *, seq: int | None = None, member: str | None = None, **facts: str | int
    ) -> None:
        """Add a finding at an entry, at a member, or of the whole."""
        found = PackFinding(code=code, seq=seq, member=member, facts=facts)
        kept = self._found.setdefault(code, [])
        if found in kept:
            return
        kept.append(found)
        if len(kept) > _LIMIT:
            kept.sort(key=lambda each: each.rank)
            kept.pop()

    def skip(self, what: str) -> None:
        """Note a check that could not be made."""
        if what not in self.skipped:
            self.skipped = (*self.skipped, what)

    def has(self, code: str) -> bool:
        """Whether there is a finding of this code."""
        return code in self._found

    def in_order(self) -> tuple[PackFinding, ...]:
        """Return the findings, the first place first."""
        found = [each for kept in self._found.values() for each in kept]
        return tuple(sorted(found, key=lambda each: each.rank))
