"""What a witness notices about a station, and which of it is an alarm."""

from __future__ import annotations

from dataclasses import dataclass, field

FORK, BEHIND, INCONSISTENT, OLD_EPOCH, MORE = ("fork", "behind", "inconsistent", "old-epoch", "more")
"""What a witness notices and refuses: two roots of one size; a tree smaller than one it signed; growth that was not
shown; a checkpoint of an epoch that was left; further ones that are only counted."""
EPOCH, EPOCH_FIRST, EPOCH_SKIPPED = ("epoch", "epoch-first", "epoch-skipped")
"""What it notices and is no alarm: a new epoch that was shown to continue the old one; a station that is seen for the
first time, in a later epoch than its first; an epoch that is not the next one, and is refused."""
EPOCH_BEHIND, EPOCH_UNPROVEN = ("epoch-behind", "epoch-unproven")
"""What it signs, so that a restored station can go on, and is an alarm for ever: a new epoch with fewer entries than
were signed of the old one; a new epoch that was not shown to continue the old one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Something a witness noticed: what, of which log, how often; `known` is the size it had signed by then."""

    kind: str
    origin: str
    size: int
    root: bytes
    known: int
    note: str = field(repr=False)
    first_at: int
    last_at: int
    count: int

    @property
    def alarm(self) -> bool:
        """Whether a log may have been rewritten or put back; a new epoch that continues the old one is only news."""
        return self.kind not in {EPOCH, EPOCH_FIRST, EPOCH_SKIPPED}

    @property
    def missing(self) -> int:
        """By how many entries this tree is smaller than the one that was signed before."""
        return max(0, self.known - self.size)
