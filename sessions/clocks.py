"""Both clocks of each entry, and what is written when they disagree.

Within one boot wall clock and monotonic clock advance alike; from one boot to the next the wall clock does not go
back. Writer and verifier use the same rule. Form: docs/log-format.md, "Clock".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from sessions.record import Clock, Moment, format_utc, parse_utc

TOLERANCE_MS: Final = 2_000
FIELDS: Final = ("at", "monotonic_ms", "boot_id")


def jump_of(before: Mapping[str, Any], after: Mapping[str, Any]) -> int | None:
    """Return by how many ms the wall clock jumped between two entries' clocks; None where it did not.

    Over a boot the wall clock alone is judged: only a step back is a jump. Raises ValueError, KeyError for what are
    no clocks.
    """
    wall = round((parse_utc(after["at"]) - parse_utc(before["at"])).total_seconds() * 1000)
    if before["boot_id"] != after["boot_id"]:
        return wall if wall < 0 else None
    jump = wall - (after["monotonic_ms"] - before["monotonic_ms"])
    return jump if abs(jump) > TOLERANCE_MS else None


class Clocks:
    """The clocks of the next entry, compared with those of the one before."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._last: Mapping[str, Any] | None = None
        self._moment: Moment | None = None

    def place(
        self, last_body: Callable[[], Mapping[str, Any] | None]
    ) -> tuple[dict[str, Any], dict[str, Any] | None]:
        """Return the clock fields of an entry, and the body of the clock entry that must come first, if any.

        `last_body` is asked once, for the entry before the first that is written here.
        """
        moment = self._clock.now()
        now = {
            "at": format_utc(moment.at),
            "monotonic_ms": moment.monotonic_ms,
            "boot_id": moment.boot_id,
        }
        before = self._last if self._last is not None else last_body()
        near = self._moment is not None and _is_near(self._moment, moment)
        self._last, self._moment = now, moment
        if near:
            return now, None
        jump = None if before is None else jump_of(before, now)
        if before is None or jump is None:
            return now, None
        return now, {"jump_ms": jump, "before": {name: before[name] for name in FIELDS}}

    def forget(self) -> None:
        """Ask again: what was placed last was not committed."""
        self._last = self._moment = None


def _is_near(before: Moment, after: Moment) -> bool:
    """Whether the clocks agree well within what `jump_of` tolerates, so that nothing needs to be parsed."""
    if before.boot_id != after.boot_id:
        return False
    wall = (after.at - before.at).total_seconds() * 1000
    return abs(wall - (after.monotonic_ms - before.monotonic_ms)) < TOLERANCE_MS - 10
