"""The desk's states as a table: `step(state, event)` gives the next state and what is to be done. Pure.

Whatever order scanner, card and people come in: an attempt takes one claim and one card, each scanned or laid for it;
what comes while one runs is the next candidate's or nobody's; what tells of another attempt is dropped.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any, Final

from proctor.desk import arriving, keys, running
from proctor.desk.arriving import Step, begin, said
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
from proctor.desk.keys import ACTIONS
from proctor.desk.state import Notice, Phase, State

__all__ = ["ACTIONS", "Step", "step"]


def step(state: State, event: Event) -> Step:
    """Return the state after `event`, and what is to be done now. What does not fit changes nothing."""
    if _is_stale(state, event):
        return state, ()
    handler = _BY_PHASE.get((state.phase, type(event)), _ANYWHERE.get(type(event), _nothing))
    return handler(state, event)


def _is_stale(state: State, event: Event) -> bool:
    """Whether an event tells of an attempt that is not the one at the desk."""
    told = getattr(event, "attempt_id", None)
    return told is not None and (state.run is None or told != state.run.attempt_id)


def _nothing(state: State, event: Any) -> Step:
    del event
    return state, ()


def _locked(state: State, event: Locked) -> Step:
    told = replace(state, locked=event.locked)
    return begin(told) if told.phase == "ready" else (told, ())


def _held(state: State, event: Held) -> Step:
    told = replace(state, held=event.held)
    return begin(told) if told.phase == "ready" else (told, ())


def _awaited(state: State, event: SecondAwaited) -> Step:
    return replace(state, awaited=event.awaited), ()


def _lent(state: State, event: Lent) -> Step:
    return replace(state, lent=event.lent), ()


def _paused(state: State, event: Paused) -> Step:
    told = replace(state, paused=event.paused)
    if state.paused and not event.paused:
        told = said(told, "desk.notice.session-goes-on")
    return begin(told) if told.phase == "ready" else (told, ())


def _resumed(state: State, event: Resumed) -> Step:
    opened, asked = (state, ()) if event.undecided is None else running.reopened(state, event.undecided)
    if opened is not state:
        key = "desk.notice.reopened" if event.sbd else "desk.notice.reopened-nobody"
        return said(opened, key, {"sbd": event.sbd} if event.sbd else None, tone="warning"), asked
    if event.entry is not None:
        known = event.verdict if event.verdict in ("ADMIT", "REFER", "REFUSE") else "people"
        facts: dict[str, str | int] = {"sbd": event.sbd, "entry": event.entry}
        return said(state, f"desk.notice.resumed-after.{known}", facts, tone="warning"), ()
    key = "desk.notice.resumed" if event.sbd else "desk.notice.resumed-nobody"
    return said(state, key, {"sbd": event.sbd} if event.sbd else None, tone="warning"), ()


def _halted(state: State, event: Halted) -> Step:
    """No further attempt; one that runs ends first, and its verdict is shown."""
    told = replace(state, halted=Reason(code=event.code), claim=None, next_claim=None)
    return (told, ()) if state.run is not None else (replace(told, phase="closed", notice=None), ())


def _ticked(state: State, event: Ticked) -> Step:
    """A claim whose card never came is forgotten: its owner went away."""
    told = replace(state, now_s=event.now_s)
    if told.phase != "waiting" or told.claim is None or event.now_s - told.claimed_s < told.claim_s:
        return told, ()
    return replace(told, claim=None, next_claim=None, notice=Notice(key="desk.notice.claim-expired")), ()


Handler = Callable[[State, Any], Step]
_FREE: Final[tuple[Phase, ...]] = ("waiting", "ready")
_BUSY: Final[tuple[Phase, ...]] = ("working", "deciding", "verdict")
_BY_PHASE: Final[Mapping[tuple[Phase, type], Handler]] = MappingProxyType(
    {
        **{(phase, Scanned): arriving.scan for phase in _FREE},
        **{(phase, Scanned): arriving.scan_next for phase in _BUSY},
        **{(phase, CardIn): arriving.card_in for phase in _FREE},
        **{(phase, CardIn): arriving.card_in_beside for phase in (*_BUSY, "closed")},
        **{(phase, Reopened): running.reopened for phase in _FREE},
        ("working", CheckDone): running.check,
        ("working", Progress): running.progress,
        ("working", Hint): running.hint,
        ("working", Prompted): running.prompted,
        **{(phase, Pictures): running.pictures for phase in _BUSY},
        ("working", Ended): running.ended,
        ("working", Failed): running.failed,
        ("deciding", Decided): running.decided,
        ("verdict", Decided): running.decided_later,
    }
)
_ANYWHERE: Final[Mapping[type, Handler]] = MappingProxyType(
    {
        CardOut: arriving.card_out,
        CardUsed: arriving.card_used,
        Device: arriving.device,
        Pressed: keys.pressed,
        Locked: _locked,
        Held: _held,
        SecondAwaited: _awaited,
        Lent: _lent,
        Resumed: _resumed,
        Paused: _paused,
        Halted: _halted,
        Ticked: _ticked,
    }
)
