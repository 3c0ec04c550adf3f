"""The station's own list of print jobs: a private file that survives restarts, whole or as it was before."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Final, cast

from proctor.printing.errors import JobUnknownError, QueueDamagedError, QueueFullError
from proctor.printing.model import DUPLEX, ENDED, MAX_COPIES, Duplex, State
from sessions.files import make_private_dir, write_private

FOLDER: Final = "printing"
FILE: Final = "queue.json"
MAX_OPEN: Final = 2000
KEPT: Final = 200
"""Ended jobs that the list still shows; the log has all of them."""
_MAX_FILE: Final = 4 * 1024 * 1024
_MAX_TEXT: Final = 4096
_REASON: Final = re.compile(r"[a-z-]{1,40}")
NOWHERE: Final = "-"
"""The printer of a job that ended before one was found for it."""
SUPERSEDED: Final = "superseded"
"""Why a job is over for good: a later print of the same sheet exists."""
PRINTED_LATER: Final = "printed-later"
"""Why a job that failed needs nobody: its file came out by a later one."""
PRINTED_BEFORE: Final = "printed-before"
"""Why a job was given up: a print that looks the same came out while it waited."""
_SETTLED: Final = (SUPERSEDED, PRINTED_LATER, PRINTED_BEFORE)
NOT_ENTERED: Final = -1
"""`entry` of a job that no print of this log stands behind: there is nothing to enter it under."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One sheet on its way to a printer. `file`: absolute path; `sha256` of what must be in it.

    `title`: what the system's queue shows; `system_job`: its name there, empty before; `tries` to hand it over;
    `by`: who sent it; `cancel`: somebody wants it cancelled; `head`: the log's size when the job ended; `entry`: the
    number of the entry that says how.
    """

    number: int
    file: str
    sha256: str
    sheet: str
    session: str
    printer: str
    title: str
    by: str
    at: str
    tray: str = ""
    copies: int = 1
    duplex: Duplex = ""
    state: State = State.QUEUED
    reasons: tuple[str, ...] = ()
    system_job: str = ""
    tries: int = 0
    cancel: bool = False
    head: int = 0
    entry: int | None = None

    @property
    def ended(self) -> bool:
        """Whether nothing more happens to it."""
        return self.state in ENDED

    @property
    def done(self) -> bool:
        """Whether it ended, and the log knows."""
        return self.ended and self.entry is not None

    @property
    def settled(self) -> str:
        """Why nobody needs to send it again although it was not printed, or nothing."""
        return next((reason for reason in _SETTLED if self.ended and reason in self.reasons), "")

    @property
    def told(self) -> tuple[str, ...]:
        """The reasons to tell: what stood in the way once is no advice where nobody needs to do anything."""
        return (self.settled,) if self.settled else self.reasons

    def as_json(self) -> dict[str, Any]:
        """Return the job as the file and `--json` have it."""
        found = {field.name: getattr(self, field.name) for field in fields(self)}
        return found | {"state": self.state.value, "reasons": list(self.reasons)}


class PrintQueue:
    """The jobs of one data root. Methods may be called from any thread; whoever holds the root's lock may write."""

    def __init__(self, root: Path) -> None:
        self._path = root / FOLDER / FILE
        self._lock = threading.Lock()
        self._next, self._jobs = _load(self._path)

    @property
    def folder(self) -> Path:
        """Where the file lies."""
        return self._path.parent

    def jobs(self) -> tuple[Job, ...]:
        """Return all jobs, in order."""
        with self._lock:
            return tuple(self._jobs.values())

    def job(self, number: int) -> Job:
        """Return one job. Raises JobUnknownError."""
        with self._lock:
            return self._known(number)

    def add(self, make: Callable[[int], Job]) -> Job:
        """Write a new job, made for the next number. Raises QueueFullError, OSError."""
        with self._lock:
            if sum(not job.done for job in self._jobs.values()) >= MAX_OPEN:
                raise QueueFullError(limit=MAX_OPEN)
            job = make(self._next)
            self._write({**self._jobs, job.number: job}, self._next + 1)
            return job

    def change(self, number: int, **values: Any) -> Job:
        """Write new values of a job, and return it. Raises JobUnknownError, OSError."""
        with self._lock:
            job = replace(self._known(number), **values)
            self._write({**self._jobs, number: job}, self._next)
            return job

    def _known(self, number: int) -> Job:
        if number not in self._jobs:
            raise JobUnknownError(job=number)
        return self._jobs[number]

    def _write(self, jobs: dict[int, Job], following: int) -> None:
        ended = [job.number for job in jobs.values() if job.done]
        for number in ended[: max(0, len(ended) - KEPT)]:
            del jobs[number]
        document = {"schema": 1, "next": following, "jobs": [job.as_json() for job in jobs.values()]}
        make_private_dir(self._path.parent)
        write_private(self._path, json.dumps(document, ensure_ascii=False).encode())
        self._jobs, self._next = jobs, following


def _load(path: Path) -> tuple[int, dict[int, Job]]:
    """Return the next number and the jobs of a file. Raises QueueDamagedError."""
    try:
        with path.open("rb") as stream:
            data = stream.read(_MAX_FILE + 1)
        if len(data) > _MAX_FILE:
            raise ValueError
        document = json.loads(data)
        if set(document) != {"schema", "next", "jobs"} or document["schema"] != 1:
            raise ValueError
        jobs = [_job(row) for row in document["jobs"]]
        following = document["next"]
        if not isinstance(following, int) or any(job.number >= following for job in jobs):
            raise ValueError
    except FileNotFoundError:
        return 1, {}
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        raise QueueDamagedError(file=str(path)) from None
    return following, {job.number: job for job in jobs}


_TYPES: Final[dict[str, type]] = {
    **dict.fromkeys(("number", "copies", "tries", "head"), int),
    "cancel": bool,
    "reasons": list,
    "entry": object,
}


def _job(row: dict[str, Any]) -> Job:
    """Return the job of a row. Raises ValueError, TypeError, KeyError."""
    for field in fields(Job):
        value = row[field.name]
        if type(value) is not _TYPES.get(field.name, str) and field.name != "entry":
            raise ValueError
        if isinstance(value, str) and len(value) > _MAX_TEXT:
            raise ValueError
    if row["entry"] is not None and type(row["entry"]) is not int:
        raise ValueError
    if not 1 <= row["copies"] <= MAX_COPIES or row["duplex"] not in {"", *DUPLEX} or row["number"] < 1:
        raise ValueError
    if not all(isinstance(reason, str) and _REASON.fullmatch(reason) for reason in row["reasons"]):
        raise ValueError
    values = dict(row) | {"state": State(row["state"]), "reasons": tuple(row["reasons"])}
    values["duplex"] = cast(Duplex, row["duplex"])
    return Job(**values)
