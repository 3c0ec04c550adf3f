"""The screen that faces the candidate: a window in a process of its own (`proctor.gui.candidate_screen`).

A window that dies or hangs costs its colours, never the attempt: prompts go on as lines at the desk.
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Lock, Thread
from time import monotonic, sleep
from types import TracebackType
from typing import Any, Self

from biometrics.candidate_screen import Colour, Prompt
from proctor.errors import CommandError
from proctor.terminal_screen import Say, TerminalScreen

MOST_PIXELS = 20_000
_PLACE = re.compile(r"(\d{2,5})x(\d{2,5})([+-]\d{1,5})([+-]\d{1,5})")
_NAMED = ("full", "window")
Zone = tuple[float, float, float, float]
_KEPT_ENVIRONMENT = (
    *(
        "PATH",
        "SYSTEMROOT",
        "LD_LIBRARY_PATH",
        "TEMP",
        "TMP",
        "HOME",
        "USERPROFILE",
        "APPDATA",
        "LANG",
        "LC_ALL",
    ),
    *("DISPLAY", "XAUTHORITY", "WAYLAND_DISPLAY", "XDG_RUNTIME_DIR", "TCL_LIBRARY", "TK_LIBRARY"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowLimits:
    """Seconds: until the window is there, for one order, between two changes of colour (WCAG 2.3.1: at most three
    flashes a second; this keeps to two)."""

    start_s: float = 10.0
    order_s: float = 2.0
    between_colours_s: float = 0.5


def require_place(text: str) -> str:
    """Return where the window stands: "full", "window", or WxH+X+Y in pixels. Raises CommandError."""
    found = _PLACE.fullmatch(text)
    if text in _NAMED or (
        found is not None and all(0 < int(side) <= MOST_PIXELS for side in found.groups()[:2])
    ):
        return text
    raise CommandError("screen-place-invalid", usage=True, place=text[:40])


class CandidateWindow:
    """Implements `CandidateScreen`. Prompts and colours come from one thread at a time, pictures from another;
    `skip` from any. A context manager."""

    def __init__(
        self,
        place: str,
        say: Say,
        *,
        language: str = "vi",
        standing: str = "",
        limits: WindowLimits | None = None,
        clock: Callable[[], float] = monotonic,
        wait: Callable[[float], None] = sleep,
    ) -> None:
        """Nothing is opened yet. `place`: as `require_place` returns it; `say`: where prompts go without a window;
        `standing`: a line for whoever comes, on the page that waits for them."""
        self._place = place
        self._language = language
        self._standing = standing
        self._limits = limits or WindowLimits()
        self._clock = clock
        self._wait = wait
        self._say = say
        self._terminal = TerminalScreen(say)
        self._lock = Lock()
        self._window: _Window | None = None
        self._asking = False
        self._skip = False
        self._coloured_at = -1e9

    @classmethod
    def start(cls, place: str, say: Say, **options: Any) -> Self:
        """Return a screen whose window opens while the caller goes on."""
        screen = cls(place, say, **options)
        screen.open()
        return screen

    def __enter__(self) -> Self:
        """Return the screen."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the window."""
        self.close()

    @property
    def can_flash(self) -> bool:
        """Whether there is a window that can fill itself with a colour."""
        window = self._window
        return window is not None and window.wait_up()

    @property
    def skip_asked(self) -> bool:
        """Whether candidate or supervisor asked to go on without the challenge that is shown."""
        return self._skip

    @property
    def process_id(self) -> int | None:
        """The window's process; None without one."""
        window = self._window
        return None if window is None else window.process.pid

    def mend(self) -> bool:
        """Whether the window stands, or is being opened; one whose process died is opened again. Any thread may ask,
        now and then."""
        window = self._window
        if window is not None and window.process.poll() is None:
            return True
        if window is not None:
            self._lost(window)
        self.open()
        return False

    def skip(self) -> None:
        """Go on without the challenge that is shown; without one: nothing. Any thread may ask."""
        self._skip = self._skip or self._asking

    def prompt(self, prompt: Prompt) -> None:
        """Show what to do. Returns when it is on the screen."""
        self._asking = prompt != "done"
        self._skip = self._skip and self._asking
        if not self._order("prompt", prompt):
            self._terminal.prompt(prompt)

    def hint(self, code: str) -> None:
        """Show what hinders the picture, by its code; "" takes it away."""
        if not self._order("hint", code):
            self._terminal.hint(code)

    def colour(self, rgb: Colour | None) -> None:
        """Fill the window with a colour, None: back to the usual page. Waits so that colours never change more often
        than twice a second. Raises ValueError for a saturated red or what is no colour."""
        if rgb is not None:
            _require_calm(rgb)
            self._wait(max(0.0, self._coloured_at + self._limits.between_colours_s - self._clock()))
            self._coloured_at = self._clock()
        self._order("colour", None if rgb is None else list(rgb))

    def notice(self, version: str, text: str) -> None:
        """Show the notice that comes before a picture is taken, as `Notice.show` wants it."""
        del version
        self._order("notice", text)

    def idle(self) -> None:
        """Nobody is at the desk: a neutral page. A window that died is opened again."""
        self._asking = self._skip = False
        self._terminal.idle()
        if not self._order("idle", None):
            self.open()

    def frame(self, width: int, height: int, rgb: bytes, zone: Zone) -> None:
        """Show the candidate themselves as in a mirror, with their zone (left, top, right, bottom in shares). `rgb`:
        mirrored already, height × width × 3 octets. Waits for nothing: while the last picture is not drawn yet, or
        nobody is before the screen, this one is dropped."""
        window = self._window
        if window is not None and not window.show(width, height, rgb, zone):
            self._lost(window)

    def result(self, admitted: bool) -> None:
        """Show how it ended, for everybody to see: "come in", or "please wait"; no reason. The picture goes."""
        self._asking = self._skip = False
        self._order("result", "admitted" if admitted else "wait")

    def close(self) -> None:
        """Close the window and wait for its process."""
        with self._lock:
            window, self._window = self._window, None
        if window is not None:
            window.end()

    def open(self) -> None:
        """Open the window while the caller goes on; one that is open stays."""
        with self._lock:
            if self._window is None:
                self._window = _Window.open(
                    (self._place, self._language, self._standing), self._limits, self.skip
                )

    def _order(self, name: str, what: Any) -> bool:
        """Have the window do something and wait until it is drawn; False when there is no window any more."""
        with self._lock:
            window = self._window
            if window is None:
                return False
            if window.wait_up() and window.do(name, what):
                return True
        self._lost(window)
        return False

    def _lost(self, window: "_Window") -> None:
        """End a window that died or hangs, and say so once."""
        with self._lock:
            mine, self._window = self._window is window, None if self._window is window else self._window
        window.end()
        if mine:
            self._say("screen-gone", {})


def _require_calm(rgb: Colour) -> None:
    if len(rgb) != 3 or not all(isinstance(value, int) and 0 <= value <= 255 for value in rgb):
        raise ValueError("no colour")
    light = [_linear(value / 255) for value in rgb]
    if light[0] >= 0.8 * sum(light) > 0:  # WCAG 2.3.1: a saturated red
        raise ValueError("saturated red")


def _linear(value: float) -> float:
    """Return an sRGB value as light (IEC 61966-2-1)."""
    return value / 12.92 if value <= 0.04045 else float(((value + 0.055) / 1.055) ** 2.4)


class _Window:
    """The process, and a thread that reads what it answers."""

    def __init__(
        self, process: "subprocess.Popen[bytes]", limits: WindowLimits, on_skip: Callable[[], None]
    ) -> None:
        self.process = process
        self._limits = limits
        self._on_skip = on_skip
        self._number = 0
        self._up: bool | None = None
        self._answers: SimpleQueue[int | None] = SimpleQueue()
        self._writing = Lock()
        self._shown_s: float | None = None  # when the picture was sent that is not drawn yet
        self._thread = Thread(target=self._read, daemon=True)
        self._thread.start()

    @classmethod
    def open(
        cls, arguments: tuple[str, ...], limits: WindowLimits, on_skip: Callable[[], None]
    ) -> "_Window | None":
        """Start the process; None when the system cannot."""
        environment = {name: os.environ[name] for name in _KEPT_ENVIRONMENT if name in os.environ}
        environment["PYTHONPATH"] = str(Path(__file__).parent.parent)
        try:
            process = subprocess.Popen(
                [sys.executable, "-P", "-m", "proctor.gui.candidate_screen", *arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=environment,
                bufsize=0,
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )
        except OSError:
            return None
        return cls(process, limits, on_skip)

    def wait_up(self) -> bool:
        """Wait, once, until the window is there; whether it was, and its process lives."""
        if self._up is None:
            try:
                self._up = self._answers.get(timeout=self._limits.start_s) is not None
            except Empty:
                self._up = False
        return self._up and self.process.poll() is None

    def do(self, name: str, what: Any) -> bool:
        """Give one order; whether it was drawn in time."""
        self._number += 1
        line = json.dumps({"n": self._number, "do": name, "what": what}).encode() + b"\n"
        try:
            if not self._write(line, wait_s=self._limits.order_s):
                return False
            while (answer := self._answers.get(timeout=self._limits.order_s)) is not None:
                if answer == self._number:
                    return True
        except Empty:
            return False
        return False

    def show(self, width: int, height: int, rgb: bytes, zone: Zone) -> bool:
        """Send a picture and wait for nothing; drop it while the last one is on its way. False: the window hangs."""
        if not self._up:
            return True
        sent_s = self._shown_s
        if sent_s is not None:
            return monotonic() - sent_s < self._limits.order_s
        self._shown_s = monotonic()
        what = {"size": [width, height], "octets": len(rgb), "zone": list(zone)}
        return self._write(json.dumps({"do": "frame", "what": what}).encode() + b"\n" + rgb, wait_s=0.0)

    def _write(self, octets: bytes, *, wait_s: float) -> bool:
        """Write all of it; False where the process is gone, or somebody else's writing does not end."""
        if not self._writing.acquire(timeout=wait_s):
            return not wait_s
        try:
            pipe, rest = self.process.stdin, memoryview(octets)
            while pipe is not None and rest:
                rest = rest[pipe.write(rest) :]
        except (OSError, ValueError):
            return False
        finally:
            self._writing.release()
        return pipe is not None

    def end(self) -> None:
        """End the process and wait for it."""
        if self._writing.acquire(timeout=0.2):
            self._writing.release()
        else:
            self.process.kill()  # somebody writes to it, and it does not read
        try:
            if self.process.stdin is not None:
                self.process.stdin.close()
            self.process.wait(1.0)
        except (OSError, subprocess.TimeoutExpired):
            self.process.kill()
            self.process.wait()
        self._thread.join(2.0)

    def _read(self) -> None:
        pipe = self.process.stdout
        if pipe is None:
            return
        with pipe:
            for line in pipe:
                self._heard(line)
        self._answers.put(None)

    def _heard(self, line: bytes) -> None:
        try:
            said = json.loads(line)
            if said.get("skip"):
                self._on_skip()
            elif said.get("frame"):
                self._shown_s = None
            else:
                self._answers.put(0 if said.get("up") else int(said["n"]))
        except (ValueError, KeyError, TypeError, AttributeError):
            return
