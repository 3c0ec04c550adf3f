"""One thing to do with a session as a form in the page: its fields, the command, what it came to."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from proctor.gui.station.second_person import PROOF, SECOND
from proctor.gui.station.session.fields import FIELDS, Known
from proctor.gui.station.session.form_pane import FormPane
from proctor.screens.session import TESTED, Overview
from proctor.screens.session_tasks import command_of, first_difference, in_groups
from proctor.texts import in_a_row
from sessions.course.day import require_roster_hash
from sessions.course.day_errors import RosterHashDiffersError

if TYPE_CHECKING:
    from proctor.desk.runner import Done
    from proctor.gui.station.session.page import SessionPage

SHORT_RESULT: Final = frozenset({"allocate", "close"})


class TaskPane(FormPane):
    """The form of one task of the day. Enter does it, Escape closes the form; nothing is done before."""

    def __init__(
        self, parent: Any, page: "SessionPage", task: str, seen: Overview, values: Mapping[str, str]
    ) -> None:
        self.seen = seen
        known = Known(
            seen=seen, texts=page.texts, component=page.component, lends=page.window.lend is not None
        )
        super().__init__(parent, page, task, FIELDS[task](known) if task in FIELDS else (), values)
        if task == "start" and "hash" in self.form.widgets:
            self.groups.grid(row=2, column=0, sticky="ew", pady=self.look.px(4))
        if task == "close":
            self.tell(seen.closing)
        self.changed("")

    def lead_text(self) -> str:
        """Return what the task is for, with who was at the desk last."""
        say, seen = self.page.texts.say, self.seen
        facts = {"session": seen.session.session_id, "sbd": seen.at or seen.last, "since": seen.since}
        if self.task == "start":
            key = "hash" if seen.must_start else "training"
            tested = (
                "" if seen.self_test == TESTED or seen.training else f" {say('session-page.lead.untested')}"
            )
            return say(f"session-page.lead.start.{key}", **facts) + tested
        if self.task == "resume":
            key = "cut" if seen.at else "last" if seen.last else "nobody"
            return say(f"session-page.lead.resume.{key}", **facts)
        return say(f"session-page.lead.{self.task}", **facts)

    # --- what is typed ---

    def changed(self, name: str) -> None:
        """Show the fields that what was chosen asks for."""
        form = self.form
        if self.task == "start":
            untested = "untested" in form.widgets and bool(form.value("untested"))
            for each in ("why", SECOND, PROOF):
                if each in form.widgets:
                    form.show(each, untested)
            self.proving.show(untested)
            if "hash" in form.widgets:
                self.groups.configure(text=in_groups(form.value("hash")))
        elif self.task == "times":
            form.show("time", form.value("what") != "end")
        if name and form.widgets:
            self.page.follow_all()

    def _is_right(self) -> bool:
        if "hash" not in self.form.widgets or not self.form.value("hash"):
            return True
        try:
            require_roster_hash(self.seen.session, self.form.value("hash"))
        except RosterHashDiffersError:
            self.form.wrong("hash", self._differs(self.form.value("hash")))
            return False
        return True

    def _differs(self, typed: str) -> str:
        """Say which group of four is another one: the list that was signed is not the one in the machine, or a slip."""
        ours = self.seen.session.roster_hash
        at = first_difference(typed, ours) or 1
        first = 4 * (at - 1)
        shown = in_groups(typed).split()[at - 1]
        return self.texts.say(
            "session-page.hash-differs", group=at, typed=shown, ours=ours[first : first + 4]
        )

    def enter(self) -> None:
        """Do it; the page goes back to the tab where what it came to is seen."""
        if not self._is_right():
            return
        values = self.form.values()
        words = command_of(self.task, self.seen.session.session_id, values)
        self.page.run(
            *words, typed=values.get("note", ""), done=self._done, failed=self.failed, by=self.proving
        )

    def _done(self, done: "Done") -> None:
        if self.task == "self-test":
            self.end(done, done.lines)
            return
        lines = done.lines[:1] if self.task in SHORT_RESULT else done.lines
        self.page.task_done(self.task, done.status, in_a_row((*done.said, *lines)))
