"""What each pane of the sheets page has in common, and what outlives one: the way back, what was typed and read."""

from abc import abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import ttkbootstrap as ttk

from proctor.gui.station.parts import Line, wrapped
from proctor.names import component_name
from proctor.screens.sheet_files import Files

if TYPE_CHECKING:
    from proctor.gui.station.sheets.page import SheetsPage
    from proctor.screens.sheets import Shelf

BESIDE_UP_TO: Final = 1.25
"""Up to this size of the text the picture stands beside what is typed, above it otherwise."""


@dataclass(slots=True, kw_only=True)
class Step:
    """One pane on the way: which, about what, and what was typed and chosen in it."""

    name: str
    about: dict[str, Any] = field(default_factory=dict, repr=False)
    kept: dict[str, Any] = field(default_factory=dict, repr=False)


@dataclass(slots=True, kw_only=True)
class Memory:
    """What the page remembers of one session while somebody is logged in."""

    session: str
    way: list[Step] = field(default_factory=lambda: [Step(name="list")])
    files: Files = field(default_factory=Files, repr=False)
    shelf: "Shelf | None" = field(default=None, repr=False)
    here: dict[str, Path] = field(default_factory=dict, repr=False)
    folder: str = ""
    token: str = ""


class Pane(ttk.Frame):
    """One pane. `MAIN`: key of the text of the main button, "" for none; `HEAD`: key of what it says first."""

    MAIN = ""
    HEAD = ""

    def __init__(self, page: "SheetsPage", step: Step) -> None:
        super().__init__(page.inside)
        self.page, self.step = page, step
        self.look, self.texts, self.letters = page.look, page.texts, page.letters
        self.columnconfigure(0, weight=1)
        self.head = ttk.Label(self, anchor="w", justify="left", text=self.head_text())
        self.head.grid(row=0, column=0, sticky="ew", pady=(0, self.look.px(3)))
        wrapped(self.head, 2)

    def head_text(self) -> str:
        """Return the line that says what to do."""
        return self.texts[self.HEAD]

    @abstractmethod
    def begin(self) -> None:
        """The pane is on the screen: read what it needs, put the focus where one begins."""

    @abstractmethod
    def forward(self) -> None:
        """Enter, and the main button."""

    def kept(self) -> dict[str, Any]:
        """Return what was typed and chosen."""
        return {}

    def turn(self, pages: int) -> bool:
        """Page Down (1), Page Up (-1). False where the page itself is to be turned."""
        del pages
        return False

    def button(self, flow: Any, key: str, command: Callable[[], None]) -> ttk.Button:
        """Add a button with its letter to a row of buttons."""
        made: ttk.Button = flow.add("", command, main=False)
        self.letters.label(made, self.texts[key])
        return made

    def lines(self, master: Any) -> ttk.Frame:
        """Return a frame for `say_lines`."""
        frame = ttk.Frame(master)
        frame.columnconfigure(0, weight=1)
        return frame

    def say_lines(self, frame: ttk.Frame, said: "list[tuple[str, str]]", *, head: bool = False) -> None:
        """Fill a frame with lines: text and sign. `head`: the first one says what the others are about."""
        for child in frame.winfo_children():
            child.destroy()
        for row, (text, sign) in enumerate(said):
            line = Line(frame, self.look, "TkHeadingFont" if head and row == 0 else None)
            line.show(text, sign)
            if not sign:
                line.sign.grid_remove()
            line.grid(row=row, column=0, sticky="ew", pady=self.look.px(1))

    @property
    def memory(self) -> Memory:
        """What outlives the pane."""
        return self.page.memory

    def labels(self) -> Mapping[str, str]:
        """Return the session's components by id."""
        session = self.page.require_session()
        return {name: component_name(session.rules, name, self.texts) for name in session.components}
