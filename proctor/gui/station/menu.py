"""The menu (F10): what this person may do here, as buttons with their keys; nothing that their role does not have."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import ttkbootstrap as ttk

from proctor.gui.keyboard import split
from proctor.gui.look import Look
from proctor.gui.station.work import DESK_KEYS, NEW_KEYS, SCREENS
from proctor.texts import Texts


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One line: its text is `window.station.menu.<name>`. `actions`: of the roles' table, offered to whoever may do one
    of them, none: to everybody; `pages`: where it is offered, none: everywhere; `key`: as it is written."""

    name: str
    actions: frozenset[str] = frozenset()
    pages: frozenset[str] = frozenset()
    key: str = ""


WORK: Final = frozenset({"start", "checkin"})
DESK: Final = frozenset({"checkin"})
BESIDE: Final = ("manual", "refused", "incident", "consent")
"""Forms that open beside the desk."""
AWAY: Final = frozenset(SCREENS)
ITEMS: Final = (
    Item(name="check-in", actions=frozenset({"check-in"}), pages=frozenset({"start"}), key="Enter"),
    Item(name="to-desk", pages=AWAY, key=DESK_KEYS),
    *(
        Item(name=screen.name, actions=screen.actions, pages=WORK | AWAY - {screen.name}, key=screen.keys)
        for screen in SCREENS.values()
    ),
    Item(
        name="new-session",
        actions=frozenset({"create-session"}),
        pages=frozenset({"start", "session"}),
        key=NEW_KEYS,
    ),
    Item(name="sessions", pages=frozenset({"checkin"})),
    Item(name="manual", actions=frozenset({"manual"}), pages=DESK, key="Ctrl+M"),
    Item(name="refused", actions=frozenset({"decide"}), pages=DESK, key="Ctrl+D"),
    Item(name="incident", actions=frozenset({"incident"}), pages=DESK, key="Ctrl+I"),
    Item(name="consent", actions=frozenset({"check-in"}), pages=DESK),
    Item(name="equipment", pages=WORK),
    Item(name="lock", pages=WORK | AWAY, key="F12"),
    Item(name="sounds", pages=DESK, key="F11"),
    Item(name="language", key="Alt+E/V"),
    Item(name="larger", key="Ctrl +"),
    Item(name="smaller", key="Ctrl −"),
    Item(name="log-out", pages=WORK | AWAY),
    Item(name="leave"),
)


def offered(items: Iterable[Item], page: str, may: Callable[[str], bool]) -> tuple[Item, ...]:
    """Return what this page offers to somebody who may do what `may` says."""
    return tuple(
        item
        for item in items
        if (not item.pages or page in item.pages) and (not item.actions or any(map(may, item.actions)))
    )


class MenuPane(ttk.Frame):
    """Lies over the window at its right edge. Arrows and Tab go through it, Enter chooses, Escape closes it."""

    def __init__(
        self,
        master: Any,
        look: Look,
        texts: Texts,
        items: Iterable[Item],
        choose: Callable[[str], None],
        *,
        top: int = 0,
    ) -> None:
        """`top`: where it begins, as far down as there is room for all of it."""
        # itself no stop for Tab: the arrows bound to it would make it one
        super().__init__(master, padding=look.px(8), style="Menu.TFrame", takefocus=False)
        self._choose, self._look = choose, look
        self.buttons: dict[str, ttk.Button] = {}
        head = ttk.Label(self, text=texts["window.station.menu"], font=look.title, style="Menu.TLabel")
        head.grid(row=0, column=0, columnspan=4, sticky="w", pady=(0, look.px(4)))
        lines: list[tuple[ttk.Button, ttk.Label]] = []
        for item in items:
            text = split(texts[f"window.station.menu.{item.name}"])[0]
            button = ttk.Button(self, text=text, command=lambda name=item.name: self._chosen(name))
            lines.append((button, ttk.Label(self, text=item.key, style="Menu.TLabel")))
            self.buttons[item.name] = button
        self._arrange(lines, 1)
        self.update_idletasks()
        if self.winfo_reqheight() > master.winfo_height():
            self._arrange(lines, 2)
        self.columnconfigure(0, weight=1)
        for widget in (self, *self.buttons.values()):
            widget.bind("<Down>", lambda event: self._go(event, 1))
            widget.bind("<Up>", lambda event: self._go(event, -1))
            widget.bind(
                "<<NextWindow>>", lambda event: self._go(event, 1)
            )  # what the menu covers is not reached unseen
            widget.bind("<<PrevWindow>>", lambda event: self._go(event, -1))
        self.left = self.focus_get()
        self.update_idletasks()
        highest = max(0, master.winfo_height() - self.winfo_reqheight())
        self.place(relx=1.0, y=min(top, highest), anchor="ne")
        self.lift()
        next(iter(self.buttons.values())).focus_set()

    def _arrange(self, lines: Sequence[tuple[ttk.Button, ttk.Label]], columns: int) -> None:
        """Put the lines below one another, in so many columns: none of them may lie below the window's edge."""
        rows = -(-len(lines) // columns)
        for place, (button, key) in enumerate(lines):
            row, column = 1 + place % rows, 2 * (place // rows)
            button.grid(row=row, column=column, sticky="ew", pady=self._look.px(1))
            key.grid(row=row, column=column + 1, sticky="w", padx=self._look.px(6))

    def close(self) -> None:
        """Take the menu away; the focus goes back to where it was."""
        left = self.left
        self.destroy()
        if left is not None and left.winfo_exists():
            left.focus_set()

    def _chosen(self, name: str) -> None:
        self.close()
        self._choose(name)

    def _go(self, event: Any, step: int) -> str:
        buttons = list(self.buttons.values())
        at = buttons.index(event.widget) if event.widget in buttons else -1
        buttons[(at + step) % len(buttons)].focus_set()
        return "break"
