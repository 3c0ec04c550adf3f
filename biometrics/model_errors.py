"""Errors of a site's own models, beside those of every model (`errors`)."""

from biometrics.errors import BiometricsError


class ModelPathError(BiometricsError):
    """A card names a file outside its folder, or by more than a plain name. Fact `file`."""

    code = "model-path"


class ModelTooLargeError(BiometricsError):
    """A card, a weight file or their number is beyond every use. Facts `file`, `limit`."""

    code = "model-too-large"


class ModelUnknownError(BiometricsError):
    """No card of the site's folder has this name and kind. Facts `model`, `kind`."""

    code = "model-unknown"
