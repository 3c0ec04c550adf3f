import pytest

from biometrics.calibration import shipped_calibration
from biometrics.errors import CalibrationMissingError
from biometrics.thresholds import thresholds_for
from biometrics.weights import load_embedder

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
