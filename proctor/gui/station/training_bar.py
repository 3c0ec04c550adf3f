"""Training's own row above the check-in page: who comes next, their card, their QR code. Nothing of it exists in a real
session."""

from collections.abc import Callable
from functools import partial
from typing import Any, Final

import ttkbootstrap as ttk

from proctor.desk.events import Scanned
from proctor.gui.background import Background
from proctor.gui.look import Look
from proctor.gui.station.driver import Driver
from proctor.gui.station.rehearsal import Comer, Rehearsal
from proctor.texts import Texts

WAY_WIDE: Final = 22
WAY_NARROW: Final = 14
KEYS: Final = {"<F1>": "next", "<F2>": "card", "<F3>": "scan"}


class TrainingBar(ttk.Frame):
    """F1: the next candidate; F2: lay the card, or lift it; F3: show its QR code to the scanner."""

    def __init__(
        self,
        master: Any,
        look: Look,
        texts: Texts,
        *,
        going: "Practice",
        background: Background,
        failed: Callable[[Exception], None],
    ) -> None:
        super().__init__(master, style="Band.TFrame", padding=(look.px(6), look.px(2)))
        self._texts, self._going, self._background, self._failed = texts, going, background, failed
        px = look.px
        self.who = ttk.Combobox(
            self, state="readonly", values=list(going.rehearsal.candidates), font=look.body, width=6
        )
        self.way = ttk.Combobox(
            self,
            state="readonly",
            values=[texts[f"scenario.{way}"] for way in going.rehearsal.ways],
            font=look.body,
            width=WAY_WIDE if look.scale <= 1.0 else WAY_NARROW,
        )
        label = ttk.Label(self, text=texts["window.station.practice.who"], style="BandText.TLabel")
        for column, widget in enumerate((label, self.who, self.way)):
            widget.grid(row=0, column=column, padx=(0, px(6)))
        if look.scale > 1.0:
            label.grid_remove()
        self.who.bind(
            "<<ComboboxSelected>>",
            lambda _event: self._chosen(going.rehearsal.candidates[self.who.current()]),
        )
        self.way.bind(
            "<<ComboboxSelected>>", lambda _event: self._way(going.rehearsal.ways[self.way.current()])
        )
        self._making = False
        self._waiting: list[str] = []
        self.buttons: dict[str, ttk.Button] = {}
        for column, name in enumerate(KEYS.values(), 3):
            button = ttk.Button(self, command=partial(self.do, name), takefocus=False)
            button.grid(row=0, column=column, padx=(0, px(6)))
            self.buttons[name] = button
        self.show()

    def show(self) -> None:
        """Show who is chosen, and whether their card lies there."""
        going = self._going
        self.who.current(going.rehearsal.candidates.index(going.sbd))
        self.way.current(going.rehearsal.ways.index(going.way))
        for name, button in self.buttons.items():
            key = f"{name}.lift" if name == "card" and going.laid else name
            button.configure(text=self._texts[f"window.station.practice.{key}"])

    def do(self, name: str) -> None:
        """What a key asks for; cards are made beside the window, and keys pressed meanwhile follow in their order."""
        if self._making:
            self._waiting.append(name)
        elif self._background.busy:
            return
        elif name == "next":
            self._going.next()
            self.show()
        elif name == "card" and self._going.laid:
            self._going.lift()
            self.show()
        else:
            self._making = True
            self._background.start(self._going.comer, done=partial(self._came, name), failed=self._not_made)

    def _came(self, name: str, comer: Comer) -> None:
        self._making = False
        if name == "card":
            self._going.lay(comer)
        else:
            self._going.scan(comer)
        if self.winfo_exists():
            self.show()
            self._follow()

    def _not_made(self, error: Exception) -> None:
        self._making = False
        self._waiting.clear()
        self._failed(error)

    def _follow(self) -> None:
        """Do what was pressed while a card was made, as far as the next one that has to be made."""
        while self._waiting and not self._making:
            self.do(self._waiting.pop(0))

    def _chosen(self, sbd: str) -> None:
        self._going.choose(sbd)
        self.show()

    def _way(self, way: str) -> None:
        self._going.way = way


class Practice:
    """What training's row does to the desk; outlives the page."""

    def __init__(self, rehearsal: Rehearsal, driver: Driver) -> None:
        self.rehearsal = rehearsal
        self._driver = driver
        self.sbd = rehearsal.candidates[0]
        self.way = rehearsal.usual(self.sbd)
        self.laid = ""
        self._made: Comer | None = None

    def choose(self, sbd: str) -> None:
        """Somebody else comes, in their usual way."""
        self.sbd, self.way = sbd, self.rehearsal.usual(sbd)

    def next(self) -> None:
        """The next of the list comes."""
        known = self.rehearsal.candidates
        self.choose(known[(known.index(self.sbd) + 1) % len(known)])

    def comer(self) -> Comer:
        """Return who was chosen, with their card; made once."""
        made = self._made
        if made is None or (made.sbd, made.way) != (self.sbd, self.way):
            made = self._made = self.rehearsal.make(self.sbd, self.way)
        return made

    def lay(self, comer: Comer) -> None:
        """Lay the card; whoever it belongs to stands before the camera from now on."""
        self._driver.runtime.use_camera(comer.camera)
        self._driver.runtime.lay_card(comer.made)
        self.laid = comer.sbd

    def lift(self) -> None:
        """Lift the card."""
        self._driver.runtime.lift_card()
        self.laid = ""

    def scan(self, comer: Comer) -> None:
        """Show the card's QR code to the scanner."""
        self._driver.send(Scanned(text=comer.made.access_text, source="serial"))
