"""Colour flashes: a face follows, in order, as much in its dark parts as in its bright ones."""

from itertools import pairwise
from random import Random

import numpy as np
import pytest

from biometrics.pad.ask_flash import colours
from biometrics.pad.face_light import linear
from biometrics.pad.flash import judge_flash
from biometrics.pad.recording import Shown
from biometrics.pad.settings import load_pad_rules
from tests.support.pad import face_light, observed, points

RULES = load_pad_rules()


def presentation(*, strength=0.05, gloss=0.0, lag=0.15, follow=None, seed=1, fps=15):
    chosen = colours(Random(seed), RULES.flash)
    seen_colours = chosen if follow is None else follow(chosen)
    random = np.random.default_rng(seed)
    shown = [Shown(at_s=1.0 + 0.5 * number, colour=colour) for number, colour in enumerate(chosen)]
    shown.append(Shown(at_s=7.0))
    seen = []
    for at in np.arange(0.5, 7.6, 1 / fps):
        step = int((at - lag - 1.0) // 0.5)
        on = 0 <= at - lag - 1.0 < 6.0
        light = linear(np.array(seen_colours[step], np.uint8)) * strength if on else np.zeros(3)
        face = points(noise=random.normal(0, 1, (5, 2)))
        seen.append(observed(float(at), face, light=face_light(light, random, gloss=gloss), similarity=0.8))
    return seen, shown


@pytest.mark.parametrize("strength", [0.02, 0.05, 0.2])
@pytest.mark.parametrize("seed", range(3))
def test_a_face_that_follows_passes(strength, seed):
    found = judge_flash(*presentation(strength=strength, seed=seed), RULES, same_person=0.4)
    assert found.outcome == "passed"
    assert found.facts["beta_e4"] == pytest.approx(strength * 1e4, rel=0.3)
    assert 9000 < found.facts["rho_e4"] <= 10000


def test_too_little_light_is_unclear_and_never_a_pass():
    for strength in (0.0, 0.001, 0.004):
        found = judge_flash(*presentation(strength=strength), RULES, same_person=0.4)
        assert (found.outcome, found.why) == ("unclear", "weak-light")


@pytest.mark.parametrize("seed", range(6))
def test_colours_in_another_order_do_not_pass(seed):
    other = colours(Random(seed + 100), RULES.flash)
    assert (
        judge_flash(*presentation(follow=lambda _: other, seed=seed), RULES, same_person=0.4).outcome
        != "passed"
    )


def test_a_reflection_that_does_not_depend_on_the_skin_fails():
    found = judge_flash(*presentation(gloss=1.0), RULES, same_person=0.4)
    assert (found.outcome, found.why) == ("failed", "no-skin")


def test_a_lag_beyond_the_limit_does_not_pass():
    assert judge_flash(*presentation(lag=0.9), RULES, same_person=0.4).outcome != "passed"


def test_few_frames_are_unclear():
    assert judge_flash(*presentation(fps=2), RULES, same_person=0.4).why == "few-frames"
    seen, shown = presentation()
    assert judge_flash([], shown, RULES, same_person=0.4).outcome == "unclear"
    assert judge_flash(seen, [], RULES, same_person=0.4).outcome == "unclear"


def test_a_face_that_is_clipped_everywhere_is_unclear():
    seen, shown = presentation()
    white = [observed(o.at_s, o.face.points, light=np.ones_like(o.light)) for o in seen]
    assert judge_flash(white, shown, RULES, same_person=0.4).outcome == "unclear"


def test_colours_are_random_never_twice_and_no_saturated_red():
    runs = {colours(Random(seed), RULES.flash) for seed in range(50)}
    assert len(runs) == 50
    for run in runs:
        assert len(run) == 12
        assert all(a != b for a, b in pairwise(run))
    for colour in RULES.flash.palette:
        light = linear(np.array(colour, np.uint8))
        assert light[0] / light.sum() < 0.8
    assert RULES.flash.step_s >= 0.5
