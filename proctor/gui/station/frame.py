"""What every page of the station's window has around it: title, who is here, training's band, the banner of devices,
the menu; what goes on by itself; and what becomes of a bug.
"""

import gc
import tkinter
from abc import abstractmethod
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import partial
from threading import Event
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final

import ttkbootstrap as ttk

from proctor.config import Places
from proctor.desk.state import Leave
from proctor.diagnostics import FOLDER, Trail, write_report
from proctor.gui.shell import Shell
from proctor.gui.station.devices import SIGNS, DeviceWatch
from proctor.gui.station.going import DeskDriver, Going, Means, opening
from proctor.gui.station.menu import ITEMS, MenuPane, offered
from proctor.gui.station.settings import load_settings
from proctor.idle import IdleLock
from proctor.texts import Texts
from sessions.record import Operator

if TYPE_CHECKING:
    from proctor.desk.equipment import EquipmentRow
    from proctor.gui.station.opening import SessionLine
    from sessions.session import Session

POLL_MS: Final = 20
SECOND_MS: Final = 1000
BANNER_S: Final = 8.0
CRASHES: Final = 3
CRASH_S: Final = 10.0
SWEEP_S: Final = 20
IDLE_MINUTES: Final = 10
"""Before a session is chosen; then its rules say it."""
BUTTONS: Final = 195
"""Points that the buttons for language and menu take beside the title."""
ONE_ROW: Final = 1.25
WIDEST: Final = 2.4
"""A screen that is wider than this for its height is two: the second is the candidate's."""
PRACTICE_KEYS: Final = {"<F1>": "next", "<F2>": "card", "<F3>": "scan"}
FOCUSED: Final = "#cfe2ff"
FOCUSED_MAIN: Final = "#0a4a2a"


class StationFrame(Shell):
    """The window without its pages. What is open lives in `going`, which outlives a window that breaks."""

    def __init__(
        self,
        places: Places,
        *,
        language: str,
        means: Means,
        going: Going | None = None,
        scale: float | None = None,
        ending: Event | None = None,
    ) -> None:
        """`ending`: set from outside, it closes the window as somebody at the keyboard would."""
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
        self._menu: MenuPane | None = None
        self._banner_until = 0.0
        self._crashes: list[float] = []
        self._swept = self._means.clock()
        self.lock = IdleLock(self._means.clock, self._idle_minutes())
        self._watch = DeviceWatch(self._examine, lambda: self.texts)
        self._page: Any = None
        self.bar: Any = None

    def begin(self) -> None:
        """Show the first page, and go on with what goes on by itself."""
        self.build()
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
            where = desk.session.component_label
            every = self.texts["window.station.start.every-room"]
            room = self._wide() - self.look.px(BUTTONS)
            for parts in (
                (where, desk.room or every, desk.session.session_id),
                (where, desk.session.session_id),
            ):
                if self.look.title.measure(" · ".join(parts)) <= room:
                    return " · ".join(parts)
            return where
        return self.texts[f"window.station.page.{self.page}"]

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
    def stays(self) -> bool:
        """Whether nothing can be closed now: something is being written, or a candidate is at the desk."""

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
        self._menu = self.bar = None
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
        self.style.configure("Band.TFrame", background=band["background"])
        self.style.configure("BandText.TLabel", **band)
        for name in ("TButton", "Training.TButton"):
            self.style.map(name, background=[("focus", FOCUSED)])
        self.style.map("success.TButton", background=[("focus", FOCUSED_MAIN)])
        self.style.configure("Menu.TFrame", background="#e4e9f0")
        self.style.configure("Menu.TLabel", background="#e4e9f0", foreground="#1f2328")

    def _head(self) -> ttk.Frame:
        """The title, who is here, the menu; beneath it training's band and the banner of devices."""
        row = super()._head()
        for child in row.grid_slaves(row=0):
            if child.grid_info()["column"] == 1:
                child.destroy()  # the band says it louder
        menu = ttk.Button(row, command=self.menu, text=self.texts["window.station.menu-button"])
        if self.page != "locked":
            menu.grid(row=0, column=5, padx=(self.look.px(4), 0))
        self._who(row)
        if self.training:
            self._band(row).grid(row=1, column=0, columnspan=6, sticky="ew", pady=(self.look.px(2), 0))
        self.banner = ttk.Label(row, style="Banner.TLabel", compound="left", anchor="w", justify="left")
        self.banner.bind("<Configure>", lambda event: self.banner.configure(wraplength=event.width - 60))
        self.banner.grid(row=3, column=0, columnspan=6, sticky="ew", pady=(self.look.px(2), 0))
        self.banner.grid_remove()
        return row

    def _wide(self) -> int:
        """Return how wide the window is, or will be."""
        return self.winfo_screenwidth() if self.winfo_width() <= 1 else self.winfo_width()

    def _who(self, row: ttk.Frame) -> None:
        """Who is here, as far as the title leaves room; then without the buttons for the size, which the menu has."""
        row.update_idletasks()
        shown = sorted(row.grid_slaves(row=0), key=lambda each: int(each.grid_info()["column"]))
        room = self._wide() - self.look.title.measure(self.page_title()) + self.look.px(30)
        left = room - sum(each.winfo_reqwidth() + self.look.px(4) for each in shown[1:])
        operator = self.operator
        if left < 0:
            for each in shown:
                if each.grid_info()["column"] in {2, 3}:
                    each.grid_remove()
        if operator is None or self.page == "locked":
            return
        role = opening().role_label(operator.role, self.texts.language)
        words = self.texts.say("window.station.who", user=operator.user_id, role=role)
        for text in (words, operator.user_id):
            if self.look.body.measure(text) < left:
                ttk.Label(row, text=text, anchor="e").grid(row=0, column=1, padx=self.look.px(6))
                return

    def _band(self, row: Any) -> ttk.Frame:
        """Training's yellow band; at the desk with who comes and their card, one row where the text is small enough."""
        band = ttk.Frame(row, style="Band.TFrame")
        band.columnconfigure(0, weight=1)
        desk = self.going.desk
        practice = None if desk is None or self.page != "checkin" else desk.practice
        key = "window.station.band" if practice is None else "window.station.band.short"
        label = ttk.Label(band, text=self.texts[key], style="Band.TLabel", anchor="center")
        label.grid(row=0, column=0, sticky="ew")
        if practice is not None:
            self.bar = self._means.make_bar(band, self, practice)
            beside = self.look.scale <= ONE_ROW
            self.bar.grid(row=0 if beside else 1, column=1 if beside else 0, sticky="e" if beside else "ew")
        return band

    def _foot(self) -> ttk.Frame:
        self.foot: ttk.Frame = super()._foot()
        self.left.configure(command=self.left_pressed)
        return self.foot

    def say(self, text: str, sign: str) -> None:
        """Show a message; at the desk its line takes room only while there is one."""
        super().say(text, sign)
        if text or self.page != "checkin":
            self.message.grid()
        else:
            self.message.grid_remove()

    # --- keys ---

    def _enter(self) -> None:
        forward = getattr(self._page, "forward", None) if self.page == "checkin" else None
        if forward is not None:
            forward()
        elif self.page != "checkin":
            self.main.invoke()

    def back(self) -> None:
        """Escape: close the menu; at the desk it is the page's."""
        if self._menu is not None:
            self.menu()
            return
        back = getattr(self._page, "back", None)
        if self.page == "checkin" and back is not None and not self.background.busy:
            back()

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
                self.shown, self.look, self.texts, offered(ITEMS, self.page, self._may), self.chosen
            )

    def chosen(self, name: str) -> None:
        """Do what a line of the menu says."""
        self._menu = None
        self.actions()[name]()

    def _may(self, action: str) -> bool:
        """Whether who is here has an action, by the session's own rules where one is chosen."""
        operator = self.operator
        if operator is None:
            return False
        return bool(opening().may(operator, action, self.session or self.chosen_session()))

    def _idle_minutes(self) -> int:
        session = self.session
        return IDLE_MINUTES if session is None else session.rules.idle_minutes

    def _touched(self, _event: object) -> None:
        self.lock.touch()

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
        if self._ending.is_set() and not self.stays():
            self.leave()
            return
        driver = self.driver
        if driver is None or not driver.poll():
            return
        for effect in driver.asked():
            if isinstance(effect, Leave):
                self.desk_left()
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
            self.lock_up()
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
        self.going.breaks.append(self._means.clock())
        self._watch.close()
        with suppress(tkinter.TclError):
            self.destroy()
