"""Which keys may have signed a checkpoint of a station whose log was put back: its own chain's, and later ones."""

from __future__ import annotations

from collections.abc import Iterable

from sessions.checkpoint import VerifierKey
from sessions.keyschedule import KeySchedule
from sessions.reader import LogReader


def schedule_of(log: LogReader) -> KeySchedule:
    """Return the key schedule of an open log; raises StoreError."""
    schedule = KeySchedule()
    for entry in sorted((*log.entries("key"), *log.entries("epoch")), key=lambda entry: entry.seq):
        schedule.add(entry.seq, entry.body)
    return schedule


def signers(schedule: KeySchedule, size: int, others: Iterable[VerifierKey]) -> tuple[VerifierKey, ...]:
    """Return the keys that may have signed a checkpoint of a size: the one the log says, and `others` that it does not
    know yet. A key that the log has left behind signs nothing later: it may be a thief's by now.
    """
    period = schedule.period_of(size)
    in_force = () if period is None else period.keys
    last = None if schedule.last is None else schedule.last.public
    left = {key.public for each in schedule.periods for key in each.keys} - {last}
    return (*in_force, *(key for key in others if key.public not in left))
