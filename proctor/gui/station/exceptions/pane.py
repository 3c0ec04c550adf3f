"""What the panes of exceptions have in common: they stand in any page, run commands beside the window, and say when
they are left.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import ttkbootstrap as ttk

if TYPE_CHECKING:
    from proctor.desk.runner import Done
    from proctor.gui.station.window import StationWindow
    from sessions.session import Session


class ActionPane(ttk.Frame):
    """A form in a page. The page that holds it calls `forward` on Enter, `back` on Escape, `kept` before it is built
    anew. `on_done` gets what was entered, or None where the pane is left without an entry.
    """

    MAIN = ""
    """The key of the text of the main button."""

    def __init__(
        self,
        parent: Any,
        window: "StationWindow",
        *,
        on_done: "Callable[[Done | None], None] | None" = None,
        kept: Mapping[str, Any] | None = None,
    ) -> None:
        """`parent`: any frame; `kept`: what an earlier pane of this kind gave back."""
        super().__init__(parent)
        self.window = window
        self.look, self.texts, self.letters = window.look, window.texts, window.letters
        self.begun = dict(kept or {})
        self._on_done = on_done

    @property
    def session(self) -> "Session | None":
        """The session of the desk, at its component; else the one that is chosen on the start page."""
        return self.window.session or self.window.chosen_session()

    def main_text(self) -> str:
        """Return the key of the text of the main button."""
        return self.MAIN

    def forward(self) -> None:
        """Enter: enter what was typed, or go to the field that still needs something."""

    def back(self) -> bool:
        """Escape: leave without an entry. False where nothing is left by that: the page goes on with Escape."""
        if self._on_done is None:
            return False
        self._on_done(None)
        return True

    def kept(self) -> Mapping[str, Any]:
        """Return what was typed and chosen. No secrets."""
        return {}

    def take_focus(self) -> None:
        """Put the focus where typing begins."""
        self.focus_set()

    def finish(self, done: "Done") -> None:
        """Hand over what was entered; without a taker it is said in the window's line."""
        if self._on_done is not None:
            self._on_done(done)
        else:
            self.say_done(done)

    def say_done(self, done: "Done") -> None:
        """Say what a command came to in the window's line."""
        self.window.say(" ".join((*done.said, *done.lines)), "tick" if done.status == 0 else "bang")

    def ask_for(
        self, job: Callable[[], Any], done: Callable[[Any], None], *, working: str = "window.station.looking"
    ) -> None:
        """Have something looked up or done beside the window; `done` gets it."""
        if self.window.background.busy:
            return
        self.window.working(working)
        self.window.background.start(job, done=partial(self._came, done), failed=self.failed)

    def command(self, *words: str, done: "Callable[[Done], None]", typed: str = "") -> None:
        """Run one command as who is logged in, beside the window; see `proctor.desk.runner`."""
        runner = self.window.runner()
        self.ask_for(lambda: runner.run(*words, typed=typed), done, working="window.station.doing")

    def failed(self, error: Exception) -> None:
        """Say why it was refused; a pane may point at the field."""
        self.window.failed(error)

    def _came(self, done: Callable[[Any], None], result: Any) -> None:
        self.window.idle()
        self.window.say("", "")
        if self.winfo_exists():
            done(result)
