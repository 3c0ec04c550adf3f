"""Results by keyboard: one candidate after another, corrected by two persons, or from a file."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from proctor.gui.station.exceptions.pane import ActionPane

if TYPE_CHECKING:
    from proctor.gui.station.window import StationWindow


class ResultsPane(ActionPane):
    """A tab of the session's page: `ResultsPane(page.inside, window)`; its `forward`, `back`, `kept`, `main_text` are
    called by the page.
    """

    MAIN = "results-page.enter"

    def __init__(
        self, parent: Any, window: "StationWindow", *, kept: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(parent, window, kept=kept)
