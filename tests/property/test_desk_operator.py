"""Somebody who does only what the page says gets everybody through, whatever else goes on at the desk.

The operator sees the title, the claim's masked number, and the cards; around them the next in the queue is scanned or
lays a card too early, a card is lifted or forgotten, devices come and go, the camera still sees the code of who left.
"""

from collections import Counter
from dataclasses import dataclass, field
from random import Random

import pytest

from proctor.desk.events import (
    CardIn,
    CardOut,
    Decided,
    Device,
    DeviceKind,
    Ended,
    Event,
    Failed,
    Locked,
    Paused,
    Pressed,
    Reopened,
    Ticked,
)
from proctor.desk.machine import step
from proctor.desk.state import REMEMBERED, State
from proctor.desk.view import view
from readers.cccd.id_number import IdNumber
from sessions.record import Verdict
from tests.support.desk_events import (
    OTHER_READER,
    READER,
    ending,
    first,
    row,
    scanned,
    starts,
)

DAYS, QUEUE = 60, 12
MOST_STEPS = 60
"""Steps for one candidate at most: an operator who needs more is going round in circles."""
PEOPLE = tuple(f"0011990000{number:02}" for number in range(1, QUEUE + 1))


@dataclass
class Desk:
    """The desk, who stands in the queue, and whose card lies where."""

    random: Random
    state: State = field(default_factory=first)
    queue: list[str] = field(default_factory=lambda: list(PEOPLE))
    cards: dict[str, str] = field(default_factory=dict)
    begun: list[str] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    seen: Counter[str] = field(default_factory=Counter)

    def tell(self, event: Event) -> None:
        """Something happens. An attempt that begins has the code and the card of one person, who is first in line."""
        self.state, effects = step(self.state, event)
        for start in starts(effects):
            whose = self.cards[start.reader]
            assert whose in start.access.text, "one person's code with another's card"
            assert whose == self.queue[0], "not the candidate at the desk"
            self.begun.append(whose)

    def lay(self, person: str, reader: str = READER) -> None:
        """A card comes onto a reader that is free."""
        if reader not in self.cards and person not in self.cards.values():
            self.cards[reader] = person
            self.tell(CardIn(reader=reader))

    def lift(self, reader: str) -> None:
        """A card is taken away."""
        if self.cards.pop(reader, None) is not None:
            self.tell(CardOut(reader=reader))

    def act(self) -> None:
        """Do what the page says."""
        title = view(self.state).title.key.removeprefix("desk.title.")
        self.seen[title] += 1
        {
            "anything": self._begin,
            "card": self._lay_claimed,
            "claim": self._scan_card,
            "two-cards": self._lift_all,
            "old-card": self._lift_all,
            "ready": self._mend,
            "no-reader": self._mend,
            "no-camera": self._go_on,
            "no-scanner": self._begin_typed,
            "claim.typed": self._scan_card,
            "paused": lambda: self.tell(Paused(paused=False)),
            "deciding.again": lambda: self.tell(Pressed(action="later")),
            "locked": lambda: self.tell(Locked(locked=False)),
            "deciding": self._decide,
        }.get(title, self._work if title.startswith("working") else self._acknowledge)()

    def _begin(self) -> None:
        if self.random.random() < 0.5:
            self.tell(scanned(self.queue[0], self.random.choice(("serial", "typed"))))
        else:
            self.lay(self.queue[0])

    def _go_on(self) -> None:
        """Mend it, or begin without it."""
        shown = view(self.state)
        if self.random.random() < 0.5:
            self._mend()
        elif shown.claim is not None:
            self._lay_claimed()
        else:
            (self._scan_card if self.cards else self._begin)()

    def _begin_typed(self) -> None:
        self.tell(scanned(self.queue[0], "typed"))

    def _lay_claimed(self) -> None:
        claim = view(self.state).claim
        if claim is not None and claim.facts["number"] == IdNumber(self.queue[0]).masked:
            self.lay(self.queue[0])
        else:
            self.tell(Pressed(action="clear"))

    def _scan_card(self) -> None:
        (reader, whose), *_ = self.cards.items()
        if whose == self.queue[0]:
            ways = ("typed",) if self.state.lacking == "scanner" else ("serial", "camera", "typed")
            self.tell(scanned(whose, self.random.choice(ways)))
        else:
            self.lift(reader)

    def _lift_all(self) -> None:
        for reader in tuple(self.cards):
            self.lift(reader)

    def _mend(self) -> None:
        for device in self.state.devices:
            if device.state != "in":
                self.tell(Device(kind=device.kind, name=device.name, state="in"))

    def _work(self) -> None:
        """The attempt goes on by itself."""
        if self.random.random() < 0.6:
            self.tell(row(self.state, self.random.choice(("notice", "chip-read", "pa-consistent"))))
        elif self.random.random() < 0.1:
            self.tell(Failed(attempt_id=self.state.attempt_id, code="session-paused"))
        else:
            verdict = self.random.choice(tuple(Verdict))
            recorded = self.random.random() < 0.9
            result = ending(verdict, recorded=recorded, entry=7 if recorded else None)
            self.tell(Ended(attempt_id=self.state.attempt_id, result=result))

    def _decide(self) -> None:
        choice = self.random.choice(("admitted", "not-admitted", "left"))
        entry = self.random.choice((None, 9, 9))
        self.tell(Decided(attempt_id=self.state.attempt_id, choice=choice, entry=entry))

    def _acknowledge(self) -> None:
        """The next candidate; whoever got no verdict is tried again. The card is handed back, or forgotten there."""
        panel = view(self.state).verdict
        assert panel is not None
        if self.state.run is not None and self.state.run.claim is None:  # of the log, not of this queue
            self.tell(Pressed(action="next"))
            return
        if not panel.recorded and self.random.random() < 0.9:
            self.tell(Pressed(action="again"))
            return
        if self.random.random() < 0.7:
            for reader in [reader for reader, whose in self.cards.items() if whose == self.queue[0]]:
                self.lift(reader)
        self.gone.append(self.queue.pop(0))
        if self.queue:
            self.tell(Pressed(action="next"))

    def disturb(self) -> None:
        """Something that nobody asked for."""
        busy = self.state.run is not None
        follower = self.queue[1] if len(self.queue) > 1 else ""
        what = self.random.randrange(11) - 1
        if what == 0 and busy and follower:
            self.tell(scanned(follower))
        elif what == 1 and busy and follower:
            self.lay(follower, self.random.choice((READER, OTHER_READER)))
        elif what == 2 and self.cards:
            self.lift(self.random.choice(tuple(self.cards)))
        elif what == 3 and self.gone:
            self.tell(scanned(self.random.choice(self.gone[-REMEMBERED:]), "camera"))
        elif what >= 4:
            self.tell(self._stray())
        elif what < 0 and self.state.phase == "working":
            self.lay(self.queue[0])

    def _stray(self) -> Event:
        """A device, the lock, time, the session's pause, an attempt of the log."""
        kinds: tuple[DeviceKind, ...] = ("camera", "printer", "scanner", "reader")
        return self.random.choice(
            (
                Device(kind=self.random.choice(kinds), state=self.random.choice(("out", "fault"))),
                Locked(locked=True),
                Ticked(now_s=self.state.now_s + self.random.choice((1.0, 200.0))),
                Paused(paused=True),
                Reopened(of=str(len(self.seen)), result=ending(Verdict.REFER)),
            )
        )


@pytest.mark.parametrize("disturbed", [0.0, 0.15, 0.3])
def test_whoever_does_what_the_page_says_gets_everybody_through(disturbed: float) -> None:
    seen: Counter[str] = Counter()
    for day in range(DAYS):
        desk = Desk(Random(day))
        for _ in range(MOST_STEPS * QUEUE):
            if not desk.queue:
                break
            if desk.random.random() < disturbed:
                desk.disturb()
            else:
                desk.act()
        assert not desk.queue, f"day {day}: still waiting at {view(desk.state).title.key}"
        assert list(dict.fromkeys(desk.begun)) == list(PEOPLE), f"day {day}: somebody was left out"
        seen += desk.seen
    always = {"anything", "card", "claim", "old-card", "deciding", "verdict.ADMIT", "verdict.failed"}
    assert always <= set(seen)
    rare = {
        "two-cards",
        "ready",
        "locked",
        "paused",
        "no-reader",
        "no-camera",
        "no-scanner",
        "deciding.again",
    }
    assert not disturbed or rare <= set(seen)
