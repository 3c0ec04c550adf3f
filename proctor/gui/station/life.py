"""What the station's window is and has done by itself: who works on what, the desk's table polled, devices told of, the
lock that falls, and what becomes of a bug.
"""

import threading
import tkinter
from abc import abstractmethod
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, suppress
from dataclasses import replace
from functools import partial
from queue import SimpleQueue
from threading import Event
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final

from proctor.config import Places
from proctor.desk.garbage import Garbage
from proctor.diagnostics import FOLDER, Trail, write_report
from proctor.gui.shell import Shell
from proctor.gui.station.awaiting import Awaiting
from proctor.gui.station.devices import SIGNS, DeviceWatch
from proctor.gui.station.going import DeskDriver, Going, Means
from proctor.gui.station.settings import load_settings
from proctor.idle import IdleLock
from proctor.texts import Texts

if TYPE_CHECKING:
    from proctor.desk.equipment import EquipmentRow
    from proctor.gui.station.opening import SessionLine
    from sessions.record import Operator
    from sessions.session import Session

POLL_MS: Final = 20
SECOND_MS: Final = 1000
BANNER_S: Final = 8.0
CRASHES: Final = 3
CRASH_S: Final = 10.0
IDLE_MINUTES: Final = 10
"""Before a session is chosen; then its rules say it."""


class StationLife(Shell):
    """The window without anything to see. What is open lives in `going`, which outlives a window that breaks."""

    def __init__(
        self,
        places: Places,
        *,
        language: str,
        means: Means,
        going: Going | None = None,
        scale: float | None = None,
        ending: Event | None = None,
        garbage: Garbage | None = None,
    ) -> None:
        """`ending`: set from outside, it closes the window as somebody at the keyboard would. `garbage`: taken over by
        whoever shows the window; without it Python collects by itself."""
        self._places, self._means = places, means
        self._settings = load_settings(places.home)
        self.going = going or Going()
        self._ending = ending or Event()
        self.broken = False
        self.trail = Trail()
        super().__init__(
            training=self.going.held is not None and self.going.held.opened.training,
            language=language,
            scale=scale or self._settings.scale,
        )
        self.lines: tuple[SessionLine, ...] = ()
        self.devices: tuple[EquipmentRow, ...] = ()
        self._menu: Any = None
        self._banner_until = 0.0
        self._crashes: list[float] = []
        self._threads_told: SimpleQueue[str] = SimpleQueue()
        self._hook, self._hook_before = self._thread_broke, threading.excepthook
        self._garbage = garbage or Garbage()
        self.lock = IdleLock(self._means.clock, self._idle_minutes())
        self.awaiting = Awaiting(self)
        self._watch = DeviceWatch(self._examine, lambda: self.texts)
        self._page: Any = None
        self.bar: Any = None
        self.banner: Any = None

    def begin(self) -> None:
        """Show the first page, and go on with what goes on by itself: nothing else is done before it is drawn."""
        self.build()
        self.update()
        threading.excepthook = self._hook
        self._watch.start()
        if self.going.report:
            self.say(self.texts.say("window.station.came-back", file=self.going.report), "bang")
            self.going.report = ""
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
    def session(self) -> "Session | None":
        """The session of the desk, at its component."""
        return None if self.going.desk is None else self.going.desk.session

    def took_session(self, session: "Session") -> None:
        """Take in that the list of a session is another one, wherever the window works with it."""
        desk = self.going.desk
        if desk is not None and desk.session.session_id == session.session_id:
            self.going.desk = replace(desk, session=session.at(desk.session.component))
        self.lines = tuple(
            replace(line, session=session) if line.session_id == session.session_id else line
            for line in self.lines
        )

    @property
    def operator(self) -> "Operator | None":
        """Who is logged in."""
        return None if self.opened is None else self.opened.operator

    @property
    def driver(self) -> DeskDriver | None:
        """The desk's table of states; None before a desk is open."""
        return None if self.going.desk is None else self.going.desk.driver

    @property
    def lend(self) -> "Callable[[], AbstractContextManager[tuple[str, str]]] | None":
        """What lends a reader and a camera to a second person: the open desk, else the station's own. It is called
        beside the window. None: nobody proves with card and face here."""
        if self.driver is not None:
            return getattr(self.driver, "lend", None)
        lend, opened = self._means.lend, self.opened
        return None if lend is None or opened is None or opened.training else partial(lend, opened)

    # --- what the window itself does ---

    @abstractmethod
    def actions(self) -> dict[str, Callable[[], None]]:
        """Return what each line of the menu does."""

    @abstractmethod
    def chosen_session(self) -> "Session | None":
        """Return the session that is chosen on the start page."""

    @abstractmethod
    def lock_now(self) -> None:
        """Lock at once: somebody leaves the desk."""

    @abstractmethod
    def lock_up(self) -> None:
        """Show nothing but the lock's page."""

    @abstractmethod
    def left_pressed(self) -> None:
        """The button on the left. Escape does not do the same: it is pressed too easily."""

    @abstractmethod
    def desk_left(self) -> None:
        """The desk ended: back to the sessions."""

    @abstractmethod
    def open_work(self, name: str) -> None:
        """Show a page of work."""

    @abstractmethod
    def new_session(self) -> None:
        """Show the steps to a new session, where who is here may make one."""

    @abstractmethod
    def to_desk(self) -> None:
        """Leave a page of work: to the desk where one is open, else to the sessions."""

    @abstractmethod
    def stays(self) -> bool:
        """Whether nothing can be closed now: something is being written, or a candidate is at the desk."""

    def _idle_minutes(self) -> int:
        session = self.session
        return IDLE_MINUTES if session is None else session.rules.idle_minutes

    # --- what goes on by itself ---

    def _poll(self) -> None:
        self._ticking = self.after(POLL_MS, self._poll)
        if self._ending.is_set() and not self.stays():
            self.leave()
            return
        driver = self.driver
        if driver is None or not driver.poll():
            return
        from proctor.desk.state import ForSecond, Leave  # noqa: PLC0415 - loaded with the desk, not with the first page

        for effect in driver.asked():
            if isinstance(effect, Leave):
                self.desk_left()
                return
            if isinstance(effect, ForSecond):
                self.awaiting.line(effect.text, by_camera=effect.by_camera)
            else:
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
            self.lock_up()
        while not self._threads_told.empty():
            file = self._threads_told.get_nowait()
            self.say(self.texts.say("window.station.thread-crashed", file=file), "cross")
        self._garbage.tidy()

    def _show_devices(self, found: "tuple[EquipmentRow, ...]") -> None:
        """Show the equipment; a device that goes, breaks or comes back is said, unless the desk's page does."""
        before, self.devices = {row.kind: row for row in self.devices}, found
        row = getattr(self._page, "devices", None)
        if row is not None:
            row.show(found)
        for new in found:
            old = before.get(new.kind)
            if old is not None and old.good != new.good:
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

    def _thread_broke(self, told: threading.ExceptHookArgs) -> None:
        """A bug of a thread beside the window, called by that thread: the same file, said in the window's own time."""
        if told.exc_value is not None:
            self._threads_told.put(self._write(told.exc_value))
        if (
            self._hook_before is not threading.__excepthook__
        ):  # which prints the error's text, anybody's name in it
            self._hook_before(told)

    def unhook(self) -> None:
        """Whoever comes next looks after the threads."""
        if threading.excepthook is self._hook:
            threading.excepthook = self._hook_before

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
        self.unhook()
        self.going.report = file
        self.going.breaks.append(self._means.clock())
        self._watch.close()
        with suppress(tkinter.TclError):
            self.destroy()
