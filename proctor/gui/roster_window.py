"""The window that brings a roster in: choose a file, look at its rows, say what the session is, create it."""

import tkinter
from collections.abc import Callable
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any, Final

from proctor import roster_import
from proctor.config import Places
from proctor.errors import CommandError
from proctor.gui.list_steps import Choosers, ListSteps
from proctor.gui.shell import Shell
from proctor.roster_import import Created, Loaded
from proctor.viewmodel_roster import wanted
from sessions.errors import SessionsError

PAGES: Final = ("file", "session", "result")
MAIN: Final = {"file": "window.next", "session": "window.import", "result": "window.leave"}
LEFT: Final = {"file": "window.leave", "session": "window.back", "result": "window.another"}


class RosterWindow(ListSteps, Shell):
    """One window, three pages. What was read and typed lives here."""

    def __init__(
        self,
        places: Places,
        *,
        training: bool,
        language: str,
        today: date,
        path: Path | None = None,
        scale: float = 1.0,
        choosers: Choosers | None = None,
    ) -> None:
        super().__init__(training=training, language=language, scale=scale)
        self._places, self.day = places, today
        self.choosers = choosers or Choosers()
        self.loaded: Loaded | None = None
        self.created: Created | None = None
        self.page = "file"
        self.variables = self.typed_first(self, {}) | {"user": tkinter.StringVar(self, "")}
        self.bind("<Control-o>", lambda _event: self.choose())
        self.build()
        if path is not None:
            self.load(path)

    # --- what the window says of itself ---

    def window_title(self) -> str:
        """Return the window's title; training says so."""
        return self.texts["window.title.training" if self.training else "window.title"]

    def page_title(self) -> str:
        """Return the page's title, with its number."""
        name = self.texts[f"window.page.{self.page}"]
        return self.texts.say("window.step", step=PAGES.index(self.page) + 1, of=len(PAGES), name=name)

    def left_text(self) -> str:
        """Return the key of the text of the button on the left."""
        return LEFT[self.page]

    def main_text(self) -> str:
        """Return the key of the text of the main button."""
        return MAIN[self.page]

    def make_page(self) -> Any:
        """Return the page that is shown now."""
        make = {"file": self.file_page, "session": self.session_page, "result": self.result_page}
        page = self.shown = make[self.page]()
        begin = self.begin_on(self.page)
        if begin is not None:
            begin.focus_set()
        return page

    # --- what the person does ---

    def forward(self) -> None:
        """Do what the page is for: on to the session, create it, or leave."""
        if self.background.busy:
            return
        if self.page == "file":
            self._to_session()
        elif self.page == "session":
            self._create()
        else:
            self.leave()

    def back(self) -> None:
        """One page back; from the first page, leave."""
        if self.background.busy:
            return
        if self.page == "file":
            self.leave()
            return
        if self.page == "session":
            self.keep()
        else:
            self.loaded = self.created = None
        self.to("file")

    # --- what follows ---

    def _to_session(self) -> None:
        if not self.file_is_ready():
            return
        try:
            self.users = roster_import.users_of(self._places, training=self.training)
        except (CommandError, SessionsError) as error:
            self.failed(error)
            return
        if len(self.users) == 1:
            self.variables["user"].set(self.users[0])
        self.to("session")

    def _create(self) -> None:
        self.keep()
        form = self.form()
        if self.loaded is None or not self.is_complete(form, training=self.training):
            return
        self.working("window.creating")
        job = partial(
            roster_import.create,
            self._places,
            self.loaded,
            wanted(form, training=self.training),
            self.background.ask,
        )
        self.background.start(job, done=self._made, failed=self.failed)

    def keep(self) -> None:
        """Save which components are ticked."""
        self.keep_parts(self.page)

    @property
    def waits(self) -> bool:
        """Whether no file is asked for now."""
        return self.background.busy or self.page != "file"

    def beside(self, job: Callable[[], Any], done: Callable[[Any], None], working: str) -> None:
        """Have something done beside the window."""
        self.working(working)
        self.background.start(job, done=partial(self._came, done), failed=self.failed)

    def _came(self, done: Callable[[Any], None], found: Any) -> None:
        self.idle()
        done(found)

    def to(self, step: str) -> None:
        """Show a page."""
        self.page = step
        self.silent()
        self.build()

    def tell(self, text: str, sign: str) -> None:
        """Say something."""
        self.say(text, sign)

    def _made(self, created: Created) -> None:
        self.created = created
        self.idle()
        self.to("result")
        self.main.focus_set()


def run(places: Places, *, training: bool, language: str, today: date, path: Path | None) -> Any:
    """Show the window until it is closed; return what was created, or None. Raises CommandError "no-display"."""
    try:
        window = RosterWindow(places, training=training, language=language, today=today, path=path)
    except tkinter.TclError:
        raise CommandError("no-display") from None
    window.mainloop()
    return window.created
