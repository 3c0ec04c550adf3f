"""A serial scanner over pseudo-terminals: whole codes, and a device that goes and comes back under another name."""

import errno
import os
import sys
import threading
import time
import tty
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from readers.qr.serial import (
    Line,
    Port,
    ScannerAmbiguousError,
    ScannerRule,
    ScannerRuleError,
    SerialScanner,
    open_port,
    serial_ports,
)

CODE = "001099000001|123456789|Nguyễn Văn Mẫu|15011999|Nam|Hà Nội|01012024"
HONEYWELL = {"vid": "0c2e", "pid": "0b61"}
on_posix = pytest.mark.skipif(sys.platform == "win32", reason="pseudo-terminals")


class Plug:
    """A scanner that can be plugged in and out: each time a pseudo-terminal with a name of its own."""

    def __init__(self) -> None:
        self.port: Port | None = None
        self.end = -1
        self._own = -1

    def put_in(self) -> str:
        self.end, self._own = os.openpty()
        tty.setraw(self._own)
        name = os.ttyname(self._own)
        self.port = Port(device=name, **HONEYWELL)
        return name

    def take_out(self) -> None:
        self.port = None
        os.close(self._own)
        os.close(self.end)
        self.end = -1

    def scan(self, text: str, end: bytes = b"\r\n") -> None:
        os.write(self.end, text.encode() + end)

    def ports(self) -> tuple[Port, ...]:
        other = Port(device="/dev/ttyS0")
        return (other,) if self.port is None else (other, self.port)


@dataclass
class Heard:
    """What a running scanner told."""

    lines: list[str] = field(default_factory=list)
    states: list[tuple[str, str]] = field(default_factory=list)

    def state(self, state: str, _port: Port | None, code: str) -> None:
        self.states.append((state, code))

    def wait(self, until: Callable[[], bool]) -> bool:
        """Return whether something came to hold in time."""
        end = time.monotonic() + 5
        while not until() and time.monotonic() < end:
            time.sleep(0.005)
        return until()


@pytest.fixture
def plug() -> Iterator[Plug]:
    made = Plug()
    yield made
    if made.end >= 0:
        made.take_out()


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
def run(heard: Heard) -> Iterator[Callable[..., threading.Thread]]:
    stop = threading.Event()
    threads: list[threading.Thread] = []

    def start(rule: str, **options: object) -> threading.Thread:
        scanner = SerialScanner(
            ScannerRule.parse(rule), on_line=heard.lines.append, on_state=heard.state, look_s=0.02, **options
        )
        thread = threading.Thread(target=scanner.run, args=(stop,))
        thread.start()
        threads.append(thread)
        return thread

    yield start
    stop.set()
    began = time.monotonic()
    for thread in threads:
        thread.join(2.0)
        assert not thread.is_alive()
    assert time.monotonic() - began < 1.0


@on_posix
def test_each_code_is_one_line_and_the_device_comes_back_under_another_name(
    plug: Plug, heard: Heard, run: Callable[..., threading.Thread]
) -> None:
    run("0C2E:0B61", ports=plug.ports)
    assert heard.wait(lambda: heard.states == [("out", "")])
    first = plug.put_in()
    assert heard.wait(lambda: heard.states[-1] == ("in", ""))
    plug.scan(CODE)
    plug.scan("001199000002", end=b"\r")
    assert heard.wait(lambda: heard.lines == [CODE, "001199000002"])
    plug.scan("00109900", end=b"")  # the cable goes in the middle of a code
    plug.take_out()
    assert heard.wait(lambda: heard.states[-1] == ("out", ""))
    others = os.openpty()  # somebody else gets the old name
    assert plug.put_in() != first
    assert heard.wait(lambda: heard.states[-1] == ("in", ""))
    plug.scan(CODE)
    assert heard.wait(lambda: len(heard.lines) == 3)
    assert heard.lines[2] == CODE
    assert [state for state, _ in heard.states] == ["out", "in", "out", "in"]
    for end in others:
        os.close(end)


@on_posix
def test_ten_times_out_and_in_leaves_no_file_open(
    plug: Plug, heard: Heard, run: Callable[..., threading.Thread]
) -> None:
    run("0c2e:0b61", ports=plug.ports)
    handles = None
    for number in range(10):
        plug.put_in()
        assert heard.wait(lambda: bool(heard.states) and heard.states[-1][0] == "in")
        plug.scan(f"{number:012d}")
        assert heard.wait(lambda number=number: len(heard.lines) == number + 1)
        plug.take_out()
        assert heard.wait(lambda: heard.states[-1][0] == "out")
        count = sum(1 for _ in Path("/dev/fd").iterdir())
        handles = handles or count
        assert count <= handles
    assert heard.lines == [f"{number:012d}" for number in range(10)]


@on_posix
def test_what_was_scanned_while_nobody_listened_is_nobodys(
    plug: Plug, heard: Heard, run: Callable[..., threading.Thread]
) -> None:
    plug.put_in()
    plug.scan("the candidate before")
    run("0c2e:0b61", ports=plug.ports)
    assert heard.wait(lambda: heard.states == [("in", "")])
    time.sleep(0.05)
    plug.scan(CODE)
    assert heard.wait(lambda: bool(heard.lines))
    assert heard.lines == [CODE]


@on_posix
def test_a_port_named_by_hand_needs_no_list(
    plug: Plug, heard: Heard, run: Callable[..., threading.Thread]
) -> None:
    name = plug.put_in()
    run(name, ports=tuple)
    assert heard.wait(lambda: heard.states == [("in", "")])
    plug.scan(CODE)
    assert heard.wait(lambda: heard.lines == [CODE])


@on_posix
def test_a_port_that_another_program_holds_is_a_fault_and_is_used_when_it_is_free(
    plug: Plug, heard: Heard, run: Callable[..., threading.Thread]
) -> None:
    plug.put_in()
    assert plug.port is not None
    other = open_port(plug.port)
    run("0c2e:0b61", ports=plug.ports)
    assert heard.wait(lambda: heard.states == [("fault", "scanner-busy")])
    other.close()
    assert heard.wait(lambda: heard.states[-1] == ("in", ""))


def test_two_alike_are_not_guessed_between(heard: Heard, run: Callable[..., threading.Thread]) -> None:
    two = tuple(Port(device=f"COM{n}", serial=f"S{n}", **HONEYWELL) for n in (3, 4))
    opened: list[str] = []

    class Silent:
        def read(self, most: int, /) -> bytes:
            time.sleep(0.01)
            return b""

        def close(self) -> None: ...

    def connect(port: Port) -> Line:
        opened.append(port.device)
        return Silent()

    run("0c2e:0b61", ports=lambda: two, connect=connect)
    assert heard.wait(lambda: heard.states == [("fault", "scanner-ambiguous")])
    assert opened == []
    run("0c2e:0b61:S4", ports=lambda: two, connect=connect)
    assert heard.wait(lambda: heard.states[-1] == ("in", ""))
    assert opened == ["COM4"]


@pytest.mark.parametrize(
    ("number", "told"),
    [(errno.EACCES, ("fault", "scanner-busy")), (errno.EIO, ("out", "")), (errno.ENODEV, ("out", ""))],
)
def test_why_a_port_cannot_be_opened_is_told_apart(
    heard: Heard, run: Callable[..., threading.Thread], number: int, told: tuple[str, str]
) -> None:
    def connect(_port: Port) -> Line:
        raise OSError(number, "no")

    run("0c2e:0b61", ports=lambda: (Port(device="COM3", **HONEYWELL),), connect=connect)
    assert heard.wait(lambda: heard.states == [told])


def test_rules_are_read_and_nonsense_is_refused_by_name() -> None:
    rule = ScannerRule.parse(" 0C2E:0b61:AB12 ")
    assert (rule.vid, rule.pid, rule.serial) == ("0c2e", "0b61", "AB12")
    assert "AB12" not in repr(rule)
    assert ScannerRule.parse("COM7").of(()) is None
    assert ScannerRule.parse("COM7").of([Port(device="COM7")]) == Port(device="COM7")
    assert ScannerRule.parse("/dev/ttyACM0").of(()) == Port(device="/dev/ttyACM0")
    for text in ("", "0c2e", "0c2e-0b61", "com", "scanner", "/etc/passwd", "COM7 "[:3]):
        with pytest.raises(ScannerRuleError) as refused:
            ScannerRule.parse(text)
        assert refused.value.facts["rule"] == text
    with pytest.raises(ScannerAmbiguousError):
        ScannerRule.parse("0c2e:0b61").of([Port(device="a", **HONEYWELL), Port(device="b", **HONEYWELL)])


def test_the_systems_ports_have_small_hex_digits() -> None:
    for port in serial_ports():
        assert port.vid == port.vid.lower()
        assert len(port.vid) in {0, 4}
