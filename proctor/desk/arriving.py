"""What arrives at the desk: codes, cards, devices. Whether an attempt begins is decided here, in `begin`.

An attempt takes one claim and one card that was laid for it: a card that was used, or was laid while another attempt
ran, must be lifted first; a code that the camera happens to see never replaces one that somebody scanned or typed.
"""

from collections.abc import Mapping
from dataclasses import replace

from proctor.desk.claim import Claim, claim_of
from proctor.desk.events import OPENING, CardIn, CardOut, CardUsed, Device, Reason, Scanned
from proctor.desk.state import (
    REMEMBERED,
    Effect,
    ForSecond,
    Notice,
    Run,
    Sound,
    StartAttempt,
    State,
    Tone,
)

Step = tuple[State, tuple[Effect, ...]]
_READ_BY = frozenset({"pa-consistent", "face-capture"})
"""Once one of these has its row, the attempt needs the card no more."""


def said(
    state: State, key: str, facts: Mapping[str, str | int] | None = None, *, tone: Tone = "quiet"
) -> State:
    """Return the state with something to say."""
    return replace(state, notice=Notice(key=key, facts=facts or {}, tone=tone))


# --- beginning -----------------------------------------------------------------------------------------------


def begin(state: State, *effects: Effect) -> Step:
    """Begin an attempt if there are a claim and one fresh card, and nothing holds it; otherwise wait.

    Nobody is awaited and next at once.
    """
    if state.claim is not None and state.claim.same_person(state.next_claim):
        state = replace(state, next_claim=None)
    if len(state.cards) > 1:  # nobody knows whose is whose: each has to be lifted
        state = replace(state, spent=frozenset(state.cards), last_reader="")
    reader = state.fresh_card
    if state.claim is None or reader is None:
        return replace(state, phase="waiting"), effects
    if state.locked or state.held or state.paused or state.missing:
        return replace(state, phase="ready"), effects
    return start(state, reader, state.claim, *effects)


def start(state: State, reader: str, claim: Claim, *effects: Effect) -> Step:
    """Begin an attempt with this claim and the card on this reader."""
    run = Run(attempt_id=state.next_id, claim=claim, reader=reader)
    started = replace(
        state,
        phase="working",
        number=state.number + 1,
        claim=None,
        run=run,
        last=claim,
        last_reader=reader,
        recent=tuple(dict.fromkeys((claim.person, *state.recent)))[: 1 + REMEMBERED],
        spent=state.spent | {reader},
    )
    asked = StartAttempt(attempt_id=run.attempt_id, access=claim.access, reader=reader)
    return started, (*effects, asked)


# --- codes ---------------------------------------------------------------------------------------------------


def scan(state: State, event: Scanned) -> Step:
    """Somebody is next: the claim waits for a card, or takes the one that lies there."""
    if state.proving and event.source != "typed":
        return _of_second(state, event)
    claim = claim_of(event)
    if isinstance(claim, Reason):
        return _unread(state, claim)
    if event.source == "camera" and claim.same_person(state.claim):
        return replace(state, claim=_richer(state.claim, claim), claimed_s=state.now_s), ()
    if event.source == "camera" and state.left(claim):  # it still sees the code of whoever was here
        return (state, ()) if state.fresh_card is None else (said(state, "desk.notice.left-code"), ())
    if event.source == "camera" and state.claim is not None and state.claim.source != "camera":
        return said(state, "desk.notice.other-code"), ()
    asked = _on_purpose(_richer(state.claim, claim), state, event)
    told = replace(state, claim=asked, claimed_s=state.now_s, notice=_on_claim(state, claim, asked))
    return begin(told, Sound(name="scan"))


def scan_next(state: State, event: Scanned) -> Step:
    """Somebody is scanned while another is at the desk: kept as the next one, out of the attempt's reach."""
    if state.proving and event.source != "typed":
        return _of_second(state, event)
    claim = claim_of(event)
    if isinstance(claim, Reason):
        return _unread(state, claim)
    kept = state.next_claim
    same = claim.same_person(None if state.run is None else state.run.claim)
    if state.halted is not None or (same and state.phase == "working"):
        return state, ()
    if event.source == "camera" and state.left(claim):
        return state, ()
    if event.source == "camera" and kept is not None and (claim.same_person(kept) or kept.source != "camera"):
        return state, ()
    key = "desk.notice.next-same" if same else "desk.notice.next-kept"
    ahead = _on_purpose(_richer(kept, claim), state, event)
    return said(replace(state, next_claim=ahead), key), (Sound(name="scan"),)


def _of_second(state: State, event: Scanned) -> Step:
    """A second person's code, never a candidate's claim. The camera may still see that of whoever is at the desk."""
    by_camera = event.source == "camera"
    claim = claim_of(event) if by_camera else None
    if isinstance(claim, Claim) and (state.left(claim) or claim.same_person(state.claim)):
        return state, ()
    return state, (ForSecond(text=event.text, by_camera=by_camera), Sound(name="scan"))


def _unread(state: State, why: Reason) -> Step:
    return said(state, why.code, why.facts, tone="warning"), (Sound(name="attention"),)


def _richer(before: Claim | None, now: Claim) -> Claim:
    """A code says more than its owner's number, and what the camera sees again adds nothing to either."""
    if before is None or not now.same_person(before):
        return now
    keep = before.access.kind == "qr" and (now.access.kind != "qr" or now.source == "camera")
    source = before.source if now.source == "camera" else now.source
    return replace(before if keep else now, source=source, again=before.again)


def _on_purpose(claim: Claim, state: State, event: Scanned) -> Claim:
    """Mark a code that somebody scanned or typed though its owner was here just now; a camera means nothing by it."""
    before = claim.again and claim.same_person(state.last)
    return replace(claim, again=before or (event.source != "camera" and claim.same_person(state.last)))


def _on_claim(state: State, now: Claim, asked: Claim) -> Notice | None:
    if asked.again and state.spent:
        return Notice(key="desk.notice.same-again")
    if state.claim is not None and not now.same_person(state.claim):
        return Notice(key="desk.notice.claim-replaced")
    return None


# --- cards ---------------------------------------------------------------------------------------------------


def card_in(state: State, event: CardIn) -> Step:
    """A card is laid while nobody is looked at."""
    if event.reader in state.cards:
        return state, ()
    warned = state.notice is not None and state.notice.tone == "warning"
    laid = replace(_laid(state, event.reader), notice=state.notice if warned else None)
    return begin(laid, *([Sound(name="attention")] if len(laid.cards) > 1 else []))


def _laid(state: State, reader: str) -> State:
    """A card lies there; a second person's begins nothing before it was lifted."""
    spent = state.spent | {reader} if state.proving else state.spent
    return replace(state, cards=(*state.cards, reader), spent=spent)


def card_in_beside(state: State, event: CardIn) -> Step:
    """A card is laid while an attempt runs: it is that attempt's, or somebody's who was too quick."""
    if event.reader in state.cards:
        return state, ()
    laid = _laid(state, event.reader)
    if state.phase != "working":
        return laid if _of_somebody_here(state) else replace(laid, spent=laid.spent | {event.reader}), ()
    laid = replace(laid, spent=laid.spent | {event.reader}, notice=None)
    if _is_reading(state) and state.run is not None and state.run.reader == event.reader:
        return laid, ()
    return said(laid, "desk.notice.card-early"), ()


def _of_somebody_here(state: State) -> bool:
    """Whether who is decided about was checked just now: after a cut their own card is told of only then."""
    return state.run is None or state.run.claim is not None


def card_out(state: State, event: CardOut) -> Step:
    """A card is lifted. The attempt that reads it ends by its own error, or waits for the card itself."""
    if event.reader not in state.cards:
        return state, ()
    lifted = replace(
        state,
        cards=tuple(reader for reader in state.cards if reader != event.reader),
        spent=state.spent - {event.reader},
        last_reader="" if event.reader == state.last_reader else state.last_reader,
    )
    if state.phase in ("waiting", "ready"):
        return begin(lifted)
    if _is_reading(state) and state.run is not None and state.run.reader == event.reader:
        return said(lifted, "desk.notice.card-lifted", tone="warning"), (Sound(name="attention"),)
    return lifted, ()


def card_used(state: State, event: CardUsed) -> Step:
    """A card served for something else while it lay there: it begins nothing before it was lifted."""
    if event.reader not in state.cards:
        return state, ()
    used = replace(state, spent=state.spent | {event.reader})
    return begin(used) if used.phase in ("waiting", "ready") else (used, ())


def _is_reading(state: State) -> bool:
    """Whether the running attempt still needs its card."""
    run = state.run
    return state.phase == "working" and run is not None and not _READ_BY & {row.name for row in run.checks}


# --- devices -------------------------------------------------------------------------------------------------


def device(state: State, event: Device) -> Step:
    """Keep the newest word of each device; one that comes back lets a waiting attempt begin by itself."""
    before = next((known for known in state.devices if _same_device(known, event)), None)
    others = tuple(known for known in state.devices if not _same_device(known, event))
    told = replace(state, devices=(*others, event))
    effects: tuple[Effect, ...] = ()
    was_good = before is None or before.state == "in"
    if was_good and event.state != "in":
        effects = (Sound(name="fault"),)
    elif not was_good and event.state == "in" and before is not None and before.code != OPENING:
        told = said(told, f"desk.notice.back.{event.kind}")
    if event.kind == "reader" and event.state == "out":
        told, more = card_out(told, CardOut(reader=event.name))
        return told, (*effects, *more)
    return begin(told, *effects) if told.phase == "ready" else (told, effects)


def _same_device(one: Device, other: Device) -> bool:
    return (one.kind, one.name) == (other.kind, other.name)
