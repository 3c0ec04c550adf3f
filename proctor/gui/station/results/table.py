"""The table of results: everybody of a component, their number, class, whether they are in, their result."""

from collections.abc import Callable, Sequence
from typing import Any, Final

import ttkbootstrap as ttk

from proctor.gui.look import Look
from proctor.screens.results import ResultRow
from proctor.texts import Texts

COLUMNS: Final = ("sbd", "name", "class", "state", "result")
_ROWS, _FEWEST = 4, 3
_LARGE: Final = 1.5


class ResultTable(ttk.Frame):
    """`on_row` gets the number of the candidate that is chosen."""

    def __init__(
        self,
        master: Any,
        look: Look,
        texts: Texts,
        rows: Sequence[ResultRow],
        on_row: Callable[[str], None],
    ) -> None:
        super().__init__(master)
        self._on_row = on_row
        self.rowconfigure(0, weight=1)
        self.columnconfigure(0, weight=1)
        high = _FEWEST if look.scale >= _LARGE else _ROWS
        self.view = ttk.Treeview(self, show="headings", selectmode="browse", columns=COLUMNS, height=high)
        bar = ttk.Scrollbar(self, orient="vertical", command=self.view.yview)
        self.view.configure(yscrollcommand=bar.set)
        self.view.grid(row=0, column=0, sticky="nsew")
        bar.grid(row=0, column=1, sticky="ns")
        for name in COLUMNS:
            heading = texts[f"results-page.column.{name}"]
            cells = [_cells(row)[COLUMNS.index(name)] for row in rows]
            widest = max((look.body.measure(text) for text in dict.fromkeys(cells)), default=0)
            least = look.body.measure("n" * 14) if name == "result" else look.body.measure(f"{heading} ")
            wide = min(max(widest, least), look.body.measure("n" * 26)) + look.body.measure("MM")
            self.view.heading(name, text=heading, anchor="w")
            self.view.column(name, width=wide, minwidth=wide, stretch=name in {"name", "result"}, anchor="w")
        for row in rows:
            self.view.insert("", "end", iid=row.sbd, values=_cells(row))
        self.view.bind("<<TreeviewSelect>>", lambda _event: self._chosen())
        self.view.bind("<Configure>", lambda _event: self.after_idle(self._see))

    def select(self, sbd: str) -> None:
        """Choose a row and bring it into view."""
        if self.view.exists(sbd):
            self.view.selection_set(sbd)
            self.view.focus(sbd)
            self.view.see(sbd)
            self._on_row(sbd)

    def _see(self) -> None:
        """Where the table gets lower, the chosen row stays in view."""
        if self.winfo_exists():
            for sbd in self.view.selection():
                self.view.see(sbd)

    def beside(self, sbd: str, step: int) -> str:
        """Return the row after (1) or before (-1) one; the same at the end."""
        if not self.view.exists(sbd):
            return ""
        found = self.view.next(sbd) if step > 0 else self.view.prev(sbd)
        return str(found or sbd)

    def replace(self, row: ResultRow) -> None:
        """Show a row as it is now."""
        self.view.item(row.sbd, values=_cells(row))

    def _chosen(self) -> None:
        chosen = self.view.selection()
        if chosen and str(self.view.focus()) == chosen[0] and self.view.focus_get() is self.view:
            self._on_row(chosen[0])


def _cells(row: ResultRow) -> tuple[str, ...]:
    return (row.sbd, row.name, row.licence_class, row.state, row.result)
