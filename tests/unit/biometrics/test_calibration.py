"""Calibration files: written, signed, read back; whatever is changed is found."""

from dataclasses import replace
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from biometrics.calibration import (
    Point,
    Rate,
    parse_calibration,
    read_calibration,
    require_fit,
    shipped_calibration,
    verified,
)
from biometrics.calibration_errors import (
    CalibrationAbsentError,
    CalibrationAlteredError,
    CalibrationFormatError,
    CalibrationOtherError,
    CalibrationUnsignedError,
)
from biometrics.calibration_text import About, calibration_text, signed_text
from biometrics.errors import CalibrationMissingError
from biometrics.metrics import interval
from biometrics.weights import load_models

MODELS = load_models()
NAME = MODELS.embedder.weights.name
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


def rate(errors, comparisons):
    low, high = interval(errors, comparisons, comparisons)
    return Rate(errors=errors, comparisons=comparisons, independent=comparisons, low=low, high=high)


def point(fmr, threshold, errors=1):
    return Point(fmr=fmr, threshold=threshold, impostor=rate(errors, 40_000), genuine=rate(3, 500))


ABOUT = About(
    model=NAME,
    card_sha256=MODELS.embedder.card_sha256,
    weights_sha256=MODELS.embedder.weights.sha256,
    detector_sha256=MODELS.detector.weights.sha256,
    rule="mean",
    flip=True,
    made_on="2026-11-22",
    source='Ảnh thẻ và camera trạm "A"\\',
    pairs_sha256="0" * 64,
    counts={"people": 300},
)
TEXT = calibration_text(ABOUT, points=[point(1e-3, 0.41, 30), point(1e-4, 0.5)], single=[point(1e-4, 0.47)])


def signed(text=TEXT):
    public = KEY.public_key().public_bytes_raw()
    return signed_text(text, signer="proctor.training/0a1b2c3d", public=public, sign=KEY.sign)


def test_what_is_written_is_read_back():
    found = verified(signed(), "a.toml")
    assert found.source == ABOUT.source
    assert [(each.fmr, each.threshold) for each in found.points] == [(1e-3, 0.41), (1e-4, 0.5)]
    assert found.points[0].impostor.errors == 30
    assert found.single[0].genuine.comparisons == 500
    assert (found.rule, found.flip, found.sha256) == ("mean", True, sha256(signed()).hexdigest())
    assert found.signature.fingerprint == sha256(KEY.public_key().public_bytes_raw()).hexdigest()


def test_every_changed_byte_is_found():
    data = signed()
    for at in range(0, len(data), 7):
        changed = data[:at] + bytes([data[at] ^ 0x01]) + data[at + 1 :]
        with pytest.raises((CalibrationAlteredError, CalibrationFormatError, CalibrationUnsignedError)):
            verified(changed, "a.toml")
    with pytest.raises(CalibrationFormatError):
        verified(data + b'threshold = "0.1"\n', "a.toml")


def test_an_unsigned_file_is_refused_by_name(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(TEXT, encoding="utf-8")
    with pytest.raises(CalibrationUnsignedError) as caught:
        read_calibration(path)
    assert caught.value.facts["file"] == "mine.toml"
    with pytest.raises(CalibrationAbsentError):
        read_calibration(tmp_path / "none.toml")
    path.write_bytes(b"#" * 300_000)
    with pytest.raises(CalibrationFormatError):
        read_calibration(path)


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ("version = 1", "version = 2", "version"),
        ("threshold = 0.5", "threshold = 1.5", "points.2.threshold"),
        ("threshold = 0.5", "threshold = nan", "points.2.threshold"),
        ("threshold = 0.5", 'threshold = "0.5"', "points.2.threshold"),
        ("threshold = 0.5", "threshold = 0.3", "points"),
        ("fmr = 0.0001", "fmr = 0.0", "points.2.fmr"),
        ("errors = 30", "errors = 40001", "points.1.impostor"),
        ("errors = 30", "errors = 400", "points.1.impostor"),
        ("independent = 40000", "independent = 40001", "points.1.impostor"),
        ('burst = "mean"', 'burst = "worst"', "rule.burst"),
        ("people = 300", "people = -1", "counts.people"),
        ("people = 300", "people = true", "counts.people"),
        ('made_on = "2026-11-22"', "", "made_on"),
        ("flip = true", "flip = true\nmore = 1", "rule.more"),
        ("model =", "modell =", "modell"),
        (f'model = "{NAME}"', 'model = "../x"', "model"),
        (MODELS.embedder.card_sha256, "00", "card_sha256"),
        ("[[points]]", "[[points", ""),
    ],
)
def test_a_wrong_key_is_named(old, new, key):
    assert old in TEXT
    with pytest.raises(CalibrationFormatError) as caught:
        parse_calibration(TEXT.replace(old, new, 1).encode(), "a.toml")
    assert caught.value.facts["key"] == key


@pytest.mark.parametrize("data", [b"", b"\xff", b"[" * 5000, b"points = []"])
def test_no_toml_and_too_little_of_it(data):
    with pytest.raises(CalibrationFormatError):
        parse_calibration(data, "a.toml")


@pytest.mark.parametrize("why", ["model", "card", "weights", "detector", "rule", "flip"])
def test_a_calibration_of_something_else_is_refused(why):
    found = verified(signed(), "a.toml")
    assert require_fit(found, MODELS, rule="mean", flip=True) is found
    field = {"model": "model", "rule": "rule", "flip": "flip"}.get(why, f"{why}_sha256")
    other = replace(found, **{field: False if why == "flip" else "best" if why == "rule" else "1" * 64})
    with pytest.raises(CalibrationOtherError) as caught:
        require_fit(other, MODELS, rule="mean", flip=True)
    assert caught.value.facts["why"] == why


def test_the_shipped_one_fits_the_shipped_models_and_says_what_it_was_measured_on():
    found = require_fit(shipped_calibration(NAME), MODELS, rule="mean", flip=True)
    assert found.signature is None
    assert "206" in found.source
    for each in found.points:
        assert each.impostor.high <= each.fmr  # what was measured with this rule lies below the row's rate


def test_a_model_without_one():
    for name in ("unknown", "../sface", "\0"):
        with pytest.raises(CalibrationMissingError):
            shipped_calibration(name)
