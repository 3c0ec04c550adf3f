"""Errors of calibration: files that cannot be used, labelled pairs that cannot be read, figures that are not stated."""

from biometrics.errors import BiometricsError


class CalibrationAbsentError(BiometricsError):
    """A calibration file is not there or cannot be read. Fact `file` names it."""

    code = "calibration-file-missing"


class CalibrationFormatError(BiometricsError):
    """A calibration file is no TOML of this form. Facts `file`, `key`, `defect`."""

    code = "calibration-file-invalid"


class CalibrationAlteredError(BiometricsError):
    """A calibration file has other bytes than were signed, or than the log names. Fact `file`."""

    code = "calibration-altered"


class CalibrationUnsignedError(BiometricsError):
    """A calibration file without a signature. Fact `file`."""

    code = "calibration-unsigned"


class CalibrationOtherError(BiometricsError):
    """A calibration made for another model, other weights, another detector or another rule. Fact `why`."""

    code = "calibration-other"


class PairsFormatError(BiometricsError):
    """A file of labelled pairs cannot be read. Facts `row` (the heading is row 1), `column`, `defect`."""

    code = "calibration-pairs-invalid"


class PairsImageError(BiometricsError):
    """An image that a file of pairs names is not there. Facts `row`, `file`."""

    code = "calibration-image-missing"


class TooFewPairsError(BiometricsError):
    """The pairs cannot support a figure. Facts `fmr` (as text), `have`, `need` independent comparisons, `smallest`."""

    code = "calibration-too-few"


class NothingToCompareError(BiometricsError):
    """No impostor, or no genuine comparison is left to measure with. Fact `kind`."""

    code = "calibration-nothing-to-compare"


class NoThresholdError(BiometricsError):
    """No score keeps the false match rate: different people reach the highest one. Fact `fmr` (as text)."""

    code = "calibration-no-threshold"


class ScoreInvalidError(BiometricsError):
    """The model gave comparison scores that are no numbers. Fact `count`."""

    code = "calibration-score-invalid"
