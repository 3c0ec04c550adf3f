"""A new session in the page: choose the list and look at its rows, say what the session is, see what was made.

The pages of the roster's window stand in it as they are; `proctor session create` makes the session.
"""

import tkinter
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from proctor import roster_import
from proctor.errors import CommandError
from proctor.gui.roster_pages import FilePage, ResultPage, SessionPage
from proctor.gui.roster_window import Choosers
from proctor.gui.station.going import sessions_of
from proctor.gui.station.parts import Flow
from proctor.gui.station.session.pane import Pane, headed
from proctor.roster_import import Created, Loaded
from proctor.screens.session_parts import JOIN
from proctor.viewmodel_roster import Form, missing, preview, rules_choices, wanted
from sessions.rules import list_rules
from sessions.vietnam import today

if TYPE_CHECKING:
    from proctor.desk.runner import Done
    from proctor.gui.station.session import page as owner

MAIN: Final = {"file": "next", "session": "new", "result": "created"}
TEXTS: Final = ("tab", "encoding", "sheet", "rules", "place", "day")


class NewPane(Pane):
    """Three steps: file, session, result. Enter goes on, Escape one step back."""

    KIND = "new"

    def __init__(self, parent: Any, page: "owner.SessionPage", values: Mapping[str, Any]) -> None:
        super().__init__(parent, page)
        self.rowconfigure(1, weight=1)
        self.step = str(values.get("step", "file"))
        self.loaded: Loaded | None = values.get("loaded")
        self.created: Created | None = values.get("created")
        self._chosen: tuple[str, ...] = tuple(values.get("chosen", ()))
        self._choosers = Choosers()
        first = {"tab": "used", "day": today().strftime("%d/%m/%Y")}
        self.variables: dict[str, tkinter.Variable] = {
            name: tkinter.StringVar(self, str(values.get(name, first.get(name, "")))) for name in TEXTS
        }
        self.variables["skip"] = tkinter.BooleanVar(self, bool(values.get("skip")))
        self.shown: Any = None
        self.head: Any = None
        self.other = Flow(self, self.look)
        join = self.other.add("", partial(page.open_task, JOIN), main=False)
        self.letters.label(join, self.texts[f"session-page.new.{JOIN}"])
        self.other.arrange()
        self._build()

    def _build(self) -> None:
        if self.shown is not None:
            self.shown.destroy()
            self.head.destroy()
        number = tuple(MAIN).index(self.step) + 1
        self.head = headed(self, f"session-page.new.{self.step}", step=number, of=len(MAIN))
        self.head.grid(row=0, column=0, sticky="ew", pady=(0, self.look.px(3)))
        self.other.grid_remove()
        if self.step == "file" and self.page.known is None:
            self.other.grid(row=2, column=0, sticky="ew", pady=self.look.px(3))
        make = {"file": self._file_page, "session": self._session_page, "result": self._result_page}
        self.shown = make[self.step]()
        self.shown.grid(row=1, column=0, sticky="nsew")
        self.shown.follow_all()

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
            tab=self._text("tab"),
            encoding=self._text("encoding"),
            sheet=self._text("sheet"),
        )
        if self.loaded is not None:
            page.show(preview(self.loaded, self.texts))
        return page

    def _session_page(self) -> SessionPage:
        page = SessionPage(
            self,
            look=self.look,
            texts=self.texts,
            letters=self.letters,
            variables=self.variables,
            choices=rules_choices(list_rules(), today(), self.texts),
            users=(),
            on_rules=self._rules_chosen,
        )
        if self.loaded is not None:
            page.show(preview(self.loaded, self.texts), self._chosen)
        return page

    def _result_page(self) -> ResultPage:
        if self.created is None:
            raise ValueError("result")
        return ResultPage(self, look=self.look, texts=self.texts, created=self.created)

    def _text(self, name: str) -> tkinter.StringVar:
        found = self.variables[name]
        if not isinstance(found, tkinter.StringVar):
            raise TypeError(name)
        return found

    # --- what the page asks ---

    def main_text(self) -> str:
        """Return what Enter does."""
        return f"session-page.main.{MAIN[self.step]}"

    def take_focus(self) -> None:
        """Where work begins on this step."""
        if self.step == "file":
            begin = self.shown.choose if self.loaded is None else self.shown.buttons[self._text("tab").get()]
            begin.focus_set()
        elif self.step == "session":
            self.shown.fields["skip" if self.shown.skip.winfo_manager() else "rules"].focus_set()
        else:
            self.page.window.main.focus_set()

    def back(self) -> bool:
        """One step back; from the first, and from the last, away from it."""
        if self.step == "session":
            self._go("file")
            return True
        if self.page.known is None:
            return False
        self.page.close_task()
        return True

    def kept(self) -> Mapping[str, Any]:
        """Return everything but what is shown."""
        self._keep_parts()
        typed = {name: variable.get() for name, variable in self.variables.items()}
        own = {"step": self.step, "loaded": self.loaded, "created": self.created, "chosen": self._chosen}
        return {"task": "new", "values": typed | own}

    def forward(self) -> None:
        """On to the session, make it, or open what was made."""
        {"file": self._to_session, "session": self._create, "result": self._open}[self.step]()

    # --- the file ---

    def choose(self) -> None:
        """Let the person name a file, and read it."""
        if not self.page.window.background.busy and (name := self._choosers.open_file()):
            self.load(Path(name))

    def load(self, path: Path, encoding: str | None = None, sheet: str | None = None) -> None:
        """Read a file beside the window."""
        job = partial(roster_import.load, path, encoding, sheet, today())
        self.page.ask_for(job, self._loaded, working="window.reading")

    def read_again(self) -> None:
        """Read the file again under the encoding that the person chose."""
        if self.loaded is not None:
            self.load(self.loaded.path, encoding=self._text("encoding").get())

    def read_sheet(self) -> None:
        """Read another sheet of the file."""
        if self.loaded is not None:
            self.load(self.loaded.path, sheet=self._text("sheet").get())

    def save_template(self) -> None:
        """Write the template where the person says."""
        if not self.page.window.background.busy and (name := self._choosers.save_file()):
            job = partial(roster_import.save_template, Path(name))
            self.page.ask_for(job, self._saved, working="window.saving")

    def _saved(self, path: Path) -> None:
        self.page.window.say(self.texts.say("window.saved", file=str(path)), "tick")

    def _loaded(self, loaded: Loaded) -> None:
        self.loaded = loaded
        shown = preview(loaded, self.texts)
        self.variables["tab"].set(shown.first)
        self.variables["encoding"].set(shown.encoding)
        self.variables["sheet"].set("" if shown.sheet_open else shown.sheet)
        self.variables["skip"].set(False)
        self._go("file")
        if shown.sheet_open:
            self.page.window.say(self.texts["window.need.sheet"], "question")
            return
        refused = shown.tab("refused").count
        said = "window.read.refused" if refused else "window.read"
        used = shown.tab("used").count
        self.page.window.say(self.texts.say(said, used=used, refused=refused), "bang" if refused else "tick")

    def _to_session(self) -> None:
        shown = None if self.loaded is None else preview(self.loaded, self.texts)
        wrong = [name for name in missing(Form(), shown, training=True) if name in {"file", "sheet", "rows"}]
        if wrong:
            self.page.window.say(self.texts[f"window.need.{wrong[0]}"], "cross")
        else:
            self._go("session")

    # --- the session ---

    def _rules_chosen(self) -> None:
        self._chosen = ()
        self.shown.follow_all()

    def _keep_parts(self) -> None:
        if self.step == "session" and self.shown is not None:
            self._chosen = self.shown.components

    def _go(self, step: str) -> None:
        self._keep_parts()
        self.step = step
        self.page.window.say("", "")
        self._build()
        self.page.show_main()
        self.page.follow_all()
        self.after_idle(self.take_focus)

    def _form(self) -> Form:
        value = {name: variable.get() for name, variable in self.variables.items()}
        return Form(
            rules_id=value["rules"],
            components=self._chosen,
            place=value["place"],
            day=value["day"],
            skip=value["skip"],
        )

    def _create(self) -> None:
        self._keep_parts()
        form, loaded = self._form(), self.loaded
        held = self.page.window.going.held
        if loaded is None or held is None:
            return
        wrong = missing(form, preview(loaded, self.texts), training=True)
        if wrong:
            self.page.window.say(self.texts[f"window.need.{wrong[0]}"], "cross")
            self.shown.fields[wrong[0]].focus_set()
            return
        runner = self.page.window.runner()
        words = self._words(loaded, form)

        def job() -> "tuple[Done, Any]":
            roster_import.require_fit(loaded, form.rules_id)
            done = runner.run(*words)
            return done, sessions_of(held)

        self.page.have_done(job, done=self._made, failed=self._refused, working="window.creating")

    def _words(self, loaded: Loaded, form: Form) -> tuple[str, ...]:
        asked = wanted(form, training=self.page.window.training)
        shown = preview(loaded, self.texts)
        return (
            *("session", "create", f"--roster={loaded.path}", f"--rules={asked.rules_id}"),
            *(f"--component={name}" for name in asked.components),
            *(f"--place={asked.place}", f"--date={asked.day.isoformat()}"),
            *((f"--encoding={shown.encoding}",) if shown.ask_encoding else ()),
            *((f"--sheet={shown.sheet}",) if shown.sheets else ()),
            *(("--skip-bad-rows",) if form.skip else ()),
        )

    def _refused(self, error: Exception) -> bool:
        """A list that the rules do not take is said at the rules."""
        if isinstance(error, CommandError) and error.code == "roster-not-of-rules":
            self.shown.fields["rules"].focus_set()
        return False

    def _made(self, found: "tuple[Done, Any]") -> None:
        done, lines = found
        if done.status:
            self.page.say_done(done)
            return
        data, window = done.data, self.page.window
        labels = [each["label"] for each in data["components"]]
        self.created = Created(
            session_id=data["id"],
            roster_hash=data["roster_hash"],
            candidates=data["candidates"],
            refused=tuple(sorted({row["row"] for row in data["refused_rows"]})),
            place=data["place"],
            day=wanted(self._form(), training=True).day,
            components=tuple(labels),
            rules_id=data["rules"],
            unconfirmed=tuple(data["rules_unconfirmed"]),
        )
        window.took(lines, data["id"])
        self._go("result")

    def _open(self) -> None:
        """Show the session that was made."""
        if self.created is not None:
            self.page.open_made(self.created.session_id)
