"""From a list's file to a session, step by step: what the list's window and the session page do alike.

The pages are `roster_pages`'; whoever inherits says where they stand, what runs beside the window, and how a session is
made. Here are the file and its rows, and what was typed of the session.
"""

import tkinter
from abc import abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from tkinter import filedialog
from typing import Any, Final

from proctor import roster_import
from proctor.gui.keyboard import Letters
from proctor.gui.look import Look
from proctor.gui.roster_pages import FilePage, ResultPage, SessionPage
from proctor.roster_import import Created, Loaded
from proctor.texts import Texts
from proctor.viewmodel_roster import Form, Preview, missing, preview, rules_choices
from sessions.rules import list_rules

ROSTER_FILES: Final = "*.xlsx *.xls *.ods *.csv *.tsv *.txt"
TYPED: Final = ("tab", "encoding", "sheet", "rules", "place", "day")
OF_FILE: Final = frozenset({"file", "sheet", "rows"})
"""What is missing on the first step; the rest is asked for on the second."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choosers:
    """How a file is named: the system's dialogs, or a test. Each returns "" when the person gave up."""

    open_file: Callable[[], str] = lambda: filedialog.askopenfilename(
        filetypes=[("", ROSTER_FILES), ("", "*")]
    )
    save_file: Callable[[], str] = lambda: filedialog.asksaveasfilename(
        defaultextension=".xlsx", initialfile="danh-sach-mau.xlsx"
    )


class ListSteps:
    """Mixed into a window or a pane that has `look`, `texts` and `letters`.

    `loaded`: the file that was read; `created`: the session that was made; `shown`: the page of the step.
    """

    look: Look
    texts: Texts
    letters: Letters
    loaded: Loaded | None
    created: Created | None
    shown: Any
    variables: dict[str, tkinter.Variable]
    choosers: Choosers
    day: date
    chosen: tuple[str, ...] = ()
    users: tuple[str, ...] = ()

    # --- what whoever inherits does ---

    @property
    @abstractmethod
    def waits(self) -> bool:
        """Whether something is done beside the window, or no file is asked for now."""

    @abstractmethod
    def beside(self, job: Callable[[], Any], done: Callable[[Any], None], working: str) -> None:
        """Have something done beside the window; `working` is the key of what is said meanwhile."""

    @abstractmethod
    def to(self, step: str) -> None:
        """Show a step: file, session, result."""

    @abstractmethod
    def tell(self, text: str, sign: str) -> None:
        """Say something in the window's line."""

    # --- the pages ---

    def typed_first(self, master: Any, kept: Mapping[str, Any]) -> dict[str, tkinter.Variable]:
        """Return the variables of the pages with what was kept of them."""
        first = {"tab": "used", "day": self.day.strftime("%d/%m/%Y")} | dict(kept)
        found: dict[str, tkinter.Variable] = {
            name: tkinter.StringVar(master, str(first.get(name, ""))) for name in TYPED
        }
        return found | {"skip": tkinter.BooleanVar(master, bool(first.get("skip")))}

    def file_page(self) -> FilePage:
        """Return the page of the file, with its rows where one was read."""
        page = FilePage(
            self,
            look=self.look,
            texts=self.texts,
            letters=self.letters,
            commands={
                "choose": self.choose,
                "template": self.save_template,
                "encoding": self.read_again,
                "sheet": self.read_sheet,
            },
            tab=self.text("tab"),
            encoding=self.text("encoding"),
            sheet=self.text("sheet"),
        )
        if self.preview is not None:
            page.show(self.preview)
        return page

    def session_page(self) -> SessionPage:
        """Return the page that asks what the session is."""
        page = SessionPage(
            self,
            look=self.look,
            texts=self.texts,
            letters=self.letters,
            variables=self.variables,
            choices=rules_choices(list_rules(), self.day, self.texts),
            users=self.users,
            on_rules=self.rules_chosen,
        )
        if self.preview is not None:
            page.show(self.preview, self.chosen)
        return page

    def result_page(self) -> ResultPage:
        """Return the page of what was made."""
        if self.created is None:
            raise ValueError("result")
        return ResultPage(self, look=self.look, texts=self.texts, created=self.created)

    def begin_on(self, step: str) -> Any:
        """Return what has the focus first on a step; None on the last."""
        if step == "file":
            return self.shown.choose if self.loaded is None else self.shown.buttons[self.text("tab").get()]
        if step == "session":
            return self.shown.fields["skip" if self.shown.skip.winfo_manager() else "rules"]
        return None

    def text(self, name: str) -> tkinter.StringVar:
        """Return a variable that holds a text."""
        found = self.variables[name]
        if not isinstance(found, tkinter.StringVar):
            raise TypeError(name)
        return found

    # --- the file ---

    @property
    def preview(self) -> Preview | None:
        """The rows of the file that was read."""
        return None if self.loaded is None else preview(self.loaded, self.texts)

    def choose(self) -> None:
        """Let the person name a file, and read it."""
        if not self.waits and (name := self.choosers.open_file()):
            self.load(Path(name))

    def load(self, path: Path, encoding: str | None = None, sheet: str | None = None) -> None:
        """Read a file beside the window."""
        self.beside(
            partial(roster_import.load, path, encoding, sheet, self.day), self.was_loaded, "window.reading"
        )

    def read_again(self) -> None:
        """Read the file again under the encoding that the person chose."""
        if self.loaded is not None and not self.waits:
            self.load(self.loaded.path, encoding=self.text("encoding").get())

    def read_sheet(self) -> None:
        """Read another sheet of the file."""
        if self.loaded is not None and not self.waits:
            self.load(self.loaded.path, sheet=self.text("sheet").get())

    def save_template(self) -> None:
        """Write the template where the person says."""
        if not self.waits and (name := self.choosers.save_file()):
            self.beside(partial(roster_import.save_template, Path(name)), self.was_saved, "window.saving")

    def was_saved(self, path: Path) -> None:
        """Say where the template is."""
        self.tell(self.texts.say("window.saved", file=str(path)), "tick")

    def was_loaded(self, loaded: Loaded) -> None:
        """Show the rows, and say how many can be used."""
        self.loaded = loaded
        shown = preview(loaded, self.texts)
        self.text("tab").set(shown.first)
        self.text("encoding").set(shown.encoding)
        self.text("sheet").set("" if shown.sheet_open else shown.sheet)
        self.variables["skip"].set(False)
        self.to("file")
        if shown.sheet_open:
            self.tell(self.texts["window.need.sheet"], "question")
            return
        refused, used = shown.tab("refused").count, shown.tab("used").count
        said = "window.read.refused" if refused else "window.read"
        self.tell(self.texts.say(said, used=used, refused=refused), "bang" if refused else "tick")

    def file_is_ready(self) -> bool:
        """Whether a session can be made of the file; else what is missing is said."""
        return self._complete(Form(), training=True, only=OF_FILE)

    # --- the session ---

    def form(self) -> Form:
        """Return what was typed and chosen."""
        value = {name: variable.get() for name, variable in self.variables.items()}
        return Form(
            rules_id=value["rules"],
            components=self.chosen,
            place=value["place"],
            day=value["day"],
            user=value.get("user", ""),
            skip=value["skip"],
        )

    def is_complete(self, form: Form, *, training: bool) -> bool:
        """Whether nothing is missing; else it is said and has the focus. `training`: nobody's name is asked for."""
        return self._complete(form, training=training)

    def _complete(self, form: Form, *, training: bool, only: Iterable[str] | None = None) -> bool:
        wrong = missing(form, self.preview, training=training)
        first = next((name for name in wrong if only is None or name in only), "")
        if first:
            self.tell(self.texts[f"window.need.{first}"], "cross")
            if only is None:
                self.shown.fields[first].focus_set()
        return not first

    def keep_parts(self, step: str) -> None:
        """Save which components are ticked."""
        if step == "session" and self.shown is not None:
            self.chosen = self.shown.components

    def rules_chosen(self) -> None:
        """Other rules have other components."""
        self.chosen = ()
        self.shown.follow_all()
