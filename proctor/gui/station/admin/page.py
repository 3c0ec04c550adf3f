"""The administration page: a list of what there is to administer, and the pane of what is chosen.

The list stands at the left; where the text is large, above the pane.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Final

import ttkbootstrap as ttk

from proctor.desk.runner import AGAIN, NEW, Done
from proctor.errors import CommandError
from proctor.gui.station.admin.pane import SectionPane
from proctor.gui.station.going import opening
from proctor.gui.station.parts import wrapped
from proctor.gui.station.second_person import DOING, Proving
from proctor.gui.station.work import WorkPage
from proctor.screens.admin import COMPARED, Found, Order, Read, Section, Setting, Task, visible, words_of
from proctor.screens.admin_sections import SECTIONS

BESIDE: Final = 1.25
"""Up to this size of the text the list stands beside the pane."""
SETTLE_MS: Final = 120
AGAIN_MS: Final = 50
CANCELLED: Final = "window-cancelled"
ANOTHER: Final = "new-password"
"""As whose secret `proctor user password` asks for one's own new password."""


class AdminPage(WorkPage):
    """People, trust, rules, devices, backup, retention, self-test, diagnostics: each section with its tasks."""

    def __init__(self, window: Any, kept: Mapping[str, Any]) -> None:
        super().__init__(window, kept)
        self.sections = visible(SECTIONS, window.may)
        self._settling = ""
        self._said: tuple[str, str] = ("", "")
        px, inside = self.look.px, self.inside
        self.beside = beside = self.look.scale <= BESIDE
        inside.columnconfigure(1 if beside else 0, weight=1)
        inside.rowconfigure(1 if beside else 2, weight=1)
        self.lead = ttk.Label(inside, text=self.texts["admin-page.lead"], anchor="w", justify="left")
        self.lead.grid(row=0, column=0, columnspan=2, sticky="ew", pady=(0, px(4)))
        wrapped(self.lead, 2)
        names = [self.texts[f"admin-page.section.{section.name}"] for section in self.sections]
        self.list = self._tree(names) if beside else self._box(names)
        self.list.grid(row=1, column=0, sticky="nsw" if beside else "ew", padx=(0, px(8) if beside else 0))
        self.pane = SectionPane(inside, self)
        self.pane.grid(
            row=1 if beside else 2, column=1 if beside else 0, sticky="nsew", pady=(0 if beside else px(4), 0)
        )
        chosen = str(self.begun.get("section", ""))
        at = next((at for at, section in enumerate(self.sections) if section.name == chosen), 0)
        self._put(at)
        self.list.focus_set()
        self.show(self.sections[at])

    # --- the list ---

    def _tree(self, names: Sequence[str]) -> ttk.Treeview:
        view = ttk.Treeview(self.inside, show="tree", selectmode="browse", height=len(names))
        wide = max(self.look.body.measure(name) for name in names) + self.look.px(30)
        view.column("#0", width=wide, minwidth=wide, stretch=False)
        for at, name in enumerate(names):
            view.insert("", "end", iid=str(at), text=name)
        view.bind("<<TreeviewSelect>>", lambda _event: self._chosen())
        return view

    def _box(self, names: Sequence[str]) -> ttk.Combobox:
        box = ttk.Combobox(
            self.inside, state="readonly", values=list(names), font=self.look.body, height=len(names)
        )
        box.bind("<<ComboboxSelected>>", lambda _event: self._chosen())
        for key, step in (("<Down>", 1), ("<Up>", -1)):  # as in the list at the left
            box.bind(key, partial(self._stepped, step))
        return box

    def _stepped(self, step: int, _event: object) -> str:
        self._put(min(max(self._at() + step, 0), len(self.sections) - 1))
        self._chosen()
        return "break"

    def make_room(self, room: bool) -> None:
        """A form that is open has the whole page where the text is large."""
        for part in (self.lead, self.list):
            if not self.beside:
                (part.grid_remove if room else part.grid)()

    @property
    def room(self) -> int:
        """How wide a table of the pane may be, in pixels."""
        taken = self.list.winfo_reqwidth() if self.beside else 0
        return int(self.winfo_screenwidth()) - taken - self.look.px(36)

    def _put(self, at: int) -> None:
        if isinstance(self.list, ttk.Combobox):
            self.list.current(at)
        else:
            self.list.selection_set(str(at))
            self.list.focus(str(at))

    def _at(self) -> int:
        if isinstance(self.list, ttk.Combobox):
            return max(0, int(self.list.current()))
        chosen = self.list.selection()
        return int(chosen[0]) if chosen else 0

    def _chosen(self) -> None:
        section = self.sections[self._at()]
        if section.name != self.pane.section.name:
            self.begun = {}
            self.window.silent_now()
            self.show(section)

    # --- what is shown ---

    def show(self, section: Section) -> None:
        """Show a section; it is read once the list stands still."""
        self.pane.begin(section)
        if self._settling:
            self.after_cancel(self._settling)
        self._settling = self.after(SETTLE_MS, self.read)

    def read(self) -> None:
        """Read the section anew, as soon as nothing else is being done."""
        if self.window.background.busy:
            self._settling = self.after(AGAIN_MS, self.read)
            return
        self._settling = ""
        section, setting = self.pane.section, self.setting()
        if section.real and setting.opened.training:
            self.pane.found(Found(lines=((self.texts["admin-page.not-in-training"], "arrow"),)))
            return
        runner = self.window.runner()

        def job() -> Found:
            return section.found([_read(runner, words) for words in section.reads], setting)

        self.window.working("window.station.looking")
        self.window.background.start(job, done=partial(self._read, section), failed=self.window.failed)

    def _read(self, section: Section, found: Found) -> None:
        self.window.idle()
        if not self.winfo_exists():
            return
        said, self._said = self._said, ("", "")
        self.window.say(*said)
        if section.name == self.pane.section.name:
            self.pane.found(found)

    def setting(self) -> Setting:
        """Return where a section is shown."""
        return Setting(texts=self.texts, opened=self.window.opened)

    # --- what is done ---

    def run(self, task: Task, order: Order, done: Any, failed: Any, by: Proving | None = None) -> None:
        """Run a task's command beside the window; who is here proves it first where the task asks for that. `by`: how a
        second person does."""
        if self.window.background.busy:
            return
        opened, ask = self.window.opened, self.asked
        runner = self.window.runner().speaking(self.texts.language, ask)
        words, typed = words_of(task, order), order.get(task.typed, "") if task.typed else ""
        proves = task.proves and not opened.training
        run, working = (runner.run, DOING) if by is None else (by.run(runner), by.working)

        def job() -> Done:
            if proves:
                opening().unlock(opened, ask)
            result: Done = run(*words, typed=typed)
            return result

        def broke(error: Exception) -> None:
            if getattr(error, "code", "") == CANCELLED:
                self.window.idle()
                self.window.say(self.texts["admin-page.cancelled"], "bang")
            else:
                self.window.failed(error)
            failed(error)

        self.window.working(working)
        enters = not task.shows and (task.compares is None or bool(order.get(COMPARED)))
        self.window.background.start(job, done=partial(self._ran, done, enters), failed=broke)

    def _ran(self, done: Any, enters: bool, result: Done) -> None:
        self.window.idle()
        self.window.say("", "")
        if self.winfo_exists():
            done(result)
        elif enters:  # what was only looked at is looked at again
            self.window.entered_unseen(result)

    def asked(self, wanted: str) -> str:
        """Ask for a secret; one's own new password is asked for by one's own name. Called beside the window."""
        user, _, what = wanted.partition("/")
        if user == ANOTHER and what in {NEW, AGAIN}:
            wanted = f"{self.setting().me}/{what}"
        answer: str = self.window.background.ask(wanted)
        return answer

    def entered(self, task: Task, result: Done) -> None:
        """A task entered something: say it, and read the section anew. What a comparison says beforehand was shown."""
        said = () if task.compares is not None else result.said
        words = "\n".join((*said, *result.lines)) if task.tells else " ".join((*said, *result.lines[:1]))
        self._said = (words, "tick" if result.status == 0 else "bang")
        self.read()

    def refoot(self) -> None:
        """Give the main button what it does now."""
        main = getattr(self.window, "main", None)
        if main is None or not main.winfo_exists():
            return
        key = self.main_text()
        if key:
            self.letters.label(main, self.texts[key])
            main.grid()
        else:
            main.grid_remove()

    # --- keys ---

    def main_text(self) -> str:
        """Return the key of the text of the main button; "" for none."""
        return self.pane.main_text()

    def forward(self) -> None:
        """Enter: what the open form is for; from the list into the section."""
        if not self.window.background.busy:
            self.pane.forward()

    def back(self) -> bool:
        """Escape closes what is open, then goes back to the list."""
        if self.pane.back():
            return True
        focus = self.focus_get()
        if focus is not None and focus is not self.list and str(focus).startswith(str(self.pane)):
            self.list.focus_set()
            return True
        return False

    def kept(self) -> Mapping[str, Any]:
        """Return the section, and what was typed in its form."""
        return {"section": self.pane.section.name, **self.pane.kept()}

    def close(self) -> None:
        """The page goes away."""
        if self._settling:
            self.after_cancel(self._settling)
            self._settling = ""
        self.pane.close()


def _read(runner: Any, words: Sequence[str]) -> Read:
    """Return what a command of reading came to, or why it did not."""
    try:
        done: Done = runner.run(*words)
        return done
    except CommandError as error:
        return error
