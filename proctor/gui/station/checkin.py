"""The check-in page: one candidate at a time, from the first scan to the verdict, on the keyboard alone.

It shows `desk.view.Screen` and nothing of its own making. Its places never move: the band with the word on top, what
to do now beneath, photographs on the left, reasons and fields on the right, keys at the bottom.
"""

import tkinter
from typing import Any, Final, Protocol

import ttkbootstrap as ttk

from proctor.desk.decisions import Decisions
from proctor.desk.events import Event, Pressed, Scanned
from proctor.desk.screen import Screen
from proctor.desk.state import State
from proctor.desk.view import view
from proctor.gui.look import COLOURS
from proctor.gui.station.banner import banner_of
from proctor.gui.station.beside import ACTIONS as BESIDE
from proctor.gui.station.beside import Beside
from proctor.gui.station.checkin_keys import LARGE, DeskKeys
from proctor.gui.station.decision import DecisionPane
from proctor.gui.station.parts import Flow, Line
from proctor.gui.station.photos import Photos, PreviewPicture
from proctor.gui.station.side import Side, is_number
from proctor.gui.station.two_persons import FRAMES, TwoPersons
from proctor.gui.station.verdict import VerdictPanel

SHOWN_MS: Final = 24
"""So long after a frame was shown nothing is looked for: the next one of 30 a second is 33 ms later."""
LOOK_MS: Final = 8
IDLE_MS: Final = 50
ROOMY_LINES: Final = 30
REOPENED: Final = "desk.title.deciding.again"


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
        self._frame: PreviewPicture | None = None
        self._begun: tuple[str, dict[str, Any]] = getattr(window, "kept_check_in", ("", {}))
        self._build()
        lend = getattr(runtime, "lend", None)
        self._two = TwoPersons(self, window, decisions or Decisions(window.opened, window.session, lend))
        self._beside = Beside(self, window)
        self._keys = DeskKeys(self, window, self._two, self._beside)
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
        roomy = self._look.scale < LARGE
        self.next.grid(row=1, column=0, sticky="ew", pady=(px(3) if roomy else 0, 0))
        self.strip = self._strip()
        self.strip.grid(row=2, column=0, sticky="ew")
        self._middle().grid(row=3, column=0, sticky="nsew", pady=px(2) if roomy else 0)
        self.flow = Flow(self, self._look)
        self.flow.grid(row=4, column=0, sticky="ew")

    def _strip(self) -> ttk.Frame:
        """One line for what just happened, and for who is next; where there is room it keeps its place when empty."""
        strip = ttk.Frame(self)
        strip.columnconfigure(0, weight=1)
        self._roomy = self.winfo_screenheight() > ROOMY_LINES * self._look.body.metrics("linespace")
        self.notice = Line(strip, self._look)
        if self._roomy:
            strip.rowconfigure(0, minsize=self.notice.high)
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
    def buttons(self) -> dict[str, ttk.Button]:
        """The buttons that are shown, by the name of what they do."""
        return self._keys.buttons

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
        primary = self._keys.primary(screen)
        if primary is not None:
            self.do(primary.name)

    def back(self) -> None:
        """Escape: close the open form; else drop the claim that waits for its card, where there is one."""
        if self._beside.open:
            self._beside.back()
            return
        self.number.set("")
        self._keys.press("Escape")

    def keep(self) -> None:
        """Save what was typed: the page is about to be built anew."""
        kept = {"number": self.number.get()} | self._two.kept() | self._beside.kept()
        self._window.kept_check_in = ("" if self.screen is None else self.screen.attempt_id, kept)

    def kept_of_attempt(self) -> dict[str, Any]:
        """Return what was saved for the attempt that is shown when the page was built."""
        attempt_id, kept = self._begun
        return kept if self.screen is not None and attempt_id == self.screen.attempt_id else {}

    def form_closed(self) -> None:
        """The form beside the desk was closed."""
        self._two.look_again()

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
        if before is not None and before.attempt_id != screen.attempt_id:
            self._window.say("", "")  # what was said was about the candidate before
        self.band.show(banner_of(screen, self._texts))
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
            primary = self._keys.primary(screen)
            (self if primary is None else self.buttons.get(primary.name, self)).focus_set()

    def _show_next(self) -> None:
        """What to do now: the desk's next step, or the open form's; where the band gave way to it, with its word."""
        screen = self.screen
        if screen is None:
            return
        if not self._beside.open:
            self.next.show(screen.next.said(self._texts), "arrow")
            return
        word = banner_of(screen, self._texts).word if self._beside.instead_of_band else ""
        enter = "checkin.beside.next" if self.form.main_text() else "checkin.beside.read"
        self.next.show(" · ".join(text for text in (word, self._texts[enter]) if text), "arrow")

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
        if screen.title.key == REOPENED:
            chip = live = "checkin.empty.kept-none"
        if hidden:
            chip = live = "checkin.empty.locked"
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
        """Show the newest frame while the attempt runs and no live picture is taken; look often only then."""
        screen = self.screen
        wanted = screen is not None and not screen.locked and screen.phase == "working"
        shown = wanted and self._show_frame()
        self._timer = self.after(SHOWN_MS if shown else LOOK_MS if wanted else IDLE_MS, self._look_at_camera)

    def _show_frame(self) -> bool:
        """Show the newest frame of this attempt; False where there is no other than before."""
        screen, frame = self.screen, self._runtime.preview
        if frame is None or frame is self._frame or screen is None:
            return False
        wanted = screen.live_picture is None or screen.prompt is not None
        if not wanted or frame.attempt_id != screen.attempt_id:
            return False
        self._frame = frame
        self.photos.pictures["live"].put(frame)
        return True

    # --- keys ---

    def changed_keys(self) -> None:
        """Show what can be asked for now: the buttons, what Enter does first, and what to do where a form is open."""
        self._show_next()
        self._keys.show()

    def ask(self, name: str) -> None:
        """What the menu asks for: what stands beside the desk, where it can be done now."""
        self._keys.ask(name)

    def do(self, name: str) -> None:
        """Do an action by its name."""
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
