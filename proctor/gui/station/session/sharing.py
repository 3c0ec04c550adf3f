"""One session at several stations as forms of the page: divide, take a part in, hand over, merge. Files go by a stick:
their places are typed or chosen."""

import tkinter
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from tkinter import filedialog
from typing import TYPE_CHECKING, Any, Final

from proctor.errors import CommandError
from proctor.gui.station.going import sessions_of
from proctor.gui.station.parts import Flow
from proctor.gui.station.session.fields import FIELDS, Known, join_fields
from proctor.gui.station.session.form_pane import FormPane
from proctor.screens.session_parts import JOIN, division, division_lines
from proctor.screens.session_tasks import command_of
from sessions.course.parts import BY_RANGE, BY_ROOM, EVEN
from sessions.errors import SessionsError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from proctor.desk.runner import Done
    from proctor.gui.station.opening import SessionLine
    from proctor.gui.station.session.page import SessionPage
    from proctor.screens.session import Overview

SHARING: Final = frozenset({"split", JOIN, "hand-over", "merge"})
PLACES: Final = ("file", "folder", "sheets")
"""Fields with a button that opens the system's chooser."""
KINDS: Final = {JOIN: ".part", "merge": ".pack"}
_OF_WAY: Final = {EVEN: "parts", BY_RANGE: "ranges", BY_ROOM: "rooms"}


class SharePane(FormPane):
    """One of the four. What it came to stays on the page, with the file's name and the key to be read aloud."""

    def __init__(
        self,
        parent: Any,
        page: "SessionPage",
        task: str,
        seen: "Overview | None",
        values: Mapping[str, str],
    ) -> None:
        self.seen = seen
        self._joined = ""
        window = page.window
        fields = join_fields(training=window.training)
        if seen is not None and task != JOIN:
            fields = FIELDS[task](Known(seen=seen, texts=page.texts, lends=window.lend is not None))
        super().__init__(parent, page, task, fields, values)
        self._browse = Flow(self, self.look)
        for name in PLACES:
            if name in self.form.widgets:
                button = self._browse.add("", partial(self._choose, name), main=False)
                self.letters.label(button, self.texts[f"session-page.choose.{name}"])
        self._browse.arrange()
        self._browse.grid(row=5, column=0, sticky="ew", pady=self.look.px(4))
        self.changed("")

    def lead_text(self) -> str:
        """Return what it is for; how a session that is divided already is."""
        say, seen = self.page.texts.say, self.seen
        if seen is None or seen.session.part is None or self.task == JOIN:
            return say(f"session-page.lead.{self.task}")
        part = seen.session.part
        again = ".again" if self.task == "split" or seen.state == "closed" else ""
        parts = ", ".join(map(str, seen.missing_parts))
        return say(f"session-page.lead.{self.task}{again}", part=part.number, of=part.of, parts=parts)

    # --- what is typed ---

    def changed(self, name: str) -> None:
        """Show the fields of the way that is chosen, and what they come to."""
        if self.task == "split":
            way = self.form.value("way")
            for each, field in _OF_WAY.items():
                self.form.show(field, each == way)
            self._preview()
        elif self.task == "hand-over":
            self.proving.show()
        if name:
            self.page.follow_all()

    def _preview(self) -> None:
        """Show how many each station gets; nothing as long as nobody could be divided so."""
        lines: Sequence[str] = ()
        if self.seen is not None:
            with suppress(SessionsError):
                made = division(self.seen.session.seats, self.form.values())
                lines = division_lines(made, self.texts)
        self.tell(lines)

    def _choose(self, name: str) -> None:
        title, kind = self.texts[f"session-page.choosing.{name}"], KINDS.get(self.task, "")
        chosen = ""
        with suppress(tkinter.TclError):  # the lock took the chooser away
            if name == "file":
                kinds = [(kind, f"*{kind}"), ("*", "*")]
                chosen = filedialog.askopenfilename(parent=self, title=title, filetypes=kinds)
            else:
                chosen = filedialog.askdirectory(parent=self, title=title)
        if chosen and self.winfo_exists():
            self.form.put(name, str(chosen))
        if self.winfo_exists():
            self.form.widgets[name].focus_set()

    def about(self, code: str) -> str:
        """Return the field that an error is about: of a division, the one that says how."""
        if code.startswith("split-") and self.task == "split":
            return _OF_WAY.get(self.form.value("way"), "way")
        return super().about(code)

    # --- done ---

    def enter(self) -> None:
        """Do it beside the window; the sessions are read again with it."""
        page, values = self.page, self.form.values()
        window, seen = page.window, self.seen
        if values.get("again", "") != values.get("passphrase", "") and "again" in values:
            self.form.wrong("again", self.texts["session-page.wrong.secret-differs"])
            return
        words = command_of(self.task, "" if seen is None else seen.session.session_id, values)
        asked = _answers(values.get("passphrase", ""), window.background.ask)
        run, held = self.proving.run(window.runner().speaking(self.texts.language, asked)), window.going.held

        def job() -> "tuple[Done, tuple[SessionLine, ...]]":
            done = run(*words)
            return done, () if held is None else sessions_of(held)

        page.have_done(job, done=self._done, failed=self.failed, working=f"session-page.working.{self.task}")

    def failed(self, error: Exception) -> bool:
        """Say a refusal beneath its field. The key in the file is not shown: the one that was read aloud is typed."""
        code = error.code if isinstance(error, (CommandError, SessionsError)) else ""
        typed = "key" in self.form.widgets and bool(self.form.value("key"))
        if code == "unknown-station" or (code == "station-key-mismatch" and typed):
            self.form.wrong("key", self.texts[f"session-page.wrong.key.{'other' if typed else 'none'}"])
            return True
        return super().failed(error)

    def _done(self, found: "tuple[Done, tuple[SessionLine, ...]]") -> None:
        done, lines = found
        self.page.took_anew(lines)
        self._joined = str(done.data.get("session", "")) if self.task == JOIN else ""
        key = str(done.data.get("station_key", "")) if self.task in {"split", "hand-over"} else ""
        self.end(done, self._words(done))
        self._browse.grid_remove()
        if key:
            self.groups.configure(text=done.lines[-1].strip())
            self.groups.grid(row=6, column=0, sticky="ew", pady=self.look.px(6))
            self.page.follow_all()

    def _words(self, done: "Done") -> tuple[str, ...]:
        """Return what the command said, without what is shown by itself: the key, the name of a part's session."""
        lines = (*done.said, *done.lines)
        if self.task == "split":
            return lines[:-1]
        if self.task == "hand-over":
            file, said, *key, _ = lines
            return (said, self.texts.say("session-page.pack-file", file=Path(file).name, place=file), *key)
        return lines[1:] if self.task == JOIN else lines

    def go_on(self) -> None:
        """To the session; a part that came in is opened, unless a desk is open for another."""
        if self._joined:
            self.page.open_made(self._joined)
        else:
            self.page.close_task()


def _answers(passphrase: str, ask: Callable[[str], str]) -> Callable[[str], str]:
    """Answer with what was typed in the form for the part's file; everybody else is asked by a dialog."""
    return lambda user: passphrase if user.partition("/")[0] == "part" else ask(user)
