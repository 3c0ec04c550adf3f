"""Garbage is collected by the window's thread alone: Tk's pictures and variables tell Tk when they die, and only that
thread may. A collection that a worker set off would end the program."""

import gc
from collections.abc import Callable
from time import monotonic, thread_time
from typing import Final

YOUNG_S: Final = 1.0
ALL_S: Final = 20.0
SLOW_S: Final = 0.03
"""CPU time of a collection from which on what is alive is not looked through again: mostly modules that were loaded."""


class Garbage:
    """Collects when its owner has time for it, and in so little at a time that nobody at the window notices."""

    def __init__(
        self, clock: Callable[[], float] = monotonic, cpu: Callable[[], float] = thread_time
    ) -> None:
        self._clock, self._cpu = clock, cpu
        self._taken = self._frozen = self._was_on = False
        self._young_s = self._all_s = 0.0

    def take_over(self) -> None:
        """From now on nothing is collected but in `tidy`. Any thread may."""
        self._taken, self._frozen, self._was_on = True, False, gc.isenabled()
        gc.disable()

    def tidy(self) -> None:
        """Collect what is due; the owner's thread. What there is at the first call stays for good and is never looked
        through again, which makes collecting quick. Who switched the collector on again is overruled."""
        if not self._taken:
            return
        if gc.isenabled():
            self._was_on = True
            gc.disable()
        now_s = self._clock()
        if not self._frozen:
            self._frozen, self._young_s, self._all_s = True, now_s, now_s
            gc.freeze()  # without collecting, which took 0.4 s: what is garbage by now is collected after `give_back`
        if now_s - self._all_s >= ALL_S:
            self._all_s = self._young_s = now_s
            self._collect()
        elif now_s - self._young_s >= YOUNG_S:
            self._young_s = now_s
            gc.collect(1)

    def give_back(self) -> None:
        """Collect as before: where the collector was off, whoever switched it off collects."""
        if self._taken:
            self._taken = False
            if self._was_on:
                gc.unfreeze()
                gc.enable()

    def _collect(self) -> None:
        began_s = self._cpu()
        gc.collect()
        if self._cpu() - began_s >= SLOW_S:
            gc.freeze()
