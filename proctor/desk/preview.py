"""The camera's newest picture for the screens, while an attempt reads the camera anyway. Nothing is queued or kept.

A preview starts no camera and takes no error away from the attempt: it only looks at what is read. Who refuses a
picture is not looked at: the reading ends with the refusal, and the preview with the reading.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Event, Lock, Thread
from time import monotonic
from typing import Final

import numpy as np
from PIL import Image as Pillow

from biometrics.camera_info import CameraInfo
from biometrics.capture import Camera
from biometrics.errors import CameraGoneError
from biometrics.frame_camera import FrameCamera
from biometrics.frames import Burst, Frame, Image
from biometrics.gathering import SETTLED
from biometrics.notice import NoticeShown

LARGEST: Final = (640, 480)
MOST_FPS: Final = 30
_TICK_S: Final = 1 / (2 * MOST_FPS)


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewFrame:
    """One picture for a screen: `rgb` is height × width × 3 octets, red first, as the camera sees it (not mirrored).
    `number` counts the frames of one attempt's camera."""

    attempt_id: str
    number: int
    width: int
    height: int
    rgb: bytes = field(repr=False)


def fitted(image: Image, largest: tuple[int, int] = LARGEST) -> Image:
    """Return a picture (H, W, 3) in red, green, blue, no larger than `largest` (width, height), in its proportions."""
    height, width = image.shape[:2]
    scale = min(largest[0] / width, largest[1] / height, 1.0)
    if scale < 1.0:
        size = (max(round(width * scale), 1), max(round(height * scale), 1))
        picture = Pillow.fromarray(image).resize(size, Pillow.Resampling.BILINEAR, reducing_gap=1.0)
        image = np.asarray(picture)
    return np.ascontiguousarray(image[:, :, ::-1])


class LentCamera:
    """A `FrameCamera` for one attempt: the camera itself, and a look at its newest frame for the screens.

    After `cancel` it is gone for the attempt, so that a station that closes does not wait for it."""

    def __init__(self, camera: FrameCamera, *, keep: bool = False) -> None:
        """`keep`: at the end of the attempt it is paused and stays switched on."""
        self._camera = camera
        self._keep = keep
        self._lock = Lock()
        self._notice: NoticeShown | None = None
        self._seen: Frame | None = None
        self._open = True
        self._reading = False

    @property
    def info(self) -> CameraInfo:
        """What stands behind it."""
        return self._camera.info

    def now(self) -> float:
        """Return the camera's clock."""
        return self._camera.now()

    def preview(self, notice: NoticeShown) -> Frame | None:
        """As the camera's."""
        self._asked(notice)
        return self._camera.preview(notice)

    def next_frame(
        self,
        notice: NoticeShown,
        *,
        after: Frame | None = None,
        deadline_s: float = 2.0,
        spacing_s: float = 0.0,
    ) -> Frame:
        """As the camera's."""
        self._asked(notice)
        frame = self._camera.next_frame(notice, after=after, deadline_s=deadline_s, spacing_s=spacing_s)
        with self._lock:
            if self._reading:
                self._seen = frame
        return frame

    def capture_burst(
        self,
        notice: NoticeShown,
        *,
        frames: int = 5,
        deadline_s: float = 8.0,
        spacing_s: float = 0.03,
        accept: Callable[[Frame], bool] | None = None,
    ) -> Burst:
        """As the camera's."""
        self._asked(notice)
        return self._camera.capture_burst(
            notice, frames=frames, deadline_s=deadline_s, spacing_s=spacing_s, accept=accept
        )

    def pause(self) -> None:
        """Stop reading, and looking."""
        with self._lock:
            self._reading, self._seen = False, None
            self._camera.pause()

    def close(self) -> None:
        """Let go of the camera."""
        with self._lock:
            self._open = self._reading = False
            self._seen = None
        if self._keep:
            self._camera.pause()
        else:
            self._camera.close()

    def cancel(self) -> None:
        """Give no more frames: the station closes."""
        with self._lock:
            self._open = False

    def look(self) -> Frame | None:
        """Return the newest frame of what is read for the attempt; None while nothing is."""
        with self._lock:
            if not (self._open and self._reading):
                return None
            return self._camera.peek() if isinstance(self._camera, Camera) else self._seen

    def go_on(self) -> None:
        """Read on for the screens between two captures of an attempt whose person does not refuse; a recording has
        given what it has."""
        with self._lock:
            if not self._open or self._notice is None or self._camera.info.kind in SETTLED:
                return
            if isinstance(self._camera, Camera):
                self._reading = True
                self._camera.go_on(self._notice)

    def _asked(self, notice: NoticeShown) -> None:
        with self._lock:
            if not self._open:
                raise CameraGoneError(reason="closed", kind=self._camera.info.kind)
            self._notice, self._reading = notice, True


class Preview:
    """A thread that turns the newest frame into a picture for the screens, at most 30 a second."""

    def __init__(
        self,
        *,
        on_picture: Callable[[PreviewFrame], None] = lambda _picture: None,
        on_frame: Callable[[Frame], None] = lambda _frame: None,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        """`on_frame`: given each frame as it is, `on_picture`: each picture; on this thread, and neither may wait."""
        self._on_picture = on_picture
        self._on_frame = on_frame
        self._clock = clock
        self._lock = Lock()
        self._work = Event()
        self._stop = Event()
        self._camera: LentCamera | None = None
        self._attempt_id = ""
        self._newest: PreviewFrame | None = None
        self._thread = Thread(target=self._run, name="preview", daemon=True)

    @property
    def newest(self) -> PreviewFrame | None:
        """The newest picture of the attempt that runs; None between attempts."""
        with self._lock:
            return self._newest

    def start(self) -> None:
        """Begin to wait for a camera."""
        self._thread.start()

    def show(self, camera: LentCamera, attempt_id: str) -> None:
        """Look at this camera, for this attempt."""
        with self._lock:
            self._camera, self._attempt_id, self._newest = camera, attempt_id, None
        self._work.set()

    def clear(self) -> None:
        """Forget camera and picture: the attempt is over."""
        self._work.clear()
        with self._lock:
            self._camera, self._attempt_id, self._newest = None, "", None

    def close(self, wait_s: float = 2.0) -> None:
        """End the thread."""
        self._stop.set()
        self.clear()
        self._work.set()
        if self._thread.ident is not None:
            self._thread.join(wait_s)

    def _run(self) -> None:
        last: tuple[LentCamera | None, int] = (None, -1)
        next_s = self._clock()
        while not self._stop.is_set():
            self._work.wait()
            with self._lock:
                camera, attempt_id = self._camera, self._attempt_id
            frame = None if camera is None else camera.look()
            if frame is None or (camera, frame.number) == last or self._clock() < next_s:
                self._stop.wait(_TICK_S / 2)
                continue
            last, next_s = (camera, frame.number), max(next_s + 1 / MOST_FPS, self._clock() - _TICK_S)
            self._take(frame, attempt_id)

    def _take(self, frame: Frame, attempt_id: str) -> None:
        image = fitted(frame.image)
        height, width = image.shape[:2]
        picture = PreviewFrame(
            attempt_id=attempt_id, number=frame.number, width=width, height=height, rgb=image.tobytes()
        )
        with self._lock:
            if self._attempt_id != attempt_id or self._camera is None:
                return  # it is over: nobody's picture stays
            self._newest = picture
            self._on_picture(
                picture
            )  # with the lock held: after `clear` nothing of this attempt is handed on
            self._on_frame(frame)
