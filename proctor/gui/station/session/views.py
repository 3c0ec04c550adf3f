"""Panes that only show: figures by component and what can be done, lists of people, rooms, the rules in words."""

import tkinter
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import ttkbootstrap as ttk

from proctor.gui.station.parts import Flow, Line, wrapped
from proctor.gui.station.session.pane import Grid, Pane
from proctor.screens.session import FIGURES, LISTS, Overview

if TYPE_CHECKING:
    from proctor.gui.station.session.page import SessionPage

SHORT: Final = 1.5
"""From this size of the text on the figures are shown without the columns that are empty everywhere."""


class OverviewPane(Pane):
    """Figures by component; beneath them what can be done, each by its letter, and what a close would come to."""

    def __init__(self, parent: Any, page: "SessionPage") -> None:
        super().__init__(parent, page)
        self.rowconfigure(3, weight=1)
        self.grid_: Grid | None = None
        self.actions = Flow(self, self.look)
        self.actions.grid(row=0, column=0, sticky="ew", pady=(0, self.look.px(4)))
        self.notes = ttk.Frame(self)
        self.notes.columnconfigure(0, weight=1)
        self.notes.grid(row=2, column=0, sticky="ew", pady=(self.look.px(6), 0))
        self.buttons: dict[str, ttk.Button] = {}

    def show(self, seen: Overview) -> None:
        """Show the figures."""
        self._offer()
        self._figures(seen)
        for child in self.notes.winfo_children():
            child.destroy()
        for row, (text, sign) in enumerate(self._notes(seen)):
            line = Line(self.notes, self.look)
            line.show(text, sign)
            line.grid(row=row, column=0, sticky="ew", pady=self.look.px(1))

    def _offer(self) -> None:
        self.actions.clear()
        self.buttons.clear()
        main = self.page.next_task
        for name in self.page.offers:
            button = self.actions.add("", partial(self.page.open_task, name), main=name == main)
            self.letters.label(button, self.texts[f"session-page.task.{name}"])
            self.buttons[name] = button
        self.actions.arrange()

    def _figures(self, seen: Overview) -> None:
        closed = seen.state == "closed"
        shown = [name for name in FIGURES if self._is_shown(seen, name)]
        columns = [("component", self.texts["session-page.column.component"])]
        for name in shown:
            key = f"session-page.column.{name}{'.closed' if name == 'away' and closed else ''}"
            columns.append((name, self.texts[key]))
        columns.append(("time", self.texts["session-page.column.time"]))
        if self.grid_ is not None:
            self.grid_.destroy()
        rows = max(2, len(seen.components))
        self.grid_ = Grid(
            self, self.look, columns, stretch="component", rows=rows, figures=shown, spare=("time", "excused")
        )
        self.grid_.grid(row=1, column=0, sticky="ew")
        self.grid_.fill(
            [
                (
                    line.component,
                    (line.label, *(str(line.figures[name]) for name in shown), self._time(line)),
                )
                for line in seen.components
            ],
            self.page.component,
        )
        self.grid_.view.bind("<<TreeviewSelect>>", lambda _event: self._chosen())

    def _is_shown(self, seen: Overview, name: str) -> bool:
        always = name in {"listed", "inside", "away"} or self.look.scale < SHORT
        return always or any(line.figures[name] for line in seen.components)

    def _time(self, line: Any) -> str:
        if line.ended:
            return self.texts["session-page.ended"]
        return line.starts or "–"

    def _chosen(self) -> None:
        if self.grid_ is not None and self.grid_.chosen:
            self.page.component = self.grid_.chosen

    def _notes(self, seen: Overview) -> list[tuple[str, str]]:
        """What a close comes to; before that who somebody has to look after, where there are any."""
        if seen.state == "closed":
            return [(text, "") for text in seen.closing]
        say = self.texts.say
        counts = {name: len(seen.people.get(name, ())) for name in LISTS}
        found = [
            (say(f"session-page.watch.{name}", count=counts[name]), "arrow")
            for name in ("late", "drawn", "open")
            if counts[name]
        ]
        part = seen.session.part
        if seen.missing_parts:
            parts = ", ".join(map(str, seen.missing_parts))
            found.append((say("session-page.parts-away", parts=parts), "arrow"))
        elif part is not None and part.number > 1:
            found.append((say("session-page.part-here", part=part.number, of=part.of), "arrow"))
        if seen.sharing.key and (seen.missing_parts or (part is not None and part.number > 1)):
            found.append((say("session-page.own-key", key=seen.sharing.key), ""))
        return found

    def main_text(self) -> str:
        """Return what the session waits for."""
        task = self.page.next_task
        return f"session-page.next.{task}" if task else "session-page.refresh"

    def forward(self) -> None:
        """Open what the session waits for; else look at it anew."""
        if self.page.next_task:
            self.page.open_task(self.page.next_task)
        else:
            self.page.see()

    def take_focus(self) -> None:
        """To the figures, else to the first thing to do."""
        if self.grid_ is not None:
            self.grid_.view.focus_set()
        elif self.buttons:
            next(iter(self.buttons.values())).focus_set()


class ListsPane(Pane):
    """Who is late, not there, drawn, or in the middle of something: one list at a time."""

    def __init__(self, parent: Any, page: "SessionPage") -> None:
        super().__init__(parent, page)
        self.rowconfigure(2, weight=1)
        chosen = str(page.begun.get("list", ""))
        self._list = tkinter.StringVar(self, chosen if chosen in LISTS else "")
        self._bar = ttk.Frame(self)
        self._bar.grid(row=0, column=0, sticky="ew")
        self.buttons: dict[str, ttk.Radiobutton] = {}
        for column, name in enumerate(LISTS):
            button = ttk.Radiobutton(
                self._bar,
                variable=self._list,
                value=name,
                style="Figure.Toolbutton",
                command=lambda: self.show(page.known),
            )
            self.letters.label(button, self.texts[f"session-page.list.{name}"])
            self._bar.columnconfigure(column % self._across, weight=1, uniform="list")
            button.grid(
                row=column // self._across,
                column=column % self._across,
                sticky="ew",
                padx=self.look.px(1),
                pady=self.look.px(1),
            )
            self.buttons[name] = button
        self.what = ttk.Label(self, anchor="w", justify="left")
        wrapped(self.what, 2)
        self.what.grid(row=1, column=0, sticky="ew", pady=self.look.px(3))
        names = ("sbd", "name", "component", "where", "state", "at")
        columns = [(name, self.texts[f"session-page.column.{name}"]) for name in names]
        self.table = Grid(self, self.look, columns, stretch="name", rows=5, spare=("at", "where"))
        self.table.grid(row=2, column=0, sticky="nsew")

    @property
    def _across(self) -> int:
        return len(LISTS) if self.look.scale < SHORT else 2

    def show(self, seen: Overview | None) -> None:
        """Fill the list that is chosen; at first the first that has somebody."""
        if seen is None:
            return
        for name, button in self.buttons.items():
            key = f"session-page.list.{name}{'.closed' if name == 'away' and seen.state == 'closed' else ''}"
            text = self.texts[key].replace("&", "")
            button.configure(text=f"{text} ({len(seen.people.get(name, ()))})")
        if not self._list.get():
            self._list.set(next((name for name in LISTS if seen.people.get(name)), LISTS[0]))
        name = self._list.get()
        people = seen.people.get(name, ())
        what = f"session-page.list.what.{name}" if people else "session-page.list.nobody"
        self.what.configure(text=self.texts[what])
        rows = [
            (
                f"{line.component}/{line.sbd}",
                (line.sbd, line.name, line.label, line.where or "–", self._state(line.state), line.at or "–"),
            )
            for line in people
        ]
        self.table.fill(rows)
        self.page.show_main()

    def _state(self, state: str) -> str:
        key = f"session-page.state.{state}"
        return self.texts[key] if key in self.texts else self.texts[f"state.{state}"]

    def main_text(self) -> str:
        """For somebody drawn: enter what came of it."""
        drawn = self._list.get() == "drawn" and "spot-check" in self.page.offers
        return "session-page.next.spot-check" if drawn else "session-page.refresh"

    def forward(self) -> None:
        """Enter what came of the chosen person's random check; else look at the session anew."""
        if self.main_text() == "session-page.refresh" or not self.table.chosen:
            self.page.see()
        else:
            self.page.open_task("spot-check", {"who": self.table.chosen})

    def kept(self) -> Mapping[str, Any]:
        """Which list is shown."""
        return {"list": self._list.get()}

    def take_focus(self) -> None:
        """To the table."""
        self.table.view.focus_set()


class RoomsPane(Pane):
    """Rooms or cars of each component with their figures."""

    def __init__(self, parent: Any, page: "SessionPage") -> None:
        super().__init__(parent, page)
        self.rowconfigure(1, weight=1)
        self.what = ttk.Label(self, anchor="w", justify="left")
        wrapped(self.what, 2)
        self.what.grid(row=0, column=0, sticky="ew", pady=self.look.px(3))
        names = ("component", "room", "listed", "inside", "away", "rest")
        columns = [(name, self.texts[f"session-page.column.{name}"]) for name in names]
        self.table = Grid(
            self, self.look, columns, stretch="component", rows=6, figures=names[2:], spare=("rest",)
        )
        self.table.grid(row=1, column=0, sticky="nsew")

    def show(self, seen: Overview) -> None:
        """Fill the table, and say how the places were given."""
        rows, before = [], ""
        for line in seen.rooms:
            label = seen.component(line.component).label if line.component != before else ""
            before = line.component
            room = line.room or self.texts["session-page.no-room"]
            figures = (line.listed, line.inside, line.away, line.rest)
            rows.append((f"{line.component}/{line.room}", (label, room, *map(str, figures))))
        self.table.fill(rows)
        lots = [
            self.texts.say("session-page.lot", component=line.label, entry=line.allocated)
            for line in seen.components
            if line.allocated is not None
        ]
        self.what.configure(text=" ".join(lots) or self.texts["session-page.no-lot"])

    def main_text(self) -> str:
        """Give places by lot, where that is still possible."""
        return "session-page.next.allocate" if "allocate" in self.page.offers else ""

    def forward(self) -> None:
        """Open the form of the lot for the component of the chosen row."""
        if self.main_text():
            self.page.component = self.table.chosen.partition("/")[0] or self.page.component
            self.page.open_task("allocate")

    def take_focus(self) -> None:
        """To the table."""
        self.table.view.focus_set()


class RulesPane(Pane):
    """The rules that the session was opened with, in words, and what of them nobody confirmed."""

    def __init__(self, parent: Any, page: "SessionPage") -> None:
        super().__init__(parent, page)
        self.rowconfigure(1, weight=1)
        self.mark = Line(self, self.look)
        self.mark.grid(row=0, column=0, sticky="ew", pady=self.look.px(3))
        row = ttk.Frame(self)
        row.columnconfigure(0, weight=1)
        row.rowconfigure(0, weight=1)
        row.grid(row=1, column=0, sticky="nsew")
        self.words = tkinter.Text(
            row,
            wrap="word",
            font=self.look.body,
            height=8,
            width=20,
            relief="flat",
            borderwidth=0,
            highlightthickness=2,
            highlightcolor="#1d4e89",
            padx=self.look.px(6),
            pady=self.look.px(4),
            spacing1=self.look.px(2),
            takefocus=True,
            state="disabled",
        )
        self.words.tag_configure("head", font="TkHeadingFont", spacing1=self.look.px(8))
        down = ttk.Scrollbar(row, orient="vertical", command=self.words.yview)
        self.words.configure(yscrollcommand=down.set)
        self.words.grid(row=0, column=0, sticky="nsew")
        down.grid(row=0, column=1, sticky="ns")
        for key, amount, what in (
            ("<Down>", 1, "units"),
            ("<Up>", -1, "units"),
            ("<Next>", 1, "pages"),
            ("<Prior>", -1, "pages"),
        ):
            self.words.bind(key, partial(self._scroll, amount, what))

    def _scroll(self, amount: int, what: Any, _event: "tkinter.Event[Any]") -> str:
        self.words.yview_scroll(amount, what)
        return "break"

    def show(self, seen: Overview) -> None:
        """Show the rules of the session."""
        marked = seen.session.unconfirmed
        key = "session-page.rules.unconfirmed" if marked else "session-page.rules.confirmed"
        self.mark.show(self.texts.say(key, count=len(marked)), "bang" if marked else "tick")
        self.words.configure(state="normal")
        self.words.delete("1.0", "end")
        for at, line in enumerate(self.page.rules_lines(seen)):
            head = not at or (line.endswith(":") and not line.startswith(" "))
            self.words.insert("end", f"{line.rstrip()}\n", ("head",) if head else ())
        self.words.configure(state="disabled")

    def take_focus(self) -> None:
        """To the text: the arrow keys turn it."""
        self.words.focus_set()


VIEWS: Final = {"overview": OverviewPane, "lists": ListsPane, "rooms": RoomsPane, "rules": RulesPane}
