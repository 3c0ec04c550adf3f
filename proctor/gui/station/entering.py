"""Who is at the station: log in, training, log out, leave, the lock. `window` adds what is done there."""

import tkinter
from abc import abstractmethod
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from threading import Thread
from typing import TYPE_CHECKING, Any, Final

from proctor.errors import CommandError
from proctor.gui.background import Question
from proctor.gui.station.frame import StationFrame
from proctor.gui.station.going import Going, opening, sessions_of
from proctor.gui.station.login import LockPage, LoginPage
from proctor.gui.station.mark import take_mark_away
from proctor.gui.station.settings import Settings, save_settings
from proctor.gui.station.who import users_of
from proctor.gui.station.work import load_pages
from proctor.idle import IdleLock
from proctor.texts import in_a_row
from sessions.errors import SessionsError

if TYPE_CHECKING:  # what opens a root takes a second to load: it is loaded beside the window
    from proctor.gui.station.opening import Held, SessionLine

AGAIN_MS: Final = 40
NOT_PROVEN: Final = "presence-failed"


class Entering(StationFrame):
    """The window with its pages for whoever comes and goes: login, locked."""

    variables: dict[str, tkinter.StringVar]
    kept_check_in: tuple[str, dict[str, Any]]
    _users: tuple[str, ...] = ()
    _missing: CommandError | SessionsError | None = None
    _proving = False
    _after_lock: Exception | None = None
    _unseen: tuple[tuple[str, bool], ...] = ()
    _stays: tuple[str, str] = ("", "")

    @abstractmethod
    def go(self, page: str) -> None:
        """Show another page."""

    @abstractmethod
    def came_in(self) -> None:
        """Somebody logged in, and the sessions are shown."""

    # --- log in, training, out ---

    def _look_for_users(self) -> None:
        """Find out who can log in here, or why nobody can."""
        try:
            self._users, self._missing = users_of(self._places), None
        except (CommandError, SessionsError) as error:
            self._users, self._missing = (), error
        if len(self._users) == 1 and not self.variables["user"].get():
            self.variables["user"].set(self._users[0])

    def _load(self) -> None:
        """Load what opens a root, beside the page that is shown meanwhile: it takes a second."""
        self.background.start(opening, done=lambda _module: None, failed=self.failed)

    def _missing_words(self) -> str:
        return "" if self._missing is None else self.texts.say(self._missing.code, **self._missing.facts)

    def _later(self, action: Callable[[], None]) -> bool:
        """Whether what opens a root is still being loaded: then the action comes after it."""
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
        self._now_training(self.going.held.opened.training)
        self.lock = IdleLock(self._means.clock, self._idle_minutes())
        self.go("start")
        self.came_in()
        Thread(target=load_pages, name="pages", daemon=True).start()

    def _now_training(self, training: bool) -> None:
        """What was found of the devices says nothing on the other side: software stands for them in training."""
        if self.training != training:
            self.training, self.devices = training, ()
            self._watch.again()

    def _not_opened(self, error: Exception) -> None:
        self.failed(error)
        self._proving = False
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
        self._now_training(False)
        self.lines = ()
        self.going = Going()
        self.kept_check_in = ("", {})
        self._after_lock, self._unseen, self._stays = None, (), ("", "")
        for name in ("user", "password"):
            self.variables[name].set("")
        self._look_for_users()
        self.go("login")

    def leave(self) -> None:
        """Close the window; what is being written is written first."""
        if self.stays():
            return
        for call in (self._ticking, self._seconds):
            self.after_cancel(call)
        if not self.broken:
            self._let_go()
        self._watch.close()
        self.unhook()
        close = getattr(self._page, "close", None)
        self._page = None
        if close is not None:
            close()
        save_settings(self._places.home, self._now())
        super().leave()

    def _let_go(self) -> None:
        let_go = getattr(self._page, "let_go", None)
        if let_go is not None:
            let_go()
        desk, held = self.going.desk, self.going.held
        self.going.desk = self.going.held = None
        take_mark_away(self._places.home)
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

    # --- the lock ---

    def lock_now(self) -> None:
        """Lock at once: somebody leaves the desk."""
        if self.opened is not None and not self.going.locked:
            self.lock.lock()
            self.lock_up()

    def lock_up(self) -> None:
        """Show nothing but the lock's page; the desk goes on behind it."""
        try:
            if self._page is not None:
                self.keep()
        finally:  # what was typed may be lost, the lock falls
            self.going.locked, self._stays = True, ("", "")
            self._end_choosers()
            self._hold_desk(True)
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
        self._proving = True
        self.working("window.station.opening")
        job = partial(opening().unlock, opened, self._asked(operator.user_id, password))
        self.background.start(job, done=self._unlocked, failed=self._not_opened)

    def _unlocked(self, _user: str) -> None:
        self.idle()
        self.going.locked = self._proving = False
        self.lock.unlock()
        if self.page == "checkin":
            self._hold_desk(False)
        self.silent()
        self.build()
        told, self._after_lock = self._after_lock, None
        if told is not None:
            self.failed(told)
            self.after_idle(self._let_stay, self._said)
        elif self._unseen:
            self._tell_unseen()

    def say(self, text: str, sign: str) -> None:
        """Show a message. What was said after the lock comes again where the page that came back only looked itself up:
        it stays until somebody presses something."""
        super().say(*((text, sign) if text else self._stays))

    def _let_stay(self, said: tuple[str, str]) -> None:
        """Keep what was said now, once the key that unlocked is done with."""
        if not self.going.locked:
            self._stays = said

    def _touched(self, event: Any) -> None:
        """Somebody is there, and has read what was said."""
        if event.type != tkinter.EventType.Motion:
            self._stays = ("", "")
        super()._touched(event)

    def entered_unseen(self, result: Any) -> None:
        """Something was entered, and the page that asked for it is gone: the lock fell meanwhile. It is said after the
        lock; what the page was left with is forgotten, or its form would ask for it again. `result`: of a command,
        alone or with what was read after it, or words; what was only looked up is nothing."""
        said, good = _words_in(result)
        if not said:
            return
        self.going.kept.pop(self.going.page, None)
        self.kept_check_in = ("", {})
        self._unseen = (*self._unseen, (said, good))
        if not self.going.locked:
            self._tell_unseen()

    def _tell_unseen(self) -> None:
        """Say what was entered behind the lock; desk and lists work with what is there now."""
        unseen, self._unseen = self._unseen, ()
        said = self.texts.say("second-person.entered-behind", what=" ".join(said for said, _ in unseen))
        self.say(said, "tick" if all(good for _, good in unseen) else "bang")
        self.after_idle(self._let_stay, self._said)
        self._look_at_session()

    def _look_at_session(self) -> None:
        """Let the window work with the session's list as it is now, once nothing else is being done."""
        held, session = self.going.held, self.session or self.chosen_session()
        if held is None or session is None:
            return
        if self.background.busy:
            self.after(AGAIN_MS, self._look_at_session)
            return
        job = partial(opening().session_now, held.opened, session.session_id)
        self.background.start(job, done=self.took_session, failed=self.failed)

    def failed(self, error: Exception) -> None:
        """Say an error in words. What went on behind the lock may name somebody: that is said after it."""
        if self.going.locked and not self._proving:
            self.idle()
            self._after_lock = error
            return
        super().failed(error)
        if getattr(error, "code", "") == NOT_PROVEN:
            from proctor.screens.not_proven import why_not_proven  # noqa: PLC0415 - it loads what checks there are

            self.say(why_not_proven(error, self.texts), "cross")  # type: ignore[arg-type]

    def _question(self, question: Question) -> None:
        """Ask for a secret: on the lock's page only for its own, whatever else still goes on behind it."""
        if self.going.locked and not self._proving:
            question.reply.put(None)
        else:
            super()._question(question)

    def _end_choosers(self) -> None:
        """Close the choosers of files that Tk draws itself: they lie over the page and hold the keys."""
        with suppress(tkinter.TclError):
            self.tk.call("set", "::tk::Priv(selectFilePath)", "")

    def _hold_desk(self, away: bool) -> None:
        """Nobody is checked in while nobody looks at the desk's page."""
        from proctor.desk.events import Locked  # noqa: PLC0415 - loaded with the desk, not with the first page

        if self.driver is not None:
            self.driver.send(Locked(locked=away))


def _words_in(result: Any) -> tuple[str, bool]:
    """Return what was entered, in words, and whether it is as wished; "" where nothing was."""
    from proctor.desk.runner import Done  # noqa: PLC0415 - whoever ran a command has it

    if isinstance(result, str):
        return result, True
    found = result[0] if isinstance(result, tuple) and result else getattr(result, "done", result)
    if not isinstance(found, Done):
        return "", True
    return in_a_row((*found.said, *found.lines)), found.status == 0
