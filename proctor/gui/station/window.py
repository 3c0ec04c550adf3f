"""The station's window: who is here, which session, the check-in, the lock. Around each page stands `frame`."""

import gc
import tkinter
from collections.abc import Callable
from functools import partial
from threading import Event
from typing import TYPE_CHECKING, Any, Final

from proctor.config import Places
from proctor.desk.events import Locked, Pressed
from proctor.errors import CommandError
from proctor.gui.station.frame import StationFrame
from proctor.gui.station.going import Going, Means, OpenDesk, opening, sessions_of
from proctor.gui.station.login import LockPage, LoginPage
from proctor.gui.station.settings import Settings, save_settings
from proctor.gui.station.start import StartPage, words_of
from proctor.idle import IdleLock
from sessions.errors import SessionsError
from sessions.vietnam import today

if TYPE_CHECKING:  # what opens a root takes a second to load: it is loaded beside the window
    from proctor.gui.station.opening import Held, SessionLine
    from sessions.session import Session

AGAIN_MS: Final = 40
BREAKS: Final = 3
BREAKS_S: Final = 120.0
MAIN: Final = {"login": "log-in", "start": "open", "locked": "unlock"}
LEFT: Final = {"login": "leave", "start": "log-out", "locked": "other"}


class StationWindow(StationFrame):
    """One window, four pages: login, start, checkin, locked."""

    def __init__(self, places: Places, **options: Any) -> None:
        """`options`: as `StationFrame` takes them."""
        super().__init__(places, **options)
        self.variables: dict[str, tkinter.StringVar] = {
            name: tkinter.StringVar(self, "") for name in ("user", "password", "session", "component", "room")
        }
        for name in ("session", "component", "room"):
            self.variables[name].set(getattr(self._settings, name))
        self._users: tuple[str, ...] = ()
        self._missing: CommandError | SessionsError | None = None
        self.kept_check_in = self.going.kept_check_in
        self.begin()
        if self.page == "login":
            self._look_for_users()
        elif self.page == "start":
            self.look_again()

    # --- what the window says of itself ---

    def left_text(self) -> str:
        """Return the key of the text of the button on the left."""
        name = LEFT.get(self.page, "leave")
        return f"window.station.{'leave-training' if name == 'log-out' and self.training else name}"

    def main_text(self) -> str:
        """Return the key of the text of the main button."""
        if self.page == "start" and not self.lines:
            return "window.station.rehearse" if self.training else "window.station.look-again"
        return f"window.station.{MAIN.get(self.page, 'open')}"

    def make_page(self) -> Any:
        """Return the page that is shown now."""
        make = {"login": self._login_page, "start": self._start_page, "locked": self._lock_page}
        self._page = make.get(self.page, self._desk_page)()
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
        if not self._missing:
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
            on_choice=self.silent_now,
            training=self.training,
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

    def go(self, page: str) -> None:
        """Show another page."""
        self.going.page = page
        self.silent()
        self.build()

    def silent_now(self) -> None:
        """Take the message away: what it was about was changed."""
        self.say("", "")

    # --- keys ---

    def forward(self) -> None:
        """Do what the page is for: log in, open the desk, unlock."""
        {"login": self.log_in, "start": self.open_desk, "locked": self.unlock}.get(self.page, self._enter)()

    def left_pressed(self) -> None:
        """The button on the left: close, or let somebody else log in. Escape does not: it is pressed too easily."""
        {"login": self.leave, "start": self.log_out, "locked": self.log_out}.get(self.page, self.back)()

    def actions(self) -> dict[str, Callable[[], None]]:
        """Return what each line of the menu does."""
        return {
            "check-in": self.open_desk,
            "sessions": self.leave_desk,
            "equipment": self.look_again,
            "lock": self.lock_now,
            "language": self.change_language,
            "larger": partial(self.resize_text, 1),
            "smaller": partial(self.resize_text, -1),
            "log-out": self.log_out,
            "leave": self.leave,
        }

    def chosen_session(self) -> "Session | None":
        """Return the session that is chosen on the start page."""
        wanted = self.variables["session"].get()
        return next((line.session for line in self.lines if line.session_id == wanted), None)

    # --- log in, training, out ---

    def _who_may_log_in(self) -> tuple[tuple[str, ...], CommandError | SessionsError | None]:
        """Return who can log in here, or why nobody can. Called beside the window: what finds out takes a moment."""
        try:
            return tuple(opening().users_of(self._places)), None
        except (CommandError, SessionsError) as error:
            return (), error

    def _look_for_users(self) -> None:
        self.background.start(self._who_may_log_in, done=self._users_known, failed=self.failed)

    def _users_known(self, found: tuple[tuple[str, ...], CommandError | SessionsError | None]) -> None:
        """Offer who can log in; what was typed meanwhile stays."""
        self._users, self._missing = found
        if len(self._users) == 1 and not self.variables["user"].get():
            self.variables["user"].set(self._users[0])
        if isinstance(self._page, LoginPage):
            self._page.offer(self._users, self._missing_words())
            if self.opened is None and not self._missing and self.variables["user"].get():
                self._page.password.focus_set()

    def _missing_words(self) -> str:
        return "" if self._missing is None else self.texts.say(self._missing.code, **self._missing.facts)

    def _later(self, action: Callable[[], None]) -> bool:
        """Whether the page still looks for who can log in: then the action comes when that is known."""
        if self.background.busy and self.progress.winfo_manager() == "":
            self.after(AGAIN_MS, action)
            return True
        return self.background.busy

    def log_in(self) -> None:
        """Open the real root as who typed a password."""
        if self._later(self.log_in):
            return
        user, password = self.variables["user"].get().strip(), self.variables["password"].get()
        if self._missing is not None:
            self.say(self._missing_words(), "cross")
            return
        for name, value in (("user", user), ("password", password)):
            if not value:
                self.say(self.texts[f"window.station.need.{name}"], "cross")
                getattr(self.shown, name).focus_set()
                return
        self.variables["password"].set("")
        ask = self._asked(user, password)
        self._open(lambda: opening().log_in_real(self._places, user, ask))

    def train(self) -> None:
        """Training, by its own button only."""
        if not self._later(self.train):
            self.variables["password"].set("")
            self._open(lambda: opening().enter_training(self._places))

    def _asked(self, user: str, password: str) -> Callable[[str], str]:
        """What was typed answers once; a code or a PIN is asked for by a dialog."""
        return lambda wanted: password if wanted == user else self.background.ask(wanted)

    def _open(self, job: "Callable[[], Held]") -> None:
        def opened() -> "tuple[Held, tuple[SessionLine, ...]]":
            held = job()
            try:
                return held, sessions_of(held)
            except BaseException:
                held.close()
                raise

        self.working("window.station.opening")
        self.background.start(opened, done=self._opened, failed=self._not_opened)

    def _opened(self, found: "tuple[Held, tuple[SessionLine, ...]]") -> None:
        self.idle()
        self.going.held, self.lines = found
        self.training = self.going.held.opened.training
        self.lock = IdleLock(self._means.clock, self._idle_minutes())
        self.go("start")

    def _not_opened(self, error: Exception) -> None:
        self.failed(error)
        page = self._page
        if isinstance(page, (LoginPage, LockPage)):
            page.password.focus_set()

    def stays(self) -> bool:
        """Whether nothing can be closed now: something is being written, or a candidate is at the desk."""
        if self.background.busy:
            return True
        if self.driver is None or not self.driver.busy:
            return False
        self.say(self.texts["window.station.attempt-runs"], "bang")
        return True

    def log_out(self) -> None:
        """Close what is open and ask who is here."""
        if self.stays():
            return
        self._let_go()
        self.training = False
        self.lines = ()
        self.going = Going()
        self.go("login")
        self._look_for_users()

    def leave(self) -> None:
        """Close the window; what is being written is written first."""
        if self.stays():
            return
        for call in (self._ticking, self._seconds):
            self.after_cancel(call)
        if not self.broken:
            self._let_go()
        self._watch.close()
        close = getattr(self._page, "close", None)
        self._page = None
        if close is not None:
            close()
        save_settings(self._places.home, self._now())
        super().leave()

    def _let_go(self) -> None:
        desk, held = self.going.desk, self.going.held
        self.going.desk = self.going.held = None
        if desk is not None:
            desk.driver.close()
        if held is not None:
            held.close()

    def _now(self) -> Settings:
        return Settings(
            scale=self.look.scale,
            language=self.texts.language,
            session=self.variables["session"].get(),
            component=self.variables["component"].get(),
            room=self.variables["room"].get(),
        )

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

    def open_desk(self) -> None:
        """Open the desk of the chosen session; in training without a session, make one; else look again."""
        page, held = self._page, self.going.held
        if held is None or self.background.busy or not isinstance(page, StartPage):
            return
        if not self.lines:
            self._rehearse(held) if self.training else self.look_again()
            return
        line = page.line
        if line is None:
            return
        if not line.may or line.state in {"not-started", "paused"}:
            self.say(words_of(line, self.texts), "cross")
            return
        session = line.session.at(self.variables["component"].get())
        room, language = self.variables["room"].get(), self.texts.language
        save_settings(self._places.home, self._now())
        self.working("window.station.opening-desk")

        def job() -> OpenDesk:
            stood = opening().come_back(held.opened, line)
            return self._means.open_desk(held.opened, session, room=room, stood=stood, language=language)

        self.background.start(job, done=self._desk_open, failed=self.failed)

    def _rehearse(self, held: "Held") -> None:
        self.working("window.station.rehearsing")

        def job() -> "tuple[SessionLine, ...]":
            opening().rehearse(held.opened, today())
            return sessions_of(held)

        self.background.start(job, done=self._listed, failed=self.failed)

    def _desk_open(self, desk: OpenDesk) -> None:
        self.idle()
        self.going.desk = desk
        self.lock = IdleLock(self._means.clock, self._idle_minutes())
        self.go("checkin")

    def leave_desk(self) -> None:
        """Ask the desk to end; it says when nobody is at it."""
        if self.driver is not None and not self.background.busy:
            self.driver.send(Pressed(action="leave"))

    def desk_left(self) -> None:
        """Back to the sessions; the desk's devices are let go."""
        desk, held = self.going.desk, self.going.held
        if desk is None or held is None:
            return
        self.going.desk = None
        self.go("start")
        self.working("window.station.closing-desk")

        def job() -> "tuple[SessionLine, ...]":
            desk.driver.close()
            return sessions_of(held)

        self.background.start(job, done=self._listed, failed=self.failed)

    # --- the lock ---

    def lock_now(self) -> None:
        """Lock at once: somebody leaves the desk."""
        if self.opened is not None and not self.going.locked:
            self.lock.lock()
            self.lock_up()

    def lock_up(self) -> None:
        """Show nothing but the lock's page; the desk goes on behind it."""
        if self._page is not None:
            self.keep()
        self.going.locked = True
        if self.driver is not None:
            self.driver.send(Locked(locked=True))
        self.variables["password"].set("")
        self.silent()
        self.build()

    def unlock(self) -> None:
        """Who is logged in proves to be there; in training Enter is enough."""
        operator, opened = self.operator, self.opened
        if operator is None or opened is None or self.background.busy:
            return
        if self.training:
            self._unlocked("")
            return
        password = self.variables["password"].get()
        if not password:
            self.say(self.texts["window.station.need.password"], "cross")
            return
        self.variables["password"].set("")
        self.working("window.station.opening")
        job = partial(opening().unlock, opened, self._asked(operator.user_id, password))
        self.background.start(job, done=self._unlocked, failed=self._not_opened)

    def _unlocked(self, _user: str) -> None:
        self.idle()
        self.going.locked = False
        self.lock.unlock()
        if self.driver is not None:
            self.driver.send(Locked(locked=False))
        self.silent()
        self.build()


def run(
    places: Places, *, language: str, means: Means, restarted: str = "", ending: Event | None = None
) -> int:
    """Show the station until it is left; return 0, or 1 when its windows break again and again.

    A window that breaks is followed by one that goes on with what is open; a desk that breaks it again is closed.
    `restarted`: the diagnostics file of a process that died before. Raises CommandError "no-display".
    """
    going = Going(report=restarted)
    collected = gc.isenabled()
    gc.disable()  # only this thread may collect what belongs to Tk: it does so itself, now and then
    try:
        while True:
            try:
                window = StationWindow(places, language=language, means=means, going=going, ending=ending)
            except tkinter.TclError:
                raise CommandError("no-display") from None
            window.mainloop()
            if not window.broken:
                return 0
            going, language = window.going, window.texts.language
            del window
            gc.collect()
            if not _goes_on(going, means.clock()):
                return 1
    finally:
        if collected:
            gc.enable()


def _goes_on(going: Going, now: float) -> bool:
    """Whether another window is worth trying; the desk is closed before the last one."""
    going.breaks = [at for at in going.breaks if now - at < BREAKS_S]
    if len(going.breaks) >= BREAKS:
        if going.held is not None:
            going.held.close()
        return False
    if len(going.breaks) == BREAKS - 1 and going.desk is not None:
        going.desk.driver.close()
        going.desk, going.page = None, "start"
    return True
