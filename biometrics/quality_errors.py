"""Defects of a live frame beyond those of `errors`: one class per stable code. None of them is evidence."""

from biometrics.errors import BiometricsError, NoFaceError


class FaceOutsideError(NoFaceError):
    """A face is there, but only outside the candidate's zone."""

    code = "face-outside"


class FaceTooCloseError(BiometricsError):
    """The face is so near that its surroundings are missing."""

    code = "face-too-close"


class FaceCutOffError(BiometricsError):
    """Part of the face lies beyond the edge of the picture."""

    code = "face-cut-off"


class FaceBacklitError(BiometricsError):
    """The surroundings are much brighter than the face."""

    code = "face-backlit"


class FaceLoweredError(BiometricsError):
    """The chin is down: seen from above."""

    code = "face-lowered"


class FaceRaisedError(BiometricsError):
    """The chin is up: seen from below."""

    code = "face-raised"


class EyesCoveredError(BiometricsError):
    """The eyes are hidden: dark glasses, hair, a hand."""

    code = "eyes-covered"


class EyesClosedError(BiometricsError):
    """The eyes are closed."""

    code = "eyes-closed"


class MouthCoveredError(BiometricsError):
    """The lower face is hidden: a mask, a scarf, a hand."""

    code = "mouth-covered"


class FaceColourlessError(BiometricsError):
    """The face has no colour: an infrared camera, or a black-and-white print."""

    code = "face-colourless"


class FaceOnCardError(BiometricsError):
    """A small portrait within a card: a document is held up instead of a face."""

    code = "face-on-card"


class GatheringError(BiometricsError):
    """The thread that gathers frames ended by a fault of the program. Fact `reason`: the exception's class."""

    code = "gathering-failed"
