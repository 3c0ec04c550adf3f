"""The sheets page: which sheets this session has, what was made of them, and what is done with one."""

from collections.abc import Mapping
from typing import Any

import ttkbootstrap as ttk

from proctor.gui.station.work import WorkPage


class SheetsPage(WorkPage):
    """The sheets of the desk's session, or of the one that is chosen on the start page."""

    def __init__(self, window: Any, kept: Mapping[str, Any]) -> None:
        super().__init__(window, kept)
        self.inside.columnconfigure(0, weight=1)
        words = "" if self.session is None else self.session.session_id
        ttk.Label(self.inside, text=words, anchor="w").grid(row=0, column=0, sticky="ew")

    def main_text(self) -> str:
        """Return the key of the text of the main button; "" for none."""
        return ""

    def forward(self) -> None:
        """Nothing yet."""
