"""A form in the session page: head, lead, fields, and what it came to. Enter does it, Escape leaves it."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import ttkbootstrap as ttk

from proctor.errors import CommandError
from proctor.gui.station.forms import Field, Form
from proctor.gui.station.parts import Line, wrapped
from proctor.gui.station.second_person import Proving
from proctor.gui.station.session.pane import Pane, headed
from proctor.screens.session import Overview
from sessions.errors import SessionsError

if TYPE_CHECKING:
    from proctor.desk.runner import Done
    from proctor.gui.station.session.page import SessionPage

WRONG: Final = {
    "roster-hash-differs": "hash",
    "self-test-needed": "untested",
    "self-test-exception": "why",
    "second-missing": "second",
    "same-person": "second",
    "user-id-invalid": "second",
    "second-role": "second",
    "wrong-secret": "second",
    "bad-time": "time",
    "allocation-rooms": "names",
    "allocation-too-small": "names",
    "allocation-capacity": "capacity",
    "allocation-again": "reason",
    "draw-count": "number",
    "draw-nobody": "component",
    "spot-check-word": "outcome",
    "outcome-unknown": "outcome",
    "spot-check-not-drawn": "who",
    "spot-check-taken": "who",
    "personal-number": "reason",
    "split-count": "parts",
    "split-range": "ranges",
    "split-room": "rooms",
    "cannot-write": "folder",
    "secret-too-short": "passphrase",
    "secret-differs": "again",
    "part-passphrase-wrong": "passphrase",
    "part-file-bad": "file",
    "part-other-kind": "file",
    "part-exists": "file",
    "file-missing": "file",
    "file-too-large": "file",
    "pack-malformed": "file",
    "pack-unreadable": "file",
    "not-a-part": "file",
    "merge-pack-bad": "file",
    "merge-other-session": "file",
    "merge-part-twice": "file",
    "merge-not-handed-over": "file",
    "unknown-station": "key",
    "station-key-mismatch": "key",
    "bad-fingerprint": "key",
}
"""Beneath which field a refusal is said; where `session-page.wrong.<code>` exists, in those words."""


class FormPane(Pane):
    """One form. `ended`: it was done and what it came to is shown; Enter then goes on."""

    KIND = "form"

    def __init__(
        self,
        parent: Any,
        page: "SessionPage",
        task: str,
        fields: Sequence[Field],
        values: Mapping[str, str],
    ) -> None:
        super().__init__(parent, page)
        self.task = task
        self.ended = False
        px = self.look.px
        headed(self, f"session-page.do.{task}").grid(row=0, column=0, sticky="ew", pady=px(4))
        self.lead = ttk.Label(self, anchor="w", justify="left", text=self.lead_text())
        wrapped(self.lead, 2)
        self.lead.grid(row=1, column=0, sticky="ew", pady=(0, px(4)))
        self.groups = ttk.Label(self, font=self.look.figure, anchor="w", justify="left")
        wrapped(self.groups, 2)
        self.lines = ttk.Frame(self)
        self.lines.columnconfigure(0, weight=1)
        self.lines.grid(row=3, column=0, sticky="ew", pady=px(4))
        self.form = Form(self, self.look, self.texts, self.letters, fields, on_change=self.changed)
        self.form.grid(row=4, column=0, sticky="ew")
        self.form.put_back(values)
        self.proving = Proving(page.window, self.form)

    @abstractmethod
    def lead_text(self) -> str:
        """Return what stands beneath the head."""

    @abstractmethod
    def changed(self, name: str) -> None:
        """Something was typed or chosen in a field; "" at first."""

    @abstractmethod
    def enter(self) -> None:
        """Do it: every field that is needed is filled in."""

    def go_on(self) -> None:
        """Leave the form after it was done."""
        self.page.close_task()

    def show(self, seen: Overview) -> None:
        """What was looked at anew counts for the next form; this one stays as it was typed."""

    def main_text(self) -> str:
        """Return what Enter does."""
        return "session-page.done" if self.ended else f"session-page.main.{self.task}"

    def forward(self) -> None:
        """Do it; once done, go on."""
        if self.ended:
            self.go_on()
        elif self.form.check():
            self.enter()

    def back(self) -> bool:
        """Close the form."""
        self.page.close_task()
        return True

    def kept(self) -> Mapping[str, Any]:
        """What was typed."""
        return {} if self.ended else {"task": self.task, "values": self.form.kept()}

    def take_focus(self) -> None:
        """To the first field that is empty."""
        self.form.begin()
        if self.ended or not self.form.widgets:
            self.page.window.main.focus_set()

    def tell(self, lines: Sequence[str], sign: str = "") -> None:
        """Show lines above the fields, the first with a sign."""
        for child in self.lines.winfo_children():
            child.destroy()
        if not lines:
            ttk.Frame(self.lines, height=1).grid(row=0, column=0)  # an empty frame would keep its height
        for row, text in enumerate(lines):
            line = Line(self.lines, self.look)
            line.show(text.strip(), sign if not row else "")
            line.grid(row=row, column=0, sticky="ew", pady=self.look.px(1))

    def end(self, done: "Done", lines: Sequence[str]) -> None:
        """Show what it came to in the place of the fields."""
        self.ended = True
        self.form.grid_remove()
        self.lead.grid_remove()
        self.tell(lines, "tick" if done.status == 0 else "bang")
        self.page.show_main()
        self.page.follow_all()
        self.page.window.main.focus_set()

    def failed(self, error: Exception) -> bool:
        """Say a refusal beneath the field that it is about. False where it is about none."""
        if not isinstance(error, (CommandError, SessionsError)):
            return False
        name = self.about(error.code)
        if name not in self.form.widgets or not self.form.shows(name):
            return False
        key = f"session-page.wrong.{error.code}"
        self.form.wrong(name, self.texts.say(key if key in self.texts else error.code, **error.facts))
        return True

    def about(self, code: str) -> str:
        """Return the field that an error is about; "" for none."""
        return WRONG.get(code, WRONG.get(code.partition(".")[0], ""))
