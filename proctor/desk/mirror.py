"""The candidate's own screen, fed from a thread of its own: their mirror picture, and what comes after the attempt.

Only the newest picture is sent, and none of an attempt that is over: with "idle" or a result the picture goes.
"""

from threading import Condition, Thread
from typing import Final, Protocol

import numpy as np

from biometrics.quality import load_quality_rules
from biometrics.zone import Rectangle, zone_rectangle
from proctor.desk.preview import PreviewFrame, fitted
from proctor.desk.state import Told

LARGEST: Final = (480, 360)


class MirrorScreen(Protocol):
    """The candidate's window, as far as the mirror needs it."""

    def frame(self, width: int, height: int, rgb: bytes, zone: Rectangle) -> None: ...
    def result(self, admitted: bool) -> None: ...
    def idle(self) -> None: ...


class Mirror:
    """Passes the newest picture on, and words in their place. `offer` and `tell` never wait."""

    def __init__(self, screen: MirrorScreen) -> None:
        self._screen = screen
        self._zone = zone_rectangle(load_quality_rules().zone)
        self._changed = Condition()
        self._picture: PreviewFrame | None = None
        self._told: Told | None = None
        self._ended = False
        self._thread = Thread(target=self._run, name="mirror", daemon=True)

    def start(self) -> None:
        """Begin to wait."""
        self._thread.start()

    def offer(self, picture: PreviewFrame) -> None:
        """Take a picture; one that still waits is dropped."""
        with self._changed:
            self._picture = picture
            self._changed.notify()

    def tell(self, what: Told) -> None:
        """Show nobody, "come in" or "please wait" in place of the picture."""
        with self._changed:
            self._told, self._picture = what, None
            self._changed.notify()

    def close(self, wait_s: float = 2.0) -> None:
        """End the thread."""
        with self._changed:
            self._ended, self._picture = True, None
            self._changed.notify()
        if self._thread.ident is not None:
            self._thread.join(wait_s)

    def _run(self) -> None:
        while (order := self._next()) is not None:
            if isinstance(order, PreviewFrame):
                self._show(order)
            elif order == "idle":
                self._screen.idle()
            else:
                self._screen.result(order == "admitted")

    def _show(self, picture: PreviewFrame) -> None:
        image = np.frombuffer(picture.rgb, np.uint8).reshape(picture.height, picture.width, 3)
        small = fitted(image, LARGEST)[
            :, ::-1, ::-1
        ]  # `fitted` turns the colours round; here they were right
        height, width = small.shape[:2]
        self._screen.frame(width, height, small.tobytes(), self._zone)

    def _next(self) -> PreviewFrame | Told | None:
        with self._changed:
            while self._picture is None and self._told is None and not self._ended:
                self._changed.wait()
            if self._ended:
                return None
            if self._told is not None:
                told, self._told = self._told, None
                return told
            picture, self._picture = self._picture, None
            return picture
