"""The station's window: who is here, which session, the check-in; and what holds on every page: training's band, the
banner of devices, the menu, the lock, language and size, and what becomes of a bug.
"""

import gc
import tkinter
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from time import monotonic
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Protocol

import ttkbootstrap as ttk

from proctor.config import Places
from proctor.desk.events import Locked, Pressed
from proctor.desk.state import Leave
from proctor.diagnostics import FOLDER, Trail, write_report
from proctor.errors import CommandError
from proctor.gui.shell import Shell
from proctor.gui.station import opening
from proctor.gui.station.devices import SIGNS, DeviceWatch
from proctor.gui.station.login import LockPage, LoginPage
from proctor.gui.station.menu import ITEMS, MenuPane, offered
from proctor.gui.station.opening import Held, SessionLine
from proctor.gui.station.settings import Settings, load_settings, save_settings
from proctor.gui.station.start import StartPage, words_of
from proctor.idle import IdleLock
from proctor.texts import Texts
from sessions.errors import SessionsError
from sessions.record import Operator
from sessions.roles import require_may
from sessions.session import Session
from sessions.vietnam import today

if TYPE_CHECKING:
    from proctor.desk.equipment import EquipmentRow

POLL_MS: Final = 20
SECOND_MS: Final = 1000
BANNER_S: Final = 8.0
CRASHES: Final = 3
CRASH_S: Final = 10.0
SWEEP_S: Final = 20
WIDEST: Final = 2.4
"""A screen that is wider than this for its height is two: the second is the candidate's."""
PRACTICE_KEYS: Final = {"<F1>": "next", "<F2>": "card", "<F3>": "scan"}
MAIN: Final = {"login": "log-in", "start": "open", "locked": "unlock"}
LEFT: Final = {"login": "leave", "start": "log-out", "locked": "other"}


class DeskDriver(Protocol):
    """A desk at work, as `driver.Driver` is: its state, what it is told, what it asks of the window."""

    @property
    def state(self) -> Any: ...

    @property
    def busy(self) -> bool: ...

    def send(self, event: Any) -> None: ...

    def poll(self) -> bool: ...

    def asked(self) -> tuple[Any, ...]: ...

    def rows(self, texts: Texts) -> "tuple[EquipmentRow, ...]": ...

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenDesk:
    """A desk that was opened: `practice` in training only."""

    session: Session
    room: str
    driver: DeskDriver = field(repr=False)
    practice: Any = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What the window is made of beside itself; tests give stand-ins. `open_desk(opened, session, room, stood,
    language)` runs beside the window."""

    open_desk: Callable[..., OpenDesk]
    make_page: Callable[[Any, "StationWindow", Any], Any]
    make_bar: Callable[[Any, "StationWindow", Any], Any]
    examine: Callable[[Places, Texts, bool], "Iterable[EquipmentRow]"]
    clock: Callable[[], float] = monotonic


@dataclass(slots=True, kw_only=True)
class Going:
    """What outlives a window that breaks: the next one goes on with it."""

    held: Held | None = field(default=None, repr=False)
    desk: OpenDesk | None = field(default=None, repr=False)
    page: str = "login"
    locked: bool = False
    report: str = ""


class StationWindow(Shell):
    """One window, four pages: login, start, checkin, locked. What is open lives in `going`."""

    def __init__(
        self,
        places: Places,
        *,
        language: str,
        means: Means,
        going: Going | None = None,
        scale: float | None = None,
    ) -> None:
        self._places, self._means = places, means
        self._settings = load_settings(places.home)
        self.going = going or Going()
        self.broken = False
        self.trail = Trail()
        super().__init__(
            training=self.going.held is not None and self.going.held.opened.training,
            language=language,
            scale=scale or self._settings.scale,
        )
        self.variables: dict[str, tkinter.StringVar] = {
            name: tkinter.StringVar(self, "") for name in ("user", "password", "session", "component", "room")
        }
        self.variables["session"].set(self._settings.session)
        self.variables["component"].set(self._settings.component)
        self.variables["room"].set(self._settings.room)
        self.lines: tuple[SessionLine, ...] = ()
        self.devices: tuple[EquipmentRow, ...] = ()
        self._users, self._missing = self._who_may_log_in()
        self._menu: MenuPane | None = None
        self._banner_until = 0.0
        self._crashes: list[float] = []
        self._swept = self._means.clock()
        self.lock = IdleLock(self._means.clock, self._idle_minutes())
        self._watch = DeviceWatch(self._examine, lambda: self.texts)
        self.kept_check_in: tuple[str, dict[str, str]] = ("", {})
        self._page: Any = None
        self.build()
        if self.going.report:
            self.say(self.texts.say("window.station.came-back", file=self.going.report), "bang")
        self._ticking = self.after(POLL_MS, self._poll)
        self._seconds = self.after(SECOND_MS, self._second)

    # --- what the pages ask for ---

    @property
    def page(self) -> str:
        """The page that is shown."""
        return "locked" if self.going.locked else self.going.page

    @property
    def opened(self) -> Any:
        """The open data root; None before somebody logged in."""
        return None if self.going.held is None else self.going.held.opened

    @property
    def session(self) -> Session | None:
        """The session of the desk, at its component."""
        return None if self.going.desk is None else self.going.desk.session

    @property
    def operator(self) -> Operator | None:
        """Who is logged in."""
        return None if self.opened is None else self.opened.operator

    @property
    def driver(self) -> DeskDriver | None:
        """The desk's table of states; None before a desk is open."""
        return None if self.going.desk is None else self.going.desk.driver

    # --- what the window says of itself ---

    def window_title(self) -> str:
        """Return the window's title: the page, and training where it is."""
        name = self.texts[f"window.station.page.{self.page}"]
        key = "window.station.title.training" if self.training else "window.station.title"
        return self.texts.say(key, page=name)

    def page_title(self) -> str:
        """Return the page's title."""
        desk = self.going.desk
        if self.page == "checkin" and desk is not None:
            return self.texts.say(
                "window.station.desk",
                session=desk.session.session_id,
                component=desk.session.component_label,
                room=desk.room or self.texts["window.station.start.every-room"],
            )
        return self.texts[f"window.station.page.{self.page}"]

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
            missing=self.texts.say(self._missing.code, **self._missing.facts) if self._missing else "",
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

    # --- building ---

    def _fit_screen(self) -> None:
        wide, high = self.winfo_screenwidth(), self.winfo_screenheight()
        if wide > WIDEST * high:
            wide //= 2
        self.geometry(f"{wide}x{high}+0+0")
        self.minsize(min(wide, 640), min(high, 400))
        with suppress(tkinter.TclError):
            self.state("zoomed")  # where the system knows it
        with suppress(tkinter.TclError):
            self.attributes("-zoomed", True)

    def _bind_keys(self) -> None:
        super()._bind_keys()
        for key in ("<Return>", "<KP_Enter>"):
            self.bind(key, lambda _event: self._enter())
        self.bind("<F10>", lambda _event: self.menu())
        self.bind("<F12>", lambda _event: self.lock_now())
        for key, name in PRACTICE_KEYS.items():
            self.bind(key, partial(self._practise, name))
        for event in ("<KeyPress>", "<ButtonPress>", "<Motion>"):
            self.bind_all(event, self._touched, add="+")

    def build(self) -> None:
        """Build the page that is shown, in the language and size of now."""
        self._menu = None
        close = getattr(self._page, "close", None)
        self._page = None
        if close is not None:
            close()
        super().build()
        if self.page == "checkin":
            self.foot.grid_remove()
        self.trail.note(f"page.{self.page}")

    def _restyle(self) -> None:
        super()._restyle()
        px = self.look.px
        self.style.configure("Training.TButton", font=self.look.body, padding=(px(8), px(3)))
        band = {"background": "#ffd54d", "foreground": "#2b2000"}
        self.style.configure("Band.TLabel", font=self.look.title, padding=(px(8), px(2)), **band)
        self.style.configure(
            "Banner.TLabel", padding=(px(6), px(2)), background="#fff4d6", foreground="#2b2000"
        )
        self.style.configure("Menu.TFrame", background="#e4e9f0")
        self.style.configure("Menu.TLabel", background="#e4e9f0", foreground="#1f2328")

    def _head(self) -> ttk.Frame:
        """The title, who is here, the menu; beneath it training's band and the banner of devices."""
        row = super()._head()
        for child in row.grid_slaves(row=0):
            if child.grid_info()["column"] == 1:
                child.destroy()  # the band says it louder
        operator = self.operator
        if operator is not None and self.page != "locked":
            label = opening.role_label(operator.role, self.texts.language)
            who = self.texts.say("window.station.who", user=operator.user_id, role=label)
            ttk.Label(row, text=who, anchor="e").grid(row=0, column=1, padx=self.look.px(6))
        menu = ttk.Button(row, command=self.menu, text=self.texts["window.station.menu-button"])
        menu.grid(row=0, column=5, padx=(self.look.px(4), 0))
        if self.training:
            band = ttk.Label(
                row, text=self.texts["window.station.band"], style="Band.TLabel", anchor="center"
            )
            band.grid(row=1, column=0, columnspan=6, sticky="ew", pady=(self.look.px(2), 0))
        desk = self.going.desk
        self.bar = None
        if self.page == "checkin" and desk is not None and desk.practice is not None:
            self.bar = self._means.make_bar(row, self, desk.practice)
            self.bar.grid(row=2, column=0, columnspan=6, sticky="ew")
        self.banner = ttk.Label(row, style="Banner.TLabel", compound="left", anchor="w", justify="left")
        self.banner.bind("<Configure>", lambda event: self.banner.configure(wraplength=event.width - 60))
        self.banner.grid(row=3, column=0, columnspan=6, sticky="ew", pady=(self.look.px(2), 0))
        self.banner.grid_remove()
        return row

    def _foot(self) -> ttk.Frame:
        self.foot: ttk.Frame = super()._foot()
        return self.foot

    def go(self, page: str) -> None:
        """Show another page."""
        self.going.page = page
        self.silent()
        self.build()

    def silent_now(self) -> None:
        """Take the message away: what it was about was changed."""
        self.say("", "")

    # --- keys ---

    def _enter(self) -> None:
        forward = getattr(self._page, "forward", None) if self.page == "checkin" else None
        if forward is not None:
            forward()
        elif self.page != "checkin":
            self.main.invoke()

    def forward(self) -> None:
        """Do what the page is for: log in, open the desk, unlock."""
        if self.background.busy:
            return
        {"login": self.log_in, "start": self.open_desk, "locked": self.unlock}.get(self.page, self._enter)()

    def back(self) -> None:
        """Escape: close the menu, else what the page's left button says; at the desk it is the page's."""
        if self._menu is not None:
            self.menu()
            return
        if self.background.busy:
            return
        if self.page == "checkin":
            back = getattr(self._page, "back", None)
            if back is not None:
                back()
        else:
            {"login": self.leave, "start": self.log_out, "locked": self.log_out}[self.page]()

    def _practise(self, name: str, _event: object) -> None:
        if self.bar is not None:
            self.bar.do(name)

    def menu(self) -> None:
        """Open the menu, or close it."""
        if self._menu is not None:
            menu, self._menu = self._menu, None
            menu.close()
        elif not self.background.busy and self.page != "locked":
            self._menu = MenuPane(
                self.shown, self.look, self.texts, offered(ITEMS, self.page, self._may), self._chosen
            )

    def _chosen(self, name: str) -> None:
        self._menu = None
        actions: dict[str, Callable[[], None]] = {
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
        actions[name]()

    def _may(self, action: str) -> bool:
        """Whether who is here has an action, by the session's own rules where one is chosen."""
        operator = self.operator
        if operator is None:
            return False
        line = next((line for line in self.lines if line.session_id == self.variables["session"].get()), None)
        session = self.session or (None if line is None else line.session)
        try:
            if session is None:
                require_may(operator, action)
            else:
                session.rules.require_may(operator, action)
        except SessionsError:
            return False
        return True

    # --- log in, training, out ---

    def _who_may_log_in(self) -> tuple[tuple[str, ...], CommandError | SessionsError | None]:
        try:
            users = opening.users_of(self._places)
        except (CommandError, SessionsError) as error:
            return (), error
        if len(users) == 1:
            self.variables["user"].set(users[0])
        return users, None

    def log_in(self) -> None:
        """Open the real root as who typed a password."""
        user, password = self.variables["user"].get().strip(), self.variables["password"].get()
        if self._missing is not None:
            self.say(self.texts.say(self._missing.code, **self._missing.facts), "cross")
            return
        for name, value in (("user", user), ("password", password)):
            if not value:
                self.say(self.texts[f"window.station.need.{name}"], "cross")
                getattr(self.shown, name).focus_set()
                return
        self.variables["password"].set("")
        self._open(partial(opening.log_in_real, self._places, user, self._asked(user, password)))

    def train(self) -> None:
        """Training, by its own button only."""
        if not self.background.busy:
            self.variables["password"].set("")
            self._open(partial(opening.enter_training, self._places))

    def _asked(self, user: str, password: str) -> opening.Ask:
        """What was typed answers once; a code or a PIN is asked for by a dialog."""
        return lambda wanted: password if wanted == user else self.background.ask(wanted)

    def _open(self, job: Callable[[], Held]) -> None:
        def opened() -> tuple[Held, tuple[SessionLine, ...]]:
            held = job()
            try:
                return held, opening.sessions_of(held.opened)
            except BaseException:
                held.close()
                raise

        self.working("window.station.opening")
        self.background.start(opened, done=self._opened, failed=self._not_opened)

    def _opened(self, found: tuple[Held, tuple[SessionLine, ...]]) -> None:
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

    def _stays(self) -> bool:
        """Whether nothing can be closed now: something is being written, or a candidate is at the desk."""
        if self.background.busy:
            return True
        if self.driver is None or not self.driver.busy:
            return False
        self.say(self.texts["window.station.attempt-runs"], "bang")
        return True

    def log_out(self) -> None:
        """Close what is open and ask who is here."""
        if self._stays():
            return
        self._let_go()
        self.training = False
        self.lines = ()
        self.going = Going()
        self._users, self._missing = self._who_may_log_in()
        self.go("login")

    def leave(self) -> None:
        """Close the window; what is being written is written first."""
        if self._stays():
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
                job = partial(opening.sessions_of, held.opened)
                self.background.start(job, done=self._listed, failed=self.failed)

    def _listed(self, lines: tuple[SessionLine, ...]) -> None:
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
            stood = opening.come_back(held.opened, line)
            return self._means.open_desk(held.opened, session, room=room, stood=stood, language=language)

        self.background.start(job, done=self._desk_open, failed=self.failed)

    def _rehearse(self, held: Held) -> None:
        self.working("window.station.rehearsing")

        def job() -> tuple[SessionLine, ...]:
            opening.rehearse(held.opened, today())
            return opening.sessions_of(held.opened)

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

    def _desk_left(self) -> None:
        """Back to the sessions; the desk's devices are let go."""
        desk, held = self.going.desk, self.going.held
        if desk is None or held is None:
            return
        self.going.desk = None
        self.go("start")
        self.working("window.station.closing-desk")

        def job() -> tuple[SessionLine, ...]:
            desk.driver.close()
            return opening.sessions_of(held.opened)

        self.background.start(job, done=self._listed, failed=self.failed)

    # --- the lock ---

    def _idle_minutes(self) -> int:
        session = self.session
        return opening.IDLE_MINUTES if session is None else session.rules.idle_minutes

    def _touched(self, _event: object) -> None:
        self.lock.touch()

    def lock_now(self) -> None:
        """Lock at once: somebody leaves the desk."""
        if self.opened is not None and not self.going.locked:
            self.lock.lock()
            self._lock_up()

    def _lock_up(self) -> None:
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
        if operator is None or opened is None:
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
        job = partial(opening.unlock, opened, self._asked(operator.user_id, password))
        self.background.start(job, done=self._unlocked, failed=self._not_opened)

    def _unlocked(self, _user: str) -> None:
        self.idle()
        self.going.locked = False
        self.lock.unlock()
        if self.driver is not None:
            self.driver.send(Locked(locked=False))
        self.silent()
        self.build()

    def keep(self) -> None:
        """Let the page save what was typed."""
        keep = getattr(self._page, "keep", None)
        if keep is not None:
            keep()

    def change_language(self) -> None:
        """Vietnamese or English; what was typed stays."""
        before = self.texts
        super().change_language()
        if self.texts is not before:
            self._watch.again()
            if self._page is not None and self.driver is not None:
                self._show_devices(self.driver.rows(self.texts))

    # --- what goes on by itself ---

    def _poll(self) -> None:
        self._ticking = self.after(POLL_MS, self._poll)
        driver = self.driver
        if driver is None or not driver.poll():
            return
        for effect in driver.asked():
            if isinstance(effect, Leave):
                self._desk_left()
                return
            self.lock_now()
        self._show_devices(driver.rows(self.texts))
        self.trail.note(f"desk.{driver.state.phase}")
        refresh = getattr(self._page, "refresh", None)
        if self.page == "checkin" and refresh is not None:
            refresh()

    def _examine(self, texts: Texts) -> "Iterable[EquipmentRow]":
        """Look at the equipment; called by the watch's thread. While a desk is open its own threads do that."""
        return () if self.driver is not None else self._means.examine(self._places, texts, self.training)

    def _second(self) -> None:
        self._seconds = self.after(SECOND_MS, self._second)
        found = self._watch.newest()
        if found and self.driver is None:
            self._show_devices(found)
        if self._banner_until and self._means.clock() >= self._banner_until:
            self._banner_until = 0.0
            self.banner.grid_remove()
        if self.opened is not None and not self.going.locked and self.lock.state().locked:
            self._lock_up()
        if self._means.clock() - self._swept >= SWEEP_S:
            self._swept = self._means.clock()
            gc.collect(1)

    def _show_devices(self, found: "tuple[EquipmentRow, ...]") -> None:
        """Show the equipment; a device that goes, breaks or comes back is said, unless the desk's page does."""
        before, self.devices = {row.kind: row for row in self.devices}, found
        row = getattr(self._page, "devices", None)
        if row is not None:
            row.show(found)
        for new in found:
            old = before.get(new.kind)
            if old is not None and (old.sign == "tick") != (new.sign == "tick"):
                self.trail.note(f"device.{new.kind}.{new.sign}")
                if self.page != "checkin":
                    self._say_device(new)

    def _say_device(self, row: "EquipmentRow") -> None:
        back = row.sign == "tick"
        key = "window.station.device.back" if back else "window.station.device.gone"
        text = self.texts.say(key, name=row.name, state=row.words, fix=row.fix)
        self.banner.configure(text=f" {text}", image=self.look.sign(SIGNS[row.sign]))
        self.banner.grid()
        self._banner_until = self._means.clock() + BANNER_S

    # --- what goes wrong ---

    def report_callback_exception(
        self, kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        """A bug: a file without anybody's data, its place said in words, and the station goes on where it was."""
        now = self._means.clock()
        self._crashes = [at for at in self._crashes if now - at < CRASH_S] + [now]
        file = self._write(error)
        if len(self._crashes) >= CRASHES:
            self._break_off(file)
            return
        with suppress(tkinter.TclError):
            super().report_callback_exception(kind, error, trace)
            self.say(self.texts.say("window.station.crashed", error=kind.__name__, file=file), "cross")

    def _write(self, error: BaseException) -> str:
        try:
            return str(
                write_report(self._places.home / FOLDER, error, where=f"window.{self.page}", trail=self.trail)
            )
        except OSError:
            return "—"

    def _break_off(self, file: str) -> None:
        """The window does not get over it: a new one goes on with what is open."""
        self.broken = True
        self.alive = False
        self.going.report = file
        self._watch.close()
        self.destroy()


def run(places: Places, *, language: str, means: Means) -> int:
    """Show the station until it is left. A window that breaks is followed by one that goes on with its session.

    Raises CommandError "no-display".
    """
    going = Going()
    collected = gc.isenabled()
    gc.disable()  # only this thread may collect what belongs to Tk: it does so itself, now and then
    try:
        while True:
            try:
                window = StationWindow(places, language=language, means=means, going=going)
            except tkinter.TclError:
                raise CommandError("no-display") from None
            window.mainloop()
            if not window.broken:
                return 0
            going = window.going
    finally:
        if collected:
            gc.enable()
