"""A camera and its thread: only the newest frame is kept.

No frame is read before a notice is given, and reading stops when a burst is complete. A silent, gone or
blocked camera costs the caller no more than the deadline.
"""

from collections.abc import Callable
from threading import Condition, Thread
from time import monotonic
from types import TracebackType
from typing import Self

from biometrics.camera_info import CameraInfo
from biometrics.errors import BiometricsError, CameraGoneError
from biometrics.frames import Burst, Frame, Image
from biometrics.notice import NoticeShown, require_notice
from biometrics.sources import FrameSource

Clock = Callable[[], float]
Accept = Callable[[Frame], bool]


class Camera:
    """A camera with a reading thread of its own. A context manager; `close` may be called twice."""

    def __init__(self, info: CameraInfo, source: FrameSource, *, clock: Clock = monotonic) -> None:
        """`clock` gives seconds that never go back."""
        self.info = info
        self._source = source
        self._clock = clock
        self._changed = Condition()
        self._newest: Frame | None = None
        self._number = 0
        self._last_s = float("-inf")  # no frame is older than the one before, whatever the clock does
        self._generation = 0  # counts pauses: a frame read across one is dropped
        self._reading = False
        self._closed = False
        self._failure: BiometricsError | None = None
        self._thread: Thread | None = None

    def __enter__(self) -> Self:
        """Return the camera."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop reading and release the device."""
        self.close()

    def preview(self, notice: NoticeShown) -> Frame | None:
        """Return the newest frame, or None while there is none yet. Starts reading; `pause` ends it.

        Raises CameraGoneError, NoticeMissingError.
        """
        require_notice(notice)
        with self._changed:
            self._raise_failure()
            self._start()
            return self._newest

    def peek(self) -> Frame | None:
        """Return the newest frame of what is being read anyway: starts nothing, waits for nothing, raises nothing."""
        with self._changed:
            return self._newest if self._reading else None

    def go_on(self, notice: NoticeShown) -> None:
        """Read on after a pause, for who peeks. A failure that nobody was told of yet stays for who asks for frames.
        Raises NoticeMissingError."""
        require_notice(notice)
        with self._changed:
            if self._failure is None and self._thread is not None and not self._closed:
                self._start()

    def now(self) -> float:
        """Return the camera's clock, in seconds: the times of its frames are read off it."""
        return self._clock()

    def next_frame(
        self,
        notice: NoticeShown,
        *,
        after: Frame | None = None,
        deadline_s: float = 2.0,
        spacing_s: float = 0.0,
    ) -> Frame:
        """Return the newest frame that was read after `after`, by `spacing_s` at least (or after this call began).
        Reading goes on; `pause` ends it. Raises CameraGoneError (no frame in time, or the camera went away),
        NoticeMissingError.
        """
        require_notice(notice)
        with self._changed:
            self._raise_failure()
            self._start()
            since = (
                (self._number, self._clock())
                if after is None
                else (after.number, after.monotonic_s + spacing_s)
            )
        frame = self._next(since, self._clock() + deadline_s)
        if frame is None:
            raise CameraGoneError(reason="no-frame", kind=self.info.kind)
        return frame

    def capture_burst(
        self,
        notice: NoticeShown,
        *,
        frames: int = 5,
        deadline_s: float = 8.0,
        spacing_s: float = 0.03,
        accept: Accept | None = None,
    ) -> Burst:
        """Return `frames` frames at least `spacing_s` apart, read after this call began; then stop reading.

        `accept`: only frames it accepts count; when they stay too few, those go first and the newest others
        follow, so that the defect can be named. Raises CameraGoneError (no frame in time, or the camera went
        away), NoticeMissingError.
        """
        require_notice(notice)
        end = self._clock() + deadline_s
        good: list[Frame] = []
        other: list[Frame] = []
        try:
            since = self._restart()
            while len(good) < frames:
                frame = self._next(since, end)
                if frame is None:
                    break
                since = (frame.number, frame.monotonic_s + spacing_s)
                (good if accept is None or accept(frame) else other).append(frame)
                del other[:-frames]
        finally:
            self.pause()
        taken = sorted(good + other[len(good) - frames :] if len(good) < frames else good, key=_time)
        if not taken:
            raise CameraGoneError(reason="no-frame", kind=self.info.kind)
        return Burst(frames=tuple(taken), notice=notice, camera_kind=self.info.kind)

    def pause(self) -> None:
        """Stop reading and forget the newest frame; the device stays open."""
        with self._changed:
            self._reading = False
            self._newest = None
            self._generation += 1
            self._changed.notify_all()

    def close(self, *, wait_s: float = 5.0) -> None:
        """Stop the thread, wait for it, release the device. A thread blocked in a driver is left behind."""
        with self._changed:
            self._closed = True
            self._reading = False
            self._changed.notify_all()
            thread = self._thread
        if thread is not None:
            thread.join(wait_s)

    def _start(self) -> None:
        """Let the thread read. Called with the lock held."""
        if self._closed:
            raise CameraGoneError(reason="closed", kind=self.info.kind)
        if self._thread is None:
            self._thread = Thread(target=self._run, name="camera", daemon=True)
            self._thread.start()
        self._reading = True
        self._changed.notify_all()

    def _restart(self) -> tuple[int, float]:
        """Begin a capture: return the number and time after which frames count."""
        with self._changed:
            self._failure = None
            self._start()
            return self._number, self._clock()

    def _raise_failure(self) -> None:
        """Raise what ended the reading, once: the next call tries the camera again. With the lock held."""
        failure, self._failure = self._failure, None
        if failure is not None:
            raise failure

    def _next(self, since: tuple[int, float], end: float) -> Frame | None:
        """Wait for a frame newer than `since`; None at the time `end`. Raises what ended the reading."""
        number, after = since
        with self._changed:
            while True:
                frame = self._newest
                if frame is not None and frame.number > number and frame.monotonic_s >= after:
                    return frame
                self._raise_failure()
                left = end - self._clock()
                if left <= 0:
                    return None
                self._changed.wait(min(left, 0.2))

    def _run(self) -> None:
        failure = self._read_to_the_end()
        self._source.close()
        if failure is not None:
            self._fail(failure)

    def _read_to_the_end(self) -> BiometricsError | None:
        try:
            self._source.open()
            self._read_until_closed()
        except BiometricsError as error:
            return error
        except Exception as error:  # noqa: BLE001  a thread's boundary: whatever a driver throws is a gone camera
            return CameraGoneError(reason=type(error).__name__, kind=self.info.kind)
        return None

    def _read_until_closed(self) -> None:
        drained = -1
        while (generation := self._wait_for_work()) is not None:
            if drained != generation:
                self._source.drain()
                drained = generation
            image = self._source.read()
            if image is None:
                raise CameraGoneError(reason="lost", kind=self.info.kind)
            self._keep(image, generation)

    def _wait_for_work(self) -> int | None:
        """Sleep while paused. Return the generation to read for, None when the camera is closed."""
        with self._changed:
            while not self._reading and not self._closed:
                self._changed.wait()
            return None if self._closed else self._generation

    def _keep(self, image: Image, generation: int) -> None:
        """Publish a frame; one that was read across a pause is dropped."""
        with self._changed:
            if self._reading and generation == self._generation:
                self._number += 1
                self._last_s = max(self._last_s, self._clock())
                self._newest = Frame(image=image, monotonic_s=self._last_s, number=self._number)
                self._changed.notify_all()

    def _fail(self, error: BiometricsError) -> None:
        with self._changed:
            self._failure = error
            self._thread = None
            self._changed.notify_all()


def _time(frame: Frame) -> float:
    return frame.monotonic_s
