"""The form of the page on which a station is made: who its first administrator is.

Loaded when somebody asks for it: the log-in page, which hardly ever leads here, does not wait for what forms need.
"""

from collections.abc import Mapping
from typing import Any, Final

import ttkbootstrap as ttk

from proctor.errors import CommandError
from proctor.gui.scrolled import Scrolled
from proctor.gui.station.first import FIRST
from proctor.gui.station.forms import Field, Form
from proctor.gui.station.parts import Line, wrapped

_FIELDS: Final[Mapping[str, str]] = {
    "user-id-needed": "id",
    "user-id-invalid": "id",
    "shared-account": "id",
    "user-exists": "id",
    "secret-too-short": "password",
    "secret-differs": "again",
}
"""Errors that are about one field of the form."""


class FirstPage(Scrolled):
    """Who the first administrator is, and their password twice."""

    def __init__(self, window: Any, kept: Mapping[str, str]) -> None:
        super().__init__(window)
        self._window = window
        look, texts = window.look, window.texts
        self.inside.columnconfigure(0, weight=1)
        lead = ttk.Label(self.inside, text=texts["window.station.first.lead"], anchor="w", justify="left")
        lead.grid(row=0, column=0, sticky="ew", pady=(look.px(8), look.px(8)))
        wrapped(lead, 2)
        fields = (
            Field(name="id", text="window.station.first.user", help="admin-page.help.id"),
            Field(name="name", text="admin-page.field.full-name"),
            Field(
                name="password",
                text="window.station.first.password",
                kind="secret",
                help="window.station.first.secret",
            ),
            Field(name="again", text="window.station.first.again", kind="secret"),
        )
        self.form = Form(self.inside, look, texts, window.letters, fields)
        self.form.put_back(kept)
        self.form.grid(row=1, column=0, sticky="ew")
        then = Line(self.inside, look)
        then.show(texts["window.station.first.then"], "arrow")
        then.grid(row=2, column=0, sticky="ew", pady=(look.px(8), 0))
        self.follow_all()

    def order(self) -> dict[str, str] | None:
        """Return what was typed, or None: then the field says what is missing."""
        return self.form.values() if self.form.check() else None

    def failed(self, error: CommandError) -> None:
        """Say an error beneath the field that it is about."""
        name = _FIELDS.get(error.code, "id")
        self.form.wrong(name, self._window.texts.say(error.code, **error.facts))

    def keep(self) -> None:
        """Keep what was typed over a change of language or size; no passwords."""
        self._window.going.kept[FIRST] = self.form.kept()
