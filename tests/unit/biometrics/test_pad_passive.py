"""Passive cues: copies of frames, loops, jumps, corners of a screen, regular patterns."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from biometrics.pad.artefacts import measure_artefacts
from biometrics.pad.observation import Artefacts, FaceSeen
from biometrics.pad.passive import judge_passive
from biometrics.pad.settings import load_pad_rules
from tests.support.pad import observed, points
from tests.support.portraits import picture

RULES = load_pad_rules()


def frames(count=60):
    random = np.random.default_rng(1)
    return [observed(n / 15, points(noise=random.normal(0, 1, (5, 2)))) for n in range(count)]


def test_a_usual_presentation_passes():
    found = judge_passive(frames(), RULES)
    assert found.outcome == "passed"
    assert found.facts["repeated"] == found.facts["loop_frames"] == found.facts["jumps"] == 0


def marked(bezel, moire):
    return [replace(o, artefacts=Artefacts(bezel=bezel, moire=moire)) for o in frames()]


@pytest.mark.parametrize(
    ("seen", "why"),
    [
        (marked(1.0, 5.0), "bezel"),
        (marked(0.0, 400.0), "moire"),
        (marked(0.5, 25.0), "screen"),
        ([replace(o, digest=b"%d" % (n % 20)) for n, o in enumerate(frames())], "repeated"),
        ([o if n < 30 else observed(o.at_s, points() + 80) for n, o in enumerate(frames())], "jump"),
    ],
)
def test_signs_of_a_medium_fail_and_are_named(seen, why):
    found = judge_passive(seen, RULES)
    assert (found.outcome, found.why) == ("failed", why)


def test_one_frame_with_a_sign_among_clean_ones_does_not_count():
    seen = [replace(o, artefacts=Artefacts(bezel=float(n == 0), moire=5.0)) for n, o in enumerate(frames())]
    assert judge_passive(seen, RULES).outcome == "passed"


def test_a_loop_that_was_encoded_anew_is_found_and_a_quiet_scene_is_none():
    random = np.random.default_rng(4)
    first = [(100 + 4 * random.standard_normal(256)) for _ in range(20)]
    looped = [
        replace(o, samples=(first[n % 20] + 0.4 * random.standard_normal(256)).astype(np.uint8))
        for n, o in enumerate(frames())
    ]
    assert judge_passive(looped, RULES).why == "loop"
    quiet = [replace(o, samples=(100 + random.standard_normal(256)).astype(np.uint8)) for o in frames()]
    assert judge_passive(quiet, RULES).outcome == "passed"


def test_too_few_frames_are_unclear():
    assert judge_passive([], RULES).outcome == "unclear"
    assert judge_passive(frames(1), RULES).outcome == "unclear"


def seen_face(x, y, width, height):
    return FaceSeen(box=(x, y, width, height), points=points(), score=0.9)


def test_a_frame_around_the_face_has_corners_and_a_portrait_has_none():
    portrait = cv2.resize(picture("hopper"), (512, 600))
    face = seen_face(180, 120, 170, 212)
    assert measure_artefacts(portrait, face).bezel <= 0.25
    framed = np.full((800, 800, 3), 160, np.uint8)
    framed[130:670, 220:580] = 15
    framed[160:640, 240:560] = portrait[60:540, 96:416]
    assert measure_artefacts(framed, seen_face(324, 220, 170, 212)).bezel >= 0.5


def test_a_regular_pattern_stands_out_of_a_portrait():
    portrait = picture("hopper").astype(np.float64)
    rows, columns = np.mgrid[: portrait.shape[0], : portrait.shape[1]]
    pattern = 1 + 0.08 * np.sin(2 * np.pi * (0.21 * rows + 0.17 * columns))
    face = seen_face(180, 120, 170, 212)
    plain = measure_artefacts(picture("hopper"), face).moire
    screen = measure_artefacts(np.clip(portrait * pattern[..., None], 0, 255).astype(np.uint8), face).moire
    assert plain < RULES.passive.moire < screen


@pytest.mark.parametrize("box", [(-50, -50, 20, 20), (630, 470, 30, 30), (0, 0, 1, 1), (-500, 0, 2000, 2000)])
def test_a_face_at_the_edge_or_beyond_does_no_harm(box):
    black = np.zeros((480, 640, 3), np.uint8)
    assert measure_artefacts(black, seen_face(*box)) == Artefacts(bezel=0.0, moire=0.0)
