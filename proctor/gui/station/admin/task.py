"""The form of one task: its fields, who the second person is, what is chosen from files, a camera's picture."""

from collections.abc import Mapping
from functools import partial
from tkinter import filedialog
from typing import TYPE_CHECKING, Any, Final

import ttkbootstrap as ttk

from proctor.errors import CommandError
from proctor.gui.station.admin.live import LivePicture
from proctor.gui.station.forms import Field, Form
from proctor.gui.station.parts import Flow, Line, wrapped
from proctor.gui.station.second_person import CARD, PROOF, Proving, second_fields
from proctor.screens.admin import LOOK, Choices, Found, Order, Row, Task, Wanted
from proctor.screens.second import AT_THE_DESK, Seconds
from proctor.seconds import PASSWORD

if TYPE_CHECKING:
    from proctor.gui.station.admin.page import AdminPage

_PATHS: Final = ("file", "folder")
_CAMERA: Final = "camera"
_FIELDS: Final[Mapping[str, str]] = {
    "user-id-needed": "id",
    "user-exists": "id",
    "file-missing": "file",
    "scanner-rule-invalid": "scanner",
    "screen-place-invalid": "candidate_screen",
    "camera-unknown": _CAMERA,
}
"""Errors that are about one field of a form."""


class TaskPane(ttk.Frame):
    """What a task wants to know. `order` is what was typed and chosen, None where something is missing."""

    def __init__(
        self, master: Any, page: "AdminPage", task: Task, *, found: Found, row: Row | None, people: Choices
    ) -> None:
        super().__init__(master)
        self.task, self._page, self._row = task, page, row
        look, texts = page.look, page.texts
        self.columnconfigure(0, weight=1)
        if row is not None:
            about = ttk.Label(
                self, text=" · ".join(cell for cell in row.cells if cell != "–"), font="TkHeadingFont"
            )
            about.grid(row=0, column=0, sticky="ew", pady=(0, look.px(4)))
            wrapped(about, 2)
        fills = found.fills if row is None else row.fills
        fields = [self._field(wanted, found, fills) for wanted in task.fields]
        if task.second and (people or page.window.opened.training):
            fields += self._second(people, page.window.opened.training)
        self.form = Form(self, look, texts, page.letters, fields, on_change=self._changed)
        self.form.grid(row=1, column=0, sticky="ew")
        self.proving = Proving(page.window, self.form)
        self.proving.show()
        if any(wanted.kind in _PATHS for wanted in task.fields):
            self._paths().grid(row=2, column=0, sticky="ew")
        self.live: LivePicture | None = None
        if any(wanted.name == LOOK for wanted in task.fields):
            self.live = LivePicture(self, page)
            self.live.grid(row=3, column=0, sticky="nsew", pady=(look.px(4), 0))
        if task.proves and not page.window.opened.training:
            why = Line(self, look)
            key = "admin-page.proves.two" if task.second and people else "admin-page.proves"
            why.show(texts[key], "arrow")
            why.grid(row=4, column=0, sticky="ew", pady=(look.px(4), 0))

    def _field(self, wanted: Wanted, found: Found, fills: Order) -> Field:
        kind: Any = "entry" if wanted.kind in _PATHS else wanted.kind
        choices = found.choices.get(wanted.source, ()) if wanted.source else ()
        value = fills.get(wanted.name, "")
        if kind == "choice" and not value and len(choices) == 1:
            value = choices[0][0]
        return Field(
            name=wanted.name,
            text=f"admin-page.field.{wanted.text or wanted.name}",
            kind=kind,
            choices=choices,
            value=value,
            needed=wanted.needed,
            help=f"admin-page.help.{wanted.text or wanted.name}" if wanted.help else "",
            lines=2,
        )

    def _second(self, people: Choices, training: bool) -> tuple[Field, ...]:
        page, ways = self._page, self.task.ways
        value = page.texts["admin-page.second.training"] if training else ""
        if len(people) == 1:
            value = people[0][0]
        seconds = Seconds(
            people=people, training=training, proofs=AT_THE_DESK if ways else (PASSWORD,), card_face=ways
        )
        lends = page.window.lend is not None
        return second_fields(seconds, page.texts, lends=lends, labels="admin-page.field", value=value)

    def _paths(self) -> Flow:
        """A button for each field that names a file or folder."""
        flow = Flow(self, self._page.look)
        wanted = [each for each in self.task.fields if each.kind in _PATHS]
        for each in wanted:
            key = f"admin-page.browse.{each.text or each.name}"
            button = flow.add("", partial(self._browse, each), main=False)
            self._page.letters.label(button, self._page.texts[key])
        flow.arrange()
        return flow

    def _browse(self, wanted: Wanted) -> None:
        ask = filedialog.askopenfilename if wanted.kind == "file" else filedialog.askdirectory
        chosen = ask(parent=self._page.window)
        if not self.winfo_exists():  # the lock fell meanwhile
            return
        if chosen:
            self.form.put(wanted.name, str(chosen))
        self.form.widgets[wanted.name].focus_set()

    def _changed(self, name: str) -> None:
        if name == PROOF:
            self.proving.show()
        if self.live is not None and name in {LOOK, _CAMERA}:
            self.live.show(self.form.value(_CAMERA) or "0" if self.form.value(LOOK) else "")

    # --- what the pane asks ---

    def begin(self) -> None:
        """Put the focus on the first empty field."""
        self.form.begin()

    def order(self) -> Order | None:
        """Return what was typed and chosen, or None: then the field says what is missing."""
        if not self.form.check():
            return None
        values = self.form.values()
        values.pop(CARD, None)
        return {**values, "row": self._row.key if self._row else "", "me": self._page.setting().me}

    def failed(self, error: CommandError | None) -> None:
        """Say an error beneath its field, where it is about one."""
        name = "" if error is None else _FIELDS.get(error.code, "")
        if error is not None and name in self.form.widgets:
            self.form.wrong(name, self._page.texts.say(error.code, **error.facts))
        else:
            self.form.begin()

    def kept(self) -> dict[str, str]:
        """Return what was typed and chosen."""
        return {name: value for name, value in self.form.kept().items() if name != LOOK}

    def put_back(self, values: Mapping[str, str]) -> None:
        """Fill in what was kept."""
        self.form.put_back(values)

    def close(self) -> None:
        """Let go of the camera."""
        if self.live is not None:
            self.live.show("")
