"""Incidents of the session: enter one in under a minute, make its minutes, lay down what follows."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from proctor.gui.station.exceptions.pane import ActionPane

if TYPE_CHECKING:
    from proctor.desk.runner import Done
    from proctor.gui.station.window import StationWindow


class IncidentPane(ActionPane):
    """A form of `proctor incident add` with the list of incidents. `sbd`, `attempt_id`: filled in where they are known.

    As a tab of the session's page: `IncidentPane(page.inside, window)`; its `forward`, `back`, `kept`, `main_text`
    are called by the page. From the check-in page: with `on_done`, which gets the command's `Done`, None where left.
    """

    MAIN = "incident-page.enter"

    def __init__(
        self,
        parent: Any,
        window: "StationWindow",
        *,
        sbd: str = "",
        attempt_id: str = "",
        on_done: "Callable[[Done | None], None] | None" = None,
        kept: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(parent, window, on_done=on_done, kept=kept)
        self.sbd, self.attempt_id = sbd, attempt_id
