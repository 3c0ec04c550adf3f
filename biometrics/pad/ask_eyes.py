"""Ask for closed eyes at a random moment; one closure that went wrong may be tried again."""

from biometrics.pad.asking import OutOfTimeError, Run
from biometrics.pad.eyes import EyesWatch, judge_eyes
from biometrics.pad.finding import Finding, unclear
from biometrics.pad.kept import Mark
from biometrics.pad.observation import Observation

OF_THE_CLOSED = frozenset({"not-closed", "blink", "early", "late", "covered", "around-changed", "cut"})
"""Why a closure was no pass, where the frame that should show closed eyes is the one to look at."""


def ask_eyes(run: Run) -> Finding:
    """Return the finding of the last closure asked for. Raises SkippedError, CameraGoneError."""
    rules = run.rules.eyes
    found = unclear("few-frames")
    try:
        run.start(rules.deadline_s)
        hindrance = run.settle(eyes=True)
        if hindrance:
            return unclear(hindrance)
        for _ in range(1 + rules.retries):
            _one(run)
            found = judge_eyes(run.seen, run.shown, run.rules, same_person=run.same_person)
            _mark(run, found)
            if found.outcome == "passed":
                break
            run.fresh()
            run.prompt("look-ahead")
    except OutOfTimeError:
        return found if found.facts else unclear("out-of-time")
    return found


def _keep_closed(run: Run, watch: EyesWatch) -> None:
    """Keep the frame that should show closed eyes, with how far they were open."""
    seen = watch.result()
    run.keep(
        "eyes-closed",
        "failed" if seen.closed_s is None and watch.frames else "",
        openness_e4=round(seen.depth * 1e4),
        limit_e4=round(run.rules.eyes.limit * 1e4),
    )


def _mark(run: Run, found: Finding) -> None:
    """Mark the frame that shows what was found of the newest closure."""
    mark: Mark = "" if found.outcome == "passed" else found.outcome
    run.mark("eyes-closed", mark if found.why in OF_THE_CLOSED else "")
    run.mark("eyes-reopened", mark if found.why == "not-opened" else "")


def _one(run: Run) -> None:
    rules = run.rules.eyes
    wait_s, hold_s = run.random.uniform(*rules.wait_s), run.random.uniform(*rules.hold_s)
    run.watch(run.camera.now() + wait_s, eyes=True)
    run.step(eyes=True, like=True)
    run.keep("eyes-open")
    shown = run.prompt("close-eyes")
    watch = EyesWatch(run.seen, shown.at_s, rules)

    def held(one: Observation) -> bool:
        watch.add(one)
        return watch.closed_for_s >= hold_s or watch.opened

    run.watch(shown.at_s + rules.window_s[1] + hold_s, held, eyes=True)
    run.step(eyes=True, like=True)
    _keep_closed(run, watch)
    opening = run.prompt("open-eyes")

    def opened(one: Observation) -> bool:
        watch.add(one)
        return watch.opened

    run.watch(opening.at_s + rules.open_s, opened, eyes=True)
    run.step(eyes=True, like=True)
    run.keep("eyes-reopened")
