"""Garbage is collected by the window's thread alone: Tk's pictures and variables tell Tk when they die, and only that
thread may. A collection that a worker set off would end the program."""

import gc
from collections.abc import Callable
from time import monotonic
from typing import Final

YOUNG_S: Final = 1.0
ALL_S: Final = 20.0


class Garbage:
    """Collects when its owner has time for it. Not two of them at once."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._taken = False
        self._frozen = False
        self._young_s = self._all_s = 0.0

    def take_over(self) -> None:
        """From now on nothing is collected but in `tidy`. Any thread may."""
        self._taken, self._frozen = True, False
        gc.disable()

    def tidy(self) -> None:
        """Collect what is due; the owner's thread. What there is at the first call stays for good and is never looked
        through again, which makes collecting quick. Who switched the collector on again is overruled."""
        if not self._taken:
            return
        gc.disable()
        now_s = self._clock()
        if not self._frozen:
            self._frozen, self._young_s, self._all_s = True, now_s, now_s
            gc.freeze()  # without collecting, which took 0.4 s: what is garbage by now is collected after `give_back`
        if now_s - self._all_s >= ALL_S:
            self._all_s = self._young_s = now_s
            gc.collect()
        elif now_s - self._young_s >= YOUNG_S:
            self._young_s = now_s
            gc.collect(1)

    def give_back(self) -> None:
        """Collect as before."""
        if self._taken:
            self._taken = False
            gc.unfreeze()
            gc.enable()
