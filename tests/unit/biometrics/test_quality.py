import numpy as np
import pytest

from biometrics.detect import Face
from biometrics.errors import (
    FaceBlurredError,
    FaceBrightError,
    FaceDarkError,
    FaceTooSmallError,
    FaceTurnedError,
    FaceUnclearError,
    NoFaceError,
    TwoFacesError,
)
from biometrics.quality import Quality, defect, load_quality_rules, measure
from biometrics.quality_errors import EyesClosedError, EyesCoveredError, FaceOutsideError, MouthCoveredError
from biometrics.quality_marks import Marks
from biometrics.zone import face_of_still, live_face

RULES = load_quality_rules()
FLAT = np.full((480, 640, 3), 252, np.uint8)
GOOD = {
    "eye_distance_px": 60.0, "sharpness": 200.0, "brightness": 120.0, "clipped": 0.0, "turn": 0.0, "tilt_deg": 0.0,
    "detection": 0.9,
}  # fmt: skip


def face(x: float, width: float = 100, y: float = 200) -> Face:
    points = np.array([[-0.25, -0.2], [0.25, -0.2], [0, 0], [-0.2, 0.25], [0.2, 0.25]]) * width + [x, y]
    return Face(x=x - width / 2, y=y - width / 2, width=width, height=width, points=points, score=0.9)


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({}, None),
        ({"eye_distance_px": 23.0}, FaceTooSmallError),
        ({"brightness": 39.0}, FaceDarkError),
        ({"brightness": 216.0}, FaceBrightError),
        ({"clipped": 0.36}, FaceBrightError),
        ({"turn": -0.56}, FaceTurnedError),
        ({"tilt_deg": 19.0}, FaceTurnedError),
        ({"detection": 0.79}, FaceUnclearError),
        ({"sharpness": 19.0}, FaceBlurredError),
    ],
)
def test_each_limit_has_its_defect(change, error):
    assert defect(Quality(**{**GOOD, **change}), RULES.live) is error


def test_measurements_of_a_flat_crop():
    quality = measure(FLAT, face(100), np.full((112, 112, 3), 252, np.uint8))
    assert quality.sharpness == 0
    assert quality.brightness == pytest.approx(252, abs=1)
    assert quality.clipped == 1.0
    assert quality.turn == pytest.approx(0, abs=1e-9)
    assert all(isinstance(value, int) for value in quality.facts.values())


def test_turn_grows_with_the_nose():
    seen = face(100)
    seen.points[2, 0] += 25
    assert measure(FLAT, seen, np.zeros((112, 112, 3), np.uint8)).turn == pytest.approx(0.5)


def test_live_zone():
    middle = face(320)
    assert live_face([middle], 640, 400, RULES.zone) is middle
    assert live_face([middle, face(60)], 640, 400, RULES.zone) is middle, "a passer-by at the edge"
    assert live_face([middle, face(420, 30)], 640, 400, RULES.zone) is middle, "a small face behind"
    at_the_edge = face(60)
    with pytest.raises(FaceOutsideError):
        live_face([at_the_edge], 640, 400, RULES.zone)
    with pytest.raises(FaceOutsideError):
        live_face([face(40, 100), face(600, 90)], 640, 400, RULES.zone)
    with pytest.raises(NoFaceError):
        live_face([], 640, 400, RULES.zone)


@pytest.mark.parametrize(("first", "second"), [((200, 100), (440, 100)), ((320, 150), (420, 61))])
def test_two_faces_in_the_zone(first, second):
    with pytest.raises(TwoFacesError) as caught:
        live_face([face(*first), face(*second)], 640, 400, RULES.zone)
    assert caught.value.facts["faces"] == 2


def test_still_takes_the_central_face_and_refuses_a_pair():
    middle = face(125, 95, 125)
    assert face_of_still([face(215, 110, 60), middle], 250, 250, RULES.zone) is middle
    with pytest.raises(TwoFacesError):
        face_of_still([face(150), face(450, 60)], 640, 400, RULES.zone)
    with pytest.raises(NoFaceError):
        face_of_still([], 250, 250, RULES.zone)


@pytest.mark.parametrize(
    ("marks", "error"),
    [
        ({"iris": 0.05, "eye_chroma": 1.6}, EyesCoveredError),
        ({"iris": 0.08, "eye_chroma": 2.4}, EyesCoveredError),
        ({"iris": 0.01, "eye_light": 3.4}, EyesCoveredError),
        ({"iris": 0.07, "eye_light": 0.6}, EyesCoveredError),
        ({"iris": 0.01}, EyesClosedError),
        ({"iris": 0.2, "eye_chroma": 2.4}, MouthCoveredError),
        ({"iris": 0.1}, None),
    ],
    ids=["blue", "deep blue", "mirror", "brown", "lids of skin", "a cloth on the cheeks", "narrow eyes"],
)
def test_lenses_are_asked_off_and_not_taken_for_a_mask_or_lids(marks, error):
    assert defect(Quality(**GOOD, marks=Marks(**marks)), RULES.live) is error
