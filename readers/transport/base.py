"""The one seam to a card: command bytes in, answer bytes out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

_VIRTUAL_MARKS = (
    "virtual pcd",
    "virtual reader",
    "vpcd",
    "vsmartcard",
    "vicc",
    "softcard",
    "jcardsim",
    "simulator",
)


class Connection(Protocol):
    """A powered card. Not thread-safe: one conversation at a time."""

    @property
    def name(self) -> str:
        """The reader's name."""

    @property
    def atr(self) -> bytes:
        """The card's answer to reset; never evidence of anything."""

    def transceive(self, command: bytes) -> bytes:
        """Return the answer, SW1 SW2 last. Raises CardLostError, CardMuteError, ReaderGoneError."""

    def close(self) -> None:
        """Release the card; harmless when called again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReaderInfo:
    """A connected reader; `virtual` readers are for training and tests only."""

    name: str
    virtual: bool


def is_virtual_reader(name: str) -> bool:
    """Whether the name is that of a known software reader (vsmartcard's "Virtual PCD" and the like)."""
    folded = name.casefold()
    return any(mark in folded for mark in _VIRTUAL_MARKS)
