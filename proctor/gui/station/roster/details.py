"""One candidate and what happened: shown once the log has who looked and why. Pictures are a look of their own."""

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Final

import ttkbootstrap as ttk

from proctor.gui.station.forms import Field
from proctor.gui.station.parts import Flow, wrapped
from proctor.gui.station.photos import Photos
from proctor.gui.station.roster.panes import RosterPane, place_of
from proctor.screens.roster import state_key
from sessions.record import parse_utc
from sessions.vietnam import VIETNAM

if TYPE_CHECKING:
    from proctor.desk.runner import Done

REASONS: Final = ("asked", "compare", "chairman", "overseer")
_MOST_BUTTONS: Final = 4


class DetailsPane(RosterPane):
    """Asks why, then shows. What it showed stays when language or size change: that is no other look."""

    WRONG: ClassVar[Mapping[str, str]] = {"view-reason": "reason"}

    def build(self) -> None:
        """Who it is, and the question why; or what was shown before."""
        row = self.row
        if row is None:
            return
        self._data: Mapping[str, Any] = dict(self.begun.get("data", {}))
        self._reason = str(self.begun.get("reason", ""))
        head = f"{self.texts.say('roster-page.sbd', sbd=row.sbd)} · {row.name}"
        label = ttk.Label(self, text=head, font=self.look.title, anchor="w", justify="left")
        label.grid(row=0, column=0, sticky="ew", pady=(0, self.look.px(4)))
        wrapped(label, 4)
        if self._data:
            self._show()
            return
        self._lead = self.heading(self.texts["roster-page.details.lead"], 1, bold=False)
        words = tuple((text, text) for text in map(self._usual, REASONS))
        value = self._reason
        field = Field(
            name="reason", text="roster-page.details.reason", kind="open-choice", choices=words, value=value
        )
        self.make_form((field,), 2, stacked=True)
        self.enter_is("roster-page.details.main")

    def _usual(self, name: str) -> str:
        return self.texts[f"roster-page.details.reason.{name}"]

    def forward(self) -> None:
        """Enter: look, which the log keeps; where it is shown already, close."""
        form, row = self.form, self.row
        if self.window.background.busy or row is None:
            return
        if self._data:
            self.back()
            return
        if form is None or not form.check():
            return
        self._reason = form.value("reason")
        about = (f"--session={self.at.session_id}", f"--component={self.at.component}", f"--sbd={row.sbd}")
        self.command("session", "candidate", *about, f"--reason={self._reason}", done=self._looked)

    def kept(self) -> Mapping[str, Any]:
        """Return the reason, and what was shown."""
        reason = self._reason if self.form is None else self.form.value("reason")
        return {"data": self._data, "reason": reason}

    @property
    def reason(self) -> str:
        """Why somebody looked."""
        return self._reason

    def _looked(self, done: "Done") -> None:
        self._data = done.data
        self._lead.destroy()
        if self.form is not None:
            self.form.destroy()
            self.form = None
        self._show()

    # --- what is shown ---

    def _show(self) -> None:
        data, language = self._data, self.texts.language
        facts = ttk.Frame(self)
        facts.grid(row=1, column=0, sticky="ew")
        facts.columnconfigure(1, weight=1)
        where = place_of(self.texts, data["room"], data["seat"])
        state = self.texts[state_key(data["state"])]
        said = (
            ("state", state),
            ("birth", data["birth"]),
            ("number", data["number"]),
            ("class", data["class"]),
            ("room", where),
            ("addition", data["addition"]),
        )
        for at, (name, text) in enumerate((name, text) for name, text in said if text):
            ttk.Label(facts, text=self.texts[f"roster-page.column.{name}"], anchor="w").grid(
                row=at, column=0, sticky="w", padx=(0, self.look.px(8))
            )
            ttk.Label(facts, text=text, anchor="w", font="TkHeadingFont").grid(row=at, column=1, sticky="w")
        title = ttk.Label(self, text=self.texts["roster-page.details.history"], font="TkHeadingFont")
        title.grid(row=4, column=0, sticky="w", pady=(self.look.px(6), 0))
        self.history = ttk.Frame(self)
        self.history.grid(row=5, column=0, sticky="ew")
        self.history.columnconfigure(1, weight=1)
        for at, row in enumerate(data["history"]):
            self._line(at, row, str(row[language]))
        self._picture_buttons([row for row in data["history"] if row["pictures"]])
        logged = ttk.Label(self, text=self.texts.say("roster-page.details.logged", entry=data["view_entry"]))
        logged.grid(row=6, column=0, sticky="ew", pady=(self.look.px(6), 0))
        wrapped(logged, 4)
        self.enter_is("roster-page.details.close")

    def _line(self, at: int, row: Mapping[str, Any], words: str) -> None:
        local = parse_utc(str(row["at"])).astimezone(VIETNAM)
        today = local.date() == self.at.day
        time = ttk.Label(
            self.history, text=f"{local:%H:%M}" if today else f"{local:%d/%m %H:%M}", anchor="nw"
        )
        time.grid(row=at, column=0, sticky="nw", padx=(0, self.look.px(6)))
        people = ", ".join(each["id"] for each in (row["by"], row["second"]) if each is not None)
        text = self.texts.say("roster-page.details.line", words=words, people=people, entry=row["entry"])
        line = ttk.Label(self.history, text=text, anchor="w", justify="left")
        line.grid(row=at, column=1, sticky="ew", pady=(0, self.look.px(2)))
        wrapped(line, 4)

    def _picture_buttons(self, rows: list[Mapping[str, Any]]) -> None:
        """One button for each of the last entries that have pictures; the newest has the letter."""
        if not rows:
            return
        flow = self.buttons = Flow(self, self.look)
        flow.grid(row=2, column=0, sticky="ew", pady=(self.look.px(6), 0))
        for place, row in enumerate(reversed(rows[-_MOST_BUTTONS:])):
            key = "roster-page.details.pictures" if place == 0 else "roster-page.details.pictures.of"
            button = flow.add(
                "", partial(self._pressed, partial(self._pictures, int(row["entry"]))), main=False
            )
            self.letters.label(button, self.texts.say(key, entry=row["entry"]))
        flow.arrange()

    def _pictures(self, seq: int) -> None:
        opened, session, reason = self.window.opened, self.at, self._reason

        def job() -> Any:
            from proctor.screens.roster_pictures import pictures_of  # noqa: PLC0415 - loads what unpacks pictures

            return pictures_of(opened, session, seq, reason)

        self.ask_for(job, partial(self._show_pictures, seq))

    def _show_pictures(self, seq: int, looked: Any) -> None:
        for child in self.grid_slaves(row=3):
            child.destroy()
        frame = ttk.Frame(self)
        frame.grid(row=3, column=0, sticky="ew", pady=(self.look.px(4), 0))
        frame.columnconfigure(0, weight=1)
        captions = {name: self.texts[f"roster-page.picture.{name}"] for name in looked.pictures}
        self.photos: Photos | None = None
        if captions:
            self.photos = Photos(frame, self.look, captions)
            self.photos.grid(row=0, column=0, sticky="ew")
            for name, data in looked.pictures.items():
                self.photos.pictures[name].configure(height=self.photo_height, width=self.look.px(60))
                self.photos.pictures[name].show(data, "")
        lost = ", ".join(self.texts[f"roster-page.picture.{name}"] for name in looked.lost)
        key = "roster-page.details.looked" if not lost else "roster-page.details.looked.lost"
        said = ttk.Label(frame, text=self.texts.say(key, seq=seq, entry=looked.entry, lost=lost), anchor="w")
        said.grid(row=1, column=0, sticky="ew")
        wrapped(said, 4)
        self.bring(frame)
