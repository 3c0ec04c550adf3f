"""Ask for head turns to random sides after random pauses; one turn that went wrong may be tried again."""

from typing import Literal

import numpy as np

from biometrics.pad.asking import OutOfTimeError, Run
from biometrics.pad.finding import Finding, unclear
from biometrics.pad.kept import Mark
from biometrics.pad.observation import Observation
from biometrics.pad.turn import TurnWatch, frontal, judge_turns, neutral_yaw, yaw

AHEAD_S = 0.25  # end of a pause in which every frame is looked at


def ask_turns(run: Run) -> Finding:
    """Return the finding of `run.turns` turns. Raises SkippedError, CameraGoneError."""
    rules = run.rules.turn
    wrong = 0
    met = 0
    try:
        run.start(rules.deadline_s)
        hindrance = run.settle()
        if hindrance:
            return unclear(hindrance)
        while met < run.turns and wrong <= rules.retries:
            good = _one(run, first=met + wrong == 0)
            met, wrong = met + good, wrong + (not good)
    except OutOfTimeError:
        return unclear("out-of-time", turns_met=met)
    return judge_turns(run.seen, run.shown, run.rules, turns=run.turns, same_person=run.same_person)


def _one(run: Run, *, first: bool) -> bool:
    """Ask for one turn; say whether it was met."""
    rules = run.rules.turn
    pause_s = run.random.uniform(*rules.pause_s)
    side: Literal["turn-left", "turn-right"] = run.random.choice(("turn-left", "turn-right"))
    run.idle(run.camera.now() + pause_s - AHEAD_S)
    _back(run)
    run.idle(run.camera.now() + AHEAD_S)
    run.step(like=True)
    neutral = neutral_yaw(run.seen)
    if first:
        run.keep("look-ahead")
    shown = run.prompt(side)
    watch = TurnWatch(frontal(run.seen, neutral, rules), side, shown.at_s, rules)
    matched = False

    end_s = shown.at_s + rules.turn_s
    while run.camera.now() < end_s and not watch.over:
        halfway = watch.now >= rules.onset and not matched
        matched |= halfway
        watch.add(run.step(like=halfway))
    result = watch.result()
    run.keep(side, _mark(result.why), r_e4=round(watch.now * 1e4), limit_e4=round(rules.limit * 1e4))
    if not result.why:
        run.step(like=True)
    run.prompt("look-ahead")
    return not result.why


def _mark(why: str) -> Mark:
    """Return how the frame of a turn is marked, by what was found of the turn."""
    if not why:
        return ""
    return "unclear" if why == "few-frames" else "failed"


def _back(run: Run) -> None:
    """Wait until the face looks ahead again."""
    rules = run.rules.turn
    neutral = neutral_yaw(run.seen)
    newest: list[float] = []

    def ahead(one: Observation) -> bool:
        off = None if one.face is None else yaw(one.face.points) - neutral
        if off is None or abs(off) > rules.frontal_turn:
            newest.clear()
        else:
            newest.append(off)
        return len(newest) >= rules.frames and float(np.ptp(newest[-rules.frames :])) <= rules.still

    run.watch(run.camera.now() + rules.return_s, ahead)
