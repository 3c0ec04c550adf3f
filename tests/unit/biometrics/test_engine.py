import subprocess
import sys
import threading
from dataclasses import replace

import cv2
import numpy as np
import pytest

from biometrics import advisory
from biometrics.decode import PortraitDecoder
from biometrics.engine import FaceEngine, decide
from biometrics.errors import (
    BiometricsError,
    FaceBlurredError,
    FaceBrightError,
    FaceChangedError,
    FaceDarkError,
    FaceNoMatchError,
    FaceReferError,
    FaceTooSmallError,
    FaceTurnedError,
    FaceUnclearError,
    ImageMalformedError,
    ImageTooLargeError,
    NoFaceError,
    ReferenceNoFaceError,
    ReferenceSeveralFacesError,
    TwoFacesError,
)
from biometrics.evidence import Comparison, Live, Match
from biometrics.quality import load_quality_rules
from biometrics.recorded import portrait_jpeg, vary
from biometrics.weights import load_models
from tests.support.portraits import astronaut_path, burst, hopper_path, jpeg, picture

EMPTY = np.full((480, 640, 3), 120, np.uint8)
BLACK = np.zeros((480, 640, 3), np.uint8)


@pytest.fixture(scope="module")
def engine():
    with FaceEngine.load() as engine:
        engine.warm_up()
        yield engine


@pytest.fixture(scope="module")
def references(engine):
    """Return both specimens as a chip carries them: 300 × 400, at most 15 kB."""
    with PortraitDecoder() as decoder:
        return {
            name: engine.reference(
                decoder.decode(portrait_jpeg(picture(name), face=engine.find_face(picture(name))))
            )
            for name in ("hopper", "astronaut")
        }


def scene(name: str, *, scale: float = 0.7, at: tuple[int, int] = (320, 240)) -> np.ndarray:
    """Return a 640 × 480 frame with a specimen's face centred at a place."""
    frame = EMPTY.copy()
    return paste(frame, name, scale=scale, at=at)


def paste(frame: np.ndarray, name: str, *, scale: float, at: tuple[int, int]) -> np.ndarray:
    centre = {"hopper": (268, 226), "astronaut": (223, 120)}[name]
    x, y = round(at[0] - centre[0] * scale), round(at[1] - centre[1] * scale)
    half = round({"hopper": 150, "astronaut": 85}[name] * scale)
    picture_ = cv2.warpAffine(picture(name), np.array([[scale, 0, x], [0, scale, y]]), (640, 480))
    mask = np.zeros((480, 640), np.uint8)
    cv2.ellipse(mask, at, (half, round(half * 1.25)), 0, 0, 360, 255, -1)
    return np.where(mask[..., None] > 0, picture_, frame)


@pytest.mark.parametrize("name", ["hopper", "astronaut"])
@pytest.mark.parametrize("seed", range(20))
def test_varied_frames_match_their_own_portrait_and_no_other(engine, references, name, seed):
    live = engine.probe(burst(*vary(picture(name), seed=seed, frames=3)))
    limits = engine.thresholds()
    match = engine.require_match(references[name], live, limits)
    assert match.score > limits.accept + 0.2
    assert len(live.templates) == 3
    other = references["astronaut" if name == "hopper" else "hopper"]
    with pytest.raises(FaceNoMatchError) as caught:
        engine.require_match(other, live, limits)
    assert caught.value.conclusive
    assert caught.value.facts["score_e4"] < 3000
    assert caught.value.facts["refer_threshold_e4"] == 4150


def test_a_match_carries_what_the_record_needs(engine, references):
    live = engine.probe(burst(*vary(picture("hopper"), seed=0)))
    match = engine.require_match(references["hopper"], live, engine.thresholds())
    assert match.decision == "match"
    assert match.facts["score_e4"] == round(match.score * 1e4)
    assert match.facts["threshold_e4"] == 5000
    assert match.facts["model_sha256"].startswith("fb143eea")
    assert match.facts["advisory_dlib"] == "not-needed"
    assert live.facts["burst_rule"] == "mean"
    assert live.facts["good_frames"] == live.facts["frames"] == 5
    for facts in (match.facts, live.facts, references["hopper"].facts):
        assert all(type(value) in {int, str} for value in facts.values())
    shown = repr((match, live, references["hopper"]))
    assert "array" not in shown
    assert "jpeg" not in shown


def test_the_evidence_picture_shows_the_face_and_is_small(engine):
    live = engine.probe(burst(*vary(picture("hopper"), seed=3)))
    assert len(live.evidence_jpeg) < 64_000
    image = cv2.imdecode(np.frombuffer(live.evidence_jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert image.shape == (480, 360, 3)
    assert abs(engine.find_face(image).centre[0] - 180) < 20


def test_the_grey_band_goes_to_a_person(engine, references):
    live = engine.probe(burst(scene("hopper")))
    score = engine.require_match(references["hopper"], live, engine.thresholds()).score
    limits = replace(engine.thresholds(), accept=score + 0.01, refer=score - 0.01)
    with pytest.raises(FaceReferError) as caught:
        engine.require_match(references["hopper"], live, limits)
    assert not caught.value.conclusive
    assert caught.value.facts["score_e4"] == round(score * 1e4)


def test_thresholds_belong_to_the_better_side(engine):
    limits = engine.thresholds()
    cases = {0.5: "match", 0.4999: "refer", 0.415: "refer", 0.4149: "no-match", -1.0: "no-match"}
    assert {score: decide(score, limits) for score in cases} == cases


def dim(image: np.ndarray, gain: float) -> np.ndarray:
    return np.clip(image * gain, 0, 255).astype(np.uint8)


def turned(angle: float) -> np.ndarray:
    return cv2.warpAffine(scene("hopper"), cv2.getRotationMatrix2D((320, 240), angle, 1.0), (640, 480))


DEFECTS = {
    "nobody": (EMPTY, NoFaceError),
    "black": (BLACK, FaceDarkError),
    "one pixel": (np.full((1, 1, 3), 100, np.uint8), NoFaceError),
    "grey": (np.full((480, 640, 3), 127, np.uint8), NoFaceError),
    "tiny": (scene("hopper", scale=0.2), FaceTooSmallError),
    "blurred": (cv2.GaussianBlur(scene("hopper"), (0, 0), 8), FaceBlurredError),
    "dark": (dim(scene("hopper"), 0.15), FaceDarkError),
    "bright": (np.clip(scene("hopper").astype(int) + 150, 0, 255).astype(np.uint8), FaceBrightError),
    "tilted": (turned(45), FaceTurnedError),
    "tilted more": (turned(75), FaceUnclearError),
    "two": (paste(scene("hopper", at=(220, 240)), "astronaut", scale=1.2, at=(430, 240)), TwoFacesError),
}


@pytest.mark.parametrize("name", DEFECTS)
@pytest.mark.parametrize("count", [1, 5])
def test_each_defect_has_its_code(engine, name, count):
    image, error = DEFECTS[name]
    with pytest.raises(error) as caught:
        engine.probe(burst(*[image] * count))
    assert type(caught.value) is error
    assert not caught.value.conclusive
    assert not engine.usable(burst(image).frames[0])


@pytest.mark.parametrize("angle", range(-180, 180, 15))
def test_no_turn_of_the_right_person_ever_speaks_against_them(engine, references, angle):
    outcome = outcome_of(lambda: engine.probe(burst(turned(angle))))
    if isinstance(outcome, Live):
        outcome = outcome_of(lambda: engine.require_match(references["hopper"], outcome, engine.thresholds()))
    assert isinstance(outcome, Match) or not outcome.conclusive
    assert isinstance(outcome, Match) == (abs(angle) <= 15) or abs(angle) in {30, 45}
    image = outcome_of(lambda: engine.compare_images(hopper_path().read_bytes(), jpeg(turned(angle))))
    assert not isinstance(image, Comparison) or image.decision != "no-match"


def outcome_of(work):
    try:
        return work()
    except BiometricsError as error:
        return error


def test_an_upright_stranger_is_a_conclusive_no_match_and_a_turned_one_is_not(engine, references):
    live = engine.probe(burst(scene("astronaut", scale=1.3)))
    with pytest.raises(FaceNoMatchError):
        engine.require_match(references["hopper"], live, engine.thresholds())
    inverted = cv2.rotate(picture("hopper"), cv2.ROTATE_180)
    with pytest.raises((FaceTurnedError, FaceUnclearError)) as caught:
        engine.compare_images(hopper_path().read_bytes(), jpeg(inverted))
    assert caught.value.facts["side"] == "probe"


def test_a_passer_by_does_not_matter(engine, references):
    frame = paste(scene("hopper", scale=0.8), "astronaut", scale=0.7, at=(575, 240))
    live = engine.probe(burst(frame))
    assert engine.require_match(references["hopper"], live, engine.thresholds()).score > 0.7


def test_bad_frames_among_good_ones_are_left_out(engine, references):
    good = scene("hopper")
    live = engine.probe(burst(EMPTY, good, BLACK, good, cv2.GaussianBlur(good, (0, 0), 9)))
    assert live.facts["good_frames"] == len(live.templates) == 2
    assert live.best_frame.number in {2, 4}
    assert engine.usable(live.best_frame)


def test_two_people_taking_turns_are_not_averaged(engine):
    frames = [
        scene("hopper"),
        scene("hopper"),
        scene("hopper"),
        scene("astronaut", scale=1.3),
        scene("hopper"),
    ]
    with pytest.raises(FaceChangedError):
        engine.probe(burst(*frames))


def test_one_flicker_of_a_second_face_is_no_stop_two_are(engine):
    good, two = scene("hopper"), DEFECTS["two"][0]
    assert engine.probe(burst(good, two, good)).facts["good_frames"] == 2
    with pytest.raises(TwoFacesError):
        engine.probe(burst(good, two, two, good, good))


def test_a_reference_without_or_with_too_many_faces(engine):
    with pytest.raises(ReferenceNoFaceError):
        engine.reference(EMPTY)
    with pytest.raises(ReferenceSeveralFacesError) as caught:
        engine.reference(DEFECTS["two"][0])
    assert caught.value.facts["side"] == "reference"
    with pytest.raises(FaceTooSmallError):
        engine.reference(cv2.resize(picture("astronaut"), (100, 100), interpolation=cv2.INTER_AREA))


def test_two_files_compared(engine):
    same = engine.compare_images(hopper_path().read_bytes(), jpeg(scene("hopper")))
    assert same.decision == "match"
    assert same.score > same.threshold == 0.5
    assert same.model["name"] == "sface-2021dec-int8bq"
    assert set(same.quality) == {"reference", "probe"}
    assert set(same.times_ms) == {"decode", "template", "compare", "advisory", "total"}
    other = engine.compare_images(hopper_path().read_bytes(), astronaut_path().read_bytes())
    assert (other.decision, other.refer_threshold) == ("no-match", 0.415)
    limits = replace(engine.thresholds(), accept=other.score + 0.1, refer=other.score - 0.1)
    assert (
        engine.compare_images(hopper_path().read_bytes(), astronaut_path().read_bytes(), limits).decision
        == "refer"
    )


@pytest.mark.parametrize(
    ("reference", "probe", "error", "side"),
    [
        (b"", None, ImageMalformedError, "reference"),
        (None, jpeg(picture("hopper"))[:-900], ImageMalformedError, "probe"),
        (jpeg(EMPTY), None, ReferenceNoFaceError, "reference"),
        (None, jpeg(EMPTY), NoFaceError, "probe"),
        (None, jpeg(np.zeros((1, 1, 3), np.uint8)), NoFaceError, "probe"),
        (None, jpeg(DEFECTS["two"][0]), TwoFacesError, "probe"),
        (jpeg(DEFECTS["two"][0]), None, ReferenceSeveralFacesError, "reference"),
        (None, jpeg(np.zeros((5100, 5000), np.uint8)), ImageTooLargeError, "probe"),
    ],
)
def test_bad_files_name_their_side(engine, reference, probe, error, side):
    good = hopper_path().read_bytes()
    with pytest.raises(error) as caught:
        engine.compare_images(good if reference is None else reference, good if probe is None else probe)
    assert caught.value.facts["side"] == side


class _FakeDlib:
    """A dlib that finds everyone identical and keeps count."""

    def __init__(self):
        self.opened = []

    def shape_predictor(self, path):
        self.opened.append(path)
        return lambda image, box: box

    def face_recognition_model_v1(self, path):
        self.opened.append(path)
        return self

    def compute_face_descriptor(self, image, shape, jitters):
        return [0.5] * 128

    def rectangle(self, *box):
        assert all(isinstance(side, int) for side in box)
        return box


def test_advice_alone_never_accepts(references):
    fake = _FakeDlib()
    models, rules = load_models(), load_quality_rules()
    if advisory.package_folder("face_recognition_models") is None:
        pytest.skip("the optional weights are not installed")
    advisor = advisory.DlibAdvisor(fake, advisory.load_advisory())
    with FaceEngine(models, rules=rules, advisor=advisor, advice="dlib") as engine:
        live = engine.probe(burst(scene("hopper")))
        with pytest.raises(FaceNoMatchError) as caught:
            engine.require_match(references["astronaut"], live, engine.thresholds())
        assert caught.value.facts["advisory_dlib_e4"] == 10_000
        comparison = engine.compare_images(hopper_path().read_bytes(), astronaut_path().read_bytes())
    assert comparison.decision == "no-match"
    assert comparison.advisory == {"dlib": 1.0}
    assert not any("68" in path for path in fake.opened)


def test_an_absent_advisor_is_said(monkeypatch, references):
    monkeypatch.setattr(advisory, "package_folder", lambda _: None)
    with FaceEngine.load(dlib=True) as engine:
        live = engine.probe(burst(scene("hopper")))
        with pytest.raises(FaceNoMatchError) as caught:
            engine.require_match(references["astronaut"], live, engine.thresholds())
    assert caught.value.facts["advisory_dlib"] == "absent"


def test_dlib_that_cannot_be_imported_is_absent(monkeypatch):
    def refuse(name):
        raise ImportError(name)

    monkeypatch.setattr(advisory, "import_module", refuse)
    assert advisory.load_advisor() is None


def test_dlibs_number_where_it_is_installed(references):
    pytest.importorskip("dlib")
    with FaceEngine.load(dlib=True) as engine:
        live = engine.probe(burst(scene("hopper")))
        own = engine.require_match(references["hopper"], live, engine.thresholds()).facts
        with pytest.raises(FaceNoMatchError) as caught:
            engine.require_match(references["astronaut"], live, engine.thresholds())
    assert own["advisory_dlib"] == "not-needed"  # nobody has to decide about a match
    assert caught.value.facts["advisory_dlib_e4"] < 5500
    assert caught.value.facts["advisory_by"] == "dlib"


def test_the_wrapper_advises_where_an_operator_asked_for_it_and_gives_the_same_number(references):
    """A script stands for the package, which only a site's set-up installs."""
    pytest.importorskip("dlib")
    direct, asked = advisory.load_advisor(), []

    class Wrapper:
        def face_encodings(self, rgb, known_face_locations, model):
            asked.append(model)
            top, right, bottom, left = known_face_locations[0]
            return [direct._describe(rgb, (left, top, right, bottom))]

    wrapped = advisory.WrappedAdvisor(Wrapper())
    people = [(each.image, each.face) for each in references.values()]
    assert wrapped.score(*people[0], *people[1]) == pytest.approx(direct.score(*people[0], *people[1]))
    assert asked == ["small", "small"]


def test_a_wrapper_that_prints_and_exits_is_absent(monkeypatch, capsys):
    def refuse(name):
        print("Please install `face_recognition_models`")
        raise SystemExit(0)

    monkeypatch.setattr(advisory, "import_module", refuse)
    assert advisory.load_advisor("face_recognition") is None
    assert capsys.readouterr().out == ""


def test_threads_share_the_engine(engine, references):
    frames = burst(scene("hopper"))
    scores = []

    def work():
        for _ in range(3):
            scores.append(
                engine.require_match(references["hopper"], engine.probe(frames), engine.thresholds()).score
            )
            engine.reference(picture("astronaut"))

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(scores) == 9
    assert np.ptp(scores) < 1e-5


def test_importing_the_package_loads_nothing_heavy():
    code = "import sys, biometrics.errors, biometrics.notice\nprint('cv2' in sys.modules, 'numpy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "False False"


def test_loading_writes_nothing_to_the_terminal():
    code = "from biometrics.engine import FaceEngine\nFaceEngine.load().warm_up()"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("", "")


@pytest.mark.parametrize(
    ("spoil", "error"),
    [
        (lambda image: cv2.GaussianBlur(image, (0, 0), 12), "face-blurred"),
        (lambda image: np.clip(image.astype(np.int16) * 4, 0, 255).astype(np.uint8), "face-bright"),
    ],
)
def test_a_low_score_of_a_spoilt_picture_is_no_evidence(engine, spoil, error):
    picture_of_another = cv2.imread(str(astronaut_path()))
    spoilt = cv2.imencode(".png", spoil(picture_of_another))[1].tobytes()
    with pytest.raises(BiometricsError) as caught:
        engine.compare_images(hopper_path().read_bytes(), spoilt)
    assert caught.value.code in {error, "face-unclear", "face-none"}
    assert not caught.value.conclusive
