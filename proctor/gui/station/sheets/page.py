"""The sheets page: which sheets this session has, what was made of them, and what is done with one.

It shows one pane at a time; Escape goes back to the one before.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from proctor.errors import CommandError
from proctor.gui.station.sheets.backup import BackupPane
from proctor.gui.station.sheets.draft import DraftPane
from proctor.gui.station.sheets.file import FilePane
from proctor.gui.station.sheets.listing import ListPane
from proctor.gui.station.sheets.made import MadePane
from proctor.gui.station.sheets.pack import PackPane
from proctor.gui.station.sheets.pane import Memory, Pane, Step
from proctor.gui.station.sheets.sign import SignPane
from proctor.gui.station.sheets.verify import VerifyPane
from proctor.gui.station.work import WorkPage
from proctor.screens.sheets import Shelf, sheets_folder, shelf
from sessions.session import Session

AGAIN_MS: Final = 40
PANES: Final[Mapping[str, type[Pane]]] = {
    "list": ListPane,
    "draft": DraftPane,
    "made": MadePane,
    "file": FilePane,
    "sign": SignPane,
    "verify": VerifyPane,
    "pack": PackPane,
    "backup": BackupPane,
}
MEMORY: Final = "memory"


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """What was read beside the window: the sheets, and where their files lie."""

    shelf: Shelf
    here: Mapping[str, Path]


class SheetsPage(WorkPage):
    """The sheets of the desk's session, or of the one that is chosen on the start page."""

    def __init__(self, window: Any, kept: Mapping[str, Any]) -> None:
        super().__init__(window, kept)
        session = self.session
        session_id = "" if session is None else session.session_id
        known: Memory | None = kept.get(MEMORY)
        self.memory = (
            known if known is not None and known.session == session_id else Memory(session=session_id)
        )
        self._ended = False
        self.inside.columnconfigure(0, weight=1)
        self.inside.rowconfigure(0, weight=1)
        step = self.memory.way[-1]
        self.pane = PANES[step.name](self, step)
        self.pane.grid(row=0, column=0, sticky="nsew")
        self.after_idle(self._begin)

    def _begin(self) -> None:
        if self.winfo_exists():
            self.follow_all()
            self.pane.begin()

    def require_session(self) -> Session:
        """Return the session. Raises CommandError where there is none."""
        session = self.session
        if session is None:
            raise CommandError("session-unknown", session="-")
        return session

    # --- what the window asks ---

    def main_text(self) -> str:
        """Return the key of the text of the main button; "" for none."""
        return self.pane.MAIN

    def forward(self) -> None:
        """Enter: what the pane is for."""
        self.pane.forward()

    def back(self) -> bool:
        """Escape: to the pane before; False on the first."""
        if len(self.memory.way) == 1:
            if self.quiet:  # what is being read comes first; then the window leaves the page
                self.after(AGAIN_MS, self.window.back)
            return self.quiet
        self.leave()
        return True

    def turn(self, pages: int) -> None:
        """Page Down and Page Up turn the sheet where one is shown."""
        if not self.pane.turn(pages):
            super().turn(pages)

    def kept(self) -> Mapping[str, Any]:
        """Return what was typed, and the way to this pane."""
        self.memory.way[-1].kept = self.pane.kept()
        return {MEMORY: self.memory}

    def close(self) -> None:
        """The page goes away: what is still being read comes to nothing."""
        self._ended = True

    # --- from pane to pane ---

    def open(self, name: str, **about: Any) -> None:
        """Show another pane above this one."""
        self.memory.way[-1].kept = self.pane.kept()
        self.memory.way.append(Step(name=name, about=about))
        self.window.silent()
        self._show()

    def replace(self, name: str, **about: Any) -> None:
        """Show another pane in this one's place; the message stays."""
        self.memory.way[-1] = Step(name=name, about=about)
        self._show()

    def replace_kept(self) -> None:
        """Build this pane anew from what it knows now; the message stays."""
        self._show()

    def leave(self) -> None:
        """Go back to the pane before."""
        self.memory.way.pop()
        self.window.silent()
        self._show()

    def _show(self) -> None:
        self.window.going.kept["sheets"] = {MEMORY: self.memory}
        self.window.build()

    # --- beside the window ---

    @property
    def quiet(self) -> bool:
        """Whether something is only read, without a word: that keeps nobody from going back."""
        return bool(self.window.background.busy and not self.window.progress.winfo_manager())

    def ask_for(
        self, job: Callable[[], Any], done: Callable[[Any], None], *, working: str = "window.station.looking"
    ) -> None:
        """Have something done beside the window; what is only read in quiet is waited for first."""
        if self.quiet:
            self.after(AGAIN_MS, lambda: self.ask_for(job, done, working=working))
            return
        super().ask_for(job, done, working=working)

    def quietly(self, job: Callable[[], Any], done: Callable[[Any], None]) -> None:
        """Read something beside the window without a word about it; after what is being done now."""
        if self._ended or not self.winfo_exists():
            return
        background = self.window.background
        if background.busy:
            self.after(AGAIN_MS, lambda: self.quietly(job, done))
            return

        def came(result: Any) -> None:
            if not self._ended:
                done(result)

        def failed(error: Exception) -> None:
            if not self._ended:
                self.window.failed(error)

        background.start(job, done=came, failed=failed)

    def read(self, done: Callable[[], None]) -> None:
        """Read the session's sheets anew into the memory."""
        session, opened, memory = self.require_session(), self.window.opened, self.memory
        folders = self.folders()

        def job() -> Read:
            return Read(shelf=shelf(opened, session), here=memory.files.look(folders))

        def came(found: Read) -> None:
            memory.shelf, memory.here = found.shelf, dict(found.here)
            done()

        self.quietly(job, came)

    # --- where files lie ---

    def folder(self) -> Path:
        """Return where sheets are put."""
        return Path(self.memory.folder) if self.memory.folder else self.own_folder()

    def own_folder(self) -> Path:
        """Return where the station puts them when nobody says otherwise."""
        return sheets_folder(self.window.opened, self.require_session().session_id)

    def folders(self) -> tuple[Path, ...]:
        """Return where sheets are looked for: where they are put, and where the station puts them by itself."""
        return self.folder(), self.own_folder()
