"""Which model and thresholds a station's faces are compared with, without loading a network."""

from dataclasses import dataclass

from biometrics.calibration import shipped_calibration
from biometrics.thresholds import Thresholds, thresholds_for
from biometrics.weights import load_embedder
from proctor.roots import OpenRoot
from sessions.rules import Rules


@dataclass(frozen=True, slots=True, kw_only=True)
class FacesInUse:
    """Thresholds, and the SHA-256 of the weights that made the templates they are for."""

    thresholds: Thresholds
    weights_sha256: str


def thresholds_in_use(opened: OpenRoot, rules: Rules, *, search_fmr: float) -> FacesInUse:
    """Return what a session's rules ask of the model in use. Raises BiometricsError."""
    del opened  # the program's own model and calibration
    model = load_embedder()
    thresholds = thresholds_for(
        model,
        calibration=shipped_calibration(model.weights.name),
        fmr=rules.fmr_accept,
        refer_fmr=rules.fmr_refer,
        search_fmr=search_fmr,
    )
    return FacesInUse(thresholds=thresholds, weights_sha256=model.weights.sha256)
