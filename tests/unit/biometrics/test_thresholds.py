from dataclasses import replace

import pytest

from biometrics.calibration import shipped_calibration
from biometrics.calibration_errors import CalibrationOtherError
from biometrics.errors import CalibrationMissingError
from biometrics.thresholds import for_photo_age, thresholds_for
from biometrics.weights import load_embedder
from sessions.rules.model import OldPhoto

MODEL = load_embedder()
SHIPPED = shipped_calibration(MODEL.weights.name)


def test_the_rates_of_the_rules_give_the_measured_thresholds():
    limits = thresholds_for(MODEL, calibration=SHIPPED, fmr=1e-4, refer_fmr=1e-3)
    assert (limits.accept, limits.refer) == (0.5, 0.415)
    assert limits.facts["threshold_e4"] == 5000
    assert limits.facts["refer_threshold_e4"] == 4150
    assert limits.facts["fmr_ppm"] == 100
    assert len(limits.facts["calibration_sha256"]) == 64


@pytest.mark.parametrize("row", SHIPPED.points, ids=lambda row: str(row.fmr))
def test_each_row_is_found_by_its_own_rate(row):
    limits = thresholds_for(MODEL, calibration=SHIPPED, fmr=row.fmr, refer_fmr=row.fmr)
    assert limits.accept == limits.refer == row.threshold


def test_between_rows_the_grey_band_widens():
    limits = thresholds_for(MODEL, calibration=SHIPPED, fmr=9e-5, refer_fmr=2e-3)
    assert limits.accept == 0.525
    assert limits.refer == 0.378


@pytest.mark.parametrize(("fmr", "refer_fmr"), [(1e-6, 1e-3), (1e-4, 0.1), (1e-3, 1e-4), (0.0, 1e-3)])
def test_rates_beyond_the_table_are_refused(fmr, refer_fmr):
    with pytest.raises(CalibrationMissingError):
        thresholds_for(MODEL, calibration=SHIPPED, fmr=fmr, refer_fmr=refer_fmr)


def grown(*points):
    """The shipped calibration with more points."""
    made = tuple(replace(SHIPPED.points[0], fmr=fmr, threshold=threshold) for fmr, threshold in points)
    both = sorted((*SHIPPED.points, *made), key=lambda point: -point.fmr)
    return replace(SHIPPED, points=tuple(both))


def test_search_needs_a_calibration_that_reaches_so_far():
    limits = thresholds_for(MODEL, calibration=SHIPPED, search_fmr=1e-6)
    assert limits.search is None
    assert limits.search_fmr is None
    limits = thresholds_for(MODEL, calibration=grown((1e-6, 0.61), (1e-7, 0.7)), search_fmr=3e-6)
    assert (limits.search, limits.search_fmr) == (0.61, 1e-6)


def test_the_rule_is_the_calibrations_and_the_hash_covers_what_decides():
    limits = thresholds_for(MODEL, calibration=SHIPPED)
    assert (limits.rule, limits.flip) == ("mean", True)
    assert limits.facts["thresholds_sha256"] == limits.sha256
    others = [
        replace(limits, accept=0.51),
        replace(limits, refer=0.4),
        replace(limits, search=0.6, search_fmr=1e-6),
        replace(limits, flip=False),
        replace(limits, calibration_sha256="0" * 64),
    ]
    assert len({each.sha256 for each in (limits, *others)}) == 6
    assert thresholds_for(MODEL, calibration=SHIPPED).sha256 == limits.sha256


def test_a_calibration_of_another_model_gives_no_thresholds():
    with pytest.raises(CalibrationOtherError):
        thresholds_for(MODEL, calibration=replace(SHIPPED, model="other"))
    with pytest.raises(CalibrationOtherError):
        thresholds_for(MODEL, calibration=replace(SHIPPED, weights_sha256="1" * 64))


def test_old_photographs_widen_the_grey_band_downwards_only():
    limits = thresholds_for(MODEL, calibration=SHIPPED, fmr=1e-4, refer_fmr=1.1e-3)
    rule = OldPhoto(years=8, fmr_refer=3e-3)
    wider = for_photo_age(limits, SHIPPED, rule, 8)
    assert (wider.accept, wider.refer) == (limits.accept, 0.378)
    assert wider.sha256 != limits.sha256
    for unchanged in (
        for_photo_age(limits, SHIPPED, rule, 7),
        for_photo_age(limits, SHIPPED, rule, None),
        for_photo_age(limits, SHIPPED, None, 20),
        for_photo_age(limits, SHIPPED, OldPhoto(years=8, fmr_refer=1e-4), 20),
    ):
        assert unchanged == limits
    with pytest.raises(CalibrationMissingError):
        for_photo_age(limits, SHIPPED, OldPhoto(years=8, fmr_refer=0.1), 20)
