"""The check-in page: one candidate at a time, from the first scan to the verdict, on the keyboard alone.

It shows `desk.view.Screen` and nothing of its own making. Its places never move: the band with the word on top, what
to do now beneath, photographs on the left, reasons and fields on the right, keys at the bottom.
"""

import tkinter
from functools import partial
from typing import Any, Final, Protocol

import ttkbootstrap as ttk

from proctor.desk.decisions import Decisions
from proctor.desk.events import Event, Pressed, Scanned
from proctor.desk.screen import Action, Screen
from proctor.desk.state import State
from proctor.desk.view import view
from proctor.gui.keyboard import split
from proctor.gui.look import COLOURS
from proctor.gui.station.banner import banner_of
from proctor.gui.station.beside import ACTIONS as BESIDE
from proctor.gui.station.beside import Beside
from proctor.gui.station.decision import DecisionPane
from proctor.gui.station.parts import Flow, Line, PageKeys
from proctor.gui.station.photos import Photos, PreviewPicture
from proctor.gui.station.side import Side, is_number
from proctor.gui.station.two_persons import FRAMES, TwoPersons
from proctor.gui.station.verdict import VerdictPanel

PREVIEW_MS: Final = 33
LARGE: Final = 1.5
"""From this size of the text on buttons say it shorter, and what stands beside the desk has its keys and its lines in
the menu, but no buttons: the photographs need the room."""
ROOMY_LINES: Final = 30
IN_MENU: Final = ("lock", "leave")
"""Of the window's menu, which is there on every page."""


class Runtime(Protocol):
    """The desk behind the page: where it stands, and what it is told. `preview`: the newest frame of its camera."""

    @property
    def state(self) -> State: ...
    @property
    def preview(self) -> PreviewPicture | None: ...
    def send(self, event: Event) -> None: ...


class CheckInPage(ttk.Frame):
    """The page of one desk. The window calls `refresh` when the desk's state is another, `forward` for Enter, `back`
    for Escape, `turn` for Page Up and Down; it shows no buttons of its own beneath the page."""

    def __init__(
        self, parent: Any, window: Any, runtime: Runtime, *, decisions: Decisions | None = None
    ) -> None:
        # `window`: a StationWindow, which imports this page
        super().__init__(parent)
        self._window, self._runtime = window, runtime
        self._look, self._texts = window.look, window.texts
        self.screen: Screen | None = None
        self._actions: tuple[Action, ...] = ()
        self._frame: PreviewPicture | None = None
        self._begun: tuple[str, dict[str, Any]] = getattr(window, "kept_check_in", ("", {}))
        self.buttons: dict[str, ttk.Button] = {}
        self._build()
        lend = getattr(runtime, "lend", None)
        self._two = TwoPersons(self, window, decisions or Decisions(window.opened, window.session, lend))
        self._beside = Beside(self, window)
        self._keys = PageKeys(window)
        self._keys.bind("<Key>", self._typed)
        self.bind("<Destroy>", self._gone)
        self._timer = ""
        self.refresh()
        self.number.set(self.kept_of_attempt().get("number", ""))
        self._beside.put_back(self.kept_of_attempt())
        self._look_at_camera()

    # --- building ---

    def _build(self) -> None:
        px = self._look.px
        self.columnconfigure(0, weight=1)
        self.rowconfigure(3, weight=1)
        self.band = VerdictPanel(self, self._look)
        self.band.configure(height=VerdictPanel.high(self._look, self.winfo_screenheight()))
        self.band.grid(row=0, column=0, sticky="ew")
        self.next = Line(self, self._look, font="TkHeadingFont")
        self.next.grid(row=1, column=0, sticky="ew", pady=(px(3), 0))
        self.strip = self._strip()
        self.strip.grid(row=2, column=0, sticky="ew")
        self._middle().grid(row=3, column=0, sticky="nsew", pady=px(2 if self._look.scale < LARGE else 1))
        self.flow = Flow(self, self._look)
        self.flow.grid(row=4, column=0, sticky="ew")

    def _strip(self) -> ttk.Frame:
        """One line for what just happened, and for who is next; where there is room it keeps its place when empty."""
        strip = ttk.Frame(self)
        strip.columnconfigure(0, weight=1)
        self._roomy = self.winfo_screenheight() > ROOMY_LINES * self._look.body.metrics("linespace")
        if self._roomy:
            strip.rowconfigure(0, minsize=self._look.sign("tick").height() + self._look.px(2))
        self.notice = Line(strip, self._look)
        self.notice.grid(row=0, column=0, sticky="ew")
        self.waiting = ttk.Label(strip, anchor="e", foreground=COLOURS["arrow"])
        self.waiting.grid(row=0, column=1, sticky="e")
        return strip

    def _middle(self) -> ttk.Frame:
        self.middle = ttk.Frame(self)
        self.middle.rowconfigure(0, weight=1)
        self.middle.columnconfigure(0, weight=11, uniform="half")
        self.middle.columnconfigure(1, weight=10, uniform="half")
        captions = {name: self._texts[f"checkin.photo.{name}"] for name in ("chip", "live")}
        self.photos = Photos(self.middle, self._look, captions)
        self.photos.grid(row=0, column=0, sticky="nsew")
        self.side = Side(self.middle, self._look, self._texts, make_pane=self._pane)
        self.side.grid(row=0, column=1, sticky="nsew", padx=(self._look.px(10), 0))
        return self.middle

    def _pane(self, slot: ttk.Frame) -> DecisionPane:
        return self._two.make(slot)

    # --- what stands on it ---

    @property
    def pane(self) -> DecisionPane | None:
        """The fields of two persons; None while nothing is to be decided."""
        return self._two.pane

    @property
    def form(self) -> Any:
        """The form that is open beside the desk; None without one."""
        return self._beside.pane

    @property
    def sheet(self) -> Photos:
        """The frames of a challenge, in the place of the photographs while they are looked at."""
        return self._two.sheet

    @property
    def entry(self) -> ttk.Entry | None:
        """Where a number is typed; None where none may be."""
        return self.side.entry

    @property
    def number(self) -> tkinter.StringVar:
        """The number as far as it is typed."""
        return self.side.number

    @property
    def held(self) -> bool:
        """Whether the desk waits for a form beside it."""
        return self._runtime.state.held

    # --- what the window asks of a page ---

    def turn(self, pages: int) -> None:
        """Page down (1) or up (-1) on the right."""
        (self._beside if self._beside.open else self.side).turn(pages)

    def forward(self) -> None:
        """Enter: the open form, the number that was typed, or what comes next."""
        screen = self.screen
        if screen is None or screen.locked or self._window.background.busy:
            return
        if self._beside.open:
            self._beside.forward()
            return
        if self.entry is not None and self.number.get().strip():
            self._enter_number()
            return
        primary = self._primary(screen)
        if primary is not None:
            self._do(primary.name)

    def back(self) -> None:
        """Escape: close the open form; else drop the claim that waits for its card, where there is one."""
        if self._beside.open:
            self._beside.back()
            return
        self.number.set("")
        self._press("Escape")

    def keep(self) -> None:
        """Save what was typed: the page is about to be built anew."""
        kept = {"number": self.number.get()} | self._two.kept() | self._beside.kept()
        self._window.kept_check_in = ("" if self.screen is None else self.screen.attempt_id, kept)

    def kept_of_attempt(self) -> dict[str, Any]:
        """Return what was saved for the attempt that is shown when the page was built."""
        attempt_id, kept = self._begun
        return kept if self.screen is not None and attempt_id == self.screen.attempt_id else {}

    def tell(self, event: Event) -> None:
        """Tell the desk something."""
        self._runtime.send(event)

    # --- showing ---

    def refresh(self) -> None:
        """Show where the desk stands now."""
        self.show(view(self._runtime.state))

    def show(self, screen: Screen) -> None:
        """Show a screen: only what differs from the one before is touched."""
        if screen == self.screen:
            return
        before, self.screen = self.screen, screen
        if not screen.decision or before is None or before.attempt_id != screen.attempt_id:
            self._two.gone()
        self.band.show(banner_of(screen, self._texts))
        self.next.show(screen.next.said(self._texts), "arrow")
        self._show_strip(screen)
        self._show_photos(screen, before)
        self.side.show(screen)
        self.changed_keys()
        if before is None or (before.phase, before.attempt_id) != (screen.phase, screen.attempt_id):
            self._began()

    def _began(self) -> None:
        """A phase began: what was shown large goes back, and the focus to where the next key is."""
        self._two.show_frames(False)
        self.side.follow_all()
        self.take_focus()

    def take_focus(self) -> None:
        """Put the focus where the next key is: the open form, the number, the first field of two persons, or what Enter
        does."""
        screen, pane = self.screen, self.pane
        if self._beside.open:
            self._beside.take_focus()
        elif self.entry is not None:
            self.entry.focus_set()
        elif pane is not None and pane.fields:
            pane.begin()
        elif screen is not None:
            primary = self._primary(screen)
            (self if primary is None else self.buttons.get(primary.name, self)).focus_set()

    def _show_strip(self, screen: Screen) -> None:
        """What hinders the picture comes before what just happened; who is next stands beside it."""
        notice, sign = screen.notice, ""
        if (
            notice is not None
            and notice.tone == "quiet"
            and screen.next_claim is not None
            and not self._roomy
        ):
            notice = None  # who is next stands there anyway
        words = screen.hint or (None if notice is None else notice.words)
        if words is not None:
            sign = "bang" if notice is None or screen.hint or notice.tone == "warning" else "dots"
        self.notice.show("" if words is None else words.said(self._texts), sign)
        loud = self._look.title if self._look.scale < LARGE else "TkHeadingFont"
        self.notice.label.configure(font=loud if screen.hint else self._look.body)
        if words is None and screen.next_claim is None and not self._roomy:
            self.strip.grid_remove()
        else:
            self.strip.grid()
        self.waiting.configure(text="" if screen.next_claim is None else screen.next_claim.said(self._texts))

    def _show_photos(self, screen: Screen, before: Screen | None) -> None:
        if before is None or before.attempt_id != screen.attempt_id or screen.locked:
            self._frame = None
        chip, live = ("", "") if screen.attempt_id else ("checkin.empty", "checkin.empty")
        hidden = screen.locked
        over = screen.phase not in ("waiting", "ready", "working")
        chip = chip or ("checkin.empty.chip-none" if over else "checkin.empty.chip")
        live = live or ("checkin.empty.live-none" if over else "checkin.empty.live")
        pictures = self.photos.pictures
        pictures["chip"].show(None if hidden else screen.chip_picture, self._texts[chip])
        previewed = screen.phase == "working" and (screen.live_picture is None or screen.prompt is not None)
        self.photos.caption(
            "live", self._texts["checkin.photo.preview" if previewed else "checkin.photo.live"]
        )
        if not previewed:
            self._frame = None
        if self._frame is None:
            pictures["live"].show(None if hidden else screen.live_picture, self._texts[live])

    def _look_at_camera(self) -> None:
        """Show the newest frame while the attempt runs and no live picture is taken."""
        self._timer = self.after(PREVIEW_MS, self._look_at_camera)
        screen, frame = self.screen, self._runtime.preview
        if frame is None or frame is self._frame or screen is None or screen.locked:
            return
        wanted = screen.live_picture is None or screen.prompt is not None
        if wanted and screen.phase == "working" and frame.attempt_id == screen.attempt_id:
            self._frame = frame
            self.photos.pictures["live"].put(frame)

    # --- keys ---

    def _primary(self, screen: Screen) -> Action | None:
        """Return what Enter does; where two persons may not let in here, it is to leave it for later."""
        wanted = "later" if screen.decision and self.pane is not None and not self.pane.open else ""
        wanted = "leave" if screen.phase == "closed" else wanted
        for action in screen.actions:
            if action.name == wanted or (not wanted and action.primary):
                return action
        return None

    def changed_keys(self) -> None:
        """Show what can be asked for now: the buttons, what Enter does first."""
        screen = self.screen
        if screen is None:
            return
        shown = self._beside.actions() or self._offered(screen)
        if shown == self._actions:
            return
        roomy = self._look.scale < LARGE or self._beside.open
        held = next((name for name, button in self.buttons.items() if button == self._focused()), "")
        self._actions = shown
        self.flow.clear()
        main = (
            next((each for each in shown if each.primary), None)
            if self._beside.open
            else self._primary(screen)
        )
        self.buttons = {
            action.name: self._button(action, main=action is main)
            for action in shown
            if roomy or action.name not in BESIDE
        }
        self.flow.arrange()
        if held:
            self.buttons.get(held, self).focus_set()

    def _offered(self, screen: Screen) -> tuple[Action, ...]:
        """Return the desk's own actions, and those beside it that whoever is here may do; what Enter does first."""
        open_menu = screen.phase == "closed"
        own = [each for each in screen.actions if open_menu or each.name not in IN_MENU]
        offered = [each for each in own if self._beside.may(each.name)]
        primary = self._primary(screen)
        order = [*offered, *self._two.actions()]
        order.sort(key=lambda action: (action is not primary, action.name in BESIDE))
        return tuple(order)

    def _button(self, action: Action, *, main: bool) -> ttk.Button:
        key = "Enter" if main else action.shown
        short = f"{action.words.key}.short"
        words = self._texts[short] if self._look.scale >= LARGE and short in self._texts else ""
        words = words or split(action.words.said(self._texts))[0]
        text = self._texts.say("checkin.key", key=key, action=words)
        return self.flow.add(text, partial(self._do, action.name), main=main)

    def _focused(self) -> Any:
        try:
            return self._window.focus_get()
        except KeyError:  # a list of a combobox: Tk knows it, tkinter does not
            return None

    def _typed(self, event: "tkinter.Event[Any]") -> str | None:
        """A key of the page, wherever the focus is; digits go into the number while one may be typed."""
        if event.keysym in ("Return", "KP_Enter", "Escape") or self._beside.open:
            return None
        control = bool(int(event.state) & 0x4)
        if self._press(f"Control-{event.keysym.lower()}" if control else event.keysym):
            return "break"
        if self.entry is None or control or not event.char.isdigit():
            return None
        if isinstance(self._focused(), tkinter.Entry):
            return None
        self.entry.focus_set()
        self.entry.insert("end", event.char)
        return "break"

    def _press(self, key: str) -> bool:
        """Do what a key stands for; False where it stands for nothing now."""
        action = next((action for action in self._actions if action.key == key), None)
        if action is not None and not self._window.background.busy:
            self._do(action.name)
        return action is not None

    def ask(self, name: str) -> None:
        """What the menu asks for: what stands beside the desk, where it can be done now."""
        if any(action.name == name for action in self._actions):
            self._do(name)
        elif not self._beside.open:
            self._window.say(self._texts["checkin.beside.not-now"], "bang")

    def _do(self, name: str) -> None:
        own = {
            "type": self._need_number,
            "lock": self._window.lock_now,
            "leave": self._window.leave_desk,
            "decide": self._two.decide,
            FRAMES: self._two.turn_frames,
            "enter": self.forward,
            "close": self.back,
        }
        if name in own:
            own[name]()
        elif name in BESIDE:
            self._beside.begin(name)
        else:
            self._runtime.send(Pressed(action=name))

    # --- the number ---

    def _need_number(self) -> None:
        if self.entry is not None:
            self.entry.focus_set()

    def _enter_number(self) -> None:
        text = self.side.digits()
        if not is_number(text):
            self._window.say(self._texts.say("checkin.number.short", count=len(text)), "cross")
            self._need_number()
            return
        self._window.say("", "")
        self.number.set("")
        self._runtime.send(Scanned(text=text, source="typed"))

    def _gone(self, event: "tkinter.Event[Any]") -> None:
        if event.widget is not self:
            return
        self.after_cancel(self._timer)
        self._keys.release()
