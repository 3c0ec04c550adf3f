"""Which models and calibration a station's faces are compared with, as its log says; no network is loaded here."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from biometrics.calibration import CalibrationFile
from biometrics.site_models import load_site
from biometrics.thresholds import Thresholds, thresholds_for
from biometrics.weights import Models
from proctor.calibrations import calibration_in_force
from proctor.face_models import ModelsInUse, require_models
from proctor.roots import OpenRoot
from sessions.rules import Rules


@dataclass(frozen=True, slots=True, kw_only=True)
class FacesInUse:
    """The models whose files were checked, and the calibration that gives their thresholds."""

    chosen: ModelsInUse
    models: Models
    calibration: CalibrationFile

    @property
    def weights_sha256(self) -> str:
        """The hash of the weights that templates are made with."""
        return self.models.embedder.weights.sha256

    @property
    def options(self) -> Mapping[str, Any]:
        """What `FaceEngine.load` and `FaceWorker` are to be given."""
        return {**self.chosen.options, "calibration": self.calibration}

    def thresholds(self, rules: Rules, *, search_fmr: float) -> Thresholds:
        """Return what a session's rules ask. Raises CalibrationMissingError."""
        return thresholds_for(
            self.models.embedder,
            calibration=self.calibration,
            fmr=rules.fmr_accept,
            refer_fmr=rules.fmr_refer,
            search_fmr=search_fmr,
        )


def faces_in_use(opened: OpenRoot) -> FacesInUse:
    """Return them, if their files are those that the log names.

    Raises ModelMissingError(file), ModelAlteredError(file), ModelUnknownError, and what a calibration raises.
    """
    chosen = require_models(opened.root, opened.store)
    models = load_site(chosen.folder, chosen.embedder, chosen.pad)
    calibration = calibration_in_force(opened.root, opened.store, models.embedder.weights.name)
    return FacesInUse(chosen=chosen, models=models.without_bytes(), calibration=calibration)
