"""What the forms about one candidate have in common: it is looked up first what may be done, and by whom."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from proctor.gui.station.exceptions.pane import ActionPane
from proctor.gui.station.forms import Field
from proctor.screens.exceptions import ManualOffer, RefusedOffer, own_text

if TYPE_CHECKING:
    from proctor.desk.runner import Done
    from proctor.gui.station.window import StationWindow
    from proctor.roots import OpenRoot
    from sessions.session import Session

Offer = TypeVar("Offer", ManualOffer, RefusedOffer)


class OfferPane(ActionPane, Generic[Offer]):
    """A form about one candidate. `sbd`: of whom; `attempt_id`: the attempt it is about, "" for none or the one that
    stands; `on_done`: gets the command's `Done`, None where left.
    """

    def __init__(
        self,
        parent: Any,
        window: "StationWindow",
        *,
        sbd: str,
        attempt_id: str,
        on_done: "Callable[[Done | None], None]",
        kept: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(parent, window, on_done=on_done, kept=kept)
        self.sbd, self.attempt_id = sbd or str(self.begun.get("sbd", "")), attempt_id
        self.offer: Offer | None = None
        self.start()

    def start(self) -> None:
        """Begin: look up what may be done."""
        self.heading(self.texts["exception-pane.loading"], 0, bold=False)
        self.after_idle(self.look_whom_up)

    def offer_of(self, opened: "OpenRoot", session: "Session") -> Offer:
        """Return what may be done; called beside the window. Raises what reading the log raises."""
        raise NotImplementedError

    def show_offer(self, offer: Offer) -> None:
        """Show the form of what may be done."""

    def needs_second(self, _offer: Offer) -> bool:
        """Whether nothing is entered without a second person."""
        return True

    def _changed(self, name: str) -> None:
        """Something was chosen: offer what goes with it."""

    # --- steps ---

    def look_whom_up(self) -> None:
        """Look up what may be done for the candidate."""
        session, opened = self.session, self.window.opened
        if session is None or opened is None or not self.winfo_exists():
            return
        self.look_up(lambda: self.offer_of(opened, session), self._offered)

    def _offered(self, offer: Offer) -> None:
        self.offer = offer
        self.clear()
        self.heading(offer.person.words, 0)
        if offer.blocked is not None:
            key = own_text(offer.blocked.code, self.texts)
            self.refuse(self.texts.say(key, **offer.blocked.facts), 1)
        elif self.needs_second(offer) and not offer.seconds.at(lends=self.lends):
            self.refuse(self.texts["exception-pane.no-proof"], 1)
        else:
            self.show_offer(offer)

    def ask(self, what: str, fields: tuple[Field, ...], enter: str, *leading: str) -> None:
        """Show the form, with what was kept of it. `what`: its words; `enter`: the key of what Enter does; `leading`:
        the fields that others go with."""
        self.heading(what, 1, bold=False)
        form = self.make_form(fields, 2, on_change=self._changed)
        kept = self.begun.get("values", {})
        form.put_back(kept)
        for name in leading:
            self._changed(name)
        form.put_back(kept)  # what goes with a leading field is offered only now
        self.enter_is(enter)
        self.take_focus()
