"""One thing to do with a session as a form in the page: what it is, its fields, the command, what it came to."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

import ttkbootstrap as ttk

from proctor.errors import CommandError
from proctor.gui.station.forms import Field, Form
from proctor.gui.station.parts import Line, wrapped
from proctor.gui.station.session.pane import Pane, headed
from proctor.screens.session import TESTED, Overview
from proctor.screens.session_tasks import (
    PAUSES,
    command_of,
    first_difference,
    in_groups,
)
from proctor.texts import Texts
from sessions.course.day import require_roster_hash
from sessions.course.day_errors import RosterHashDiffersError
from sessions.course.movement import OUTCOMES
from sessions.errors import SessionsError

if TYPE_CHECKING:
    from proctor.desk.runner import Done
    from proctor.gui.station.session.page import SessionPage

WRONG: Final = {
    "roster-hash-differs": "hash",
    "self-test-needed": "untested",
    "self-test-exception": "why",
    "second-missing": "second",
    "same-person": "second",
    "user-id-invalid": "second",
    "second-role": "second",
    "wrong-secret": "second",
    "bad-time": "time",
    "allocation-rooms": "names",
    "allocation-too-small": "names",
    "allocation-capacity": "capacity",
    "allocation-again": "reason",
    "draw-count": "number",
    "draw-nobody": "component",
    "spot-check-word": "outcome",
    "outcome-unknown": "outcome",
    "spot-check-not-drawn": "who",
    "spot-check-taken": "who",
    "personal-number": "reason",
}
"""Beneath which field a refusal is said; where `session-page.wrong.<code>` exists, in those words."""
SHORT_RESULT: Final = frozenset({"allocate", "close"})


class TaskPane(Pane):
    """The form of one task. Enter does it, Escape closes the form; nothing is done before."""

    def __init__(
        self, parent: Any, page: "SessionPage", task: str, seen: Overview, values: Mapping[str, str]
    ) -> None:
        super().__init__(parent, page)
        self.task, self.seen = task, seen
        self.ended = False
        px = self.look.px
        headed(self, f"session-page.do.{task}").grid(row=0, column=0, sticky="ew", pady=px(4))
        self.lead = ttk.Label(self, anchor="w", justify="left", text=self._lead())
        wrapped(self.lead, 2)
        self.lead.grid(row=1, column=0, sticky="ew", pady=(0, px(4)))
        fields = _FIELDS[task](seen, self.texts, page.component) if task in _FIELDS else ()
        self.form = Form(self, self.look, self.texts, self.letters, fields, on_change=self._changed)
        self.form.grid(row=4, column=0, sticky="ew")
        self.groups = ttk.Label(self, font=self.look.figure, anchor="w")
        self.lines = ttk.Frame(self)
        self.lines.columnconfigure(0, weight=1)
        self.lines.grid(row=3, column=0, sticky="ew", pady=px(4))
        self.form.put_back(values)
        if task == "start" and "hash" in self.form.widgets:
            self.groups.grid(row=2, column=0, sticky="w", pady=px(4))
        if task == "close":
            self._tell(seen.closing)
        self._changed("")

    def _lead(self) -> str:
        say, seen = self.texts.say, self.seen
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

    def show(self, seen: Overview) -> None:
        """What was looked at anew counts for the next form; this one stays as it was typed."""

    def main_text(self) -> str:
        """Return what Enter does."""
        return "session-page.done" if self.ended else f"session-page.main.{self.task}"

    def back(self) -> bool:
        """Close the form."""
        self.page.close_task()
        return True

    def kept(self) -> Mapping[str, Any]:
        """What was typed."""
        return {} if self.ended else {"task": self.task, "values": self.form.kept()}

    def take_focus(self) -> None:
        """To the first field that is empty."""
        self.form.begin()
        if not self.form.widgets:
            self.page.window.main.focus_set()

    # --- what is typed ---

    def _changed(self, name: str) -> None:
        """Show the fields that what was chosen asks for."""
        form = self.form
        if self.task == "start":
            untested = "untested" in form.widgets and bool(form.value("untested"))
            for each in ("why", "second", "proof"):
                if each in form.widgets:
                    form.show(each, untested)
            if "hash" in form.widgets:
                self.groups.configure(text=in_groups(form.value("hash")))
        elif self.task == "times":
            form.show("time", form.value("what") != "end")
        if name and form.widgets:
            self.page.follow_all()

    def _is_right(self) -> bool:
        if not self.form.check():
            return False
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

    def forward(self) -> None:
        """Do it; once done, back to the overview."""
        if self.ended:
            self.page.close_task()
            return
        if not self._is_right():
            return
        values = self.form.values()
        words = command_of(self.task, self.seen.session.session_id, values)
        self.page.run(*words, typed=values.get("note", ""), done=self._done, failed=self._failed)

    # --- what it came to ---

    def _done(self, done: "Done") -> None:
        if self.task == "self-test":
            self.ended = True
            self._tell(done.lines, "tick" if done.status == 0 else "bang")
            self.page.show_main()
            self.page.window.main.focus_set()
            return
        lines = done.lines[:1] if self.task in SHORT_RESULT else done.lines
        self.page.task_done(self.task, done.status, " ".join((*done.said, *(line.strip() for line in lines))))

    def _tell(self, lines: "tuple[str, ...]", sign: str = "") -> None:
        for child in self.lines.winfo_children():
            child.destroy()
        for row, text in enumerate(lines):
            line = Line(self.lines, self.look)
            line.show(text.strip(), sign if not row else "")
            line.grid(row=row, column=0, sticky="ew", pady=self.look.px(1))

    def _failed(self, error: Exception) -> bool:
        """Say a refusal beneath the field that it is about. False where it is about none."""
        if not isinstance(error, (CommandError, SessionsError)):
            return False
        name = WRONG.get(error.code, WRONG.get(error.code.partition(".")[0], ""))
        if name not in self.form.widgets or not self.form.shows(name):
            return False
        key = f"session-page.wrong.{error.code}"
        self.form.wrong(name, self.texts.say(key if key in self.texts else error.code, **error.facts))
        return True


# -- the fields of each task ---------------------------------------------------------------------------

Fields = Callable[[Overview, Texts, str], tuple[Field, ...]]


def _components(seen: Overview, chosen: str) -> Field:
    known = tuple((line.component, line.label) for line in seen.components)
    value = chosen if chosen in dict(known) else known[0][0]
    return Field(
        name="component", text="session-page.field.component", kind="choice", choices=known, value=value
    )


def _start(seen: Overview, texts: Texts, _component: str) -> tuple[Field, ...]:
    typed = Field(name="hash", text="session-page.field.hash", help="session-page.help.hash")
    if seen.training:
        return ()
    return (typed, *(() if seen.self_test == TESTED else _untested(seen, texts)))


def _untested(seen: Overview, texts: Texts) -> tuple[Field, ...]:
    people = seen.second.people
    who = Field(
        name="second",
        text="session-page.field.second",
        kind="choice",
        choices=people,
        value=people[0][0] if len(people) == 1 else "",
    )
    proofs = tuple((proof, texts[f"session-page.proof.{proof}"]) for proof in seen.second.proofs)
    how = Field(
        name="proof",
        text="session-page.field.proof",
        kind="choice",
        choices=proofs,
        value=proofs[0][0] if proofs else "",
    )
    return (
        Field(name="untested", text="session-page.field.untested", kind="tick", needed=False),
        Field(name="why", text="session-page.field.why"),
        who,
        *((how,) if len(proofs) > 1 else ()),
    )


def _pause(_seen: Overview, texts: Texts, _component: str) -> tuple[Field, ...]:
    known = tuple((code, texts[f"session-page.pause.{code}"]) for code in PAUSES)
    return (
        Field(
            name="reason",
            text="session-page.field.reason",
            kind="open-choice",
            choices=known,
            value="break",
            help="session-page.help.reason",
        ),
    )


def _resume(_seen: Overview, _texts: Texts, _component: str) -> tuple[Field, ...]:
    return (Field(name="reason", text="session-page.field.remark", needed=False),)


def _rooms_of(seen: Overview) -> tuple[str, ...]:
    return tuple(dict.fromkeys(line.room for line in seen.rooms if line.room))


def _times(seen: Overview, texts: Texts, component: str) -> tuple[Field, ...]:
    every = texts["window.station.start.every-room"]
    rooms = (("", every), *((room, room) for room in _rooms_of(seen)))
    what = tuple((name, texts[f"session-page.times.{name}"]) for name in ("start", "end"))
    return (
        _components(seen, component),
        Field(name="room", text="session-page.field.room", kind="choice", choices=rooms, needed=False),
        Field(name="what", text="session-page.field.what", kind="choice", choices=what, value="start"),
        Field(name="time", text="session-page.field.time", help="session-page.help.time"),
    )


def _allocate(seen: Overview, texts: Texts, component: str) -> tuple[Field, ...]:
    what = tuple((name, texts[f"session-page.allocate.{name}"]) for name in ("rooms", "cars"))
    again = seen.component(component).allocated is not None
    fields = (
        _components(seen, component),
        Field(name="what", text="session-page.field.what", kind="choice", choices=what, value="rooms"),
        Field(name="names", text="session-page.field.names", help="session-page.help.names"),
        Field(
            name="capacity",
            text="session-page.field.capacity",
            needed=False,
            help="session-page.help.capacity",
        ),
    )
    return (*fields, Field(name="reason", text="session-page.field.reason", needed=again))


def _draw(seen: Overview, texts: Texts, component: str) -> tuple[Field, ...]:
    what = tuple((name, texts[f"session-page.draw.{name}"]) for name in ("count", "share"))
    return (
        _components(seen, component),
        Field(name="what", text="session-page.field.how-many", kind="choice", choices=what, value="count"),
        Field(name="number", text="session-page.field.number"),
    )


def _spot_check(seen: Overview, texts: Texts, _component: str) -> tuple[Field, ...]:
    people = tuple(
        (
            f"{line.component}/{line.sbd}",
            " · ".join(filter(None, (line.sbd, line.name, line.label, line.where))),
        )
        for line in seen.people.get("drawn", ())
    )
    outcomes = (
        ("", texts["session-page.outcome.machine"]),
        *((name, texts[f"spot-check.{name}"]) for name in OUTCOMES),
    )
    return (
        Field(name="who", text="session-page.field.who", kind="choice", choices=people),
        Field(
            name="outcome", text="session-page.field.outcome", kind="choice", choices=outcomes, needed=False
        ),
        Field(name="note", text="session-page.field.note", needed=False),
    )


def _close(_seen: Overview, _texts: Texts, _component: str) -> tuple[Field, ...]:
    return (
        Field(
            name="reason",
            text="session-page.field.close-reason",
            needed=False,
            help="session-page.help.close",
        ),
    )


_FIELDS: Final[Mapping[str, Fields]] = {
    "start": _start,
    "pause": _pause,
    "resume": _resume,
    "times": _times,
    "allocate": _allocate,
    "draw": _draw,
    "spot-check": _spot_check,
    "close": _close,
}
