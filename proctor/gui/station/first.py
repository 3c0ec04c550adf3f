"""A machine without a station: its keys, its log and its first administrator are made here, once.

The form asks for what `proctor user add --first` asks for, and that command makes them. It is offered only where there
is no station; the command refuses where somebody is known already.
"""

from abc import abstractmethod
from functools import partial
from typing import TYPE_CHECKING, Final, cast

from proctor.errors import CommandError
from proctor.gui.station.entering import Entering
from proctor.gui.station.going import opening, sessions_of

if TYPE_CHECKING:
    from proctor.desk.runner import Done
    from proctor.gui.station.first_form import FirstPage
    from proctor.gui.station.opening import Held, SessionLine

FIRST: Final = "first"
NO_STATION: Final = "no-station"


class MakesStation(Entering):
    """The window with the page on which a station is made."""

    @property
    def is_new(self) -> bool:
        """Whether there is no station on this machine yet."""
        return self._missing is not None and self._missing.code == NO_STATION

    @property
    def _form(self) -> "FirstPage | None":
        """The page's form, where it is shown."""
        return cast("FirstPage", self._page) if self.page == FIRST else None

    @abstractmethod
    def go(self, page: str) -> None:
        """Show another page."""

    def first_page(self) -> "FirstPage":
        """Return the page's form, with what was typed before."""
        from proctor.gui.station.first_form import FirstPage  # noqa: PLC0415 - see there

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
        form = self._form
        order = None if form is None or self._later(self.make_station) else form.order()
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
        form = self._form
        if form is not None and isinstance(error, CommandError):
            form.failed(error)
