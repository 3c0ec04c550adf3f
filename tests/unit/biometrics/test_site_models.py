"""A site's models: what is refused, with the name of what is wrong, and what a good one does."""

import os
from dataclasses import replace

import cv2
import numpy as np
import pytest

from biometrics.calibration import shipped_calibration
from biometrics.calibration_errors import CalibrationOtherError
from biometrics.cards import MAX_CARD, parse_card
from biometrics.detect import FaceDetector
from biometrics.engine import FaceEngine
from biometrics.errors import (
    CalibrationMissingError,
    ModelAlteredError,
    ModelMissingError,
    ModelTableError,
    ModelUnusableError,
)
from biometrics.model_errors import ModelPathError, ModelTooLargeError, ModelUnknownError
from biometrics.model_trial import try_model
from biometrics.pad_model import PadNetwork
from biometrics.site_models import ModelChoice, list_cards, load_model, load_site, model_of, read_card
from biometrics.template import Embedder
from biometrics.weights import load_detector, load_models
from tests.support import tiny_onnx
from tests.support.portraits import burst, picture
from tests.support.site_models import PAD, put

GREY = np.full((112, 112, 3), 127, np.uint8)


def embedder(folder, name="tiny", **values):
    given = {key: values.pop(key) for key in ("side", "cells", "layout", "batch") if key in values}
    layout = {key: given[key] for key in ("layout", "side") if key in given}
    put(folder, name, tiny_onnx.embedder(**given), **values, **layout)
    return load_site(folder, name, None).embedder


def noise(seed, side=112):
    rough = np.random.default_rng(seed).integers(0, 256, (side, side, 3), dtype=np.uint8)
    return cv2.GaussianBlur(rough, (0, 0), 5)


@pytest.fixture(scope="module")
def hopper():
    image = picture("hopper")
    return image, FaceDetector(load_detector()).detect(image)[0]


def calibrated(models, **values):
    """Return the shipped calibration as if it had been made for these models."""
    made = {
        "model": models.embedder.weights.name,
        "card_sha256": models.embedder.card_sha256,
        "weights_sha256": models.embedder.weights.sha256,
    }
    return replace(shipped_calibration("sface-2021dec-int8bq"), **made, **values)


# -- what a card makes of a picture ------------------------------------------------------------------


def test_the_features_are_what_the_card_says(tmp_path):
    """Colour order, mean, scale and std each reach the network: its answer is the mean colour of 64 fields."""
    model = embedder(tmp_path, colour="rgb", mean=[10.0, 20.0, 30.0], scale=0.5, std=[1.0, 2.0, 4.0])
    image = noise(1)
    fields = image.reshape(8, 14, 8, 14, 3).mean(axis=(1, 3))[..., ::-1]
    expected = ((fields - [10, 20, 30]) * 0.5 / [1, 2, 4]).transpose(2, 0, 1).reshape(-1)
    vector = Embedder(model).template_of_crop(image).vector
    assert np.allclose(vector, expected / np.linalg.norm(expected), atol=1e-5)
    other = embedder(tmp_path / "bgr", colour="bgr", mean=[30.0, 20.0, 10.0], scale=0.5, std=[4.0, 2.0, 1.0])
    swapped = Embedder(other).template_of_crop(image).vector.reshape(3, 64)[::-1].reshape(-1)
    assert np.allclose(vector, swapped, atol=1e-5)


@pytest.mark.parametrize("given", [{"layout": "nhwc"}, {"batch": 1}, {"layout": "nhwc", "batch": 1}])
def test_layout_and_fixed_batches_change_nothing(tmp_path, given):
    first = Embedder(embedder(tmp_path), flip=True)
    second = Embedder(embedder(tmp_path, "other", **given), flip=True)
    for seed in range(3):
        image = noise(seed)
        vectors = [each.template_of_crop(image).vector for each in (first, second)]
        assert np.allclose(*vectors, atol=1e-5)


def test_a_flipped_template_is_the_mean_of_both_and_the_same_for_the_mirror_image(tmp_path):
    model = embedder(tmp_path)
    plain, flipped = Embedder(model), Embedder(model, flip=True)
    image = noise(4)
    both = [plain.template_of_crop(each).vector for each in (image, image[:, ::-1].copy())]
    expected = (both[0] + both[1]) / np.linalg.norm(both[0] + both[1])
    found = flipped.template_of_crop(image).vector
    assert np.allclose(found, expected, atol=1e-5)
    assert np.allclose(found, flipped.template_of_crop(image[:, ::-1].copy()).vector, atol=1e-5)
    assert not np.allclose(found, both[0], atol=1e-2)
    assert abs(float(np.linalg.norm(found)) - 1) < 1e-5


def test_a_named_alignment_grows_with_the_crop(tmp_path, hopper):
    small, large = embedder(tmp_path), embedder(tmp_path, "large", side=224)
    assert np.allclose(np.array(small.points) * 2, large.points)
    crops = [Embedder(model).align(*hopper) for model in (small, large)]
    assert crops[1].shape == (224, 224, 3)
    reduced = cv2.resize(crops[1], (112, 112), interpolation=cv2.INTER_AREA)
    smooth = [cv2.GaussianBlur(each, (0, 0), 3).astype(int) for each in (reduced, crops[0])]
    assert np.abs(smooth[0] - smooth[1]).mean() < 4


# -- cards that are refused -----------------------------------------------------------------------------

BROKEN = {
    "no toml": (lambda text: text + "\n[[", "", "toml"),
    "nested": (lambda text: "x = " + "[" * 20_000, "", "toml"),
    "unknown key": (lambda text: text + "extra = 1\n", "template.extra", "unknown"),
    "no licence": (lambda text: text.replace("licence", "license"), "licence", "missing"),
    "empty licence": (lambda text: text.replace("Apache-2.0", " "), "licence", "empty"),
    "other kind": (lambda text: text.replace('"embedder"', '"detector"'), "kind", "value"),
    "hash": (lambda text: text.replace('sha256 = "', 'sha256 = "0'), "sha256", "value"),
    "colour": (lambda text: text.replace('"rgb"', '"yuv"'), "input.colour", "value"),
    "huge": (lambda text: text.replace("width = 112", "width = 100000"), "input.width", "range"),
    "text for a number": (lambda text: text.replace("width = 112", 'width = "112"'), "input.width", "type"),
    "truth for a number": (lambda text: text.replace("width = 112", "width = true"), "input.width", "type"),
    "no scale": (lambda text: text.replace("scale = 1.0", "scale = 0.0"), "input.scale", "range"),
    "not a number": (lambda text: text.replace("scale = 1.0", "scale = nan"), "input.scale", "range"),
    "std": (lambda text: text.replace("std = [127.5", "std = [0.0"), "input.std", "range"),
    "two means": (lambda text: text.replace("mean = [127.5, ", "mean = ["), "input.mean", "count"),
    "alignment": (lambda text: text.replace('"arcface"', '"mine"'), "alignment.template", "unknown"),
    "not square": (lambda text: text.replace("height = 112", "height = 96"), "alignment.template", "size"),
    "name": (lambda text: text.replace('name = "tiny"', 'name = "../tiny"'), "name", "value"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_card_that_is_wrong_is_refused_by_its_key(tmp_path, case):
    spoil, key, defect = BROKEN[case]
    path = put(tmp_path, "tiny", b"")
    path.write_text(spoil(path.read_text(encoding="utf-8")), encoding="utf-8")
    with pytest.raises(ModelTableError) as caught:
        read_card(path)
    facts = caught.value.facts
    assert (facts["table"], facts["key"], facts["defect"], facts["why"]) == ("tiny.toml", key, defect, "site")
    assert list_cards(tmp_path)[0].error.facts == facts


@pytest.mark.parametrize(
    ("points", "key", "defect"),
    [
        ("[[1.0, 2.0]]", "alignment.points", "count"),
        ("[[1.0], [1.0, 2.0], [3.0, 4.0], [5.0, 6.0], [7.0, 8.0]]", "alignment.points.0", "count"),
        ("[[1.0, 1.0], [1.0, 1.0], [3.0, 4.0], [5.0, 6.0], [7.0, 8.0]]", "alignment.points", "range"),
        ("[7, 1, 2, 3, 4]", "alignment.points.0", "type"),
    ],
)
def test_points_that_are_wrong_are_refused(tmp_path, points, key, defect):
    path = put(tmp_path, "tiny", b"")
    text = path.read_text(encoding="utf-8").replace('template = "arcface"', f"points = {points}")
    with pytest.raises(ModelTableError) as caught:
        parse_card(text.encode(), "tiny.toml", site=True)
    assert (caught.value.facts["key"], caught.value.facts["defect"]) == (key, defect)


def test_points_may_be_given_as_they_are(tmp_path):
    path = put(tmp_path, "tiny", tiny_onnx.embedder())
    given = [[38.0, 52.0], [74.0, 52.0], [56.0, 72.0], [42.0, 92.0], [71.0, 92.0]]
    text = path.read_text(encoding="utf-8").replace('template = "arcface"', f"points = {given}")
    assert parse_card(text.encode(), "x", site=True).points == tuple(map(tuple, given))


@pytest.mark.parametrize(
    "file", ["../tiny.onnx", "/etc/passwd", "a/b.onnx", "..", "C:x.onnx", "nul.onnx", "x."]
)
def test_a_path_that_leaves_the_folder_is_never_opened(tmp_path, file):
    folder = tmp_path / "models"
    path = put(folder, "tiny", tiny_onnx.embedder())
    (tmp_path / "tiny.onnx").write_bytes(tiny_onnx.embedder())
    path.write_text(path.read_text(encoding="utf-8").replace("tiny.onnx", file), encoding="utf-8")
    with pytest.raises(ModelPathError) as caught:
        load_site(folder, "tiny", None)
    assert caught.value.facts["file"] == file


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="links and pipes as on POSIX")
def test_links_out_of_the_folder_and_pipes_are_refused(tmp_path):
    folder = tmp_path / "models"
    put(folder, "tiny", tiny_onnx.embedder())
    outside = tmp_path / "outside.onnx"
    (folder / "tiny.onnx").rename(outside)
    (folder / "tiny.onnx").symlink_to(outside)
    with pytest.raises(ModelPathError):
        load_site(folder, "tiny", None)
    (folder / "tiny.onnx").unlink()
    os.mkfifo(folder / "tiny.onnx")
    with pytest.raises(ModelMissingError, match=r"tiny\.onnx"):
        load_site(folder, "tiny", None)


# -- files that are not what the card or the log says ------------------------------------------------------


def test_a_missing_and_an_altered_weight_file_are_named(tmp_path):
    put(tmp_path, "tiny", tiny_onnx.embedder())
    weights = tmp_path / "tiny.onnx"
    weights.write_bytes(weights.read_bytes() + b"x")
    with pytest.raises(ModelAlteredError) as altered:
        load_site(tmp_path, "tiny", None)
    weights.unlink()
    with pytest.raises(ModelMissingError) as missing:
        load_site(tmp_path, "tiny", None)
    assert altered.value.facts == missing.value.facts == {"file": "tiny.onnx", "why": "site"}


def test_another_card_or_file_than_the_logs_stops(tmp_path):
    path = put(tmp_path, "tiny", tiny_onnx.embedder())
    card = read_card(path)
    choice = ModelChoice(name="tiny", card_sha256=card.card_sha256, weights_sha256=card.sha256)
    assert load_model(tmp_path, choice, "embedder").weights.sha256 == card.sha256
    put(tmp_path, "tiny", tiny_onnx.embedder(), mean=[0.0, 0.0, 0.0])  # the same weights, put otherwise
    with pytest.raises(ModelAlteredError) as caught:
        load_model(tmp_path, choice, "embedder")
    assert caught.value.facts == {"file": "tiny.toml", "why": "card"}
    put(tmp_path, "tiny", tiny_onnx.embedder(cells=4), dimension=48)
    with pytest.raises(ModelAlteredError):
        load_model(tmp_path, choice, "embedder")


def test_sizes_have_limits(tmp_path, monkeypatch):
    put(tmp_path, "tiny", tiny_onnx.embedder())
    monkeypatch.setattr("biometrics.site_models.MAX_WEIGHTS", 100)
    with pytest.raises(ModelTooLargeError, match=r"tiny\.onnx"):
        load_site(tmp_path, "tiny", None)
    (tmp_path / "tiny.toml").write_text("#" * (MAX_CARD + 1))
    with pytest.raises(ModelTooLargeError, match=r"tiny\.toml"):
        read_card(tmp_path / "tiny.toml")
    for number in range(65):
        (tmp_path / f"{number}.toml").write_text("")
    with pytest.raises(ModelTooLargeError, match="cards"):
        load_site(tmp_path, "tiny", None)


def test_two_cards_of_one_name_count_for_neither(tmp_path):
    put(tmp_path, "tiny", tiny_onnx.embedder())
    (tmp_path / "twice.toml").write_bytes((tmp_path / "tiny.toml").read_bytes())
    assert [each.error.facts["defect"] for each in list_cards(tmp_path)] == ["twice", "twice"]
    with pytest.raises(ModelTableError):
        load_site(tmp_path, "tiny", None)


def test_a_name_that_is_not_there_is_said(tmp_path):
    for folder in (tmp_path, tmp_path / "nowhere", None):
        with pytest.raises(ModelUnknownError, match="tiny"):
            load_site(folder, "tiny", None)
    put(tmp_path, "tiny", tiny_onnx.pad(), form=PAD)
    with pytest.raises(ModelUnknownError, match="kind=embedder"):
        load_site(tmp_path, "tiny", None)


# -- networks that are not what the card says -----------------------------------------------------------

UNFIT = {
    "empty": (b"", {}, {"opencv"}),
    "nonsense": (b"\x08\x07" + b"\xff" * 400, {}, {"opencv"}),
    "half": (tiny_onnx.embedder()[:150], {}, {"opencv"}),
    "other dimension": (tiny_onnx.embedder(), {"dimension": 128}, {"answer"}),
    "greedy": (tiny_onnx.greedy(), {"dimension": 16}, {"run", "opencv"}),
    "all grey": (tiny_onnx.embedder(), {"scale": 1e-6, "mean": [1e6, 1e6, 1e6]}, {"faces"}),
}


@pytest.mark.parametrize("case", UNFIT)
def test_a_network_that_does_not_fit_its_card_is_named(tmp_path, case):
    weights, values, why = UNFIT[case]
    path = put(tmp_path, "tiny", weights, **values)
    with pytest.raises(ModelUnusableError) as caught:
        try_model(path)
    assert caught.value.facts["file"] == "tiny.onnx"
    assert caught.value.facts["why"] in why


def test_an_input_of_another_name_is_said(tmp_path):
    path = put(tmp_path, "tiny", tiny_onnx.embedder())
    path.write_text(path.read_text(encoding="utf-8").replace("[alignment]", 'layer = "data"\n[alignment]'))
    with pytest.raises(ModelUnusableError) as caught:
        try_model(path)
    assert caught.value.facts["why"] in {"layer", "run"}


def test_a_good_model_tells_two_people_apart(tmp_path):
    said = try_model(put(tmp_path, "tiny", tiny_onnx.embedder()))
    assert said["same_e4"] > said["other_e4"] + 500


# -- PAD -------------------------------------------------------------------------------------------------


def test_a_pad_model_reads_the_class_that_its_card_names(tmp_path, hopper):
    image, face = hopper
    put(tmp_path, "pad", tiny_onnx.pad(), form=PAD)
    network = PadNetwork(load_model(tmp_path, ModelChoice(name="pad"), "pad"))
    crop = network.crop(image, face)
    assert crop.shape == (80, 80, 3)
    values = np.exp(crop.reshape(-1, 3).mean(axis=0) * 0.01)
    found = network.score(image, face)
    assert found.score == pytest.approx(values[1] / values.sum(), abs=2e-3)
    assert found.bona_fide == (found.score >= 0.5)
    assert found.facts["pad_threshold_e4"] == 5000
    assert set(map(type, found.facts.values())) == {int, str}
    put(tmp_path / "sigmoid", "pad", tiny_onnx.pad(), form=PAD, activation="sigmoid", bona_fide=2)
    other = PadNetwork(load_model(tmp_path / "sigmoid", ModelChoice(name="pad"), "pad")).score(image, face)
    assert other.score == pytest.approx(1 / (1 + np.exp(-crop[..., 2].mean() * 0.01)), abs=2e-3)


@pytest.mark.parametrize("at", [(0, 0), (620, 0), (0, 470), (300, 200)])
@pytest.mark.parametrize("side", [4.0, 60.0, 700.0])
def test_the_pads_crop_stays_in_the_picture(tmp_path, hopper, at, side):
    put(tmp_path, "pad", tiny_onnx.pad(), form=PAD)
    network = PadNetwork(load_model(tmp_path, ModelChoice(name="pad"), "pad"))
    face = replace(hopper[1], x=float(at[0]), y=float(at[1]), width=side, height=side * 1.3)
    assert network.crop(np.zeros((480, 640, 3), np.uint8), face).shape == (80, 80, 3)


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ("bona_fide = 1", "bona_fide = 3", "output.bona_fide"),
        ('"softmax"', '"max"', "output.activation"),
        ("score = 0.5", "score = 1.5", "threshold.score"),
        ('source = "none: a test"', "", "threshold.source"),
        ("scale = 2.7", "scale = 100", "crop.scale"),
    ],
)
def test_a_pad_card_that_is_wrong_is_refused(tmp_path, old, new, key):
    path = put(tmp_path, "pad", tiny_onnx.pad(), form=PAD)
    path.write_text(path.read_text(encoding="utf-8").replace(old, new))
    with pytest.raises(ModelTableError) as caught:
        read_card(path)
    assert caught.value.facts["key"] == key


# -- the engine ------------------------------------------------------------------------------------------


def test_a_model_without_a_calibration_of_its_own_decides_nothing(tmp_path):
    models = load_site(tmp_path, _tiny(tmp_path), None)
    with pytest.raises(CalibrationMissingError, match="tiny"):
        FaceEngine.load(site=tmp_path, model="tiny")
    for why, value in (("weights", {"weights_sha256": "0" * 64}), ("card", {"card_sha256": "1" * 64})):
        with pytest.raises(CalibrationOtherError) as caught:
            FaceEngine.load(site=tmp_path, model="tiny", calibration=replace(calibrated(models), **value))
        assert caught.value.facts["why"] == why


def test_a_calibrated_model_of_a_site_decides_and_says_what_it_was(tmp_path):
    models = load_site(tmp_path, _tiny(tmp_path), None)
    put(tmp_path, "pad", tiny_onnx.pad(), form=PAD)
    with FaceEngine.load(
        site=tmp_path, model="tiny", pad="pad", calibration=calibrated(models, rule="best", flip=True)
    ) as engine:
        engine.warm_up()
        reference = engine.reference(picture("hopper"))
        live = engine.probe(burst(picture("hopper"), picture("hopper")))
        match = engine.require_match(reference, live, engine.thresholds())
        assert engine.pad_score(live.best_frame.image, live.face).threshold == 0.5
        with FaceEngine.load() as other, pytest.raises(CalibrationOtherError):
            other.require_match(reference, live, engine.thresholds())
    assert match.facts["model"] == "tiny"
    assert match.facts["card_sha256"] == models.embedder.card_sha256
    assert match.facts["model_sha256"] == models.embedder.weights.sha256
    assert (match.facts["burst_rule"], match.facts["flip"]) == ("best", 1)
    assert live.facts["burst_rule"] == "best"


def test_without_a_pad_model_there_is_no_score(hopper):
    with FaceEngine.load() as engine:
        assert engine.pad_score(*hopper) is None


def _tiny(folder):
    put(folder, "tiny", tiny_onnx.embedder())
    return "tiny"


def test_a_site_may_bring_the_programs_own_file_too(tmp_path):
    with FaceEngine.load() as engine:
        ours = load_models().embedder
        put(tmp_path, "own", ours.weights.data, mean=[0.0] * 3, std=[1.0] * 3, dimension=128)
        card = tmp_path / "own.toml"
        card.write_text(
            card.read_text(encoding="utf-8").replace("[alignment]", 'layer = "data"\n[alignment]')
        )
        model = model_of(tmp_path, read_card(card))
        own, copied = Embedder(ours), Embedder(model)
        image, face = picture("hopper"), engine.find_face(picture("hopper"))
        assert np.allclose(own.template(image, face).vector, copied.template(image, face).vector, atol=1e-5)
        assert own.template(image, face).model != copied.template(image, face).model
