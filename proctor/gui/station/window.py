"""The station's window: who is here, which session, the check-in, the lock. Around each page stands `frame`."""

import tkinter
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from proctor.config import Places
from proctor.errors import CommandError
from proctor.gui.station.first import FIRST, MakesStation
from proctor.gui.station.frame import NO_MAIN
from proctor.gui.station.going import OpenDesk, opening, sessions_of
from proctor.gui.station.login import LockPage, LoginPage
from proctor.gui.station.mark import Mark, find_mark, set_mark, take_mark_away
from proctor.gui.station.menu import BESIDE
from proctor.gui.station.settings import save_settings
from proctor.gui.station.start import PAGES, StartPage, offer_of, words_of
from proctor.gui.station.work import SCREENS, WorkPage, page_class
from proctor.idle import IdleLock
from sessions.vietnam import today

if TYPE_CHECKING:
    from proctor.desk.runner import Runner
if TYPE_CHECKING:  # what opens a root takes a second to load: it is loaded beside the window
    from proctor.gui.station.opening import Held, SessionLine
    from sessions.session import Session

AGAIN_MS: Final = 40
MAIN: Final = {"login": "log-in", "first": "first.make", "start": "open", "locked": "unlock"}
OF: Final = "of session"
"""In what a page was left with: the session that it was about."""
LEFT: Final = {"login": "leave", "first": "first.back", "start": "log-out", "locked": "other"}


class StationWindow(MakesStation):
    """One window: login, first, start, checkin, locked, and the pages of work."""

    def __init__(self, places: Places, **options: Any) -> None:
        """`options`: as `StationFrame` takes them."""
        super().__init__(places, **options)
        self.variables: dict[str, tkinter.StringVar] = {
            name: tkinter.StringVar(self, "") for name in ("user", "password", "session", "component", "room")
        }
        for name in ("session", "component", "room"):
            self.variables[name].set(getattr(self._settings, name))
        self.kept_check_in = self.going.kept_check_in
        self._cut = find_mark(places.home) if self.going.held is None else None
        died = bool(self.going.report)
        if self.going.held is None:
            self._look_for_users()
        self.begin()
        if self.page == "login":
            self._load()
            if died and self._cut is not None and self._cut.training:
                self.after(
                    AGAIN_MS, self.train
                )  # it was there a moment ago; after any other start by its button only
        elif self.page == "start":
            self.look_again()

    # --- what the window says of itself ---

    def left_text(self) -> str:
        """Return the key of the text of the button on the left."""
        if self.page in SCREENS:
            return f"window.station.{'back-to-desk' if self.going.desk is not None else 'back-to-sessions'}"
        name = LEFT.get(self.page, "leave")
        return f"window.station.{'leave-training' if name == 'log-out' and self.training else name}"

    def main_text(self) -> str:
        """Return the key of the text of the main button."""
        if self.page == "start" and not self.lines:
            waits = "new" if self.may("create-session") else "look-again"
            return f"window.station.{'rehearse' if self.training else waits}"
        if self.page == "start" and isinstance(self._page, StartPage) and self._page.line is not None:
            return f"window.station.{offer_of(self._page.line, self._pages())}"
        if self.page in SCREENS:
            return self._page.main_text() or NO_MAIN
        if self.page == "login" and self.is_new:
            return f"window.station.{FIRST}"
        return f"window.station.{MAIN.get(self.page, 'open')}"

    def make_page(self) -> Any:
        """Return the page that is shown now."""
        make = {
            "login": self._login_page,
            "first": self.first_page,
            "start": self._start_page,
            "locked": self._lock_page,
        }
        self._page = make.get(self.page, self._work_page if self.page in SCREENS else self._desk_page)()
        devices = getattr(self._page, "devices", None)
        if devices is not None:
            devices.show(self.devices)
        return self._page

    def _login_page(self) -> LoginPage:
        page = LoginPage(
            self,
            look=self.look,
            texts=self.texts,
            letters=self.letters,
            users=self._users,
            missing=self._missing_words(),
            user=self.variables["user"],
            password=self.variables["password"],
            on_training=self.train,
        )
        if self._missing:
            self.after_idle(self.show_main)
        else:
            (page.password if self.variables["user"].get() else page.user).focus_set()
        return page

    def _start_page(self) -> StartPage:
        page = StartPage(
            self,
            look=self.look,
            texts=self.texts,
            letters=self.letters,
            lines=self.lines,
            variables=self.variables,
            on_choice=self._chose,
            training=self.training,
            may_create=self.may("create-session"),
            pages=self._pages,
        )
        page.table.focus_set()
        return page

    def _lock_page(self) -> LockPage:
        operator = self.operator
        page = LockPage(
            self,
            look=self.look,
            texts=self.texts,
            letters=self.letters,
            user="" if operator is None else operator.user_id,
            password=self.variables["password"],
            training=self.training,
        )
        page.password.focus_set()
        return page

    def _desk_page(self) -> Any:
        return self._means.make_page(self, self, self.driver)

    def _work_page(self) -> WorkPage:
        screen = SCREENS[self.page]
        page = page_class(screen)(self, self._kept_of(self.page))
        page.follow_all()
        return page

    def _kept_of(self, page: str) -> "Mapping[str, Any]":
        """Return what a page was left with; what belongs to another session is nobody's here."""
        kept: Mapping[str, Any] = self.going.kept.get(page, {})
        return kept if page == "admin" or kept.get(OF, self._session_id) == self._session_id else {}

    @property
    def _session_id(self) -> str:
        """The session that pages of work are about, "" for none."""
        session = self.session or self.chosen_session()
        return "" if session is None else session.session_id

    def go(self, page: str) -> None:
        """Show another page."""
        self.going.page = page
        self.silent()
        self.build()

    def silent_now(self) -> None:
        """Take the message away: what it was about was changed."""
        self.say("", "")

    def _chose(self) -> None:
        """Another session is chosen on the start page: Enter may do something else with it."""
        self.silent_now()
        self.letters.label(self.main, self.texts[self.main_text()])

    # --- keys ---

    def forward(self) -> None:
        """Do what the page is for: log in, open the desk, unlock."""
        if self.page in SCREENS:
            self._page.forward()
            return
        enter = self.begin_station if self.is_new else self.log_in
        named = {"login": enter, "first": self.make_station, "start": self.open_desk, "locked": self.unlock}
        named.get(self.page, self._enter)()

    def left_pressed(self) -> None:
        """The button on the left: close, or let somebody else log in. Escape does not: it is pressed too easily."""
        if self.page in SCREENS:
            self.to_desk()
            return
        named = {"login": self.leave, "first": self.leave_first}
        {**named, "start": self.log_out, "locked": self.log_out}.get(self.page, self.back)()

    def actions(self) -> dict[str, Callable[[], None]]:
        """Return what each line of the menu does."""
        return {
            "check-in": self.open_desk,
            "to-desk": self.to_desk,
            **{name: partial(self.open_work, name) for name in SCREENS},
            **{name: partial(self._beside, name) for name in BESIDE},
            "new-session": self.new_session,
            "sessions": self.leave_desk,
            "equipment": self.look_again,
            "lock": self.lock_now,
            "sounds": self.turn_sounds,
            "language": self.change_language,
            "larger": partial(self.resize_text, 1),
            "smaller": partial(self.resize_text, -1),
            "log-out": self.log_out,
            "leave": self.leave,
        }

    def _pages(self) -> tuple[str, ...]:
        """Return the pages of work that are offered to who is here in place of a desk."""
        return tuple(name for name in PAGES if any(map(self.may, SCREENS[name].actions)))

    def chosen_session(self) -> "Session | None":
        """Return the session that is chosen on the start page."""
        wanted = self.variables["session"].get()
        return next((line.session for line in self.lines if line.session_id == wanted), None)

    # --- sessions and the desk ---

    def look_again(self) -> None:
        """Look at the sessions and the equipment anew."""
        if self.page == "checkin":
            self.leave_desk()
        elif self.page == "start" and not self.background.busy:
            self.working("window.station.looking")
            held = self.going.held
            if held is not None:
                self.background.start(partial(sessions_of, held), done=self._listed, failed=self.failed)

    def _listed(self, lines: "tuple[SessionLine, ...]") -> None:
        self.idle()
        self.lines = lines
        self.go("start")

    def came_in(self) -> None:
        """Somebody logged in: a desk that was open when the station was cut short is opened again at once."""
        page, cut = self._page, self._cut
        if cut is None or cut.training is not self.training or not isinstance(page, StartPage):
            return
        line = page.line
        if line is not None and line.session_id == cut.session and line.may and offer_of(line) == "open":
            self.open_desk()

    def open_desk(self) -> None:
        """Open the desk of the chosen session; in training without a session, make one; else look again."""
        page, held = self._page, self.going.held
        if held is None or self.background.busy or not isinstance(page, StartPage):
            return
        if not self.lines:
            self._without_sessions(held)
            return
        line = page.line
        if line is None:
            return
        offer = offer_of(line, self._pages())
        if offer == "roster":
            self.open_work(offer)
            return
        if offer != "open":
            self._open_session_page({} if offer == "session" else {"task": offer})
            return
        if not line.may or line.state in {"not-started", "paused"}:
            self.say(words_of(line, self.texts, self._pages()), "cross")
            return
        session = line.session.at(self.variables["component"].get())
        room, language = self.variables["room"].get(), self.texts.language
        save_settings(self._places.home, self._now())
        self.working("window.station.opening-desk")
        cut = self._cut is not None and self._cut.session == line.session_id
        reason = self.texts["checkin.view.reopened"]
        self._cut = None

        def job() -> OpenDesk:
            stood = opening().come_back(
                held.opened, line, cut=cut, component=session.component, reason=reason
            )
            return self._means.open_desk(held.opened, session, room=room, stood=stood, language=language)

        self.background.start(job, done=self._desk_open, failed=self.failed)

    def _without_sessions(self, held: "Held") -> None:
        """Enter where no session is open: training makes one, who may make one does; others look again."""
        if self.training:
            self._rehearse(held)
        elif self.may("create-session"):
            self.new_session()
        else:
            self.look_again()

    def new_session(self) -> None:
        """Show the steps to a new session."""
        if self.page == "start" and self.may("create-session"):
            self._open_session_page({"task": "new"})
        elif self.page == "session" and self.may("create-session"):
            self._page.open_task("new")

    def _open_session_page(self, kept: "dict[str, Any]") -> None:
        self.going.kept["session"] = kept
        self.open_work("session")

    def took(self, lines: "tuple[SessionLine, ...]", session_id: str) -> None:
        """Take in that the sessions are other ones, and choose one of them."""
        self.lines = lines
        for name, value in (("session", session_id), ("component", ""), ("room", "")):
            self.variables[name].set(value)

    def _rehearse(self, held: "Held") -> None:
        self.working("window.station.rehearsing")

        def job() -> "tuple[SessionLine, ...]":
            opening().rehearse(held.opened, today())
            return sessions_of(held)

        self.background.start(job, done=self._listed, failed=self.failed)

    def _desk_open(self, desk: OpenDesk) -> None:
        self.idle()
        self.going.desk = desk
        if self.going.locked:  # the lock fell while it was being opened
            self._hold_desk(True)
        set_mark(self._places.home, Mark(session=desk.session.session_id, training=self.training))
        self.lock = IdleLock(self._means.clock, self._idle_minutes())
        self.go("checkin")

    # --- pages of work ---

    def open_work(self, name: str) -> None:
        """Show a page of work. A desk that is open waits meanwhile, its devices stay with it; not while a candidate is
        at it."""
        if self.opened is None or self.going.locked or self.page in {"login", "first", name} or self.stays():
            return
        if SCREENS[name].session and self.session is None and self.chosen_session() is None:
            self.say(self.texts["window.station.need.session"], "cross")
            return
        self.keep()
        self._hold_desk(True)
        self.go(name)

    def to_desk(self) -> None:
        """Leave a page of work: to the desk where one is open, else to the sessions, which are looked at anew."""
        if self.page not in SCREENS or self.background.busy:
            return
        self.keep()
        if self.going.desk is None:
            self.go("start")
            self.look_again()
            return
        self.go("checkin")
        self._hold_desk(False)

    def _beside(self, name: str) -> None:
        """Open a form beside the desk."""
        ask = getattr(self._page, "ask", None)
        if ask is not None:
            ask(name)

    def keep(self) -> None:
        """Let the page save what was typed."""
        if self.page in SCREENS and self._page is not None:
            self.going.kept[self.page] = {**self._page.kept(), OF: self._session_id}
        else:
            super().keep()

    def runner(self) -> "Runner":
        """Return what runs commands in the open root, in the language of now."""
        held = self.going.held
        if held is None:
            raise CommandError("user-needed")
        runner: Runner = self.going.runner or opening().runner_of(self._places, held)
        spoken = runner.speaking(self.texts.language, self.background.ask)
        self.going.runner = spoken
        return spoken

    def leave_desk(self) -> None:
        """Ask the desk to end; it says when nobody is at it."""
        from proctor.desk.events import Pressed  # noqa: PLC0415 - as `Locked`

        if self.driver is not None and not self.background.busy:
            self.driver.send(Pressed(action="leave"))

    def desk_left(self) -> None:
        """Back to the sessions; the desk's devices are let go."""
        desk, held = self.going.desk, self.going.held
        if desk is None or held is None:
            return
        self.going.desk = None
        self.kept_check_in = ("", {})
        take_mark_away(self._places.home)
        self.go("start")
        self.working("window.station.closing-desk")

        def job() -> "tuple[SessionLine, ...]":
            desk.driver.close()
            return sessions_of(held)

        self.background.start(job, done=self._listed, failed=self.failed)
