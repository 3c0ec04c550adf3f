"""What an attempt tells while it runs, and how it ends. A verdict is there only once its entry is committed."""

from dataclasses import replace
from typing import Any, Final

from proctor.desk.arriving import Step, said
from proctor.desk.events import (
    CheckDone,
    Decided,
    Ended,
    Failed,
    Hint,
    Pictures,
    Progress,
    Prompted,
    Reopened,
)
from proctor.desk.state import (
    NOTHING_ASKED,
    AskDecision,
    Effect,
    Run,
    Sound,
    SoundName,
    Speak,
    State,
    TellCandidate,
    Told,
)
from sessions.record import Verdict

_SOUNDS: Final[dict[Verdict, SoundName]] = {
    Verdict.ADMIT: "admit",
    Verdict.REFER: "refer",
    Verdict.REFUSE: "refuse",
}


def in_run(state: State, **changes: Any) -> State:
    """Return the state with something changed in its attempt; without one, as it was."""
    return state if state.run is None else replace(state, run=replace(state.run, **changes))


def check(state: State, event: CheckDone) -> Step:
    """One check has its row; the newest row of a name counts."""
    if state.run is None:
        return state, ()
    kept = tuple(row for row in state.run.checks if row.name != event.name)
    return in_run(state, checks=(*kept, event)), ()


def progress(state: State, event: Progress) -> Step:
    """More octets of one file."""
    if state.run is None:
        return state, ()
    files = {file.step: file for file in state.run.files} | {event.step: event}
    return in_run(state, files=tuple(files.values())), ()


def hint(state: State, event: Hint) -> Step:
    """Something hinders the picture, or no longer does."""
    return in_run(state, hint=event.code), ()


def prompted(state: State, event: Prompted) -> Step:
    """The candidate is asked to do something: shown, and said aloud."""
    spoken = () if event.prompt in NOTHING_ASKED else (Speak(key=f"screen.{event.prompt}"),)
    return in_run(state, prompt=event.prompt, hint="", skip_asked=False), spoken


def pictures(state: State, event: Pictures) -> Step:
    """A picture of this attempt is there; what was there before stays."""
    told = {name: data for name, data in (("chip", event.chip), ("live", event.live)) if data is not None}
    return in_run(state, **told), ()


def ended(state: State, event: Ended) -> Step:
    """The attempt is over. Without its entry there is no verdict: a person decides, and the screen says why."""
    result = event.result
    over = replace(in_run(state, result=result, hint="", prompt=""), notice=None)
    if not result.recorded:
        return replace(over, phase="verdict"), told("attention", "wait")
    effects = told(_SOUNDS[result.verdict], "admitted" if result.verdict is Verdict.ADMIT else "wait")
    if result.verdict is Verdict.REFER and result.decidable:
        return replace(over, phase="deciding"), (*effects, AskDecision(attempt_id=event.attempt_id))
    return replace(over, phase="verdict"), effects


def reopened(state: State, event: Reopened) -> Step:
    """A REFER of the log is decided at a desk that nobody stands at. Whose code waits for its card is the next one; a
    card that lies there may be the one of then, and has to be lifted."""
    result = event.result
    free = state.run is None and state.next_claim is None and state.halted is None
    if not (free and result.recorded and result.decidable and result.verdict is Verdict.REFER):
        return state, ()
    run = Run(
        attempt_id=event.of,
        claim=None,
        reader="",
        checks=event.checks,
        chip=event.chip,
        live=event.live,
        result=result,
    )
    ahead = None if state.claim is None else replace(state.claim, again=False)
    opened = replace(
        state,
        phase="deciding",
        run=run,
        claim=None,
        next_claim=ahead,
        spent=frozenset(state.cards),
        last_reader="",
        notice=None,
    )
    return opened, (Sound(name="refer"), AskDecision(attempt_id=event.of))


def failed(state: State, event: Failed) -> Step:
    """The attempt could not be made: no verdict, the reason in words."""
    over = replace(in_run(state, failure=event, hint="", prompt=""), phase="verdict", notice=None)
    return over, told("attention", "wait")


def decided(state: State, event: Decided) -> Step:
    """Two persons decided, and it is committed; without an entry they did not."""
    if event.choice != "left" and event.entry is None:
        return said(state, "desk.notice.decision-not-recorded", tone="warning"), (Sound(name="attention"),)
    over = replace(in_run(state, decided=event), phase="verdict", notice=None)
    return over, told("admit", "admitted") if event.choice == "admitted" else ()


def decided_later(state: State, event: Decided) -> Step:
    """People decided after the verdict was shown: by documents, or who heads the council, after a refusal only."""
    run = state.run
    if run is None or event.choice == "left" or (run.decided is not None and run.decided.choice != "left"):
        return state, ()
    if run.verdict is Verdict.ADMIT or event.how != ("head" if run.verdict is Verdict.REFUSE else "manual"):
        return state, ()
    return decided(state, event)


def told(sound: SoundName, what: Told) -> tuple[Effect, ...]:
    """What everybody hears and the candidate sees of an ending: a word, no reasons."""
    return (Sound(name=sound), TellCandidate(what=what), Speak(key=f"desk.speak.{what}"))
