"""What stands in the session page: one pane at a time. Tables of the panes, as wide as their text."""

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from tkinter import font as tkfont
from typing import TYPE_CHECKING, Any, ClassVar, Final, Literal

import ttkbootstrap as ttk

from proctor.gui.look import Look
from proctor.screens.session import Overview

if TYPE_CHECKING:
    from proctor.gui.station.session.page import SessionPage

_FEWEST: Final = 3
_MEASURED: Final = 200
_WIDEST: Final = 28
_CENTRED: Final = ("time", "at")
_LARGE: Final = 1.5


class Pane(ttk.Frame):
    """One pane. The page calls `forward` on Enter, `back` on Escape, `show` when the session was looked at anew.

    `KIND`: "view" shows, "form" and "new" stand in the place of a tab.
    """

    KIND: ClassVar[Literal["view", "form", "new"]] = "view"

    def __init__(self, parent: Any, page: "SessionPage") -> None:
        super().__init__(parent)
        self.page = page
        self.look, self.texts, self.letters = page.look, page.texts, page.letters
        self.columnconfigure(0, weight=1)

    def show(self, seen: Overview) -> None:
        """Show where the session stands."""

    def main_text(self) -> str:
        """Return the key of the text of the main button; "" for none."""
        return ""

    def forward(self) -> None:
        """Enter, and the main button."""

    def back(self) -> bool:
        """Escape. False where nothing is open in the pane."""
        return False

    def kept(self) -> Mapping[str, Any]:
        """Return what the next pane of this kind begins with."""
        return {}

    def take_focus(self) -> None:
        """Put the focus where work begins."""
        self.focus_set()


def headed(pane: Pane, key: str, **facts: str | int) -> ttk.Frame:
    """Return the head of a form: what it does, and at its right how it is left."""
    row = ttk.Frame(pane)
    row.columnconfigure(0, weight=1)
    title = ttk.Label(row, text=pane.texts.say(key, **facts), font=pane.look.title, anchor="w")
    title.grid(row=0, column=0, sticky="ew")
    ttk.Label(row, text=pane.texts["session-page.escape"]).grid(row=0, column=1, sticky="e")
    return row


class Grid(ttk.Frame):
    """A table of plain texts with its scroll bar. `chosen`: the key of the row that is chosen, "" for none."""

    def __init__(
        self,
        master: Any,
        look: Look,
        columns: Sequence[tuple[str, str]],
        *,
        stretch: str,
        rows: int = _FEWEST,
        figures: Iterable[str] = (),
        spare: Sequence[str] = (),
    ) -> None:
        """`columns`: name and heading; `stretch`: the one that takes what is left; `figures`: those to the right;
        `spare`: left out, in this order, where there is no room.
        """
        super().__init__(master)
        self._look, self._columns, self._stretch, self._spare = look, tuple(columns), stretch, tuple(spare)
        figures = frozenset(figures)
        self.view = ttk.Treeview(
            self, show="headings", selectmode="browse", height=rows, columns=[name for name, _ in columns]
        )
        for name, heading in columns:
            anchor: Literal["e", "center", "w"] = "e" if name in figures else "w"
            if name in _CENTRED:
                anchor = "center"
            self.view.heading(name, text=heading, anchor=anchor)
            self.view.column(name, anchor=anchor, stretch=name == stretch)
        down = ttk.Scrollbar(self, orient="vertical", command=self.view.yview)
        across = ttk.Scrollbar(self, orient="horizontal", command=self.view.xview)
        self.view.configure(
            yscrollcommand=partial(_scrolled, down), xscrollcommand=partial(_scrolled, across)
        )
        self.view.grid(row=0, column=0, sticky="nsew")
        down.grid(row=0, column=1, sticky="ns")
        across.grid(row=1, column=0, sticky="ew")
        self.rowconfigure(0, weight=1)
        self.columnconfigure(0, weight=1)

    @property
    def chosen(self) -> str:
        """The key of the row that is chosen."""
        return next(iter(self.view.selection()), "")

    def fill(self, rows: Sequence[tuple[str, Sequence[str]]], choose: str = "") -> None:
        """Show rows: key and cells; the row `choose` is chosen, else the one that was, else the first."""
        before = choose or self.chosen
        self.view.delete(*self.view.get_children())
        wide = {
            name: self._wide(heading, [cells[place] for _, cells in rows[:_MEASURED]])
            for place, (name, heading) in enumerate(self._columns)
        }
        shown = [name for name, _ in self._columns]
        room = self.winfo_toplevel().winfo_width() - self._look.px(30)
        for name in self._spare:
            if sum(wide[each] for each in shown) > room > 1:
                shown.remove(name)
        self.view.configure(displaycolumns=shown)
        for name, pixels in wide.items():
            self.view.column(name, width=pixels, minwidth=pixels)
        for key, cells in rows:
            self.view.insert("", "end", iid=key, values=list(cells))
        known = [key for key, _ in rows]
        if known:
            at = before if before in known else known[0]
            self.view.selection_set(at)
            self.view.focus(at)
            self.view.see(at)

    def _wide(self, heading: str, cells: Sequence[str]) -> int:
        body = self._look.body
        limit = body.measure("n" * _WIDEST)
        widest = min(limit, max((body.measure(text) for text in cells), default=0))
        head = tkfont.nametofont("TkHeadingFont", root=self).measure(heading)
        return max(widest, head) + body.measure("Mn" if self._look.scale < _LARGE else "M")


def _scrolled(bar: Any, first: str, last: str) -> None:
    """Move a scroll bar; where everything fits there is none."""
    bar.set(first, last)
    if float(first) <= 0 and float(last) >= 1:
        bar.grid_remove()
    else:
        bar.grid()
