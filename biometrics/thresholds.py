"""From a false match rate to the thresholds of a model: the calibration table decides, not the code."""

from collections.abc import Mapping
from dataclasses import dataclass

from biometrics.errors import CalibrationMissingError
from biometrics.weights import Calibration, EmbedderModel


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """Scores >= `accept` match; `refer` <= score < `accept` go to a person; below is no match.

    -1 to 1, higher is more alike. The FMRs are those measured at the thresholds, not those asked for.
    """

    model: str
    accept: float
    accept_fmr: float
    refer: float
    refer_fmr: float
    calibration_sha256: str

    @property
    def facts(self) -> Mapping[str, str | int]:
        """Thresholds × 10⁴, their FMRs in parts per million, the hash of the calibration table."""
        return {
            "threshold_e4": round(self.accept * 1e4),
            "refer_threshold_e4": round(self.refer * 1e4),
            "fmr_ppm": round(self.accept_fmr * 1e6),
            "refer_fmr_ppm": round(self.refer_fmr * 1e6),
            "calibration_sha256": self.calibration_sha256,
        }


def thresholds_for(model: EmbedderModel, *, fmr: float = 1e-4, refer_fmr: float = 1e-3) -> Thresholds:
    """Return the thresholds for accepting at `fmr` and for referring at `refer_fmr`.

    Rates between two rows widen the grey band: accept takes the next stricter row, refer the next laxer one.
    Raises CalibrationMissingError when the table does not reach that far or the rates are in wrong order.
    """
    if not 0 < fmr <= refer_fmr:
        raise CalibrationMissingError(model=model.weights.name, asked_ppm=round(fmr * 1e6), defect="order")
    accept = _row(model, [row for row in model.calibration if row.fmr <= fmr * (1 + 1e-9)][:1], fmr)
    refer = _row(
        model, [row for row in model.calibration if row.fmr >= refer_fmr * (1 - 1e-9)][-1:], refer_fmr
    )
    return Thresholds(
        model=model.weights.name,
        accept=accept.threshold,
        accept_fmr=accept.fmr,
        refer=min(refer.threshold, accept.threshold),
        refer_fmr=max(refer.fmr, accept.fmr),
        calibration_sha256=model.table_sha256,
    )


def _row(model: EmbedderModel, found: list[Calibration], asked: float) -> Calibration:
    if not found:
        raise CalibrationMissingError(model=model.weights.name, asked_ppm=round(asked * 1e6), defect="range")
    return found[0]
