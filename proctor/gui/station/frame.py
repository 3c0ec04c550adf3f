"""What every page of the station's window has around it: title, who is here, training's band, the banner of devices,
the menu, and the keys that hold on every page.
"""

import tkinter
from contextlib import suppress
from functools import partial
from typing import Any, Final

import ttkbootstrap as ttk

from proctor.gui.station.going import opening
from proctor.gui.station.life import BANNER_S, StationLife
from proctor.gui.station.menu import ITEMS, MenuPane, offered
from proctor.gui.station.work import DESK_KEY, NEW_KEY, SCREENS
from proctor.names import component_of

BUTTONS: Final = 195
"""Points that the buttons for language and menu take beside the title."""
ONE_ROW: Final = 1.25
WIDEST: Final = 2.4
"""A screen that is wider than this for its height is two: the second is the candidate's."""
PRACTICE_KEYS: Final = {"<F1>": "next", "<F2>": "card", "<F3>": "scan"}
STATIONS_OWN: Final = "admin"
"""The page of work that is about no session."""
NO_MAIN: Final = "window.station.none"
FOCUSED: Final = "#cfe2ff"
FOCUSED_MAIN: Final = "#0a4a2a"


class StationFrame(StationLife):
    """The window without its pages: head, band, banner, menu, keys."""

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
            where = component_of(desk.session, self.texts)
            every = self.texts["window.station.start.every-room"]
            room = self._wide() - self.look.px(BUTTONS)
            for parts in (
                (where, desk.room or every, desk.session.session_id),
                (where, desk.session.session_id),
            ):
                if self.look.title.measure(" · ".join(parts)) <= room:
                    return " · ".join(parts)
            return where
        title = self.texts[f"window.station.page.{self.page}"]
        about = self.page in SCREENS and self.page != STATIONS_OWN
        session = self.session or self.chosen_session() if about else None
        if session is None:
            return title
        return f"{title} · {session.session_id}"

    def retitle(self, *, session: bool) -> None:
        """Show the title of a page of work with the session's id, or without where the page is about none."""
        text = self.page_title() if session else self.texts[f"window.station.page.{self.page}"]
        self._titled.configure(text=text)

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
        self.bind("<F11>", lambda _event: self.turn_sounds())
        self.bind("<F12>", lambda _event: self.lock_now())
        self.bind(DESK_KEY, lambda _event: self.to_desk())
        self.bind(NEW_KEY, lambda _event: self.new_session())
        for screen in SCREENS.values():
            self.bind(screen.key, partial(self._work_key, screen.name))
        for key, name in PRACTICE_KEYS.items():
            self.bind(key, partial(self._practise, name))
        for event in ("<KeyPress>", "<ButtonPress>", "<Motion>"):
            self.bind_all(event, self._touched, add="+")

    def build(self) -> None:
        """Build the page that is shown, in the language and size of now."""
        self._menu = self.bar = None
        close = getattr(self._page, "close", None)
        self._page = None
        try:
            if close is not None:
                close()
        finally:  # a page that does not end well is not the one that stays on the screen
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
        self._titled: Any = row.grid_slaves(row=0, column=0)[0]
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
        room = self._wide() - self.look.title.measure(self.page_title()) - self.look.px(20)
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
            if self.look.body.measure(text) + self.look.px(12) < left:
                ttk.Label(row, text=text, anchor="e").grid(row=0, column=1, padx=self.look.px(6))
                return

    def _band(self, row: Any) -> ttk.Frame:
        """Training's yellow band; at the desk with who comes and their card, one row where the text is small enough."""
        band = ttk.Frame(row, style="Band.TFrame")
        band.columnconfigure(0, weight=1)
        desk = self.going.desk
        practice = None if desk is None or self.page != "checkin" else desk.practice
        wide = self.look.title.measure(self.texts["window.station.band"]) + self.look.px(36)
        whole = practice is None and wide <= self._wide()
        key = "window.station.band" if whole else "window.station.band.short"
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
        if self.main_text() == NO_MAIN:
            self.main.grid_remove()
        return self.foot

    def say(self, text: str, sign: str) -> None:
        """Show a message; at the desk its line takes room only while there is one."""
        super().say(text, sign)
        if text or self.page != "checkin":
            self.message.grid()
        else:
            self.message.grid_remove()

    def show_main(self) -> None:
        """Put the focus on what Enter does: a page on which nothing can be typed shows it."""
        self.main.focus_set()

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
        if back is None or (self.background.busy and not getattr(self._page, "quiet", False)):
            return
        if self.page == "checkin":
            self.say("", "")  # what was wrong with what is given up
            back()
        elif self.page in SCREENS and not back():
            self.to_desk()

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
                self.shown, self.look, self.texts, offered(ITEMS, self.page, self.may), self.chosen
            )

    def turn_sounds(self) -> None:
        """Sounds and spoken prompts of the desk off, or on again: said in words, since nothing is heard then."""
        turn = getattr(self.driver, "turn_sounds", None)
        if turn is not None and self.page == "checkin":
            on = turn()
            text = self.texts["window.station.sounds-on" if on else "window.station.sounds-off"]
            self.banner.configure(text=f" {text}", image=self.look.sign("tick" if on else "bang"))
            self.banner.grid()
            self._banner_until = self._means.clock() + BANNER_S

    def speak(self, text: str) -> None:
        """Say words aloud where a desk is open, its sounds are on, and the machine has a voice (espeak-ng)."""
        say = getattr(self.driver, "say", None)
        if say is not None:
            say(text)

    def chosen(self, name: str) -> None:
        """Do what a line of the menu says."""
        self._menu = None
        self.actions()[name]()

    def may(self, action: str) -> bool:
        """Whether who is here has an action, by the session's own rules where one is chosen."""
        operator = self.operator
        if operator is None:
            return False
        return bool(opening().may(operator, action, self.session or self.chosen_session()))

    def _work_key(self, name: str, _event: object) -> str:
        """Ctrl and a digit: another page, where who is here has something to do on it."""
        if self._menu is not None or self.opened is None or self.going.locked:
            return "break"
        if any(self.may(action) for action in SCREENS[name].actions):
            self.open_work(name)
        else:
            self.say(self.texts["role-forbidden"], "cross")
        return "break"

    def _touched(self, _event: object) -> None:
        """Somebody did something; after too long a while the lock falls at once, not with the next second."""
        if self.lock.touch().locked and self.opened is not None and not self.going.locked:
            self.lock_up()

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
            speak = getattr(self.driver, "speak_language", None)
            if speak is not None:
                speak(self.texts.language)
            self._watch.again()
            if self._page is not None and self.driver is not None:
                self._show_devices(self.driver.rows(self.texts))
