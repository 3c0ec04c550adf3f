"""Where light and eyes are measured, where the next face is looked for, and which frames are looked at."""

from collections.abc import Sequence

import numpy as np

from biometrics.detect import Points
from biometrics.pad.observation import Box
from biometrics.pad.recording import Shown
from biometrics.pad.settings import ObserveRules


def follow(last: Points | None, found: Points, rules: ObserveRules) -> Points:
    """Return the next points: a share of the way to the found ones, or those when the face has moved. So they follow
    the face without the jitter of the detector."""
    if last is None or last is found:
        return found
    scale = max(1.0, float(np.linalg.norm(found[1] - found[0])))
    if float(np.median(np.linalg.norm(found - last, axis=1))) > rules.still * scale:
        return found
    return last + rules.follow * (found - last)


def keep_near(last: Box | None, found: Box, rules: ObserveRules) -> Box:
    """Return the box around which the next frame is searched: the last one as long as the face is still in it.

    A box that follows each finding makes the next one jump: findings then alternate from frame to frame by up to a
    pixel in the points, and openness of the eyes by 0.3.
    """
    if last is None:
        return found
    side, before = max(found[2:]), max(last[2:])
    moved = max(
        abs(found[0] + found[2] / 2 - last[0] - last[2] / 2),
        abs(found[1] + found[3] / 2 - last[1] - last[3] / 2),
    )
    return last if moved <= rules.loose * before and abs(side / before - 1.0) <= rules.loose else found


def spacing_s(shown: Sequence[Shown], rules: ObserveRules) -> float:
    """Return by how much the next frame has to follow the last one looked at: lids move in an eighth of a second."""
    newest = next((one.prompt for one in reversed(shown) if one.prompt is not None), None)
    return rules.eyes_spacing_s if newest in {"close-eyes", "open-eyes"} else rules.spacing_s
