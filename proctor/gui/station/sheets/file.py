"""One sheet that was made: its pages, its number, its signatures, and its way to the printer."""

from pathlib import Path
from typing import Any, Final

from proctor.gui.station.parts import Flow
from proctor.gui.station.sheets import jobs
from proctor.gui.station.sheets.pane import Step
from proctor.gui.station.sheets.picture_host import PicturePane
from proctor.printing.queue import Job
from proctor.printing.words import job_reason
from proctor.screens.sheets import (
    Made,
    copy_words,
    jobs_of,
    made_words,
    newest_job,
    offered,
    paper_words,
    short_place,
)

PERIOD_MS: Final = 2_500
PAPER: Final = {"print": "print", "resume": "resume", "retry": "retry", "wait": "print", "": "print"}
"""The text of the paper's button by what is offered."""


class FilePane(PicturePane):
    """Enter goes to the signature: what is done next with a sheet that lies on the table."""

    MAIN = "sheets-page.file.main"
    HEAD = "sheets-page.file.head"

    def __init__(self, page: Any, step: Step) -> None:
        super().__init__(page, step)
        self.made: Made | None = None
        self.job: Job | None = None
        self.sheet: jobs.Sheet | None = None
        px = self.look.px
        self.said = self.lines(self.side)
        self.said.grid(row=0, column=0, sticky="ew", pady=(0, px(4)))
        self.flow = Flow(self.side, self.look)
        self.flow.grid(row=1, column=0, sticky="ew")
        self.paper = self.button(self.flow, "sheets-page.file.print", self._paper)
        self.cancel = self.button(self.flow, "sheets-page.file.cancel", self._cancel)
        self.again = self.button(self.flow, "sheets-page.file.again", self._again)
        self.check = self.button(self.flow, "sheets-page.file.check", self._check)
        self.flow.arrange()
        self._enable()

    # --- reading ---

    def begin(self) -> None:
        """Read what became of it, then show its pages."""
        self.picture.canvas.focus_set()
        self.page.read(self._known)

    def _known(self) -> None:
        shelf = self.memory.shelf
        self.made = None if shelf is None else shelf.one(int(self.step.about["seq"]))
        if self.made is not None and self.winfo_exists():
            self._read_job(first=True)

    def _read_job(self, *, first: bool = False) -> None:
        opened, made = self.page.window.opened, self.made

        def came(found: tuple[Job, ...]) -> None:
            self.job = None if made is None else newest_job(found, made)
            self._say()
            self._enable()
            self._poll()
            if first:
                self._show()

        self.page.quietly(lambda: jobs_of(opened), came)

    def _show(self) -> None:
        made = self.made
        path = None if made is None else self.memory.here.get(made.newest)
        if made is None or path is None:
            return
        opened, session = self.page.window.opened, self.page.require_session()
        kept = self.step.about.get("sheet", {})
        if made.newest in kept:
            self._loaded(kept[made.newest])
        elif self.step.about.pop("just", False):  # whoever made it sees it: its own entry says who
            self.page.quietly(lambda: jobs.sheet(opened, session, made, path, enter=False), self._loaded)
        elif self.page.window.may("view"):
            self.page.ask_for(
                lambda: jobs.sheet(opened, session, made, path, enter=True),
                self._loaded,
                working="sheets-page.file.opening",
            )

    def _loaded(self, sheet: jobs.Sheet) -> None:
        made = self.made
        if made is None or not self.winfo_exists():
            return
        self.step.about["sheet"] = {made.newest: sheet}
        self.sheet = sheet
        self.show_pdf(sheet.pdf, sheet.sizes, page=int(self.step.kept.get("page", 0)))
        self._say()

    # --- words ---

    def _say(self) -> None:
        made, texts = self.made, self.texts
        if made is None or not self.winfo_exists():
            return
        said = [(made_words(texts, made, self.labels()), "")]
        said.append(
            (
                texts.say("sheets-page.file.entry", entry=made.seq, at=made.at, copy=copy_words(texts, made)),
                "",
            )
        )
        said.append((texts.say("sheets-page.file.paper", state=paper_words(texts, made, self.job)), ""))
        if self.job is not None and not self.job.settled:
            said += [(job_reason(texts, self.job, reason), "bang") for reason in self.job.told]
        said += [(texts.say("sheets-page.file.signed", role=role), "tick") for role in made.signed]
        unsigned = ", ".join(role for _, role in self._roles())
        if unsigned:
            said.append((texts.say("sheets-page.file.open-role", role=unsigned), ""))
        path = self.memory.here.get(made.newest)
        if path is None:
            said.append((texts.say("sheets-page.file.away", file=""), "bang"))
        else:
            said.append((texts.say("sheets-page.file.here", file=path.name), ""))
            said.append((texts.say("sheets-page.file.in", place=short_place(path.parent)), ""))
            if not self.pdf and not self.page.window.may("view"):
                said.append((texts["sheets-page.file.may-not"], "bang"))
        self.say_lines(self.said, said, head=True)
        self.page.follow_all()

    def _roles(self) -> tuple[tuple[str, str], ...]:
        """Return the fields that nobody signed, as far as the sheet is open."""
        return () if self.sheet is None else self.sheet.roles

    def _enable(self) -> None:
        made = self.made
        here = made is not None and made.newest in self.memory.here
        can = "" if made is None else offered(made, self.job)
        self.letters.label(self.paper, self.texts[f"sheets-page.file.{PAPER[can]}"])
        self._state(self.paper, on=here and can not in {"", "wait"})
        self._state(self.cancel, on=can in {"wait", "resume"})
        self._state(self.again, on=made is not None and self._item() is not None)
        self._state(self.check, on=here)
        self.flow.arrange()

    def _state(self, button: Any, *, on: bool) -> None:
        button.state(["!disabled" if on else "disabled"])

    def _item(self) -> str | None:
        shelf, made = self.memory.shelf, self.made
        item = None if shelf is None or made is None else shelf.item(made.item_key)
        return None if item is None else item.key

    # --- what can be done ---

    def forward(self) -> None:
        """Sign it."""
        made = self.made
        if made is None:
            return
        path = self.memory.here.get(made.newest)
        if path is None:
            self.page.window.say(self.texts.say("sheets-page.file.away", file=""), "cross")
            return
        self.page.ask_for(lambda: jobs.roles(path), lambda found: self._sign(path, found))

    def _sign(self, path: Path, roles: tuple[tuple[str, str], ...]) -> None:
        made = self.made
        if made is not None:
            self.page.open("sign", seq=made.seq, file=str(path), roles=roles)

    def _check(self) -> None:
        made = self.made
        if made is not None:
            self.page.open("verify", file=str(self.memory.here.get(made.newest, "")))

    def _again(self) -> None:
        key = self._item()
        if key is not None:
            self.page.open("draft", item=key)

    def _paper(self) -> None:
        """Print it, go on with its job, or send it again: whichever is offered."""
        made = self.made
        can = "" if made is None else offered(made, self.job)
        if made is None or can in {"", "wait"}:
            return
        if can == "print":
            words: tuple[str, ...] = ("print", str(self.memory.here[made.newest]))
        else:
            words = ("printer", can, str(0 if self.job is None else self.job.number))
        self.page.command(*words, "--wait=0", done=self._sent, working="sheets-page.file.sending")

    def _cancel(self) -> None:
        if self.job is not None:
            self.page.command(
                *("printer", "cancel", str(self.job.number), "--wait=0"),
                done=self._sent,
                working="sheets-page.file.sending",
            )

    def _sent(self, _done: Any) -> None:
        self.page.read(self._again_known)

    def _again_known(self) -> None:
        shelf = self.memory.shelf
        self.made = None if shelf is None else shelf.one(int(self.step.about["seq"]))
        self._read_job()

    def _poll(self) -> None:
        """Look after a job that is under way; its end is entered by the command that looks."""
        if self.job is None or self.job.done:
            return
        runner = self.page.window.runner()

        def look() -> None:
            if self.winfo_exists():
                self.page.quietly(
                    lambda: runner.run("printer", "jobs"), lambda _done: self.page.read(self._again_known)
                )

        self.after(PERIOD_MS, look)
