"""The desk's states as a table: `step(state, event)` gives the next state and what is to be done. Pure.

Whatever order scanner, card and people come in: an attempt takes one claim and one card, each laid or scanned for it;
what comes while one runs is the next candidate's or nobody's; what tells of another attempt is dropped.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any, Final

from proctor.desk.claim import Claim, claim_of
from proctor.desk.events import (
    CardIn,
    CardOut,
    CheckDone,
    Decided,
    Device,
    Ended,
    Event,
    Failed,
    Halted,
    Hint,
    Locked,
    Pictures,
    Pressed,
    Progress,
    Prompted,
    Reason,
    Resumed,
    Scanned,
    Ticked,
)
from proctor.desk.state import (
    AskDecision,
    Effect,
    Leave,
    Lock,
    Notice,
    Phase,
    Run,
    Skip,
    Sound,
    SoundName,
    Speak,
    StartAttempt,
    State,
    TellCandidate,
)
from sessions.record import Verdict

Step = tuple[State, tuple[Effect, ...]]
ACTIONS: Final = (
    *("start", "clear", "drop-next", "skip", "decide", "later", "next", "again", "lock", "leave"),
)
"""Every action that `Pressed` may name; one that does not fit the phase changes nothing."""
_VERDICT_SOUNDS: Final[Mapping[Verdict, SoundName]] = MappingProxyType(
    {Verdict.ADMIT: "admit", Verdict.REFER: "refer", Verdict.REFUSE: "refuse"}
)
_NOTHING_ASKED: Final = frozenset({"", "done"})


def step(state: State, event: Event) -> Step:
    """Return the state after `event`, and what is to be done now. What does not fit changes nothing."""
    if _is_stale(state, event):
        return state, ()
    handler = _BY_PHASE.get((state.phase, type(event)), _ANYWHERE.get(type(event), _nothing))
    return handler(state, event)


def _is_stale(state: State, event: Event) -> bool:
    """Whether an event tells of an attempt that is not the one at the desk."""
    told = getattr(event, "attempt_id", None)
    return told is not None and told != state.attempt_id


def _nothing(state: State, event: Any) -> Step:
    del event
    return state, ()


# --- scans ---------------------------------------------------------------------------------------------------


def _scan(state: State, event: Scanned) -> Step:
    """Somebody is next: the claim waits for a card, or takes the one that lies there."""
    claim = claim_of(event)
    if isinstance(claim, Reason):
        return _said(state, claim.code, dict(claim.facts), tone="warning"), (Sound(name="attention"),)
    if event.source == "camera" and claim.same_person(state.claim):
        return state, ()
    if event.source == "camera" and claim.same_person(state.last) and state.fresh_card is None:
        return state, ()  # the camera still sees the code of whoever just left
    freed = claim.same_person(state.last) and bool(state.spent)
    waiting = replace(
        state,
        phase="waiting",
        claim=claim,
        claimed_s=state.now_s,
        spent=frozenset() if freed else state.spent,
        notice=Notice(key="desk.notice.same-again") if freed else None,
    )
    return _begin(waiting, Sound(name="scan"))


def _scan_next(state: State, event: Scanned) -> Step:
    """Somebody is scanned while another is at the desk: kept as the next one, out of the running attempt's reach."""
    claim = claim_of(event)
    if isinstance(claim, Reason):
        return _said(state, claim.code, dict(claim.facts), tone="warning"), (Sound(name="attention"),)
    same = claim.same_person(None if state.run is None else state.run.claim)
    if same and (event.source == "camera" or state.phase == "working"):
        return state, ()
    if event.source == "camera" and claim.same_person(state.next_claim):
        return state, ()
    key = "desk.notice.next-same" if same else "desk.notice.next-kept"
    return replace(state, next_claim=claim, notice=Notice(key=key)), (Sound(name="scan"),)


# --- cards ---------------------------------------------------------------------------------------------------


def _card_in(state: State, event: CardIn) -> Step:
    if event.reader in state.cards:
        return state, ()
    laid = replace(state, cards=(*state.cards, event.reader), notice=None)
    if len(laid.cards) > 1:
        return replace(laid, phase="waiting"), (Sound(name="attention"),)
    return _begin(laid)


def _card_in_beside(state: State, event: CardIn) -> Step:
    """A card is laid while an attempt runs: it is that attempt's, or somebody's who was too quick."""
    if event.reader in state.cards:
        return state, ()
    spent = state.spent | {event.reader} if state.phase == "working" else state.spent
    return replace(state, cards=(*state.cards, event.reader), spent=spent), ()


def _card_out(state: State, event: CardOut) -> Step:
    lifted = replace(
        state,
        cards=tuple(reader for reader in state.cards if reader != event.reader),
        spent=state.spent - {event.reader},
    )
    if state.phase in ("waiting", "ready"):
        return _begin(replace(lifted, phase="waiting"))
    return lifted, ()


# --- an attempt ----------------------------------------------------------------------------------------------


def _begin(state: State, *effects: Effect) -> Step:
    """Begin an attempt if there are a claim and one fresh card, and nothing holds it; otherwise wait."""
    reader = state.fresh_card
    if state.claim is None or reader is None:
        return replace(state, phase="waiting"), effects
    if state.locked or state.missing:
        return replace(state, phase="ready"), effects
    return _start(state, reader, state.claim, *effects)


def _start(state: State, reader: str, claim: Claim, *effects: Effect) -> Step:
    run = Run(attempt_id=state.next_id, claim=claim, reader=reader)
    started = replace(
        state,
        phase="working",
        number=state.number + 1,
        claim=None,
        run=run,
        last=claim,
        spent=state.spent | {reader},
        notice=None,
    )
    start = StartAttempt(attempt_id=run.attempt_id, access=claim.access, reader=reader)
    return started, (*effects, start)


def _in_run(state: State, **changes: Any) -> State:
    return state if state.run is None else replace(state, run=replace(state.run, **changes))


def _check(state: State, event: CheckDone) -> Step:
    if state.run is None:
        return state, ()
    kept = tuple(check for check in state.run.checks if check.name != event.name)
    return _in_run(state, checks=(*kept, event)), ()


def _progress(state: State, event: Progress) -> Step:
    if state.run is None:
        return state, ()
    files = {file.step: file for file in state.run.files} | {event.step: event}
    return _in_run(state, files=tuple(files.values())), ()


def _hint(state: State, event: Hint) -> Step:
    return _in_run(state, hint=event.code), ()


def _prompted(state: State, event: Prompted) -> Step:
    spoken = () if event.prompt in _NOTHING_ASKED else (Speak(key=f"desk.speak.{event.prompt}"),)
    return _in_run(state, prompt=event.prompt, hint="", skip_asked=False), spoken


def _pictures(state: State, event: Pictures) -> Step:
    told = {name: data for name, data in (("chip", event.chip), ("live", event.live)) if data is not None}
    return _in_run(state, **told), ()


def _ended(state: State, event: Ended) -> Step:
    """The attempt is over. Without its entry there is no verdict: a person decides, and the screen says why."""
    over = _in_run(state, result=event.result, hint="", prompt="")
    result = event.result
    if not result.recorded:
        return replace(over, phase="verdict"), _told("attention", "wait")
    effects = _told(
        _VERDICT_SOUNDS[result.verdict], "admitted" if result.verdict is Verdict.ADMIT else "wait"
    )
    if result.verdict is Verdict.REFER and result.decidable:
        return replace(over, phase="deciding"), (*effects, AskDecision(attempt_id=event.attempt_id))
    return replace(over, phase="verdict"), effects


def _told(sound: SoundName, what: Any) -> tuple[Effect, ...]:
    return (Sound(name=sound), TellCandidate(what=what), Speak(key=f"desk.speak.{what}"))


def _failed(state: State, event: Failed) -> Step:
    over = _in_run(state, failure=event, hint="", prompt="")
    return replace(over, phase="verdict"), _told("attention", "wait")


def _decided(state: State, event: Decided) -> Step:
    """Two persons decided, and it is committed; without an entry they did not."""
    if event.choice != "left" and event.entry is None:
        return _said(state, "desk.notice.decision-not-recorded", tone="warning"), (Sound(name="attention"),)
    over = replace(_in_run(state, decided=event), phase="verdict", notice=None)
    if event.choice == "admitted":
        return over, _told("admit", "admitted")
    return over, ()


# --- keys ----------------------------------------------------------------------------------------------------


def _pressed(state: State, event: Pressed) -> Step:
    if state.locked:
        return state, ()
    handler = _KEYS.get((state.phase, event.action), _KEYS_ANYWHERE.get(event.action))
    return (state, ()) if handler is None else handler(state)


def _next(state: State) -> Step:
    """The verdict was seen: the next candidate, at once if claim and fresh card are there."""
    free = replace(
        state,
        phase="waiting",
        run=None,
        claim=state.next_claim,
        next_claim=None,
        claimed_s=state.now_s,
        notice=None,
    )
    again = free.claim is not None and free.claim.same_person(free.last)
    if again and free.spent:
        free = replace(free, spent=frozenset(), notice=Notice(key="desk.notice.same-again"))
    return _begin(free, TellCandidate(what="idle"))


def _again(state: State) -> Step:
    """The same candidate once more: a new attempt, with the card that still lies there or is laid again."""
    if state.run is None:
        return state, ()
    free = replace(
        state,
        phase="waiting",
        run=None,
        claim=state.run.claim,
        claimed_s=state.now_s,
        spent=state.spent - {state.run.reader},
        notice=None,
    )
    return _begin(free, TellCandidate(what="idle"))


def _start_anyway(state: State) -> Step:
    """Begin without the device that is missing: a person will decide."""
    reader = state.fresh_card
    if state.claim is None or reader is None:
        return state, ()
    return _start(state, reader, state.claim)


def _clear(state: State) -> Step:
    return replace(state, phase="waiting", claim=None, notice=None), ()


def _drop_next(state: State) -> Step:
    return replace(state, next_claim=None, notice=None), ()


def _skip(state: State) -> Step:
    run = state.run
    if run is None or run.prompt in _NOTHING_ASKED or run.skip_asked:
        return state, ()
    return _in_run(state, skip_asked=True), (Skip(attempt_id=run.attempt_id),)


def _decide(state: State) -> Step:
    return state, (AskDecision(attempt_id=state.attempt_id),)


def _later(state: State) -> Step:
    return _decided(state, Decided(attempt_id=state.attempt_id, choice="left"))


def _lock(state: State) -> Step:
    return replace(state, locked=True), (Lock(),)


def _leave(state: State) -> Step:
    gone = replace(
        state, phase="closed", run=None, claim=None, next_claim=None, last=None, notice=None, halted=None
    )
    return gone, (TellCandidate(what="idle"), Leave())


def _stay(state: State) -> Step:
    return _said(state, "desk.notice.attempt-runs", tone="warning"), (Sound(name="attention"),)


# --- everything else -----------------------------------------------------------------------------------------


def _device(state: State, event: Device) -> Step:
    """Keep the newest word of each device; one that comes back lets a waiting attempt begin by itself."""
    others = tuple(known for known in state.devices if (known.kind, known.name) != (event.kind, event.name))
    before = next((known for known in state.devices if known not in others), None)
    told = replace(state, devices=(*others, event))
    worse = event.state != "in" and (before is None or before.state == "in")
    effects: tuple[Effect, ...] = (Sound(name="fault"),) if worse else ()
    if told.phase == "ready":
        return _begin(told, *effects)
    return told, effects


def _locked(state: State, event: Locked) -> Step:
    told = replace(state, locked=event.locked)
    return _begin(told) if told.phase == "ready" else (told, ())


def _resumed(state: State, event: Resumed) -> Step:
    key = "desk.notice.resumed" if event.sbd else "desk.notice.resumed-nobody"
    return _said(state, key, {"sbd": event.sbd}, tone="warning"), ()


def _halted(state: State, event: Halted) -> Step:
    """No further attempt; one that runs ends first and its verdict is shown."""
    told = replace(state, halted=Reason(code=event.code), claim=None, next_claim=None)
    return (told, ()) if state.run is not None else (replace(told, phase="closed", notice=None), ())


def _ticked(state: State, event: Ticked) -> Step:
    """A claim whose card never came is forgotten: its owner went away."""
    told = replace(state, now_s=event.now_s)
    if told.phase != "waiting" or told.claim is None or event.now_s - told.claimed_s < told.claim_s:
        return told, ()
    return replace(told, claim=None, notice=Notice(key="desk.notice.claim-expired")), ()


def _said(state: State, key: str, facts: Mapping[str, str | int] | None = None, *, tone: Any) -> State:
    return replace(state, notice=Notice(key=key, facts=facts or {}, tone=tone))


Handler = Callable[[State, Any], Step]
_BUSY: Final[tuple[Phase, ...]] = ("working", "deciding", "verdict")
_FREE: Final[tuple[Phase, ...]] = ("waiting", "ready")
_BY_PHASE: Final[Mapping[tuple[Phase, type], Handler]] = MappingProxyType(
    {
        **{(phase, Scanned): _scan for phase in _FREE},
        **{(phase, Scanned): _scan_next for phase in _BUSY},
        **{(phase, CardIn): _card_in for phase in _FREE},
        **{(phase, CardIn): _card_in_beside for phase in (*_BUSY, "closed")},
        ("working", CheckDone): _check,
        ("working", Progress): _progress,
        ("working", Hint): _hint,
        ("working", Prompted): _prompted,
        **{(phase, Pictures): _pictures for phase in _BUSY},
        ("working", Ended): _ended,
        ("working", Failed): _failed,
        ("deciding", Decided): _decided,
    }
)
_ANYWHERE: Final[Mapping[type, Handler]] = MappingProxyType(
    {
        CardOut: _card_out,
        Device: _device,
        Pressed: _pressed,
        Locked: _locked,
        Resumed: _resumed,
        Halted: _halted,
        Ticked: _ticked,
    }
)
_KEYS: Final[Mapping[tuple[Phase, str], Callable[[State], Step]]] = MappingProxyType(
    {
        ("ready", "start"): _start_anyway,
        **{(phase, "clear"): _clear for phase in _FREE},
        **{(phase, "drop-next"): _drop_next for phase in _BUSY},
        ("working", "skip"): _skip,
        ("deciding", "decide"): _decide,
        ("deciding", "later"): _later,
        ("verdict", "next"): _next,
        ("verdict", "again"): _again,
        ("deciding", "again"): _again,
        ("working", "leave"): _stay,
        ("deciding", "leave"): _stay,
    }
)
_KEYS_ANYWHERE: Final[Mapping[str, Callable[[State], Step]]] = MappingProxyType(
    {"lock": _lock, "leave": _leave}
)
