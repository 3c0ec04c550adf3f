"""The right half of the check-in page: places beneath one another, each filled anew when it shows another thing."""

import tkinter
from collections.abc import Callable
from functools import partial
from typing import Any, Final

import ttkbootstrap as ttk

from proctor.desk.screen import Screen, Words
from proctor.gui.look import Look
from proctor.gui.scrolled import Scrolled
from proctor.gui.station.parts import DifferenceTable, FaultList, StepList, WordList, wrapped
from proctor.texts import Texts

DIGITS: Final = 12
CAN_DIGITS: Final = 6
"""Of a document that is no citizen's card: the number printed beneath its photograph."""
FREE: Final = ("waiting", "ready")
"""Phases in which a number is typed: later ones belong to the candidate at the desk."""
SLOTS: Final = ("number", "faults", "reasons", "decision", "differences", "warnings", "remarks", "steps")
"""What may stand on the right, from top to bottom."""


class Side(Scrolled):
    """What the page says of a screen in words and tables, and the number that is typed.

    `make_pane`: gives the place of two persons its pane. `entry`: where a number is typed, None where none may be.
    """

    def __init__(
        self, master: Any, look: Look, texts: Texts, *, make_pane: Callable[[ttk.Frame], Any]
    ) -> None:
        super().__init__(master)
        self._look, self._texts, self._make_pane = look, texts, make_pane
        self._screen: Screen | None = None
        self._filled: dict[str, object] = {}
        self.entry: ttk.Entry | None = None
        self.number = tkinter.StringVar(self)
        self.number.trace_add("write", lambda *_names: self._counted())
        self.inside.columnconfigure(0, weight=1)
        self.slots: dict[str, ttk.Frame] = {}
        for row, name in enumerate(SLOTS):
            slot = ttk.Frame(self.inside)
            slot.columnconfigure(0, weight=1)
            slot.grid(row=row, column=0, sticky="ew", pady=(0, look.px(5)))
            slot.grid_remove()
            self.slots[name] = slot

    def show(self, screen: Screen) -> None:
        """Show a screen; what did not change is not touched."""
        self._screen = screen
        open_now = not screen.locked
        self._slot("number", open_now and screen.typing and screen.phase in FREE, self._number_row)
        self._slot("faults", screen.faults if open_now else (), self._fault_list)
        self._slot("decision", screen.decision and screen.attempt_id, self._make_pane)
        for name, lines in (
            ("reasons", screen.reasons),
            ("warnings", screen.warnings),
            ("remarks", screen.remarks),
        ):
            told = bool(lines) and open_now and (lines, screen.verdict)
            self._slot(name, told, partial(self._word_list, name, lines))
        self._slot("differences", screen.differences if open_now else (), self._difference_table)
        went = any(step.state not in ("waiting", "skipped") for step in screen.steps)
        steps = screen.phase == "working" or (screen.phase == "verdict" and went)
        self._slot("steps", bool(screen.steps) and steps and screen.attempt_id, self._step_list)
        if screen.steps and steps:
            self.steps.show(screen.steps)

    def _slot(self, name: str, wanted: object, fill: Callable[[ttk.Frame], Any]) -> None:
        """Fill a place anew when what it shows is another thing; an empty one takes no room."""
        if self._filled.get(name, ()) == wanted:
            return
        self._filled[name] = wanted
        slot = self.slots[name]
        for child in slot.winfo_children():
            child.destroy()
        if name == "number":
            self.entry = None
        if not wanted:
            slot.grid_remove()
            return
        fill(slot).grid(row=0, column=0, sticky="ew")
        slot.grid()

    # --- the number ---

    def digits(self) -> str:
        """Return what was typed, without blanks."""
        return "".join(self.number.get().split())

    def _number_row(self, slot: ttk.Frame) -> ttk.Frame:
        row = ttk.Frame(slot)
        row.columnconfigure(0, weight=1)
        label = ttk.Label(row, text=self._texts["checkin.number"], font="TkHeadingFont", justify="left")
        label.grid(row=0, column=0, columnspan=2, sticky="ew")
        wrapped(label, 2)
        self.entry = ttk.Entry(row, textvariable=self.number, font=self._look.figure, width=DIGITS + 3)
        self.entry.grid(row=1, column=0, sticky="ew", ipady=self._look.px(2))
        self.count = ttk.Label(row, anchor="e", width=6)
        self.count.grid(row=1, column=1, sticky="e", padx=(self._look.px(6), 0))
        other = ttk.Label(row, text=self._texts["checkin.number.can"], anchor="w", justify="left")
        other.grid(row=2, column=0, columnspan=2, sticky="ew")
        wrapped(other, 2)
        self._counted()
        return row

    def _counted(self) -> None:
        if self.entry is not None:
            typed = len(self.digits())
            self.count.configure(text=f"{typed}/{DIGITS}" if typed else "")

    # --- lists and tables ---

    def _fault_list(self, slot: ttk.Frame) -> FaultList:
        return FaultList(slot, self._look, self._texts, () if self._screen is None else self._screen.faults)

    def _word_list(self, name: str, lines: tuple[Words, ...], slot: ttk.Frame) -> WordList:
        sign = {"reasons": "bang", "warnings": "bang", "remarks": "dots"}[name]
        if name == "reasons" and self._screen is not None and self._screen.verdict is not None:
            sign = {"tick": "dots"}.get(self._screen.verdict.sign, self._screen.verdict.sign)
        return WordList(
            slot, self._look, self._texts, heading=f"checkin.heading.{name}", lines=lines, sign=sign
        )

    def _difference_table(self, slot: ttk.Frame) -> DifferenceTable:
        rows = () if self._screen is None else self._screen.differences
        wide = self.winfo_width()
        return DifferenceTable(
            slot, self._look, self._texts, rows, wide=wide if wide > 1 else self.winfo_screenwidth() * 9 // 20
        )

    def _step_list(self, slot: ttk.Frame) -> StepList:
        self.steps = StepList(slot, self._look, self._texts)
        return self.steps


def is_number(digits: str) -> bool:
    """Whether what was typed may open a card: the 12 digits of a citizen's card, or another document's six."""
    return len(digits) in (DIGITS, CAN_DIGITS) and digits.isascii() and digits.isdigit()
