"""State → screen. Pure: the same state is the same screen, in whichever language it is said."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

from proctor.desk.claim import Claim
from proctor.desk.events import OPENING, CheckDone, Decided, Device, Difference, Ending
from proctor.desk.screen import (
    Action,
    Colour,
    DeviceLine,
    DifferenceLine,
    NoticeLine,
    Screen,
    Sign,
    StepLine,
    StepState,
    VerdictPanel,
    Words,
)
from proctor.desk.situation import is_settled, panel_name, situation
from proctor.desk.state import NOTHING_ASKED, Phase, Run, SoundName, State
from sessions.record import Outcome, Verdict

STEPS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "card": ("notice", "card-access", "chip-open"),
        "genuine": ("pa-keys", "chip-genuine"),
        "read": ("chip-read", "pa-consistent"),
        "issuer": ("pa-trusted",),
        "compare": ("cross-check",),
        "list": ("roster", "duplicate"),
        "face": ("face-capture", "face-match"),
        "person": ("pad", "pad-turn", "pad-eyes", "pad-flash", "pad-model"),
        "search": ("face-search",),
    }
)
"""The checks of an attempt (`CheckName`) as the steps that a person follows, in the order they are made."""
_HARMLESS: Final = frozenset(
    {"not-reached", "not-available", "pad-not-asked", "search-advice", "search-not-calibrated"}
)
_SIGNS: Final[Mapping[StepState, Sign]] = MappingProxyType(
    {
        "waiting": "dots",
        "running": "arrow",
        "passed": "tick",
        "failed": "cross",
        "unclear": "question",
        "skipped": "dots",
    }
)
_KEYS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "type": ("Return", "Enter"),
        "next": ("Return", "Enter"),
        "decide": ("Return", "Enter"),
        "leave": ("Return", "Enter"),
        "again": ("F5", "F5"),
        "start": ("F6", "F6"),
        "drop-next": ("F7", "F7"),
        "skip": ("F8", "F8"),
        "later": ("F9", "F9"),
        "clear": ("Escape", "Esc"),
        "manual": ("Control-m", "Ctrl+M"),
        "refused": ("Control-d", "Ctrl+D"),
        "incident": ("Control-i", "Ctrl+I"),
        "roster": ("Control-f", "Ctrl+F"),
    }
)
_PANELS: Final[Mapping[str, tuple[Colour, Sign, SoundName]]] = MappingProxyType(
    {
        "ADMIT": ("green", "tick", "admit"),
        "REFER": ("amber", "question", "refer"),
        "REFUSE": ("red", "cross", "refuse"),
        "admitted": ("green", "tick", "admit"),
        "not-admitted": ("red", "cross", "refuse"),
        "left": ("amber", "question", "refer"),
        "not-recorded": ("grey", "bang", "attention"),
        "failed": ("grey", "bang", "attention"),
    }
)


def view(state: State) -> Screen:
    """Return what the check-in page shows."""
    now = situation(state)
    if state.locked:
        return _locked(state)
    run, result = state.run, None if state.run is None else state.run.result
    return Screen(
        phase=state.phase,
        attempt_id=state.attempt_id,
        training=state.training,
        locked=False,
        title=Words(key=f"desk.title.{now}"),
        next=Words(key=f"desk.next.{now}"),
        typing=state.phase != "closed",
        decision=state.phase == "deciding",
        actions=_actions(state),
        claim=_claim_words("desk.claim", state.claim if run is None else run.claim),
        next_claim=_claim_words("desk.next-claim", state.next_claim),
        candidate=None if result is None else _candidate(result),
        steps=() if run is None else _steps(run),
        hint=None if run is None or not run.hint else Words(key=f"hint.{run.hint}"),
        prompt=None if run is None or run.prompt in NOTHING_ASKED else Words(key=f"screen.{run.prompt}"),
        verdict=None if run is None else _panel(run),
        reasons=_reasons(state),
        warnings=() if result is None else tuple(Words(key=r.code, facts=r.facts) for r in result.warnings),
        remarks=() if result is None else _remarks(result),
        differences=() if result is None else tuple(map(_difference, result.differences)),
        devices=tuple(map(_device, state.devices)),
        faults=tuple(_device(device) for device in state.devices if device.state != "in"),
        notice=_notice(state),
        chip_picture=None if run is None else run.chip,
        live_picture=None if run is None else run.live,
    )


def _locked(state: State) -> Screen:
    """A locked station shows nothing of anybody."""
    return Screen(
        phase=state.phase,
        attempt_id=state.attempt_id,
        training=state.training,
        locked=True,
        title=Words(key="desk.title.locked"),
        next=Words(key="desk.next.locked"),
        typing=False,
        decision=False,
        actions=(),
        devices=tuple(map(_device, state.devices)),
        faults=tuple(_device(device) for device in state.devices if device.state != "in"),
    )


# --- what goes on ------------------------------------------------------------------------------------------


def _actions(state: State) -> tuple[Action, ...]:
    """Return what can be asked for now; the first is what Enter does, where it does something. The keys of menu and
    lock are the window's own."""
    names = _phase_actions(state)
    return tuple(
        Action(
            name=name,
            key=_KEYS[name][0],
            shown=_KEYS[name][1],
            words=Words(key=f"desk.action.{name}"),
            primary=_KEYS[name][0] == "Return",
        )
        for name in names
    )


def _phase_actions(state: State) -> list[str]:
    prompted = state.run is not None and state.run.prompt not in NOTHING_ASKED and not state.run.skip_asked
    ahead = ("drop-next", state.next_claim is not None)
    offered: Mapping[Phase, Sequence[tuple[str, bool]]] = {
        "waiting": (("type", True), ("clear", state.claim is not None), ahead),
        "ready": (("start", not (state.held or state.paused or state.opening)), ("clear", True), ahead),
        "working": (("skip", prompted), ahead),
        "deciding": (
            ("decide", True),
            ("later", True),
            ("again", True),
            ahead,
        ),
        "verdict": (
            ("next", True),
            ("again", state.halted is None),
            ahead,
        ),
        "closed": (("leave", True),),
    }
    return [name for name, possible in (*offered[state.phase], *_beside(state)) if possible]


def _beside(state: State) -> tuple[tuple[str, bool], ...]:
    """What stands beside the desk: by documents, the council's head after a refusal, an incident, who is this.

    Nobody who was let in needs documents; nothing is typed while an attempt runs: then the person is looked at.
    """
    free = state.phase in ("waiting", "ready", "deciding", "verdict")
    run = state.run
    settled = run is not None and is_settled(run.decided)
    refused = run is not None and run.verdict is Verdict.REFUSE and not settled
    inside = settled or (run is not None and run.verdict is Verdict.ADMIT)
    return (
        ("refused", free and refused),
        ("manual", free and not inside and not refused),
        ("incident", free),
        ("roster", free),
    )


def _claim_words(key: str, claim: Claim | None) -> Words | None:
    """Whose claim it is: name and masked number, as far as known; neither is proven."""
    if claim is None:
        return None
    if claim.name:
        return Words(key=f"{key}.named", facts={"name": claim.name, "number": claim.masked})
    return Words(key=key, facts={"number": claim.masked} if claim.masked else {})


def _notice(state: State) -> NoticeLine | None:
    if state.notice is None:
        return None
    return NoticeLine(words=Words(key=state.notice.key, facts=state.notice.facts), tone=state.notice.tone)


# --- an attempt --------------------------------------------------------------------------------------------


def _steps(run: Run) -> tuple[StepLine, ...]:
    rows = {check.name: check for check in run.checks}
    names = list(STEPS)
    reached = max((at for at, name in enumerate(names) if any(c in rows for c in STEPS[name])), default=-1)
    over = run.result is not None or run.failure is not None
    lines = []
    running_seen = False
    for at, name in enumerate(names):
        checks = [rows[check] for check in STEPS[name] if check in rows]
        complete = over or at < reached or len(checks) == len(STEPS[name])
        state: StepState = _step_state(checks) if complete else "waiting"
        if not complete and not running_seen:
            state, running_seen = "running", True
        lines.append(_step_line(name, state, checks, run))
    return tuple(lines)


def _step_state(checks: Sequence[CheckDone]) -> StepState:
    """What a step that is over came to: the worst of its checks."""
    outcomes = {check.outcome for check in checks}
    if Outcome.FAILED in outcomes:
        return "failed"
    if any(_is_unclear(check) for check in checks):
        return "unclear"
    return "passed" if Outcome.PASSED in outcomes else "skipped"


def _is_unclear(check: CheckDone) -> bool:
    """Whether a check left something open; one that was not asked for did not."""
    if check.outcome is Outcome.NOT_PERFORMED:
        return check.code not in _HARMLESS
    return check.outcome is Outcome.INDETERMINATE


def _step_line(name: str, state: StepState, checks: Sequence[CheckDone], run: Run) -> StepLine:
    why = next((check for check in checks if check.outcome is Outcome.FAILED or _is_unclear(check)), None)
    files = run.files if name == "read" else ()
    return StepLine(
        name=name,
        words=Words(key=f"desk.step.{name}"),
        state=state,
        state_words=Words(key=f"desk.step-state.{state}"),
        sign=_SIGNS[state],
        detail=None
        if why is None or state in ("running", "waiting")
        else Words(key=why.code, facts=why.facts),
        done=sum(file.done for file in files),
        total=sum(file.total for file in files),
    )


def _panel(run: Run) -> VerdictPanel | None:
    """The verdict, once the attempt is over and its entry committed; otherwise that it is not recorded."""
    if run.failure is None and run.result is None:
        return None
    name = panel_name(run)
    colour, sign, sound = _PANELS[name]
    entry = None if run.result is None else run.result.entry
    if run.decided is not None and run.decided.entry is not None:
        entry = run.decided.entry
    return VerdictPanel(
        word=Words(key=f"desk.verdict.{name}"),
        line=Words(
            key=f"desk.verdict-line.{name}{_how(run.decided)}",
            facts={} if entry is None else {"entry": entry},
        ),
        colour=colour,
        sign=sign,
        sound=sound,
        recorded=(run.result is not None and run.result.recorded) or is_settled(run.decided),
        entry=entry,
    )


def _how(decided: Decided | None) -> str:
    """Return the end of the key of the line that says how people decided."""
    return (
        f".{decided.how}"
        if decided is not None and is_settled(decided) and decided.how != "two-persons"
        else ""
    )


def _reasons(state: State) -> tuple[Words, ...]:
    """Why: of an attempt that was not made its error, of one that was not recorded that first; why the desk closed."""
    run = state.run
    if run is None:
        closed = state.halted if state.phase == "closed" else None
        return () if closed is None else (Words(key=closed.code, facts=closed.facts),)
    if run.failure is not None:
        return (Words(key=run.failure.code, facts=run.failure.facts),)
    if run.result is None:
        return ()
    first = () if run.result.recorded else (Words(key=run.result.store_error or "desk.not-recorded"),)
    return (*first, *(Words(key=reason.code, facts=reason.facts) for reason in run.result.reasons))


def _remarks(result: Ending) -> tuple[Words, ...]:
    owed = (Words(key="course.owed", facts={"components": ", ".join(result.owed)}),) if result.owed else ()
    return (*(Words(key=code) for code in result.remarks), *owed)


def _candidate(result: Ending) -> Words | None:
    found = result.candidate
    if found is None:
        return Words(key="desk.candidate.none") if result.verdict is not Verdict.ADMIT else None
    key = "desk.candidate" if found.by_chip else "desk.candidate.claimed"
    key += ".placed" if found.place else ""
    return Words(key=key, facts={"sbd": found.sbd, "name": found.name, "place": found.place})


def _difference(row: Difference) -> DifferenceLine:
    word = {True: "same", False: "differs", None: "unknown"}[row.same]
    signs: Mapping[str, Sign] = {"same": "tick", "differs": "cross", "unknown": "dots"}
    return DifferenceLine(
        words=Words(key=f"desk.field.{row.field_name}"),
        roster=row.roster,
        chip=row.chip,
        qr=row.qr,
        same=row.same,
        same_words=Words(key=f"desk.same.{word}"),
        sign=signs[word],
        prefix="desk.sex." if row.field_name == "sex" else "",
    )


def _device(device: Device) -> DeviceLine:
    signs: Mapping[str, Sign] = {"in": "tick", "out": "cross", "fault": "bang"}
    fix = device.code or f"desk.device-fix.{device.kind}"
    coming = device.state != "in" and device.code == OPENING
    return DeviceLine(
        kind=device.kind,
        name=device.name,
        words=Words(key=f"desk.device.{device.kind}"),
        state_words=Words(key=f"desk.device-state.{'opening' if coming else device.state}"),
        sign="dots" if coming else signs[device.state],
        fix=None if device.state == "in" else Words(key=fix),
    )
