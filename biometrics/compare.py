"""The comparison score."""

from biometrics.errors import TemplateMismatchError
from biometrics.template import Template


def compare(reference: Template, probe: Template) -> float:
    """Return the comparison score: -1.0 to 1.0, higher is more alike, not a probability.

    Cosine of two templates of the same model, L2 norm 1. Raises TemplateMismatchError.
    Terms: ISO/IEC 2382-37.
    """
    if reference.model != probe.model or reference.vector.shape != probe.vector.shape:
        raise TemplateMismatchError(reference=reference.model, probe=probe.model)
    return max(-1.0, min(1.0, float(reference.vector @ probe.vector)))
