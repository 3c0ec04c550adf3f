"""QR codes held before the face's camera: looked for in a frame now and then, beside everything else."""

from collections.abc import Callable
from threading import Condition, Thread
from time import monotonic
from typing import Final

from biometrics.frames import Frame
from readers.qr.camera import SeenCodes, read_codes

BETWEEN_S: Final = 0.15


class FrameScanner:
    """A thread that decodes the newest frame it was offered, a few times a second; older ones are never looked at."""

    def __init__(
        self,
        on_code: Callable[[str], None],
        *,
        between_s: float = BETWEEN_S,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._on_code = on_code
        self._between_s = between_s
        self._clock = clock
        self._changed = Condition()
        self._frame: Frame | None = None
        self._ended = False
        self._seen = SeenCodes()
        self._next_s = float("-inf")
        self._thread = Thread(target=self._run, name="qr-camera", daemon=True)

    def start(self) -> None:
        """Begin to wait for frames."""
        self._thread.start()

    def offer(self, frame: Frame) -> None:
        """Take a frame, if one is due; never waits."""
        with self._changed:
            if self._clock() >= self._next_s:
                self._next_s = self._clock() + self._between_s
                self._frame = frame
                self._changed.notify()

    def close(self, wait_s: float = 2.0) -> None:
        """End the thread, and forget the frame."""
        with self._changed:
            self._ended, self._frame = True, None
            self._changed.notify()
        if self._thread.ident is not None:
            self._thread.join(wait_s)

    def _run(self) -> None:
        while (frame := self._next()) is not None:
            code = self._seen.new(read_codes(frame.image), self._clock())
            if code is not None:
                self._on_code(code)

    def _next(self) -> Frame | None:
        with self._changed:
            while self._frame is None and not self._ended:
                self._changed.wait()
            frame, self._frame = self._frame, None
            return None if self._ended else frame
