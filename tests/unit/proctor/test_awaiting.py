"""Whose a scanned line is while a form asks for a second person's card, and while the lock took that form away."""

from collections.abc import Callable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from proctor.desk.events import CardIn, CardOut, Event, Locked, Scanned
from proctor.desk.machine import step
from proctor.desk.state import State
from proctor.gui.station.awaiting import Awaiting

SEED = "7d5f3b0a-0d0e-4f0a-8a52-1f2a3b4c5d6e"
CODE = "001099000777"


@dataclass
class Window:
    """A window with a desk; what it puts off is done by `later`."""

    state: State = field(default_factory=lambda: State.first(SEED))
    put_off: list[Callable[[], None]] = field(default_factory=list)
    going: Any = field(default_factory=lambda: SimpleNamespace(locked=False))

    @property
    def driver(self) -> Any:
        return self

    def send(self, event: Event) -> None:
        self.state, _ = step(self.state, event)

    def after(self, _ms: int, action: Callable[[], None]) -> None:
        self.put_off.append(action)

    def later(self) -> None:
        waiting, self.put_off = self.put_off, []
        for action in waiting:
            action()

    def lock(self, locked: bool) -> None:
        self.going.locked = locked
        self.send(Locked(locked=locked))


def test_what_a_second_person_scans_and_lays_behind_the_lock_is_no_candidate_s() -> None:
    window = Window()
    awaiting = Awaiting(window)  # type: ignore[arg-type]
    form = object()
    awaiting.begin(form, lambda _text: None, lambda: True)
    window.lock(True)
    awaiting.end(form)  # the lock took the page away
    window.later()
    window.send(CardIn(reader="R"))
    window.send(Scanned(text=CODE, source="serial"))
    assert window.state.claim is None
    window.lock(False)
    window.later()
    assert (window.state.phase, window.state.run, window.state.awaited) == ("waiting", None, False)
    window.send(CardOut(reader="R"))
    window.send(CardIn(reader="R"))
    window.send(Scanned(text=CODE, source="serial"))
    assert window.state.phase == "working"


def test_a_form_that_comes_back_after_the_lock_goes_on_asking() -> None:
    window = Window()
    awaiting = Awaiting(window)  # type: ignore[arg-type]
    first, again = object(), object()
    awaiting.begin(first, lambda _text: None, lambda: True)
    window.lock(True)
    awaiting.end(first)
    window.lock(False)
    awaiting.begin(again, lambda _text: None, lambda: True)
    window.later()
    assert window.state.awaited
    awaiting.end(again)
    assert not window.state.awaited
