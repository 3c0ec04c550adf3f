"""The system's own choosers of files and folders."""

from pathlib import Path
from tkinter import filedialog
from typing import Any


def choose_file(parent: Any, title: str, folder: Path) -> str:
    """Return the sheet or picture that somebody chose; "" for none."""
    kinds = [("PDF, JPEG, PNG, TIFF", "*.pdf *.jpg *.jpeg *.png *.tif *.tiff *.webp"), ("*", "*")]
    return str(
        filedialog.askopenfilename(parent=parent, title=title, initialdir=str(folder), filetypes=kinds) or ""
    )


def choose_folder(parent: Any, title: str, folder: Path) -> str:
    """Return the folder that somebody chose; "" for none."""
    return str(filedialog.askdirectory(parent=parent, title=title, initialdir=str(folder)) or "")
