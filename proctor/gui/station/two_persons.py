"""The check-in page's part for two persons: looks up what they may do, has it entered, shows the frames. The fields are
`decision.DecisionPane`'s; what is entered, `proctor.desk.decisions`'.
"""

from functools import partial
from typing import TYPE_CHECKING, Any, Final

import ttkbootstrap as ttk

from proctor.desk.decisions import Decisions, Referred, Seen, Wish
from proctor.desk.events import Decided
from proctor.desk.screen import Action, Words
from proctor.gui.station.banner import sbd_of
from proctor.gui.station.decision import DecisionPane
from proctor.gui.station.photos import Photos
from proctor.seconds import CARD_FACE
from sessions.store import Receipt

if TYPE_CHECKING:
    from proctor.gui.station.checkin import CheckInPage

AGAIN_MS: Final = 20
FRAMES: Final = "frames"
PREFIX: Final = "decision."


class TwoPersons:
    """One for each check-in page. `pane`: its fields, None while nothing is to be decided."""

    def __init__(self, page: "CheckInPage", window: Any, decisions: Decisions) -> None:
        self._page, self._window, self._decisions = page, window, decisions
        self._texts = window.texts
        self._framed = False
        self._seen: bytes | None = None
        self.pane: DecisionPane | None = None
        self.sheet = Photos(page.middle, window.look, {FRAMES: self._texts["checkin.photo.frames"]})

    def make(self, slot: ttk.Frame) -> DecisionPane:
        """Make the pane in its place, and look up what it asks for."""
        pane = self.pane = DecisionPane(slot, self._window.look, self._texts, self._window.letters)
        pane.on_card = partial(self._asks_card, pane)
        pane.bind("<Destroy>", partial(self._let_go, pane), add="+")
        self._seen = None
        self._page.after_idle(self._look_up)
        return pane

    def _asks_card(self, pane: DecisionPane, asked: bool) -> None:
        """Card and face are the proof, or another one: whose a scanned line is."""
        if asked:
            self._window.awaiting.begin(pane, pane.put_card, lambda: not pane.has_card)
        else:
            self._window.awaiting.end(pane)

    def _let_go(self, pane: DecisionPane, event: Any) -> None:
        if event.widget is pane:
            self._window.awaiting.end(pane)

    def gone(self) -> None:
        """Nothing is to be decided any more: fields and frames are let go."""
        self.pane = self._seen = None
        self.show_frames(False)

    def kept(self) -> dict[str, str]:
        """Return what was chosen and typed, to be put back."""
        return {} if self.pane is None else {f"{PREFIX}{k}": v for k, v in self.pane.kept().items()}

    def actions(self) -> tuple[Action, ...]:
        """Return what the pane adds to the keys of the page: the frames, where there are any."""
        if self.pane is None or not self.pane.framed:
            return ()
        words = Words(key="checkin.frames.back" if self._framed else "checkin.frames")
        return (Action(name=FRAMES, key="F4", shown="F4", words=words),)

    # --- looking up ---

    def look_again(self) -> None:
        """A form beside the desk was closed: look up what had to wait for that."""
        if self.pane is not None and not self.pane.attempt_id:
            self._look_up()

    def _look_up(self) -> None:
        """Look the decision up beside the window; wait where something else is being written. A form that is open has
        the page and its letters: `look_again` comes after it."""
        page, pane = self._page, self.pane
        if pane is None or not page.winfo_exists() or page.screen is None or not page.screen.decision:
            return
        if page.form is not None:
            return
        if self._window.background.busy:
            page.after(AGAIN_MS, self._look_up)
            return
        job = partial(self._decisions.referred, page.screen.attempt_id, sbd_of(page.screen))
        self._window.background.start(job, done=self._found, failed=self._window.failed)

    def _found(self, referred: Referred) -> None:
        page, pane = self._page, self.pane
        if not page.winfo_exists() or pane is None or page.screen is None or page.form is not None:
            return
        if referred.attempt_id != page.screen.attempt_id:
            return
        pane.show(referred)
        kept = page.kept_of_attempt()
        pane.put_back({name.removeprefix(PREFIX): kept[name] for name in kept if name.startswith(PREFIX)})
        page.changed_keys()
        page.side.follow_all()
        page.take_focus()

    # --- entering ---

    def decide(self) -> None:
        """Enter what two persons decided: first what is missing, then the second person's proof."""
        pane, screen = self.pane, self._page.screen
        if pane is None or screen is None or self._window.background.busy:
            return
        missing = pane.missing()
        if missing:
            self._window.say(self._texts[f"checkin.decision.need.{missing}"], "cross")
            if missing in pane.fields:
                pane.fields[missing].focus_set()
            return
        wish = pane.wish()
        self._window.say(self._texts[f"checkin.decision.{_doing(wish)}"], "")
        job = partial(self._decisions.admit, screen.attempt_id, wish, self._window.background.ask)
        done = partial(self._decided, screen.attempt_id)
        self._window.background.start(job, done=done, failed=self._window.failed)

    def _decided(self, attempt_id: str, receipt: Receipt) -> None:
        self._page.tell(Decided(attempt_id=attempt_id, choice="admitted", entry=receipt.seq))
        if self._page.winfo_exists():
            self._window.say("", "")
        else:
            self._window.entered_unseen(self._texts.say("desk.verdict-line.admitted", entry=receipt.seq))

    # --- the frames ---

    def turn_frames(self) -> None:
        """Show the sheet of frames in the place of the photographs, or those again. That somebody looks is entered
        before the first look."""
        screen = self._page.screen
        if self._framed or self._seen is not None:
            self.show_frames(not self._framed)
        elif self.pane is not None and screen is not None and not self._window.background.busy:
            self._window.say(self._texts["checkin.view.looking"], "")
            job = partial(self._decisions.look, screen.attempt_id, self._texts["checkin.view.reason"])
            done = partial(self._looked, screen.attempt_id)
            self._window.background.start(job, done=done, failed=self._window.failed)

    def _looked(self, attempt_id: str, seen: Seen) -> None:
        page = self._page
        if not page.winfo_exists() or page.screen is None or page.screen.attempt_id != attempt_id:
            return
        if self.pane is None or page.screen.locked:
            return
        self._seen = seen.frames
        self._window.say(self._texts.say("checkin.view.noted", entry=seen.entry), "dots")
        self.show_frames(True)

    def show_frames(self, shown: bool) -> None:
        """Show them, or the photographs."""
        framed = shown and self.pane is not None and self._seen is not None
        self.sheet.pictures[FRAMES].show(self._seen, self._texts["checkin.empty.frames"])
        if framed is self._framed:
            return
        self._framed = framed
        wanted, other = (self.sheet, self._page.photos) if framed else (self._page.photos, self.sheet)
        other.grid_remove()
        wanted.grid(row=0, column=0, sticky="nsew")
        self._page.changed_keys()


def _doing(wish: Wish) -> str:
    return "presence" if wish.proof == CARD_FACE else "entering"
