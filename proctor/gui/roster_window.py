"""The window that brings a roster in: choose a file, look at its rows, say what the session is, create it."""

import tkinter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from tkinter import filedialog
from typing import Any, Final

from proctor import roster_import
from proctor.config import Places
from proctor.errors import CommandError
from proctor.gui.roster_pages import FilePage, ResultPage, SessionPage
from proctor.gui.shell import Shell
from proctor.roster_import import Created, Loaded
from proctor.viewmodel_roster import Form, missing, preview, rules_choices, wanted
from sessions.errors import SessionsError
from sessions.rules import list_rules

PAGES: Final = ("file", "session", "result")
MAIN: Final = {"file": "window.next", "session": "window.import", "result": "window.leave"}
LEFT: Final = {"file": "window.leave", "session": "window.back", "result": "window.another"}
ROSTER_FILES: Final = "*.xlsx *.xls *.ods *.csv *.tsv *.txt"


@dataclass(frozen=True, slots=True, kw_only=True)
class Choosers:
    """How a file is named: the system's dialogs, or a test. Each returns "" when the person gave up."""

    open_file: Callable[[], str] = lambda: filedialog.askopenfilename(
        filetypes=[("", ROSTER_FILES), ("", "*")]
    )
    save_file: Callable[[], str] = lambda: filedialog.asksaveasfilename(
        defaultextension=".xlsx", initialfile="danh-sach-mau.xlsx"
    )


class RosterWindow(Shell):
    """One window, three pages. What was read and typed lives here."""

    def __init__(
        self,
        places: Places,
        *,
        training: bool,
        language: str,
        today: date,
        path: Path | None = None,
        scale: float = 1.0,
        choosers: Choosers | None = None,
    ) -> None:
        super().__init__(training=training, language=language, scale=scale)
        self._places, self._today = places, today
        self._choosers = choosers or Choosers()
        self.loaded: Loaded | None = None
        self.created: Created | None = None
        self.page = "file"
        self._chosen: tuple[str, ...] = ()
        self._users: tuple[str, ...] = ()
        self.variables: dict[str, tkinter.Variable] = {
            "tab": tkinter.StringVar(self, "used"),
            "encoding": tkinter.StringVar(self, ""),
            "sheet": tkinter.StringVar(self, ""),
            "rules": tkinter.StringVar(self, ""),
            "place": tkinter.StringVar(self, ""),
            "day": tkinter.StringVar(self, today.strftime("%d/%m/%Y")),
            "user": tkinter.StringVar(self, ""),
            "skip": tkinter.BooleanVar(self, False),
        }
        self.bind("<Control-o>", lambda _event: self.choose())
        self.build()
        if path is not None:
            self.load(path)

    # --- what the window says of itself ---

    def window_title(self) -> str:
        """Return the window's title; training says so."""
        return self.texts["window.title.training" if self.training else "window.title"]

    def page_title(self) -> str:
        """Return the page's title, with its number."""
        name = self.texts[f"window.page.{self.page}"]
        return self.texts.say("window.step", step=PAGES.index(self.page) + 1, of=len(PAGES), name=name)

    def left_text(self) -> str:
        """Return the key of the text of the button on the left."""
        return LEFT[self.page]

    def main_text(self) -> str:
        """Return the key of the text of the main button."""
        return MAIN[self.page]

    def make_page(self) -> Any:
        """Return the page that is shown now."""
        return {"file": self._file_page, "session": self._session_page, "result": self._result_page}[
            self.page
        ]()

    def _file_page(self) -> FilePage:
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
            tab=self._text_variable("tab"),
            encoding=self._text_variable("encoding"),
            sheet=self._text_variable("sheet"),
        )
        if self.loaded is not None:
            page.show(preview(self.loaded, self.texts))
            page.buttons[self.variables["tab"].get()].focus_set()
        else:
            page.choose.focus_set()
        return page

    def _session_page(self) -> SessionPage:
        page = SessionPage(
            self,
            look=self.look,
            texts=self.texts,
            letters=self.letters,
            variables=self.variables,
            choices=rules_choices(list_rules(), self._today, self.texts),
            users=self._users,
            on_rules=self._rules_chosen,
        )
        if self.loaded is not None:
            page.show(preview(self.loaded, self.texts), self._chosen)
        page.fields["skip" if page.skip.winfo_manager() else "rules"].focus_set()
        return page

    def _result_page(self) -> ResultPage:
        if self.created is None:
            raise ValueError("result")
        return ResultPage(self, look=self.look, texts=self.texts, created=self.created)

    def _text_variable(self, name: str) -> tkinter.StringVar:
        found = self.variables[name]
        if not isinstance(found, tkinter.StringVar):
            raise TypeError(name)
        return found

    # --- what the person does ---

    def choose(self) -> None:
        """Let the person name a file, and read it."""
        if self.page == "file" and not self.background.busy and (name := self._choosers.open_file()):
            self.load(Path(name))

    def load(self, path: Path, encoding: str | None = None, sheet: str | None = None) -> None:
        """Read a file beside the window."""
        self.working("window.reading")
        job = partial(roster_import.load, path, encoding, sheet, self._today)
        self.background.start(job, done=self._loaded, failed=self.failed)

    def read_again(self) -> None:
        """Read the file again under the encoding that the person chose."""
        if self.loaded is not None and not self.background.busy:
            self.load(self.loaded.path, str(self.variables["encoding"].get()))

    def read_sheet(self) -> None:
        """Read another sheet of the file."""
        if self.loaded is not None and not self.background.busy:
            self.load(self.loaded.path, sheet=str(self.variables["sheet"].get()))

    def save_template(self) -> None:
        """Write the template where the person says."""
        if not self.background.busy and (name := self._choosers.save_file()):
            self.working("window.saving")
            job = partial(roster_import.save_template, Path(name))
            self.background.start(job, done=self._saved, failed=self.failed)

    def forward(self) -> None:
        """Do what the page is for: on to the session, create it, or leave."""
        if self.background.busy:
            return
        if self.page == "file":
            self._to_session()
        elif self.page == "session":
            self._create()
        else:
            self.leave()

    def back(self) -> None:
        """One page back; from the first page, leave."""
        if self.background.busy:
            return
        if self.page == "file":
            self.leave()
            return
        if self.page == "session":
            self.keep()
        else:
            self.loaded = self.created = None
        self._go("file")

    # --- what follows ---

    def _to_session(self) -> None:
        shown = None if self.loaded is None else preview(self.loaded, self.texts)
        wrong = [name for name in missing(Form(), shown, training=True) if name in {"file", "sheet", "rows"}]
        if wrong:
            self.say(self.texts[f"window.need.{wrong[0]}"], "cross")
            return
        try:
            self._users = roster_import.users_of(self._places, training=self.training)
        except (CommandError, SessionsError) as error:
            self.failed(error)
            return
        if len(self._users) == 1:
            self.variables["user"].set(self._users[0])
        self._go("session")

    def _create(self) -> None:
        self.keep()
        form = self._form()
        if self.loaded is None:
            return
        wrong = missing(form, preview(self.loaded, self.texts), training=self.training)
        if wrong:
            self.say(self.texts[f"window.need.{wrong[0]}"], "cross")
            self.shown.fields[wrong[0]].focus_set()
            return
        self.working("window.creating")
        job = partial(
            roster_import.create,
            self._places,
            self.loaded,
            wanted(form, training=self.training),
            self.background.ask,
        )
        self.background.start(job, done=self._made, failed=self.failed)

    def _form(self) -> Form:
        value = {name: variable.get() for name, variable in self.variables.items()}
        return Form(
            rules_id=value["rules"],
            components=self._chosen,
            place=value["place"],
            day=value["day"],
            user=value["user"],
            skip=value["skip"],
        )

    def keep(self) -> None:
        """Save which components are ticked."""
        if self.page == "session":
            self._chosen = self.shown.components

    def _rules_chosen(self) -> None:
        self._chosen = ()
        self.shown.follow_all()

    def _go(self, page: str) -> None:
        self.page = page
        self.silent()
        self.build()

    def _loaded(self, loaded: Loaded) -> None:
        self.loaded = loaded
        shown = preview(loaded, self.texts)
        self.variables["tab"].set(shown.first)
        self.variables["encoding"].set(shown.encoding)
        self.variables["sheet"].set("" if shown.sheet_open else shown.sheet)
        self.variables["skip"].set(False)
        self.idle()
        self._go("file")
        if shown.sheet_open:
            self.say(self.texts["window.need.sheet"], "question")
            return
        refused = shown.tab("refused").count
        said = "window.read.refused" if refused else "window.read"
        used = shown.tab("used").count
        self.say(self.texts.say(said, used=used, refused=refused), "bang" if refused else "tick")

    def _saved(self, path: Path) -> None:
        self.idle()
        self.say(self.texts.say("window.saved", file=str(path)), "tick")

    def _made(self, created: Created) -> None:
        self.created = created
        self.idle()
        self._go("result")
        self.main.focus_set()

    def _failed(self, error: Exception) -> None:
        self.idle()
        if isinstance(error, (CommandError, SessionsError)):
            self.say(self.texts.say(error.code, **error.facts), "cross")
        else:
            name = getattr(error, "filename", None) or "—"
            self.say(self.texts.say("cannot-write", file=str(name)), "cross")


def run(places: Places, *, training: bool, language: str, today: date, path: Path | None) -> Any:
    """Show the window until it is closed; return what was created, or None. Raises CommandError "no-display"."""
    try:
        window = RosterWindow(places, training=training, language=language, today=today, path=path)
    except tkinter.TclError:
        raise CommandError("no-display") from None
    window.mainloop()
    return window.created
