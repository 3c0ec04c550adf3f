"""What is looked for in the list: the search, and a box each for state, room and component."""

import tkinter
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import ttkbootstrap as ttk

from proctor.gui.look import Look
from proctor.names import component_name
from proctor.screens.roster import Roll, Wanted, in_order
from proctor.texts import Texts
from sessions.session import Session


class Filters(ttk.Frame):
    """The search and the filters: one row, two where the text is large."""

    def __init__(
        self,
        parent: Any,
        look: Look,
        texts: Texts,
        letters: Any,
        *,
        at: Session,
        kept: Mapping[str, Any],
        across: int,
        on_change: Callable[[], None],
        on_component: Callable[[str], None],
    ) -> None:
        """`at`: the session at the component that is shown; `kept`: as `kept` gave it; `across`: so many fields beside
        one another; `on_change`: something else is looked for; `on_component`: told which component is chosen."""
        super().__init__(parent)
        self._look, self._texts, self._at = look, texts, at
        self._on_change, self._on_component = on_change, on_component
        self.search = tkinter.StringVar(self, str(kept.get("search", "")))
        self.state_name, self.room = str(kept.get("state", "")), str(kept.get("room", ""))
        self._states: tuple[str, ...] = ("",)
        self._rooms: tuple[str, ...] = ("",)
        self.entry = ttk.Entry(self, textvariable=self.search, font=look.body, width=18)
        self.state_box = self._box(20, self._take_state)
        self.room_box = self._box(len(texts["roster-page.every-room"]) + 1, self._take_room)
        fields: list[tuple[str, Any]] = [
            ("search", self.entry),
            ("state", self.state_box),
            ("room", self.room_box),
        ]
        if len(at.components) > 1:
            self.component_box = self._component_box()
            fields.append(("component", self.component_box))
        for place, (name, widget) in enumerate(fields):
            label = ttk.Label(self)
            letters.leads(label, texts[f"roster-page.{name}"], widget)
            row, column = place // across, 2 * (place % across)
            label.grid(row=row, column=column, sticky="w", padx=(0, look.px(5)), pady=look.px(1))
            last = place % across == across - 1 or place == len(fields) - 1
            widget.grid(row=row, column=column + 1, sticky="ew", padx=(0, 0 if last else look.px(12)))
            self.columnconfigure(column + 1, weight=2 if name == "search" else 1)

    # --- what the page asks ---

    @property
    def wanted(self) -> Wanted:
        """What is looked for now."""
        return Wanted(text=self.search.get(), state=self.state_name, room=self.room)

    @property
    def narrow(self) -> bool:
        """Whether anything is looked for."""
        return bool(self.search.get() or self.state_name or self.room)

    def begin(self) -> None:
        """Typing begins in the search."""
        self.entry.focus_set()
        self.entry.icursor("end")

    def offer(self, roll: Roll) -> None:
        """Offer the states and the rooms that there are."""
        self._offer_states(roll)
        self._rooms = ("", *roll.rooms)
        every = self._texts["roster-page.every-room"]
        self.room_box.configure(values=[room or every for room in self._rooms])
        if self.room not in self._rooms:
            self.room = ""
        self.room_box.current(self._rooms.index(self.room))

    def widen(self) -> None:
        """Look for everybody."""
        self.state_name = self.room = ""
        self.state_box.current(0)
        self.room_box.current(0)
        self.search.set("")

    def kept(self) -> Mapping[str, Any]:
        """Return what is looked for, for the page that is built in this one's place."""
        return {"search": self.search.get(), "state": self.state_name, "room": self.room}

    # --- the boxes ---

    def _component_box(self) -> ttk.Combobox:
        names = self._at.components
        labels = [component_name(self._at.rules, name, self._texts) for name in names]
        box = self._box(max(map(len, labels)), lambda: self._on_component(names[max(0, box.current())]))
        box.configure(values=labels)
        box.current(names.index(self._at.component))
        return box

    def _box(self, width: int, chosen: Callable[[], None]) -> ttk.Combobox:
        """A choice that Left and Right step through without opening it."""
        box = ttk.Combobox(self, state="readonly", font=self._look.body, width=width, height=16)
        for key, step in (("<Left>", -1), ("<Right>", 1)):
            box.bind(key, partial(_step, step))
        box.bind("<<ComboboxSelected>>", lambda _event: chosen())
        return box

    def _offer_states(self, roll: Roll) -> None:
        """The states there are, each with how many; the chosen one stays offered though nobody has it any more."""
        counts = roll.counts
        self._states = ("", *in_order({*counts, *([self.state_name] if self.state_name else [])}))
        say = self._texts.say
        words = [say("roster-page.every-state", count=len(roll.rows))]
        words += [
            f"{say(f'roster-page.state.{state}')} ({counts.get(state, 0)})" for state in self._states[1:]
        ]
        self.state_box.configure(values=words)
        self.state_box.current(self._states.index(self.state_name))

    def _take_state(self) -> None:
        self.state_name = self._states[max(0, self.state_box.current())]
        self._on_change()

    def _take_room(self) -> None:
        self.room = self._rooms[max(0, self.room_box.current())]
        self._on_change()


def _step(step: int, event: "tkinter.Event[Any]") -> str:
    box, count = event.widget, len(event.widget.cget("values"))
    if count:
        box.current((max(0, box.current()) + step) % count)
        box.event_generate("<<ComboboxSelected>>")
    return "break"
