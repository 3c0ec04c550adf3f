"""Programs that are missing, hang, ask for a password; a service that hangs or speaks something else."""

from __future__ import annotations

import os
import socket
import tempfile
import threading
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from proctor.printing import ipp
from proctor.printing.cups import CupsPrinter
from proctor.printing.errors import (
    AnswerError,
    ForbiddenError,
    RefusedError,
    SystemDownError,
    TimedOutError,
    ToolMissingError,
)
from proctor.printing.ipp_client import ask
from proctor.printing.model import Document, Order
from proctor.printing.running import Ran, run_tool
from proctor.printing.station import system_printer
from proctor.printing.windows import WindowsPrinter

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence


def test_a_missing_program_names_its_package(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolMissingError) as error:
        run_tool(["lp", "-d", "x"])
    assert error.value.facts == {"tool": "lp", "package": "cups-client"}
    with pytest.raises(ToolMissingError):
        CupsPrinter().printers()


@pytest.mark.skipif(os.name == "nt", reason="the programs are shell's")
def test_a_program_that_hangs_is_ended_and_one_gets_no_terminal() -> None:
    with pytest.raises(TimedOutError):
        run_tool(["sleep", "30"], deadline_s=0.1)
    done = run_tool(
        ["sh", "-c", "cat; echo $LC_ALL; (: < /dev/tty) 2>/dev/null && echo asked"], stdin=b"bytes "
    )
    assert done.out == "bytes C\n"
    assert "bytes" not in repr(done)


@contextmanager
def service(answer: bytes | None) -> Iterator[str]:
    """A socket that answers every connection with these bytes, or never."""
    folder = tempfile.mkdtemp(prefix="ipp-")
    path = Path(folder) / "s"
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(str(path))
        door.listen()
        gone = threading.Event()

        def serve() -> None:
            while not gone.is_set():
                try:
                    client, _ = door.accept()
                except OSError:
                    return
                with client, suppress(OSError):
                    while (data := client.recv(65536)) and not data.endswith(b"\x03"):
                        pass
                    if answer is None:
                        gone.wait(10)
                    else:
                        client.sendall(answer)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield str(path)
        finally:
            gone.set()
            with socket.socket(socket.AF_UNIX) as last:
                last.connect(str(path))
            thread.join(10)
    path.unlink()
    Path(folder).rmdir()


def reply(status: str, body: bytes) -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (reply("200 OK", b"no ipp"), AnswerError),
        (reply("403 Forbidden", b""), AnswerError),
        (b"not http at all\r\n\r\n", SystemDownError),
        (b"", SystemDownError),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9000000\r\n\r\nshort", AnswerError),
        (None, TimedOutError),
    ],
)
def test_a_service_that_answers_badly_is_an_error(answer: bytes | None, error: type[Exception]) -> None:
    with service(answer) as path, pytest.raises(error):
        ask(path, ipp.request(ipp.CUPS_GET_PRINTERS), deadline_s=0.3)


def test_nobody_at_the_address_is_down() -> None:
    for server in ("/nonexistent/socket", "127.0.0.1:9", "[::1]:9"):
        with pytest.raises(SystemDownError):
            ask(server, b"\x03", deadline_s=0.5)


def answer(*groups: bytes, status: int = 0) -> ipp.Answer:
    return ipp.read(bytes([2, 0]) + status.to_bytes(2, "big") + bytes(4) + b"".join(groups) + b"\x03")


STOPPED = b"\x04\x42\x00\x0cprinter-name\x00\x05may-1" + b"\x23\x00\x0dprinter-state\x00\x04\x00\x00\x00\x05"


class Tools:
    """CUPS's programs, all of which fail but one."""

    def __init__(self) -> None:
        self.calls: list[list[str]] = []

    def __call__(
        self,
        command: Sequence[str],
        *,
        stdin: bytes = b"",
        environment: Mapping[str, str] | None = None,
        deadline_s: float = 10.0,
    ) -> Ran:
        del stdin, environment
        assert deadline_s > 0
        self.calls.append(list(command))
        good = command[0] == "lpstat"
        return Ran(status=0 if good else 1, out="/run/cups/cups.sock\n" if good else "", err="")


def test_only_an_administrator_starts_a_stopped_printer() -> None:
    tools = Tools()
    cups = CupsPrinter(tools, lambda *_args, **_given: answer(STOPPED))
    with pytest.raises(ForbiddenError):
        cups.resume("may-1-7")
    assert ["cupsenable", "may-1"] in tools.calls
    with pytest.raises(RefusedError):
        cups.cancel("may-1-7")
    with pytest.raises(RefusedError):
        cups.submit(Document(data=b"%PDF", name="x"), Order(printer="may-1", title="proctor"))
    assert tools.calls.count(["lpstat", "-H"]) == 1


def test_a_name_is_an_argument_of_its_own() -> None:
    tools = Tools()
    cups = CupsPrinter(tools, lambda *_args, **_given: answer(STOPPED))
    with pytest.raises(Exception, match="printing"):
        cups.submit(Document(data=b"%PDF", name="x"), Order(printer="-h evil; rm", title="proctor", copies=2))
    sent = next(call for call in tools.calls if call[0] == "lp")
    assert sent == ["lp", "-d", "-h evil; rm", "-n", "2", "-t", "proctor", "-o", "media=A4", "-"]


def test_the_system_decides_which_printers_there_are(tmp_path: Path) -> None:
    assert isinstance(system_printer(tmp_path, "win32"), WindowsPrinter)
    assert isinstance(system_printer(tmp_path, "linux"), CupsPrinter)
