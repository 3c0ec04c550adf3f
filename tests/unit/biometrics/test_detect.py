import os
import subprocess
import sys
from dataclasses import replace

import cv2
import numpy as np
import pytest

from biometrics.align import crop, similarity
from biometrics.compare import compare
from biometrics.detect import FaceDetector
from biometrics.errors import ModelUnusableError, TemplateMismatchError
from biometrics.template import Embedder, Template, mean_template, unit
from biometrics.weights import load_models
from tests.support.portraits import picture

MODELS = load_models()


@pytest.fixture(scope="module")
def detector():
    return FaceDetector(MODELS.detector)


@pytest.fixture(scope="module")
def embedder():
    return Embedder(MODELS.embedder)


@pytest.mark.parametrize("name", ["hopper", "astronaut"])
def test_one_face_with_its_points_inside(detector, name):
    (face,) = detector.detect(picture(name))
    assert face.score > 0.85
    assert (face.points[:, 0] > face.x).all()
    assert (face.points[:, 1] < face.y + face.height).all()
    assert face.points[0, 0] < face.points[1, 0]
    assert face.eye_distance_px == pytest.approx(face.width * 0.5, rel=0.15)


@pytest.mark.parametrize(("asked", "level"), [("", "2"), ("WARNING", "3")])
def test_opencv_warns_only_who_asked_for_it_whoever_loaded_it_first(asked, level):
    code = (
        "import cv2; from biometrics.engine import FaceEngine; FaceEngine.load().warm_up();"
        "print(getattr(cv2.utils, 'logging', cv2).getLogLevel())"
    )
    env = {name: value for name, value in os.environ.items() if name != "OPENCV_LOG_LEVEL"}
    env |= {"OPENCV_LOG_LEVEL": asked} if asked else {}
    ran = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == level
    assert asked or ran.stderr == ""


def test_large_images_are_reduced_and_points_scaled_back(detector):
    (small,) = detector.detect(picture("hopper"))
    (large,) = detector.detect(cv2.resize(picture("hopper"), None, fx=5, fy=5))
    assert np.abs(large.points / 5 - small.points).max() < 6


def test_a_small_face_in_a_large_image_is_found(detector):
    image = np.full((2400, 3200, 3), 200, np.uint8)
    image[1000:1180, 1500:1654] = cv2.resize(picture("hopper"), (154, 180), interpolation=cv2.INTER_AREA)
    (face,) = detector.detect(image)
    assert 30 < face.width < 80


@pytest.mark.parametrize("shape", [(1, 1), (1, 5000), (5000, 1), (40, 40), (480, 640)])
def test_images_without_a_face(detector, shape):
    assert detector.detect(np.full((*shape, 3), 128, np.uint8)) == ()


@pytest.mark.parametrize(
    "row",
    [
        [np.inf, 0, 10, 10, *[5] * 10, 0.9],
        [0, 0, 0, 10, *[5] * 10, 0.9],
        [5, 5, 10, 10, *[np.nan] * 10, 0.9],
        [200, 5, 10, 10, *[5] * 10, 0.9],
        [5, 5, 10, 10, *[5] * 10, np.nan],
    ],
)
def test_nonsense_from_the_network_is_no_face(detector, monkeypatch, row):
    class Network:
        def setInputSize(self, size):  # noqa: N802  (OpenCV's name)
            return

        def detect(self, image):
            return 1, np.array([row, [5, 5, 20, 20, *[10] * 10, 0.9]], np.float32)

    monkeypatch.setattr(detector, "_net", Network())
    (face,) = detector.detect(np.zeros((100, 100, 3), np.uint8))
    assert (face.x, face.width) == (5, 20)


@pytest.mark.skipif(not hasattr(cv2, "FaceRecognizerSF"), reason="this OpenCV has no aligner to compare with")
@pytest.mark.parametrize("angle", [0, 12, -25, 170])
def test_the_crop_equals_opencvs(detector, embedder, angle):
    image = picture("hopper")
    (face,) = detector.detect(image)
    turn = cv2.getRotationMatrix2D(face.centre, angle, 1.0)
    image = cv2.warpAffine(image, turn, (512, 600))
    points = face.points @ turn[:, :2].T + turn[:, 2]
    row = np.r_[[0, 0, 1, 1], points.reshape(-1), 1].astype(np.float32)
    expected = cv2.FaceRecognizerSF.create(str(MODELS.embedder.weights.path), "").alignCrop(image, row)
    own = crop(image, points, np.array(MODELS.embedder.points), (112, 112))
    assert np.abs(own.astype(int) - expected).mean() < 0.05


def test_similarity_recovers_turn_scale_and_shift():
    source = np.random.default_rng(3).uniform(0, 100, (5, 2))
    angle, scale, shift = 0.7, 1.8, np.array([5.0, -9.0])
    turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    matrix = similarity(source, source @ turn.T + shift)
    assert np.allclose(matrix, np.column_stack([turn, shift]))


def test_similarity_never_mirrors_and_survives_one_point():
    source = np.array([[0.0, 0.0], [10.0, 0.0], [5.0, 5.0], [2.0, 9.0], [8.0, 9.0]])
    assert np.linalg.det(similarity(source, source * [-1, 1])[:, :2]) > 0
    assert np.isfinite(similarity(np.zeros((5, 2)), source)).all()


def test_templates_are_unit_vectors_and_separate_people(detector, embedder):
    templates = {}
    for name in ("hopper", "astronaut"):
        image = picture(name)
        templates[name] = embedder.template(image, detector.detect(image)[0])
        assert templates[name].vector.dtype == np.float32
        assert templates[name].vector.shape == (128,)
        assert np.linalg.norm(templates[name].vector) == pytest.approx(1.0, abs=1e-3)
    hopper, astronaut = templates["hopper"], templates["astronaut"]
    assert compare(hopper, hopper) == pytest.approx(1.0, abs=1e-5)
    assert compare(hopper, astronaut) == compare(astronaut, hopper) < 0.3
    assert compare(hopper, mean_template([hopper, astronaut], MODELS.embedder)) > 0.6


def test_a_grey_copy_scores_like_the_original(detector, embedder):
    image = picture("hopper")
    grey = cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR)
    score = compare(
        embedder.template(image, detector.detect(image)[0]), embedder.template(grey, detector.detect(grey)[0])
    )
    assert score > 0.8


def test_templates_of_other_models_are_refused():
    one, other = np.eye(1, 128, dtype=np.float32)[0], np.eye(1, 4, dtype=np.float32)[0]
    with pytest.raises(TemplateMismatchError):
        compare(Template(vector=one, model="a"), Template(vector=one, model="b"))
    with pytest.raises(TemplateMismatchError):
        compare(Template(vector=one, model="a"), Template(vector=other, model="a"))
    for bad in (other, np.zeros(128, np.float32), np.full(128, np.nan, np.float32)):
        with pytest.raises(TemplateMismatchError):
            unit(bad, MODELS.embedder)


@pytest.mark.parametrize(("build", "model"), [(FaceDetector, MODELS.detector), (Embedder, MODELS.embedder)])
def test_a_file_opencv_cannot_read_is_named(build, model):
    broken = replace(model, weights=replace(model.weights, data=b"no network"))
    with pytest.raises(ModelUnusableError, match=model.weights.path.name):
        build(broken)


def test_a_template_shows_no_numbers():
    assert repr(Template(vector=np.full(128, 0.088, np.float32), model="m")) == "Template(model='m')"
