"""The tabs of a page: Alt and their number, or the arrow keys; in rows where one is too short for them."""

import tkinter
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import ttkbootstrap as ttk

from proctor.gui.keyboard import Letters
from proctor.gui.look import Look


class TabBar(ttk.Frame):
    """One button for each tab; the one that is shown is pressed in. `choose` is called with the name of a tab."""

    def __init__(
        self,
        master: Any,
        look: Look,
        letters: Letters,
        tabs: Sequence[tuple[str, str]],
        choose: Callable[[str], None],
    ) -> None:
        """`tabs`: name and text with its marked letter."""
        super().__init__(master)
        self._gap, self._choose = look.px(3), choose
        self._chosen = tkinter.StringVar(self)
        self._wide = 0
        self.buttons: dict[str, ttk.Radiobutton] = {}
        for name, text in tabs:
            button = ttk.Radiobutton(
                self,
                variable=self._chosen,
                value=name,
                style="Figure.Toolbutton",
                command=partial(choose, name),
            )
            letters.label(button, text)
            for key, step in (("<Right>", 1), ("<Left>", -1)):
                button.bind(key, partial(self._go, step))
            self.buttons[name] = button
        self.bind("<Configure>", self._changed)
        self._arrange()

    def show(self, name: str) -> None:
        """Mark which tab is shown."""
        self._chosen.set(name)

    def count(self, name: str, text: str) -> None:
        """Give a tab another text, without a new letter."""
        self.buttons[name].configure(text=text)
        self._arrange()

    def _go(self, step: int, _event: "tkinter.Event[Any]") -> str:
        names = list(self.buttons)
        at = names.index(self._chosen.get()) if self._chosen.get() in names else 0
        name = names[(at + step) % len(names)]
        self.buttons[name].focus_set()
        self._choose(name)
        return "break"

    def _arrange(self) -> None:
        left = top = 0
        high = max(button.winfo_reqheight() for button in self.buttons.values())
        for button in self.buttons.values():
            wide = button.winfo_reqwidth()
            if left and left + wide > max(self._wide, 1):
                left, top = 0, top + high + self._gap
            button.place(x=left, y=top)
            left += wide + self._gap
        self.configure(height=top + high)

    def _changed(self, event: "tkinter.Event[Any]") -> None:
        if event.width != self._wide:
            self._wide = event.width
            self._arrange()
