"""What verification finds: codes, places, and their order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

CODES: Final = (
    "log-altered-page",
    "log-altered-gap",
    "log-altered-body",
    "log-altered-leaf",
    "log-altered-checkpoint",
    "log-altered-node",
    "log-altered-evidence",
    "log-altered-roster",
    "log-altered-extra",
    "log-altered-schema",
    "log-other-station",
    "station-key-mismatch",
)
_LIMIT: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is not as this station wrote it; the place is a page, or an entry, or the whole."""

    code: str
    seq: int | None = None
    page: int | None = None
    facts: Mapping[str, str | int] = field(default_factory=dict)

    @property
    def rank(self) -> tuple[int, int, int]:
        """Pages first, then entries by number, then the whole; within one place by code."""
        kind = CODES.index(self.code)
        if self.page is not None:
            return 0, self.page, kind
        if self.seq is not None:
            return 1, self.seq, kind
        return 2, 0, kind


class Findings:
    """Collects findings; of each code only the first 200 are kept, and the lowest place always is."""

    def __init__(self) -> None:
        self.found: list[Finding] = []
        self.skipped: tuple[str, ...] = ()
        self._counts: dict[str, int] = {}

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
        if count < _LIMIT and found not in self.found:
            self.found.append(found)

    def skip(self, what: str) -> None:
        """Note a check that could not be made."""
        if what not in self.skipped:
            self.skipped = (*self.skipped, what)

    def in_order(self) -> tuple[Finding, ...]:
        """Return the findings, the first place first."""
        return tuple(sorted(self.found, key=lambda found: found.rank))
