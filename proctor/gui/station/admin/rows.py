"""A table of a section's rows: as wide as its text, chosen by arrows."""

from collections.abc import Callable, Sequence
from typing import Any, Final

import ttkbootstrap as ttk

from proctor.gui.look import Look
from proctor.gui.scrolled import scroll_bar
from proctor.screens.admin import Row

ROWS: Final = 6
FEWEST: Final = 3
LARGE: Final = 1.5
"""From this size of the text on a table asks for few rows, so that the buttons beneath it are seen."""
_MEASURED: Final = 100
_WIDEST: Final = 40
_NARROWEST: Final = 16
_EDGES: Final = 4
"""Pixels of the frame around the rows."""


class RowTable(ttk.Frame):
    """`on_row` gets the row that is chosen, or None."""

    def __init__(
        self,
        master: Any,
        look: Look,
        heads: Sequence[tuple[str, str]],
        *,
        wide: str,
        room: int,
        on_row: Callable[[Row | None], None] = lambda _row: None,
        height: int = ROWS,
    ) -> None:
        """`heads`: name and heading of each column; `wide`: the one that takes the room that is left; `room`: pixels
        for all of them. What does not fit is left out from the right, and told by `left_out`."""
        super().__init__(master)
        self._room = room
        self._look, self._heads, self._wide, self._on_row = look, heads, wide, on_row
        self.rows: tuple[Row, ...] = ()
        self._shown: dict[str, int] = {}
        self.columnconfigure(0, weight=1)
        self.rowconfigure(0, weight=1)
        rows = height if look.scale < LARGE else FEWEST
        self.view = ttk.Treeview(
            self, show="headings", selectmode="browse", height=rows, columns=[name for name, _ in heads]
        )
        self.view.grid(row=0, column=0, sticky="nsew")
        scroll_bar(self.view)
        for name, text in heads:
            self.view.heading(name, text=text, anchor="w")
        self._measure()
        self.view.bind("<<TreeviewSelect>>", lambda _event: self._on_row(self.chosen))

    def fill(self, rows: Sequence[Row], chosen: str = "") -> None:
        """Show rows; the chosen one stays where it is among them, else the first is chosen."""
        before = self.chosen
        wanted = chosen or ("" if before is None else before.key)
        self.rows = tuple(rows)
        self.view.delete(*self.view.get_children())
        for number, row in enumerate(self.rows):
            self.view.insert("", "end", iid=str(number), values=row.cells)
        self._measure()
        if self.rows:
            at = next((at for at, row in enumerate(self.rows) if row.key == wanted), 0)
            self.view.selection_set(str(at))
            self.view.focus(str(at))
            self.view.see(str(at))
        self._on_row(self.chosen)

    def put(self, at: int, row: Row) -> None:
        """Show a row anew in its place."""
        self.rows = (*self.rows[:at], row, *self.rows[at + 1 :])
        self.view.item(str(at), values=row.cells)

    @property
    def at(self) -> int | None:
        """The place of the row that is chosen."""
        found = self.view.selection()
        return int(found[0]) if found and int(found[0]) < len(self.rows) else None

    @property
    def chosen(self) -> Row | None:
        """The row that is chosen."""
        return None if self.at is None else self.rows[self.at]

    def left_out(self, row: Row) -> str:
        """Return in words what a row has where there is no room for it; "" where there is."""
        return " · ".join(
            f"{head}: {cell}"
            for (name, head), cell in zip(self._heads, row.cells, strict=False)
            if cell and self._look.body.measure(cell) > self._shown.get(name, 0)
        )

    def _measure(self) -> None:
        body, space = self._look.body, self._look.body.measure("MM")
        limit = body.measure("n" * _WIDEST)
        widths: dict[str, int] = {}
        for place, (name, heading) in enumerate(self._heads):
            texts = [row.cells[place] for row in self.rows[:_MEASURED]]
            widest = max([body.measure(text) for text in texts], default=0)
            widths[name] = min(max(widest, round(body.measure(heading) * 1.12)), limit) + space
        least = min(widths[self._wide], body.measure("n" * _NARROWEST) + space)
        self._shown = self._fitting(widths, least)
        # a table that is filled while it is seen would leave its right end blank
        self._shown[self._wide] += max(0, self.view.winfo_width() - _EDGES - sum(self._shown.values()))
        for name, width in self._shown.items():
            narrowest = least if name == self._wide else width
            self.view.column(name, width=width, minwidth=narrowest, stretch=name == self._wide, anchor="w")
            self._shown[name] = width - space // 2
        self.view.configure(displaycolumns=list(self._shown))

    def _fitting(self, widths: dict[str, int], least: int) -> dict[str, int]:
        """Return the columns for which there is room: the wide one gives way first, then those at the right go."""
        left = dict(widths)
        spare = [name for name in reversed(widths) if name != self._wide][:-1]
        while True:
            over = sum(left.values()) - self._room
            if over <= 0:
                return left
            left[self._wide] = max(least, left[self._wide] - over)
            if sum(left.values()) <= self._room or not spare:
                return left
            left[self._wide] = widths[self._wide]
            del left[spare.pop(0)]
