"""Errors of this package: one class per stable code.

`conclusive` means evidence against the candidate or the station's set-up; all other errors mean that the
check could not be decided. Facts go into the record, so they never identify anyone.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import ClassVar


class BiometricsError(Exception):
    """Base class. `facts`: non-identifying strings and integers; `str()` is the code and the facts."""

    code: ClassVar[str] = "biometrics"
    conclusive: ClassVar[bool] = False

    def __init__(self, **facts: str | int) -> None:
        """Keep the facts and build the text from code and facts alone."""
        self.facts: Mapping[str, str | int] = MappingProxyType(dict(facts))
        details = ", ".join(f"{name}={value}" for name, value in sorted(facts.items()))
        super().__init__(f"{self.code} ({details})" if details else self.code)


class NoticeMissingError(BiometricsError):
    """A capture was asked for without the notice that has to come first."""

    code = "notice-missing"


class CameraGoneError(BiometricsError):
    """The camera cannot be opened, gives no frames, or went away while frames were taken."""

    code = "camera-gone"


class RecordedCameraError(BiometricsError):
    """A file, a stream or a virtual camera where only a physical camera is allowed."""

    code = "camera-not-physical"
    conclusive = True


class ImageMalformedError(BiometricsError):
    """The bytes are no complete image of an accepted format."""

    code = "image-malformed"


class ImageTooLargeError(BiometricsError):
    """Too many bytes, too many pixels, or more memory than decoding may use."""

    code = "image-too-large"


class ImageTimeoutError(BiometricsError):
    """Decoding did not end within its time; the process was killed."""

    code = "image-timeout"


class DecoderGoneError(BiometricsError):
    """The decoding process could not be started or ended before it got the image."""

    code = "image-decoder-gone"


class ModelMissingError(BiometricsError):
    """A weight file is not there. Fact `file` names it."""

    code = "model-missing"


class ModelAlteredError(BiometricsError):
    """A weight file has other bytes than its table says. Fact `file` names it."""

    code = "model-altered"


class ModelUnusableError(BiometricsError):
    """The installed OpenCV cannot read a weight file. Facts `file` and `opencv` name both."""

    code = "model-unusable"


class ModelTableError(BiometricsError):
    """A table of this package has a missing, unknown or wrong key."""

    code = "model-table-invalid"


class CalibrationMissingError(BiometricsError):
    """The calibration table does not reach the asked false match rate."""

    code = "calibration-missing"


class TemplateMismatchError(BiometricsError):
    """Two templates of different models cannot be compared."""

    code = "template-mismatch"


class NoFaceError(BiometricsError):
    """No face was found in front of the camera."""

    code = "face-none"


class TwoFacesError(BiometricsError):
    """More than one face stands in the candidate's zone."""

    code = "face-several"


class FaceTooSmallError(BiometricsError):
    """The face has too few pixels."""

    code = "face-too-small"


class FaceBlurredError(BiometricsError):
    """The face is not sharp enough."""

    code = "face-blurred"


class FaceDarkError(BiometricsError):
    """The face, or the whole frame, is too dark."""

    code = "face-dark"


class FaceBrightError(BiometricsError):
    """The face is overexposed."""

    code = "face-bright"


class FaceTurnedError(BiometricsError):
    """The face is turned or tilted too far."""

    code = "face-turned"


class FaceUnclearError(BiometricsError):
    """Something like a face, but partly hidden, or turned so far that it cannot be compared."""

    code = "face-unclear"


class FaceChangedError(BiometricsError):
    """The frames of one burst do not show one and the same face."""

    code = "face-changed"


class ReferenceNoFaceError(NoFaceError):
    """No face was found in the reference portrait."""

    code = "reference-face-none"


class ReferenceSeveralFacesError(TwoFacesError):
    """The reference portrait shows more than one face."""

    code = "reference-face-several"


class FaceReferError(BiometricsError):
    """The score lies between the refer and the accept threshold: a person decides."""

    code = "face-refer"


class FaceNoMatchError(BiometricsError):
    """The score lies below the refer threshold."""

    code = "face-no-match"
    conclusive = True
