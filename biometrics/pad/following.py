"""Where the light is measured: at points that follow the face without the jitter of the detector."""

import numpy as np

from biometrics.detect import Points
from biometrics.pad.settings import ObserveRules


def follow(last: Points | None, found: Points, rules: ObserveRules) -> Points:
    """Return the next points: a share of the way to the found ones, or those when the face has moved."""
    if last is None or last is found:
        return found
    scale = max(1.0, float(np.linalg.norm(found[1] - found[0])))
    if float(np.median(np.linalg.norm(found - last, axis=1))) > rules.still * scale:
        return found
    return last + rules.follow * (found - last)
