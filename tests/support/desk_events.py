"""Events at the desk with invented candidates: three people with card, code and number, and what attempts tell."""

from collections.abc import Iterable, Iterator
from dataclasses import fields, is_dataclass
from typing import Any

from proctor.desk.events import CheckDone, Difference, Ended, Ending, Event, Reason, Scanned, Source
from proctor.desk.machine import step
from proctor.desk.screen import Words
from proctor.desk.state import Effect, StartAttempt, State
from sessions.record import Outcome, Verdict

SEED = "5f0c9c26-97a3-4b8e-9c4d-0d6a4f3f9a10"
READER, OTHER_READER = "Reader A 00 00", "Reader B 01 00"
NAMES = {
    "001199000001": "Nguyễn Văn Mẫu",
    "001300000002": "Trần Thị Mẫu",
    "001200000003": "Lê Văn Thử",
}
AN, BINH, CHI = NAMES


def qr(number: str) -> str:
    """The code on somebody's card."""
    return f"{number}||{NAMES.get(number, 'Phạm Thị Mẫu')}|01021999|Nam|Hà Nội|03032021"


def scanned(number: str, source: Source = "serial") -> Scanned:
    """Somebody's code, scanned; typed: their number."""
    return Scanned(text=number if source == "typed" else qr(number), source=source)


def ending(verdict: Verdict = Verdict.ADMIT, **changes: Any) -> Ending:
    """How an attempt came out; recorded as entry 7 unless something else is said."""
    told = {"recorded": True, "entry": 7} | changes
    if verdict is Verdict.REFER:
        told = {"reasons": (Reason(code="face-no-match"),)} | told
    return Ending(verdict=verdict, **told)


def ended(state: State, verdict: Verdict = Verdict.ADMIT, **changes: Any) -> Ended:
    """The attempt at the desk is over."""
    return Ended(attempt_id=state.attempt_id, result=ending(verdict, **changes))


def row(state: State, name: str, outcome: Outcome = Outcome.PASSED, code: str = "ok") -> CheckDone:
    """One check of the attempt at the desk."""
    return CheckDone(attempt_id=state.attempt_id, name=name, outcome=outcome, code=code)


def first(**options: Any) -> State:
    """A desk at which nothing happened yet."""
    return State.first(SEED, **options)


def after(state: State, *events: Event) -> State:
    """The desk after these events."""
    return told(state, events)[0]


def told(state: State, events: Iterable[Event]) -> tuple[State, tuple[Effect, ...]]:
    """The desk after these events, and everything that was to be done meanwhile."""
    done: tuple[Effect, ...] = ()
    for event in events:
        state, effects = step(state, event)
        done += effects
    return state, done


def starts(effects: Iterable[Effect]) -> list[StartAttempt]:
    """The attempts among what was to be done."""
    return [effect for effect in effects if isinstance(effect, StartAttempt)]


def every_words(value: object) -> Iterator[Words]:
    """Every line of text in a screen."""
    if isinstance(value, Words):
        yield value
    elif isinstance(value, tuple):
        for each in value:
            yield from every_words(each)
    elif is_dataclass(value):
        for each in fields(value):
            yield from every_words(getattr(value, each.name))


NAME_DIFFERS = Difference(
    field_name="name", roster="Nguyễn Văn A", chip="NGUYEN VAN MAU", qr="Nguyễn Văn Mẫu", same=False
)
