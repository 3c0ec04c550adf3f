"""What the face checks ask of a camera: a device with its thread, or a rendered scene with a clock of its own."""

from collections.abc import Callable
from typing import Protocol

from biometrics.camera_info import CameraInfo
from biometrics.frames import Burst, Frame
from biometrics.notice import NoticeShown


class FrameCamera(Protocol):
    """No frame is read before a notice is given. Errors as in `capture.Camera`."""

    @property
    def info(self) -> CameraInfo:
        """What stands behind it."""

    def now(self) -> float:
        """Return its clock, in seconds: the times of its frames are read off it. In a rendered scene time passes
        with the frames, so that nobody waits."""

    def preview(self, notice: NoticeShown) -> Frame | None:
        """Return the newest frame, or None while there is none yet; never waits."""

    def next_frame(
        self,
        notice: NoticeShown,
        *,
        after: Frame | None = None,
        deadline_s: float = 2.0,
        spacing_s: float = 0.0,
    ) -> Frame:
        """Return the newest frame read at least `spacing_s` after `after` (or after this call began)."""

    def capture_burst(
        self,
        notice: NoticeShown,
        *,
        frames: int = 5,
        deadline_s: float = 8.0,
        spacing_s: float = 0.03,
        accept: Callable[[Frame], bool] | None = None,
    ) -> Burst:
        """Return frames read after this call began, those `accept` takes first."""

    def pause(self) -> None:
        """Stop reading and forget the newest frame."""

    def close(self) -> None:
        """Release the device."""
