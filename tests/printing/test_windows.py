"""The Windows adapter by its command lines, against answers as PowerShell gives them. It has not run on Windows."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from proctor.printing.errors import AnswerError, NotHereError, RefusedError, TimedOutError
from proctor.printing.model import Document, Order, Seen, State
from proctor.printing.running import Ran
from proctor.printing.windows import WindowsPrinter

DOCUMENT = Document(data=b"%PDF-1.4 sheet", name="attendance.pdf")
NASTY = "Máy in '; Remove-Item C:\\ -Recurse; '"


@dataclass
class PowerShell:
    """Answers by the first command of the script."""

    printers: Any = field(default_factory=list)
    jobs: list[Any] = field(default_factory=list)
    status: int = 0
    calls: list[tuple[tuple[str, ...], dict[str, str]]] = field(default_factory=list)
    printed: list[bytes] = field(default_factory=list)

    def __call__(
        self,
        command: Sequence[str],
        *,
        stdin: bytes = b"",
        environment: Mapping[str, str] | None = None,
        deadline_s: float = 10.0,
    ) -> Ran:
        assert deadline_s > 0
        given = dict(environment or {})
        self.calls.append((tuple(command), given))
        script = command[-1]
        if script.startswith("Start-Process"):
            self.printed.append(Path(given["PROCTOR_FILE"]).read_bytes())
        answers = {
            "Get-Printer ": self.printers,
            "Get-PrintJob": self.jobs.pop(0) if "Get-PrintJob" in script else "",
        }
        found = next((answer for name, answer in answers.items() if script.startswith(name)), "May-1")
        return Ran(status=self.status, out=found if isinstance(found, str) else json.dumps(found), err="")


def windows(tmp_path: Path, shell: PowerShell, tries: int = 3) -> WindowsPrinter:
    return WindowsPrinter(tmp_path / "copies", shell, pause=lambda _seconds: None, tries=tries)


def job(number: int, status: str, name: str = "proctor-x.pdf") -> dict[str, Any]:
    return {"Id": number, "DocumentName": name, "Status": status}


def test_printers_and_their_troubles(tmp_path: Path) -> None:
    rows = [
        {"Name": "May-1", "Comment": None, "PortName": "USB001", "Status": "PaperOut, Offline"},
        {"Name": "Tệp", "Comment": "x", "PortName": "FILE:", "Status": "Normal"},
    ]
    first, second = windows(tmp_path, PowerShell(printers=rows)).printers()
    assert (first.name, first.state, set(first.reasons)) == ("May-1", "stopped", {"out-of-paper", "offline"})
    assert first.default
    assert first.device
    assert (second.state, second.default, second.device) == ("idle", False, False)
    one = windows(tmp_path, PowerShell(printers=rows[1])).printers()
    assert [info.name for info in one] == ["Tệp"]
    assert windows(tmp_path, PowerShell(printers="")).printers() == ()


def test_names_go_in_the_environment_and_never_into_a_script(tmp_path: Path) -> None:
    shell = PowerShell(jobs=[[], [job(3, "Spooling", "proctor-x-1.pdf")]])
    name = windows(tmp_path, shell).submit(DOCUMENT, Order(printer=NASTY, title="proctor x 1", copies=2))
    assert name == f"{NASTY}-3"
    assert shell.printed == [DOCUMENT.data] * 2
    for command, given in shell.calls:
        assert command[:4] == ("powershell", "-NoProfile", "-NonInteractive", "-Command")
        assert NASTY not in command[-1]
        assert "Remove-Item" not in command[-1]
        assert given["PROCTOR_PRINTER"] == NASTY
    assert [call[0][-1].split()[0] for call in shell.calls] == [
        "Get-PrintJob",
        *["Start-Process"] * 2,
        "Get-PrintJob",
    ]


def test_a_job_that_leaves_the_queue_while_printing_was_printed(tmp_path: Path) -> None:
    shell = PowerShell(
        jobs=[[], job(3, "Spooling"), job(3, "PaperOut, Printing"), job(3, "Printing"), []],
    )
    printer = windows(tmp_path, shell)
    name = printer.submit(DOCUMENT, Order(printer="May-1", title="proctor x"))
    assert list((tmp_path / "copies").iterdir())
    assert printer.job(name) == Seen(state=State.STOPPED, reasons=("out-of-paper",))
    assert printer.job(name) == Seen(state=State.PRINTING)
    assert printer.job(name) == Seen(state=State.PRINTED)
    assert not list((tmp_path / "copies").iterdir()), "the private copy is gone"


def test_a_job_that_was_never_seen_to_print_is_unknown(tmp_path: Path) -> None:
    assert windows(tmp_path, PowerShell(jobs=[[]])).job("May-1-3") is None
    shell = PowerShell(jobs=[job(3, "Offline"), []])
    printer = windows(tmp_path, shell)
    printer.job("May-1-3")
    assert printer.job("May-1-3") is None


@pytest.mark.parametrize(
    ("verb", "call"),
    [("Remove", "cancel"), ("Suspend", "hold"), ("Resume", "resume"), ("Restart", "restart")],
)
def test_a_job_is_told_what_to_do(tmp_path: Path, verb: str, call: str) -> None:
    shell = PowerShell(jobs=[[]])
    printer = windows(tmp_path, shell)
    getattr(printer, call)("Máy in-2-17")
    command, given = shell.calls[0]
    assert command[-1] == f"{verb}-PrintJob -PrinterName $env:PROCTOR_PRINTER -ID $env:PROCTOR_JOB"
    assert given == {"PROCTOR_PRINTER": "Máy in-2", "PROCTOR_JOB": "17"}
    if call == "cancel":
        assert printer.job("Máy in-2-17") == Seen(state=State.CANCELLED)


def test_a_job_is_found_by_its_title(tmp_path: Path) -> None:
    rows = {"Name": "May-1", "Comment": "", "PortName": "USB001", "Status": "Normal"}
    shell = PowerShell(
        printers=rows, jobs=[[job(4, "Printed", "proctor-slip-1f.pdf"), job(5, "Normal", "khác.pdf")], []]
    )
    printer = windows(tmp_path, shell)
    assert printer.find("proctor slip 1f") == "May-1-4"
    assert printer.find("proctor slip 2a") is None


def test_what_it_cannot_do_is_said(tmp_path: Path) -> None:
    for order in (
        Order(printer="May-1", title="proctor", tray="tray-2"),
        Order(printer="May-1", title="proctor", duplex="long-edge"),
        Order(printer='May"1', title="proctor"),
    ):
        with pytest.raises(NotHereError):
            windows(tmp_path, PowerShell()).submit(DOCUMENT, order)
    with pytest.raises(RefusedError):
        windows(tmp_path, PowerShell(status=1)).printers()
    with pytest.raises(TimedOutError):
        windows(tmp_path, PowerShell(jobs=[[]] * 4)).submit(DOCUMENT, Order(printer="May-1", title="proctor"))
    for noise in ("{", "[1]", "[" * 100_000):
        with pytest.raises(AnswerError):
            windows(tmp_path, PowerShell(printers=noise)).printers()
