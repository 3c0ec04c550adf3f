"""The check-in page: one candidate at a time, from the first scan to the verdict, on the keyboard alone.

It shows `desk.view.Screen` and nothing of its own making. Its places never move: the band with the word on top, what
to do now beneath, photographs on the left, reasons and fields on the right, keys at the bottom.
"""

import tkinter
from collections.abc import Callable
from functools import partial
from typing import Any, Final, Protocol

import ttkbootstrap as ttk

from proctor.desk.decisions import Decisions, Referred
from proctor.desk.events import Decided, Event, Pressed, Scanned
from proctor.desk.screen import Action, Screen, Words
from proctor.desk.state import State
from proctor.desk.view import view
from proctor.gui.look import COLOURS
from proctor.gui.scrolled import Scrolled
from proctor.gui.station.decision import DecisionPane
from proctor.gui.station.parts import (
    DifferenceTable,
    FaultList,
    Flow,
    Line,
    PageKeys,
    StepList,
    WordList,
)
from proctor.gui.station.photos import Photos, PreviewPicture
from proctor.gui.station.verdict import Banner, VerdictPanel
from proctor.texts import Texts
from sessions.store import Receipt

DIGITS: Final = 12
AGAIN_MS: Final = 20
PREVIEW_MS: Final = 33
FRAMES: Final = "frames"
ROOMY_LINES: Final = 30
WARNINGS: Final = frozenset({"desk.title.two-cards", "desk.title.old-card"})
"""What goes on and should not."""
FREE: Final = ("waiting", "ready")
"""Phases in which a number is typed: later ones belong to the candidate at the desk."""
IN_MENU: Final = ("lock", "leave")
"""Of the window's menu, which is there on every page."""
SLOTS: Final = ("number", "faults", "reasons", "decision", "differences", "warnings", "remarks", "steps")
"""What may stand on the right, from top to bottom."""


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
        self._screen: Screen | None = None
        self._filled: dict[str, object] = {}
        self._actions: tuple[Action, ...] = ()
        self._framed = False
        self._frame: PreviewPicture | None = None
        self.buttons: dict[str, ttk.Button] = {}
        self.entry: ttk.Entry | None = None
        self.pane: DecisionPane | None = None
        self.number = tkinter.StringVar(self)
        self.number.trace_add("write", lambda *_names: self._counted())
        self._build()
        self._keys = PageKeys(window)
        self._keys.bind("<Key>", self._typed)
        self.bind("<Destroy>", self._gone)
        self.decisions = decisions or Decisions(window.opened, window.session)
        self._timer = ""
        self.refresh()
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
        self._middle().grid(row=3, column=0, sticky="nsew", pady=px(2))
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
        self.photos = Photos(
            self.middle,
            self._look,
            {name: self._texts[f"checkin.photo.{name}"] for name in ("chip", "live")},
        )
        self.photos.grid(row=0, column=0, sticky="nsew")
        self.sheet = Photos(self.middle, self._look, {FRAMES: self._texts["checkin.photo.frames"]})
        self.side = Scrolled(self.middle)
        self.side.grid(row=0, column=1, sticky="nsew", padx=(self._look.px(10), 0))
        self.side.inside.columnconfigure(0, weight=1)
        self.slots: dict[str, ttk.Frame] = {}
        for row, name in enumerate(SLOTS):
            slot = ttk.Frame(self.side.inside)
            slot.columnconfigure(0, weight=1)
            slot.grid(row=row, column=0, sticky="ew", pady=(0, self._look.px(5)))
            slot.grid_remove()
            self.slots[name] = slot
        return self.middle

    # --- what the window asks of a page ---

    def turn(self, pages: int) -> None:
        """Page down (1) or up (-1) on the right."""
        self.side.turn(pages)

    def forward(self) -> None:
        """Enter: the number that was typed, or what comes next."""
        screen = self._screen
        if screen is None or screen.locked or self._window.background.busy:
            return
        if self.entry is not None and self.number.get().strip():
            self._enter_number()
            return
        primary = self._primary(screen)
        if primary is not None:
            self._do(primary.name)

    def back(self) -> None:
        """Escape: drop the claim that waits for its card, where there is one."""
        self.number.set("")
        self._press("Escape")

    def keep(self) -> None:
        """Save what was typed: the page is about to be built anew."""
        kept = {"number": self.number.get()}
        if self.pane is not None:
            kept |= {f"decision.{name}": value for name, value in self.pane.kept().items()}
        self._window.kept_check_in = ("" if self._screen is None else self._screen.attempt_id, kept)

    def _kept(self) -> dict[str, str]:
        """Return what was saved for this attempt, once."""
        attempt_id, kept = getattr(self._window, "kept_check_in", ("", {}))
        return kept if self._screen is not None and attempt_id == self._screen.attempt_id else {}

    # --- showing ---

    def refresh(self) -> None:
        """Show where the desk stands now."""
        self.show(view(self._runtime.state))

    def show(self, screen: Screen) -> None:
        """Show a screen: only what differs from the one before is touched."""
        if screen == self._screen:
            return
        before, self._screen = self._screen, screen
        self.band.show(banner_of(screen, self._texts))
        self.next.show(screen.next.said(self._texts), "arrow")
        self._show_strip(screen)
        self._show_photos(screen, before)
        self._show_side(screen)
        self._show_actions(screen)
        if before is None or (before.phase, before.attempt_id) != (screen.phase, screen.attempt_id):
            self._began()

    def _began(self) -> None:
        """A phase began: what was shown large goes back, and the focus to where the next key is."""
        self._frames(shown=False)
        self.side.follow_all()
        self.take_focus()

    def take_focus(self) -> None:
        """Put the focus where the next key is: the number, the first field of two persons, or what Enter does."""
        screen = self._screen
        if self.entry is not None:
            self.entry.focus_set()
        elif self.pane is not None and self.pane.fields:
            self.pane.begin()
        elif screen is not None:
            self._focus_primary(screen)

    def _focus_primary(self, screen: Screen) -> None:
        primary = self._primary(screen)
        (self if primary is None else self.buttons[primary.name]).focus_set()

    def _show_strip(self, screen: Screen) -> None:
        """What hinders the picture comes before what just happened; who is next stands beside it."""
        notice, sign = screen.notice, ""
        words = screen.hint or (None if notice is None else notice.words)
        if words is not None:
            sign = "bang" if notice is None or screen.hint or notice.tone == "warning" else "dots"
        self.notice.show("" if words is None else words.said(self._texts), sign)
        self.notice.label.configure(font=self._look.title if screen.hint else self._look.body)
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
        screen, frame = self._screen, self._runtime.preview
        if frame is None or frame is self._frame or screen is None or screen.locked:
            return
        wanted = screen.live_picture is None or screen.prompt is not None
        if wanted and screen.phase == "working" and frame.attempt_id == screen.attempt_id:
            self._frame = frame
            self.photos.pictures["live"].put(frame)

    def _show_side(self, screen: Screen) -> None:
        open_now = not screen.locked
        self._slot("number", open_now and screen.typing and screen.phase in FREE, self._number_row)
        self._slot("faults", screen.faults if open_now else (), self._fault_list)
        self._slot("decision", screen.decision and screen.attempt_id, self._decision_pane)
        for name, lines in (
            ("reasons", screen.reasons),
            ("warnings", screen.warnings),
            ("remarks", screen.remarks),
        ):
            told = bool(lines) and open_now and (lines, screen.verdict)
            self._slot(name, told, partial(self._word_list, name, lines))
        self._slot("differences", screen.differences if open_now else (), self._difference_table)
        went = any(step.state not in ("waiting", "skipped") for step in screen.steps)
        steps = screen.phase == "working" or (screen.phase == "verdict" and went)
        self._slot("steps", bool(screen.steps) and steps and screen.attempt_id, self._step_list)
        if screen.steps and steps:
            self.steps.show(screen.steps)

    def _slot(self, name: str, wanted: object, fill: Callable[[ttk.Frame], Any]) -> None:
        """Fill a place on the right anew when what it shows is another thing; an empty one takes no room."""
        if self._filled.get(name, ()) == wanted:
            return
        self._filled[name] = wanted
        slot = self.slots[name]
        for child in slot.winfo_children():
            child.destroy()
        if name == "number":
            self.entry = None
        if name == "decision":
            self.pane = None
        if not wanted:
            slot.grid_remove()
            return
        fill(slot).grid(row=0, column=0, sticky="ew")
        slot.grid()

    def _number_row(self, slot: ttk.Frame) -> ttk.Frame:
        row = ttk.Frame(slot)
        row.columnconfigure(0, weight=1)
        label = ttk.Label(row, text=self._texts["checkin.number"], font="TkHeadingFont", anchor="w")
        label.grid(row=0, column=0, columnspan=2, sticky="ew")
        self.entry = ttk.Entry(row, textvariable=self.number, font=self._look.figure, width=DIGITS + 3)
        self.entry.grid(row=1, column=0, sticky="ew", ipady=self._look.px(2))
        self.count = ttk.Label(row, anchor="e", width=6)
        self.count.grid(row=1, column=1, sticky="e", padx=(self._look.px(6), 0))
        if not self.number.get():
            self.number.set(self._kept().get("number", ""))
        self._counted()
        return row

    def _fault_list(self, slot: ttk.Frame) -> FaultList:
        return FaultList(slot, self._look, self._texts, () if self._screen is None else self._screen.faults)

    def _word_list(self, name: str, lines: tuple[Words, ...], slot: ttk.Frame) -> WordList:
        sign = {"reasons": "question", "warnings": "bang", "remarks": "dots"}[name]
        if name == "reasons" and self._screen is not None and self._screen.verdict is not None:
            sign = {"tick": "dots"}.get(self._screen.verdict.sign, self._screen.verdict.sign)
        return WordList(
            slot, self._look, self._texts, heading=f"checkin.heading.{name}", lines=lines, sign=sign
        )

    def _difference_table(self, slot: ttk.Frame) -> DifferenceTable:
        rows = () if self._screen is None else self._screen.differences
        wide = self.side.winfo_width()
        return DifferenceTable(
            slot, self._look, self._texts, rows, wide=wide if wide > 1 else self.winfo_screenwidth() * 9 // 20
        )

    def _step_list(self, slot: ttk.Frame) -> StepList:
        self.steps = StepList(slot, self._look, self._texts)
        return self.steps

    # --- keys ---

    def _primary(self, screen: Screen) -> Action | None:
        """Return what Enter does; where two persons may not let in here, it is to leave it for later."""
        wanted = "later" if screen.decision and self.pane is not None and not self.pane.open else ""
        wanted = "leave" if screen.phase == "closed" else wanted
        for action in screen.actions:
            if action.name == wanted or (not wanted and action.primary):
                return action
        return None

    def _show_actions(self, screen: Screen) -> None:
        actions = tuple(
            each for each in screen.actions if screen.phase == "closed" or each.name not in IN_MENU
        )
        if self.pane is not None and self.pane.frames is not None:
            words = Words(key="checkin.frames.back" if self._framed else "checkin.frames")
            actions = (*actions, Action(name=FRAMES, key="F4", shown="F4", words=words))
        primary = self._primary(screen)
        order = sorted(actions, key=lambda action: action is not primary)
        shown = tuple(order)
        if shown == self._actions:
            return
        held = next((name for name, button in self.buttons.items() if button == self._focused()), "")
        self._actions = shown
        self.flow.clear()
        self.buttons = {action.name: self._button(action, main=action is primary) for action in shown}
        self.flow.arrange()
        if held:
            self.buttons.get(held, self).focus_set()

    def _button(self, action: Action, *, main: bool) -> ttk.Button:
        key = "Enter" if main else action.shown
        text = self._texts.say("checkin.key", key=key, action=action.words.said(self._texts))
        return self.flow.add(text, partial(self._do, action.name), main=main)

    def _focused(self) -> Any:
        try:
            return self._window.focus_get()
        except KeyError:  # a list of a combobox: Tk knows it, tkinter does not
            return None

    def _typed(self, event: "tkinter.Event[Any]") -> str | None:
        """A key of the page, wherever the focus is; digits go into the number while one may be typed."""
        if event.keysym in ("Return", "KP_Enter", "Escape"):
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

    def _do(self, name: str) -> None:
        if name == "type":
            self._need_number()
        elif name == "lock":
            self._window.lock_now()
        elif name == "leave":
            self._window.leave_desk()
        elif name == "decide":
            self._decide()
        elif name == FRAMES:
            self._frames(shown=not self._framed)
        else:
            self._runtime.send(Pressed(action=name))

    # --- the number ---

    def _counted(self) -> None:
        if self.entry is not None:
            typed = len("".join(self.number.get().split()))
            self.count.configure(text=f"{typed}/{DIGITS}" if typed else "")

    def _need_number(self) -> None:
        if self.entry is not None:
            self.entry.focus_set()

    def _enter_number(self) -> None:
        text = "".join(self.number.get().split())
        if len(text) != DIGITS or not (text.isascii() and text.isdigit()):
            self._window.say(self._texts.say("checkin.number.short", count=len(text)), "cross")
            self._need_number()
            return
        self._window.say("", "")
        self.number.set("")
        self._runtime.send(Scanned(text=text, source="typed"))

    # --- two persons ---

    def _decision_pane(self, slot: ttk.Frame) -> DecisionPane:
        self.pane = DecisionPane(slot, self._look, self._texts, self._window.letters)
        self.after_idle(self._ask_what_can_be_done)
        return self.pane

    def _ask_what_can_be_done(self) -> None:
        """Look the decision up beside the window; wait where something else is being written."""
        screen, pane = self._screen, self.pane
        if screen is None or pane is None or not screen.decision or not self.winfo_exists():
            return
        if self._window.background.busy:
            self.after(AGAIN_MS, self._ask_what_can_be_done)
            return
        job = partial(self.decisions.referred, screen.attempt_id, sbd_of(screen))
        self._window.background.start(job, done=self._can_be_done, failed=self._window.failed)

    def _can_be_done(self, referred: Referred) -> None:
        if not self.winfo_exists() or self.pane is None or self._screen is None:
            return
        if referred.attempt_id != self._screen.attempt_id:
            return
        self.pane.show(referred)
        prefix = "decision."
        kept = {
            name.removeprefix(prefix): text for name, text in self._kept().items() if name.startswith(prefix)
        }
        self.pane.put_back(kept)
        self.sheet.pictures[FRAMES].show(referred.frames, self._texts["checkin.empty.frames"])
        self._show_actions(self._screen)
        self.side.follow_all()
        if self.pane.open:
            self.pane.begin()
        else:
            self._focus_primary(self._screen)

    def _decide(self) -> None:
        """Enter what two persons decided: first what is missing, then the second person's password."""
        pane, screen = self.pane, self._screen
        if pane is None or screen is None or self._window.background.busy:
            return
        missing = pane.missing()
        if missing:
            self._window.say(self._texts[f"checkin.decision.need.{missing}"], "cross")
            if missing in pane.fields:
                pane.fields[missing].focus_set()
            return
        wish = pane.wish()
        self._window.say(self._texts["checkin.decision.entering"], "")
        job = partial(self.decisions.admit, screen.attempt_id, wish, self._window.background.ask)
        done = partial(self._decided, screen.attempt_id)
        self._window.background.start(job, done=done, failed=self._window.failed)

    def _decided(self, attempt_id: str, receipt: Receipt) -> None:
        self._window.say("", "")
        self._runtime.send(Decided(attempt_id=attempt_id, choice="admitted", entry=receipt.seq))

    def _frames(self, *, shown: bool) -> None:
        """Show the sheet of frames in the place of the photographs, or those again."""
        self._framed = shown and self.pane is not None and self.pane.frames is not None
        wanted, other = (self.sheet, self.photos) if self._framed else (self.photos, self.sheet)
        other.grid_remove()
        wanted.grid(row=0, column=0, sticky="nsew")
        if not self._framed and self.pane is None:
            self.sheet.pictures[FRAMES].show(None, "")
        if self._screen is not None:
            self._show_actions(self._screen)

    def _gone(self, event: "tkinter.Event[Any]") -> None:
        if event.widget is not self:
            return
        self.after_cancel(self._timer)
        self._keys.release()


def banner_of(screen: Screen, texts: Texts) -> Banner:
    """Return what the band says: the verdict and of whom, or what goes on."""
    panel, found = screen.verdict, screen.candidate
    if panel is None or screen.locked:
        prompt = None if screen.locked else screen.prompt
        claim = screen.title if prompt is not None else screen.claim
        return Banner(
            colour="quiet",
            sign=_waiting_sign(screen),
            word=(prompt or screen.title).said(texts),
            line="" if claim is None or screen.locked else claim.said(texts),
        )
    named = found is not None and "sbd" in found.facts
    side = (
        tuple(str(found.facts.get(name, "")) for name in ("sbd", "name", "place")) if found and named else ()
    )
    line = panel.line.said(texts)
    if found is not None and not (
        named and found.key.startswith("desk.candidate") and "claimed" not in found.key
    ):
        line = f"{line} {found.said(texts)}" if not named else f"{line} {texts['checkin.by-claim']}"
    return Banner(
        colour=panel.colour,
        sign=panel.sign,
        word=panel.word.said(texts),
        line=line,
        side=tuple(text for text in side if text),
        loud=True,
    )


def _waiting_sign(screen: Screen) -> str:
    if screen.phase == "working":
        return "dots"
    warns = screen.phase in ("closed", "ready") or screen.title.key in WARNINGS
    return "bang" if warns and not screen.locked else "arrow"


def sbd_of(screen: Screen) -> str:
    """Return whom the attempt names; "" for nobody."""
    return "" if screen.candidate is None else str(screen.candidate.facts.get("sbd", ""))
