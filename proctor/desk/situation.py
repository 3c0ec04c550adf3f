"""What goes on at the desk, by the name that its texts have. Pure."""

from proctor.desk.events import Decided
from proctor.desk.state import NOTHING_ASKED, Run, State


def situation(state: State) -> str:
    """Name what goes on, finer than the phase: its texts are `desk.title.<name>` and `desk.next.<name>`."""
    if state.phase == "verdict" and state.run is not None:
        return f"verdict.{panel_name(state.run)}"
    finer = {"waiting": _waiting_for, "ready": _held_by, "working": _working_at, "deciding": _deciding}
    return finer[state.phase](state) if state.phase in finer else state.phase


def _waiting_for(state: State) -> str:
    """What the desk waits for, by the first that holds. Nobody is invited to a desk that cannot look at them."""
    lacking = state.lacking
    held = (
        ("paused", state.paused),
        ("no-reader", lacking == "reader"),
        ("two-cards", len(state.cards) > 1),
        ("old-card", bool(state.spent) and state.fresh_card is None),
        (f"no-{lacking}", lacking not in (None, "scanner")),
        ("claim.typed", bool(state.cards) and lacking == "scanner"),
        ("claim", bool(state.cards)),
        ("card", state.claim is not None),
        ("no-scanner", lacking == "scanner"),
    )
    return next((name for name, holds in held if holds), "anything")


def _held_by(state: State) -> str:
    """What keeps an attempt from beginning, though code and card are there."""
    if state.paused:
        return "paused"
    if not state.locked and (state.held or state.opening):
        return "held" if state.held else "opening"
    return state.phase


def _deciding(state: State) -> str:
    """Two persons decide on an attempt of now, or on one of the log."""
    return "deciding" if state.run is None or state.run.claim is not None else "deciding.again"


def _working_at(state: State) -> str:
    """Card or face: what the supervisor watches now."""
    run = state.run
    if run is None:
        return "working.card"
    if run.prompt not in NOTHING_ASKED:
        return "working.prompt"
    read = {"pa-consistent", "face-capture"} & {check.name for check in run.checks}
    return "working.face" if read else "working.card"


def panel_name(run: Run) -> str:
    """Name what the band says of an attempt that is over: `desk.verdict.<name>`."""
    if run.decided is not None and is_settled(run.decided):
        return run.decided.choice
    if run.failure is not None or run.result is None:
        return "failed"
    if not run.result.recorded:
        return "not-recorded"
    if run.decided is not None:
        return run.decided.choice
    return run.result.verdict.value


def is_settled(decided: Decided | None) -> bool:
    """Whether people decided, and did not leave it for later."""
    return decided is not None and decided.choice != "left"
