"""Observations of real pictures: found near and anew, small, without a picture."""

import pickle
from importlib.resources import files

import cv2
import numpy as np
import pytest

from biometrics.detect import FaceDetector
from biometrics.frames import Frame
from biometrics.pad.observation import Look
from biometrics.pad.observing import Observer
from biometrics.pad.openness import OpenEyes
from biometrics.pad.settings import load_pad_rules
from biometrics.quality import load_quality_rules
from biometrics.recorded import vary
from biometrics.template import Embedder
from biometrics.weights import load_models
from tests.support.portraits import picture


@pytest.fixture(scope="module")
def observer():
    models = load_models()
    zone, rules = load_quality_rules().zone, load_pad_rules().observe
    return Observer(FaceDetector(models.detector), Embedder(models.embedder), zone=zone, rules=rules)


@pytest.fixture(scope="module")
def frames():
    images = vary(picture("hopper"), seed=2, frames=6, pose=0.5)
    return [Frame(image=image, monotonic_s=n / 15, number=n + 1) for n, image in enumerate(images)]


def frame(image):
    return Frame(image=image, monotonic_s=0.0, number=1)


def test_a_face_is_found_anew_and_near_its_last_place(observer, frames):
    first = observer.observe(frames[0], Look())
    second = observer.observe(frames[0], Look(near=first.face.box))
    distance = np.linalg.norm(first.face.points[1] - first.face.points[0])
    assert np.abs(second.face.points - first.face.points).max() < 0.15 * distance
    elsewhere = observer.observe(frames[0], Look(near=(600.0, 0.0, 40.0, 40.0)))
    assert np.abs(elsewhere.face.points - first.face.points).max() < 0.15 * distance


def test_an_observation_is_small_and_shows_no_picture(observer, frames):
    look = Look(others=True, light=True, eyes=True, artefacts=True)
    seen = observer.observe(frames[0], look)
    assert len(pickle.dumps(seen)) < 8_000
    assert seen.others == 0
    assert seen.light.shape == (14, 12, 3)
    assert 0 < seen.light.mean() < 1
    assert "array" not in repr(seen)


def test_open_eyes_stay_open_from_frame_to_frame(observer, frames):
    eyes = [observer.observe(one, Look(eyes=True)).eyes for one in frames]
    pattern = OpenEyes(eyes)
    assert pattern.frames == len(frames)
    assert min(pattern.openness(one) for one in eyes) > 0.8


def test_measuring_at_given_points_needs_no_search(observer, frames):
    first = observer.observe(frames[0], Look(light=True))
    again = observer.observe(
        frames[0], Look(near=first.face.box, points=first.face.points, search=False, light=True)
    )
    assert not again.face.searched
    np.testing.assert_allclose(again.light, first.light)


def test_a_face_is_compared_when_asked(observer, frames):
    found = observer.observe(frames[0], Look()).face
    template = observer._embedder.template(frames[0].image, found)
    assert observer.observe(frames[1], Look(like=template)).similarity > 0.6


def test_a_second_face_in_the_zone_is_counted_and_one_outside_is_not(observer):
    wide = np.full((480, 960, 3), 90, np.uint8)
    small = cv2.resize(picture("hopper"), (256, 300))
    wide[100:400, 340:596] = small
    assert observer.observe(frame(wide), Look(others=True)).others == 0
    passer = wide.copy()
    passer[120:320, 780:951] = cv2.resize(small, (171, 200))
    assert observer.observe(frame(passer), Look(others=True)).others == 0
    rival = np.full((480, 960, 3), 90, np.uint8)
    rival[100:400, 240:496], rival[100:400, 500:756] = small, small
    assert observer.observe(frame(rival), Look(others=True)).others == 1


@pytest.mark.parametrize("shape", [(1, 1, 3), (480, 640, 3), (16, 4000, 3), (3, 3, 3)])
def test_pictures_without_a_face_are_an_answer(observer, shape):
    look = Look(near=(0.0, 0.0, 50.0, 50.0), others=True, light=True, eyes=True, artefacts=True)
    seen = observer.observe(frame(np.zeros(shape, np.uint8)), look)
    assert seen.face is None
    assert seen.light is None
    assert observer.observe(frame(np.zeros(shape, np.uint8)), Look(near=(-9e5, 3.0, 1.0, 1.0))).face is None


def test_the_table_is_packaged():
    assert (files("biometrics.pad") / "pad.toml").is_file()
