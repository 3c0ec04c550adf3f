"""The start page: choose a session or go on with one, where in it, and the equipment it needs."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

import ttkbootstrap as ttk

from proctor.gui.keyboard import Letters
from proctor.gui.look import Look
from proctor.gui.scrolled import Scrolled
from proctor.gui.station.devices import DeviceRow
from proctor.names import component_name
from proctor.texts import Texts

if TYPE_CHECKING:  # see window
    from proctor.gui.station.opening import SessionLine

COLUMNS: Final = ("day", "id", "place", "state", "inside")
SPARED: Final = ("day", "inside")
"""What is left out where large text leaves no room: the id has the day."""
STATES: Final = ("running", "ready", "paused", "not-started")
PAGES: Final = ("session", "roster")
"""What is offered to somebody who does not check in, the first that is theirs."""
_WAITS: Final = {"not-started": "start", "paused": "resume"}
"""What a session waits for before anybody is checked in."""
_PLACE: Final = 14
_ROWS, _FEWEST = 5, 2
_NARROWEST: Final = 12


class StartPage(Scrolled):
    """A table of open sessions, the chosen one in words, component and room; the equipment beneath.

    `variables`: "session", "component", "room" hold the choice: an id, an id, a room ("" for every room).
    """

    def __init__(
        self,
        master: Any,
        *,
        look: Look,
        texts: Texts,
        letters: Letters,
        lines: "Sequence[SessionLine]",
        variables: dict[str, Any],
        on_choice: Callable[[], None],
        training: bool,
        may_create: bool = False,
        pages: Callable[[], Sequence[str]] = tuple,
    ) -> None:
        """`may_create`: who is here may make a session; the page says how. `pages`: as `offer_of` takes them, of the
        session that is chosen."""
        super().__init__(master, stretch=True)
        self._look, self._texts, self._lines = look, texts, {line.session_id: line for line in lines}
        self._variables, self._on_choice, self._pages = variables, on_choice, pages
        px = look.px
        inside = self.inside
        inside.columnconfigure(0, weight=1)
        inside.rowconfigure(1, weight=1)
        key = "window.station.start.head" if lines else "window.station.start.none"
        if training:
            key = f"{key}.training" if not lines else key
        elif may_create and not lines:
            key = f"{key}.new"
        said = texts[key]
        if may_create and (lines or training):
            said = f"{said} {texts['window.station.start.new']}"
        self.heading = ttk.Label(inside, text=said, anchor="w", justify="left")
        self.heading.bind("<Configure>", lambda event: self.heading.configure(wraplength=event.width))
        self.heading.grid(row=0, column=0, sticky="ew", pady=px(2))
        self.table = self._table(inside)
        self.table.grid(row=1, column=0, sticky="nsew")
        self.words = ttk.Label(inside, anchor="w", justify="left")
        self.words.bind("<Configure>", lambda event: self.words.configure(wraplength=event.width))
        self.words.grid(row=2, column=0, sticky="ew", pady=px(2))
        self.where = ttk.Frame(inside)
        self.where.grid(row=3, column=0, sticky="ew", pady=px(2))
        self.component = self._field(self.where, letters, "component", 0)
        self.room = self._field(self.where, letters, "room", 2)
        ttk.Label(inside, text=texts["window.station.equipment"], font=look.title).grid(
            row=4, column=0, sticky="w", pady=(px(6), 0)
        )
        self.devices = DeviceRow(inside, look, texts, training=training)
        self.devices.grid(row=5, column=0, sticky="ew")
        if not lines:
            self.where.grid_remove()
            self.words.grid_remove()
        self._fill(lines)

    @property
    def line(self) -> "SessionLine | None":
        """The session that is chosen."""
        return self._lines.get(str(self._variables["session"].get()))

    def _table(self, inside: Any) -> ttk.Treeview:
        texts = {name: self._texts[f"window.station.column.{name}"] for name in COLUMNS}
        measured = {name: self._width(name, text) for name, text in texts.items()}
        room = inside.winfo_screenwidth() - self._look.px(30)
        self._columns = tuple(COLUMNS)
        for spared in SPARED:
            if sum(measured[name] for name in self._columns) > room:
                self._columns = tuple(name for name in self._columns if name != spared)
        height = max(_FEWEST, min(_ROWS, len(self._lines)))
        view = ttk.Treeview(
            inside, show="headings", selectmode="browse", columns=self._columns, height=height
        )
        for name in self._columns:
            view.heading(name, text=texts[name], anchor="w")
            view.column(
                name, width=measured[name], minwidth=measured[name], stretch=name == "place", anchor="w"
            )
        view.bind("<<TreeviewSelect>>", lambda _event: self._chosen())
        return view

    def _width(self, name: str, heading: str) -> int:
        """Return what a column needs; only the place may be longer, and stands in full beneath the table."""
        cells = {
            "day": ["00/00/0000"],
            "id": [line.session_id for line in self._lines.values()] or ["HL-00000000-00"],
            "place": ["n" * _PLACE],
            "state": [self._texts[f"window.station.state.{state}"] for state in STATES],
            "inside": ["000 / 000"],
        }[name]
        body = self._look.body
        return max(body.measure(text) for text in (*cells, f"{heading} ")) + body.measure("MM")

    def _field(self, row: Any, letters: Letters, name: str, column: int) -> ttk.Combobox:
        box = ttk.Combobox(row, state="readonly", font=self._look.body, width=_NARROWEST)
        label = ttk.Label(row)
        letters.leads(label, self._texts[f"window.station.start.{name}"], box)
        label.grid(row=0, column=column, sticky="w", padx=(0, self._look.px(6)))
        row.columnconfigure(column + 1, weight=1, uniform="fields")
        box.grid(row=0, column=column + 1, sticky="ew", padx=(0, 0 if column else self._look.px(16)))
        box.bind("<<ComboboxSelected>>", lambda _event: self._placed())
        return box

    def _fill(self, lines: "Sequence[SessionLine]") -> None:
        for line in lines:
            state = self._texts[f"window.station.state.{line.state}"]
            cells = {
                "day": line.session.day.strftime("%d/%m/%Y"),
                "id": line.session_id,
                "place": line.session.place,
                "state": state,
                "inside": f"{line.inside} / {line.listed}",
            }
            self.table.insert("", "end", iid=line.session_id, values=[cells[name] for name in self._columns])
        if lines:
            chosen = str(self._variables["session"].get())
            at = chosen if chosen in self._lines else lines[0].session_id
            self.table.selection_set(at)
            self.table.focus(at)
            self._take(at)

    def _chosen(self) -> None:
        chosen = self.table.selection()
        if chosen and chosen[0] != str(self._variables["session"].get()):
            self._take(chosen[0])
            self._on_choice()

    def _take(self, session_id: str) -> None:
        """Show the chosen session; component and room stay where they fit it."""
        if session_id != str(self._variables["session"].get()):
            self._variables["component"].set("")
            self._variables["room"].set("")
        self._variables["session"].set(session_id)
        line = self._lines[session_id]
        session = line.session
        known = session.components
        if self._variables["component"].get() not in known:
            self._variables["component"].set(session.component)
        self.component.configure(values=[component_name(session.rules, name, self._texts) for name in known])
        self.component.current(known.index(self._variables["component"].get()))
        rooms = ("", *line.rooms)
        if self._variables["room"].get() not in rooms:
            self._variables["room"].set("")
        self.room.configure(values=[room or self._texts["window.station.start.every-room"] for room in rooms])
        self.room.current(rooms.index(self._variables["room"].get()))
        self.words.configure(text=f"{session.place}. {words_of(line, self._texts, self._pages())}")

    def _placed(self) -> None:
        line = self.line
        if line is not None:
            self._variables["component"].set(line.session.components[self.component.current()])
            self._variables["room"].set(("", *line.rooms)[self.room.current()])


def offer_of(line: "SessionLine", pages: Sequence[str] = ()) -> str:
    """Return what Enter does with a session: "open" its desk, "start" or "resume" it, or look at a page of work, where
    who is here does not check in. `pages`: those of `PAGES` that are theirs.
    """
    if line.may_start and line.state in _WAITS:
        return _WAITS[line.state]
    if line.may:
        return "open"
    return "session" if line.may_start else next(iter(pages), "open")


def words_of(line: "SessionLine", texts: Texts, pages: Sequence[str] = ()) -> str:
    """Return what a person should know before opening this session's desk: one sentence, with what to do."""
    if line.state in _WAITS:
        key = f"window.station.start.{line.state}{'' if line.may_start else '.other'}"
        return texts.say(key, session=line.session_id)
    if not line.may:
        offer = offer_of(line, pages)
        key = "forbidden" if offer == "open" else "no-desk" if offer == "session" else f"no-desk.{offer}"
        return texts.say(f"window.station.start.{key}", session=line.session_id)
    if line.at:
        return texts.say("window.station.start.cut", sbd=line.at)
    if not line.today:
        return texts.say("window.station.start.other-day", day=line.session.day.strftime("%d/%m/%Y"))
    return texts["window.station.start.resume" if line.state == "running" else "window.station.start.open"]
