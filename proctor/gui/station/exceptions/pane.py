"""What the panes of exceptions have in common: they stand in any page, run commands beside the window, point at the
field that is wrong, and say when they are left.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Final

import ttkbootstrap as ttk

from proctor.errors import CommandError
from proctor.gui.keyboard import split
from proctor.gui.station.forms import Field, Form
from proctor.gui.station.parts import Flow, Line, wrapped
from proctor.gui.station.second_person import DOING, PROOF, Proving, Run
from proctor.screens.exceptions import own_text
from proctor.screens.not_proven import why_not_proven
from proctor.texts import in_a_row
from sessions.errors import SessionsError

if TYPE_CHECKING:
    from proctor.desk.runner import Done
    from proctor.gui.station.window import StationWindow
    from sessions.session import Session


_ROWS: Final = 8
AGAIN_MS: Final = 20
WRONG_ANYWHERE: Final[Mapping[str, str]] = {
    "exception-note-missing": "note",
    "exception-note-invalid": "note",
    "same-person": "second",
    "user-id-invalid": "second",
    "second-missing": "second",
    "second-role": "second",
}
"""The field that an error is about in any pane that has it."""


class SpareLetters:
    """Letters of a pane: where the page that holds it has one of them already, the pane does without."""

    def __init__(self, letters: Any) -> None:
        self._letters = letters

    def label(self, widget: Any, text: str) -> None:
        """As `Letters.label`."""
        try:
            self._letters.label(widget, text)
        except ValueError:
            widget.configure(text=split(text)[0], underline=-1)

    def leads(self, label: Any, text: str, target: Any) -> None:
        """As `Letters.leads`."""
        try:
            self._letters.leads(label, text, target)
        except ValueError:
            label.configure(text=split(text)[0], underline=-1)


class ActionPane(ttk.Frame):
    """A form in a page. The page that holds it calls `forward` on Enter, `back` on Escape, `kept` before it is built
    anew. `on_done` gets what was entered, or None where the pane is left without an entry.

    What Enter does now is the page's main button: `main_text`. When it changes, the page is told by its `show_main` or
    `changed_keys`.
    """

    WRONG: ClassVar[Mapping[str, str]] = {}
    """The field that an error is about, by the error's code, where it is the pane's own."""

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
        self.look, self.texts = window.look, window.texts
        self.letters: Any = SpareLetters(window.letters)
        self.begun = dict(kept or {})
        self.form: Form | None = None
        self._proving: Proving | None = None
        self.buttons: Flow | None = None
        self._on_done = on_done
        self.on_unseen: Callable[[Any], None] | None = None
        self._main = ""
        self.told: tuple[str, str] = ("", "")
        self.columnconfigure(0, weight=1)

    # --- what the page calls ---

    @property
    def session(self) -> "Session | None":
        """The session of the desk, at its component; else the one that is chosen on the start page."""
        return self.window.session or self.window.chosen_session()

    def main_text(self) -> str:
        """Return the key of the text of what Enter does now; "" for nothing."""
        return self._main

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
        if self.form is not None:
            self.form.begin()

    # --- what is in it ---

    def clear(self) -> None:
        """Take everything away, for another step of the pane."""
        self.form = self.buttons = self._proving = None
        for child in self.winfo_children():
            child.destroy()
        for row in range(_ROWS):
            self.rowconfigure(row, weight=0)

    def heading(self, text: str, row: int, *, bold: bool = True) -> Any:
        """Add a line of text that breaks where its place ends."""
        font = "TkHeadingFont" if bold else self.look.body
        label = ttk.Label(self, text=text, font=font, anchor="w", justify="left")
        label.grid(row=row, column=0, columnspan=2, sticky="ew", pady=(0, self.look.px(3)))
        wrapped(label, 4)
        return label

    def refuse(self, text: str, row: int) -> None:
        """Say why nothing is entered here."""
        line = Line(self, self.look)
        line.show(text, "bang")
        line.grid(row=row, column=0, columnspan=2, sticky="ew", pady=self.look.px(3))
        self.enter_is("")

    def more_buttons(self, row: int, *buttons: "tuple[str, Callable[[], Any]]") -> Flow:
        """Add buttons for what is beside the main one: each the key of its text and what it does."""
        flow = self.buttons = Flow(self, self.look)
        flow.grid(row=row, column=0, columnspan=2, sticky="ew", pady=(self.look.px(4), 0))
        for key, pressed in buttons:
            button = flow.add("", partial(self._pressed, pressed), main=False)
            self.letters.label(button, self.texts[key])
        flow.arrange()
        return flow

    def _pressed(self, pressed: Callable[[], Any]) -> None:
        if not self.window.background.busy:
            pressed()

    def enter_is(self, key: str) -> None:
        """Say what Enter does from now on; the page shows it, and follows the focus in what is new."""
        self._main = key
        told = follow = False
        widget: Any = self.master
        while widget is not None and not (told and follow):
            for name in ("show_main", "changed_keys"):
                if not told and hasattr(widget, name):
                    getattr(widget, name)()
                    told = True
            if not follow and hasattr(widget, "follow_all"):
                widget.follow_all()
                follow = True
            widget = widget.master

    def bring(self, widget: Any) -> None:
        """Bring what came just now into view, where the page scrolls."""
        place: Any = self.master
        while place is not None and not hasattr(place, "bring"):
            place = place.master
        if place is not None:
            place.bring(widget)

    def make_form(self, fields: "tuple[Field, ...]", row: int, **more: Any) -> Form:
        """Add a form; what was kept of it is put back."""
        changed = more.pop("on_change", None)

        def on_change(name: str) -> None:
            if name == PROOF and self._proving is not None:
                self._proving.show()
            if changed is not None:
                changed(name)

        form = Form(self, self.look, self.texts, self.letters, fields, on_change=on_change, **more)
        self.form = form
        form.grid(row=row, column=0, columnspan=2, sticky="nsew")
        self._proving = Proving(self.window, form)
        self._proving.show()
        return form

    # --- a second person's card and face ---

    @property
    def lends(self) -> bool:
        """Whether there are a reader and a camera that a second person may use."""
        return self.window.lend is not None

    # --- what it does ---

    def finish(self, done: "Done") -> None:
        """Hand over what was entered; without a taker it is said in the window's line."""
        if self._on_done is not None:
            self._on_done(done)
        else:
            self.say_done(done)

    def say_done(self, done: "Done") -> None:
        """Say what a command came to in the window's line."""
        self.told = (in_a_row((*done.said, *done.lines)), "tick" if done.status == 0 else "bang")
        self.window.say(*self.told)

    def ask_for(
        self, job: Callable[[], Any], done: Callable[[Any], None], *, working: str = "window.station.looking"
    ) -> None:
        """Have something looked up or done beside the window; `done` gets it."""
        if self.window.background.busy:
            return
        self.window.working(working)
        self.window.background.start(job, done=partial(self._came, done), failed=self.failed)

    def look_up(self, job: Callable[[], Any], done: Callable[[Any], None]) -> None:
        """Have looked up what the pane begins with, once nothing else is being done: without it there is no form."""
        if not self.winfo_exists():
            return
        if self.window.background.busy:
            self.after(AGAIN_MS, partial(self.look_up, job, done))
            return
        self.ask_for(job, done)

    def command(
        self, *words: str, done: "Callable[[Done], None]", typed: str | Mapping[str, str] = ""
    ) -> None:
        """Run one command as who is logged in, beside the window; see `proctor.desk.runner`."""
        run, working = self.proving()
        self.ask_for(lambda: run(*words, typed=typed), done, working=working)

    def proving(self) -> tuple[Run, str]:
        """Return what runs commands as typed now, beside the window, and the key of what is said meanwhile."""
        runner, proving = self.window.runner(), self._proving
        if proving is None:
            return runner.run, DOING
        return proving.run(runner), proving.working

    def failed(self, error: Exception) -> None:
        """Say why it was refused, and point at the field it is about."""
        if not self.winfo_exists() or not isinstance(error, (CommandError, SessionsError)):
            self.window.failed(error)
            return
        self.window.idle()
        words = self.words_of(error)
        self.window.say(words, "cross")
        name = self.WRONG.get(error.code) or WRONG_ANYWHERE.get(error.code, "")
        if self.form is not None and name in self.form.widgets and self.form.shows(name):
            self.form.wrong(name, words)

    def words_of(self, error: "CommandError | SessionsError") -> str:
        """Return an error in words: the pane's own where those of the command line name its options."""
        return why_not_proven(error, self.texts) or self.texts.say(
            own_text(error.code, self.texts), **error.facts
        )

    def _came(self, done: Callable[[Any], None], result: Any) -> None:
        self.window.idle()
        if self.winfo_exists():
            self.window.say("", "")
            done(result)
            return
        self.window.entered_unseen(result)
        if self.on_unseen is not None:
            self.on_unseen(result)
