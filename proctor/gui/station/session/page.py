"""The session page: overview, what can be done, and the panes of incidents and results."""

from collections.abc import Mapping
from typing import Any

import ttkbootstrap as ttk

from proctor.gui.station.work import WorkPage


class SessionPage(WorkPage):
    """The session of the desk, or the one that is chosen on the start page."""

    def __init__(self, window: Any, kept: Mapping[str, Any]) -> None:
        super().__init__(window, kept)
        self.inside.columnconfigure(0, weight=1)
        words = ttk.Label(
            self.inside, text="" if self.session is None else self.session.session_id, anchor="w"
        )
        words.grid(row=0, column=0, sticky="ew")

    def main_text(self) -> str:
        """Return the key of the text of the main button; "" for none."""
        return ""

    def forward(self) -> None:
        """Nothing yet."""
