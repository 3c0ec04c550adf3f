"""What the keys of the check-in page do, by phase and action."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from proctor.desk.arriving import Step, begin, said, start
from proctor.desk.events import Decided, Pressed
from proctor.desk.running import decided, in_run
from proctor.desk.state import (
    NOTHING_ASKED,
    AskDecision,
    Leave,
    Lock,
    Notice,
    Phase,
    Skip,
    Sound,
    State,
    TellCandidate,
)


def pressed(state: State, event: Pressed) -> Step:
    """Do what a key asks for; what does not fit the phase, and anything while locked, changes nothing."""
    handler = _TABLE.get((state.phase, event.action))
    return (state, ()) if state.locked or handler is None else handler(state)


def _next(state: State) -> Step:
    """The verdict was seen: the next candidate, at once if claim and fresh card are there."""
    free = _freed(state)
    if state.halted is not None:
        return replace(free, phase="closed"), (TellCandidate(what="idle"),)
    free = replace(free, claim=state.next_claim, next_claim=None)
    if free.claim is not None and free.claim.again:
        free = replace(_own_card_only(free), notice=Notice(key="desk.notice.same-again"))
    return begin(free, TellCandidate(what="idle"))


def _again(state: State) -> Step:
    """The same candidate once more: a new attempt, with the card that still lies there or is laid again."""
    if state.run is None or state.halted is not None:
        return state, ()
    if state.run.claim is None:
        return _look_anew(state)
    free = replace(_freed(state), claim=replace(state.run.claim, again=True))
    return begin(_own_card_only(free), TellCandidate(what="idle"))


def _look_anew(state: State) -> Step:
    """A REFER of the log is left for a new check: its code and card are not here, both are asked for."""
    free = replace(_freed(state), claim=state.next_claim, next_claim=None)
    free = said(free, "desk.notice.look-anew", tone="warning")
    return begin(free, TellCandidate(what="idle"))


def _own_card_only(state: State) -> State:
    """Whatever was laid since the last attempt may be the next candidate's: it is no card of whoever comes again."""
    return replace(state, spent=state.spent | set(state.cards))


def _freed(state: State) -> State:
    """Nobody is at the desk: what was known of the last attempt is forgotten, its pictures too."""
    return replace(state, phase="waiting", run=None, claim=None, claimed_s=state.now_s, notice=None)


def _start_anyway(state: State) -> Step:
    """Begin without the device that is missing: a person will decide."""
    reader = state.fresh_card
    if state.claim is None or reader is None or state.held or state.paused:
        return state, ()
    return start(state, reader, state.claim)


def _clear(state: State) -> Step:
    """Forget this code; one that was scanned ahead takes its place."""
    told = replace(state, claim=state.next_claim, next_claim=None, claimed_s=state.now_s, notice=None)
    return begin(told)


def _drop_next(state: State) -> Step:
    return replace(state, next_claim=None, notice=None), ()


def _skip(state: State) -> Step:
    run = state.run
    if run is None or run.prompt in NOTHING_ASKED or run.skip_asked:
        return state, ()
    return in_run(state, skip_asked=True), (Skip(attempt_id=run.attempt_id),)


def _decide(state: State) -> Step:
    return state, (AskDecision(attempt_id=state.attempt_id),)


def _later(state: State) -> Step:
    return decided(state, Decided(attempt_id=state.attempt_id, choice="left"))


def _lock(state: State) -> Step:
    return replace(state, locked=True), (Lock(),)


def _leave(state: State) -> Step:
    """Leave the page: nothing of a candidate is kept, the cards that lie there are to be lifted first."""
    gone = replace(
        _freed(state),
        phase="closed",
        next_claim=None,
        last=None,
        last_reader="",
        spent=frozenset(state.cards),
    )
    return gone, (TellCandidate(what="idle"), Leave())


def _stay(state: State) -> Step:
    """Not while somebody is at the desk; the sentence says with which key that ends."""
    prompted = state.run is not None and state.run.prompt not in NOTHING_ASKED
    key = "desk.notice.attempt-prompted" if prompted else "desk.notice.attempt-runs"
    key = "desk.notice.decision-open" if state.phase == "deciding" else key
    return said(state, key, tone="warning"), (Sound(name="attention"),)


_FREE: Final[tuple[Phase, ...]] = ("waiting", "ready")
_BUSY: Final[tuple[Phase, ...]] = ("working", "deciding", "verdict")
_TABLE: Final[Mapping[tuple[Phase, str], Callable[[State], Step]]] = MappingProxyType(
    {
        ("ready", "start"): _start_anyway,
        **{(phase, "clear"): _clear for phase in _FREE},
        **{(phase, "drop-next"): _drop_next for phase in (*_FREE, *_BUSY)},
        ("working", "skip"): _skip,
        ("deciding", "decide"): _decide,
        ("deciding", "later"): _later,
        ("deciding", "again"): _again,
        ("verdict", "next"): _next,
        ("verdict", "again"): _again,
        **{(phase, "lock"): _lock for phase in (*_FREE, *_BUSY, "closed")},
        **{(phase, "leave"): _leave for phase in (*_FREE, "verdict", "closed")},
        **{(phase, "leave"): _stay for phase in ("working", "deciding")},
    }
)
ACTIONS: Final = tuple(dict.fromkeys(action for _, action in _TABLE))
"""Every action that `Pressed` may name."""
