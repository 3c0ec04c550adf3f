"""A list of choices is as wide as its longest choice: one that is cut cannot be told from the next."""

import tkinter
from tkinter import font as tkfont
from tkinter import ttk
from typing import Any, Final

EDGES: Final = 24
"""Pixels of a list beside its words: its edges, and a scroll bar where there are many."""


def whole_choices(window: tkinter.Misc) -> None:
    """Let every list of choices of a window open as wide as its words, as far as the window is."""
    window.bind_class("TCombobox", "<Map>", _mapped, add="+")


def _mapped(event: "tkinter.Event[Any]") -> None:
    box = event.widget
    if isinstance(box, ttk.Combobox) and not str(box.cget("postcommand")):
        box.configure(postcommand=lambda: _widen(box))


def _widen(box: ttk.Combobox) -> None:
    """Say how much wider than its field the list is, and how far left it begins; Tk asks when it opens the list."""
    font = tkfont.nametofont("TkTextFont", root=box)
    words = max((font.measure(str(each)) for each in box.cget("values")), default=0)
    window = box.winfo_toplevel()
    field = box.winfo_width()
    wide = max(field, min(words + EDGES, window.winfo_width()))
    right = box.winfo_rootx() + wide - window.winfo_rootx() - window.winfo_width()
    style = str(box.cget("style")) or box.winfo_class()
    box.tk.call("ttk::style", "configure", style, "-postoffset", (-max(0, right), 0, wide - field, 0))
