"""Results of a component from a file: looked at first, with every refused row and why, then entered."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Final

import ttkbootstrap as ttk

from proctor.gui.station.exceptions.pane import ActionPane
from proctor.gui.station.forms import Field
from proctor.names import component_of
from proctor.screens.results import import_words, refused_lines

if TYPE_CHECKING:
    from proctor.desk.runner import Done
    from proctor.gui.station.window import StationWindow

COLUMNS: Final = ("row", "column", "value", "why")
_ROWS: Final = 7


class ImportPane(ActionPane):
    """A form of `proctor result import`. `choose` asks for a file and returns its path, "" for none."""

    WRONG: ClassVar[Mapping[str, str]] = {
        "file-missing": "file",
        "file-too-large": "file",
        "table-unreadable": "file",
    }

    def __init__(
        self,
        parent: Any,
        window: "StationWindow",
        *,
        component: str,
        choose: Callable[[], str],
        on_done: "Callable[[Done | None], None]",
    ) -> None:
        super().__init__(parent, window, on_done=on_done)
        self.component, self._choose = component, choose
        self._looked = ""
        self.refused: ttk.Treeview | None = None

    def begin(self) -> None:
        """Ask for the file."""
        session = self.session
        label = "" if session is None else component_of(session.at(self.component), self.texts)
        self.heading(self.texts.say("results-page.import.what", component=label), 0, bold=False)
        self.make_form(
            (
                Field(name="file", text="results-page.import.file"),
                Field(name="skip", text="results-page.import.skip", kind="tick", needed=False),
            ),
            1,
            on_change=self._changed,
        )
        if self.form is not None:
            self.form.show("skip", False)
        self.more_buttons(2, ("results-page.import.choose", self._ask))
        self.said = self.heading("", 3)
        self.enter_is("results-page.import.look")
        self.take_focus()

    def forward(self) -> None:
        """Enter: look at the file; then enter its rows."""
        form, session = self.form, self.session
        if form is None or session is None or not form.check():
            return
        file = form.value("file")
        looked = file == self._looked
        if looked and form.shows("skip") and not form.value("skip"):
            form.wrong("skip", self.texts["results-page.import.skip-or"])
            return
        if looked and not self.main_text():
            return
        words = import_words(session, self.component, file, dry=not looked, skip=bool(form.value("skip")))
        self.command(*words, done=self._entered if looked else self._seen)

    def _ask(self) -> None:
        file = self._choose()
        if file and self.form is not None:
            self.form.put("file", str(file))
            self._changed("file")
            self.forward()

    def _changed(self, name: str) -> None:
        """Another file is looked at before anything of it is entered."""
        if name == "file" and self._looked:
            self._looked = ""
            self.enter_is("results-page.import.look")

    def _seen(self, done: "Done") -> None:
        form = self.form
        if form is None:
            return
        data = done.data
        self._looked = form.value("file")
        counts = {"ready": data["ready"], "same": len(data["same_rows"])}
        refused = len({row["row"] for row in data["refused_rows"]})
        self.said.configure(text=self.texts.say("results-page.import.seen", **counts, refused=refused))
        lines = refused_lines(data, self.texts)
        form.show("skip", bool(lines) and bool(data["ready"]))
        form.widgets["skip" if form.shows("skip") else "file"].focus_set()
        self._table(lines)
        self.enter_is("results-page.import.enter" if data["ready"] else "")

    def _table(self, lines: tuple[tuple[str, str, str, str], ...]) -> None:
        if self.refused is not None:
            self.refused.destroy()
            self.refused = None
        if not lines:
            return
        look = self.look
        view = self.refused = ttk.Treeview(
            self, show="headings", columns=COLUMNS, height=min(_ROWS, len(lines)), selectmode="browse"
        )
        for at, name in enumerate(COLUMNS):
            heading = self.texts[f"results-page.import.column.{name}"]
            widest = max(look.body.measure(text) for text in (heading, *(line[at] for line in lines)))
            wide = min(widest, look.body.measure("n" * 16)) + look.body.measure("MM")
            view.heading(name, text=heading, anchor="w")
            view.column(name, width=wide, minwidth=wide, stretch=name == "why", anchor="w")
        for line in lines:
            view.insert("", "end", values=line)
        view.grid(row=4, column=0, columnspan=2, sticky="nsew")
        self.why = self.heading(lines[0][3], 5, bold=False)
        view.bind("<<TreeviewSelect>>", lambda _event: self._show_why(view))
        first = view.get_children()[0]
        view.selection_set(first)
        view.focus(first)

    def _show_why(self, view: ttk.Treeview) -> None:
        chosen = view.selection()
        if chosen:
            self.why.configure(text=view.set(chosen[0], "why"))

    def _entered(self, done: "Done") -> None:
        if done.status == 0:
            self.finish(done)
        else:
            self.window.say(done.lines[-1] if done.lines else "", "cross")
