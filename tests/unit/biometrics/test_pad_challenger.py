"""The challenger: defined ends for every camera, nothing shown too fast, nothing but the camera's clock."""

from itertools import pairwise
from random import Random

import cv2
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
from biometrics.pad.sheet import keep, sheet
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
    assert made.frames() is None
    assert camera.now() - began < 24
    assert screen.shown[-1][1] == "done"


def test_a_sheet_is_found_and_its_frames_are_shown_large():
    made, camera, _, _ = challenger(shape=SHEET, blinks=False)
    with pytest.raises(PadTurnFailedError):
        made.run("pad-turn", Live)
    with pytest.raises(PadEyesFailedError) as error:
        made.run("pad-eyes", Live)
    assert error.value.facts["why"] == "not-closed"
    picture = cv2.imdecode(np.frombuffer(made.frames() or b"", np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    assert picture.shape[1] % 320 in range(320)
    assert picture.shape[1] >= 4 * 320
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
    assert made.frames() is None


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


@pytest.mark.parametrize("size", [(480, 640), (1080, 1920), (10, 10), (2000, 50)])
def test_the_sheet_shows_the_zone_large(size):
    image = np.full((*size, 3), 120, np.uint8)
    kept = [keep(image, load_quality_rules().zone, "pad-turn turn-left r=0.02") for _ in range(5)]
    assert kept[0].image.shape[1] >= 320
    data = sheet(kept)
    assert data is not None
    assert data.startswith(b"\xff\xd8\xff")
    assert sheet([]) is None
