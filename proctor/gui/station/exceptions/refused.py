"""The chairman's decision about somebody whom the machine refused: incident and decision in one form."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from proctor.gui.station.exceptions.offered import OfferPane
from proctor.gui.station.forms import Field
from proctor.gui.station.second_person import second_fields, second_words
from proctor.screens.exceptions import (
    RefusedOffer,
    decision_reasons,
    decision_words,
    incident_code,
    refused_offer,
)
from proctor.screens.incidents import Typed, add_words, hour_of, label_of, number_of

if TYPE_CHECKING:
    from proctor.desk.runner import Done
    from proctor.roots import OpenRoot
    from sessions.session import Session

NEW: Final = "new"


class DecisionAfterRefusePane(OfferPane[RefusedOffer]):
    """A form of `proctor decision` for one refused attempt. `sbd`: of whom; `attempt_id`: the refusal, "" for the one
    that stands; `on_done`: gets the command's `Done`, None where left.

    A decision rests on an incident: one that is there, or a new one, entered by the same key. Who may not decide enters
    the incident, and is told who decides.
    """

    _made = ""
    """The incident that was entered for the decision, where the decision itself was not yet."""

    def offer_of(self, opened: "OpenRoot", session: "Session") -> RefusedOffer:
        """Return what may be decided about the refusal."""
        return refused_offer(opened, session, self.sbd, self.attempt_id, self.texts)

    def needs_second(self, offer: RefusedOffer) -> bool:
        """An incident is entered by one person."""
        return not offer.incident_first

    def forward(self) -> None:
        """Enter: enter the incident, or incident and decision."""
        form, offer, session = self.form, self.offer, self.session
        if form is None or offer is None or session is None or self.window.background.busy:
            return
        if not form.check():
            return
        if offer.incident_first:
            words = add_words(session, self._incident(session), offer.person.sbd, offer.attempt_id)
            self.command(*words, "--note=-", typed=form.value("happened"), done=self.finish)
            return
        self._decide(session, offer)

    def kept(self) -> Mapping[str, Any]:
        """Return what was chosen; what was written stays here."""
        if self.offer is None:
            return self.begun  # nothing could be typed yet
        values = {} if self.form is None else self.form.kept()
        return {"values": {name: values[name] for name in values if name not in {"happened", "note"}}}

    # --- steps ---

    def show_offer(self, offer: RefusedOffer) -> None:
        """Ask for the decision and what it rests on; of who may not decide, for the incident alone."""
        if offer.incident_first:
            what = self.texts.say("exception-pane.decision.first", role=offer.heads)
            self.ask(what, (self._happened(),), "exception-pane.decision.incident")
            return
        what = self.texts.say("exception-pane.decision.what", role=offer.heads)
        fields = self._fields(offer)
        self.ask(what, fields, "exception-pane.decision.enter", "decided", "incident")

    def _happened(self) -> Field:
        return Field(name="happened", text="exception-pane.decision.happened", kind="text", lines=3)

    def _fields(self, offer: RefusedOffer) -> tuple[Field, ...]:
        texts = self.texts
        decisions = (
            ("admit", texts["exception-pane.decision.admit"]),
            ("not", texts["exception-pane.decision.not"]),
        )
        rules = {} if self.session is None else self.session.rules.incidents
        known = tuple(
            (each.incident_id, " · ".join((number_of(each), hour_of(each), label_of(each, rules, texts))))
            for each in offer.incidents
        )
        incidents = (*known, (NEW, texts["exception-pane.decision.new"]))
        return (
            Field(name="decided", text="exception-pane.decision.decided", kind="choice", choices=decisions),
            Field(name="reason", text="exception-pane.decision.reason", kind="choice"),
            Field(
                name="incident",
                text="exception-pane.decision.rests-on",
                kind="choice",
                choices=incidents,
                value=incidents[-1][0] if len(incidents) == 1 else incidents[-2][0],
            ),
            self._happened(),
            Field(name="note", text="exception-pane.note", kind="text", needed=False, lines=2),
            *second_fields(offer.seconds, texts, lends=self.lends),
        )

    def _changed(self, name: str) -> None:
        """The reasons go with the decision; a new incident needs words."""
        form = self.form
        if form is None or "decided" not in form.widgets:
            return
        if name == "decided":
            decided = form.value("decided")
            fitting = decision_reasons(decided == "admit") if decided else ()
            form.offer("reason", [(each.code, each.label(self.texts.language)) for each in fitting])
        elif name == "incident":
            form.show("happened", form.value("incident") == NEW)

    # --- the entry ---

    def _incident(self, session: "Session") -> Typed:
        return Typed(code=incident_code(session.rules))

    def _decide(self, session: "Session", offer: RefusedOffer) -> None:
        form = self.form
        if form is None:
            return
        values = form.values()
        fitting = decision_reasons(values["decided"] == "admit")
        if not values.get("note") and any(each.note and each.code == values["reason"] for each in fitting):
            form.wrong("note", self.texts["exception-pane.note.needed"])  # before the incident is entered
            return
        words = [*second_words(form, offer.seconds), *(("--note=-",) if values.get("note") else ())]
        runner, known, note = self.window.runner(), values["incident"], values.get("note", "")
        adding = add_words(session, self._incident(session), offer.person.sbd, offer.attempt_id)
        deciding, working = self.proving()

        def job() -> "Done":
            incident = self._made if known == NEW else known
            if not incident:
                made = runner.run(*adding, "--note=-", typed=values["happened"])
                incident = self._made = str(made.data["incident"])
            return deciding(*decision_words(session, offer, values, incident), *words, typed=note)

        self.ask_for(job, self.finish, working=working)
