"""Windows under test: what goes wrong in a callback is kept for the test, and the window works while somebody waits."""

import time
import tkinter
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    Base = tkinter.Tk
else:
    Base = object


class KeptBugs(Base):
    """Mixed in before a window: `bugs` is what its callbacks raised."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self.bugs: list[BaseException] = []
        super().__init__(*arguments, **options)

    def report_callback_exception(
        self, kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        self.bugs.append(error)
        super().report_callback_exception(kind, error, trace)


class Pumped(KeptBugs):
    """The same, and it waits as somebody who looks at the screen does."""

    def pump(self, until: Callable[[], bool] = lambda: False, seconds: float = 30.0) -> bool:
        """Let the window work until something holds. False when it did not within `seconds`."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.update()
            if until():
                return True
            time.sleep(0.005)
        return False
