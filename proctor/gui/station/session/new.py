"""A new session in the page: choose the list and look at its rows, say what the session is, see what was made.

The pages of the roster's window stand in it as they are; `proctor session create` makes the session.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from proctor import roster_import
from proctor.errors import CommandError
from proctor.gui.list_steps import TYPED, Choosers, ListSteps
from proctor.gui.station.going import sessions_of
from proctor.gui.station.parts import Flow
from proctor.gui.station.session.pane import Pane, headed
from proctor.roster_import import Created, Loaded
from proctor.screens.session_parts import JOIN
from proctor.viewmodel_roster import Form, preview, wanted
from sessions.vietnam import today

if TYPE_CHECKING:
    from proctor.desk.runner import Done
    from proctor.gui.station.session import page as owner

MAIN: Final = {"file": "next", "session": "new", "result": "created"}
KEPT: Final = (*TYPED, "skip")


class NewPane(ListSteps, Pane):
    """Three steps: file, session, result. Enter goes on, Escape one step back."""

    KIND = "new"

    def __init__(self, parent: Any, page: "owner.SessionPage", values: Mapping[str, Any]) -> None:
        super().__init__(parent, page)
        self.rowconfigure(1, weight=1)
        self.step = str(values.get("step", "file"))
        self.loaded: Loaded | None = values.get("loaded")
        self.created: Created | None = values.get("created")
        self.chosen: tuple[str, ...] = tuple(values.get("chosen", ()))
        self.choosers = Choosers()
        self.day = today()
        self.variables = self.typed_first(self, {name: values[name] for name in KEPT if name in values})
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
        make = {"file": self.file_page, "session": self.session_page, "result": self.result_page}
        self.shown = make[self.step]()
        self.shown.grid(row=1, column=0, sticky="nsew")
        self.shown.follow_all()

    # --- what the page asks ---

    def main_text(self) -> str:
        """Return what Enter does."""
        return f"session-page.main.{MAIN[self.step]}"

    def take_focus(self) -> None:
        """Where work begins on this step."""
        (self.begin_on(self.step) or self.page.window.main).focus_set()

    def back(self) -> bool:
        """One step back; from the first, and from the last, away from it."""
        if self.step == "session":
            self.to("file")
            return True
        if self.page.known is None:
            return False
        self.page.close_task()
        return True

    def kept(self) -> Mapping[str, Any]:
        """Return everything but what is shown."""
        self.keep_parts(self.step)
        typed = {name: variable.get() for name, variable in self.variables.items()}
        own = {"step": self.step, "loaded": self.loaded, "created": self.created, "chosen": self.chosen}
        return {"task": "new", "values": typed | own}

    def forward(self) -> None:
        """On to the session, make it, or open what was made."""
        {"file": self._to_session, "session": self._create, "result": self._open}[self.step]()

    # --- the steps ---

    @property
    def waits(self) -> bool:
        """Whether something is done beside the window."""
        return bool(self.page.window.background.busy)

    def beside(self, job: Callable[[], Any], done: Callable[[Any], None], working: str) -> None:
        """Have something done beside the window."""
        self.page.ask_for(job, done, working=working)

    def tell(self, text: str, sign: str) -> None:
        """Say something in the window's line."""
        self.page.window.say(text, sign)

    def _to_session(self) -> None:
        if self.file_is_ready():
            self.to("session")

    def to(self, step: str) -> None:
        """Show a step."""
        self.keep_parts(self.step)
        self.step = step
        self.page.window.say("", "")
        self._build()
        self.page.show_main()
        self.page.follow_all()
        self.after_idle(self.take_focus)

    def _create(self) -> None:
        self.keep_parts(self.step)
        form, loaded = self.form(), self.loaded
        held = self.page.window.going.held
        if loaded is None or held is None or not self.is_complete(form, training=True):
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
            day=wanted(self.form(), training=True).day,
            components=tuple(labels),
            rules_id=data["rules"],
            unconfirmed=tuple(data["rules_unconfirmed"]),
        )
        window.took(lines, data["id"])
        self.to("result")

    def _open(self) -> None:
        """Show the session that was made."""
        if self.created is not None:
            self.page.open_made(self.created.session_id)
