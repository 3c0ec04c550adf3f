"""The challenger: defined ends for every camera, nothing shown too fast, nothing but the camera's clock."""

from itertools import pairwise
from random import Random

import numpy as np
import pytest

from biometrics.errors import BiometricsError, CameraGoneError
from biometrics.pad.challenger import Challenger
from biometrics.pad.errors import (
    PadEyesFailedError,
    PadFlashUnclearError,
    PadTurnFailedError,
    PadTurnUnclearError,
)
from biometrics.pad.kept import Doubt, cut
from biometrics.quality import load_quality_rules
from tests.support.pad import SHEET, Camera, Head, Screen, observed, points
from tests.support.portraits import NOTICE

NAMES = ("pad-turn", "pad-eyes", "pad-flash")


class Live:
    """What the challenger reads of the face before."""

    template = object()

    class face:  # noqa: N801
        x, y, width, height = 300.0, 180.0, 70.0, 90.0


def challenger(camera=None, *, screen=None, head=Head, seed=1, turns=3, **traits):
    camera = camera or Camera()
    screen = screen or Screen(camera.now)
    faces = head(camera, screen, **traits)
    made = Challenger(faces, camera, screen, NOTICE, random=Random(seed), turns=turns)
    return made, camera, screen, faces


@pytest.mark.parametrize("seed", [1, 2])
def test_a_person_who_does_as_asked_passes_all_within_the_time(seed):
    made, camera, screen, _ = challenger(seed=seed)
    began = camera.now()
    for name in made.order(NAMES):
        passed = made.run(name, Live)
        assert passed.not_performed_code is None
        assert all(isinstance(value, str | int) for value in passed.facts.values())
    assert made.require_no_artefact(Live, camera.capture_burst(NOTICE)).facts["frames"] > 100
    assert made.doubts() == ()
    assert camera.now() - began < 24
    assert screen.shown[-1][1] == "done"


def test_a_sheet_is_found_and_its_frames_are_shown_large():
    made, camera, _, _ = challenger(shape=SHEET, blinks=False)
    with pytest.raises(PadTurnFailedError):
        made.run("pad-turn", Live)
    with pytest.raises(PadEyesFailedError) as error:
        made.run("pad-eyes", Live)
    assert error.value.facts["why"] == "not-closed"
    turns, eyes = made.doubts()
    assert (turns.check, turns.outcome, eyes.check, eyes.why) == (
        "pad-turn",
        "failed",
        "pad-eyes",
        "not-closed",
    )
    assert marked(turns) == {"turn-left", "turn-right"} & {one.moment for one in turns.frames}
    assert marked(eyes) == {"eyes-closed"}
    assert all(one.image.shape[1] >= 320 for doubt in (turns, eyes) for one in doubt.frames)
    closed = [one for one in eyes.frames if one.moment == "eyes-closed"]
    assert len(closed) == 3
    assert all(one.mark == "failed" and one.facts["openness_e4"] > one.facts["limit_e4"] for one in closed)
    assert camera.now() < 200


def test_sides_times_and_colours_differ_between_attempts():
    shown = []
    for seed in range(3):
        made, _, screen, _ = challenger(seed=seed)
        for name in NAMES:
            made.run(name, Live)
        shown.append([what for _, what in screen.shown] + [round(at, 2) for at, _ in screen.shown])
    assert shown[0] != shown[1] != shown[2]
    assert len({tuple(challenger(seed=seed)[0].order(NAMES)) for seed in range(20)}) > 3


@pytest.mark.parametrize("fps", [15.0, 8.0, 30.0])
def test_colours_change_at_most_twice_a_second(fps):
    made, _, screen, _ = challenger(Camera(fps=fps))
    made.run("pad-flash", Live)
    changes = [at for at, what in screen.shown if isinstance(what, tuple)]
    assert len(changes) == 12
    assert min(b - a for a, b in pairwise(changes)) >= 0.5 - 1e-9
    assert screen.shown[-2][1] is None


def test_weak_light_is_unclear():
    made, *_ = challenger(lit=0.001)
    with pytest.raises(PadFlashUnclearError) as error:
        made.run("pad-flash", Live)
    assert error.value.facts["why"] == "weak-light"
    assert not error.value.conclusive


def test_a_skip_proves_nothing_and_costs_nothing():
    camera = Camera()
    made, *_ = challenger(camera, screen=Screen(camera.now, skip_after=0))
    assert made.run("pad-turn", Live).not_performed_code == "pad-skipped"
    camera = Camera()
    screen = Screen(camera.now, skip_after=3)
    made, *_ = challenger(camera, screen=screen)
    assert made.run("pad-eyes", Live).not_performed_code == "pad-skipped"
    assert screen.shown[-1][1] == "done"
    assert made.doubts() == ()


def test_a_screen_without_colours_leaves_the_flash_out():
    camera = Camera()
    made, *_ = challenger(camera, screen=Screen(camera.now, can_flash=False))
    assert made.run("pad-flash", Live).not_performed_code == "pad-no-colours"
    assert camera.frames == 0


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("fps", [1.0, 3.0])
def test_a_slow_camera_ends_unclear_within_the_deadline(name, fps):
    made, camera, *_ = challenger(Camera(fps=fps))
    with pytest.raises(BiometricsError) as error:
        made.run(name, Live)
    assert error.value.facts["why"] == "few-frames"
    assert not error.value.conclusive
    assert camera.now() - 100.0 < 30


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("ends_at_s", [0.0, 1.0, 3.0])
def test_a_camera_that_goes_away_is_said_so(name, ends_at_s):
    made, _, screen, _ = challenger(Camera(ends_at_s=ends_at_s))
    with pytest.raises(CameraGoneError):
        made.run(name, Live)
    assert screen.shown[-1][1] == "done"


class Scripted(Head):
    """Shows always the same: by `what`."""

    what = "none"

    def observe(self, frame, look):
        at = frame.monotonic_s
        if self.what == "none":
            return observed(at, None)
        if self.what == "two":
            return observed(at, points(noise=self._random.normal(0, 1, (5, 2))), others=1)
        return observed(at, points(), digest=b"same")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("what", "why"), [("none", "face-lost"), ("two", "other-face"), ("frozen", "frozen")]
)
def test_no_face_two_faces_and_a_frozen_camera_are_unclear_and_named(name, what, why):
    made, camera, *_ = challenger(head=type("Always", (Scripted,), {"what": what}))
    with pytest.raises(BiometricsError) as error:
        made.run(name, Live)
    assert error.value.facts["why"] == why
    assert not error.value.conclusive
    assert camera.now() - 100.0 < 40


def test_a_frozen_picture_is_a_passive_sign():
    made, camera, *_ = challenger(head=type("Always", (Scripted,), {"what": "frozen"}))
    with pytest.raises(PadTurnUnclearError):
        made.run("pad-turn", Live)
    with pytest.raises(BiometricsError) as error:
        made.require_no_artefact(Live, camera.capture_burst(NOTICE))
    assert error.value.code == "pad-failed"
    assert error.value.facts["why"] == "repeated"


def marked(doubt: Doubt) -> set[str]:
    assert {one.mark for one in doubt.frames} <= {"", doubt.outcome}
    return {one.moment for one in doubt.frames if one.mark}


def test_a_turn_that_was_met_is_not_marked_and_the_one_that_was_not_is():
    class Late(Head):
        """Turns to the first side only."""

        def observe(self, frame, look):
            asked = [one for _, one in self._screen.shown if str(one).startswith("turn-")]
            if len(asked) > 1:
                return observed(
                    frame.monotonic_s, points(noise=self._random.normal(0, 0.3, (5, 2))), similarity=0.9
                )
            return super().observe(frame, look)

    made, *_ = challenger(head=Late)
    with pytest.raises(PadTurnFailedError):
        made.run("pad-turn", Live)
    ahead, first, *others = made.doubts()[0].frames
    assert (ahead.moment, ahead.mark, first.mark) == ("look-ahead", "", "")
    assert first.facts["r_e4"] >= first.facts["limit_e4"]
    assert [one.mark for one in others] == ["failed", "failed"]
    assert all(one.facts["r_e4"] < one.facts["limit_e4"] for one in others)


def test_where_no_frame_is_to_blame_all_are_marked():
    made, *_ = challenger(lit=0.001)
    with pytest.raises(PadFlashUnclearError):
        made.run("pad-flash", Live)
    (doubt,) = made.doubts()
    assert doubt.why == "weak-light"
    assert {one.mark for one in doubt.frames} == {"unclear"}
    assert all(len(str(one.facts["colour"])) == 6 for one in doubt.frames)


@pytest.mark.parametrize("size", [(480, 640), (1080, 1920), (10, 10), (2000, 50)])
def test_a_frame_is_cut_to_the_zone_and_shown_large(size):
    image = np.full((*size, 3), 120, np.uint8)
    height, width = cut(image, load_quality_rules().zone).shape[:2]
    assert width >= 320
    assert height <= 2 * width
