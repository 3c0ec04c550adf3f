"""What is opened beside the desk without leaving it: by documents, the decision after a refusal, an incident. A form
stands in the right half of the page (in all of it where the text is large); the desk begins nothing meanwhile.
"""

from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from proctor.desk.events import Choice, Decided, Held, How
from proctor.desk.screen import Action, Words
from proctor.gui.scrolled import Scrolled
from proctor.gui.station.banner import sbd_of
from proctor.texts import in_a_row
from sessions.course.case import PROVISIONAL

if TYPE_CHECKING:
    from proctor.desk.runner import Done
    from proctor.gui.station.checkin import CheckInPage

PLACES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "manual": "proctor.gui.station.exceptions.manual:ManualPane",
        "refused": "proctor.gui.station.exceptions.refused:DecisionAfterRefusePane",
        "incident": "proctor.gui.station.incidents.pane:IncidentPane",
        "consent": "proctor.gui.station.exceptions.consent:ConsentPane",
    }
)
ACTIONS: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        "manual": frozenset({"manual"}),
        "refused": frozenset({"decide"}),
        "incident": frozenset({"incident"}),
        "consent": frozenset({"check-in"}),
        "roster": frozenset({"view", "check-in"}),
    }
)
"""Whoever may do one of these is offered it."""
HOW: Final[Mapping[str, How]] = MappingProxyType({"manual": "manual", "refused": "head"})
CHOICES: Final[Mapping[str, Choice]] = MappingProxyType(
    {"admitted": "admitted", PROVISIONAL: "admitted", "not-admitted": "not-admitted"}
)
"""What the commands call it. With an undertaking somebody is let in, too."""
LARGE: Final = 1.25
"""From this size of the text on a form takes the whole width."""
INSTEAD: Final = 1.5
"""From this size of the text on it takes the place of the band, too: its word stands in the line above the form."""
WIDE: Final = frozenset({"incident"})
"""Forms that take the whole width at every size: kinds and fields stand beside one another in them."""
NAME, KEPT = "beside", "beside.kept"


class Beside:
    """One for each check-in page. `pane`: the form that is open."""

    def __init__(self, page: "CheckInPage", window: Any) -> None:
        self._page, self._window = page, window
        self._place: Scrolled | None = None
        self._name = self._attempt_id = ""
        self.pane: Any = None

    @property
    def open(self) -> bool:
        """Whether a form is open."""
        return self.pane is not None

    @property
    def instead_of_band(self) -> bool:
        """Whether the form stands in the place of the band: the text is large."""
        return self.open and self._window.look.scale >= INSTEAD

    def may(self, name: str) -> bool:
        """Whether who is here is offered this; what is the desk's own is everybody's."""
        return name not in ACTIONS or any(map(self._window.may, ACTIONS[name]))

    def begin(self, name: str, kept: Mapping[str, Any] | None = None) -> None:
        """Open a form, or another page for who this is."""
        screen = self._page.screen
        if screen is None or self.open or not self.may(name):
            return
        if name == "roster":
            self._window.open_work("roster")
            return
        self._name, self._attempt_id = name, screen.attempt_id
        self._page.tell(Held(held=True))
        self._window.letters.begin()
        self._place = self._make_place()
        module, _, made = PLACES[name].partition(":")
        self.pane = getattr(import_module(module), made)(
            self._place.inside,
            self._window,
            sbd=sbd_of(screen),
            attempt_id=screen.attempt_id,
            on_done=self._done,
            kept=kept,
        )
        self.pane.on_unseen = partial(self._unseen, name, screen.attempt_id)
        self.pane.grid(row=0, column=0, sticky="nsew")
        self._place.follow_all()
        self._page.changed_keys()
        self._page.after_idle(self.take_focus)

    def _make_place(self) -> Scrolled:
        page, scale = self._page, self._window.look.scale
        wide = scale >= LARGE or self._name in WIDE
        place = Scrolled(page.middle, stretch=True)
        place.inside.columnconfigure(0, weight=1)
        place.inside.rowconfigure(0, weight=1)
        page.side.grid_remove()
        if wide:
            page.photos.grid_remove()
        if scale >= INSTEAD:
            self._make_room(True)
        gap = (0 if wide else self._window.look.px(10), 0)
        place.grid(row=0, column=0 if wide else 1, columnspan=2 if wide else 1, sticky="nsew", padx=gap)
        return place

    def _make_room(self, made: bool) -> None:
        """The band, and training's row of who comes next, give way to the form, or come back."""
        for part in (self._page.band, getattr(self._window, "bar", None)):
            if part is not None and made:
                part.grid_remove()
            elif part is not None:
                part.grid()

    def actions(self) -> tuple[Action, ...]:
        """Return the keys while a form is open: enter it, close it."""
        if not self.open:
            return ()
        close = Action(name="close", key="Escape", shown="Esc", words=Words(key="checkin.beside.close"))
        main = str(self.pane.main_text())
        if not main:  # it looks something up, or says why nothing is entered
            return (close,)
        return (
            Action(name="enter", key="Return", shown="Enter", words=Words(key=main), primary=True),
            close,
        )

    def take_focus(self) -> None:
        """Put the focus where typing begins."""
        if self.pane is not None and self.pane.winfo_exists():
            self.pane.take_focus()

    def turn(self, pages: int) -> None:
        """Page down (1) or up (-1) in the form."""
        if self._place is not None:
            self._place.turn(pages)

    def forward(self) -> None:
        """Enter: the form's."""
        if self.pane is not None:
            self.pane.forward()

    def back(self) -> None:
        """Escape: the form's, which may close something of its own; then the form goes."""
        if self.pane is not None and not self.pane.back():
            self.close()

    def kept(self) -> dict[str, Any]:
        """Return what is open and what was typed in it."""
        return {} if self.pane is None else {NAME: self._name, KEPT: dict(self.pane.kept())}

    def put_back(self, kept: Mapping[str, Any]) -> None:
        """Open what was open when the page was built anew; where nothing was, the desk goes on."""
        if kept.get(NAME) in PLACES and self.may(str(kept[NAME])):
            self.begin(str(kept[NAME]), kept.get(KEPT))
        elif self._page.held:
            self._page.tell(Held(held=False))

    def close(self) -> None:
        """Take the form away; the desk goes on."""
        place, self._place, self.pane = self._place, None, None
        if place is None:
            return
        place.destroy()
        self._window.letters.end()
        self._page.photos.grid()
        self._page.side.grid()
        self._make_room(False)
        self._page.tell(Held(held=False))
        self._page.changed_keys()
        self._page.take_focus()
        self._page.form_closed()

    def _done(self, done: "Done | None") -> None:
        """The form came to an end: None where it was left without an entry."""
        name, attempt_id = self._name, self._attempt_id
        self.close()
        if done is None:
            return
        self._window.say(in_a_row((*done.said, *done.lines)), "tick" if done.status == 0 else "bang")
        self._unseen(name, attempt_id, done)

    def _unseen(self, name: str, attempt_id: str, done: Any) -> None:
        """Tell the desk what was entered, also where the page is gone by then: the lock fell meanwhile."""
        if getattr(done, "status", 1) == 0 and name in HOW and attempt_id:
            self._settle(done, HOW[name], attempt_id)

    def _settle(self, done: "Done", how: How, attempt_id: str) -> None:
        """Tell the desk what was decided about whoever stands there, by the command's own account."""
        data, screen = done.data, self._page.screen
        choice = CHOICES.get(str(data.get("decided") or data.get("outcome")))
        if screen is None or choice is None or sbd_of(screen) not in ("", data.get("candidate")):
            return
        with suppress(KeyError, TypeError, ValueError):
            entry = int(data["entry"]["seq"])
            self._page.tell(Decided(attempt_id=attempt_id, choice=choice, entry=entry, how=how))
