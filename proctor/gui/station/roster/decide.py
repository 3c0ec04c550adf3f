"""Two persons decide, from the list, about somebody whom the machine referred: the form, and what was kept of it."""

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Final

import ttkbootstrap as ttk

from proctor.gui.station.forms import Field
from proctor.gui.station.parts import Line, wrapped
from proctor.gui.station.photos import Photos
from proctor.gui.station.roster.panes import RosterPane
from proctor.gui.station.second_person import second_fields, second_words
from proctor.screens.exceptions import own_text
from proctor.screens.refer import ReferOffer, refer_offer

if TYPE_CHECKING:
    from proctor.screens.roster_pictures import Looked

_WHY: Final = 2
_PICTURES: Final = 3
"""The photographs take the place of the words why."""
_FORM: Final = 4


class DecidePane(RosterPane):
    """A form of `proctor override` for one candidate. The same rules as at the desk: the command's own."""

    WRONG: ClassVar[Mapping[str, str]] = {
        "exception-note-missing": "note",
        "exception-note-invalid": "note",
        "same-person": "second",
        "user-id-invalid": "second",
        "second-missing": "second",
        "second-role": "second",
    }

    def build(self) -> None:
        """What waits for two persons is looked up first."""
        self.offer: ReferOffer | None = None
        self.photos: Photos | None = None
        self.why: ttk.Frame | None = None
        self.title("roster-page.decide.title")
        self._lead = self.heading(self.texts["exception-pane.loading"], 1, bold=False)
        self.after_idle(self._look_up)

    def forward(self) -> None:
        """Enter: enter what two persons decided."""
        form, offer = self.form, self.offer
        if form is None or offer is None or self.window.background.busy or not form.check():
            return
        note = form.value("note")
        if not note and any(each.note and each.code == form.value("reason") for each in offer.given):
            form.wrong("note", self.texts["roster-page.note.needed"])
            return
        words = [
            "override",
            f"--session={self.at.session_id}",
            f"--component={self.at.component}",
            f"--sbd={offer.person.sbd}",
            *((f"--attempt={offer.attempt_id}",) if offer.attempt_id else ()),
            f"--reason={form.value('reason')}",
            *second_words(form, offer.seconds),
        ]
        typed = {"-note": note} if note else {}
        self.command(*words, *(["--note=-note"] if note else []), typed=typed, done=self.finish)

    def kept(self) -> Mapping[str, Any]:
        """Return what was chosen; what was written stays here."""
        if self.form is None:
            return self.begun
        values = self.form.kept()
        return {"values": {name: values[name] for name in values if name != "note"}}

    def _look_up(self) -> None:
        row, opened = self.row, self.window.opened
        if row is not None and opened is not None and self.winfo_exists():
            self.look_up(lambda: refer_offer(opened, self.at, row.sbd), self._offered)

    def _offered(self, offer: ReferOffer) -> None:
        self.offer = offer
        who = self.texts.say("roster-page.sbd", sbd=offer.person.words)
        self._lead.configure(text=who, font="TkHeadingFont")
        if offer.blocked is not None:
            key = own_text(offer.blocked.code, self.texts)
            self.refuse(self.texts.say(key, **offer.blocked.facts), 2)
            return
        if not offer.seconds.at(lends=self.lends):
            self.refuse(self.texts["exception-pane.no-proof"], 2)
            return
        self.why = self._why(offer)
        self.why.grid(row=_WHY, column=0, columnspan=2, sticky="ew")
        choices = tuple((each.code, each.label(self.texts.language)) for each in offer.given)
        only = choices[0][0] if len(choices) == 1 else ""
        fields = (
            Field(name="reason", text="roster-page.reason", kind="choice", choices=choices, value=only),
            Field(name="note", text="roster-page.note", kind="text", needed=False, lines=2),
            *second_fields(offer.seconds, self.texts, lends=self.lends),
        )
        if offer.pictures:
            self.more_buttons(
                _PICTURES, ("roster-page.decide.pictures", partial(self._pictures, offer.entry))
            )
        self.make_form(fields, _FORM).put_back(self.begun.get("values", {}))
        self.enter_is("roster-page.decide.main")
        self.take_focus()

    def _why(self, offer: ReferOffer) -> ttk.Frame:
        """Why the machine was not sure, and that people decide by the person before them."""
        frame = ttk.Frame(self)
        frame.columnconfigure(0, weight=1)
        lead = self.texts.say("roster-page.decide.lead", entry=offer.entry)
        label = ttk.Label(frame, text=lead, anchor="w", justify="left")
        label.grid(row=0, column=0, sticky="ew", pady=(0, self.look.px(2)))
        wrapped(label, 4)
        for at, reason in enumerate(offer.why, 1):
            line = Line(frame, self.look)
            line.show(self.texts.say(reason.code, **reason.facts), "question")
            line.grid(row=at, column=0, sticky="ew", pady=self.look.px(1))
        return frame

    # --- what was kept ---

    def _pictures(self, seq: int) -> None:
        opened, session, reason = self.window.opened, self.at, self.texts["checkin.view.reason"]

        def job() -> "Looked":
            from proctor.screens.roster_pictures import pictures_of  # noqa: PLC0415 - loads what unpacks pictures

            return pictures_of(opened, session, seq, reason)

        self.ask_for(job, self._show_pictures)

    def _show_pictures(self, looked: "Looked") -> None:
        captions = {name: self.texts[f"roster-page.picture.{name}"] for name in looked.pictures}
        for given_way in (self.why, self.buttons):
            if given_way is not None:
                given_way.grid_remove()
        self.photos = Photos(self, self.look, captions)
        self.photos.grid(row=_PICTURES, column=0, columnspan=2, sticky="ew", pady=(0, self.look.px(4)))
        for name, data in looked.pictures.items():
            self.photos.pictures[name].configure(height=self.photo_height, width=self.look.px(60))
            self.photos.pictures[name].show(data, "")
        lost = ", ".join(self.texts[f"roster-page.picture.{name}"] for name in looked.lost)
        key = "roster-page.details.looked" if not lost else "roster-page.details.looked.lost"
        said = self.texts.say(key, seq=self.offer.entry if self.offer else 0, entry=looked.entry, lost=lost)
        self.window.say(said, "dots")
        self.take_focus()
