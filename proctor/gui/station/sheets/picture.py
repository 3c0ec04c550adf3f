"""Pages as pictures: one at a time, Page Down and Page Up, larger and smaller, arrows to move over a large one."""

import io
import tkinter
from collections.abc import Callable
from functools import partial
from typing import Any, Final

import ttkbootstrap as ttk
from PIL import Image, ImageTk

from proctor.gui.look import Look
from proctor.texts import Texts

ZOOMS: Final = (1.0, 1.4, 2.0, 2.8)
"""Times the width of the place; the first shows the whole page."""
GROUND: Final = "#8a929b"
RING: Final = "#101820"
_LEAST: Final = 160
_EDGE: Final = 6
_STEP: Final = 0.12
_SETTLE_MS: Final = 60
A4_RATIO: Final = 1.4142

Draw = Callable[[int, int], None]
"""Have a page (from 0) drawn so many pixels wide; the picture comes back by `show`."""


class PagePicture(ttk.Frame):
    """Shows pages that somebody else draws. `draw(page, wide)` asks for one."""

    def __init__(
        self, master: Any, look: Look, texts: Texts, draw: Draw, *, high: int, zoom: int = 0
    ) -> None:
        super().__init__(master)
        self._look, self._texts, self._draw = look, texts, draw
        self.pages, self.page, self._zoom = 0, 0, zoom
        self._lying = False
        self._picture: ImageTk.PhotoImage | None = None
        self._asked: tuple[int, int] = (-1, 0)
        self._waiting = ""
        self._to_bottom = False
        self.columnconfigure(0, weight=1)
        self.rowconfigure(0, weight=1)
        self.canvas = tkinter.Canvas(
            self,
            background=GROUND,
            highlightthickness=max(3, look.px(2)),
            highlightcolor=RING,
            highlightbackground=GROUND,
            takefocus=True,
            width=_LEAST,
            height=high,
        )
        self.canvas.grid(row=0, column=0, sticky="nsew")
        self.caption = ttk.Label(self, anchor="center")
        self.caption.grid(row=1, column=0, sticky="ew", pady=(look.px(2), 0))
        self._bind()

    def _bind(self) -> None:
        canvas = self.canvas
        for key in ("<plus>", "<KP_Add>", "<equal>"):
            canvas.bind(key, lambda _event: self.zoom(1))
        for key in ("<minus>", "<KP_Subtract>"):
            canvas.bind(key, lambda _event: self.zoom(-1))
        for key, step in (("<Left>", -1), ("<Right>", 1)):
            canvas.bind(key, partial(self._across, step))
        for key, step in (("<Up>", -1), ("<Down>", 1), ("<Button-4>", -1), ("<Button-5>", 1)):
            canvas.bind(key, partial(self._down, step))
        canvas.bind("<Home>", lambda _event: self.go(0))
        canvas.bind("<End>", lambda _event: self.go(self.pages - 1))
        canvas.bind("<Button-1>", lambda _event: canvas.focus_set())
        canvas.bind("<Configure>", lambda _event: self._soon())

    # --- what is shown ---

    def load(self, pages: int, *, lying: bool = False, page: int = 0) -> None:
        """Begin with a document of so many pages, 0 for none; `lying`: its pages are wider than high."""
        self.pages, self._lying = pages, lying
        self.page = min(max(page, 0), max(pages - 1, 0))
        self._asked = (-1, 0)
        self.canvas.delete("all")
        self._say()
        self._soon()

    def show(self, page: int, wide: int, png: bytes) -> None:
        """Show a page that was drawn, if it is still the one that is wanted, in the size that is wanted."""
        if (page, wide) != self._asked:
            return
        picture = Image.open(io.BytesIO(png))
        self._picture = ImageTk.PhotoImage(picture, master=self)
        wide, high = self._room()
        region = (0, 0, max(wide, picture.width), max(high, picture.height))
        self.canvas.delete("all")
        self.canvas.configure(scrollregion=region)
        self.canvas.create_image(region[2] // 2, region[3] // 2, image=self._picture)
        self.canvas.xview_moveto(max(0.0, (1 - wide / region[2]) / 2))
        self.canvas.yview_moveto(1.0 if self._to_bottom else 0.0)
        self._to_bottom = False
        self._say()

    @property
    def shown(self) -> bool:
        """Whether a page is to be seen."""
        return bool(self.canvas.find_all())

    def _say(self) -> None:
        key = "sheets-page.pages" if self.pages else "sheets-page.no-page"
        percent = round(100 * ZOOMS[self._zoom])
        self.caption.configure(
            text=self._texts.say(key, page=self.page + 1, pages=self.pages, percent=percent)
        )

    # --- keys ---

    def go(self, page: int) -> None:
        """Turn to a page."""
        wanted = min(max(page, 0), max(self.pages - 1, 0))
        if wanted != self.page:
            self.page = wanted
            self._ask()

    def turn(self, pages: int) -> None:
        """Page Down, Page Up: on over a large page, then to the next one."""
        first, last = self.canvas.yview()
        if (pages > 0 and last < 1.0) or (pages < 0 and first > 0.0):
            self.canvas.yview_scroll(pages, "pages")
            return
        before = self.page
        self._to_bottom = pages < 0 and self.page > 0 and self._zoom > 0
        self.go(self.page + pages)
        if self.page == before:
            self._to_bottom = False

    def zoom(self, step: int) -> str:
        """Larger or smaller."""
        self._zoom = min(max(self._zoom + step, 0), len(ZOOMS) - 1)
        self._ask()
        return "break"

    def _across(self, step: int, _event: object) -> str:
        self.canvas.xview_moveto(max(0.0, self.canvas.xview()[0] + step * _STEP))
        return "break"

    def _down(self, step: int, _event: object) -> str:
        self.canvas.yview_moveto(max(0.0, self.canvas.yview()[0] + step * _STEP))
        return "break"

    # --- size ---

    def _room(self) -> tuple[int, int]:
        edge = 2 * int(self.canvas.cget("highlightthickness")) + 2 * _EDGE
        return max(_LEAST, self.canvas.winfo_width() - edge), max(_LEAST, self.canvas.winfo_height() - edge)

    def _wide(self) -> int:
        """Return how wide a page is drawn: the whole page fits at the first zoom."""
        wide, high = self._room()
        ratio = 1 / A4_RATIO if self._lying else A4_RATIO
        return round(min(wide, high / ratio) * ZOOMS[self._zoom])

    def _soon(self) -> None:
        if self._waiting:
            self.after_cancel(self._waiting)
        self._waiting = self.after(_SETTLE_MS, self._ask)

    def _ask(self) -> None:
        self._waiting = ""
        if not self.pages or not self.winfo_exists():
            return
        wanted = (self.page, self._wide())
        if wanted != self._asked:
            self._asked = wanted
            self._say()
            self._draw(*wanted)
