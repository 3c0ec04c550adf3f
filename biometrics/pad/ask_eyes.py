"""Ask for closed eyes at a random moment; one closure that went wrong may be tried again."""

from biometrics.pad.asking import OutOfTimeError, Run
from biometrics.pad.eyes import EyesWatch, judge_eyes
from biometrics.pad.finding import Finding, unclear
from biometrics.pad.observation import Observation


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
            if found.outcome == "passed":
                break
            run.fresh()
            run.prompt("look-ahead")
    except OutOfTimeError:
        return found if found.facts else unclear("out-of-time")
    return found


def _one(run: Run) -> None:
    rules = run.rules.eyes
    wait_s, hold_s = run.random.uniform(*rules.wait_s), run.random.uniform(*rules.hold_s)
    run.watch(run.camera.now() + wait_s, eyes=True)
    run.step(eyes=True, like=True)
    run.keep("open")
    shown = run.prompt("close-eyes")
    watch = EyesWatch(run.seen, shown.at_s, rules)

    def held(one: Observation) -> bool:
        watch.add(one)
        return watch.closed_for_s >= hold_s or watch.opened

    run.watch(shown.at_s + rules.window_s[1] + hold_s, held, eyes=True)
    run.step(eyes=True, like=True)
    run.keep("closed?")
    opening = run.prompt("open-eyes")

    def opened(one: Observation) -> bool:
        watch.add(one)
        return watch.opened

    run.watch(opening.at_s + rules.open_s, opened, eyes=True)
    run.step(eyes=True, like=True)
    run.keep("open again?")
