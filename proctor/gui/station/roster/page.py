"""The roster page: everybody of the session at one component, searched while it is typed."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import ttkbootstrap as ttk

from proctor.gui.station.work import WorkPage

if TYPE_CHECKING:
    from proctor.gui.station.window import StationWindow


class RosterPage(WorkPage):
    """Search, filters, the table, counts."""

    def __init__(self, window: "StationWindow", kept: Mapping[str, Any]) -> None:
        super().__init__(window, kept)
        self.lead = ttk.Label(self.inside, text=self.texts["roster-page.lead"], anchor="w", justify="left")
        self.lead.grid(row=0, column=0, sticky="ew")

    def main_text(self) -> str:
        """Nothing yet."""
        return ""

    def forward(self) -> None:
        """Nothing yet."""
