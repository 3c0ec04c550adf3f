"""Is this file, or the paper in this picture, what the station made? The command's own words, verdict first."""

from pathlib import Path
from typing import Any

from proctor.gui.station.forms import Field, Form
from proctor.gui.station.parts import Flow
from proctor.gui.station.sheets import choosing
from proctor.gui.station.sheets.pane import Pane, Step


class VerifyPane(Pane):
    """A file is chosen or typed, Enter checks it."""

    MAIN = "sheets-page.verify.main"
    HEAD = "sheets-page.verify.head"

    def __init__(self, page: Any, step: Step) -> None:
        super().__init__(page, step)
        file = str(step.about.get("file", ""))
        fields = [Field(name="file", text="sheets-page.field.file", value=file)]
        self.form = Form(self, self.look, self.texts, self.letters, fields)
        self.form.grid(row=1, column=0, sticky="ew")
        self.form.put_back(step.kept.get("form", {}))
        self.flow = Flow(self, self.look)
        self.flow.grid(row=2, column=0, sticky="ew", pady=self.look.px(3))
        self.button(self.flow, "sheets-page.choose-file", self._choose)
        self.flow.arrange()
        self.said = self.lines(self)
        self.said.grid(row=3, column=0, sticky="ew")
        self._verdict: list[tuple[str, str]] = list(step.kept.get("said", ()))
        self.say_lines(self.said, self._verdict, head=True)

    def begin(self) -> None:
        """Check the file that is given; else ask for one."""
        self.form.widgets["file"].focus_set()
        if self.step.about.pop("file", ""):
            self.forward()

    def kept(self) -> dict[str, Any]:
        """Return what was typed."""
        return {"form": self.form.kept()}

    def forward(self) -> None:
        """Check it."""
        if self.form.check():
            self.say_lines(self.said, [])
            self.page.command(
                *("sheets", "verify", f"--session={self.memory.session}", "--", self.form.value("file")),
                done=self._checked,
                working="sheets-page.verify.checking",
            )

    def _choose(self) -> None:
        chosen = choosing.choose_file(self, self.texts["sheets-page.verify.choose"], Path(self.page.folder()))
        if chosen:
            self.form.put("file", chosen)
            self.form.widgets["file"].focus_set()
            self.forward()

    def _checked(self, done: Any) -> None:
        good = done.status == 0
        lines = [line.strip() for line in (*done.said, *done.lines) if line.strip()]
        self._verdict = [(line, "") for line in lines]
        if lines:
            self._verdict[0] = (lines[0], "tick" if good else "cross")
        self.say_lines(self.said, self._verdict, head=True)
        self.page.follow_all()
