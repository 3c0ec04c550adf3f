"""A camera that disappears, freezes or changes: noticed once, told once, and no picture of it is taken for live.

`CameraWatch` remembers how one camera stands and outlives the cameras that are opened with it. It is used from the
reading thread and from those who wait for frames; `on_event` is called from any of them, without a lock held.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Lock
from time import monotonic
from typing import Final, Literal

import numpy as np

from biometrics.camera_allow import camera_facts
from biometrics.camera_errors import CameraChangedError, CameraFrozenError
from biometrics.camera_info import CameraInfo
from biometrics.capture import Accept, Camera, Clock
from biometrics.errors import CameraGoneError
from biometrics.frames import Burst, Frame, Image
from biometrics.notice import NoticeShown
from biometrics.sources import FrameSource
from biometrics.tables import numbers, read_table

CameraEvent = Literal["gone", "frozen", "changed", "back"]
OnEvent = Callable[[CameraEvent, CameraInfo], None]
Look = Callable[[], CameraInfo]
State = Literal["good", "gone", "frozen"]
Seen = Literal["first", "new", "same", "frozen"]
_KEYS: Final = ("after_s", "frames", "dark_level", "bright_level", "silent_s")
_NOT_OF_THE_DEVICE: Final = frozenset({"camera_kind", "camera_number", "camera_driver"})


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchLimits:
    """When a camera counts as frozen; units in models/camera_watch.toml."""

    after_s: float
    frames: int
    dark_level: int
    bright_level: int
    silent_s: float


def load_watch_limits() -> WatchLimits:
    """Return the limits. Raises ModelTableError."""
    table, _ = read_table("camera_watch", {"source": str, **dict.fromkeys(_KEYS, (int, float))})
    after_s, frames, dark, bright, silent_s = numbers(
        "camera_watch", "after_s", [table[key] for key in _KEYS], len(_KEYS)
    )
    return WatchLimits(
        after_s=after_s, frames=int(frames), dark_level=int(dark), bright_level=int(bright), silent_s=silent_s
    )


class FreezeDetector:
    """Finds frames that are the same to the last bit for too long. One thread at a time."""

    def __init__(self, limits: WatchLimits) -> None:
        self._limits = limits
        self._last: Image | None = None
        self._since = 0.0
        self._same = 0

    def forget(self) -> None:
        """Begin anew: reading was interrupted."""
        self._last, self._same = None, 0

    def look(self, image: Image, at_s: float) -> Seen:
        """Say what a frame read at `at_s` is: the "first", or one that says nothing; "new", differing from the one
        before; the "same" again; or the same for so long that the camera is "frozen"."""
        last = self._last
        if last is None or self._says_nothing(image) or not _identical(last, image):
            seen: Seen = "first" if last is None or self._says_nothing(image) else "new"
            self._last, self._since, self._same = image, at_s, 1
            return seen
        self._same += 1
        lasts = at_s - self._since > self._limits.after_s
        return "frozen" if self._same >= self._limits.frames and lasts else "same"

    def _says_nothing(self, image: Image) -> bool:
        return int(image.max()) <= self._limits.dark_level or int(image.min()) >= self._limits.bright_level


def _identical(first: Image, second: Image) -> bool:
    """Whether two frames agree to the last bit; most differ in the first lines looked at."""
    if first.shape != second.shape or not np.array_equal(first[::32], second[::32]):
        return False
    return bool(np.array_equal(first, second))


def identity(info: CameraInfo) -> Mapping[str, str | int]:
    """Return what tells one device from another in the record: `camera_facts` without number, kind and driver."""
    return {name: value for name, value in camera_facts(info).items() if name not in _NOT_OF_THE_DEVICE}


class CameraWatch:
    """How one camera stands, over all the times it is opened.

    `look`: what stands behind its number now; `require`: raises for a device that may not be used; `known`: the
    `identity` it had when it was last seen.
    """

    def __init__(
        self,
        *,
        look: Look,
        on_event: OnEvent,
        require: Callable[[CameraInfo], CameraInfo] = lambda info: info,
        known: Mapping[str, str | int] | None = None,
        state: State = "good",
        limits: WatchLimits | None = None,
    ) -> None:
        self._look = look
        self._on_event = on_event
        self._require = require
        self._known = known
        self._seen: CameraInfo | None = None
        self._state: State = state
        self._lock = Lock()
        self.limits = load_watch_limits() if limits is None else limits

    @property
    def state(self) -> State:
        """How the camera stands."""
        return self._state

    def opening(self) -> CameraInfo:
        """Return the device that is about to be opened; another one than before is an event.

        Raises CameraGoneError(reason) for one that is not there, and what `require` raises.
        """
        found = self._look()
        if not found.present:
            self.absent(found)
            raise CameraGoneError(reason="absent", kind=found.kind)
        with self._lock:
            before, self._known, self._seen = self._known, identity(found), found
        if before is not None and before != identity(found):
            self._on_event("changed", found)
        return self._require(found)

    def absent(self, info: CameraInfo) -> None:
        """The camera is not there: it was unplugged while nobody looked."""
        self._become("gone", self._seen or info)

    def gone(self) -> None:
        """The camera gives no pictures any more."""
        self._become("gone", self._described())

    def frozen(self) -> None:
        """The camera gives the same picture again and again."""
        self._become("frozen", self._described())

    def good(self) -> None:
        """A new picture came."""
        if self._state != "good":
            self._become("good", self._described())

    def resized(self) -> None:
        """Pictures of another size came out of the same device."""
        self._on_event("changed", self._described())

    def _described(self) -> CameraInfo:
        """Return what is known of the camera: what it was when it was there tells more than its number."""
        return self._look() if self._seen is None else self._seen

    def _become(self, state: State, info: CameraInfo) -> None:
        with self._lock:
            if self._state == state:
                return
            self._state = state
        self._on_event("back" if state == "good" else state, info)


class WatchedSource:
    """A source that is looked at while it is read: freezing and changes end the reading with an error, and a frame
    that repeats the one before is not handed on."""

    def __init__(self, source: FrameSource, watch: CameraWatch, *, clock: Clock = monotonic) -> None:
        self._source = source
        self._watch = watch
        self._clock = clock
        self._detector = FreezeDetector(watch.limits)
        self._size: tuple[int, ...] | None = None
        self._device: Mapping[str, str | int] | None = None
        self.active_s: float | None = None  # when the device last did something; None: it is being opened

    def open(self) -> None:
        """Open the device. Raises as `CameraWatch.opening`, what the source raises, and CameraChangedError once where
        another device answers than when this was opened first: one capture is of one device."""
        self._detector.forget()
        self._size = self.active_s = None
        found = self._watch.opening()
        before, self._device = self._device, identity(found)
        if before is not None and before != self._device:
            raise CameraChangedError(reason="device", kind=found.kind)
        try:
            self._source.open()
        except CameraGoneError:
            self._watch.gone()
            raise
        self.active_s = self._clock()

    def drain(self) -> None:
        """Throw away what was buffered; a pause is no freeze."""
        self._detector.forget()
        self._source.drain()
        self.active_s = self._clock()

    def read(self) -> Image | None:
        """Return the next frame that is no repetition. Raises CameraFrozenError, CameraChangedError."""
        while True:
            image = self._read()
            if image is None:
                return None
            self.active_s = self._clock()
            self._require_same_size(image)
            seen = self._detector.look(image, self.active_s)
            if seen == "frozen":
                self._watch.frozen()
                raise CameraFrozenError(after_ms=round(self._watch.limits.after_s * 1000))
            if seen == "new" or self._watch.state == "gone":
                self._watch.good()
            if seen != "same":
                return image

    def close(self) -> None:
        """Release the device."""
        self.active_s = None
        self._source.close()

    def _read(self) -> Image | None:
        image = None
        try:
            image = self._source.read()
        finally:
            if image is None:
                self._watch.gone()
        return image

    def _require_same_size(self, image: Image) -> None:
        before, self._size = self._size, image.shape
        if before is not None and before != image.shape:
            self._watch.resized()
            raise CameraChangedError(reason="size", kind="device")


class WatchedCamera(Camera):
    """A device whose silence is noticed too: a driver that neither gives a frame nor says that the device is gone."""

    def __init__(
        self, info: CameraInfo, source: FrameSource, watch: CameraWatch, *, clock: Clock = monotonic
    ) -> None:
        self._watched = WatchedSource(source, watch, clock=clock)
        self._watch = watch
        self._asked_s: float | None = None
        super().__init__(info, self._watched, clock=clock)

    def preview(self, notice: NoticeShown) -> Frame | None:
        """As `Camera.preview`; raises CameraGoneError when the newest frame is older than a camera may be silent."""
        frame = super().preview(notice)
        self._asked_s = self.now() if self._asked_s is None else self._asked_s
        if self._silent():
            self._watch.gone()
            raise CameraGoneError(reason="silent", kind=self.info.kind)
        return frame

    def next_frame(
        self,
        notice: NoticeShown,
        *,
        after: Frame | None = None,
        deadline_s: float = 2.0,
        spacing_s: float = 0.0,
    ) -> Frame:
        """As `Camera.next_frame`."""
        self._asked_s = self.now() if self._asked_s is None else self._asked_s
        with self._noticing():
            return super().next_frame(notice, after=after, deadline_s=deadline_s, spacing_s=spacing_s)

    def capture_burst(
        self,
        notice: NoticeShown,
        *,
        frames: int = 5,
        deadline_s: float = 8.0,
        spacing_s: float = 0.03,
        accept: Accept | None = None,
    ) -> Burst:
        """As `Camera.capture_burst`."""
        self._asked_s = self.now() if self._asked_s is None else self._asked_s
        with self._noticing():
            return super().capture_burst(
                notice, frames=frames, deadline_s=deadline_s, spacing_s=spacing_s, accept=accept
            )

    def pause(self) -> None:
        """As `Camera.pause`."""
        if self._silent():
            self._watch.gone()
        self._asked_s = None
        super().pause()

    @contextmanager
    def _noticing(self) -> Iterator[None]:
        try:
            yield
        except CameraGoneError:
            if self._silent():
                self._watch.gone()
            raise

    def _silent(self) -> bool:
        active_s, asked_s = self._watched.active_s, self._asked_s
        if active_s is None or asked_s is None:
            return False
        return self.now() - max(active_s, asked_s) >= self._watch.limits.silent_s
