"""A backup now: where it goes, and Enter writes it."""

from pathlib import Path
from typing import Any

from proctor.gui.station.forms import Field, Form
from proctor.gui.station.parts import Flow
from proctor.gui.station.sheets import choosing, jobs
from proctor.gui.station.sheets.pane import Pane, Step


class BackupPane(Pane):
    """The folder that was set, or another one for this time."""

    MAIN = "sheets-page.backup.main"
    HEAD = "sheets-page.backup.head"

    def __init__(self, page: Any, step: Step) -> None:
        super().__init__(page, step)
        fields = [Field(name="folder", text="sheets-page.field.to")]
        self.form = Form(self, self.look, self.texts, self.letters, fields)
        self.form.grid(row=2, column=0, sticky="ew")
        self.form.put_back(step.kept.get("form", {}))
        self.flow = Flow(self, self.look)
        self.flow.grid(row=3, column=0, sticky="ew", pady=self.look.px(3))
        self.button(self.flow, "sheets-page.choose-folder", self._choose)
        self.flow.arrange()
        self.said, self.done = self.lines(self), self.lines(self)
        self.said.grid(row=1, column=0, sticky="ew", pady=(0, self.look.px(4)))
        self.done.grid(row=4, column=0, sticky="ew")

    def begin(self) -> None:
        """Fill in the place that was set."""
        self.form.begin()
        opened = self.page.window.opened
        self.page.quietly(lambda: jobs.backup_place(opened), self._known)

    def _known(self, place: str) -> None:
        if not self.winfo_exists():
            return
        self.step.about["set"] = place
        if place and not self.form.value("folder"):
            self.form.put("folder", place)
        key = "sheets-page.backup.set" if place else "sheets-page.backup.unset"
        self.say_lines(self.said, [(self.texts.say(key, folder=place), "" if place else "bang")])

    def kept(self) -> dict[str, Any]:
        """Return what was typed."""
        return {"form": self.form.kept()}

    def forward(self) -> None:
        """Write it: to the place that was set by its own rules, else to the folder that was typed."""
        if not self.form.check():
            return
        folder = self.form.value("folder")
        words = ("backup",) if folder == self.step.about.get("set") else ("backup", f"--to={folder}")
        self.page.command(*words, done=self._written, working="sheets-page.backup.writing")

    def _written(self, done: Any) -> None:
        sign = "tick" if done.status == 0 else "bang"
        lines = (*done.lines, *done.said)  # the first says what was written; what follows is to be thought of
        self.say_lines(self.done, [(line, "bang" if at else "tick") for at, line in enumerate(lines)])
        self.page.window.say(self.texts["sheets-page.backup.done"], sign)
        self.page.follow_all()
        self.page.bring(self.done)

    def _choose(self) -> None:
        chosen = choosing.choose_folder(self, self.texts["sheets-page.backup.choose"], Path.home())
        if chosen:
            self.form.put("folder", chosen)
            self.form.begin()
