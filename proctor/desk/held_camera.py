"""The desk's camera between attempts: a device stays switched on, since switching on may take seconds, and reads
nothing but where QR codes are looked for. Each attempt asks anew whether it may be used."""

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from time import monotonic
from typing import Final, Protocol

from biometrics.capture import Camera
from biometrics.errors import BiometricsError
from biometrics.frames import Frame
from biometrics.notice import NoticeShown
from proctor.desk.preview import LentCamera

SCAN_NOTICE: Final = "qr-1"
AGAIN_S: Final = 2.0


class Cameras(Protocol):
    """Where cameras are opened: `proctor.cameras.CameraDesk`."""

    def open(self, spec: str) -> Camera:
        """Return it, switched off. Raises RecordedCameraError, CameraNotAllowedError, CameraGoneError."""


def scan_notice(text: str) -> NoticeShown:
    """Return the ticket for looking for QR codes, under a text that stands before whoever comes."""
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    return NoticeShown(version=SCAN_NOTICE, sha256=sha256, shown_at=datetime.now(UTC))


class HeldCamera:
    """One camera for one attempt after another. One thread: the attempts'."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._camera: Camera | None = None
        self._spec = ""
        self._not_before_s = float("-inf")

    def lend(self, cameras: Cameras, spec: str) -> LentCamera:
        """Return the camera for one attempt. Raises what opening it raises."""
        held = self._camera
        if held is not None and self._spec == spec:
            cameras.open(spec).close()  # asks whether it may be used and is there; switches nothing on
            held.pause()
            return LentCamera(held, keep=True)
        return self._kept(cameras.open(spec), spec)

    def _kept(self, camera: Camera, spec: str) -> LentCamera:
        self.close()
        if camera.info.kind != "device":
            return LentCamera(camera)
        self._camera, self._spec = camera, spec
        return LentCamera(camera, keep=True)

    def look(self, cameras: Cameras, spec: str, notice: NoticeShown) -> Frame | None:
        """Return the newest frame while no attempt runs, to look for a QR code in; None while there is none. A camera
        in trouble is left alone for a moment."""
        if self._clock() < self._not_before_s:
            return None
        try:
            if self._camera is None or self._spec != spec:
                self._kept(cameras.open(spec), spec)
            return None if self._camera is None else self._camera.preview(notice)
        except BiometricsError:
            self._not_before_s = self._clock() + AGAIN_S
            return None

    def close(self) -> None:
        """Switch it off."""
        camera, self._camera = self._camera, None
        if camera is not None:
            camera.close()
