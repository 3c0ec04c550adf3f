"""The camera of a scene: like `capture.Camera`, without a thread and on the scene's clock."""

from collections.abc import Callable
from math import ceil
from types import TracebackType
from typing import Self

from biometrics.camera_info import CameraInfo
from biometrics.errors import CameraGoneError
from biometrics.frames import Burst, Frame
from biometrics.notice import NoticeShown, require_notice
from biometrics.scenes.scene import Scene

Accept = Callable[[Frame], bool]


class SceneCamera:
    """Implements `FrameCamera`. Each frame that is asked for lets 1 / fps seconds pass and is rendered on the caller's
    thread; a deadline counts the scene's seconds."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.info = CameraInfo(kind="scene", physical=False, name="scene")
        self._number = 0
        self._waited_s = 0.0  # for the next frame, by earlier calls
        self._closed = False

    def __enter__(self) -> Self:
        """Return the camera."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        self.close()

    def now(self) -> float:
        """Return the scene's clock, in seconds, with what was waited for its next frame."""
        return self.scene.now() + self._waited_s

    def preview(self, notice: NoticeShown) -> Frame | None:
        """Return the next frame. Raises CameraGoneError, NoticeMissingError."""
        return self.next_frame(notice)

    def next_frame(
        self,
        notice: NoticeShown,
        *,
        after: Frame | None = None,
        deadline_s: float = 2.0,
        spacing_s: float = 0.0,
    ) -> Frame:
        """Return the next frame, at least `spacing_s` newer than `after`; those between are never rendered. Raises
        CameraGoneError (closed, or it does not come within the deadline: what was waited counts for the next call),
        NoticeMissingError."""
        require_notice(notice)
        if self._closed:
            raise CameraGoneError(reason="closed", kind=self.info.kind)
        due_s = 0.0 if after is None else after.monotonic_s + spacing_s
        skipped = max(0, ceil((due_s - self.scene.now()) * self.scene.fps - 1e-6) - 1)
        left = (1 + skipped) / self.scene.fps - self._waited_s
        if left > deadline_s:
            self._waited_s += deadline_s
            raise CameraGoneError(reason="no-frame", kind=self.info.kind)
        self._waited_s = 0.0
        image, time = self.scene.next_image(skipped)
        self._number += 1
        return Frame(image=image, monotonic_s=time, number=self._number)

    def capture_burst(
        self,
        notice: NoticeShown,
        *,
        frames: int = 5,
        deadline_s: float = 8.0,
        spacing_s: float = 0.03,
        accept: Accept | None = None,
    ) -> Burst:
        """Return `frames` frames at least `spacing_s` apart; those `accept` takes first, as `capture.Camera` does.

        Raises CameraGoneError, NoticeMissingError."""
        require_notice(notice)
        end = self.now() + deadline_s
        good: list[Frame] = []
        other: list[Frame] = []
        due = self.now()
        while len(good) < frames and self.now() + 1.0 / self.scene.fps <= end:
            frame = self.next_frame(notice)
            if frame.monotonic_s < due:
                continue
            due = frame.monotonic_s + spacing_s
            (good if accept is None or accept(frame) else other).append(frame)
            del other[:-frames]
        lacking = frames - len(good)
        taken = sorted(good + (other[-lacking:] if lacking > 0 else []), key=lambda frame: frame.number)
        if not taken:
            raise CameraGoneError(reason="no-frame", kind=self.info.kind)
        return Burst(frames=tuple(taken), notice=notice, camera_kind=self.info.kind)

    def pause(self) -> None:
        """Nothing runs between frames."""

    def close(self) -> None:
        """Give no more frames."""
        self._closed = True
