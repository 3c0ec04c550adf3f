"""The catalogue of bad input before a camera and in files: each has one outcome, words for it, and no hang."""

import time
from dataclasses import replace

import cv2
import numpy as np
import pytest

from biometrics.camera import RecordedCamera
from biometrics.camera_info import CameraInfo
from biometrics.capture import Camera
from biometrics.crops import evidence_jpeg, zone_crop
from biometrics.decode import FILE_LIMITS, PortraitDecoder
from biometrics.engine import FaceEngine
from biometrics.errors import BiometricsError, CameraGoneError, ImageMalformedError, ImageTooLargeError
from biometrics.frames import Frame
from biometrics.gathering import Gatherer
from biometrics.recorded import vary
from biometrics.zone import zone_rectangle
from proctor.texts import load_texts
from tests.support import defects
from tests.support.portraits import NOTICE, burst, jpeg, picture

EMPTY = np.full((480, 640, 3), 120, np.uint8)
NAMES = ("hopper", "astronaut")


@pytest.fixture(scope="module")
def engine():
    with FaceEngine.load() as engine:
        yield engine


@pytest.fixture(scope="module")
def frames(engine):
    """Return eight ordinary frames of both portraits, with their faces."""
    images = [vary(picture(name), seed=seed, frames=1)[0] for name in NAMES for seed in range(4)]
    return [(image, engine.find_face(image)) for image in images]


def judged(engine, image):
    return engine.judge(Frame(image=image, monotonic_s=0.0, number=1))


def codes(engine, frames, spoil):
    return [judged(engine, spoil(image, face)).code for image, face in frames]


def test_ordinary_frames_count(engine, frames):
    for image, face in frames:
        report = judged(engine, image)
        assert (report.code, report.hint, report.usable, report.in_zone) == ("", "", True, True)
        assert report.face.eye_distance_px == pytest.approx(face.eye_distance_px)


DEFECTS = {
    "sunglasses": (defects.sunglasses, {"eyes-covered"}, 8),
    "lighter glasses": (lambda i, f: defects.sunglasses(i, f, dark=60), {"eyes-covered"}, 6),
    "white mask": (lambda i, f: defects.mask(i, f, colour=defects.MASKS[0]), {"mouth-covered"}, 7),
    "blue mask": (defects.mask, {"mouth-covered"}, 7),
    "black mask": (lambda i, f: defects.mask(i, f, colour=defects.MASKS[2]), {"mouth-covered"}, 7),
    "hand": (defects.hand, {"mouth-covered"}, 6),
    "closed eyes": (defects.closed_eyes, {"eyes-closed"}, 5),
    "back light": (defects.back_light, {"face-backlit"}, 7),
}


@pytest.mark.parametrize("name", DEFECTS)
def test_what_hides_or_spoils_a_face_is_named(engine, frames, name):
    spoil, expected, least = DEFECTS[name]
    seen = codes(engine, frames, spoil)
    assert sum(code in expected for code in seen) >= least, seen


def squeezed(image, face):
    """Return the face as if turned: the half towards the camera's right nearly gone."""
    x = float(face.points[2, 0])
    middle = np.float32([[x - face.width, 0], [x + face.width, 0], [x, 479]])
    turned = image.copy()
    turned[:, int(face.centre[0]) :] = EMPTY[:, int(face.centre[0]) :]
    return cv2.warpAffine(turned, cv2.getAffineTransform(middle, middle), (640, 480))


@pytest.mark.parametrize("name", NAMES)
def test_a_profile_never_counts(engine, frames, name):
    image, face = frames[4 * NAMES.index(name)]
    report = judged(engine, squeezed(image, face))
    assert report.code in {"face-turned", "face-unclear", "face-too-small", "face-none", "mouth-covered"}


@pytest.mark.parametrize(
    ("image", "code"),
    [
        (EMPTY, "face-none"),
        (np.zeros((480, 640, 3), np.uint8), "face-dark"),
        (np.full((1, 1, 3), 128, np.uint8), "face-none"),
        (np.full((2, 3000, 3), 128, np.uint8), "face-none"),
    ],
)
def test_frames_without_anybody(engine, image, code):
    report = judged(engine, image)
    assert (report.code, report.face, report.usable) == (code, None, False)


def test_a_face_without_colour_is_another_camera_or_a_print(engine, frames):
    def spoil(image, _):
        return cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR)

    assert set(codes(engine, frames, spoil)) == {"face-colourless"}


def test_near_far_and_cut_off(engine, frames):
    image, face = frames[0]
    x, y = (round(v) for v in face.centre)
    reach = round(face.height * 0.52)
    near = cv2.resize(image[max(0, y - reach) : y + reach, max(0, x - reach) : x + reach], (480, 480))
    assert judged(engine, near).code == "face-too-close"
    far = EMPTY.copy()
    far[180:300, 240:400] = cv2.resize(image, (160, 120), interpolation=cv2.INTER_AREA)
    assert judged(engine, far).code == "face-too-small"
    edge = image.copy()[:, : round(face.x + 0.8 * face.width)]
    assert judged(engine, edge).code in {"face-cut-off", "face-outside"}


def test_the_zone_decides_whose_face_it_is(engine, frames):
    image = cv2.resize(frames[0][0], (320, 240), interpolation=cv2.INTER_AREA)
    other = cv2.resize(frames[4][0], (320, 240), interpolation=cv2.INTER_AREA)
    scene = np.full((480, 1280, 3), 120, np.uint8)
    scene[120:360, 0:320] = other
    report = judged(engine, scene)
    assert (report.code, report.in_zone, report.others) == ("face-outside", False, 0)
    scene[120:360, 480:800] = image
    report = judged(engine, scene)
    assert (report.code, report.in_zone, report.others) == ("", True, 1)
    scene[120:360, 700:1020] = other
    assert judged(engine, scene).code == "face-several"
    left, top, right, bottom = zone_rectangle(engine.rules.zone)
    assert 0 <= left < 0.5 < right <= 1
    assert 0 <= top < 0.5 < bottom <= 1


def test_evidence_shows_nobody_outside_the_zone(engine, frames):
    image, face = frames[0]
    scene = np.full((480, 640, 3), 255, np.uint8)
    shifted = replace(face, x=420 - face.width / 2)
    kept = evidence_jpeg(scene, shifted, zone=zone_rectangle(engine.rules.zone))
    shown = cv2.imdecode(np.frombuffer(kept, np.uint8), cv2.IMREAD_GRAYSCALE)
    assert shown[240, 20] > 240
    assert shown[240, -20] < 15
    assert zone_crop(scene, zone_rectangle(engine.rules.zone)).shape == (433, 384, 3)
    assert zone_crop(np.zeros((1, 1, 3), np.uint8), (0.2, 0.05, 0.8, 0.95)).shape == (1, 1, 3)
    assert image.shape == (480, 640, 3)


def test_a_card_held_up_instead_of_a_face(engine):
    """Not every card is found (docs/capture.md): a plain one, whole in the frame and of a size to be compared, is."""
    for name, other in (NAMES, NAMES[::-1]):
        face = engine.find_face(picture(name))
        room = cv2.GaussianBlur(picture(other), (0, 0), 15)
        held = defects.card(picture(name), face, background=np.full_like(room, 70))
        assert judged(engine, held).code == "face-on-card"
        small = defects.card(picture(name), face, background=np.full_like(room, 70), width=260)
        assert judged(engine, small).code in {"face-on-card", "face-too-small", "face-unclear", "face-none"}


@pytest.mark.parametrize("language", ["vi", "en"])
def test_every_code_has_words_for_the_desk_and_for_the_candidate(language):
    texts = load_texts(language)
    from biometrics import errors, quality_errors

    found = [
        value.code
        for module in (errors, quality_errors)
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, BiometricsError)
    ]
    said = [code for code in found if code.startswith(("face-", "eyes-", "mouth-"))]
    assert len(said) > 15
    for code in said:
        assert len(texts[code]) > 40
        if code not in {"face-refer", "face-no-match"}:
            assert 5 < len(texts[f"hint.{code}"]) < 50
    assert len(texts["gathering-failed"]) > 40


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (jpeg(picture("hopper"))[:-2000], ImageMalformedError),
        (jpeg(picture("hopper"))[:20], ImageMalformedError),
        (
            b"\xff\xd8\xff\xc0\x00\x11\x08\x75\x30\x75\x30\x03\x01\x22\x00\x02\x11\x01\x03\x11\x01",
            BiometricsError,
        ),
    ],
)
def test_bad_files_end_soon(data, error):
    began = time.monotonic()
    with PortraitDecoder(FILE_LIMITS) as decoder, pytest.raises(error):
        decoder.decode(data)
    assert time.monotonic() - began < 8


def test_a_picture_of_thirty_thousand_pixels_a_side_is_not_opened():
    """A whole, small file: one colour, 30,000 × 30,000."""
    data = cv2.imencode(".png", np.zeros((30_000, 300), np.uint8))[1].tobytes()
    huge = data[:16] + (30_000).to_bytes(4, "big") + data[20:]
    with PortraitDecoder(FILE_LIMITS) as decoder, pytest.raises((ImageTooLargeError, ImageMalformedError)):
        decoder.decode(huge)


def test_a_burst_is_gathered_from_a_camera_and_its_probe_costs_no_second_look(engine, frames):
    reports = []
    with (
        RecordedCamera([image for image, _ in frames[:4]]) as camera,
        Gatherer(camera, engine, NOTICE, frames=4, on_report=reports.append) as gatherer,
    ):
        gatherer.start()
        taken = gatherer.take()
        live = engine.probe(taken)
    assert len(live.templates) == 4
    assert [report.code for report in reports] == [""] * 4


class Unplugged:
    """A device that gives a few frames and is gone."""

    def __init__(self, image):
        self.left, self.image = 3, image

    def open(self):
        if not self.left:
            raise CameraGoneError(reason="cannot-open", kind="device")

    def drain(self):
        pass

    def read(self):
        self.left -= 1
        return self.image if self.left >= 0 else None

    def close(self):
        self.left = 0


def test_unplugged_in_the_middle_of_a_burst(engine, frames):
    info = CameraInfo(kind="device", physical=True, index=0)
    began = time.monotonic()
    with (
        Camera(info, Unplugged(frames[0][0])) as camera,
        Gatherer(camera, engine, NOTICE) as gatherer,
        pytest.raises(CameraGoneError),
    ):
        gatherer.take()
    assert time.monotonic() - began < 4


def test_refused_leaves_nothing_in_the_engine(engine, frames):
    camera = RecordedCamera([image for image, _ in frames[:2]])
    with camera, Gatherer(camera, engine, NOTICE) as gatherer:
        gatherer.start()
        time.sleep(0.3)
        gatherer.drop()
        assert not engine._prober._recent
    assert engine.probe(burst(frames[0][0])).facts["good_frames"] == 1
