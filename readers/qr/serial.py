"""A QR scanner on a serial line, found by what it is (VID and PID), not by the number the system gave its port.

Handheld scanners in serial mode (USB CDC) send a code and a line end. A port that goes is looked for again, under
whatever name it comes back.
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass, field
from time import monotonic
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol

import serial
from serial.tools import list_ports

from readers.errors import ReaderError
from readers.qr.lines import LineBuffer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from threading import Event

BAUD: Final = 115_200
READ_S: Final = 0.1
LOOK_S: Final = 1.0
MOST_AT_ONCE: Final = 4096
_RULE: Final = re.compile(r"([0-9a-fA-F]{4}):([0-9a-fA-F]{4})(?::(\S{1,64}))?")
_PORT: Final = re.compile(r"(?:/dev/\S{1,120}|COM\d{1,3})")
State = Literal["in", "out", "fault"]


class ScannerRuleError(ReaderError):
    """What names a scanner is neither VID:PID, VID:PID:SERIAL, nor a port; fact `rule`."""

    code = "scanner-rule-invalid"


class ScannerBusyError(ReaderError):
    """Another program holds the scanner's port, or this user may not open it; facts `port`, `reason`."""

    code = "scanner-busy"


class ScannerAmbiguousError(ReaderError):
    """Several devices answer to the rule: which one is meant is not guessed; fact `count`."""

    code = "scanner-ambiguous"


@dataclass(frozen=True, slots=True, kw_only=True)
class Port:
    """A serial port of now. `vid`, `pid`: of USB, four hex digits in small letters, "" where it is none."""

    device: str
    vid: str = ""
    pid: str = ""
    serial: str = field(default="", repr=False)
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScannerRule:
    """Which port is the scanner's: one of a device with `vid` and `pid` (and `serial`, where two are alike), or the one
    with this name."""

    vid: str = ""
    pid: str = ""
    serial: str = field(default="", repr=False)
    device: str = ""

    @classmethod
    def parse(cls, text: str) -> ScannerRule:
        """Return the rule of "VID:PID", "VID:PID:SERIAL", "COM7" or "/dev/ttyACM0". Raises ScannerRuleError."""
        found = _RULE.fullmatch(text.strip())
        if found is not None:
            vid, pid, number = found.groups()
            return cls(vid=vid.lower(), pid=pid.lower(), serial=number or "")
        if _PORT.fullmatch(text.strip()):
            return cls(device=text.strip())
        raise ScannerRuleError(rule=text[:40])

    def of(self, ports: Iterable[Port]) -> Port | None:
        """Return the scanner's port; None when it is not there. Raises ScannerAmbiguousError."""
        if self.device:
            listed = self.device.startswith("COM")  # pseudo-terminals are in no list: opening one will tell
            named = (port for port in ports if port.device == self.device)
            return next(named, None if listed else Port(device=self.device))
        found = [port for port in ports if self._means(port)]
        if len(found) > 1:
            raise ScannerAmbiguousError(count=len(found))
        return found[0] if found else None

    def _means(self, port: Port) -> bool:
        return (port.vid, port.pid) == (self.vid, self.pid) and self.serial in {"", port.serial}


def serial_ports() -> tuple[Port, ...]:
    """Return the system's serial ports of now."""
    return tuple(
        Port(
            device=str(each.device),
            vid=_hex(each.vid),
            pid=_hex(each.pid),
            serial=str(each.serial_number or ""),
            name=str(each.product or each.description or ""),
        )
        for each in list_ports.comports()
    )


def _hex(number: int | None) -> str:
    return "" if number is None else f"{number:04x}"


class Line(Protocol):
    """An open port."""

    def read(self, most: int, /) -> bytes:
        """Return what came within a moment. Raises OSError when the device is gone."""

    def close(self) -> None:
        """Let go of it."""


def open_port(port: Port) -> Line:
    """Return a port that is open for this program alone, emptied of what lay in it. Raises OSError."""
    line = serial.Serial(port.device, BAUD, timeout=READ_S, exclusive=True)
    with suppress(OSError):
        line.reset_input_buffer()  # what was scanned while nobody listened is nobody's
    return _Port(line)


class _Port:
    """Waits for the first octet, then takes what is there."""

    def __init__(self, line: Any) -> None:
        self._line = line

    def read(self, most: int, /) -> bytes:
        first: bytes = self._line.read(1)
        return first + self._line.read(min(self._line.in_waiting, most)) if first else b""

    def close(self) -> None:
        self._line.close()


class SerialScanner:
    """Gives every code that is scanned to `on_line`, until it is told to stop; one thread runs it.

    `on_state`: "in" and "out" as the device comes and goes, "fault" with a code when it is there and cannot be used;
    each said once. Called on the running thread."""

    def __init__(
        self,
        rule: ScannerRule,
        *,
        on_line: Callable[[str], None],
        on_state: Callable[[State, Port | None, str], None],
        ports: Callable[[], Iterable[Port]] = serial_ports,
        connect: Callable[[Port], Line] = open_port,
        clock: Callable[[], float] = monotonic,
        look_s: float = LOOK_S,
    ) -> None:
        self._rule = rule
        self._on_line = on_line
        self._on_state = on_state
        self._ports = ports
        self._connect = connect
        self._clock = clock
        self._look_s = look_s
        self._buffer = LineBuffer()
        self._told: tuple[State, str] | None = None

    def run(self, stop: Event) -> None:
        """Look for the scanner, read it, look again when it went; return soon after `stop` is set."""
        while not stop.is_set():
            opened = self._found()
            if opened is None:
                stop.wait(self._look_s)
                continue
            port, line = opened
            self._say("in", port)
            try:
                self._read(line, stop)
            finally:
                self._buffer.forget()
                with suppress(OSError):
                    line.close()
            if not stop.is_set():
                self._say("out", port)

    def _found(self) -> tuple[Port, Line] | None:
        try:
            port = self._rule.of(self._ports())
        except ScannerAmbiguousError as error:
            self._say("fault", None, error.code)
            return None
        if port is None:
            self._say("out", None)
            return None
        try:
            return port, self._connect(port)
        except FileNotFoundError:
            self._say("out", None)
        except (OSError, ValueError) as error:  # pyserial's own errors are of these kinds
            gone = _errno(error) in _GONE
            self._say(
                "out" if gone else "fault", None if gone else port, "" if gone else ScannerBusyError.code
            )
        return None

    def _read(self, line: Line, stop: Event) -> None:
        """Read until the device goes or nobody wants more."""
        while not stop.is_set():
            try:
                octets = line.read(MOST_AT_ONCE)
            except (OSError, TypeError):  # TypeError: pyserial, when a port is closed under a read
                return
            for text in self._buffer.feed(octets, self._clock()):
                self._on_line(text)

    def _say(self, state: State, port: Port | None, code: str = "") -> None:
        if self._told != (state, code):
            self._told = (state, code)
            self._on_state(state, port, code)


_GONE: Final = frozenset({2, 5, 6, 19})
"""ENOENT, EIO, ENXIO, ENODEV: nothing is there, or it has just been taken out."""


def _errno(error: Exception) -> int | None:
    number = getattr(error, "errno", None)
    return number if isinstance(number, int) else None
