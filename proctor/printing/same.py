"""Other prints of the same sheet: which job is of yesterday, and which must wait, so that no two first prints come out.

A print that never came out does not count, so the next one bears the same number. From then on only the newest may go
to paper: an older job ends as soon as it can be taken back, and the newer one waits for that.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from proctor.printing.errors import AlreadyPrintedError, PrintUnknownError, SupersededError, UnderwayError
from proctor.printing.ledger import Ledger
from proctor.printing.model import State
from proctor.printing.outcomes import UNKNOWN, LoggedSheet, Outcome
from proctor.printing.queue import PRINTED_LATER, SUPERSEDED, Job, PrintQueue

_OUT: Final = frozenset({Outcome.PRINTED, Outcome.UNKNOWN})


class SamePrints:
    """What the log and the queue know of prints of one sheet. `refresh` first. Raises StoreError."""

    def __init__(self, ledger: Ledger, queue: PrintQueue) -> None:
        self._ledger, self._queue = ledger, queue

    def refresh(self) -> None:
        """Read the log, where it has grown."""
        self._ledger.refresh()

    def require_unprinted(self, file: Path, sheet: LoggedSheet, *, looked: bool = False) -> None:
        """Raise why a file must not go to a printer: SupersededError, UnderwayError, PrintUnknownError,
        AlreadyPrintedError. `looked`: somebody has seen that no paper lies in the printer.
        """
        self._require_newest(file, sheet)
        same = [job for job in self._queue.jobs() if job.sha256 == sheet.sha256]
        for job in same:
            if not job.done:
                raise UnderwayError(file=str(file), job=job.number)
        outcome = self._ledger.outcome(sheet.sha256)
        if outcome is Outcome.UNKNOWN and not looked:
            lost = next((job.number for job in reversed(same) if UNKNOWN in job.reasons), None)
            if lost is not None:
                raise PrintUnknownError(file=str(file), job=lost)
        out = outcome is Outcome.PRINTED or (outcome is Outcome.UNKNOWN and not looked)
        if out or self.twin_is_out(sheet):
            raise AlreadyPrintedError(file=str(file), sheet=sheet.kind)

    def superseded(self, job: Job) -> bool:
        """Whether a later print of a job's sheet exists."""
        return self._newer(job) is not None

    def to_take_back(self, job: Job) -> bool:
        """Whether a job that the printer has not begun looks like a later print."""
        sheet, newer = self._ledger.sheet(job.sha256), self._newer(job)
        if sheet is None or newer is None or job.state is State.PRINTING:
            return False
        return newer.copy == sheet.copy

    def twin_underway(self, job: Job) -> bool:
        """Whether another print that looks like a job's is on its way to a printer."""
        sheet = self._ledger.sheet(job.sha256)
        twins = set() if sheet is None else {twin.sha256 for twin in self._ledger.twins(sheet)}
        return any(other.sha256 in twins and not other.done for other in self._queue.jobs())

    def twin_is_out(self, sheet: LoggedSheet | None) -> bool:
        """Whether another print that looks the same lies on paper, or may."""
        twins = () if sheet is None else self._ledger.twins(sheet)
        return any(self._ledger.outcome(twin.sha256) in _OUT for twin in twins)

    def settled(self) -> Iterator[tuple[Job, str]]:
        """Yield the failed jobs that nobody needs to send again any more, and why."""
        jobs = self._queue.jobs()
        printed = {job.sha256: job.number for job in jobs if job.state is State.PRINTED}
        for job in jobs:
            if job.state is not State.FAILED or not job.done or job.settled:
                continue
            if printed.get(job.sha256, 0) > job.number:
                yield job, PRINTED_LATER
            elif self.superseded(job):
                yield job, SUPERSEDED

    def _newer(self, job: Job) -> LoggedSheet | None:
        sheet = self._ledger.sheet(job.sha256)
        return None if sheet is None else self._ledger.newer(sheet)

    def _require_newest(self, file: Path, sheet: LoggedSheet) -> None:
        self.refresh()
        newer = self._ledger.newer(sheet)
        if newer is not None:
            raise SupersededError(file=str(file), sheet=sheet.kind, entry=newer.seq)
