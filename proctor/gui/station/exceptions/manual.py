"""The manual path: two persons establish by documents who somebody is."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Final

from proctor.gui.station.exceptions.offered import OfferPane
from proctor.gui.station.forms import Field
from proctor.gui.station.second_person import second_fields, second_words
from proctor.screens.exceptions import (
    COMPARED,
    LATER,
    ManualOffer,
    manual_offer,
    manual_reasons,
    manual_words,
)

if TYPE_CHECKING:
    from proctor.roots import OpenRoot
    from sessions.session import Session

SAW: Final = "saw-"
_NO_NUMBER: Final = frozenset({"vneid", "none"})


class ManualPane(OfferPane[ManualOffer]):
    """A form of `proctor manual` for one candidate. `sbd`: of whom; "" asks for the number first; `attempt_id`: the
    attempt after which the pane was opened, "" for none; `on_done`: gets the command's `Done`, None where left.

    Nothing is chosen beforehand but what follows from something else: what was compared, two persons tick themselves.
    """

    WRONG: ClassVar[Mapping[str, str]] = {
        "exception-candidate-unknown": "sbd",
        "manual-document-differs": "number",
        "manual-document-number-invalid": "number",
        "manual-document-refused": "document",
    }

    def start(self) -> None:
        """Begin with what may be done, or with the number."""
        if self.sbd:
            super().start()
        else:
            self._ask_whom()

    def offer_of(self, opened: "OpenRoot", session: "Session") -> ManualOffer:
        """Return what two persons may do by documents."""
        return manual_offer(opened, session, self.sbd)

    def forward(self) -> None:
        """Enter: look up whom it is about, or enter what two persons established."""
        form = self.form
        if form is None or self.window.background.busy or not form.check():
            return
        if self.offer is None:
            self.sbd = form.value("sbd")
            self.look_whom_up()
            return
        if not any(form.value(f"{SAW}{name}") for name in COMPARED):
            form.wrong(f"{SAW}photo", self.texts["exception-pane.manual.compare"])
            return
        self._enter(self.offer)

    def kept(self) -> Mapping[str, Any]:
        """Return what was typed and chosen, but for the number on a document and notes."""
        if self.offer is None:
            return self.begun  # nothing could be typed yet
        values = {} if self.form is None else self.form.kept()
        private = ("number", "note")
        return {"sbd": self.sbd, "values": {name: v for name, v in values.items() if name not in private}}

    # --- steps ---

    def _ask_whom(self) -> None:
        self.heading(self.texts["exception-pane.manual.whom"], 0)
        self.make_form((Field(name="sbd", text="exception-pane.sbd"),), 1)
        self.enter_is("exception-pane.look-up")
        self.after_idle(self.take_focus)

    def show_offer(self, offer: ManualOffer) -> None:
        """Ask for the document, the reason, what was compared, and the second person."""
        what = self.texts[f"exception-pane.manual.what.{offer.purpose}"]
        self.ask(what, self._fields(offer), "exception-pane.manual.enter", "document")

    def _fields(self, offer: ManualOffer) -> tuple[Field, ...]:
        texts = self.texts
        documents = tuple((kind, texts[f"rules.document.{kind}"]) for kind in offer.documents)
        fields = [
            Field(name="document", text="exception-pane.manual.document", kind="choice", choices=documents),
            Field(name="reason", text="exception-pane.manual.reason", kind="choice"),
            *(
                Field(
                    name=f"{SAW}{name}",
                    text=f"exception-pane.manual.compared.{name}",
                    kind="tick",
                    needed=False,
                )
                for name in COMPARED
            ),
            Field(name="number", text="exception-pane.manual.number", needed=False),
        ]
        results = (
            ("same", texts["exception-pane.manual.same"]),
            ("not", texts["exception-pane.manual.not"]),
        )
        if offer.purpose != LATER:
            fields.append(
                Field(name="result", text="exception-pane.manual.result", kind="choice", choices=results)
            )
        fields.append(Field(name="note", text="exception-pane.note", kind="text", needed=False, lines=2))
        return (*fields, *second_fields(offer.seconds, texts, lends=self.lends))

    def _changed(self, name: str) -> None:
        """The reasons go with the document; a number only with one that has any."""
        form, offer = self.form, self.offer
        if name != "document" or form is None or offer is None:
            return
        document = form.value("document")
        fitting = manual_reasons(document, offer.purpose)
        form.offer("reason", [(each.code, each.label(self.texts.language)) for each in fitting])
        if document and len(fitting) == 1:
            form.put("reason", fitting[0].code)
        form.show("number", document not in _NO_NUMBER)

    # --- the entry ---

    def _enter(self, offer: ManualOffer) -> None:
        form, session = self.form, self.session
        if form is None or session is None:
            return
        values = form.values()
        compared = [name for name in COMPARED if values[f"{SAW}{name}"]]
        words = [*manual_words(session, offer, values, compared), *second_words(form, offer.seconds)]
        typed = {}
        for name in ("note", "number"):
            if values.get(name):
                words.append(f"--{name}=-{name}")
                typed[f"-{name}"] = values[name]
        self.command(*words, typed=typed, done=self.finish)
