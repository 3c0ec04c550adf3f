"""Errors of the challenges and the passive cues: one class per stable code.

`…Failed`: what was asked for did not happen although the face was well seen, or a sign of a presentation attack was
found. `…Unclear`: it could not be decided. Neither refuses anybody; fact `why` names the cause, a person decides.
"""

from types import MappingProxyType

from biometrics.errors import BiometricsError


class PadArtefactError(BiometricsError):
    """The pictures show signs of a screen, a still picture or a loop."""

    code = "pad-failed"
    conclusive = True


class PadUnclearError(BiometricsError):
    """The passive cues could not be judged."""

    code = "pad-unclear"


class PadTurnFailedError(BiometricsError):
    """The head did not turn as asked, or turned like a flat sheet."""

    code = "pad-turn-failed"
    conclusive = True


class PadTurnUnclearError(BiometricsError):
    """The turns could not be judged."""

    code = "pad-turn-unclear"


class PadEyesFailedError(BiometricsError):
    """The eyes did not close and open again as asked."""

    code = "pad-eyes-failed"
    conclusive = True


class PadEyesUnclearError(BiometricsError):
    """The eyes could not be judged."""

    code = "pad-eyes-unclear"


class PadFlashFailedError(BiometricsError):
    """The face did not reflect the colours of the screen as a face does."""

    code = "pad-flash-failed"
    conclusive = True


class PadFlashUnclearError(BiometricsError):
    """The colours could not be judged: too much other light, a small screen, or no quiet picture."""

    code = "pad-flash-unclear"


class RecordingError(BiometricsError):
    """A recording cannot be read. Facts `file` and `key` say where, `why` what is wrong."""

    code = "recording-invalid"


class PadTableError(BiometricsError):
    """pad.toml has a missing, unknown or wrong key. Facts `table` and `key`."""

    code = "pad-table-invalid"


FAILED = MappingProxyType(
    {
        "pad": PadArtefactError,
        "pad-turn": PadTurnFailedError,
        "pad-eyes": PadEyesFailedError,
        "pad-flash": PadFlashFailedError,
    }
)
UNCLEAR = MappingProxyType(
    {
        "pad": PadUnclearError,
        "pad-turn": PadTurnUnclearError,
        "pad-eyes": PadEyesUnclearError,
        "pad-flash": PadFlashUnclearError,
    }
)
