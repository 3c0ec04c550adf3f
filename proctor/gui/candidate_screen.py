"""The window that faces the candidate, a process of its own: `python -m proctor.gui.candidate_screen PLACE LANGUAGE`.

Orders are lines of JSON on stdin: {"n", "do": prompt | hint | colour | notice | idle, "what"}; each is answered {"n"}
on stdout when it is drawn. {"up": true}: the window is there; {"skip": true}: the key or the button was pressed.
It shows fixed texts and drawings, never anything of a person. It ends when stdin ends.
"""

import json
import sys
import tkinter as tk
from collections.abc import Callable
from queue import Empty, SimpleQueue
from threading import Thread
from time import monotonic
from tkinter import font as tkfont
from types import TracebackType
from typing import Any, Final

from PIL import ImageTk

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

    def __init__(self, place: str, texts: Texts, say: Callable[[dict[str, Any]], None]) -> None:
        super().__init__()
        self._texts = texts
        self._tell = say
        self.shown: str = IDLE
        self.colour: str | None = None
        self._code = ""
        self._hinted_at = -HINT_S
        self._later: str | None = None  # the call that shows the newest hint
        self._notice = ""
        self._pictures: dict[tuple[str, int], ImageTk.PhotoImage] = {}
        self._drawing: str | None = None
        self._fonts = {name: tkfont.Font(root=self, name=f"candidate-{name}") for name in _SIZES}
        for name in ("prompt", "skip"):
            self._fonts[name].configure(weight="bold")
        self.title(texts["screen.title"])
        self.canvas = tk.Canvas(self, highlightthickness=0, background=PAPER, takefocus=True)
        self.canvas.pack(fill="both", expand=True)
        self._orders: dict[str, Callable[[Any], None]] = {
            "prompt": self._prompt, "hint": self._hint, "colour": self._colour,
            "notice": self._told, "idle": self._idle,
        }  # fmt: skip
        self.canvas.bind("<Configure>", lambda _event: self._resized())
        self.canvas.bind("<Button-1>", lambda _event: self.canvas.focus_force())
        self.bind("<Escape>", lambda _event: self.skip())
        self.canvas.tag_bind("skip", "<Button-1>", lambda _event: self.skip())
        self.protocol("WM_DELETE_WINDOW", lambda: None)  # only its station closes it
        self._stand(place)

    @property
    def asking(self) -> bool:
        """Whether a challenge is shown, which can be skipped."""
        return self.colour is not None or self.shown not in {IDLE, "done", "notice"}

    def order(self, name: str, what: Any) -> None:
        """Obey one order and return when it is on the screen."""
        self._orders[name](what)
        self.paint()
        self.update_idletasks()
        self.winfo_pointerx()  # an answer from the screen: everything before it was drawn

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
        if self.shown in _WITHOUT_HINTS:
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
        self.shown, self.colour, self._notice = IDLE, None, ""
        self._no_hint()

    # --- drawing ---

    def paint(self) -> None:
        """Draw what is shown now, at the window's size."""
        wide, high = max(self.canvas.winfo_width(), 2), max(self.canvas.winfo_height(), 2)
        self.canvas.delete("all")
        self.canvas.configure(background=self.colour or PAPER)
        if self.colour is None:
            if self.shown == "notice":
                self._text("notice", self._notice, (wide, high), (0.06, 0.97), INK)
            else:
                self._task(wide, high)
        if self.asking:
            self._skip_button(wide, high)

    def _task(self, wide: int, high: int) -> None:
        picture = self._picture(self.shown, _picture_size(wide, high))
        self.canvas.create_image(wide / 2, high * 0.05, anchor="n", image=picture)
        self._text("prompt", self._texts[f"screen.{self.shown}"], (wide, high), (0.57, 0.80), INK)
        self._text("hint", self._texts.get(f"hint.{self._code}", ""), (wide, high), (0.81, 0.91), HINT)

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

    def _text(
        self, kind: str, text: str, size: tuple[int, int], part: tuple[float, float], colour: str
    ) -> None:
        """Write a text into a part of the height, smaller where it would not fit."""
        wide, high = size
        top, bottom = (round(high * share) for share in part)
        font = self._fonts[kind]
        font.configure(size=-max(round(min(high, wide * 0.75) * _SIZES[kind]), SMALLEST))
        item = self.canvas.create_text(
            wide / 2, top, anchor="n", text=text, font=font, fill=colour, width=wide * 0.92, justify="center"
        )
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


_WITHOUT_HINTS: Final = frozenset({"done", "notice"})
_SIZES: Final = {"prompt": 0.085, "hint": 0.058, "notice": 0.09, "skip": 0.034}


def _picture_size(wide: int, high: int) -> int:
    return round(max(min(high * 0.5, wide * 0.6), 16))


def serve(window: CandidateWindow, lines: "SimpleQueue[str | None]") -> None:
    """Obey the orders that have come, then look again soon. None: the parent is gone."""
    try:
        while True:
            line = lines.get_nowait()
            if line is None:
                window.destroy()
                return
            order = json.loads(line)
            window.order(order["do"], order.get("what"))
            _say({"n": order["n"]})
    except Empty:
        window.after(POLL_MS, serve, window, lines)


def _say(line: dict[str, Any]) -> None:
    try:
        sys.stdout.write(json.dumps(line) + "\n")
        sys.stdout.flush()
    except OSError:
        return  # the parent is gone: stdin ends too


def _read(lines: "SimpleQueue[str | None]") -> None:
    for line in sys.stdin:
        lines.put(line)
    lines.put(None)


def main(place: str, language: str) -> None:
    """Open the window and serve until stdin ends."""
    lines: SimpleQueue[str | None] = SimpleQueue()
    window = CandidateWindow(place, load_texts(language), _say)
    Thread(target=_read, args=(lines,), daemon=True).start()
    window.update()
    _say({"up": True})
    window.after(0, serve, window, lines)
    window.mainloop()


if __name__ == "__main__":
    main(*sys.argv[1:3])
