"""Everything by keyboard: letters with Alt, Enter and Space on buttons. A text marks its letter: "&Chọn tệp"."""

import tkinter
from tkinter import ttk
from typing import Any, Final

MARK: Final = "&"
_ALT: Final = 0x0008 | 0x20000  # X11, and Windows


def split(text: str) -> tuple[str, int, str]:
    """Return a marked text without its mark, the index of the letter to underline (-1: none), and the letter."""
    at = text.find(MARK)
    if at < 0 or at + 1 >= len(text):
        return text.replace(MARK, ""), -1, ""
    plain = text[:at] + text[at + 1 :]
    return plain, at, plain[at].lower()


class Letters:
    """Which widget a letter with Alt presses. One binding on the window; a letter without a widget is left alone."""

    def __init__(self, window: tkinter.Misc) -> None:
        self._widgets: dict[str, ttk.Widget] = {}
        self._beneath: list[dict[str, ttk.Widget]] = []
        window.bind("<Alt-KeyPress>", self._pressed)

    def forget(self) -> None:
        """Drop all letters: the screen is built anew."""
        self._widgets.clear()
        self._beneath.clear()

    def begin(self) -> None:
        """Something lies over a part of the page from now on: its letters come before those beneath, until `end`."""
        self._beneath.append(self._widgets)
        self._widgets = {}

    def end(self) -> None:
        """What lay over the page is gone."""
        if self._beneath:
            self._widgets = self._beneath.pop()

    def label(self, widget: Any, text: str) -> None:
        """Give a button its text, underlined letter and key. Two widgets of one letter are a mistake: ValueError."""
        plain, at, letter = split(text)
        widget.configure(text=plain, underline=at)
        if letter:
            self._take(letter, widget)

    def leads(self, label: Any, text: str, target: Any) -> None:
        """Give a label its text; its letter puts the focus on `target`."""
        plain, at, letter = split(text)
        label.configure(text=plain, underline=at)
        if letter:
            self._take(letter, target)

    def _take(self, letter: str, widget: Any) -> None:
        known = self._widgets.get(letter)
        if known is not None and known.winfo_exists() and known is not widget:
            raise ValueError(letter)
        self._widgets[letter] = widget

    def _pressed(self, event: "tkinter.Event[tkinter.Misc]") -> str | None:
        letter = event.keysym.lower()
        found = (layer.get(letter) for layer in (self._widgets, *reversed(self._beneath)))
        widget = next((each for each in found if each is not None and _is_seen(each)), None)
        if widget is None:
            return None
        widget.focus_set()
        if isinstance(widget, (ttk.Button, ttk.Checkbutton, ttk.Radiobutton)):
            widget.invoke()
        return "break"


def _is_seen(widget: ttk.Widget) -> bool:
    return bool(widget.winfo_exists() and widget.winfo_viewable())


def press_by_keys(window: tkinter.Misc) -> None:
    """Let Space and Enter press the button that has the focus; the theme takes Space away."""
    for kind in ("TButton", "TCheckbutton", "TRadiobutton"):
        window.bind_class(kind, "<space>", _invoke)
    window.bind_class("TButton", "<Return>", _invoke)
    window.bind_class("TButton", "<KP_Enter>", _invoke)


def _invoke(event: "tkinter.Event[Any]") -> str:
    event.widget.invoke()
    return "break"
