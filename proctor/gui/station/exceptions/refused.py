"""The chairman's decision about somebody whom the machine refused: incident and decision in one form."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from proctor.gui.station.exceptions.pane import ActionPane

if TYPE_CHECKING:
    from proctor.desk.runner import Done
    from proctor.gui.station.window import StationWindow


class DecisionAfterRefusePane(ActionPane):
    """A form of `proctor decision` for one refused attempt. `sbd`: of whom; `attempt_id`: the refusal, "" for the one
    that stands; `on_done`: gets the command's `Done`, None where left.
    """

    MAIN = "exception-pane.decision.enter"

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
