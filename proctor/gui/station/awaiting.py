"""Whose a scanned line is while a form asks for the second person's card: that person's, and no candidate's."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from proctor.gui.station.life import StationLife

AGAIN_MS: Final = 40
NOT_NOW: Final = "second-person.line-dropped"
TAKEN: Final = "second-person.line-taken"


class Awaiting:
    """One for each window. `begin` and `end` are called by the form that asks; the desk is told."""

    def __init__(self, window: "StationLife") -> None:
        self._window = window
        self._owner: Any = None
        self._take: Callable[[str], None] = lambda _text: None
        self._empty: Callable[[], bool] = lambda: True

    def begin(self, owner: Any, take: Callable[[str], None], empty: Callable[[], bool]) -> None:
        """`owner` asks for a card from now on: `take` puts a line into its field, `empty`: nothing is there yet."""
        self._owner, self._take, self._empty = owner, take, empty
        self._tell(True)

    def end(self, owner: Any) -> None:
        """`owner` asks no more; another form that asks by now goes on."""
        if self._owner is owner:
            self._owner = None
            self._over()

    def _over(self) -> None:
        """Tell the desk, once no lock is there: it took the form away, and who holds a card by it is no candidate."""
        if self._window.going.locked:
            self._window.after(AGAIN_MS, self._over)
        elif self._owner is None:
            self._tell(False)

    def line(self, text: str, *, by_camera: bool) -> None:
        """Something was scanned: into the field, or dropped with words. What a camera glances at replaces nothing."""
        window = self._window
        if window.going.locked:
            return
        if self._owner is None or window.background.busy:
            window.say(window.texts[NOT_NOW], "bang")
        elif self._empty() or not by_camera:
            self._take(text.strip())
            window.say(window.texts[TAKEN], "tick")

    def _tell(self, awaited: bool) -> None:
        from proctor.desk.events import SecondAwaited  # noqa: PLC0415 - loaded with the desk, not with the first page

        if self._window.driver is not None:
            self._window.driver.send(SecondAwaited(awaited=awaited))
