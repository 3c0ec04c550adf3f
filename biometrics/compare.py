"""The comparison score, of two templates and of a burst."""

from collections.abc import Sequence
from statistics import median
from typing import Literal

from biometrics.errors import TemplateMismatchError
from biometrics.template import Template

Rule = Literal["mean", "best", "median"]


def compare(reference: Template, probe: Template) -> float:
    """Return the comparison score: -1.0 to 1.0, higher is more alike, not a probability.

    Cosine of two templates of the same model, L2 norm 1. Raises TemplateMismatchError.
    Terms: ISO/IEC 2382-37.
    """
    if reference.model != probe.model or reference.vector.shape != probe.vector.shape:
        raise TemplateMismatchError(reference=reference.model, probe=probe.model)
    return max(-1.0, min(1.0, float(reference.vector @ probe.vector)))


def compare_burst(reference: Template, frames: Sequence[Template], mean: Template, rule: Rule) -> float:
    """Return the score of a burst: of the template `mean` of its `frames`, or of the frames' scores the highest
    ("best") or the median. The rules give different scores: thresholds hold for one of them.

    Raises TemplateMismatchError.
    """
    if rule == "mean":
        return compare(reference, mean)
    scores = [compare(reference, frame) for frame in frames]
    return max(scores) if rule == "best" else median(scores)
