"""The print desk: takes sheets at once, brings them to a printer beside the window, and enters what became of each.

A job is sent only while its file is, byte for byte, one that an entry of the log made; its bytes go to the printer from
memory, so nobody can change them in between. Each end is one `print-job` entry: the queue's file says first how the job
ended and how long the log was, so that after a crash in between nothing is entered twice or left out.
"""

from __future__ import annotations

import hashlib
import secrets
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Final

from proctor.printing.checking import find_printer, read_sheet
from proctor.printing.errors import (
    ForbiddenError,
    JobEndedError,
    JobOpenError,
    NotAcceptingError,
    PrintingError,
    RefusedError,
    SheetUnknownError,
    SystemDownError,
    TimedOutError,
)
from proctor.printing.ledger import Ledger
from proctor.printing.model import Document, Order, Printer, PrinterInfo, State
from proctor.printing.outcomes import UNKNOWN, LoggedSheet
from proctor.printing.queue import NOWHERE, PRINTED_BEFORE, SUPERSEDED, Job, PrintQueue
from proctor.printing.same import SamePrints
from proctor.printing.settings import Choice
from reports.errors import ReportsError
from sessions.errors import SessionsError
from sessions.record import Operator, format_utc
from sessions.store import Store

MAX_TRIES: Final = 3
RETRY_S: Final = 4.0
POLL_S: Final = 1.0
STOP_S: Final = 5.0
_ASKED: Final = 8
"""How many jobs of one printer are asked after at a time: it prints one after the other."""
_NOTHING_SENT: Final = (SystemDownError, NotAcceptingError)
"""After these errors a job is tried again by itself: the printer has none of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How often a printer is asked, how long after a failed try the next one comes, and how many there are."""

    poll_s: float = POLL_S
    retry_s: float = RETRY_S
    max_tries: int = MAX_TRIES


class PrintDesk:
    """The printing of one open data root: `choices` says by kind of sheet where it goes, `allow` raises where the
    session's rules do not let this person print. Every public method may be called from any thread and returns at once,
    except `step` and `wait`, which do the work; `start` has a thread do it.
    """

    def __init__(
        self,
        *,
        store: Store,
        operator: Operator,
        queue: PrintQueue,
        printer: Printer,
        now: Callable[[], datetime],
        choices: Callable[[str], Choice],
        allow: Callable[[str], None],
        pace: Pace | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._ledger, self._operator = Ledger(store, operator), operator
        self._same = SamePrints(self._ledger, queue)
        self._queue, self._printer = queue, printer
        self._choices, self._allow = choices, allow
        self._now, self._pace, self._monotonic = now, pace or Pace(), monotonic
        self._events: SimpleQueue[Job] = SimpleQueue()
        self._submitting = threading.Lock()
        self._stepping = threading.Lock()
        self._wake, self._stopping = threading.Event(), threading.Event()
        self._worker: threading.Thread | None = None
        self._due: dict[int, float] = {}
        self._infos: tuple[PrinterInfo, ...] | None = None
        self._sent_here: set[int] = set()
        self._resume: set[int] = set()

    # -- what a window or a command calls -----------------------------------------------------------

    def submit(self, file: Path, choice: Choice | None = None) -> Job:
        """Take a sheet; what `choice` leaves open, the settings say. Nothing is asked of the printer here.

        Raises as `require`, and QueueFullError, OSError.
        """
        with self._submitting:
            sheet = self.require(file)
            return self._add(str(file.absolute()), sheet, choice or Choice())

    def require(self, file: Path) -> LoggedSheet:
        """Return what the log knows of a file that may be printed now.

        Raises SheetGoneError, SheetUnknownError, RoleForbiddenError, SupersededError, AlreadyPrintedError,
        PrintUnknownError, UnderwayError, StoreError.
        """
        sheet = self._ledger.sheet(hashlib.sha256(read_sheet(file)).hexdigest())
        if sheet is None:
            raise SheetUnknownError(file=str(file))
        self._allow(sheet.session)
        self._same.require_unprinted(file, sheet)
        return sheet

    def check(self, file: Path, choice: Choice | None = None) -> None:
        """Ask the print system now whether a file can be printed as chosen; for a command, which may wait.

        Raises as `require` and as `check_kind`.
        """
        self.check_kind(self.require(file).kind, choice)

    def check_kind(self, kind: str, choice: Choice | None = None) -> None:
        """Ask the print system now whether sheets of a kind can be printed as chosen; before one is made.

        Raises NoPrinterError, PrinterUnknownError, NoDeviceError, NotAcceptingError, TrayUnknownError,
        ToolMissingError, SystemDownError.
        """
        wanted = (choice or Choice()).over(self._choices(kind))
        find_printer(self._printer.printers(), wanted.printer, wanted.tray, kind)

    def retry(self, number: int, choice: Choice | None = None) -> Job:
        """Take the sheet of a job that failed or was cancelled once more, as a new job. Raises JobUnknownError,
        JobOpenError, SupersededError, AlreadyPrintedError, UnderwayError, SheetGoneError, SheetUnknownError.
        """
        job = self._queue.job(number)
        self._allow(job.session)
        if job.state not in {State.FAILED, State.CANCELLED}:
            raise JobOpenError(job=number, job_state=job.state.value)
        file = Path(job.file)
        if hashlib.sha256(read_sheet(file)).hexdigest() != job.sha256:
            raise SheetUnknownError(file=job.file)
        sheet = self._ledger.sheet(job.sha256)
        if sheet is None:
            raise SheetUnknownError(file=job.file)
        before = Choice(
            printer="" if job.printer == NOWHERE else job.printer,
            tray=job.tray,
            copies=job.copies,
            duplex=job.duplex,
        )
        with self._submitting:
            self._same.require_unprinted(file, sheet, looked=True)
            return self._add(job.file, sheet, before if choice is None else choice.over(before))

    def cancel(self, number: int) -> Job:
        """Have a job cancelled. Raises JobUnknownError, JobEndedError, RoleForbiddenError."""
        self._open_job(number)
        return self._tell(self._queue.change(number, cancel=True))

    def resume(self, number: int) -> Job:
        """Have a job that stands still go on. Raises JobUnknownError, JobEndedError."""
        job = self._open_job(number)
        self._resume.add(number)
        self._due.pop(number, None)
        return self._tell(job)

    def jobs(self) -> tuple[Job, ...]:
        """Return all jobs as last seen."""
        return self._queue.jobs()

    def events(self) -> tuple[Job, ...]:
        """Return every job that changed since the last call, as it became; for a window that polls."""
        found: list[Job] = []
        while True:
            try:
                found.append(self._events.get_nowait())
            except Empty:
                return tuple(found)

    def start(self) -> None:
        """Have a thread do the work until `stop`."""
        if self._worker is None:
            self._stopping = threading.Event()
            self._worker = threading.Thread(target=self._work, name="printing", daemon=True)
            self._worker.start()

    def stop(self, wait_s: float = STOP_S) -> bool:
        """End the thread, and return whether it has: one in the middle of a command of the print system ends after
        it. Jobs go on at the printer and are settled at the next start.
        """
        self._stopping.set()
        self._wake.set()
        worker, self._worker = self._worker, None
        if worker is not None:
            worker.join(wait_s)
        return worker is None or not worker.is_alive()

    # -- the work -----------------------------------------------------------------------------------

    def wait(
        self, numbers: Iterable[int], deadline_s: float, tell: Callable[[Job], None] | None = None
    ) -> None:
        """Work until these jobs have ended and are entered, or the time is over; `tell` is given what changes."""
        wanted, end = set(numbers), self._monotonic() + deadline_s
        while True:
            self.step()
            for job in self.events() if tell is not None else ():
                tell(job)  # type: ignore[misc]  # the loop is empty without it
            left = end - self._monotonic()
            if left <= 0 or all(self._queue.job(number).done for number in wanted):
                return
            time.sleep(min(left, self._pace.poll_s))

    def step(self) -> bool:
        """Go on with every job as far as it goes now, and return whether any is left. Raises StoreError, OSError."""
        with self._stepping:
            self._infos = None
            self._same.refresh()
            for job in self._due_now():
                self._advance(job)
            for job, why in tuple(self._same.settled()):
                self._change(job, reasons=(*job.reasons, why))
            return any(not job.done for job in self._queue.jobs())

    def _due_now(self) -> Iterator[Job]:
        """Yield the open jobs; of those that wait behind others at one printer only the first few."""
        asked: Counter[str] = Counter()
        for job in self._queue.jobs():
            if job.system_job and not job.ended:
                asked[job.printer] += 1
                if asked[job.printer] > _ASKED and not job.cancel and job.number not in self._resume:
                    continue
            if not job.done:
                yield job

    def _work(self) -> None:
        """The thread: what the log or the disk refuses now is tried again."""
        stopping = self._stopping
        while not stopping.is_set():
            self._wake.clear()
            try:
                left = self.step()
            except (SessionsError, ReportsError, OSError):
                left = True
            self._wake.wait(self._pace.poll_s if left else None)

    def _advance(self, job: Job) -> None:
        if job.ended:
            self._enter(job)
        elif job.state is State.QUEUED:
            self._queued(job)
        elif job.state is State.SENDING:
            self._guarded(job, self._look_for)
        else:
            self._guarded(job, self._follow)

    def _guarded(self, job: Job, work: Callable[[Job], None]) -> None:
        """Do what needs the print system; without it the job waits, and says so."""
        try:
            work(job)
        except PrintingError as error:
            self._change(job, state=State.STOPPED if job.system_job else job.state, reasons=(error.reason,))

    def _queued(self, job: Job) -> None:
        if job.cancel:
            self._end(job, State.CANCELLED)
            return
        if self._monotonic() < self._due.get(job.number, 0.0) or self._kept_back(job):
            return
        try:
            self._send(job)
        except TimedOutError:
            return  # it may have been taken: looked for at the next step
        except PrintingError as error:
            self._not_sent(self._queue.job(job.number), error)

    def _kept_back(self, job: Job) -> bool:
        """Whether another print of the same sheet is in the way: this job then waits for it, or is over."""
        if self._same.superseded(job):
            self._end(job, State.CANCELLED, (SUPERSEDED,))
        elif self._same.twin_underway(job):
            self._change(job, reasons=("waiting",))
        elif self._same.twin_is_out(self._ledger.sheet(job.sha256)):
            self._end(job, State.CANCELLED, (PRINTED_BEFORE,))
        else:
            return False
        return True

    def _send(self, job: Job) -> None:
        document = self._require_document(job)
        if self._infos is None:
            self._infos = self._printer.printers()
        info = find_printer(self._infos, job.printer, job.tray, job.sheet)
        job = self._change(job, state=State.SENDING, printer=info.name, tries=job.tries + 1, reasons=())
        self._sent_here.add(job.number)
        order = Order(printer=info.name, title=job.title, tray=job.tray, copies=job.copies, duplex=job.duplex)
        name = self._printer.submit(document, order)
        self._change(job, state=State.SENT, system_job=name)

    def _not_sent(self, job: Job, error: PrintingError) -> None:
        """Try again later where nothing was handed over and tries are left, else end the job."""
        tries = job.tries if job.state is State.SENDING else job.tries + 1
        if isinstance(error, _NOTHING_SENT) and tries < self._pace.max_tries:
            self._due[job.number] = self._monotonic() + self._pace.retry_s * tries
            self._change(job, state=State.QUEUED, tries=tries, reasons=(error.reason,))
        else:
            self._end(self._change(job, tries=tries), State.FAILED, (error.reason,))

    def _require_document(self, job: Job) -> Document:
        """Return the very bytes that the log knows. Raises SheetGoneError, SheetUnknownError."""
        data = read_sheet(Path(job.file))
        if hashlib.sha256(data).hexdigest() != job.sha256 or self._ledger.sheet(job.sha256) is None:
            raise SheetUnknownError(file=job.file)
        return Document(data=data, name=Path(job.file).name)

    def _look_for(self, job: Job) -> None:
        """Find out whether a job was taken whose number never came back."""
        found = self._printer.find(job.title)
        if found is not None:
            self._change(job, state=State.SENT, system_job=found)
        else:
            here = job.number in self._sent_here
            self._end(job, State.FAILED, ("timed-out" if here else UNKNOWN,))

    def _follow(self, job: Job) -> None:
        """Ask after a job that the print system has; one that looks like a later print is taken back, if it can be."""
        if self._same.to_take_back(job):
            job = self._change(job, cancel=True)
        forbidden = self._carry_out(job)
        seen = self._printer.job(job.system_job, job.title)
        if seen is None:
            self._end(job, State.FAILED, (UNKNOWN,))
        elif seen.state in {State.PRINTED, State.FAILED, State.CANCELLED}:
            gone = seen.state is State.CANCELLED and self._same.superseded(job)
            self._end(job, seen.state, (SUPERSEDED,) if gone else seen.reasons)
        else:
            reasons = seen.reasons if forbidden is None else (forbidden.reason, *seen.reasons)
            self._change(job, state=seen.state, reasons=reasons)

    def _carry_out(self, job: Job) -> ForbiddenError | None:
        """Do what somebody wished for this job. What the system refuses, its state will tell."""
        try:
            if job.cancel:
                self._printer.cancel(job.system_job)
            elif job.number in self._resume:
                self._resume.discard(job.number)
                self._printer.resume(job.system_job)
        except ForbiddenError as error:
            return error
        except RefusedError:
            return None
        return None

    def _end(self, job: Job, state: State, reasons: tuple[str, ...] = ()) -> None:
        printer = job.printer or NOWHERE
        head = self._ledger.size
        self._enter(self._change(job, state=state, reasons=reasons, head=head, printer=printer))

    def _enter(self, job: Job) -> None:
        """Enter how a job ended, unless the entry is there already."""
        self._change(job, entry=self._ledger.enter(job))

    # -- the list -----------------------------------------------------------------------------------

    def _add(self, file: str, sheet: LoggedSheet, wished: Choice) -> Job:
        choice = wished.over(self._choices(sheet.kind))
        job = Job(
            number=1,
            file=file,
            sha256=sheet.sha256,
            sheet=sheet.kind,
            session=sheet.session,
            printer=choice.printer,
            tray=choice.tray,
            copies=choice.copies or 1,
            duplex=choice.duplex,
            title=f"proctor {sheet.kind} {secrets.token_hex(4)}",
            by=self._operator.user_id,
            at=format_utc(self._now()),
        )
        return self._tell(self._queue.add(lambda number: replace(job, number=number)))

    def _open_job(self, number: int) -> Job:
        job = self._queue.job(number)
        self._allow(job.session)
        if job.ended:
            raise JobEndedError(job=number, job_state=job.state.value)
        return job

    def _change(self, job: Job, **values: object) -> Job:
        """Write what is new of a job, and say it; nothing is written where nothing is."""
        if all(getattr(job, name) == value for name, value in values.items()):
            return job
        return self._tell(self._queue.change(job.number, **values))

    def _tell(self, job: Job) -> Job:
        self._events.put(job)
        self._wake.set()
        return job
