"""The administration page: a list of what there is to administer, and the pane of what is chosen."""

from collections.abc import Mapping
from typing import Any

import ttkbootstrap as ttk

from proctor.gui.station.work import WorkPage


class AdminPage(WorkPage):
    """People, trust, rules, devices, backup, retention, self-test, diagnostics."""

    def __init__(self, window: Any, kept: Mapping[str, Any]) -> None:
        super().__init__(window, kept)
        self.inside.columnconfigure(0, weight=1)
        ttk.Label(self.inside, text="", anchor="w").grid(row=0, column=0, sticky="ew")

    def main_text(self) -> str:
        """Return the key of the text of the main button; "" for none."""
        return ""

    def forward(self) -> None:
        """Nothing yet."""
