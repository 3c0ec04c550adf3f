"""Calibration files: written, signed, read back; whatever is changed is found."""

from dataclasses import replace
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from biometrics.calibration import (
    About,
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
from biometrics.calibration_text import calibration_text, signed_text
from biometrics.errors import CalibrationMissingError
from biometrics.metrics import interval
from biometrics.thresholds import thresholds_for
from biometrics.weights import load_models

MODELS = load_models()
NAME = MODELS.embedder.weights.name
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = KEY.public_key().public_bytes_raw().hex()


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


LAXER = b"""
[[points]]
fmr = 0.000001
threshold = 0.2363
impostor = { errors = 0, comparisons = 9000000, independent = 9000000, interval = [0.0, 0.0000004] }
"""


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data + LAXER,
        lambda data: data + b'\n[[groups]]\ngroup = "X"\nfmr = 0.05\nthreshold = 0.1\n',
        lambda data: data + b"# a remark\n",
        lambda data: data + b"\n",
        lambda data: data[:-1],
        lambda data: data.replace(b"signer = ", b"signer  = "),
        lambda data: data.replace(b"\n[signature]", b"\n [signature]"),
        lambda data: data.replace(PUBLIC.encode(), b"ab" * 32),
        lambda data: data.replace(PUBLIC.encode(), PUBLIC.upper().encode()),
        lambda data: data.replace(b"\n", b"\r\n"),
    ],
)
def test_the_signature_is_the_end_of_the_file_in_one_spelling(change):
    data = signed()
    assert change(data) != data
    with pytest.raises((CalibrationAlteredError, CalibrationFormatError)):
        verified(change(data), "a.toml")


@pytest.mark.parametrize(
    ("points", "key"),
    [
        ([point(1e-3, 0.41, 30), point(1e-6, 0.5, 0)], "points.2.fmr"),
        ([point(7.4e-5, 0.5)], "points.1.fmr"),
        ([point(1e-3, -1.0, 30)], "points"),
        ([point(1e-3, 0.0, 30)], "points"),
    ],
)
def test_a_signature_makes_no_figure_true(points, key):
    """40,000 comparisons support 7.5e-5, and a threshold at 0 accepts half of all strangers."""
    with pytest.raises(CalibrationFormatError) as caught:
        verified(signed(calibration_text(ABOUT, points=points)), "a.toml")
    assert caught.value.facts["key"] == key


def test_a_rate_at_the_edge_of_what_is_supported_is_read_back():
    edge = Point(fmr=3 / 21_115, threshold=0.5, impostor=rate(3, 21_115), genuine=None)
    found = verified(signed(calibration_text(ABOUT, points=[edge])), "a.toml")
    assert found.points[0].fmr == 3 / 21_115


def test_nothing_is_accepted_from_a_score_of_nought_on():
    found = replace(verified(signed(), "a.toml"), points=(point(1e-3, -1.0, 30), point(1e-4, -1.0)))
    with pytest.raises(CalibrationMissingError) as caught:
        thresholds_for(MODELS.embedder, calibration=found)
    assert caught.value.facts["defect"] == "threshold"


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
