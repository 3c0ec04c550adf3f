"""The camera: the only place of cv2.VideoCapture. Devices, video files, images, streams, memory."""

from collections.abc import Sequence
from time import monotonic

import cv2
import numpy as np

from biometrics.camera_allow import EVERY_PHYSICAL, AllowedCameras, require_allowed
from biometrics.camera_info import CameraInfo, classify, installed_cameras
from biometrics.camera_watch import CameraWatch, WatchedCamera
from biometrics.capture import Camera, Clock
from biometrics.errors import CameraGoneError, ImageTooLargeError
from biometrics.frames import Image
from biometrics.sources import FrameSource, ImageSource, Pace, sequence_files

__all__ = ["Camera", "CameraInfo", "RecordedCamera", "classify", "installed_cameras", "open_camera"]

BACKENDS = {
    "any": cv2.CAP_ANY, "v4l2": cv2.CAP_V4L2, "msmf": cv2.CAP_MSMF, "dshow": cv2.CAP_DSHOW,
    "avfoundation": cv2.CAP_AVFOUNDATION,
}  # fmt: skip
MAX_FRAME_PIXELS = 4096 * 2304
OPEN_TIMEOUT_MS = 5000
READ_TIMEOUT_MS = 3000
STALE_BUFFERS = 5
STALE_S = 0.005


class VideoSource:
    """cv2.VideoCapture behind the interface of FrameSource."""

    def __init__(self, target: int | str, backend: int, *, kind: str, repeat: bool = False) -> None:
        """`target`: device index, path or URL. `repeat`: start again at the end, at the file's pace."""
        self._target = target
        self._backend = backend
        self._kind = kind
        self._repeat = repeat
        self._pace = Pace(0.0)
        self._capture: cv2.VideoCapture | None = None

    def open(self) -> None:
        """Open the device, file or stream. Raises CameraGoneError, ImageTooLargeError."""
        self._capture = capture = self._opened()
        if not capture.isOpened():
            raise CameraGoneError(reason="cannot-open", kind=self._kind)
        width, height = capture.get(cv2.CAP_PROP_FRAME_WIDTH), capture.get(cv2.CAP_PROP_FRAME_HEIGHT)
        if width * height > MAX_FRAME_PIXELS:
            raise ImageTooLargeError(width_px=int(width), height_px=int(height))
        if self._repeat:
            rate = capture.get(cv2.CAP_PROP_FPS)
            self._pace = Pace(1.0 / rate if 1.0 <= rate <= 60.0 else 1 / 30)

    def _opened(self) -> cv2.VideoCapture:
        if isinstance(self._target, int):
            return cv2.VideoCapture(self._target, self._backend)
        timeouts = [
            cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, OPEN_TIMEOUT_MS, cv2.CAP_PROP_READ_TIMEOUT_MSEC, READ_TIMEOUT_MS,
        ]  # fmt: skip
        return cv2.VideoCapture(self._target, self._backend, timeouts)

    def drain(self) -> None:
        """Throw away a device's buffered frames: those that come without waiting."""
        self._pace.begin()
        if self._capture is None or not isinstance(self._target, int):
            return
        for _ in range(STALE_BUFFERS):
            began = monotonic()
            if not self._capture.grab() or monotonic() - began > STALE_S:
                return

    def read(self) -> Image | None:
        """Return the next frame, None when the device is gone or the stream ended."""
        if self._capture is None:
            return None
        good, image = self._capture.read()
        if not good and self._repeat:
            self._capture.set(cv2.CAP_PROP_POS_FRAMES, 0)
            good, image = self._capture.read()
        if self._repeat:
            self._pace.wait()
        return np.asarray(image, dtype=np.uint8) if good and image is not None and image.size else None

    def close(self) -> None:
        """Release the device."""
        if self._capture is not None:
            self._capture.release()
        self._capture = None


class RecordedCamera(Camera):
    """Frames from memory, repeated from the start when they end: training and tests."""

    def __init__(
        self, frames: Sequence[Image], *, interval_s: float = 1 / 30, clock: Clock = monotonic
    ) -> None:
        """`interval_s`: from one frame to the next."""
        source = ImageSource(lambda: frames, interval_s=interval_s)
        super().__init__(CameraInfo(kind="memory", physical=False), source, clock=clock)


def open_camera(
    spec: str,
    *,
    allow_recorded: bool,
    info: CameraInfo | None = None,
    backend: str = "any",
    clock: Clock = monotonic,
    allowed: AllowedCameras = EVERY_PHYSICAL,
    watch: CameraWatch | None = None,
) -> Camera:
    """Return the camera `spec` names (see `classify`); it is switched on with the first notice.

    `allow_recorded`: accept files, streams and virtual cameras (training), and any device. `info`: classified
    already. `backend`: a key of BACKENDS, for devices. `allowed`: the station's list. `watch`: notices when a device
    disappears, freezes or changes. Raises RecordedCameraError(kind, driver), CameraNotAllowedError,
    CameraGoneError(reason).
    """
    info = classify(spec) if info is None else info
    if not allow_recorded:
        require_allowed(info, allowed)
    if not info.present:
        raise CameraGoneError(reason="absent", kind=info.kind)
    source = _source(spec, info, backend)
    if watch is None or info.kind != "device":
        return Camera(info, source, clock=clock)
    return WatchedCamera(info, source, watch, clock=clock)


def _source(spec: str, info: CameraInfo, backend: str) -> FrameSource:
    if info.index is not None:
        return VideoSource(info.index, BACKENDS[backend], kind=info.kind)
    files = sequence_files(spec) if info.kind in {"file", "sequence"} else None
    if files is not None:
        if not files:
            raise CameraGoneError(reason="empty", kind=info.kind)
        return ImageSource.of_files(files)
    return VideoSource(spec, cv2.CAP_FFMPEG, kind=info.kind, repeat=info.kind == "file")
