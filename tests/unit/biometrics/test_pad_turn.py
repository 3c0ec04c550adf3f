"""Head turns: what a head, a sheet and a replay do after the prompts."""

from dataclasses import replace

import numpy as np
import pytest

from biometrics.pad.recording import Shown
from biometrics.pad.settings import load_pad_rules
from biometrics.pad.turn import judge_turns, off_plane
from tests.support.pad import HEAD, SHEET, observed, points

RULES = load_pad_rules()
SIDES = ("turn-left", "turn-right", "turn-left")


def presentation(
    shape=HEAD, sides=SIDES, *, degrees=27.0, delay=0.5, follow=1, seed=1, step=6, similarity=0.8
):
    """Return frames and prompts; `follow` -1 turns to the other side, 0 not at all."""
    random = np.random.default_rng(seed)
    shown = [Shown(at_s=0.0, prompt="look-ahead")]
    for number, side in enumerate(sides):
        shown.append(Shown(at_s=1.2 + 2.6 * number, prompt=side))
        shown.append(Shown(at_s=2.6 + 2.6 * number, prompt="look-ahead"))
    seen, now = [], 0.0
    for at in np.arange(0, 1.2 + 2.6 * len(sides), 1 / 15):
        asked = [one.prompt for one in shown if one.at_s <= at - delay]
        sign = {"turn-left": 1, "turn-right": -1}.get(asked[-1] if asked else "", 0) * follow
        now += float(np.clip(sign * degrees - now, -degrees / step, degrees / step))
        face = points(shape, now, noise=random.normal(0, 1.2, (5, 2)))
        seen.append(observed(float(at), face, similarity=similarity if len(seen) % 10 == 0 else None))
    return seen, shown


def judged(seen, shown, turns=3):
    return judge_turns(seen, shown, RULES, turns=turns, same_person=0.4)


def test_the_nose_of_a_head_leaves_the_plane_and_that_of_a_sheet_does_not():
    assert off_plane(points(HEAD), points(HEAD, 25)) > 0.12
    assert off_plane(points(HEAD), points(HEAD, -25)) < -0.12
    assert abs(off_plane(points(SHEET), points(SHEET, 35))) < 1e-6


@pytest.mark.parametrize("seed", range(4))
def test_a_head_that_turns_as_asked_passes(seed):
    found = judged(*presentation(seed=seed))
    assert found.outcome == "passed"
    assert found.facts["turns_met"] == 3
    assert found.facts["order"] == "lrl"
    assert 250 <= found.facts["onset_min_ms"] <= found.facts["onset_max_ms"] <= 1500


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("degrees", [25.0, 40.0])
def test_a_sheet_that_turns_as_asked_fails(seed, degrees):
    assert judged(*presentation(SHEET, seed=seed, degrees=degrees)).outcome == "failed"


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"follow": 0}, "no-turn"),
        ({"follow": -1}, "other-side"),
        ({"delay": -0.1}, "early"),
        ({"degrees": 11.0}, "flat"),
    ],
)
def test_what_was_not_asked_for_fails_and_says_why(changes, why):
    found = judged(*presentation(**changes))
    assert (found.outcome, found.why) == ("failed", why)


def test_a_turn_that_begins_too_late_fails():
    seen, shown = presentation(sides=("turn-left",), delay=1.3)
    shown[2] = replace(shown[2], at_s=4.0)
    later = [observed(at, points(HEAD, 27)) for at in np.arange(3.8, 5, 1 / 15)]
    seen = [observed(o.at_s, points(HEAD, 27.0 if o.at_s > 3.0 else 0.0)) for o in seen] + later
    assert judged(seen, shown).why == "late"


def test_one_bad_turn_of_four_is_allowed_and_one_of_three_is_not():
    good, shown = presentation(sides=("turn-left", "turn-right", "turn-left", "turn-right"))
    still = [o if not 1.2 < o.at_s < 3.6 else observed(o.at_s, points(HEAD)) for o in good]
    assert judged(still, shown).outcome == "passed"
    cut = [o for o in still if o.at_s < 9.0]
    assert judged(cut, [one for one in shown if one.at_s < 9.0]).outcome == "failed"


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda seen: seen[::6], "few-frames"),
        (lambda seen: [replace(o, digest=b"same") for o in seen], "frozen"),
        (lambda seen: [replace(o, others=1) for o in seen], "other-face"),
        (lambda seen: [replace(o, face=None) if 20 < i < 32 else o for i, o in enumerate(seen)], "face-lost"),
        (lambda seen: [replace(o, brightness=3.0) for o in seen], "dark"),
        (lambda seen: [replace(o, similarity=0.1) for o in seen], "other-person"),
        (lambda seen: [o if i < 40 else observed(o.at_s, points() + 90) for i, o in enumerate(seen)], "jump"),
    ],
)
def test_what_hinders_judging_is_unclear_and_named(change, why):
    seen, shown = presentation()
    found = judged(change(seen), shown)
    assert (found.outcome, found.why) == ("unclear", why)


def test_without_frames_or_prompts_nothing_passes():
    assert judged([], []).outcome == "unclear"
    assert judged(presentation()[0], []).outcome == "unclear"
    assert judged([], presentation()[1]).outcome == "unclear"


def test_points_without_a_homography_do_no_harm():
    seen, shown = presentation()
    flat = [replace(o, face=replace(o.face, points=np.zeros((5, 2)))) for o in seen]
    assert judged(flat, shown).outcome != "passed"


def test_a_face_that_is_at_the_side_at_once_is_cut():
    found = judged(*presentation(step=1))
    assert (found.outcome, found.why) == ("failed", "cut")


def test_a_cut_hidden_by_frames_without_a_face_is_unclear():
    seen, shown = presentation(step=1)
    gone = [replace(o, face=None) if any(0.45 < o.at_s - s.at_s < 0.72 for s in shown) else o for o in seen]
    assert judged(gone, shown).why == "face-lost"


def test_a_jump_behind_a_missing_frame_is_seen():
    seen, shown = presentation()
    moved = [
        o if i < 41 else replace(o, face=replace(o.face, points=o.face.points + 220))
        for i, o in enumerate(seen)
    ]
    moved[40] = replace(moved[40], face=None)
    assert judged(moved, shown).why == "jump"


def test_the_lowest_comparison_counts_and_one_of_many_may_be_a_little_lower():
    seen, shown = presentation()
    compared = [i for i, o in enumerate(seen) if o.similarity is not None]

    def with_one(score):
        return [replace(o, similarity=score) if i == compared[3] else o for i, o in enumerate(seen)]

    assert judged(with_one(0.36), shown).outcome == "passed"
    assert judged(with_one(0.1), shown).why == "other-person"
    two = [replace(o, similarity=0.36) if i in compared[3:5] else o for i, o in enumerate(seen)]
    assert judged(two, shown).why == "other-person"


def test_at_eight_frames_a_second_nobody_can_say_whether_it_was_cut():
    seen, shown = presentation(step=12, seed=2)
    assert judged(seen[::2], shown).why == "few-frames"
