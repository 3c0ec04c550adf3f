"""CUPS: sheets go out by `lp` and are taken back by `cancel`; what became of them is asked by IPP.

`lpstat` cannot say whether a job was printed, cancelled or given up: of all three CUPS 2.4 shows the same word. The
server is the one that the programs use (`lpstat -H`: CUPS_SERVER, client.conf, its socket).
"""

from __future__ import annotations

import getpass
import os
import re
import time
from collections.abc import Callable
from typing import Final

from proctor.printing import ipp
from proctor.printing.errors import (
    AnswerError,
    ForbiddenError,
    NotAcceptingError,
    PrinterUnknownError,
    RefusedError,
    SystemDownError,
    TimedOutError,
)
from proctor.printing.ipp_client import ask
from proctor.printing.model import (
    MAX_NAME,
    WARNINGS,
    Document,
    Order,
    PrinterInfo,
    Seen,
    State,
    reasons_of,
)
from proctor.printing.running import DEADLINE_S, SUBMIT_DEADLINE_S, Ran, Runner, run_tool

_REQUEST_ID: Final = re.compile(r"request id is (\S+-[0-9]+) ")
_JOB_ID: Final = re.compile(r".+-([0-9]{1,9})")
_PRINTER_FIELDS: Final = (
    "printer-name",
    "printer-info",
    "printer-state",
    "printer-state-reasons",
    "printer-is-accepting-jobs",
    "media-source-supported",
    "device-uri",
)
_JOB_FIELDS: Final = ("job-id", "job-name", "job-state", "job-state-reasons", "job-printer-uri")
_PRINTER_STATES: Final = {3: "idle", 4: "busy", 5: "stopped"}
_JOB_STATES: Final = {
    3: State.SENT,
    4: State.STOPPED,
    5: State.PRINTING,
    6: State.STOPPED,
    7: State.CANCELLED,
    8: State.FAILED,
    9: State.PRINTED,
}
"""RFC 8011, 5.3.7."""
_NO_DEVICES: Final = ("file:", "///dev/null", "/dev/null")

_LOOKS: Final = 4
_LOOK_S: Final = 0.1
"""For a moment at its end CUPS 2.4 tells a job without its name: then it is asked again."""

Ask = Callable[..., ipp.Answer]


class CupsPrinter:
    """The printers of CUPS. See Printer."""

    def __init__(
        self, run: Runner = run_tool, ask_server: Ask = ask, pause: Callable[[float], None] = time.sleep
    ) -> None:
        self._run, self._ask_server, self._pause = run, ask_server, pause
        self._server = ""

    def printers(self) -> tuple[PrinterInfo, ...]:
        """Return the system's printers; none where there are none."""
        default = self._ask(ipp.request(ipp.CUPS_GET_DEFAULT, wanted=("printer-name",)))
        chosen = _text(default.groups[0], "printer-name") if default.good and default.groups else ""
        return self._printers(chosen)

    def _printers(self, chosen: str = "") -> tuple[PrinterInfo, ...]:
        answer = self._ask(ipp.request(ipp.CUPS_GET_PRINTERS, wanted=_PRINTER_FIELDS))
        found = (_printer(group, chosen) for group in answer.groups if _text(group, "printer-name"))
        return tuple(sorted(found, key=lambda printer: printer.name))

    def submit(self, document: Document, order: Order) -> str:
        """Hand the bytes to `lp` and return the job's name (PRINTER-NUMBER)."""
        command = ["lp", "-d", order.printer, "-n", str(order.copies), "-t", order.title]
        command += ["-o", "media=A4"]
        if order.tray:  # so that CUPS finds the driver's own name of the tray
            command += ["-o", f"media-col={{media-source={order.tray}}}"]
        sides = {
            "none": "one-sided",
            "long-edge": "two-sided-long-edge",
            "short-edge": "two-sided-short-edge",
        }
        if order.duplex:
            command += ["-o", f"sides={sides[order.duplex]}"]
        done = self._run([*command, "-"], stdin=document.data, deadline_s=SUBMIT_DEADLINE_S)
        named = _REQUEST_ID.search(done.out)
        if done.status != 0 or named is None:
            raise self._refused(done, order.printer)
        return named[1]

    def job(self, job_id: str, title: str = "") -> Seen | None:
        """Return a job with what stops it or its printer, or None where CUPS has forgotten it: its numbers begin anew
        when its list is lost.
        """
        uri = ("job-uri", f"ipp://localhost/jobs/{_number(job_id)}")
        answer = self._ask(ipp.request(ipp.GET_JOB, uri=uri, user=_user(), wanted=_JOB_FIELDS))
        if answer.status == ipp.NOT_FOUND:
            return None
        if not answer.good or not answer.groups:
            raise AnswerError(why=f"ipp-{answer.status:04x}")
        job = answer.groups[0]
        if title and _text(job, "job-name") not in {"", title}:
            return None
        state = _JOB_STATES.get(_integer(job, "job-state"), State.SENT)
        if state is State.FAILED:
            return Seen(state=state, reasons=("aborted",))
        if state in {State.PRINTED, State.CANCELLED}:
            return Seen(state=state)
        return self._underway(job_id, state, reasons_of(_texts(job, "job-state-reasons")))

    def _underway(self, job_id: str, state: State, reasons: tuple[str, ...]) -> Seen:
        """Return a job that has not ended, with its printer's troubles."""
        name = job_id.rpartition("-")[0]
        found = [printer for printer in self._printers() if printer.name == name]
        for printer in found:
            reasons = tuple(dict.fromkeys((*reasons, *printer.reasons)))
        if state is State.PRINTING and not set(reasons) - WARNINGS:
            return Seen(state=state, reasons=reasons)
        if any(printer.state == "stopped" for printer in found) and "paused" not in reasons:
            reasons = (*reasons, "paused")
        stops = set(reasons) - WARNINGS
        return Seen(state=State.STOPPED if stops else state, reasons=reasons)

    def find(self, title: str) -> str | None:
        """Return the newest of our jobs with this title, ended ones included."""
        uri = ("printer-uri", "ipp://localhost/")
        body = ipp.request(ipp.GET_JOBS, uri=uri, user=_user(), wanted=_JOB_FIELDS, which="all")
        for _ in range(_LOOKS):
            jobs = sorted(self._ask(body).groups, key=lambda group: -_integer(group, "job-id"))
            for job in jobs:
                if _text(job, "job-name") == title:
                    queue = _text(job, "job-printer-uri").rpartition("/")[2]
                    return f"{queue}-{_integer(job, 'job-id')}"
            if all(_text(job, "job-name") for job in jobs):
                return None
            self._pause(_LOOK_S)
        return None

    def cancel(self, job_id: str) -> None:
        """Take a job out of the queue; one that has ended stays as it ended."""
        self._tell("cancel", job_id)

    def hold(self, job_id: str) -> None:
        """Keep a job that has not begun."""
        self._tell("lp", "-i", job_id, "-H", "hold")

    def resume(self, job_id: str) -> None:
        """Release a held job; start its printer where that was stopped."""
        name = job_id.rpartition("-")[0]
        if any(printer.name == name and printer.state == "stopped" for printer in self._printers()):
            done = self._run(["cupsenable", name])
            if done.status != 0:
                raise ForbiddenError(printer=name)
        seen = self.job(job_id)
        if seen is not None and "held" in seen.reasons:
            self._tell("lp", "-i", job_id, "-H", "resume")

    def restart(self, job_id: str) -> None:
        """Print a job once more from its beginning, where CUPS has kept its file."""
        self._tell("lp", "-i", job_id, "-H", "restart")

    def _tell(self, *command: str) -> None:
        done = self._run(command)
        if done.status != 0:
            raise self._refused(done, command[-1])

    def _refused(self, done: Ran, printer: str) -> Exception:
        """Return why a command failed, asked from the server itself: the programs' words are for people."""
        known = self._printers()  # raises SystemDownError where that is why
        found = [info for info in known if info.name == printer.partition("/")[0]]
        if not found and not _JOB_ID.fullmatch(printer):
            return PrinterUnknownError(printer=printer, known=", ".join(info.name for info in known) or "-")
        if found and not found[0].accepting:
            return NotAcceptingError(printer=printer)
        return RefusedError(tool="lp", status=done.status)

    def _ask(self, body: bytes) -> ipp.Answer:
        if not self._server:
            done = self._run(["lpstat", "-H"])
            self._server = done.out.strip() if done.status == 0 else ""
        try:
            if not self._server:
                raise SystemDownError(tool="lpstat")
            return self._ask_server(self._server, body, deadline_s=DEADLINE_S)
        except (TimedOutError, SystemDownError):
            self._server = ""
            raise SystemDownError(tool="cups") from None


def _printer(group: ipp.Group, default: str) -> PrinterInfo:
    name = _text(group, "printer-name")
    return PrinterInfo(
        name=name,
        state=_PRINTER_STATES.get(_integer(group, "printer-state"), "stopped"),
        reasons=reasons_of(_texts(group, "printer-state-reasons")),
        accepting=group.get("printer-is-accepting-jobs", (True,)) == (True,),
        trays=tuple(dict.fromkeys(_texts(group, "media-source-supported"))),
        description=_shown(_text(group, "printer-info")),
        default=name == default,
        device=not _text(group, "device-uri").startswith(_NO_DEVICES),
    )


def _user() -> str:
    """Return who `lp` says it prints for."""
    try:
        return os.environ.get("CUPS_USER") or getpass.getuser()
    except (KeyError, OSError):  # a user without a name
        return ""


def _number(job_id: str) -> int:
    found = _JOB_ID.fullmatch(job_id)
    if found is None:
        raise AnswerError(why="job-id")
    return int(found[1])


def _texts(group: ipp.Group, name: str) -> tuple[str, ...]:
    return tuple(value for value in group.get(name, ()) if isinstance(value, str))


def _text(group: ipp.Group, name: str) -> str:
    return next(iter(_texts(group, name)), "")


def _integer(group: ipp.Group, name: str) -> int:
    return next((value for value in group.get(name, ()) if isinstance(value, int)), 0)


def _shown(text: str) -> str:
    """Return a text of the print system as one line that can be shown."""
    return "".join(letter if letter.isprintable() else " " for letter in text)[:MAX_NAME]
