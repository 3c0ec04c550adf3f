"""Whole lines out of what a serial line gives: never half a code, never two glued together."""

from __future__ import annotations

from typing import Final

MAX_OCTETS: Final = 4096
STALE_S: Final = 1.0
"""A code arrives within milliseconds: what waited longer for its end was cut off, by a cable that went out."""


class LineBuffer:
    """Collects octets and gives lines without their ends (CR, LF, or both) and without empty ones.

    A line of more than `most` octets is thrown away up to its end; so is one whose rest does not come for `stale_s`
    seconds. `dropped` counts both."""

    def __init__(self, *, most: int = MAX_OCTETS, stale_s: float = STALE_S) -> None:
        self._most = most
        self._stale_s = stale_s
        self._part = bytearray()
        self._at_s = 0.0
        self._skipping = False
        self.dropped = 0

    def feed(self, octets: bytes, now_s: float) -> tuple[str, ...]:
        """Return the lines that are complete now. What is no UTF-8 keeps its octets as lone surrogates, so that
        reading the payload says so."""
        self._forget_stale(now_s)
        if octets:
            self._at_s = now_s
        lines: list[str] = []
        for piece in octets.replace(b"\r", b"\n").replace(b"\0", b"").splitlines(keepends=True):
            self._take(piece.rstrip(b"\n"))
            if piece.endswith(b"\n"):
                lines += self._ended()
        return tuple(lines)

    def forget(self) -> None:
        """Begin anew: the device was taken out, or has just been plugged in."""
        self.dropped += bool(self._part) or self._skipping
        self._part.clear()
        self._skipping = False

    def _forget_stale(self, now_s: float) -> None:
        if (self._part or self._skipping) and now_s - self._at_s > self._stale_s:
            self.forget()

    def _take(self, octets: bytes) -> None:
        if self._skipping or len(self._part) + len(octets) > self._most:
            self._part.clear()
            self._skipping = True
        else:
            self._part += octets

    def _ended(self) -> list[str]:
        if self._skipping:
            self.forget()
            return []
        line = self._part.decode("utf-8", errors="surrogateescape").strip(" \t\ufeff")
        self._part.clear()
        return [line] if line else []
