"""Scanner, cards, people, devices and a slow attempt in any order, thousands of times: nothing of one candidate ever
reaches the next.

The orders are drawn with a seed; the promises are kept by a second, simpler account of what happened (`Account`), which
knows only the events that were sent and the effects that came.
"""

from collections import Counter
from dataclasses import dataclass, field
from random import Random
from typing import Any, get_args

import pytest

from proctor.desk.events import (
    CardIn,
    CardOut,
    CardUsed,
    CheckDone,
    Decided,
    Device,
    Ended,
    Event,
    Failed,
    Halted,
    Held,
    Hint,
    Lent,
    Locked,
    Paused,
    Pictures,
    Pressed,
    Progress,
    Prompted,
    Reason,
    Reopened,
    Resumed,
    Scanned,
    SecondAwaited,
    Ticked,
)
from proctor.desk.machine import ACTIONS, step
from proctor.desk.screen import Screen
from proctor.desk.state import AskDecision, Effect, ForSecond, Skip, Sound, Speak, State, TellCandidate
from proctor.desk.view import STEPS, view
from proctor.texts import load_texts
from sessions.record import CHECK_NAMES, Outcome, Verdict
from tests.support.desk_events import (
    NAME_DIFFERS,
    NAMES,
    OTHER_READER,
    READER,
    ending,
    every_words,
    first,
    scanned,
    starts,
)

ORDERS, LENGTH, BATCHES = 2000, 36, 4
MANY = 40_000
READ_EVERY = 20
"""The words of every twentieth order are looked up: it takes as long as all the rest."""
PEOPLE = tuple(NAMES)
READERS = (READER, READER, READER, OTHER_READER)
KINDS = ("reader", "camera", "scanner", "printer", "disk", "clock", "collector")
TEXTS = load_texts("vi"), load_texts("en")
ATTEMPT_EVENTS = (CheckDone, Progress, Hint, Prompted, Pictures, Ended, Failed, Decided)


# --- drawing events -----------------------------------------------------------------------------------------


def draw(random: Random, state: State, ids: list[str]) -> Event:
    """One event; `ids`: of every attempt so far, so that some tell of one that is long over."""
    kind = random.choices(
        ("scan", "card", "key", "attempt", "end", "device", "time", "lock", "second", "log", "rare"),
        (20, 20, 16, 26, 10, 5, 3, 3, 1.5, 1, 0.3),
    )[0]
    told = state.attempt_id if random.random() < 0.7 or not ids else random.choice(ids)
    if kind == "scan":
        return _draw_scan(random)
    if kind == "attempt":
        return _draw_told(random, told)
    if kind == "end":
        return _draw_end(random, told)
    return _draw_other(random, kind, state)


def _draw_other(random: Random, kind: str, state: State) -> Event:
    drawn: dict[str, Event] = {
        "card": random.choice((*(CardIn, CardOut) * 8, CardUsed))(reader=random.choice(READERS)),
        "key": Pressed(action=random.choice(("next", "next", "next", "again", *ACTIONS, "no-such-action"))),
        "device": _draw_device(random),
        "time": Ticked(now_s=state.now_s + random.choice((0.02, 1.0, 50.0, 130.0))),
        "lock": random.choice(
            (
                Locked(locked=random.random() < 0.2),
                Held(held=random.random() < 0.2),
                Paused(paused=random.random() < 0.2),
            ),
        ),
        "second": random.choice(
            (SecondAwaited(awaited=random.random() < 0.3), Lent(lent=random.random() < 0.3)),
        ),
        "log": _draw_reopened(random),
        "rare": random.choice(
            (
                Halted(code="session-closed"),
                Resumed(sbd=random.choice(("", "007"))),
                Resumed(sbd="007", entry=7, verdict=random.choice(("ADMIT", "REFER", "admitted"))),
                Resumed(sbd="007", entry=7, verdict="REFER", undecided=_draw_reopened(random)),
            )
        ),
    }
    return drawn[kind]


def _draw_reopened(random: Random) -> Reopened:
    """An attempt of before a cut, or of the list; some that nobody may decide about."""
    of = f"of the log {random.randrange(10**6)}"
    verdict = random.choice((Verdict.REFER, Verdict.REFER, Verdict.REFER, Verdict.REFUSE))
    result = ending(verdict, decidable=random.random() < 0.8, differences=(NAME_DIFFERS,))
    return Reopened(of=of, result=result, chip=of.encode(), live=random.choice((None, of.encode())))


def _draw_device(random: Random) -> Device:
    kind = random.choice(KINDS)
    name = random.choice(READERS) if kind == "reader" else ""
    return Device(kind=kind, name=name, state=random.choice(("in", "in", "in", "out", "fault")))


def _draw_scan(random: Random) -> Scanned:
    if random.random() < 0.05:
        return Scanned(text=random.choice(("", "nonsense", "12345", "a|b")), source="serial")
    return scanned(random.choice(PEOPLE), random.choice(("serial", "camera", "typed")))


def _draw_told(random: Random, attempt_id: str) -> Event:
    outcome = random.choice(tuple(Outcome))
    code = {Outcome.PASSED: "ok", Outcome.NOT_PERFORMED: "not-reached"}.get(outcome, "face-no-match")
    drawn: tuple[Event, ...] = (
        CheckDone(attempt_id=attempt_id, name=random.choice(CHECK_NAMES), outcome=outcome, code=code),
        Progress(attempt_id=attempt_id, step=random.choice(("DG1", "DG2")), done=1, total=2),
        Hint(attempt_id=attempt_id, code=random.choice(("", "face-too-small"))),
        Prompted(attempt_id=attempt_id, prompt=random.choice(("turn-left", "done", "close-eyes"))),
        Pictures(attempt_id=attempt_id, chip=attempt_id.encode(), live=None),
        Pictures(attempt_id=attempt_id, live=attempt_id.encode()),
        Decided(
            attempt_id=attempt_id,
            choice=random.choice(("admitted", "not-admitted", "left")),
            entry=random.choice((None, 9)),
            how=random.choice(("two-persons", "two-persons", "manual", "head")),
        ),
    )
    return random.choice(drawn)


def _draw_end(random: Random, attempt_id: str) -> Event:
    if random.random() < 0.1:
        return Failed(attempt_id=attempt_id, code="session-paused")
    recorded = random.random() < 0.85
    result = ending(
        random.choice(tuple(Verdict)),
        recorded=recorded,
        entry=len(attempt_id) if recorded else None,
        store_error="" if recorded else "store-full",
        decidable=random.random() < 0.8,
        differences=(NAME_DIFFERS,),
        warnings=(Reason(code="qr-name-differs"),),
    )
    return Ended(attempt_id=attempt_id, result=result)


# --- the second account --------------------------------------------------------------------------------------


@dataclass
class Account:
    """What happened, told without the table: which codes nobody used yet, which cards lie since when, what runs."""

    running: str = ""
    over: dict[str, Ended | Failed] = field(default_factory=dict)
    decided: dict[str, Decided] = field(default_factory=dict)
    claims: set[str] = field(default_factory=set)
    ahead: set[str] = field(default_factory=set)
    cards: dict[str, int] = field(default_factory=dict)
    ended_at: int = -1
    last: str = ""
    owner: dict[str, str] = field(default_factory=dict)
    locked: bool = False
    held: bool = False
    paused: bool = False
    proving: set[type] = field(default_factory=set)
    meant: bool = False
    count: Counter[str] = field(default_factory=Counter)

    def hears(self, at: int, event: Event, before: State) -> None:
        """Take note of an event before it is known what came of it."""
        if isinstance(event, Scanned):
            self._scan(event, before)
        elif isinstance(event, Pressed) and not self.locked:
            self._key(event.action, before)
        elif isinstance(event, Locked):
            self.locked = event.locked
        elif isinstance(event, Held | Paused | SecondAwaited | Lent):
            self._held(event)
        elif isinstance(event, Reopened | Resumed):
            self._reopen(event if isinstance(event, Reopened) else event.undecided, before)
        elif isinstance(event, CardIn | CardUsed | CardOut | Device):
            self._card(at, event, before)
        elif isinstance(event, Ended | Failed) and event.attempt_id == self.running != "":
            self.over[self.running], self.running, self.ended_at = event, "", at
        elif isinstance(event, Halted):
            self.claims, self.ahead = set(), set()

    def _held(self, event: Held | Paused | SecondAwaited | Lent) -> None:
        """What keeps anybody from being looked at, and what a second person needs."""
        if isinstance(event, Held):
            self.held = event.held
        elif isinstance(event, Paused):
            self.paused = event.paused
        else:
            began = event.awaited if isinstance(event, SecondAwaited) else event.lent
            (self.proving.add if began else self.proving.discard)(type(event))

    def _reopen(self, event: Reopened | None, before: State) -> None:
        """One of the log comes to a desk that nobody is at: whoever was awaited is next, the cards there are old."""
        free = before.run is None and before.next_claim is None and before.halted is None
        if event is not None and free and event.result.decidable and event.result.verdict is Verdict.REFER:
            self.over[event.of] = Ended(attempt_id=event.of, result=event.result)
            self.claims, self.ahead = set(), self.claims
            self.cards = dict.fromkeys(self.cards, -1)

    def _card(self, at: int, event: CardIn | CardUsed | CardOut | Device, before: State) -> None:
        """Which cards lie since when; one that serves for something else is as old as can be."""
        if isinstance(event, CardIn):
            others = bool(self.proving) or (before.run is not None and before.run.claim is None)
            self.cards.setdefault(event.reader, -1 if others else at)
        elif isinstance(event, CardUsed) and event.reader in self.cards:
            self.cards[event.reader] = -1
        elif isinstance(event, CardOut):
            self.cards.pop(event.reader, None)
        elif isinstance(event, Device) and (event.kind, event.state) == ("reader", "out"):
            self.cards.pop(event.name, None)

    def _scan(self, event: Scanned, before: State) -> None:
        """Whoever is scanned on purpose takes the place of whoever was scanned before."""
        person = next((each for each in PEOPLE if each in event.text), None)
        if person is None or (person == self.last and self.running):
            return
        if self.proving and event.source != "typed":  # a second person's code is no candidate's
            return
        if person in self.owner.values() and event.source == "camera":
            return
        slot = self.claims if before.run is None else self.ahead
        if event.source != "camera":
            slot.clear()
            self.meant = self.meant or person == self.last
        slot.add(person)

    def _key(self, action: str, before: State) -> None:
        """Who is next, by the keys."""
        if (action == "next" and before.phase == "verdict") or (action == "clear" and before.run is None):
            self.claims, self.ahead = self.ahead, set()
        elif action == "again" and before.run is not None and before.run.claim is None:
            if before.phase in {"verdict", "deciding"} and before.halted is None:
                self.claims, self.ahead = self.ahead, set()
        elif action == "again" and before.phase in {"verdict", "deciding"}:
            self.claims, self.meant = {self.last}, True
        elif action == "drop-next":
            self.ahead = set()
        elif action == "leave" and before.phase not in {"working", "deciding"}:
            self.claims, self.ahead, self.last = set(), set(), ""
            self.owner = dict.fromkeys(self.owner, "")

    def begins(self, at: int, event: Event, start: Any) -> None:
        """Hold an attempt that begins against what is known."""
        person = next(each for each in PEOPLE if each in start.access.text)
        again = isinstance(event, Pressed) and event.action == "again"
        assert not self.running, "two attempts at once"
        assert start.attempt_id not in self.owner, "one id for two attempts"
        assert not self.locked
        assert not self.held
        assert not self.paused
        assert list(self.cards) == [start.reader], "not exactly one card"
        assert person in self.claims, "a code that was used, replaced or never scanned"
        fresh = self.cards[start.reader] > self.ended_at
        assert fresh or (self.meant and person == self.last), "an old card began an attempt"
        self.count["again" if again else "fresh" if fresh else "meant"] += 1
        self.claims = set()
        self.running = start.attempt_id
        self.owner[start.attempt_id] = self.last = person
        self.meant = False


# --- the promises --------------------------------------------------------------------------------------------


def promises(
    account: Account, before: State, event: Event, state: State, effects: tuple[Effect, ...]
) -> None:
    """What holds after every event, whatever came before."""
    told = getattr(event, "attempt_id", None)
    if told is not None and told != before.attempt_id:
        assert (state, effects) == (before, ())
    if isinstance(event, ATTEMPT_EVENTS):
        assert not starts(effects)
    _promise_run(account, before, event, state)
    _promise_second(account, before, event, state, effects)
    _promise_effects(account, event, state, effects)
    if state is not before:
        _promise_screen(account, state, view(state))


def _promise_run(account: Account, before: State, event: Event, state: State) -> None:
    """One attempt keeps its claim to its end; only a person takes it from the desk; no claim is in two places."""
    assert (state.phase == "working") == (account.running != "")
    if state.run is not None:
        assert state.claim is None
        if state.run.claim is None:
            assert state.attempt_id not in account.owner  # of the log: no attempt of this desk
        else:
            assert account.owner[state.attempt_id] in state.run.claim.access.text
    if before.run is not None and state.attempt_id != before.attempt_id:
        assert isinstance(event, Pressed)
        assert event.action in {"next", "again", "leave"}
        assert before.phase in {"verdict", "deciding"}
    if before.run is not None and state.run is not None and state.attempt_id == before.attempt_id:
        assert state.run.claim == before.run.claim
        assert before.run.result in (None, state.run.result)
    assert set(state.cards) == set(account.cards)
    assert state.spent <= set(state.cards)
    assert state.claim is None or not state.claim.same_person(state.next_claim)
    assert state.claim is not None or state.next_claim is None or state.run is not None
    assert state.phase != "ready" or (state.claim is not None and state.fresh_card is not None)


def _promise_second(
    account: Account, before: State, event: Event, state: State, effects: tuple[Effect, ...]
) -> None:
    """What is scanned while a second person's card is awaited goes to whoever asks for it, as it came, and is no
    candidate's."""
    given = [effect for effect in effects if isinstance(effect, ForSecond)]
    for effect in given:
        assert isinstance(event, Scanned)
        assert account.proving
        assert (effect.text, effect.by_camera) == (event.text, event.source == "camera")
        account.count["second"] += 1
    if isinstance(event, Scanned) and account.proving and event.source != "typed":
        assert (state.claim, state.next_claim) == (before.claim, before.next_claim)
        assert len(given) == 1 or event.source == "camera" or before.phase == "closed"


def _promise_effects(account: Account, event: Event, state: State, effects: tuple[Effect, ...]) -> None:
    for effect in effects:
        if isinstance(effect, Skip | AskDecision):
            assert effect.attempt_id == state.attempt_id
        if isinstance(effect, Speak):
            assert all(effect.key in texts for texts in TEXTS)
    if Sound(name="admit") in effects or TellCandidate(what="admitted") in effects:
        let_in = isinstance(event, Ended) and event.result.recorded and event.result.verdict is Verdict.ADMIT
        decided = isinstance(event, Decided) and event.choice == "admitted" and event.entry is not None
        assert let_in or decided
        assert event.attempt_id == state.attempt_id  # type: ignore[union-attr]
        assert account.running == ""


def _promise_screen(account: Account, state: State, screen: Screen) -> None:
    """What is shown is this attempt's own, and a verdict is one that was told and committed."""
    own = state.attempt_id.encode()
    assert screen.chip_picture in (None, own)
    assert screen.live_picture in (None, own)
    assert not (state.run is None and (screen.chip_picture or screen.live_picture))
    if state.locked:
        assert not any(
            (screen.claim, screen.next_claim, screen.candidate, screen.chip_picture, screen.live_picture)
        )
        assert not any((screen.verdict, screen.reasons, screen.differences, screen.actions, screen.typing))
    panel = screen.verdict
    if panel is None:
        assert state.locked or state.attempt_id not in account.over or state.run is None
        return
    end = account.over[state.attempt_id]
    word = panel.word.key.removeprefix("desk.verdict.")
    if word in {"admitted", "not-admitted", "left"}:
        assert state.run is not None
        assert state.run.decided is not None
        assert state.run.decided.choice == word
        _promise_decided(end, state.run.decided)
    elif isinstance(end, Failed):
        assert word == "failed"
    elif not end.result.recorded:
        assert (word, panel.recorded) == ("not-recorded", False)
    else:
        assert word == end.result.verdict
    assert (panel.colour == "green") == (word in {"ADMIT", "admitted"})


def _promise_decided(end: Ended | Failed, decided: Decided) -> None:
    """People decide over a REFER; by documents where there is no verdict, too; only the council's head over a refusal;
    nobody over an ADMIT."""
    recorded = isinstance(end, Ended) and end.result.recorded
    verdict = end.result.verdict if recorded and isinstance(end, Ended) else None
    assert verdict is not Verdict.ADMIT
    assert decided.how != "head" or verdict in (Verdict.REFUSE, Verdict.REFER)
    assert verdict is not Verdict.REFUSE or decided.how == "head"
    assert verdict is not None or decided.how == "manual"
    assert decided.choice == "left" or decided.entry is not None


def play(seed: int, said: set[str], count: Counter[str]) -> str:
    """One order of events from beginning to end; return which promise was broken, "" where all are kept."""
    random, account, state, ids, trace = Random(seed), Account(count=count), first(), [], []
    for at in range(LENGTH):
        event = draw(random, state, ids)
        trace.append(event)
        before = state
        account.hears(at, event, before)
        state, effects = step(before, event)
        try:
            for start in starts(effects):
                account.begins(at, event, start)
                ids.append(start.attempt_id)
            account.locked = state.locked
            ids += [event.of] if isinstance(event, Reopened) and event.of == state.attempt_id else []
            promises(account, before, event, state, effects)
        except AssertionError as error:
            return f"seed {seed}, event {at}: {error}\n" + "; ".join(map(repr, trace[-12:]))
        if seed % READ_EVERY == 0:
            said |= {words.key for words in every_words(view(state))}
        count[state.phase] += 1
        count[type(event).__name__] += 1
        count["of the log"] += state.run is not None and state.run.claim is None
    return ""


@pytest.mark.parametrize("batch", range(BATCHES))
def test_thousands_of_orders_keep_every_promise(batch: int) -> None:
    said: set[str] = set()
    count: Counter[str] = Counter()
    for seed in range(batch * ORDERS // BATCHES, (batch + 1) * ORDERS // BATCHES):
        assert play(seed, said, count) == ""
    assert said <= set(TEXTS[0]), said - set(TEXTS[0])
    assert said <= set(TEXTS[1]), said - set(TEXTS[1])
    assert min(count[name] for name in ("fresh", "meant", "again")) > 5, count  # each way to begin was seen
    assert count["second"] > 50, count
    assert all(count[kind.__name__] for kind in get_args(Event)), count  # each kind of event was among them
    assert count["of the log"] > 20, count
    assert min(count[name] for name in ("waiting", "ready", "working", "deciding", "verdict")) > 100, count


@pytest.mark.slow
@pytest.mark.parametrize("batch", range(1, MANY // ORDERS))
def test_tens_of_thousands_of_orders_keep_every_promise(batch: int) -> None:
    for seed in range(batch * ORDERS, (batch + 1) * ORDERS):
        assert play(seed, set(), Counter()) == ""


def test_every_check_belongs_to_one_step_and_every_step_has_its_words() -> None:
    assert sorted(check for checks in STEPS.values() for check in checks) == sorted(CHECK_NAMES)
    for texts in TEXTS:
        assert all(f"desk.step.{name}" in texts for name in STEPS)
        assert all(
            f"desk.device-fix.{kind}" in texts and f"desk.notice.back.{kind}" in texts for kind in KINDS
        )
