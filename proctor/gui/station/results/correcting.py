"""The correction of a result: an entry of two persons, what was entered first stays."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from proctor.errors import CommandError
from proctor.gui.station.exceptions.pane import ActionPane
from proctor.gui.station.forms import Field
from proctor.gui.station.second_person import second_fields, second_words
from proctor.screens.results import (
    ResultRow,
    Value,
    asked_of,
    correct_words,
    correction_reasons,
    note_needed,
    read_value,
)
from proctor.screens.second import Seconds, seconds_of
from sessions.errors import SessionsError

if TYPE_CHECKING:
    from proctor.desk.runner import Done
    from proctor.gui.station.window import StationWindow


class CorrectionPane(ActionPane):
    """A form of `proctor result correct` for one row that has a result."""

    WRONG: ClassVar[Mapping[str, str]] = {
        "correction-target": "points",
        "points-invalid": "points",
        "points-above-maximum": "points",
        "result-not-admitted": "points",
        "absent-but-admitted": "points",
    }

    def __init__(
        self,
        parent: Any,
        window: "StationWindow",
        *,
        row: ResultRow,
        on_done: "Callable[[Done | None], None]",
    ) -> None:
        super().__init__(parent, window, on_done=on_done)
        self.row = row
        self._seconds = Seconds()

    def begin(self) -> None:
        """Look up who may be the second person, then ask."""
        session, opened = self.session, self.window.opened
        if session is not None and opened is not None:
            self.ask_for(lambda: seconds_of(opened, session, "correct"), self._asked)

    def forward(self) -> None:
        """Enter: enter the correction."""
        form, session = self.form, self.session
        if form is None or session is None or not form.check():
            return
        values = form.values()
        try:
            value = None if values["void"] else self._value(values)
        except (CommandError, SessionsError) as error:
            form.wrong("points", self.words_of(error))
            return
        if note_needed(values["reason"]) and not values["note"]:
            form.wrong("note", self.texts["exception-pane.note.needed"])
            return
        words = correct_words(session, self.row, value, values["reason"], note=bool(values["note"]))
        second = second_words(form, self._seconds)
        self.command(*words, *second, typed=values["note"], done=self.finish)

    def _value(self, values: Mapping[str, str]) -> Value:
        return read_value(values["points"], self.row.marks, critical=bool(values.get("critical")))

    def _asked(self, seconds: Seconds) -> None:
        self._seconds = seconds
        row = self.row
        self.clear()
        parts = (row.sbd, row.name, row.licence_class, row.result)
        self.heading(" · ".join(part for part in parts if part), 0)
        if not seconds.at(lends=self.lends):
            self.refuse(self.texts["exception-pane.no-proof"], 1)
            return
        what = self.texts.say("results-page.correct.what", asked=asked_of(row.marks, self.texts))
        self.heading(what, 1, bold=False)
        fields = [Field(name="points", text="results-page.correct.value", needed=False)]
        if row.marks.critical:
            fields.append(Field(name="critical", text="results-page.critical", kind="tick", needed=False))
        fields += [
            Field(name="void", text="results-page.correct.void", kind="tick", needed=False),
            Field(
                name="reason",
                text="results-page.correct.reason",
                kind="choice",
                choices=correction_reasons(self.texts.language),
            ),
            Field(name="note", text="exception-pane.note", kind="text", needed=False, lines=2),
            *second_fields(seconds, self.texts, lends=self.lends),
        ]
        form = self.make_form(tuple(fields), 2)
        self.enter_is("results-page.correct.enter")
        form.widgets["points"].focus_set()
