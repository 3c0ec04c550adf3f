"""Windows: the system's print command (the verb PrintTo) and PowerShell's printer commands. UNTRIED on Windows.

Nothing here has run on a Windows machine: the tests hold the command lines and made-up answers. Whatever a user or a
file named goes to PowerShell in environment variables, never in the text of a script.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from proctor.printing.errors import AnswerError, NotHereError, RefusedError, TimedOutError
from proctor.printing.model import Document, Order, PrinterInfo, Seen, State
from proctor.printing.running import SUBMIT_DEADLINE_S, Runner, run_tool
from sessions.files import make_private_dir, write_private

_POWERSHELL: Final = ("powershell", "-NoProfile", "-NonInteractive", "-Command")
_JSON: Final = " | ConvertTo-Json -Compress"
_LIST: Final = (
    "Get-Printer | Select-Object Name,Comment,PortName,@{n='Status';e={$_.PrinterStatus.ToString()}}" + _JSON
)
_DEFAULT: Final = "(Get-CimInstance Win32_Printer -Filter 'Default=TRUE').Name"
_PRINT: Final = (
    "Start-Process -FilePath $env:PROCTOR_FILE -Verb PrintTo -WindowStyle Hidden "
    "-ArgumentList ('\"' + $env:PROCTOR_PRINTER + '\"')"
)
_JOBS: Final = (
    "Get-PrintJob -PrinterName $env:PROCTOR_PRINTER | "
    "Select-Object Id,DocumentName,@{n='Status';e={$_.JobStatus.ToString()}}" + _JSON
)
_ON_JOB: Final = "{verb}-PrintJob -PrinterName $env:PROCTOR_PRINTER -ID $env:PROCTOR_JOB"
_WORDS: Final[Mapping[str, str]] = {
    "paperout": "out-of-paper",
    "paperjam": "jam",
    "dooropen": "cover-open",
    "offline": "offline",
    "notavailable": "offline",
    "notoner": "no-toner",
    "tonerlow": "low-toner",
    "outputbinfull": "output-full",
    "paused": "paused",
    "userinterventionrequired": "attention",
    "userintervention": "attention",
    "error": "attention",
    "blocked": "attention",
}
_PAUSE_S: Final = 0.5
_STALE_S: Final = 3600.0


class WindowsPrinter:
    """The printers of Windows. See Printer. A job that leaves the queue after it was printing was printed."""

    def __init__(
        self,
        folder: Path,
        run: Runner = run_tool,
        *,
        pause: Callable[[float], None] = time.sleep,
        tries: int = 40,
    ) -> None:
        self._folder, self._run, self._pause, self._tries = folder, run, pause, tries
        self._last: dict[str, Seen] = {}
        self._copies: dict[str, Path] = {}

    def printers(self) -> tuple[PrinterInfo, ...]:
        """Return the system's printers. Windows tells no trays here."""
        default = self._powershell(_DEFAULT).strip()
        return tuple(
            PrinterInfo(
                name=str(row.get("Name", "")),
                state="busy" if "printing" in _flags(row) else "stopped" if _reasons(row) else "idle",
                reasons=_reasons(row),
                description=str(row.get("Comment") or ""),
                default=row.get("Name") == default,
                device=str(row.get("PortName", "")).upper() not in {"FILE:", "NUL:", "PORTPROMPT:"},
            )
            for row in _rows(self._powershell(_LIST))
        )

    def submit(self, document: Document, order: Order) -> str:
        """Have the program for PDF files print a private copy, once for each copy. Raises NotHereError for a tray or
        for two sides: they are set in the printer's own preferences.
        """
        if order.tray or order.duplex:
            raise NotHereError(what="--tray, --duplex")
        if '"' in order.printer:
            raise NotHereError(what='"')
        self._sweep()
        path = self._folder / f"{order.title.replace(' ', '-')}.pdf"
        write_private(path, document.data)
        names = {"PROCTOR_PRINTER": order.printer}
        before = {row["Id"] for row in _rows(self._powershell(_JOBS, names))}
        for _ in range(order.copies):
            self._powershell(_PRINT, {**names, "PROCTOR_FILE": str(path)})
        for _ in range(self._tries):
            rows = _rows(self._powershell(_JOBS, names))
            found = [
                row["Id"] for row in rows if row["Id"] not in before and path.stem in str(row["DocumentName"])
            ]
            if found:
                self._copies[name := f"{order.printer}-{max(found)}"] = path
                return name
            self._pause(_PAUSE_S)
        raise TimedOutError(tool="PrintTo")

    def job(self, job_id: str, title: str = "") -> Seen | None:
        """Return a job; one that is gone was printed if it was printing without trouble when last seen."""
        printer, _, number = job_id.rpartition("-")
        rows = _rows(self._powershell(_JOBS, {"PROCTOR_PRINTER": printer}))
        stem = title.replace(" ", "-")
        found = [row for row in rows if str(row["Id"]) == number and stem in str(row["DocumentName"])]
        if not found:
            self._drop(job_id)
            ended = {State.PRINTING: State.PRINTED, State.CANCELLED: State.CANCELLED}
            last = self._last.get(job_id)
            return Seen(state=ended[last.state]) if last is not None and last.state in ended else None
        self._last[job_id] = seen = _seen(found[0])
        return seen

    def find(self, title: str) -> str | None:
        """Return the job of this title on any printer."""
        stem = title.replace(" ", "-")
        for printer in self.printers():
            rows = _rows(self._powershell(_JOBS, {"PROCTOR_PRINTER": printer.name}))
            found = [row["Id"] for row in rows if stem in str(row["DocumentName"])]
            if found:
                return f"{printer.name}-{max(found)}"
        return None

    def cancel(self, job_id: str) -> None:
        """Take a job out of the queue."""
        self._on("Remove", job_id)
        self._last[job_id] = Seen(state=State.CANCELLED)

    def hold(self, job_id: str) -> None:
        """Keep a job that has not begun."""
        self._on("Suspend", job_id)

    def resume(self, job_id: str) -> None:
        """Let a held job go on."""
        self._on("Resume", job_id)

    def restart(self, job_id: str) -> None:
        """Print a job of the queue once more."""
        self._on("Restart", job_id)

    def _drop(self, job_id: str) -> None:
        """Delete the private copy of a job that is over; what a crash left goes at the next sheet, an hour later."""
        path = self._copies.pop(job_id, None)
        if path is not None:
            path.unlink(missing_ok=True)

    def _sweep(self) -> None:
        make_private_dir(self._folder)
        for path in self._folder.glob("proctor-*.pdf"):
            if time.time() - path.stat().st_mtime > _STALE_S:
                path.unlink(missing_ok=True)

    def _on(self, verb: str, job_id: str) -> None:
        printer, _, number = job_id.rpartition("-")
        self._powershell(_ON_JOB.format(verb=verb), {"PROCTOR_PRINTER": printer, "PROCTOR_JOB": number})

    def _powershell(self, script: str, environment: Mapping[str, str] | None = None) -> str:
        done = self._run([*_POWERSHELL, script], environment=environment, deadline_s=SUBMIT_DEADLINE_S)
        if done.status != 0:
            raise RefusedError(tool="powershell", status=done.status)
        return done.out


def _rows(text: str) -> list[dict[str, Any]]:
    """Return the objects of ConvertTo-Json: none, one, or a list. Raises AnswerError."""
    if not text.strip():
        return []
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        raise AnswerError(why="json") from None
    rows = found if isinstance(found, list) else [found]
    if not all(isinstance(row, dict) for row in rows):
        raise AnswerError(why="json")
    return rows


def _flags(row: Mapping[str, Any]) -> frozenset[str]:
    return frozenset(word.strip().lower() for word in str(row.get("Status", "")).split(","))


def _reasons(row: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_WORDS[flag] for flag in sorted(_flags(row)) if flag in _WORDS))


def _seen(row: Mapping[str, Any]) -> Seen:
    flags, reasons = _flags(row), _reasons(row)
    if flags & {"deleted", "deleting"}:
        return Seen(state=State.CANCELLED)
    if flags & {"printed", "completed", "complete"}:
        return Seen(state=State.PRINTED)
    if set(reasons) - {"low-toner"}:
        return Seen(state=State.STOPPED, reasons=reasons)
    return Seen(state=State.PRINTING if flags & {"printing", "spooling"} else State.SENT, reasons=reasons)
