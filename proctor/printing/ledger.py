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
        self._prints: dict[tuple[str, str], list[LoggedSheet]] = {}
        self._size = -1

    def refresh(self) -> None:
        """Read what the log knows of files, where it has grown."""
        size = self.size
        if size == self._size:
            return
        self._sheets, self._prints = find_sheets(self._store), {}
        for sheet in self._sheets.values():
            self._prints.setdefault((sheet.session, sheet.kind), []).append(sheet)
        self._size = size

    @property
    def size(self) -> int:
        """The log's size: the number of its next entry."""
        return self._store.head().size

    def sheet(self, sha256: str) -> LoggedSheet | None:
        """Return what the log knows of a file; the log only grows, so what was found is true for ever."""
        if sha256 not in self._sheets:
            self.refresh()
        return self._sheets.get(sha256)

    def newer(self, sheet: LoggedSheet) -> LoggedSheet | None:
        """Return the newest print of the same sheet that was made after this one, as of the last `refresh`."""
        later = [other for other in self._others(sheet) if other.seq > sheet.seq]
        return max(later, key=lambda other: other.seq, default=None)

    def twins(self, sheet: LoggedSheet) -> list[LoggedSheet]:
        """Return the files of other prints of the same sheet that nothing on paper tells from this one."""
        return [other for other in self._others(sheet) if other.copy == sheet.copy]

    def _others(self, sheet: LoggedSheet) -> list[LoggedSheet]:
        known = self._prints.get((sheet.session, sheet.kind), ())
        return [other for other in known if sheet.shows_what(other)]

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
