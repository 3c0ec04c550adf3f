"""The first pane: the session's sheets in the order of the day, and what was made of each."""

from typing import Any

from proctor.gui.station.parts import Flow
from proctor.gui.station.sheets.pane import Pane, Step
from proctor.gui.station.sheets.rows import Row, Rows
from proctor.screens.sheets import Item, Shelf, copy_words, item_words

COLUMNS = ("sheet", "count", "newest", "signed")


class ListPane(Pane):
    """Arrows choose a sheet, Enter shows its draft."""

    MAIN = "sheets-page.list.main"
    HEAD = "sheets-page.list.head"

    def __init__(self, page: Any, step: Step) -> None:
        super().__init__(page, step)
        columns = [(name, self.texts[f"sheets-page.column.{name}"]) for name in COLUMNS]
        self.rowconfigure(1, weight=1)
        self.rows = Rows(
            self, self.look, columns, stretched="sheet", spared=("signed", "newest"), on_choice=self._chosen
        )
        self.rows.grid(row=1, column=0, sticky="nsew")
        self.words = self.lines(self)
        self.words.grid(row=2, column=0, sticky="ew", pady=self.look.px(2))
        self.flow = Flow(self, self.look)
        self.flow.grid(row=3, column=0, sticky="ew")
        self.button(self.flow, "sheets-page.list.made", lambda: page.open("made"))
        self.button(self.flow, "sheets-page.list.verify", lambda: page.open("verify"))
        if page.window.may("export"):
            self.button(self.flow, "sheets-page.list.pack", lambda: page.open("pack"))
            self.button(self.flow, "sheets-page.list.backup", lambda: page.open("backup"))
        self.flow.arrange()
        if self.memory.shelf is not None:
            self._fill()

    def begin(self) -> None:
        """Read what there is now; begin in the table."""
        self.rows.view.focus_set()
        self.page.read(self._fill)

    def forward(self) -> None:
        """Show the draft of the chosen sheet."""
        item = self.item
        if item is not None:
            self.page.open("draft", item=item.key)

    def kept(self) -> dict[str, Any]:
        """Return which sheet is chosen."""
        return {"chosen": self.rows.chosen}

    @property
    def item(self) -> Item | None:
        """The chosen sheet."""
        known: Shelf | None = self.memory.shelf
        return None if known is None else known.item(self.rows.chosen)

    def _fill(self) -> None:
        known = self.memory.shelf
        if known is not None and self.winfo_exists():
            self.rows.fill([self._row(item) for item in known.items], str(self.step.kept.get("chosen", "")))
            self.step.kept.pop("chosen", None)

    def _row(self, item: Item) -> Row:
        newest = item.made[-1] if item.made else None
        count = str(len(item.made)) if item.made else "–"
        at = "–" if newest is None else f"{newest.at} · {copy_words(self.texts, newest)}"
        signed = "–" if newest is None else str(len(newest.signed))
        return item.key, (item_words(self.texts, item, self.labels()), count, at, signed)

    def _chosen(self) -> None:
        item, known = self.item, self.memory.shelf
        if item is None or known is None:
            return
        said = [(self.texts[f"sheets-page.about.{item.kind}"], "")]
        if item.kind == "seal" and not known.closed:
            said.append((self.texts["sheets-page.about.seal-open"], "bang"))
        self.say_lines(self.words, said)
