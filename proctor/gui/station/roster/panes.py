"""What stands beside the table: call the next ones, let somebody out and in, add somebody to the list."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Final

import ttkbootstrap as ttk

from proctor.gui.station.exceptions.pane import ActionPane
from proctor.gui.station.forms import Field
from proctor.gui.station.parts import wrapped
from proctor.gui.station.second_person import second_fields, second_words
from proctor.screens.roster import Row
from proctor.screens.roster_offers import Adding, adding_of, choices, needs_note
from proctor.texts import Texts

if TYPE_CHECKING:
    from proctor.desk.runner import Done
    from proctor.gui.station.window import StationWindow
    from sessions.session import Session

_PHOTO_POINTS: Final = 120
_PHOTO_SHARE: Final = 0.21
MOST: Final = 60
"""So many are called at once at most: more nobody can listen to."""


class RosterPane(ActionPane):
    """A pane of the roster page. `at`: the session at the component that the page shows; `on_done` as everywhere."""

    def __init__(
        self,
        parent: Any,
        window: "StationWindow",
        *,
        at: "Session",
        row: Row | None,
        on_done: "Callable[[Done | None], None]",
        kept: Mapping[str, Any],
    ) -> None:
        super().__init__(parent, window, on_done=on_done, kept=kept)
        self.at, self.row = at, row
        self.build()
        if self.form is not None:
            self.form.put_back(self.begun.get("values", {}))

    @property
    def session(self) -> "Session | None":
        """The session at the component that the page shows."""
        return self.at

    def build(self) -> None:
        """Fill the pane."""

    def kept(self) -> Mapping[str, Any]:
        """Return what was typed and chosen."""
        return {"values": {} if self.form is None else dict(self.form.kept())}

    @property
    def photo_height(self) -> int:
        """How high two photographs are beside the table, in pixels: what belongs to them is seen with them."""
        return max(self.look.px(_PHOTO_POINTS), round(self.window.winfo_height() * _PHOTO_SHARE))

    def title(self, key: str) -> None:
        """Begin with what this pane is for."""
        ttk.Label(self, text=self.texts[key], font=self.look.title, anchor="w").grid(
            row=0, column=0, sticky="ew", pady=(0, self.look.px(4))
        )


class CallPane(RosterPane):
    """Call who comes next: of a room or of all. Who was called stands there, readable from afar."""

    def build(self) -> None:
        """A number, a room, and who was called."""
        rooms = tuple((room, room) for room in self.begun.get("rooms", ()))
        every = ("", self.texts["roster-page.every-room"])
        fields = [Field(name="count", text="roster-page.call.count", value="1")]
        if rooms:
            fields.append(
                Field(
                    name="room", text="roster-page.room", kind="choice", choices=(every, *rooms), needed=False
                )
            )
        self.title("roster-page.call.title")
        self.heading(self.texts["roster-page.call.lead"], 1, bold=False)
        form = self.make_form(tuple(fields), 2)
        if rooms:
            form.put("room", str(self.begun.get("room", "")))
        self.called = ttk.Frame(self)
        self.called.columnconfigure(0, weight=1)
        self.called.grid(row=3, column=0, sticky="nsew", pady=(self.look.px(8), 0))
        self._show(tuple(self.begun.get("called", ())))
        self.enter_is("roster-page.call.main")

    def forward(self) -> None:
        """Enter: call."""
        form = self.form
        if form is None or self.window.background.busy or not form.check():
            return
        count = form.value("count")
        if not (count.isascii() and count.isdigit() and 1 <= int(count) <= MOST):
            form.wrong("count", self.texts.say("roster-page.call.count.wrong", most=MOST))
            return
        words = [f"--component={self.at.component}", f"--next={int(count)}"]
        if "room" in form.widgets and form.value("room"):
            words.append(f"--room={form.value('room')}")
        self.command("session", "call", self.at.session_id, *words, done=self._came_back)

    def kept(self) -> Mapping[str, Any]:
        """Return what was typed, and who stands there."""
        known = {name: self.begun.get(name, ()) for name in ("rooms", "names")}
        return {**super().kept(), **known, "called": self._called}

    def _came_back(self, done: "Done") -> None:
        if done.status == 0:
            self._show(tuple((each["candidate"], each["room"], each["seat"]) for each in done.data["called"]))
            self.window.say(done.lines[0], "tick")
            names = dict(self.begun.get("names", ()))
            called = (
                f"{each['candidate']}, {names.get(each['candidate'], '')}" for each in done.data["called"]
            )
            self.window.speak(self.texts.say("roster-page.call.spoken", who="; ".join(called)))
        else:
            self._show(())
            self.window.say(" ".join(done.lines), "bang")
        if self._on_done is not None:
            self._on_done(done)

    def _show(self, called: tuple[tuple[str, str | None, str | None], ...]) -> None:
        self._called = called
        for child in self.called.winfo_children():
            child.destroy()
        names = dict(self.begun.get("names", ()))
        for at, (sbd, room, seat) in enumerate(called):
            where = place_of(self.texts, room, seat)
            font = self.look.figure if len(called) <= 3 else self.look.title
            ttk.Label(self.called, text=sbd, font=font, anchor="nw").grid(
                row=at, column=0, sticky="nw", padx=(0, self.look.px(10))
            )
            who = names.get(sbd, "") + (
                f"\n{self.texts.say('roster-page.call.to', place=where)}" if where else ""
            )
            label = ttk.Label(self.called, text=who, font=self.look.title, anchor="w", justify="left")
            label.grid(row=at, column=1, sticky="ew", pady=(0, self.look.px(4)))
            wrapped(label, 4)
        self.called.columnconfigure(0, weight=0)
        self.called.columnconfigure(1, weight=1)
        if called:
            self.bring(self.called)


def place_of(texts: Texts, room: str | None, seat: str | None) -> str:
    """Return room and seat in words; "" for neither."""
    said = (room, texts.say("roster-page.seat", seat=seat) if seat else "")
    return ", ".join(part for part in said if part)


class MovePane(RosterPane):
    """Somebody who is in goes out, for a reason; or comes back."""

    WRONG: ClassVar[Mapping[str, str]] = {"exception-reason-unknown": "reason"}

    def build(self) -> None:
        """Who it is, and why they leave."""
        row = self.row
        if row is None:
            return
        self.title("roster-page.move.back" if row.out else "roster-page.move.out")
        self.heading(f"{self.texts.say('roster-page.sbd', sbd=row.sbd)} · {row.name}", 1)
        if row.out:
            self.heading(self.texts["roster-page.move.back.lead"], 2, bold=False)
            self.enter_is("roster-page.move.back.main")
            return
        reasons = choices("exit", self.texts.language)
        self.make_form((Field(name="reason", text="roster-page.reason", kind="choice", choices=reasons),), 2)
        self.enter_is("roster-page.move.out.main")

    def forward(self) -> None:
        """Enter: enter it."""
        row, form = self.row, self.form
        if row is None or self.window.background.busy or (form is not None and not form.check()):
            return
        about = (f"--session={self.at.session_id}", f"--component={self.at.component}", f"--sbd={row.sbd}")
        if form is None:
            self.command("re-entry", *about, done=self.finish)
        else:
            self.command("exit", *about, f"--reason={form.value('reason')}", done=self.finish)


class AddPane(RosterPane):
    """One more candidate, by two persons: held against the list's own checks like every row of a file."""

    WRONG: ClassVar[Mapping[str, str]] = {
        "exception-note-missing": "note",
        "exception-note-invalid": "note",
        "exception-reason-unknown": "reason",
        "same-person": "second",
        "user-id-invalid": "second",
        "second-missing": "second",
        "second-role": "second",
    }
    COLUMNS: ClassVar[Mapping[str, str]] = {
        "SBD": "sbd",
        "Họ và tên": "name",
        "Ngày sinh": "birth",
        "Số định danh": "number",
        "CCCD": "number",
        "Hạng": "licence",
        "Phòng": "room",
    }
    """The field of a column that an addition is refused for."""

    def build(self) -> None:
        """What the form needs is looked up first."""
        self.adding: Adding | None = None
        self.title("roster-page.add.title")
        self.heading(self.texts["roster-page.add.lead"], 1, bold=False)
        self.after_idle(self._look_up)

    def _look_up(self) -> None:
        if not self.winfo_exists():
            return
        if self.window.background.busy:
            self.after(40, self._look_up)
            return
        opened, session_id = self.window.opened, self.at.session_id
        self.ask_for(lambda: adding_of(opened, session_id), self._ask)

    def _ask(self, adding: Adding) -> None:
        self.adding = adding
        seconds = adding.seconds
        if not seconds.training and not seconds.people:
            self.refuse(self.texts["roster-page.add.nobody"], 2)
            return
        if not seconds.at(lends=self.lends):
            self.refuse(self.texts["exception-pane.no-proof"], 2)
            return
        fields = [
            Field(name="name", text="roster-page.add.name"),
            Field(name="birth", text="roster-page.add.birth", help="roster-page.add.birth.help"),
            Field(name="number", text="roster-page.add.number", help="roster-page.add.number.help"),
            Field(name="sbd", text="roster-page.add.sbd", value=adding.sbd),
            _offered("licence", "roster-page.add.class", adding.classes),
            _offered("room", "roster-page.add.room", adding.rooms),
            Field(
                name="reason",
                text="roster-page.reason",
                kind="choice",
                choices=choices("addition", self.texts.language),
            ),
            Field(name="note", text="roster-page.note", kind="text", lines=2, needed=False),
            *second_fields(adding.seconds, self.texts, lends=self.lends),
        ]
        form = self.make_form(tuple(fields), 2)
        form.put_back({**self.begun.get("values", {})})
        self.enter_is("roster-page.add.main")
        form.begin()

    def kept(self) -> Mapping[str, Any]:
        """Return what was typed and chosen, but for the number."""
        values = {} if self.form is None else dict(self.form.kept())
        values.pop("number", None)
        return {"values": values}

    def forward(self) -> None:
        """Enter: two persons add the candidate."""
        form, adding = self.form, self.adding
        if form is None or adding is None or self.window.background.busy or not form.check():
            return
        if needs_note("addition", form.value("reason")) and not form.value("note"):
            form.wrong("note", self.texts["roster-page.note.needed"])
            return
        typed = {"-": form.value("name"), "-number": form.value("number")}
        words = [
            f"--session={self.at.session_id}",
            "--name=-",
            "--number=-number",
            f"--birth={form.value('birth')}",
            f"--sbd={form.value('sbd')}",
            f"--reason={form.value('reason')}",
            *second_words(form, adding.seconds),
        ]
        if form.value("note"):
            typed["-note"] = form.value("note")
            words.append("--note=-note")
        words += [f"--{option}={form.value(name)}" for option, name in _MORE if form.value(name)]
        self.command("session", "add-candidate", *words, typed=typed, done=self.finish)

    def failed(self, error: Exception) -> None:
        """Say why it was refused, at the field of the column it is about."""
        super().failed(error)
        name = self.COLUMNS.get(str(getattr(error, "facts", {}).get("column", "")), "")
        if self.form is not None and self.form.winfo_exists() and name in self.form.widgets:
            self.form.wrong(name, str(self.texts.say(error.code, **error.facts)))  # type: ignore[attr-defined]


_MORE: Final = (("class", "licence"), ("room", "room"))


def _offered(name: str, text: str, known: tuple[str, ...]) -> Field:
    """A field whose values the list has already; another may be typed."""
    return Field(
        name=name,
        text=text,
        kind="open-choice",
        choices=tuple((each, each) for each in known),
        value=known[0] if len(known) == 1 else "",
        needed=False,
    )
