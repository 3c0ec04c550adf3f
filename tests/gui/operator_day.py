"""Does the day that docs/operator.md tells, key by key: `python -m tests.gui.operator_day docs/pictures` (Xvfb).

The page is read, not repeated here: each picture of it closes a step, the step's `Keys:` are pressed where the focus is
as a hand would, and what `Screen:` promises has to appear before the picture is taken.
"""

import os
import re
import sys
import tempfile
import time
import tkinter
from collections.abc import Callable, Iterator
from contextlib import chdir, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from unittest import mock

import cv2
import numpy as np
from PIL import Image, ImageGrab

from biometrics import worker
from proctor.config import Places
from proctor.gui.station.desk_options import DeskOptions
from proctor.gui.station.real import means as real_means
from proctor.gui.station.window import StationWindow
from tests.support.kept_bugs import KeptBugs

CHILD: Final = worker._Child
PATIENCE: Final = 6
DOCS: Final = Path(__file__).parents[2] / "docs"
PAGE: Final = DOCS / "operator.md"
SIZE: Final = (1366, 768)
COLOURS: Final = (128, 64, 40, 28, 20, 14, 8)
FLAT: Final = 24
SMOOTH: Final = (7, 45, 5)
"""Of a bilateral filter: neighbours in pixels, the colours it takes for one, how far it looks."""
LARGEST: Final = 60 * 1024
BUSY_S: Final = 120.0
SAID_S: Final = 300.0
"""How long a step may take until the screen says what the page promises: a check-in on a busy machine."""

PRESSED: Final = {
    "Enter": "Return",
    "Esc": "Escape",
    "Space": "space",
    "Tab": "Tab",
    "Shift+Tab": "ISO_Left_Tab",
    "↓": "Down",
    "↑": "Up",
    "←": "Left",
    "→": "Right",
    "Page Down": "Next",
    "Page Up": "Prior",
    "Backspace": "BackSpace",
    "Delete": "Delete",
    "Ctrl +": "Control-plus",
    "Ctrl −": "Control-minus",
    **{f"F{number}": f"F{number}" for number in range(1, 13)},
}
NAMED: Final = {
    " ": "space",
    ",": "comma",
    ".": "period",
    "/": "slash",
    "-": "minus",
    ":": "colon",
    "%": "percent",
}
WITH: Final = {"Ctrl": "Control", "Alt": "Alt", "Shift": "Shift"}


CLOSED: Final = "Screen: the window closes."
NOTHING: Final = "none"
"""Stands first in a line of keys where whoever reads it only waits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One key, as it is written (`Alt+U`) and as Tk knows it (`Alt-u`)."""

    written: str
    sequence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """Text that is typed letter by letter."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step: what is pressed, what the screen then says, and the picture of it; without one the window closes.

    `line`: where its keys stand.
    """

    line: int
    keys: tuple[Key | Typed, ...]
    says: tuple[str, ...]
    picture: str

    @property
    def name(self) -> str:
        """The picture's name without its ending."""
        return Path(self.picture).stem or "the end"


class PageError(ValueError):
    """The page says something that nobody could do."""


def key_of(written: str) -> Key:
    """Return a key as Tk knows it. Raises PageError."""
    if written in PRESSED:
        return Key(written=written, sequence=PRESSED[written])
    held, _, last = written.rpartition("+")
    if held in WITH and len(last) == 1 and last.isascii() and last.isalnum():
        return Key(written=written, sequence=f"{WITH[held]}-Key-{last.lower()}")
    raise PageError(f"`{written}` is no key")


_PART: Final = re.compile(r"`([^`]+)`(?: ×(\d+))?|\"([^\"]+)\"")


def keys_of(line: str) -> tuple[Key | Typed, ...]:
    """Return what a line of keys asks for: keys in backticks, `×3` for three times, typed text in quotes; the words
    between them are for the reader. Nothing where the line begins with none. Raises PageError.
    """
    if line.partition(",")[0].strip() == NOTHING and not _PART.search(line):
        return ()
    found: list[Key | Typed] = []
    for key, times, text in _PART.findall(line):
        found += [key_of(key)] * int(times or 1) if key else [Typed(text=text)]
    if not found:
        raise PageError(f"no key in: {line}")
    return tuple(found)


def steps(text: str) -> tuple[Step, ...]:
    """Return the steps of the page in order. Raises PageError where one has no keys, no words or no picture."""
    found: list[Step] = []
    keys: tuple[Key | Typed, ...] | None = None
    says: tuple[str, ...] = ()
    at = 0
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.strip()
        if line.startswith("Keys:"):
            if keys is not None:
                raise PageError(f"line {at}: a step without a picture")
            keys, at = keys_of(line.removeprefix("Keys:")), number
        elif line.startswith("Screen:"):
            says = tuple(re.findall(r"\"([^\"]+)\"", line))
            if keys is not None and line == CLOSED:
                found.append(Step(line=at, keys=keys, says=(), picture=""))
                keys = None
        elif picture := re.match(r"!\[[^\]]+\]\((pictures/day-[\w-]+\.png)\)", line):
            if keys is None or not says:
                raise PageError(f"line {number}: a picture without keys or words")
            found.append(Step(line=at, keys=keys, says=says, picture=picture[1]))
            keys, says = None, ()
    if keys is not None:
        raise PageError(f"line {at}: a step without a picture")
    return tuple(found)


class Operated(KeptBugs, StationWindow):
    """The station's window with what went wrong in its callbacks kept; keys are pressed on it, nothing is called."""

    def pump(self, until: Callable[[], bool], seconds: float) -> bool:
        """Let the window work until something holds; False when it did not in time, or the window was closed."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if not self.alive:
                return until()
            self.update()
            if until():
                return True
            time.sleep(0.005)
        return False

    def rest(self) -> None:
        """Wait until what was asked for is done, as somebody who looks at the screen does."""
        self.pump(lambda: False, 0.06)
        if not self.pump(lambda: not self.alive or not self.background.busy, BUSY_S):
            raise AssertionError("the window is busy for ever")
        # The session page shows what was seen last until the log is read: its buttons are those of then.
        if not self.pump(lambda: not self.alive or getattr(self._page, "fresh", True), BUSY_S):
            raise AssertionError("the page is never read")
        self.pump(lambda: False, 0.06)

    def press(self, sequence: str) -> None:
        """Press and release a key where the focus is."""
        at = str(self.tk.call("focus")) or "."
        self.tk.call("event", "generate", at, f"<{sequence}>")
        self.rest()

    def type(self, text: str) -> None:
        """Type a text: a key for each letter that a plain keyboard has, what an input method writes for the others."""
        for letter in text:
            at = str(self.tk.call("focus")) or "."
            if letter.isascii():
                name = NAMED.get(letter, letter)
                self.tk.call("event", "generate", at, "<KeyPress>", "-keysym", name)
                self.tk.call("event", "generate", at, "<KeyRelease>", "-keysym", name)
            else:
                self.tk.call(at, "insert", "insert", letter)
            self.update()
        self.rest()


def words_on(window: Any) -> str:
    """Return every word that can be read on the window now, one text a line."""
    tk = window.tk
    found: list[str] = [str(window.title())]
    waiting = ["."]
    while waiting:
        path = waiting.pop(0)
        waiting += map(str, tk.splitlist(tk.call("winfo", "children", path)))
        if path == "." or int(tk.call("winfo", "viewable", path)):
            found += _words_of(tk, path)
    return "\n".join(found)


def _words_of(tk: Any, path: str) -> Iterator[str]:
    kind = str(tk.call("winfo", "class", path))
    read = _READ.get(kind, _read_text)
    try:
        yield from read(tk, path)
    except tkinter.TclError:  # it shows no words
        return


def _read_text(tk: Any, path: str) -> Iterator[str]:
    yield str(tk.call(path, "cget", "-text"))


def _read_table(tk: Any, path: str) -> Iterator[str]:
    for name in tk.splitlist(tk.call(path, "cget", "-columns")):
        yield str(tk.call(path, "heading", name, "-text"))
    for item in tk.splitlist(tk.call(path, "children", "")):
        cells = tk.splitlist(tk.call(path, "item", item, "-values"))
        yield " · ".join((str(tk.call(path, "item", item, "-text")), *map(str, cells)))


def _read_drawing(tk: Any, path: str) -> Iterator[str]:
    for item in tk.splitlist(tk.call(path, "find", "all")):
        if str(tk.call(path, "type", item)) == "text":
            yield str(tk.call(path, "itemcget", item, "-text"))


def _read_field(tk: Any, path: str) -> Iterator[str]:
    if "show" not in str(tk.call(path, "configure")) or not str(tk.call(path, "cget", "-show")):
        yield str(tk.call(path, "get"))


def _read_lines(tk: Any, path: str) -> Iterator[str]:
    yield str(tk.call(path, "get", "1.0", "end"))


def _read_list(tk: Any, path: str) -> Iterator[str]:
    yield from map(str, tk.splitlist(tk.call(path, "get", 0, "end")))


_READ: Final[dict[str, Callable[[Any, str], Iterator[str]]]] = {
    "Treeview": _read_table,
    "Canvas": _read_drawing,
    "Text": _read_lines,
    "TEntry": _read_field,
    "TCombobox": _read_field,
    "Listbox": _read_list,
}


def flat(text: str) -> str:
    """Return a text with its lines and spaces as one."""
    return " ".join(text.split())


class Day:
    """Somebody who has only the page, at a station that has nobody's data."""

    def __init__(self, window: Operated, *, shoot: Path | None = None) -> None:
        self.window, self._shoot = window, shoot

    def do(self, step: Step) -> str:
        """Press the step's keys; return what the screen lacks of what the page promises, "" for nothing. What breaks in
        the window is raised."""
        window = self.window
        for each in step.keys:
            if isinstance(each, Key):
                window.press(each.sequence)
            else:
                window.type(each.text)
        lacks = self._read(step)
        if window.bugs:
            raise window.bugs[0]
        if not lacks and window.alive is not bool(step.picture):
            lacks = f"{PAGE.name}:{step.line} {step.name}: the window is open: {window.alive}"
        if not lacks and self._shoot is not None and step.picture:
            picture(window, self._shoot / Path(step.picture).name)
        return lacks

    def _read(self, step: Step) -> str:
        window = self.window

        def missing() -> list[str]:
            seen = flat(words_on(window)) if window.alive else ""
            return [words for words in step.says if flat(words) not in seen]

        if window.pump(lambda: bool(window.bugs) or not missing(), SAID_S):
            return ""
        seen = words_on(window) if window.alive else "(closed)"
        return f"{PAGE.name}:{step.line} {step.name}: not said {missing()}; on screen:\n{seen}"


def picture(window: Operated, path: Path) -> None:
    """Keep what the screen shows, small enough for the docs."""
    window.pump(lambda: False, 0.5)
    grabbed = np.asarray(ImageGrab.grab(xdisplay=os.environ["DISPLAY"]).convert("RGB"))
    seen = Image.fromarray(
        cv2.bilateralFilter(grabbed, *SMOOTH)
    )  # a photograph's noise is most of its octets
    for colours in COLOURS:
        seen.quantize(palette=_palette(seen, colours), dither=Image.Dither.NONE).save(path, optimize=True)
        if path.stat().st_size <= LARGEST:
            return
    raise AssertionError(f"{path.name}: {path.stat().st_size} octets")


def _palette(seen: Image.Image, colours: int) -> Image.Image:
    """The colours that the pages are made of as they are, and so many of the photographs."""
    known, counts = np.unique(np.asarray(seen).reshape(-1, 3), axis=0, return_counts=True)
    flat_ones = known[np.argsort(-counts, kind="stable")[:FLAT]].flatten().tolist()
    chosen = seen.quantize(colours).getpalette() or []
    made = Image.new("P", (1, 1))
    made.putpalette([*flat_ones, *chosen[: 3 * colours]])
    return made


@contextmanager
def _patient() -> Iterator[None]:
    """On a busy machine the worker of the faces may take longer than a desk waits: that is no part of the day."""
    asked = CHILD._answer

    def answer(self: Any, name: str, request: Any, deadline_s: float) -> Any:
        return asked(self, name, request, PATIENCE * deadline_s)

    with mock.patch.object(CHILD, "_answer", answer):
        yield


@contextmanager
def station(home: Path, language: str = "vi") -> Iterator[Operated]:
    """Open the station as `proctor station` does, on a home without anything, without sounds."""
    with mock.patch.dict(os.environ, PROCTOR_HOME=str(home)), _patient():
        window = Operated(Places.of(None), language=language, means=real_means(DeskOptions(sounds=False)))
        try:
            window.focus_force()
            window.rest()
            yield window
        finally:
            if window.alive:
                window.pump(lambda: not window.background.busy, BUSY_S)
                window.leave()
            if window.alive:
                window.destroy()


def main(folder: Path) -> None:
    """Do the day, and keep its pictures."""
    folder = folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as work, chdir(work), station(Path(work) / "proctor") as window:
        day = Day(window, shoot=folder)
        for step in steps(PAGE.read_text(encoding="utf-8")):
            began = time.monotonic()
            if lacks := day.do(step):
                sys.exit(lacks)
            print(f"{step.name} {time.monotonic() - began:.1f} s", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
