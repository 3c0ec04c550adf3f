"""A pane that shows pages: the picture beside what is typed where there is room, above it where the text is large."""

from collections.abc import Callable
from functools import partial
from typing import Any, Final

import ttkbootstrap as ttk

from proctor.gui.station.sheets import jobs
from proctor.gui.station.sheets.pane import BESIDE_UP_TO, Pane, Step
from proctor.gui.station.sheets.picture import PagePicture

HIGH: Final = 300
"""Points that the picture asks for beside what is typed."""
ABOVE: Final = {1.5: 0.52, 2.0: 0.36}
"""Of the window's height, above it: picture and caption fill the page, what is typed follows beneath."""
SHARES: Final = (8, 5)
"""Of the width, for the picture and for what stands beside it: words never widen it, so they can break their lines."""
_POINTS: Final = 72
_LEAST: Final = 20
_MOST: Final = 400
"""Dots an inch."""
A4: Final = (595.0, 842.0)

DrawPage = Callable[[bytes, int, int], bytes]


class PicturePane(Pane):
    """`side` is where the rest of the pane stands. `show_pdf` shows a document."""

    def __init__(self, page: Any, step: Step) -> None:
        super().__init__(page, step)
        px = self.look.px
        beside = self.look.scale <= BESIDE_UP_TO
        self.pdf = b""
        self.sizes: tuple[tuple[float, float], ...] = (A4,)
        self._draw_page: DrawPage = jobs.file_page
        high = px(HIGH) if beside else round(page.window.winfo_height() * ABOVE[self.look.scale])
        self.picture = PagePicture(
            self, self.look, self.texts, self._draw, high=high, zoom=0 if beside else 2
        )
        self.side = ttk.Frame(self)
        self.side.columnconfigure(0, weight=1)
        self.rowconfigure(1, weight=1)
        if beside:
            for column, weight in enumerate(SHARES):
                self.columnconfigure(column, weight=weight, uniform="shares")
            self.head.grid_configure(columnspan=2)
            self.picture.grid(row=1, column=0, sticky="nsew", padx=(0, px(8)))
            self.side.grid(row=1, column=1, sticky="nsew")
        else:
            self.picture.grid(row=1, column=0, sticky="nsew")
            self.side.grid(row=2, column=0, sticky="ew", pady=(px(4), 0))

    def show_pdf(
        self,
        pdf: bytes,
        sizes: tuple[tuple[float, float], ...],
        *,
        draw: DrawPage = jobs.file_page,
        page: int = 0,
    ) -> None:
        """Show a document from one of its pages on; `draw` gives a page (from 0) in so many dots an inch as PNG."""
        self.pdf, self.sizes, self._draw_page = pdf, sizes, draw
        wide, high = sizes[0]
        self.picture.load(len(sizes), lying=wide > high, page=page)

    def turn(self, pages: int) -> bool:
        """Turn the sheet's page."""
        if self.picture.pages:
            self.picture.turn(pages)
        return bool(self.picture.pages)

    def kept(self) -> dict[str, Any]:
        """Return which page is shown."""
        return {"page": self.picture.page}

    def _draw(self, page: int, wide: int) -> None:
        """Have a page drawn beside the window."""
        if not self.pdf:
            return
        points = self.sizes[page][0]
        dpi = min(max(round(wide * _POINTS / points), _LEAST), _MOST)
        job = partial(self._draw_page, self.pdf, page, dpi)
        self.page.quietly(job, partial(self._drawn, page, wide))

    def _drawn(self, page: int, wide: int, png: bytes) -> None:
        if self.winfo_exists():
            self.picture.show(page, wide, png)
