"""A table of a few columns, each as wide as its words where there is room; what is chosen stays chosen."""

import tkinter
from collections.abc import Callable, Sequence
from typing import Any, Final

import ttkbootstrap as ttk

from proctor.gui.look import Look
from proctor.gui.scrolled import scroll_bar

_MEASURED: Final = 200
_LEAST: Final = 5
_NARROWEST: Final = 80
MARGIN: Final = "MM"

Row = tuple[str, tuple[str, ...]]
"""A row's id and its cells."""


class Rows(ttk.Frame):
    """`stretched`: the column that takes what room is left, and gives way first; `spared`: columns left out where
    large text leaves no room, the first of them first."""

    def __init__(
        self,
        master: Any,
        look: Look,
        columns: Sequence[tuple[str, str]],
        *,
        stretched: str,
        spared: Sequence[str] = (),
        least: int = _LEAST,
        on_choice: Callable[[], None] = lambda: None,
    ) -> None:
        super().__init__(master)
        self._look, self._columns, self._stretched, self._spared = look, tuple(columns), stretched, spared
        names = [name for name, _ in columns]
        self.view = ttk.Treeview(self, show="headings", selectmode="browse", columns=names, height=least)
        for name, heading in columns:
            self.view.heading(name, text=heading, anchor="w")
            self.view.column(name, anchor="w", stretch=name == stretched)
        self.view.grid(row=0, column=0, sticky="nsew")
        scroll_bar(self.view)
        self.rowconfigure(0, weight=1)
        self.columnconfigure(0, weight=1)
        self._rows: tuple[Row, ...] = ()
        self._wide = 0
        self.view.bind("<<TreeviewSelect>>", lambda _event: on_choice())
        self.view.bind("<Configure>", self._resized)

    def fill(self, rows: Sequence[Row], chosen: str = "") -> None:
        """Show these rows; `chosen`, or what was chosen before, or the first is chosen."""
        wanted = chosen or self.chosen
        if tuple(rows) != self._rows:
            self._rows = tuple(rows)
            self.view.delete(*self.view.get_children())
            for key, cells in rows:
                self.view.insert("", "end", iid=key, values=cells)
            self._fit()
        keys = [key for key, _ in rows]
        if keys:
            at = wanted if wanted in keys else keys[0]
            self.view.selection_set(at)
            self.view.focus(at)
            self.view.see(at)

    @property
    def chosen(self) -> str:
        """The id of the chosen row; "" for none."""
        found = self.view.selection()
        return found[0] if found else ""

    def _resized(self, event: "tkinter.Event[Any]") -> None:
        if event.width != self._wide:
            self._wide = event.width
            self._fit()
        self.after_idle(self._see)

    def _see(self) -> None:
        """Keep what is chosen in sight: a table that grew and shrank begins at its top."""
        if self.winfo_exists() and self.chosen:
            self.view.see(self.chosen)

    def _fit(self) -> None:
        """Give each column what its words need; leave out what has no room."""
        needed = {name: self._needed(at, name) for at, (name, _) in enumerate(self._columns)}
        shown = [name for name, _ in self._columns]
        for name in self._spared:
            if self._wide and sum(needed[each] for each in shown) > self._wide and name in shown:
                shown.remove(name)
        self.view.configure(displaycolumns=shown)
        rest = self._wide - sum(needed[name] for name in shown if name != self._stretched)
        for name in shown:
            wide = needed[name] if name != self._stretched else max(rest, _NARROWEST)
            self.view.column(name, width=wide, minwidth=min(wide, needed[name]))

    def _needed(self, at: int, name: str) -> int:
        body = self._look.body
        heading = dict(self._columns)[name]
        cells = (cells[at] for _, cells in self._rows[:_MEASURED])
        widest = max((body.measure(text) for text in cells), default=0)
        return max(widest, round(body.measure(heading) * 1.12)) + body.measure(MARGIN)
