"""What rules ask of a calibration that it cannot give, and what calibrating says in words."""

import re
from dataclasses import replace
from pathlib import Path

import biometrics
from biometrics.calibration import shipped_calibration
from biometrics.weights import load_embedder
from proctor.calibration_words import outcome_lines, unserved_json, unserved_words
from proctor.calibrations import unserved
from proctor.texts import load_texts
from sessions.rules import list_rules, load_rules
from sessions.rules.model import OldPhoto

VI, EN = load_texts("vi"), load_texts("en")
MODEL = load_embedder()
SHIPPED = shipped_calibration(MODEL.weights.name)
RULES = load_rules("driving-tt108-2026")


def reaching(*rates: float) -> object:
    points = tuple(
        replace(SHIPPED.points[0], fmr=fmr, threshold=0.3 - 0.01 * number) for number, fmr in enumerate(rates)
    )
    return replace(SHIPPED, points=tuple(sorted(points, key=lambda point: -point.fmr)))


def test_the_shipped_calibration_serves_the_shipped_rules_but_for_the_search() -> None:
    (row,) = unserved(MODEL, SHIPPED, list_rules())
    assert (row.use, row.fmr) == ("search", 1e-6)
    assert set(row.rules) == {each.rules_id for each in list_rules()}


def test_nothing_is_lacking_where_every_rate_has_its_threshold() -> None:
    assert unserved(MODEL, reaching(1e-2, 1e-3, 1e-4, 1e-6), [RULES]) == ()


def test_a_calibration_that_reaches_too_little_is_said_with_rate_and_rules() -> None:
    (row,) = unserved(MODEL, reaching(0.5), [RULES])
    assert unserved_json([row]) == [{"use": "compare", "fmr": 1e-4, "rules": [RULES.rules_id]}]
    (row,) = unserved(MODEL, reaching(1e-4, 1e-6), [RULES])  # accepts, and has no grey band
    assert (row.use, row.fmr) == ("compare", RULES.fmr_refer)
    old = replace(RULES, old_photo=OldPhoto(years=5, fmr_refer=0.2))
    (row,) = unserved(MODEL, reaching(1e-2, 1e-4, 1e-6), [old])
    assert (row.use, row.fmr) == ("old-photo", 0.2)


def test_the_warnings_say_rate_rules_and_what_to_do() -> None:
    (row,) = unserved(MODEL, reaching(0.5), [RULES])
    for texts in (VI, EN):
        said = texts.say(f"calibration.unserved-{row.use}", **unserved_words(row))
        assert RULES.rules_id in said
        assert "0.01 %" in said
        assert "proctor calibrate --fmr 0.0001" in said
        assert {"calibration.unserved-search", "calibration.unserved-old-photo"} <= set(texts)


def test_every_defect_of_pairs_and_files_has_words() -> None:
    folder = Path(biometrics.__path__[0])
    source = "".join((folder / name).read_text(encoding="utf-8") for name in ("pairs.py", "calibration.py"))
    defects = set(re.findall(r'defect="([a-z ]+)"', source)) - {"none"}
    defects |= set(re.findall(r'\.error\(.*, "([a-z ]+)"\)', source))
    assert {"two groups", "too few pairs", "order", "toml"} <= defects
    for texts in (VI, EN):
        assert {f"defect.{defect}" for defect in defects} <= set(texts)
    said = VI.say("calibration-pairs-invalid", row=3, column="same", defect="contradiction")
    assert "trái với một dòng khác" in said
    assert "khác người" in VI.say("calibration-nothing-to-compare", kind="impostor")
    assert "tệp trọng số khác" in VI.say("calibration-other", model="m", why="weights")


def test_pictures_without_a_template_are_counted_with_the_reason_in_words() -> None:
    lost = {
        "count": 3,
        "of": 9,
        "interval": [0.1, 0.6],
        "codes": {"reference-face-none": 2, "face-several": 1},
    }
    told = {
        "counts": {}, "model": "m", "rule": "mean", "made_on": "2026-01-01", "flip": True, "source": "",
        "enrol_failures": lost, "acquire_failures": {**lost, "codes": {}}, "points": [], "asked": [],
        "burst_measured": False, "groups": [], "worse": [], "people_known": True, "file": "f", "picture": "p",
        "signer": "s",
    }  # fmt: skip
    lines = list(outcome_lines(VI, told))
    assert "    2: Ảnh chíp không có khuôn mặt" in lines
    assert not any("face-several" in line or "face-none" in line for line in lines)
