"""What may be wrong with the camera itself."""

from biometrics.errors import BiometricsError


class CameraNotAllowedError(BiometricsError):
    """A camera that is none of those the station allows. Facts: what of it is known; `why` where nothing is."""

    code = "camera-not-allowed"
    conclusive = True


class CameraFrozenError(BiometricsError):
    """The camera gives the same picture again and again: a sensor has noise, no two frames are alike."""

    code = "camera-frozen"


class CameraChangedError(BiometricsError):
    """Another device answers behind the same number, or the same one with pictures of another size."""

    code = "camera-changed"


class CameraSpecError(BiometricsError):
    """A text that names no camera in the form VID:PID[:SERIAL][@PATH]. Fact `why`."""

    code = "camera-spec-invalid"
