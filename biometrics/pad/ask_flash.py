"""Show random colours on the candidate's screen: at most two a second, no saturated red."""

from random import Random

from biometrics.candidate_screen import Colour
from biometrics.pad.asking import OutOfTimeError, Run
from biometrics.pad.finding import Finding, unclear
from biometrics.pad.flash import judge_flash
from biometrics.pad.settings import FlashRules

LEAD_S, TAIL_S = 0.15, 0.3  # frames before the first and after the last colour


def ask_flash(run: Run) -> Finding:
    """Return the finding of a run of colours; one that stayed unclear for the picture's sake is shown once more.

    Raises SkippedError, CameraGoneError.
    """
    rules = run.rules.flash
    found = unclear("few-frames")
    try:
        run.start(rules.deadline_s * (1 + rules.retries))
        hindrance = run.settle(light=True)
        if hindrance:
            return unclear(hindrance)
        for _ in range(1 + rules.retries):
            _one(run)
            found = judge_flash(run.seen, run.shown, run.rules, same_person=run.same_person)
            if found.outcome != "unclear" or found.why == "weak-light":
                break
            run.fresh()
    except OutOfTimeError:
        return unclear("out-of-time")
    return found


def _one(run: Run) -> None:
    rules = run.rules.flash
    run.prompt("watch-colours")
    run.watch(run.camera.now() + LEAD_S, light=True)
    compared = run.random.sample(range(rules.colours), run.rules.common.likes + 1)
    count = 0
    for number, colour in enumerate(colours(run.random, rules)):
        until = run.colour(colour).at_s + rules.step_s  # never shorter, however slow the camera is
        while run.camera.now() < until:
            like, compared = number in compared, [one for one in compared if one != number]
            run.step(light=True, like=like, search=like or count % run.rules.observe.flash_search_every == 0)
            count += 1
        if number in {2, 5, 8}:
            run.keep("colour", colour="{:02x}{:02x}{:02x}".format(*colour))
    run.colour(None)
    run.watch(run.camera.now() + TAIL_S, light=True)


def colours(random: Random, rules: FlashRules) -> tuple[Colour, ...]:
    """Return random colours of the palette, none twice in a row."""
    chosen: list[Colour] = []
    for _ in range(rules.colours):
        chosen.append(random.choice([one for one in rules.palette if not chosen or one != chosen[-1]]))
    return tuple(chosen)
