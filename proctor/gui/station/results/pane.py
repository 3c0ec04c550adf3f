"""Results by keyboard: one candidate after another, corrected by two persons, or from a file."""

from collections.abc import Callable, Mapping
from functools import partial
from tkinter import filedialog
from typing import TYPE_CHECKING, Any, ClassVar, Final

import ttkbootstrap as ttk

from proctor.errors import CommandError
from proctor.gui.station.exceptions.pane import ActionPane
from proctor.gui.station.forms import Field
from proctor.gui.station.parts import Line
from proctor.gui.station.results.correcting import CorrectionPane
from proctor.gui.station.results.importing import ImportPane
from proctor.gui.station.results.table import ResultTable
from proctor.names import component_name
from proctor.screens.results import (
    ResultRow,
    after_entry,
    asked_of,
    counts_of,
    enter_words,
    find,
    next_open,
    read_value,
    rows_of,
)
from sessions.course.results import read_progress
from sessions.errors import SessionsError

if TYPE_CHECKING:
    from proctor.desk.runner import Done
    from proctor.gui.station.window import StationWindow
    from sessions.session import Session

_AGAIN_MS: Final = 30


class ResultsPane(ActionPane):
    """A tab of the session's page: `ResultsPane(page.inside, window)`; its `forward`, `back`, `kept` are called by the
    page.

    One row after another: points, Enter. The next row is shown at once, its entry is written beside the window; a value
    that was refused comes back with why. `choose` asks for a file.
    """

    QUEUES = True
    """Enter is not dropped while the entry before is still being written: it is done after that."""
    WRONG: ClassVar[Mapping[str, str]] = {
        "results-page-nobody": "sbd",
        "sbd-unknown": "sbd",
        **dict.fromkeys(
            (
                "results-page-empty",
                "results-page-value",
                "results-page-points",
                "results-page-exists",
                "no-pass-mark",
                "points-invalid",
                "points-negative",
                "points-above-maximum",
                "points-not-whole",
                "points-needed",
                "result-exists",
                "result-not-admitted",
                "absent-but-admitted",
                "component-blocked",
                "component-not-owed",
                "critical-not-asked",
                "outcome-differs",
            ),
            "points",
        ),
    }

    def __init__(
        self,
        parent: Any,
        window: "StationWindow",
        *,
        kept: Mapping[str, Any] | None = None,
        choose: Callable[[], str] = filedialog.askopenfilename,
    ) -> None:
        super().__init__(parent, window, kept=kept)
        self._choose = choose
        self.inner: CorrectionPane | ImportPane | None = None
        self.table: ResultTable | None = None
        self.rows: tuple[ResultRow, ...] = ()
        self._at = str(self.begun.get("sbd", ""))
        self._waits = False
        session = self.session
        self.component = str(self.begun.get("component", "")) or (
            "" if session is None else session.component
        )
        self.after_idle(self.load)

    # --- what the page calls ---

    def main_text(self) -> str:
        """Return the key of the text of what Enter does now; "" for nothing."""
        return super().main_text() if self.inner is None else self.inner.main_text()

    def forward(self) -> None:
        """Enter: go to the number that was typed, else enter the result and go on to the next."""
        if self.inner is not None:
            self.inner.forward()
            return
        form = self.form
        if form is None:
            return
        if self.window.background.busy:
            self._again()
            return
        typed = form.value("sbd")
        if typed and typed != self._at:
            self._go_to(typed)
        else:
            self._enter()

    def back(self) -> bool:
        """Escape: leave correction or file; else what was typed is taken back."""
        if self.inner is not None:
            return self.inner.back()
        form = self.form
        if form is not None and form.value("points"):
            form.put("points", "")
            form.right()
            return True
        return super().back()

    def kept(self) -> Mapping[str, Any]:
        """Return the component and the candidate; and what was typed of the result."""
        values = {} if self.form is None or self.inner is not None else self.form.kept()
        return {"component": self.component, "sbd": self._at, "points": values.get("points", "")}

    def take_focus(self) -> None:
        """Put the focus where points are typed."""
        if self.inner is not None:
            self.inner.take_focus()
        elif self.form is not None:
            self.form.widgets["points"].focus_set()

    # --- the rows ---

    def load(self) -> None:
        """Read the results and show them."""
        session, opened = self._at_component(), self.window.opened
        if session is None or opened is None or not self.winfo_exists():
            return
        if self.window.background.busy:
            self.after(_AGAIN_MS, self.load)
            return
        component, texts = session.component, self.texts
        self.ask_for(lambda: rows_of(read_progress(opened.store, session), component, texts), self._loaded)

    def _at_component(self) -> "Session | None":
        session = self.session
        return None if session is None or not self.component else session.at(self.component)

    def _loaded(self, rows: tuple[ResultRow, ...]) -> None:
        session = self._at_component()
        if session is None:
            return
        self.clear()
        self.inner, self.rows = None, rows
        if len(session.components) > 1:
            self._component_field(session)
        self.counts = Line(self, self.look)
        self.counts.grid(row=1, column=0, columnspan=2, sticky="ew", pady=self.look.px(2))
        self.table = ResultTable(self, self.look, self.texts, rows, self._chosen)
        self.table.grid(row=2, column=0, columnspan=2, sticky="nsew")
        self.rowconfigure(2, weight=1)
        self.asked = self.heading("", 3)
        self._form(rows)
        buttons: list[tuple[str, Callable[[], None]]] = []
        if self.window.may("correct"):
            buttons.append(("results-page.correct", self._correct))
        if self.window.may("result"):
            buttons.append(("results-page.import", self._import))
        if buttons:
            self.more_buttons(6, *buttons)
        self._show_counts()
        self.enter_is("results-page.enter" if self.form is not None else "")
        known = {row.sbd for row in rows}
        self._select(self._at if self._at in known else next_open(rows, "") or next(iter(known), ""))
        if self.form is not None and self.begun.get("points"):
            self.form.put("points", str(self.begun.pop("points")))
        self.window.say(*self.told)
        self.told = ("", "")
        self.take_focus()

    def _component_field(self, session: "Session") -> None:
        row = ttk.Frame(self)
        row.grid(row=0, column=0, columnspan=2, sticky="ew")
        labels = [component_name(session.rules, name, self.texts) for name in session.components]
        box = ttk.Combobox(row, state="readonly", values=labels, font=self.look.body, width=24)
        label = ttk.Label(row)
        self.letters.leads(label, self.texts["results-page.component"], box)
        label.grid(row=0, column=0, padx=(0, self.look.px(6)))
        box.grid(row=0, column=1)
        box.current(session.components.index(session.component))
        box.bind("<<ComboboxSelected>>", lambda _event: self._other(session.components[box.current()]))

    def _other(self, component: str) -> None:
        if component != self.component:
            self.component = component
            self.load()

    def _form(self, rows: tuple[ResultRow, ...]) -> None:
        if not rows or not self.window.may("result"):
            self.asked.configure(text=self.texts["results-page.forbidden" if rows else "results-page.none"])
            return
        fields = [
            Field(name="sbd", text="results-page.sbd", needed=False),
            Field(name="points", text="results-page.value", needed=False),
            Field(name="critical", text="results-page.critical", kind="tick", needed=False),
        ]
        form = self.make_form(tuple(fields), 4, stacked=False)
        for name in ("sbd", "points"):
            for key, step in (("<Up>", -1), ("<Down>", 1)):
                form.widgets[name].bind(key, partial(self._step, step))
        form.widgets["sbd"].bind("<FocusIn>", lambda _event: form.widgets["sbd"].selection_range(0, "end"))

    def _show_counts(self) -> None:
        done, expected = counts_of(self.rows)
        text = self.texts.say("results-page.counts", done=done, expected=expected)
        self.counts.show(text, "tick" if done == expected else "dots")

    # --- which row ---

    @property
    def row(self) -> ResultRow | None:
        """The candidate whose result is asked for."""
        return next((row for row in self.rows if row.sbd == self._at), None)

    def _step(self, step: int, _event: object) -> str:
        if self.table is not None:
            self._select(self.table.beside(self._at, step))
        return "break"

    def _go_to(self, typed: str) -> None:
        form = self.form
        try:
            sbd = find(self.rows, typed)
        except CommandError as error:
            if form is not None:
                form.wrong("sbd", self.words_of(error))
            return
        self._select(sbd)
        self.take_focus()

    def _select(self, sbd: str) -> None:
        if self.table is not None and sbd:
            self.table.select(sbd)

    def _chosen(self, sbd: str) -> None:
        """A row was chosen, here or in the table: the fields are about it."""
        self._at = sbd
        row, form = self.row, self.form
        if row is None or form is None:
            return
        parts = [row.sbd, row.name, row.licence_class, row.result or asked_of(row.marks, self.texts)]
        self.asked.configure(text=" · ".join(part for part in parts if part))
        form.right()
        form.put("sbd", row.sbd)
        form.put("points", "")
        form.put("critical", "")
        form.show("critical", row.marks.critical and not row.result)

    # --- one result ---

    def _enter(self) -> None:
        row, form, session = self.row, self.form, self.session
        if row is None or form is None or session is None:
            return
        typed, critical = form.value("points"), bool(form.value("critical"))
        try:
            if row.result and typed:
                raise CommandError("results-page-exists", result=row.result)
            if row.result:
                self._on(row.sbd)
                return
            value = read_value(typed, row.marks, critical=critical)
        except (CommandError, SessionsError) as error:
            form.wrong("points", self.words_of(error))
            return
        runner, words = self.window.runner(), enter_words(session, self.component, row.sbd, value)
        self._on(row.sbd)
        self.window.background.start(
            lambda: runner.run(*words),
            done=partial(self._entered, row),
            failed=partial(self._refused, row, typed, critical),
        )

    def _on(self, sbd: str) -> None:
        """Show the next row that has no result; the focus stays where points are typed."""
        following = next_open(self.rows, sbd)
        if following:
            self._select(following)
            self.take_focus()
        elif self.form is not None:
            self.form.put("points", "")

    def _entered(self, row: ResultRow, done: "Done") -> None:
        if not self.winfo_exists():
            self.window.entered_unseen(done)
            return
        now = after_entry(row, done.data, self.texts)
        self.rows = tuple(now if each.sbd == row.sbd else each for each in self.rows)
        if self.table is not None:
            self.table.replace(now)
        self._show_counts()
        self.say_done(done)
        self.told = ("", "")
        if self._at == row.sbd:
            self._chosen(row.sbd)

    def _refused(self, row: ResultRow, typed: str, critical: bool, error: Exception) -> None:
        """Back to the row that was refused, with what was typed and why."""
        if not self.winfo_exists():
            self.window.failed(error)  # the lock fell meanwhile: it is said after it
            return
        self._select(row.sbd)
        self._chosen(row.sbd)
        if self.form is not None:
            self.form.put("points", typed)
            self.form.put("critical", "1" if critical else "")
        self.failed(error)

    def _again(self) -> None:
        """Enter came while the one before is still being written: it is done after that."""
        if not self._waits:
            self._waits = True
            self.after(_AGAIN_MS, self._now)

    def _now(self) -> None:
        self._waits = False
        self.forward()

    # --- correction, file ---

    def _correct(self) -> None:
        row = self.row
        if row is None or not row.entry:
            self.window.say(self.texts["results-page.correct.none"], "cross")
            return
        self._show(CorrectionPane(self, self.window, row=row, on_done=self._came_back))

    def _import(self) -> None:
        self._show(
            ImportPane(
                self,
                self.window,
                component=self.component,
                choose=self._choose,
                on_done=self._came_back,
            )
        )

    def _show(self, pane: "CorrectionPane | ImportPane") -> None:
        self.form = self.buttons = self.table = None
        for child in self.winfo_children():
            if child is not pane:
                child.destroy()
        self.rowconfigure(2, weight=0)
        self.inner = pane
        pane.grid(row=2, column=0, columnspan=2, sticky="nsew")
        pane.begin()

    def _came_back(self, done: "Done | None") -> None:
        if done is not None:
            self.say_done(done)
        self.load()
