"""What the log knows of the files that are printed, and what it is told of their ends."""

from __future__ import annotations

from proctor.printing.outcomes import LoggedSheet, Outcome, find_sheets, outcome_of
from proctor.printing.queue import NOT_ENTERED, Job
from sessions.record import STATION, Operator
from sessions.store import Store


class Ledger:
    """The log, as the print desk sees it. Raises StoreError."""

    def __init__(self, store: Store, operator: Operator) -> None:
        self._store, self._operator = store, operator
        self._sheets: dict[str, LoggedSheet] = {}

    @property
    def size(self) -> int:
        """The log's size: the number of its next entry."""
        return self._store.head().size

    def sheet(self, sha256: str) -> LoggedSheet | None:
        """Return what the log knows of a file; the log only grows, so what was found is true for ever."""
        if sha256 not in self._sheets:
            self._sheets = find_sheets(self._store)
        return self._sheets.get(sha256)

    def outcome(self, sha256: str) -> Outcome:
        """Return what became of this very file."""
        return outcome_of(self._store, sha256, exactly=True)

    def enter(self, job: Job) -> int:
        """Enter how a job ended, unless that was done since it did; return the entry's number, or NOT_ENTERED where no
        print of this log stands behind the file.
        """
        sheet = self.sheet(job.sha256)
        if sheet is None:
            return NOT_ENTERED
        for entry in self._store.entries_after(job.head - 1, sheet.session):
            if entry.kind == "print-job" and entry.body["pdf_sha256"] == job.sha256:
                return entry.seq
        body: dict[str, str | int] = {
            "session": sheet.session,
            "pdf_sha256": job.sha256,
            "printer": job.printer,
            "outcome": job.state.value,
            "copies": job.copies,
        }
        if job.reasons:
            body["reason"] = " ".join(job.reasons)
        operator = self._operator if job.by == self._operator.user_id else STATION
        return self._store.append("print-job", body, operator=operator).seq
