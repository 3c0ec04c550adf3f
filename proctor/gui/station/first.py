"""A machine without a station: its keys, its log and its first administrator are made here, once.

The form asks for what `proctor user add --first` asks for, and that command makes them. It is offered only where there
is no station; the command refuses where somebody is known already.
"""

from abc import abstractmethod
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import ttkbootstrap as ttk

from proctor.errors import CommandError
from proctor.gui.scrolled import Scrolled
from proctor.gui.station.entering import Entering
from proctor.gui.station.forms import Field, Form
from proctor.gui.station.going import opening, sessions_of
from proctor.gui.station.parts import Line, wrapped

if TYPE_CHECKING:
    from proctor.desk.runner import Done
    from proctor.gui.station.opening import Held, SessionLine

FIRST: Final = "first"
NO_STATION: Final = "no-station"
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


class MakesStation(Entering):
    """The window with the page on which a station is made."""

    @property
    def is_new(self) -> bool:
        """Whether there is no station on this machine yet."""
        return self._missing is not None and self._missing.code == NO_STATION

    @abstractmethod
    def go(self, page: str) -> None:
        """Show another page."""

    def first_page(self) -> FirstPage:
        """Return the page's form, with what was typed before."""
        page = FirstPage(self, self.going.kept.get(FIRST, {}))
        page.form.begin()
        return page

    def begin_station(self) -> None:
        """From the log-in page to the form, where there is no station."""
        if self.is_new and self.page == "login" and not self._later(self.begin_station):
            self.go(FIRST)

    def leave_first(self) -> None:
        """Back to the log-in page; what was typed is forgotten."""
        if not self.background.busy:
            self.going.kept.pop(FIRST, None)
            self._look_for_users()
            self.go("login")

    def make_station(self) -> None:
        """Make the station by its command, then log in as who was just made."""
        page = self._page
        order = page.order() if isinstance(page, FirstPage) and not self._later(self.make_station) else None
        if order is None:
            return
        user, places, language = order["id"], self._places, self.texts.language
        answers = {
            f"{user}/new": order["password"],
            f"{user}/again": order["again"],
            user: order["password"],
        }

        def job() -> "tuple[Done, Held, tuple[SessionLine, ...]]":
            made = opening().make_station(places, user, order["name"], answers.__getitem__, language)
            held = opening().log_in_real(places, user, answers.__getitem__)
            try:
                return made, held, sessions_of(held)
            except BaseException:
                held.close()
                raise

        self.working("window.station.first.making")
        self.background.start(job, done=partial(self._made, user), failed=self._not_made)

    def _made(self, user: str, found: "tuple[Done, Held, tuple[SessionLine, ...]]") -> None:
        made, held, lines = found
        self.going.kept.pop(FIRST, None)
        self._look_for_users()
        self.variables["user"].set(user)
        self._opened((held, lines))
        custody = self.texts[f"doctor.keys.{held.opened.root.keys.custody}"]
        said = self.texts.say(
            "window.station.first.made", user=user, custody=custody, file=made.data["station_key_file"]
        )
        self.say(said, "tick")

    def _not_made(self, error: Exception) -> None:
        """Say why not; where the station stands meanwhile, somebody logs in to it."""
        self._look_for_users()
        if not self.is_new:
            self.going.kept.pop(FIRST, None)
            self.go("login")
        self.failed(error)
        if isinstance(self._page, FirstPage) and isinstance(error, CommandError):
            self._page.failed(error)
