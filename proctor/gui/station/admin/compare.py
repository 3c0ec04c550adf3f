"""The ceremony of trust: two persons compare every fingerprint with paper before anything is pinned."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import ttkbootstrap as ttk

from proctor.gui.station.admin.rows import RowTable
from proctor.gui.station.parts import Flow, Line, wrapped
from proctor.screens.admin import Row

if TYPE_CHECKING:
    from proctor.gui.station.admin.page import AdminPage

GROUP: Final = 8
COLUMNS: Final = ("compared", "kind", "name")


class ComparePane(ttk.Frame):
    """One row for each fingerprint; the chosen one stands large beneath, in groups. Space marks it as compared."""

    def __init__(
        self, master: Any, page: "AdminPage", rows: Sequence[Row], *, digest: str, second: str
    ) -> None:
        """`digest`: of the whole file, "" where it is no matter."""
        super().__init__(master)
        self._page, self._texts, look = page, page.texts, page.look
        self.carry: Callable[[], None] | None = None
        self._plain, self.marked = tuple(rows), set[str]()
        self.columnconfigure(0, weight=1)
        self.rowconfigure(0, weight=1)
        heads = [(name, self._texts[f"admin-page.column.{name}"]) for name in COLUMNS]
        self.table = RowTable(self, look, heads, wide="name", room=page.room, on_row=self._row, height=4)
        self.table.grid(row=0, column=0, sticky="nsew")
        self.table.view.bind("<space>", self._spaced)
        self.fingerprint = ttk.Label(self, font=look.title, anchor="w", justify="left")
        self.fingerprint.grid(row=1, column=0, sticky="ew", pady=look.px(4))
        wrapped(self.fingerprint, 2)
        self.count = Line(self, look)
        self.count.grid(row=2, column=0, sticky="ew")
        flow = Flow(self, look)
        self.mark = flow.add("", self._mark, main=False)
        page.letters.label(self.mark, self._texts["admin-page.mark"])
        self.all = flow.add("", self._mark_all, main=False)
        page.letters.label(self.all, self._texts["admin-page.mark-all"])
        flow.arrange()
        flow.grid(row=3, column=0, sticky="ew", pady=(look.px(4), 0))
        if digest:
            says = page.texts.say("admin-page.file-digest", digest=grouped(digest))
            told = ttk.Label(self, text=says, anchor="w", justify="left")
            told.grid(row=4, column=0, sticky="ew")
            wrapped(told, 2)
        key = (
            "admin-page.second-confirms"
            if not page.window.opened.training
            else "admin-page.training-confirms"
        )
        who = Line(self, look)
        who.show(page.texts.say(key, second=second), "arrow")
        who.grid(row=5, column=0, sticky="ew")
        self.table.fill([self._shown(row) for row in self._plain])
        self._count()

    def begin(self) -> None:
        """Put the focus on the table."""
        self.table.view.focus_set()

    def ready(self) -> bool:
        """Whether everything was compared; the first that was not is chosen and said."""
        left = [at for at, row in enumerate(self._plain) if row.key not in self.marked]
        if not left:
            return True
        self._choose(left[0])
        self._page.window.say(self._texts.say("admin-page.not-compared", count=len(left)), "cross")
        self.table.view.focus_set()
        return False

    def close(self) -> None:
        """Nothing to let go of."""

    def _row(self, row: Row | None) -> None:
        self.fingerprint.configure(text="" if row is None else grouped(row.key))

    def _shown(self, row: Row) -> Row:
        word = self._texts["admin-page.compared.yes" if row.key in self.marked else "admin-page.compared.no"]
        return replace(row, cells=(word, *row.cells[:2]))

    def _spaced(self, _event: object) -> str:
        self._mark()
        return "break"

    def _mark(self) -> None:
        at = self.table.at
        if at is not None:
            key = self._plain[at].key
            self.marked.symmetric_difference_update({key})
            self.table.put(at, self._shown(self._plain[at]))
            if key in self.marked and at + 1 < len(self._plain):
                self._choose(at + 1)
            self._count()

    def _mark_all(self) -> None:
        self.marked |= {row.key for row in self._plain}
        for at, row in enumerate(self._plain):
            self.table.put(at, self._shown(row))
        self._count()

    def _choose(self, at: int) -> None:
        self.table.view.selection_set(str(at))
        self.table.view.focus(str(at))
        self.table.view.see(str(at))

    def _count(self) -> None:
        done = len(self._plain) == len(self.marked)
        said = self._texts.say("admin-page.compared", count=len(self.marked), of=len(self._plain))
        self.count.show(said, "tick" if done else "bang")
        self._page.window.say("", "")


def grouped(digest: str) -> str:
    """Return a fingerprint for reading aloud: groups of eight characters."""
    return "  ".join(digest[start : start + GROUP] for start in range(0, len(digest), GROUP))
