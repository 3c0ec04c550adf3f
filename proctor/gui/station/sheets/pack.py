"""The session's pack for the department: what is in it, where it goes, the second person; Enter writes it."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from proctor.gui.station.forms import Field, Form
from proctor.gui.station.parts import Flow
from proctor.gui.station.second_person import PROOF, SECOND, Proving, second_fields, second_words
from proctor.gui.station.sheets import choosing, jobs
from proctor.gui.station.sheets.pane import Pane, Step
from proctor.screens.sheets import megabytes

if TYPE_CHECKING:
    from proctor.screens.sheet_pack import PackPlan


class PackPane(Pane):
    """Folder and second person."""

    MAIN = "sheets-page.pack.main"
    HEAD = "sheets-page.pack.head"

    def __init__(self, page: Any, step: Step) -> None:
        super().__init__(page, step)
        self.plan: PackPlan | None = step.about.get("plan")
        self.said = self.lines(self)
        self.said.grid(row=1, column=0, sticky="ew", pady=(0, self.look.px(4)))
        self.form = Form(self, self.look, self.texts, self.letters, self._fields(), on_change=self._changed)
        self.form.grid(row=2, column=0, sticky="ew")
        self.form.put_back(step.kept.get("form", {}))
        self.proving = Proving(self.page.window, self.form)
        self.proving.show()
        self.flow = Flow(self, self.look)
        self.flow.grid(row=3, column=0, sticky="ew", pady=self.look.px(3))
        self.button(self.flow, "sheets-page.choose-folder", self._choose)
        self.flow.arrange()
        self.done = self.lines(self)
        self.done.grid(row=4, column=0, sticky="ew")
        self._say()

    def _fields(self) -> list[Field]:
        seconds = None if self.plan is None else self.plan.seconds
        fields = [
            Field(name="folder", text="sheets-page.field.to"),
            Field(name="sheets", text="sheets-page.field.with-sheets", kind="tick", value="1", needed=False),
        ]
        if seconds is None or seconds.training:
            second = Field(
                name=SECOND,
                text="sheets-page.field.second",
                needed=False,
                help="sheets-page.field.second.training",
            )
            return [*fields, second]
        lends = self.page.window.lend is not None
        return [*fields, *second_fields(seconds, self.texts, lends=lends, labels="sheets-page.field")]

    def _changed(self, name: str) -> None:
        """Another proof may need other things."""
        if name == PROOF:
            self.proving.show()

    def begin(self) -> None:
        """Find out what would be in it, and who may be the second person."""
        self.form.begin()
        if self.plan is None:
            self.page.read(self._look)

    def _look(self) -> None:
        page, memory = self.page, self.memory
        opened, session, shelf, here = (
            page.window.opened,
            page.require_session(),
            memory.shelf,
            dict(memory.here),
        )

        def came(plan: "PackPlan") -> None:
            self.step.about["plan"] = plan
            if self.winfo_exists():
                self.step.kept = self.kept()
                page.replace_kept()

        if shelf is not None:
            page.quietly(lambda: jobs.plan(opened, session, shelf, here), came)

    def kept(self) -> dict[str, Any]:
        """Return what was typed."""
        return {"form": self.form.kept()}

    def _say(self) -> None:
        plan, texts = self.plan, self.texts
        if plan is None:
            self.say_lines(self.said, [(texts["sheets-page.pack.looking"], "dots")])
            return
        said = [
            (texts.say("sheets-page.pack.holds", entries=plan.entries, sheets=plan.sheets), ""),
            self._to(plan),
        ]
        if plan.away:
            entries = ", ".join(map(str, plan.away))
            said.append((texts.say("sheets-page.pack.away", entries=entries, count=len(plan.away)), "bang"))
        if not plan.closed:
            said.append((texts["sheets-page.pack.open"], "bang"))
        self.say_lines(self.said, said)

    def _to(self, plan: "PackPlan") -> tuple[str, str]:
        """Say who can open it."""
        if plan.seconds.training:
            return self.texts["sheets-page.pack.to-training"], ""
        if not plan.department:
            return self.texts["sheets-page.pack.to-nobody"], "cross"
        return self.texts.say("sheets-page.pack.to", fingerprint=plan.department[:16]), ""

    def forward(self) -> None:
        """Write it."""
        if self.plan is None or not self.form.check():
            return
        values = self.form.values()
        words = ["pack", "export", f"--session={self.memory.session}", f"--out={values['folder']}"]
        if values.get("sheets") and self.page.folder().is_dir():
            words.append(f"--sheets={self.page.folder()}")
        if values.get(SECOND):
            words += second_words(self.form, self.plan.seconds)
        run = self.proving.run(self.page.window.runner())
        working = self.proving.working if self.proving.by_card else "sheets-page.pack.writing"
        self.page.ask_for(lambda: run(*words), self._written, working=working)

    def _written(self, done: Any) -> None:
        data, texts = done.data, self.texts
        said = [
            (
                texts.say(
                    "sheets-page.pack.done",
                    file=Path(data["file"]).name,
                    octets=megabytes(int(data["octets"])),
                    entry=data["entry"],
                ),
                "tick",
            ),
            (texts.say("sheets-page.file.place", folder=str(Path(data["file"]).parent)), ""),
            (
                texts.say(
                    "sheets-page.pack.counts",
                    size=data["size"],
                    evidence=data["evidence"],
                    sheets=data["sheets"],
                ),
                "",
            ),
            (texts.say("sheets-page.pack.hash", sha256=data["sha256"]), ""),
        ]
        self.say_lines(self.done, said)
        self.page.window.say(texts["sheets-page.pack.read-back"], "tick")
        self.page.follow_all()
        self.page.bring(self.done)

    def _choose(self) -> None:
        chosen = choosing.choose_folder(self, self.texts["sheets-page.pack.choose"], Path.home())
        if chosen:
            self.form.put("folder", chosen)
            self.form.begin()
