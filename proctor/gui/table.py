"""A table of many rows: plain Treeview, its columns as wide as their text, the row in words beneath."""

import tkinter
from collections.abc import Callable
from typing import Any, Final

import ttkbootstrap as ttk

from proctor.gui.look import Look
from proctor.viewmodel_roster import Line, Tab

_MEASURED: Final = 200
_WIDEST: Final = 34
_STRETCHED: Final = ("why", "name")


class Table(ttk.Frame):
    """Shows one `Tab`. `on_row` gets the line that is chosen, or None."""

    def __init__(self, master: Any, look: Look, on_row: Callable[[Line | None], None]) -> None:
        super().__init__(master)
        self._look = look
        self._on_row = on_row
        self._tab: Tab | None = None
        self.view = ttk.Treeview(self, show="headings", selectmode="browse", height=5)
        down = ttk.Scrollbar(self, orient="vertical", command=self.view.yview)
        across = ttk.Scrollbar(self, orient="horizontal", command=self.view.xview)
        self.view.configure(yscrollcommand=down.set, xscrollcommand=across.set)
        self.view.grid(row=0, column=0, sticky="nsew")
        down.grid(row=0, column=1, sticky="ns")
        across.grid(row=1, column=0, sticky="ew")
        self.rowconfigure(0, weight=1)
        self.columnconfigure(0, weight=1)
        self.view.bind("<<TreeviewSelect>>", self._chosen)

    def show(self, tab: Tab) -> None:
        """Fill the table; its first row is chosen."""
        self._tab = tab
        view = self.view
        view.delete(*view.get_children())
        view.configure(columns=[key for key, _ in tab.columns])
        for place, (key, heading) in enumerate(tab.columns):
            view.heading(key, text=heading, anchor="w")
            width = self._width(heading, [line.cells[place] for line in tab.lines[:_MEASURED]], key)
            view.column(key, width=width, minwidth=width, stretch=key in _STRETCHED, anchor="w")
        for number, line in enumerate(tab.lines):
            view.insert("", "end", iid=str(number), values=line.cells)
        if tab.lines:
            view.selection_set("0")
            view.focus("0")
        else:
            self._on_row(None)

    def _width(self, heading: str, cells: list[str], key: str) -> int:
        body = self._look.body
        space = body.measure("MM")
        limit = body.measure("n" * (_WIDEST if key != "why" else 2 * _WIDEST))
        widest = max((body.measure(text) for text in cells), default=0)
        return min(max(widest, round(body.measure(heading) * 1.1)), limit) + space

    def _chosen(self, _event: "tkinter.Event[Any]") -> None:
        chosen = self.view.selection()
        if self._tab is not None and chosen:
            self._on_row(self._tab.lines[int(chosen[0])])
