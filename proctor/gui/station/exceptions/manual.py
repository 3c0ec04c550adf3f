"""The manual path: two persons establish by documents who somebody is."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from proctor.gui.station.exceptions.pane import ActionPane

if TYPE_CHECKING:
    from proctor.desk.runner import Done
    from proctor.gui.station.window import StationWindow


class ManualPane(ActionPane):
    """A form of `proctor manual` for one candidate. `sbd`: filled in, may be typed where it is ""; `attempt_id`: the
    attempt after which the pane was opened, "" for none; `on_done`: gets the command's `Done`, None where left.
    """

    MAIN = "exception-pane.manual.enter"

    def __init__(
        self,
        parent: Any,
        window: "StationWindow",
        *,
        sbd: str,
        attempt_id: str,
        on_done: "Callable[[Done | None], None]",
        kept: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(parent, window, on_done=on_done, kept=kept)
        self.sbd, self.attempt_id = sbd, attempt_id
