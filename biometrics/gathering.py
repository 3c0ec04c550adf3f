"""The burst that is gathered while the chip is read: the best good frames of the last moments.

A thread of its own asks the camera for frames and the face engine for its judgement. `take` returns at once when
the burst is ready. What it hands on is never older than a few seconds: the person who stands there now. Nothing is
read before a notice was shown, and `drop` forgets everything for somebody who refuses.
"""

from collections.abc import Callable
from threading import Condition, Thread
from types import TracebackType
from typing import Protocol, Self

from biometrics.errors import BiometricsError, CameraGoneError
from biometrics.frame_camera import FrameCamera
from biometrics.frame_pool import FramePool, GatherLimits
from biometrics.frames import Burst, Frame
from biometrics.notice import NoticeShown, require_notice
from biometrics.quality_errors import GatheringError
from biometrics.quality_report import FrameReport

OnReport = Callable[[FrameReport], None]
SETTLED = frozenset(
    {"scene", "memory"}
)  # recorded or rendered: frames do not get old, and no more is read than needed
THREADLESS = frozenset(
    {"scene"}
)  # time passes with the frames: gathered when they are asked for, by who asks


class Judge(Protocol):
    """What gathering asks of the face engine, here or in its own process."""

    def judge(self, frame: Frame) -> FrameReport:
        """Return what a frame shows."""

    def forget(self) -> None:
        """Forget what was judged."""


class Gatherer:
    """Gathers one burst at a time; `start` may be called again after `take` or `drop`. A context manager that forgets
    at its end what was not taken. One thread uses it, beside its own."""

    def __init__(
        self,
        camera: FrameCamera,
        faces: Judge,
        notice: NoticeShown,
        *,
        on_report: OnReport | None = None,
        frames: int = 5,
        limits: GatherLimits | None = None,
    ) -> None:
        """`on_report`: called with the report of every judged frame, on the gathering thread."""
        self._camera = camera
        self._faces = faces
        self._notice = notice
        self._on_report = on_report
        self._limits = limits or GatherLimits()
        self._ages = camera.info.kind not in SETTLED
        self._threaded = camera.info.kind not in THREADLESS
        self._changed = Condition()
        self._pool = FramePool(frames=frames, limits=self._limits, ages=self._ages)
        self._thread: Thread | None = None
        self._dropped = False
        self._wanted = 0  # number of the gathering that may read; 0: none
        self._last = 0

    def __enter__(self) -> Self:
        """Return the gatherer."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Forget what was not taken."""
        self.close()

    def start(self) -> None:
        """Begin to gather; again when it runs already: nothing. Raises NoticeMissingError."""
        require_notice(self._notice)
        with self._changed:
            if self._wanted:
                return
            self._dropped = False
            self._last += 1
            self._wanted = self._last
            self._pool.clear(self._camera.now())
            if self._threaded:
                self._thread = Thread(target=self._run, args=(self._wanted,), name="gather", daemon=True)
                self._thread.start()

    def take(self, deadline_s: float = 8.0) -> Burst:
        """Return the burst, at once when it is ready, and stop reading. Starts when `start` was not called.

        At the deadline it has the good frames there are and the newest others, so that `probe` names the defect.
        Raises CameraGoneError (no frame in time, or the camera went away and did not come back), NoticeMissingError,
        GatheringError, and what the face engine's process raises when it is gone.
        """
        self.start()
        try:
            return self._await(deadline_s) if self._threaded else self._gather_here(deadline_s)
        finally:
            self._stop()
            self._camera.pause()

    def drop(self) -> None:
        """Stop, and forget every frame and what the engine saw in it: the candidate refuses pictures."""
        self._dropped = True  # for a thread that is just judging a frame
        self._stop()
        self._camera.pause()
        self._faces.forget()

    def close(self) -> None:
        """Forget what was not taken. The camera stays open: it is not this one's. May be called twice."""
        if self._wanted:
            self.drop()

    @property
    def ready(self) -> bool:
        """Whether `take` would return at once."""
        with self._changed:
            return self._pool.ready(self._camera.now())

    def _await(self, deadline_s: float) -> Burst:
        end = self._camera.now() + deadline_s
        with self._changed:
            self._pool.failures = 0  # the camera gets one more chance: it may be back
            while (left := end - self._camera.now()) > 0:
                if self._pool.ready(self._camera.now()) or self._pool.hopeless:
                    break
                self._changed.wait(min(left, 0.2))
            return self._burst()

    def _gather_here(self, deadline_s: float) -> Burst:
        end = self._camera.now() + deadline_s
        last = self._gather_one(None, self._wanted)
        silent_s = 0.0 if last is not None else self._limits.poll_s
        while self._camera.now() < end and silent_s < deadline_s and not self._pool.ready(self._camera.now()):
            if self._pool.failure is not None:
                break
            frame = self._gather_one(last, self._wanted)
            last = frame or last
            silent_s = 0.0 if frame is not None else silent_s + self._limits.poll_s
        return self._burst()

    def _burst(self) -> Burst:
        """Return what the pool has. With the lock held, or without a thread."""
        frames = self._pool.taken(self._camera.now())
        if frames and not self._pool.hopeless:
            return Burst(frames=frames, notice=self._notice, camera_kind=self._camera.info.kind)
        raise self._pool.failure or CameraGoneError(reason="no-frame", kind=self._camera.info.kind)

    def _stop(self) -> None:
        """End the gathering and forget its frames. A thread that waits for a frame ends by itself, and forgets."""
        with self._changed:
            self._wanted = 0
            self._pool.clear(self._camera.now())
            self._changed.notify_all()
            thread, self._thread = self._thread, None
        if thread is not None:
            thread.join(self._limits.stop_s)

    def _run(self, number: int) -> None:
        frame: Frame | None = None
        try:
            while self._may_go_on(number):
                frame = self._gather_one(frame, number) or frame
            if self._dropped:
                self._camera.pause()
                self._faces.forget()
        except Exception as error:  # noqa: BLE001  a thread's boundary: a fault ends the gathering and is said
            with self._changed:
                self._pool.end(GatheringError(reason=type(error).__name__))
                self._changed.notify_all()

    def _may_go_on(self, number: int) -> bool:
        """Wait until a frame is wanted; False when the gathering is over."""
        with self._changed:
            while self._wanted == number:
                if self._pool.full and not self._ages:
                    break
                pause = self._pool.pause_s(self._camera.now())
                if pause <= 0:
                    return True
                self._changed.wait(min(pause, 0.2))
            else:
                return False
        self._camera.pause()  # a recording has given enough
        return False

    def _gather_one(self, after: Frame | None, number: int) -> Frame | None:
        """Read and judge one frame; return it, None when there was none."""
        try:
            frame = self._camera.next_frame(self._notice, after=after, deadline_s=self._limits.poll_s)
            if self._wanted != number:
                return None
            if self._pool.pause_s(frame.monotonic_s) > 0:  # a scene's time passes with the frames
                return frame
            report = self._faces.judge(frame)
        except BiometricsError as error:
            with self._changed:
                if self._wanted == number:
                    self._pool.fail(error, self._camera.now())
                    self._changed.notify_all()
            return None
        with self._changed:
            if self._wanted != number:
                return frame
            self._pool.add(frame, report, self._camera.now())
            self._changed.notify_all()
        if self._on_report is not None:
            self._on_report(report)
        return frame
