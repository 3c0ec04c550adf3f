"""Eye closure: both eyes, in time, longer than a blink, and open again."""

from dataclasses import replace

import numpy as np
import pytest

from biometrics.pad.eyes import judge_eyes
from biometrics.pad.openness import OpenEyes
from biometrics.pad.recording import Shown
from biometrics.pad.settings import load_pad_rules
from tests.support.pad import eye_patches, observed, points

RULES = load_pad_rules()
PROMPT = 2.0


def presentation(
    closed=(2.5, 3.6),
    *,
    eyes="both",
    seed=1,
    end=6.0,
    rims=False,
    similarity=0.8,
    way=2,
    covered=False,
    changed=False,
    swapped=False,
):
    random = np.random.default_rng(seed)
    surroundings = random.normal(0, 15, (20, 30))
    seen = []
    for at in np.arange(0, end, 1 / 15):
        patches = eye_patches(1.0, random, rims=rims)
        shut = eye_patches(0.0, random, rims=rims)
        if covered:
            shut = np.full_like(shut, 100) + random.integers(0, 6, shut.shape).astype(np.uint8)
        frames = min(at - closed[0], closed[1] - at) * 15
        if way and eyes == "both" and -way < frames < 0:
            patches = eye_patches(0.6, random, rims=rims)
        if closed[0] <= at < closed[1]:
            patches = shut if eyes == "both" else np.stack([patches[0], shut[1]])
        face = points(noise=random.normal(0, 1, (5, 2)))
        seen.append(
            observed(
                float(at),
                face,
                eyes=patches,
                around=np.asarray(
                    surroundings * (-1.0 if changed and closed[0] <= at < closed[1] else 1.0)
                    + random.normal(100, 3, surroundings.shape),
                    np.uint8,
                ),
                similarity=0.1
                if swapped and len(seen) == 45
                else similarity
                if len(seen) % 10 == 5
                else None,
            )
        )
    return seen, [Shown(at_s=PROMPT, prompt="close-eyes"), Shown(at_s=3.4, prompt="open-eyes")]


def judged(seen, shown):
    return judge_eyes(seen, shown, RULES, same_person=0.4)


@pytest.mark.parametrize("rims", [False, True])
def test_openness_is_one_for_open_and_far_below_for_closed_eyes(rims):
    random = np.random.default_rng(3)
    pattern = OpenEyes([eye_patches(1.0, random, rims=rims) for _ in range(8)])
    assert pattern.openness(eye_patches(1.0, random, rims=rims)) > 0.9
    assert pattern.openness(eye_patches(0.0, random, rims=rims)) < 0.6


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("rims", [False, True])
def test_eyes_that_close_and_open_as_asked_pass(seed, rims):
    found = judged(*presentation(seed=seed, rims=rims))
    assert found.outcome == "passed"
    assert 800 <= found.facts["closed_ms"] <= 1400
    assert 300 <= found.facts["onset_ms"] <= 800


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"closed": (99, 99)}, "not-closed"),
        ({"eyes": "one"}, "not-closed"),
        ({"closed": (2.5, 2.6)}, "blink"),
        ({"closed": (4.2, 5.2)}, "late"),
        ({"closed": (2.0, 3.4)}, "early"),
        ({"closed": (2.5, 99)}, "not-opened"),
    ],
)
def test_what_was_not_asked_for_fails_and_says_why(changes, why):
    found = judged(*presentation(**changes))
    assert (found.outcome, found.why) == ("failed", why)


def test_a_blink_before_the_prompt_does_not_spoil_the_pattern():
    seen, shown = presentation()
    random = np.random.default_rng(9)
    blinked = [replace(o, eyes=eye_patches(0.0, random)) if 1.5 < o.at_s < 1.7 else o for o in seen]
    assert judged(blinked, shown).outcome == "passed"


def test_eyes_that_were_never_steadily_open_are_unclear():
    random = np.random.default_rng(2)
    seen, shown = presentation()
    noisy = [
        observed(o.at_s, o.face.points, eyes=random.integers(0, 255, (2, 24, 34), np.uint8)) for o in seen
    ]
    found = judged(noisy, shown)
    assert (found.outcome, found.why) == ("unclear", "eyes-weak")


def test_patches_without_contrast_never_pass():
    seen, shown = presentation()
    flat = [observed(o.at_s, o.face.points, eyes=np.full((2, 24, 34), 100, np.uint8)) for o in seen]
    assert judged(flat, shown).outcome != "passed"


def test_another_person_is_unclear():
    assert judged(*presentation(similarity=0.1)).why == "other-person"


def test_the_second_try_counts_and_a_fourth_does_not():
    first, _ = presentation(closed=(99, 99))
    second, _ = presentation()
    shifted = [replace(o, at_s=o.at_s + 6.0) for o in second]
    late = [replace(o, at_s=o.at_s + 18.0) for o in second]
    more = [replace(o, at_s=o.at_s + 12.0) for o in first]
    fails = [replace(o, at_s=o.at_s + 6.0) for o in first]
    twice = [Shown(at_s=PROMPT, prompt="close-eyes"), Shown(at_s=8.0, prompt="close-eyes")]
    assert judged(first + shifted, twice).outcome == "passed"
    tries = [*twice, *(Shown(at_s=at, prompt="close-eyes") for at in (14.0, 20.0))]
    assert judged(first + fails + more + late, tries).outcome == "failed"


def test_without_frames_nothing_passes():
    assert judged([], []).outcome == "unclear"
    assert judged([], presentation()[1]).outcome == "unclear"


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"covered": True}, "covered"),
        ({"way": 0}, "cut"),
        ({"changed": True}, "around-changed"),
        ({"swapped": True}, "other-person"),
        ({"similarity": None}, "few-comparisons"),
    ],
)
def test_a_strip_a_cut_and_another_face_leave_it_unclear(changes, why):
    found = judged(*presentation(**changes))
    assert (found.outcome, found.why) == ("unclear", why)


def test_a_face_that_vanishes_for_two_frames_leaves_it_unclear_and_one_frame_does_not():
    seen, shown = presentation()
    one = [replace(o, face=None, eyes=None) if i == 30 else o for i, o in enumerate(seen)]
    two = [replace(o, face=None, eyes=None) if i in {30, 31} else o for i, o in enumerate(seen)]
    assert judged(one, shown).outcome == "passed"
    assert judged(two, shown).why == "face-lost"
