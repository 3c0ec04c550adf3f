"""The part of verification that compares the log with what left the machine: anchors, and what new epochs lost."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from sessions.anchor import Anchor, parse_note_anchor
from sessions.checkpoint import VerifierKey, epoch_of, station_of
from sessions.cosignature import CosignerKey
from sessions.finding import Findings
from sessions.keyschedule import Epoch, KeySchedule

OK: Final = "ok"
RootAt = Callable[[int], bytes | None]
"""Returns the log's root of a size, or None where it cannot be known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """What an anchor came to: `code` is "ok" or the finding's code."""

    anchor: Anchor
    code: str


class Anchors:
    """Compares tree heads with a log of `size` entries; `pinned` are the keys that this machine believes."""

    def __init__(
        self,
        findings: Findings,
        schedule: KeySchedule,
        root_at: RootAt,
        size: int,
        *,
        pinned: Sequence[VerifierKey],
        witnesses: Sequence[CosignerKey],
    ) -> None:
        self._findings, self._schedule, self._root_at = findings, schedule, root_at
        self._size, self._pinned, self._witnesses = size, pinned, witnesses
        self._keys = (*pinned, *(key for period in schedule.periods for key in period.keys))

    def compare(self, anchors: Sequence[Anchor]) -> tuple[Compared, ...]:
        """Report every anchor that does not fit, with the stretch of entries it narrows the change to."""
        compared = tuple(Compared(anchor=anchor, code=self._judge(anchor)) for anchor in anchors)
        good = [each.anchor.size for each in compared if each.code == OK]
        wrong = [each.anchor.size for each in compared if each.code == "anchor-mismatch"]
        for each in compared:
            if each.code != OK:
                self._report(each, good, min(wrong, default=0))
        return compared

    def _judge(self, anchor: Anchor) -> str:
        """Return "ok" or the code of what is wrong."""
        if station_of(anchor.origin) != station_of(self._schedule.origin):
            return "anchor-other-station"
        last, following = self._reach(anchor.origin)
        if anchor.size > last:
            if following is not None and self._declared(anchor, following):
                return "anchor-lost"
            code = "anchor-ahead"
        elif self._root_at(anchor.size) == anchor.root:
            return OK
        else:
            code = "anchor-mismatch"
        return code if anchor.proven_by(self._keys, self._witnesses) else "anchor-unproven"

    def _reach(self, origin: str) -> tuple[int, Epoch | None]:
        """Return the last size that the log has under this origin, and the epoch that followed; -1 for none such."""
        epochs = self._schedule.epochs
        if origin == self._schedule.origin:
            return self._size, None
        if epoch_of(origin) > epoch_of(self._schedule.origin):
            return -1, None
        following = next((epoch for epoch in epochs if epoch_of(epoch.origin) == epoch_of(origin) + 1), None)
        return (self._size, None) if following is None else (following.seq, following)

    def _declared(self, anchor: Anchor, following: Epoch) -> bool:
        """Whether the epoch entry says that entries up to this one were lost, by a checkpoint that somebody signed.

        Whoever has the station's key can sign one: what was declared lost is not altered for that, nor confirmed.
        """
        if not previous_proven(self._schedule, following, self._pinned):
            return False
        if anchor.origin != following.previous_origin or anchor.size > following.previous_size:
            return False
        return anchor.size < following.previous_size or anchor.root == following.previous_root

    def _report(self, compared: Compared, good: Sequence[int], first_wrong: int) -> None:
        anchor, facts = compared.anchor, {}
        if compared.code == "anchor-mismatch":
            before = max((size for size in good if size < first_wrong), default=0)
            facts = {"unchanged": before, "changed_by": first_wrong}
        self._findings.add(
            compared.code, size=anchor.size, log_size=self._size, anchor=anchor.label[:80], **facts
        )


def previous_proven(schedule: KeySchedule, epoch: Epoch, pinned: Sequence[VerifierKey]) -> bool:
    """Whether a key that the log named before this epoch, or a pinned one, signed the checkpoint it names."""
    before = [key for period in schedule.periods if period.seq < epoch.seq for key in period.keys]
    return parse_note_anchor(epoch.previous_note).proven_by([*before, *pinned])


def judge_epochs(
    findings: Findings, schedule: KeySchedule, root_at: RootAt, pinned: Sequence[VerifierKey]
) -> None:
    """Report what new epochs lost, and where the checkpoint they name was signed by nobody known."""
    for epoch in schedule.epochs:
        size = epoch.previous_size
        if size > epoch.seq:
            findings.add("epoch-entries-lost", seq=epoch.seq, lost=size - epoch.seq, size=size)
        elif root_at(size) not in {None, epoch.previous_root}:
            findings.add("epoch-forked", seq=epoch.seq, size=size)
        if not previous_proven(schedule, epoch, pinned):
            findings.add("epoch-previous-unproven", seq=epoch.seq, size=size)
