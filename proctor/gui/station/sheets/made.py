"""What was made in this session: every print with its number and time, newest first."""

from typing import Any

from proctor.gui.station.parts import Flow
from proctor.gui.station.sheets.pane import Pane, Step
from proctor.gui.station.sheets.rows import Row, Rows
from proctor.screens.sheets import Made, copy_words, jobs_of, made_words, newest_job, paper_words

COLUMNS = ("entry", "at", "what", "copy", "paper", "signed")
PERIOD_MS = 3_000


class MadePane(Pane):
    """Arrows choose, Enter opens the sheet."""

    MAIN = "sheets-page.made.main"
    HEAD = "sheets-page.made.head"

    def __init__(self, page: Any, step: Step) -> None:
        super().__init__(page, step)
        columns = [(name, self.texts[f"sheets-page.column.{name}"]) for name in COLUMNS]
        self.rowconfigure(1, weight=1)
        self.rows = Rows(
            self,
            self.look,
            columns,
            stretched="what",
            spared=("signed", "copy", "entry", "at"),
            on_choice=self._chosen,
        )
        self.rows.grid(row=1, column=0, sticky="nsew")
        self.words = self.lines(self)
        self.words.grid(row=2, column=0, sticky="ew", pady=self.look.px(2))
        self.flow = Flow(self, self.look)
        self.flow.grid(row=3, column=0, sticky="ew")
        self.button(self.flow, "sheets-page.made.jobs", self._settle)
        self.flow.arrange()
        self._jobs: Any = ()
        self._fill()

    def begin(self) -> None:
        """Read what there is now."""
        self.rows.view.focus_set()
        self.page.read(self._read_jobs)

    def forward(self) -> None:
        """Open the chosen sheet."""
        if self.made is not None:
            self.page.open("file", seq=self.made.seq)

    def kept(self) -> dict[str, Any]:
        """Return which one is chosen."""
        return {"chosen": self.rows.chosen}

    @property
    def made(self) -> Made | None:
        """The chosen print."""
        known, chosen = self.memory.shelf, self.rows.chosen
        return None if known is None or not chosen else known.one(int(chosen))

    def _read_jobs(self) -> None:
        opened = self.page.window.opened

        def came(found: Any) -> None:
            self._jobs = found
            self._fill()

        self.page.quietly(lambda: jobs_of(opened), came)

    def _settle(self) -> None:
        """Ask the print system how its jobs ended; the log gets their ends."""

        def done(found: Any) -> None:
            self.page.say_done(found)
            self.page.read(self._read_jobs)

        self.page.command("printer", "jobs", done=done)

    def _fill(self) -> None:
        known = self.memory.shelf
        if known is not None and self.winfo_exists():
            labels = self.labels()
            rows = [self._row(made, labels) for made in known.made]
            self.rows.fill(rows, str(self.step.kept.pop("chosen", "")))
            if not rows:
                self.say_lines(self.words, [(self.texts["sheets-page.made.none"], "")])

    def _row(self, made: Made, labels: Any) -> Row:
        job = newest_job(self._jobs, made)
        cells = (
            str(made.seq),
            made.at,
            made_words(self.texts, made, labels),
            copy_words(self.texts, made),
            paper_words(self.texts, made, job),
            str(len(made.signed)),
        )
        return str(made.seq), cells

    def _chosen(self) -> None:
        made = self.made
        if made is None:
            return
        path = self.memory.here.get(made.newest)
        said = [(self.texts.say("sheets-page.made.by", user=made.by, entry=made.seq), "")]
        if made.signed:
            said.append((self.texts.say("sheets-page.made.signed", roles=", ".join(made.signed)), "tick"))
        if path is None:
            said.append((self.texts.say("sheets-page.file.away", file=""), "bang"))
        else:
            said.append((self.texts.say("sheets-page.file.here", file=path.name), ""))
            said.append((self.texts.say("sheets-page.file.place", folder=str(path.parent)), ""))
        self.say_lines(self.words, said)
