"""The window that faces the candidate, a process of its own:
`python -m proctor.gui.candidate_screen PLACE LANGUAGE [LINE]`.

Orders are lines of JSON on stdin: {"n", "do": prompt | hint | colour | notice | result | idle, "what"}; each is
answered {"n"} on stdout when it is drawn. {"do": "frame", "what": {size, octets, zone}} is followed by the octets of a
picture, mirrored, three to a pixel, and answered {"frame": true}. {"up": true}: the window is there; {"skip": true}:
the key or the button was pressed. It shows fixed texts, drawings, and whoever stands before it as in a mirror, nothing
else of a person. It ends when stdin ends.
"""

import json
import sys
import tkinter as tk
from collections.abc import Callable
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from threading import Thread
from time import monotonic
from tkinter import font as tkfont
from types import TracebackType
from typing import Any, Final

from PIL import Image, ImageTk

from proctor.gui.candidate_mirror import MOST_OCTETS, Box, Mirror
from proctor.gui.candidate_pictures import NAMES, draw
from proctor.texts import Texts, load_texts

PAPER, INK, HINT, QUIET = "#eef2f6", "#12263f", "#7a4a00", "#44546a"
POLL_MS: Final = 4
HINT_S: Final = 1.0  # a hint stays so long at least: it must be read
IDLE: Final = "idle"
SMALLEST: Final = 10  # pixels of a letter
_SHADE: Final = "#3c3c3c"


class CandidateWindow(tk.Tk):
    """One canvas, drawn anew for every order. `say` sends a line to the parent."""

    def __init__(
        self, place: str, texts: Texts, say: Callable[[dict[str, Any]], None], *, standing: str = ""
    ) -> None:
        super().__init__()
        self._texts = texts
        self._tell = say
        self._standing = standing
        self.shown: str = IDLE
        self.colour: str | None = None
        self._code = ""
        self._hinted_at = -HINT_S
        self._later: str | None = None  # the call that shows the newest hint
        self._notice = ""
        self._pictures: dict[tuple[str, int], ImageTk.PhotoImage] = {}
        self._drawing: str | None = None
        self._fonts = {name: tkfont.Font(root=self, name=f"candidate-{name}") for name in _SIZES}
        for name in ("prompt", "skip", "result"):
            self._fonts[name].configure(weight="bold")
        self.title(texts["screen.title"])
        self.canvas = tk.Canvas(self, highlightthickness=0, background=PAPER, takefocus=True)
        self.canvas.pack(fill="both", expand=True)
        self._orders: dict[str, Callable[[Any], None]] = {
            "prompt": self._prompt, "hint": self._hint, "colour": self._colour,
            "notice": self._told, "idle": self._idle, "result": self._ended,
        }  # fmt: skip
        self._mirror = Mirror(self.canvas)
        self.canvas.bind("<Configure>", lambda _event: self._resized())
        self.canvas.bind("<Button-1>", lambda _event: self.canvas.focus_force())
        self.bind("<Escape>", lambda _event: self.skip())
        self.canvas.tag_bind("skip", "<Button-1>", lambda _event: self.skip())
        self.protocol("WM_DELETE_WINDOW", lambda: None)  # only its station closes it
        self._stand(place)

    @property
    def asking(self) -> bool:
        """Whether a challenge is shown, which can be skipped."""
        return self.colour is not None or self.shown not in _NOT_ASKED

    def order(self, name: str, what: Any) -> None:
        """Obey one order and return when it is on the screen."""
        self._orders[name](what)
        self.paint()
        self.update_idletasks()
        self.winfo_pointerx()  # an answer from the screen: everything before it was drawn

    def mirror(self, size: tuple[int, int], zone: tuple[float, float, float, float], rgb: bytes) -> None:
        """Show a picture of whoever is before the screen now; when nobody is, it is dropped."""
        if self.shown in _ALONE or self.colour is not None:
            return
        fresh = not self._mirror.there
        self._mirror.take(Image.frombytes("RGB", size, rgb), zone)
        if fresh:
            self.paint()
        else:
            self._mirror.refresh()
        self.update_idletasks()

    def skip(self) -> None:
        """Escape, or the button."""
        if self.asking:
            self._tell({"skip": True})

    # --- orders ---

    def _prompt(self, name: str) -> None:
        self.shown, self.colour = name, None
        self._no_hint()

    def _hint(self, code: str) -> None:
        """Show a hint, at once or when the one before was there long enough; of several that wait, the newest."""
        if self.shown in _WITHOUT_HINTS or (self.shown == "notice" and not self._mirror.there):
            return
        self._forget_hint_to_come()
        left = self._hinted_at + HINT_S - monotonic() if self._code else 0.0
        if left > 0 and code != self._code:
            self._later = self.after(round(left * 1000), self._hint_now, code)
        elif code != self._code:
            self._code, self._hinted_at = code, monotonic()

    def _hint_now(self, code: str) -> None:
        self._later = None
        self._code, self._hinted_at = code, monotonic()
        self.paint()

    def _no_hint(self) -> None:
        self._forget_hint_to_come()
        self._code = ""

    def _forget_hint_to_come(self) -> None:
        if self._later is not None:
            self.after_cancel(self._later)
            self._later = None

    def _colour(self, rgb: list[int] | None) -> None:
        self.colour = None if rgb is None else "#{:02x}{:02x}{:02x}".format(*rgb)

    def _told(self, text: str) -> None:
        self.shown, self.colour, self._notice = "notice", None, text
        self._no_hint()

    def _idle(self, _what: None) -> None:
        self._alone(IDLE)

    def _ended(self, what: str) -> None:
        self._alone(what)

    def _alone(self, shown: str) -> None:
        """Show one page, and nothing of whoever was there."""
        self.shown, self.colour, self._notice = shown, None, ""
        self._mirror.forget()
        self._no_hint()

    # --- drawing ---

    def paint(self) -> None:
        """Draw what is shown now, at the window's size."""
        wide, high = max(self.canvas.winfo_width(), 2), max(self.canvas.winfo_height(), 2)
        self._mirror.hide()
        self.canvas.delete("all")
        self.canvas.configure(background=self.colour or PAPER)
        if self.colour is None:
            if self.shown == "notice":
                self._notice_page(wide, high)
            elif self.shown in _RESULTS:
                self._result(wide, high)
            else:
                self._task(wide, high)
        if self.asking:
            self._skip_button(wide, high)

    def _notice_page(self, wide: int, high: int) -> None:
        """The notice in full; beside it the mirror, with what hinders the picture below."""
        if not self._mirror.there:
            self._text("notice", self._notice, (wide, high), (0.04, 0.06, 0.96, 0.97), INK)
            return
        self._text("notice", self._notice, (wide, high), (0.02, 0.06, 0.52, 0.97), INK)
        self._mirror.show((0.54 * wide, 0.06 * high, 0.98 * wide, 0.72 * high))
        self._text("hint", self._hinted, (wide, high), (0.54, 0.76, 0.98, 0.97), HINT)

    def _result(self, wide: int, high: int) -> None:
        picture = self._picture(_RESULTS[self.shown], _picture_size(wide, high))
        self.canvas.create_image(wide / 2, high * 0.06, anchor="n", image=picture)
        self._text("result", self._texts[f"screen.{self.shown}"], (wide, high), (0.04, 0.58, 0.96, 0.95), INK)

    def _task(self, wide: int, high: int) -> None:
        middle = 0.25 if self._mirror.there else 0.5
        picture = self._picture(self.shown, _picture_size(wide, high))
        self.canvas.create_image(wide * middle, high * 0.05, anchor="n", image=picture)
        if self._mirror.there:
            self._mirror.show((0.5 * wide, 0.05 * high, 0.98 * wide, 0.55 * high))
        self._text("prompt", self._texts[f"screen.{self.shown}"], (wide, high), (0.04, 0.57, 0.96, 0.80), INK)
        below = self._standing if self.shown == IDLE and not self._code else self._hinted
        self._text(
            "hint", below, (wide, high), (0.04, 0.81, 0.96, 0.91), QUIET if self.shown == IDLE else HINT
        )

    @property
    def _hinted(self) -> str:
        return self._texts.get(f"hint.{self._code}", "")

    def _picture(self, name: str, size: int) -> ImageTk.PhotoImage:
        if (name, size) not in self._pictures:
            self._pictures[name, size] = ImageTk.PhotoImage(draw(name, size), master=self)
        return self._pictures[name, size]

    def _resized(self) -> None:
        """Draw at the new size; then, one by one, what will be needed, so that no prompt waits for its drawing."""
        self._pictures.clear()
        self.paint()
        self._draw_later()

    def _draw_later(self) -> None:
        if self._drawing is not None:
            self.after_cancel(self._drawing)
        self._drawing = self.after(20, self._prepare)

    def _prepare(self) -> None:
        self._drawing = None
        size = _picture_size(self.canvas.winfo_width(), self.canvas.winfo_height())
        wanted = [name for name in NAMES if (name, size) not in self._pictures]
        if wanted:
            self._picture(wanted[0], size)
            self._draw_later()

    def destroy(self) -> None:
        """Close the window; nothing is drawn later."""
        self._forget_hint_to_come()
        if self._drawing is not None:
            self.after_cancel(self._drawing)
            self._drawing = None
        super().destroy()

    def _text(self, kind: str, text: str, size: tuple[int, int], box: Box, colour: str) -> None:
        """Write a text into a box (left, top, right, bottom in shares), smaller where it would not fit."""
        wide, high = size
        left, right = wide * box[0], wide * box[2]
        top, bottom = round(high * box[1]), round(high * box[3])
        font = self._fonts[kind]
        font.configure(size=-max(round(min(high, wide * 0.75) * _SIZES[kind]), SMALLEST))
        item = self.canvas.create_text(
            (left + right) / 2, top, anchor="n", text=text, font=font, fill=colour, width=right - left,
            justify="center",
        )  # fmt: skip
        while self.canvas.bbox(item)[3] > bottom and -font.cget("size") > SMALLEST:
            font.configure(size=min(font.cget("size") + 2, -SMALLEST))
            self.canvas.itemconfigure(item, font=font)  # measured anew; by itself only when idle

    def _skip_button(self, wide: int, high: int) -> None:
        """Small and in a corner; on a colour only its words, so that the light stays one colour."""
        ink = QUIET if self.colour is None else _SHADE
        self._fonts["skip"].configure(size=-max(round(min(high, wide * 0.75) * _SIZES["skip"]), SMALLEST))
        label = self.canvas.create_text(
            wide * 0.975, high * 0.965, anchor="se", text=self._texts["screen.skip"], tags="skip",
            font=self._fonts["skip"], fill=ink,
        )  # fmt: skip
        left, top, right, bottom = self.canvas.bbox(label)
        edge = (bottom - top) // 2
        box = self.canvas.create_rectangle(
            left - edge, top - edge // 2, right + edge, bottom + edge // 2, tags="skip", outline=ink, width=2,
            fill=PAPER if self.colour is None else self.colour,
        )  # fmt: skip
        self.canvas.tag_lower(box, label)

    def _stand(self, place: str) -> None:
        """Go where it should be: "full" the whole screen, WxH+X+Y without a frame at that place, "window"."""
        if place == "full":
            # without a window manager the attribute alone leaves a small window
            self.geometry(f"{self.winfo_screenwidth()}x{self.winfo_screenheight()}+0+0")
            self.attributes("-fullscreen", True)
        elif place == "window":
            self.geometry("800x600")
        else:
            self.overrideredirect(True)
            self.geometry(place)
            self.attributes("-topmost", True)
        self.update_idletasks()

    def report_callback_exception(
        self, kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        """A bug ends the window: its station goes on without it."""
        super().report_callback_exception(kind, error, trace)
        self.destroy()


_RESULTS: Final = {"admitted": "done", "wait": IDLE}  # each with its drawing
_ALONE: Final = frozenset({IDLE, *_RESULTS})  # pages without anybody's picture
_NOT_ASKED: Final = frozenset({"done", "notice", *_ALONE})
_WITHOUT_HINTS: Final = frozenset({"done", *_RESULTS})
_SIZES: Final = {"prompt": 0.085, "hint": 0.058, "notice": 0.09, "skip": 0.034, "result": 0.17}


def _picture_size(wide: int, high: int) -> int:
    return round(max(min(high * 0.5, wide * 0.6), 16))


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One order as it came; `data`: the octets that follow a "frame"."""

    line: bytes
    data: bytes = field(default=b"", repr=False)


Orders = SimpleQueue[Order | None]


def serve(window: CandidateWindow, orders: Orders) -> None:
    """Obey the orders that have come, then look again soon. None: the parent is gone."""
    try:
        while True:
            order = orders.get_nowait()
            if order is None:
                window.destroy()
                return
            _obey(window, order)
    except Empty:
        window.after(POLL_MS, serve, window, orders)


def _obey(window: CandidateWindow, order: Order) -> None:
    told = json.loads(order.line)
    what = told.get("what")
    if told["do"] == "frame":
        window.mirror(tuple(what["size"]), tuple(what["zone"]), order.data)
        _say({"frame": True})
    else:
        window.order(told["do"], what)
        _say({"n": told["n"]})


def _say(line: dict[str, Any]) -> None:
    try:
        sys.stdout.write(json.dumps(line) + "\n")
        sys.stdout.flush()
    except OSError:
        return  # the parent is gone: stdin ends too


def _read(orders: Orders) -> None:
    pipe = sys.stdin.buffer
    for line in iter(pipe.readline, b""):
        octets = int(json.loads(line)["what"]["octets"]) if b'"do": "frame"' in line else 0
        orders.put(Order(line=line, data=pipe.read(min(octets, MOST_OCTETS)) if octets else b""))
    orders.put(None)


def main(place: str, language: str, standing: str = "") -> None:
    """Open the window and serve until stdin ends. `standing`: a line on the page that waits for somebody."""
    orders: Orders = SimpleQueue()
    window = CandidateWindow(place, load_texts(language), _say, standing=standing)
    Thread(target=_read, args=(orders,), daemon=True).start()
    window.update()
    _say({"up": True})
    window.after(0, serve, window, orders)
    window.mainloop()


if __name__ == "__main__":
    main(*sys.argv[1:4])
