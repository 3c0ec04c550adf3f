"""Incidents of the session: enter one in under a minute, look at its minutes, lay down what follows."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final

import ttkbootstrap as ttk

from proctor.gui.station.exceptions.pane import ActionPane
from proctor.gui.station.exceptions.refused import DecisionAfterRefusePane
from proctor.gui.station.forms import Field
from proctor.gui.station.incidents.form import IncidentForm
from proctor.gui.station.incidents.pages import PagePictures
from proctor.gui.station.second_person import second_fields, second_words
from proctor.names import role_name
from proctor.screens.exceptions import Person, waiting_refusals
from proctor.screens.incident_entry import Entered, enter_all, make_minutes
from proctor.screens.incidents import (
    IncidentRow,
    concerned,
    consequences_of,
    decide_words,
    deciders,
    may_lay_down,
    rows_of,
)
from proctor.screens.second import Seconds, seconds_of
from proctor.screens.sheets import sheets_folder, short_place
from sessions.course.entries import session_entries
from sessions.roles import load_roles

if TYPE_CHECKING:
    from proctor.desk.runner import Done
    from proctor.gui.station.window import StationWindow

COLUMNS: Final = ("number", "hour", "sbd", "label", "consequence")
_ROWS, _FEWEST = 9, 4
_WIDEST_PAGE: Final = 640


class IncidentPane(ActionPane):
    """The list of incidents, and a form of `proctor incident add`. `sbd`, `attempt_id`: filled in where they are known.

    As a tab of the session's page: `IncidentPane(page.inside, window)`; its `forward`, `back`, `kept` are called by the
    page. From the check-in page: with `on_done` it begins with the form and hands over the command's `Done`, None
    where it was left.
    """

    WRONG: ClassVar[Mapping[str, str]] = {
        "incident-page-nobody": "concerned",
        "incident-page-many": "concerned",
        "exception-candidate-unknown": "concerned",
        "incident-names-nobody": "concerned",
        "incident-consequence-unknown": "consequence",
        "incident-place-invalid": "place",
        "incident-hour-invalid": "hour",
        "exception-note-invalid": "text",
    }

    def __init__(
        self,
        parent: Any,
        window: "StationWindow",
        *,
        sbd: str = "",
        attempt_id: str = "",
        on_done: "Callable[[Done | None], None] | None" = None,
        kept: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(parent, window, on_done=on_done, kept=kept)
        self.sbd, self.attempt_id = sbd, attempt_id
        self.step = "list"
        self.incident: IncidentForm | None = None
        self.table: ttk.Treeview | None = None
        self.inner: DecisionAfterRefusePane | None = None
        self._rows: dict[str, IncidentRow] = {}
        self._row: IncidentRow | None = None
        self._people: tuple[Person, ...] = ()
        self._seconds = Seconds()
        if on_done is not None or self.begun.get("step") == "new":
            self._new(self.begun.get("values", {}))
        else:
            self.after_idle(self.show_list)

    # --- what the page calls ---

    def main_text(self) -> str:
        """Return the key of the text of what Enter does now; "" for nothing."""
        return super().main_text() if self.inner is None else self.inner.main_text()

    def forward(self) -> None:
        """Enter: what the step is for."""
        if self.window.background.busy:
            return
        steps: dict[str, Callable[[], None]] = {
            "list": self._new,
            "new": self._enter,
            "decide": self._decide,
            "refusals": self._choose_refusal,
            "pages": self.show_list,
            "refused": self._inner_forward,
        }
        steps[self.step]()

    def back(self) -> bool:
        """Escape: back to the list; from there, or from the check-in page, out."""
        if self.step == "list" or self._on_done is not None:
            return super().back()
        if self.inner is not None:
            return self.inner.back()
        self.show_list()
        return True

    def kept(self) -> Mapping[str, Any]:
        """Return what was typed of a new incident."""
        values = dict(self.incident.kept()) if self.incident is not None else {}
        return {"step": self.step, "values": values}

    def take_focus(self) -> None:
        """Put the focus where typing begins."""
        if self.incident is not None:
            self.incident.begin()
        elif self.table is not None:
            self.table.focus_set()
        else:
            super().take_focus()

    def clear(self) -> None:
        """Take everything away."""
        self.incident = self.table = self.inner = None
        super().clear()

    @property
    def role(self) -> str:
        """The role of who is here."""
        operator = self.window.operator
        return "" if operator is None else operator.role

    # --- the list ---

    def show_list(self) -> None:
        """Look at the incidents and show them."""
        session, opened = self.session, self.window.opened
        if session is None or opened is None or not self.winfo_exists():
            return
        decides = self.window.may("decide")

        def job() -> tuple[tuple[IncidentRow, ...], tuple[Person, ...]]:
            rows = rows_of(session, session_entries(opened.store, session.session_id), self.texts)
            return rows, waiting_refusals(opened, session) if decides else ()

        self.ask_for(job, self._listed)

    def _listed(self, found: tuple[tuple[IncidentRow, ...], tuple[Person, ...]]) -> None:
        rows, self._people = found
        self.step = "list"
        self.clear()
        self._rows = {row.incident_id: row for row in rows}
        open_ones = sum(1 for row in rows if row.open)
        key = "incident-page.head" if rows else "incident-page.none"
        self.heading(self.texts.say(key, count=len(rows), open=open_ones), 0)
        if rows:
            self.table = self._table(rows)
            self.table.grid(row=1, column=0, sticky="nsew")
            self.rowconfigure(1, weight=1)
        buttons: list[tuple[str, Callable[[], None]]] = []
        if rows and self.window.may("print"):
            buttons.append(("incident-page.minutes", self._minutes))
        if rows and self.window.may("consequence"):
            buttons.append(("incident-page.decide", self._ask_decide))
        if self._people:
            buttons.append(("incident-page.refusals", self._ask_refusal))
        if buttons:
            self.more_buttons(2, *buttons)
        self.window.say(*self.told)
        self.told = ("", "")
        self.enter_is("incident-page.new" if self.window.may("incident") else "")
        if self.table is not None:
            self.table.focus_set()

    def _table(self, rows: tuple[IncidentRow, ...]) -> ttk.Treeview:
        look, texts = self.look, self.texts
        high = max(_FEWEST, min(_ROWS if look.scale < 2 else _FEWEST, len(rows)))
        view = ttk.Treeview(self, show="headings", selectmode="browse", columns=COLUMNS, height=high)
        for name in COLUMNS:
            heading = texts[f"incident-page.column.{name}"]
            cells = [getattr(row, name) for row in rows]
            widest = max(look.body.measure(text) for text in (f"{heading} ", *cells))
            widest = min(widest, look.body.measure("n" * 30)) + look.body.measure("MM")
            view.heading(name, text=heading, anchor="w")
            view.column(name, width=widest, minwidth=widest, stretch=name == "label", anchor="w")
        for row in rows:
            view.insert("", "end", iid=row.incident_id, values=[getattr(row, name) for name in COLUMNS])
        view.selection_set(rows[0].incident_id)
        view.focus(rows[0].incident_id)
        return view

    def _chosen(self) -> IncidentRow | None:
        chosen = () if self.table is None else self.table.selection()
        return self._rows.get(chosen[0]) if chosen else None

    # --- a new one ---

    def _new(self, values: Mapping[str, str] | None = None) -> None:
        session = self.session
        self.clear()
        if session is None or not self.window.may("incident"):
            self.step = "list"
            self.refuse(self.texts["incident-page.forbidden"], 0)
            return
        self.step = "new"
        self.window.say("", "")
        self.heading(self.texts["incident-page.new.what"], 0, bold=False)
        form = self.incident = IncidentForm(
            self,
            self.look,
            self.texts,
            self.letters,
            session=session,
            role=self.role,
            sbd=self.sbd,
        )
        form.grid(row=1, column=0, sticky="nsew")
        self.form = form.form
        if values:
            form.put_back(values)
        self.enter_is("incident-page.enter")
        self.after_idle(self._begin)

    def _begin(self) -> None:
        if self.winfo_exists() and self.incident is not None:
            self.incident.begin()

    def _enter(self) -> None:
        form, session = self.incident, self.session
        opened = self.window.opened
        if form is None or session is None or not form.check():
            return
        typed, runner, texts = form.typed(), self.window.runner(), self.texts
        folder = (
            str(sheets_folder(opened, session.session_id))
            if form.minutes() and self.window.may("print")
            else ""
        )

        def job() -> Entered:
            people = concerned(session, typed.concerned)
            attempt_id = self.attempt_id if [each.sbd for each in people] == [self.sbd] else ""
            return enter_all(
                runner,
                session,
                typed,
                people,
                texts,
                attempt_id=attempt_id,
                folder=folder,
                shown=not self._taken,
            )

        self.ask_for(job, self._entered, working="window.station.doing")

    @property
    def _taken(self) -> bool:
        """Whether somebody takes what was entered: then no page is shown here."""
        return self._on_done is not None

    def _entered(self, entered: Entered) -> None:
        if self._taken:
            self.finish(entered.done)
            return
        self.say_done(entered.done)
        if entered.pages:
            self._show_pages(entered.pages, entered.file)
        else:
            self.show_list()

    # --- minutes ---

    def _minutes(self) -> None:
        row, session, opened = self._chosen(), self.session, self.window.opened
        if row is None or session is None:
            return
        runner, folder = self.window.runner(), str(sheets_folder(opened, session.session_id))
        self.ask_for(
            lambda: make_minutes(runner, session, row.incident_id, folder, self.texts),
            self._entered,
            working="window.station.doing",
        )

    def _show_pages(self, pages: tuple[bytes, ...], file: str) -> None:
        self.clear()
        self.step = "pages"
        path = Path(file)
        said = self.texts.say("incident-page.pages", file=path.name, place=short_place(path.parent))
        self.heading(said, 0, bold=False)
        room = max(self.winfo_width(), _WIDEST_PAGE) - self.look.px(20)
        PagePictures(self, pages, wide=min(self.look.px(_WIDEST_PAGE), room)).grid(
            row=1, column=0, sticky="w", pady=self.look.px(4)
        )
        self.enter_is("incident-page.to-list")
        self.focus_set()

    # --- what follows ---

    def _ask_decide(self) -> None:
        row, session, opened = self._chosen(), self.session, self.window.opened
        if row is None or session is None:
            return
        if not may_lay_down(session, row.code, self.role):
            known = load_roles().items()
            labels = {role: role_name(role, self.texts) for role, each in known if not each.training_only}
            who = deciders(session, row.code, labels)
            self.window.say(self.texts.say("incident-page.decide.who", roles=who or "–"), "cross")
            return
        self._row = row
        self.ask_for(lambda: seconds_of(opened, session, "consequence"), self._asked_decide)

    def _asked_decide(self, seconds: Seconds) -> None:
        row, session = self._row, self.session
        if row is None or session is None:
            return
        self.clear()
        self.step, self._seconds = "decide", seconds
        words = " · ".join((row.number, row.hour, row.sbd, row.label))
        self.heading(words, 0)
        self.heading(self.texts.say("incident-page.decide.what", now=row.consequence), 1, bold=False)
        if not seconds.at(lends=self.lends):
            self.refuse(self.texts["exception-pane.no-proof"], 2)
            return
        choices = consequences_of(session, row.code, self.role, self.texts)
        fields = (
            Field(name="consequence", text="incident-page.consequence", kind="choice", choices=choices),
            Field(name="text", text="exception-pane.note", kind="text", needed=False, lines=2),
            *second_fields(seconds, self.texts, lends=self.lends),
        )
        self.make_form(fields, 2)
        self.enter_is("incident-page.decide.enter")
        self.take_focus()

    def _decide(self) -> None:
        row, session, form = self._row, self.session, self.form
        if row is None or session is None or form is None or not form.check():
            return
        values = form.values()
        words = [*decide_words(session, row.incident_id, values["consequence"])]
        words += second_words(form, self._seconds)
        if values["text"]:
            words.append("--note=-")
        self.command(*words, typed=values["text"], done=self._said_then_list)

    def _said_then_list(self, done: "Done | None") -> None:
        if done is not None:
            self.say_done(done)
        self.show_list()

    # --- whom the machine refused ---

    def _ask_refusal(self) -> None:
        self.clear()
        self.step = "refusals"
        self.heading(self.texts["incident-page.refusals.what"], 0, bold=False)
        choices = tuple((person.sbd, person.words) for person in self._people)
        value = choices[0][0] if len(choices) == 1 else ""
        fields = (Field(name="sbd", text="exception-pane.sbd", kind="choice", choices=choices, value=value),)
        self.make_form(fields, 1)
        self.enter_is("exception-pane.look-up")
        self.take_focus()

    def _choose_refusal(self) -> None:
        form = self.form
        if form is None or not form.check():
            return
        sbd = form.value("sbd")
        self.clear()
        self.step = "refused"
        self.inner = DecisionAfterRefusePane(
            self, self.window, sbd=sbd, attempt_id="", on_done=self._said_then_list
        )
        self.inner.grid(row=0, column=0, sticky="nsew")

    def _inner_forward(self) -> None:
        if self.inner is not None:
            self.inner.forward()
