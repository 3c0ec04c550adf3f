"""What a glossy surface mirrors: the candidate's own screen, which stands around and below its camera."""

import numpy as np

from biometrics.scenes.raycast import GRID, Lens, Pose, Seen
from biometrics.scenes.surface import Floats

PANEL = (
    -2.5,
    0.2,
    2.5,
    3.0,
)  # left, top, right, bottom in E off the camera: 14 inches, the camera on its upper edge


def mirrored_panel(seen: Seen, pose: Pose, lens: Lens, *, spread: float) -> Floats:
    """Return how much of the panel each cell of the coarse grid mirrors, 0 to 1. `spread`: blur of its edge in E."""
    x0, y0, _, _ = seen.box
    rows, columns = seen.normal.shape[:2]
    ray = np.empty((rows, columns, 3), np.float32)
    ray[..., 0] = (x0 + (np.arange(columns) + 0.5) * GRID - lens.width / 2)[None] / lens.focal
    ray[..., 1] = (y0 + (np.arange(rows) + 0.5) * GRID - lens.height / 2)[:, None] / lens.focal
    ray[..., 2] = -1.0
    along = (ray * seen.normal).sum(axis=2, keepdims=True)
    back = ray - 2.0 * along * seen.normal
    forward = np.maximum(back[..., 2], 0.05)
    x = pose.distance * (ray[..., 0] + back[..., 0] / forward)
    y = pose.distance * (ray[..., 1] + back[..., 1] / forward)
    left, top, right, bottom = PANEL
    inside = np.minimum(np.minimum(x - left, right - x), np.minimum(y - top, bottom - y))
    return np.asarray(np.clip(inside / spread + 0.5, 0.0, 1.0), np.float32)
