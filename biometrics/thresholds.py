"""From false match rates to thresholds: a calibration file decides, not the code."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Protocol

from biometrics.calibration import CalibrationFile, Point, Rule
from biometrics.calibration_errors import CalibrationOtherError
from biometrics.errors import CalibrationMissingError
from biometrics.weights import EmbedderModel

_EQUAL = 1e-9
"""Relative distance below which two rates are the same."""


class OldPhotoRule(Protocol):
    """When a photograph counts as old, and the rate at which its grey band begins."""

    @property
    def years(self) -> int:
        """Age in whole years from which the rule holds."""

    @property
    def fmr_refer(self) -> float:
        """The rate."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """Scores >= `accept` match; `refer` <= score < `accept` go to a person; below is no match.

    -1 to 1, higher is more alike. `search`: scores >= it are hits of the 1:N search, None where the calibration
    does not support `search_fmr`. The rates are those of the calibration's points, never laxer than asked for
    accept and search. `rule`, `flip`: how the templates have to be made.
    """

    model: str
    accept: float
    accept_fmr: float
    refer: float
    refer_fmr: float
    calibration_sha256: str
    search: float | None = None
    search_fmr: float | None = None
    rule: Rule = "mean"
    flip: bool = False
    sha256: str = field(init=False)

    def __post_init__(self) -> None:
        """Keep a hash over everything that decides."""
        search = "none" if self.search is None else f"{self.search!r} at {self.search_fmr!r}"
        lines = (
            f"model {self.model}",
            f"calibration {self.calibration_sha256}",
            f"rule {self.rule}{' flip' if self.flip else ''}",
            f"accept {self.accept!r} at {self.accept_fmr!r}",
            f"refer {self.refer!r} at {self.refer_fmr!r}",
            f"search {search}",
        )
        object.__setattr__(self, "sha256", sha256("\n".join(lines).encode()).hexdigest())

    @property
    def facts(self) -> Mapping[str, str | int]:
        """Thresholds × 10⁴, their FMRs in parts per million, the hashes of calibration file and thresholds."""
        return {
            "threshold_e4": round(self.accept * 1e4),
            "refer_threshold_e4": round(self.refer * 1e4),
            "fmr_ppm": round(self.accept_fmr * 1e6),
            "refer_fmr_ppm": round(self.refer_fmr * 1e6),
            "calibration_sha256": self.calibration_sha256,
            "thresholds_sha256": self.sha256,
        }


def thresholds_for(
    model: EmbedderModel,
    *,
    calibration: CalibrationFile,
    fmr: float = 1e-4,
    refer_fmr: float = 1e-3,
    search_fmr: float = 1e-6,
) -> Thresholds:
    """Return a model's thresholds for accepting at `fmr`, referring at `refer_fmr` and searching at `search_fmr`.

    Rates between two points widen the grey band: accept takes the next stricter point, refer the next laxer one;
    search the next stricter one, or none. Raises CalibrationMissingError where the calibration does not reach
    that far, would accept from a score <= 0 on, or the rates are in wrong order, CalibrationOtherError for a
    calibration of another model.
    """
    if calibration.model != model.weights.name or calibration.weights_sha256 != model.weights.sha256:
        raise CalibrationOtherError(model=calibration.model, why="model")
    if not 0 < fmr <= refer_fmr:
        raise _missing(calibration, fmr, "order")
    accept = _one(calibration, _stricter(calibration, fmr)[:1], fmr)
    if accept.threshold <= 0:  # unlike people score about 0: it would accept half of all
        raise _missing(calibration, fmr, "threshold")
    refer = _laxer(calibration, refer_fmr)
    search = _stricter(calibration, search_fmr)[:1]
    return Thresholds(
        model=calibration.model,
        accept=accept.threshold,
        accept_fmr=accept.fmr,
        refer=min(refer.threshold, accept.threshold),
        refer_fmr=max(refer.fmr, accept.fmr),
        calibration_sha256=calibration.sha256,
        search=search[0].threshold if search else None,
        search_fmr=search[0].fmr if search else None,
        rule=calibration.rule,
        flip=calibration.flip,
    )


def for_photo_age(
    thresholds: Thresholds, calibration: CalibrationFile, rule: OldPhotoRule | None, age_years: int | None
) -> Thresholds:
    """Return the thresholds for a photograph of an age: an old one, by the rule, has a wider grey band downwards.

    Accepting never gets easier. Without a rule or an age nothing changes. Raises CalibrationMissingError where the
    calibration does not reach `rule.fmr_refer`.
    """
    if rule is None or age_years is None or age_years < rule.years:
        return thresholds
    point = _laxer(calibration, rule.fmr_refer)
    if point.threshold >= thresholds.refer:
        return thresholds
    return replace(thresholds, refer=point.threshold, refer_fmr=point.fmr)


def _stricter(calibration: CalibrationFile, fmr: float) -> Sequence[Point]:
    return [point for point in calibration.points if point.fmr <= fmr * (1 + _EQUAL)]


def _laxer(calibration: CalibrationFile, fmr: float) -> Point:
    found = [point for point in calibration.points if point.fmr >= fmr * (1 - _EQUAL)]
    return _one(calibration, found[-1:], fmr)


def _one(calibration: CalibrationFile, found: Sequence[Point], asked: float) -> Point:
    if not found:
        raise _missing(calibration, asked, "range")
    return found[0]


def _missing(calibration: CalibrationFile, asked: float, defect: str) -> CalibrationMissingError:
    return CalibrationMissingError(model=calibration.model, asked_ppm=round(asked * 1e6), defect=defect)
