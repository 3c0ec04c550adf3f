"""What a camera hands on: frames with their time, and bursts of them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import overload

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


class FramesOnDemand(Sequence[Frame]):
    """Frames too many for the memory: each is made when it is asked for, by its own maker; the newest one is kept."""

    def __init__(self, makers: Sequence[Callable[[], Frame]]) -> None:
        self._makers = tuple(makers)
        self._kept: tuple[int, Frame] | None = None

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._makers)

    @overload
    def __getitem__(self, index: int) -> Frame: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Frame]: ...
    def __getitem__(self, index: int | slice) -> Frame | Sequence[Frame]:
        """Return a frame, or some of them still to be made. Raises what its maker raises."""
        if isinstance(index, slice):
            return FramesOnDemand(self._makers[index])
        place = range(len(self._makers))[index]
        if self._kept is None or self._kept[0] != place:
            self._kept = place, self._makers[place]()
        return self._kept[1]

    def __iter__(self) -> Iterator[Frame]:
        """Give the frames in order of time."""
        return (self[index] for index in range(len(self)))


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
