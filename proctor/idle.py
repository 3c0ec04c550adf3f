"""When nobody touched the station for a while, it asks who is there. Pure; the clock is a parameter."""

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass


def since_start() -> float:
    """Return the seconds since the machine started, with those in which it slept: Linux leaves them out of what it
    calls monotonic, and a laptop that was closed for an hour would wake with its station open."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if sys.platform == "linux" else time.monotonic()


@dataclass(frozen=True, slots=True, kw_only=True)
class IdleState:
    """`locked`: the password is asked for again; else `left_s` seconds until then."""

    locked: bool
    left_s: int


class IdleLock:
    """Locks after `minutes` without `touch` (rules.idle_minutes); only `unlock` lets anybody go on.

    `clock` gives seconds that never go back and go on while the machine sleeps where the system has such a clock. A
    lock that came stays: what moves afterwards, a mouse in a draught, opens nothing.
    """

    def __init__(self, clock: Callable[[], float], minutes: int) -> None:
        if minutes < 1:
            raise ValueError("an idle lock needs a minute at least")
        self._clock, self._limit_s = clock, minutes * 60
        self._touched = clock()
        self._locked = False

    def touch(self) -> IdleState:
        """Somebody did something; return the state after it. A station that is locked stays so."""
        state = self.state()
        if not state.locked:
            self._touched = self._clock()
            return IdleState(locked=False, left_s=self._limit_s)
        return state

    def lock(self) -> IdleState:
        """Lock at once: somebody leaves the desk."""
        self._locked = True
        return self.state()

    def unlock(self) -> IdleState:
        """Somebody proved who they are."""
        self._locked, self._touched = False, self._clock()
        return self.state()

    def state(self) -> IdleState:
        """Return the state now. A clock that went back locks: nobody knows how long it was."""
        idle = self._clock() - self._touched
        if idle < 0 or idle >= self._limit_s:
            self._locked = True
        return IdleState(locked=self._locked, left_s=0 if self._locked else int(self._limit_s - idle) or 1)
