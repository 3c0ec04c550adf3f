"""The system's own choosers of files and folders."""

import tkinter
from contextlib import suppress
from pathlib import Path
from tkinter import filedialog
from typing import Any


def choose_file(parent: Any, title: str, folder: Path) -> str:
    """Return the sheet or picture that somebody chose; "" for none, and where the lock took the chooser away."""
    kinds = [("PDF, JPEG, PNG, TIFF", "*.pdf *.jpg *.jpeg *.png *.tif *.tiff *.webp"), ("*", "*")]
    with suppress(tkinter.TclError):
        return str(
            filedialog.askopenfilename(parent=parent, title=title, initialdir=str(folder), filetypes=kinds)
            or ""
        )
    return ""


def choose_folder(parent: Any, title: str, folder: Path) -> str:
    """Return the folder that somebody chose; "" as above."""
    with suppress(tkinter.TclError):
        return str(filedialog.askdirectory(parent=parent, title=title, initialdir=str(folder)) or "")
    return ""
