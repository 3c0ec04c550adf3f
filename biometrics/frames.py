"""What a camera hands on: frames with their time, and bursts of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from biometrics.notice import NoticeShown

Image = NDArray[np.uint8]  # shape (H, W, 3): blue, green, red


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """One frame. `number` counts frames of one camera from 1; `monotonic_s` is when reading it ended."""

    image: Image = field(repr=False)
    monotonic_s: float
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Burst:
    """Frames of one capture in order of time, at least one, and the notice they were taken under."""

    frames: tuple[Frame, ...]
    notice: NoticeShown
    camera_kind: str

    @property
    def facts(self) -> Mapping[str, str | int]:
        """Count, span in ms, size of the first frame in pixels, kind of camera, version of the notice."""
        first, last = self.frames[0], self.frames[-1]
        height, width = first.image.shape[:2]
        return {
            "frames": len(self.frames),
            "span_ms": round((last.monotonic_s - first.monotonic_s) * 1000),
            "width_px": int(width),
            "height_px": int(height),
            "camera_kind": self.camera_kind,
            "notice_version": self.notice.version,
        }
