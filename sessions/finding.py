"""What verification finds: codes, places, how grave, and their order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final


class Severity(StrEnum):
    """`ALTERED`: not as this station writes; `UNDECIDED`: a comparison that was asked for could not be made;
    `IRREGULAR`: so written, and worth a person's look.
    """

    ALTERED = "altered"
    UNDECIDED = "undecided"
    IRREGULAR = "irregular"


ALTERED: Final = (
    "log-altered-page",
    "log-altered-gap",
    "log-altered-body",
    "log-altered-leaf",
    "log-altered-checkpoint",
    "log-altered-node",
    "log-altered-evidence",
    "log-altered-roster",
    "log-altered-event",
    "log-altered-clock",
    "log-altered-order",
    "log-altered-signature",
    "log-altered-cosignature",
    "log-altered-extra",
    "log-altered-schema",
    "anchor-mismatch",
    "anchor-ahead",
    "log-other-station",
    "station-key-mismatch",
)
UNDECIDED: Final = ("anchor-unproven", "anchor-other-station", "anchor-lost", "epoch-previous-unproven")
IRREGULAR: Final = (
    "clock-jump",
    "clock-back",
    "attempt-without-begin",
    "attempt-unfinished",
    "session-not-opened",
    "session-empty",
    "session-not-closed",
    "erasure-unfinished",
    "evidence-without-keys",
    "epoch-entries-lost",
    "epoch-forked",
    "witness-unpinned",
    "user-key-replaced",
)
CODES: Final = (*ALTERED, *UNDECIDED, *IRREGULAR)
_SEVERITIES: Final = {
    **dict.fromkeys(ALTERED, Severity.ALTERED),
    **dict.fromkeys(UNDECIDED, Severity.UNDECIDED),
    **dict.fromkeys(IRREGULAR, Severity.IRREGULAR),
}
_GRAVITY: Final = {severity: place for place, severity in enumerate(Severity)}
_LIMIT: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is not as it should be; the place is a page, or an entry, or the whole."""

    code: str
    seq: int | None = None
    page: int | None = None
    facts: Mapping[str, str | int] = field(default_factory=dict)

    @property
    def severity(self) -> Severity:
        """How grave it is."""
        return _SEVERITIES[self.code]

    @property
    def rank(self) -> tuple[int, int, int, int]:
        """Grave before light; pages first, then entries by number, then the whole; within one place by code."""
        gravity, kind = _GRAVITY[self.severity], CODES.index(self.code)
        if self.page is not None:
            return gravity, 0, self.page, kind
        if self.seq is not None:
            return gravity, 1, self.seq, kind
        return gravity, 2, 0, kind


class Findings:
    """Collects findings; of each code only the first 200 are kept, and the lowest place always is."""

    def __init__(self) -> None:
        self.found: list[Finding] = []
        self.skipped: tuple[str, ...] = ()
        self._counts: dict[str, int] = {}
        self._lowest: dict[str, Finding] = {}

    def add(self, code: str, **facts: str | int) -> None:
        """Add a finding; `seq` and `page` are its place, `frame` a frame of the write-ahead log."""
        seq, page = facts.pop("seq", None), facts.pop("page", None)
        if code == "log-altered-page" and page is None:
            page = 0
        found = Finding(
            code=code,
            seq=None if seq is None else int(seq),
            page=None if page is None else int(page),
            facts=facts,
        )
        count = self._counts.get(code, 0)
        self._counts[code] = count + 1
        lowest = self._lowest.get(code)
        if lowest is None or found.rank < lowest.rank:
            self._lowest[code] = found
        if count < _LIMIT and found not in self.found:
            self.found.append(found)

    def skip(self, what: str) -> None:
        """Note a check that could not be made, or was not."""
        if what not in self.skipped:
            self.skipped = (*self.skipped, what)

    @property
    def altered(self) -> bool:
        """Whether anything found is evidence against the log."""
        return any(_SEVERITIES[code] is Severity.ALTERED for code in self._counts)

    def in_order(self) -> tuple[Finding, ...]:
        """Return the findings, the gravest and first place first."""
        kept = [*self.found, *(each for each in self._lowest.values() if each not in self.found)]
        return tuple(sorted(kept, key=lambda found: found.rank))
