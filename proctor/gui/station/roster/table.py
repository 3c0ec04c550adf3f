"""The roster's table: filled once, filtered without filling it anew; its columns give way where there is less room."""

import tkinter
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

import ttkbootstrap as ttk
from PIL import Image, ImageTk

from proctor.gui.look import CELL_EDGE, COLOURS, Look, draw
from proctor.gui.scrolled import scroll_bar
from proctor.screens.roster import STATES, Row, state_key
from proctor.texts import Texts

COLUMNS: Final = ("sbd", "name", "birth", "number", "class", "room", "seat", "time")
SPARED: Final = ("class", "seat", "birth", "number", "room", "time")
"""What is left out where there is no room, the first at once; the details have all of it."""
STYLE: Final = "Roster.Treeview"
_LEAST: Final = {"sbd": "00000", "birth": "00/00/0000", "number": "000••••••0000", "time": "00:00"}
_WIDEST: Final = 26
_FEWEST: Final = 4
_IMAGE: Final = 1.05
"""Height of a sign for one of the letters."""


class RosterTable(ttk.Frame):
    """Shows rows by their places. `chosen` is the place of the row that is chosen, None for none; `on_row` is called
    when it changed.
    """

    def __init__(self, master: Any, look: Look, texts: Texts, on_row: Callable[[], None]) -> None:
        super().__init__(master)
        self._look, self._texts, self._on_row = look, texts, on_row
        self._rows: tuple[Row, ...] = ()
        self._shown: list[str] = []
        self._widths: dict[str, int] = {}
        size = round(look.body.metrics("linespace") * _IMAGE)
        self._signs = {name: ImageTk.PhotoImage(draw(name, size), master=self) for name in COLOURS}
        self._signs[""] = ImageTk.PhotoImage(Image.new("RGBA", (size, size)), master=self)
        self.view = ttk.Treeview(
            self, show="tree headings", selectmode="browse", columns=COLUMNS, height=_FEWEST
        )
        self._restyle()
        self.view.grid(row=0, column=0, sticky="nsew")
        scroll_bar(self.view)
        self.rowconfigure(0, weight=1)
        self.columnconfigure(0, weight=1)
        self.view.heading("#0", text=texts["roster-page.column.state"], anchor="w")
        for name in COLUMNS:
            self.view.heading(name, text=texts[f"roster-page.column.{name}"], anchor="w")
        self.view.bind("<<TreeviewSelect>>", lambda _event: self._on_row())
        self.view.bind("<Configure>", lambda event: self._fit(event.width))

    def _restyle(self) -> None:
        """Rows without the place for an arrow that opens what is beneath: nothing is."""
        style = ttk.Style()
        inside: Any = [
            ("Treeitem.image", {"side": "left", "sticky": ""}),
            ("Treeitem.text", {"sticky": "nswe"}),
        ]
        layout: Any = [("Treeitem.padding", {"sticky": "nswe", "children": inside})]
        style.layout(f"{STYLE}.Item", layout)
        style.configure(f"{STYLE}.Item", padding=(CELL_EDGE, 0))
        for option in ("rowheight", "font"):
            style.configure(STYLE, **{option: style.lookup("Treeview", option)})
        self.view.configure(style=STYLE)

    # --- what is shown ---

    @property
    def chosen(self) -> int | None:
        """The place of the row that is chosen."""
        found = self.view.selection()
        return int(found[0]) if found else None

    @property
    def shown(self) -> tuple[int, ...]:
        """The places of the rows that are shown, in their order."""
        return tuple(map(int, self._shown))

    def fill(self, rows: Sequence[Row]) -> None:
        """Show these rows; where they are the same people as before, only what changed is touched."""
        before, self._rows = self._rows, tuple(rows)
        view = self.view
        if [row.sbd for row in before] == [row.sbd for row in rows]:
            for place, (old, new) in enumerate(zip(before, rows, strict=True)):
                if old != new:
                    view.item(str(place), **self._item(new))
            return
        view.delete(*(str(place) for place in range(len(before))))
        for place, row in enumerate(rows):
            view.insert("", "end", iid=str(place), **self._item(row))
        self._shown = [str(place) for place in range(len(rows))]
        self._measure(rows)

    def filter(self, places: Iterable[int]) -> None:
        """Show only the rows of these places; the chosen one stays chosen where it is among them, else the first is."""
        wanted = [str(place) for place in places]
        if wanted != self._shown:
            self.view.set_children("", *wanted)
            self._shown = wanted
        chosen = self.view.selection()
        if not wanted:
            self.view.selection_set(())
        elif not chosen or chosen[0] not in set(wanted):
            self.choose(int(wanted[0]))
        else:
            self.view.see(chosen[0])

    def choose(self, place: int) -> None:
        """Choose a row and bring it into view."""
        name = str(place)
        self.view.selection_set(name)
        self.view.focus(name)
        self.view.see(name)

    def choose_sbd(self, sbd: str) -> None:
        """Choose a candidate, where they are shown."""
        place = next((place for place, row in enumerate(self._rows) if row.sbd == sbd), None)
        if place is not None and str(place) in self._shown:
            self.choose(place)

    def _item(self, row: Row) -> dict[str, Any]:
        state = self._texts[state_key(row.state)]
        cells = (row.sbd, row.name, row.birth, row.number, row.licence_class, row.room, row.seat, row.time)
        return {"text": f" {state}", "values": cells, "image": self._signs[row.sign]}

    # --- columns ---

    def _measure(self, rows: Sequence[Row]) -> None:
        """Columns as wide as their longest cell; names at most so wide, what is longer is in the details."""
        body, head = self._look.body, tkinter.font.nametofont("TkHeadingFont", root=self)
        space = body.measure("MM")
        longest = {
            "name": max((row.name for row in rows), key=len, default=""),
            "class": max((row.licence_class for row in rows), key=len, default=""),
            "room": max((row.room for row in rows), key=len, default=""),
            "seat": max((row.seat for row in rows), key=len, default=""),
        }
        longest["sbd"] = max((row.sbd for row in rows), key=len, default="")
        for name in COLUMNS:
            cell = max((longest.get(name, ""), _LEAST.get(name, "")), key=len)
            wide = min(body.measure(cell), body.measure("n" * _WIDEST))
            self._widths[name] = max(wide, head.measure(self._texts[f"roster-page.column.{name}"])) + space
        signs = next(iter(self._signs.values())).width()
        words = max(body.measure(self._texts[state_key(state)]) for state in STATES)
        self._widths["#0"] = words + signs + space
        for name in ("#0", *COLUMNS):
            self.view.column(
                name, width=self._widths[name], minwidth=self._widths[name], stretch=name == "name"
            )
        self._fit(self.view.winfo_width())

    def _fit(self, room: int) -> None:
        """Leave out columns until the rest has room; one that is empty for everybody goes first."""
        if not self._widths or room <= 1:
            return
        empty = {
            name
            for name, cell in (("class", "licence_class"), ("room", "room"), ("seat", "seat"))
            if not any(getattr(row, cell) for row in self._rows)
        }
        left = [name for name in COLUMNS if name not in empty]
        for spared in SPARED:
            if self._needed(left) <= room:
                break
            left = [name for name in left if name != spared]
        if tuple(map(str, self.view["displaycolumns"])) != tuple(left):
            self.view.configure(displaycolumns=left)
        self.view.column("name", width=self._widths["name"] + max(0, room - self._needed(left)))

    def _needed(self, names: Iterable[str]) -> int:
        return self._look.px(4) + self._widths["#0"] + sum(self._widths[name] for name in names)
