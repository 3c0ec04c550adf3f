"""The one seam to a card: command bytes in, answer bytes out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

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


CardState = Literal["unknown", "empty", "present", "in-use", "mute"]
Interface = Literal["unknown", "contact", "contactless"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReaderInfo:
    """A connected reader; `virtual` readers are for training and tests only.

    `card`: what lies in it, "in-use" for a card that another program holds for itself; `atr`: the card's answer to
    reset, as far as it was powered."""

    name: str
    virtual: bool
    card: CardState = "unknown"
    atr: bytes = b""

    @property
    def interface(self) -> Interface:
        """The side on which the card in it is talked to."""
        return interface_of(self.atr)


def interface_of(atr: bytes) -> Interface:
    """Contactless cards have no answer to reset: the reader makes one up, 3B 8n 80 01 and n octets (PC/SC part 3,
    3.1.3.2.3)."""
    if len(atr) < 2:
        return "unknown"
    made_up = atr[0] == 0x3B and atr[1] & 0xF0 == 0x80 and atr[2:4] == b"\x80\x01"
    return "contactless" if made_up and len(atr) == (atr[1] & 0x0F) + 5 else "contact"


def is_virtual_reader(name: str) -> bool:
    """Whether the name is that of a known software reader (vsmartcard's "Virtual PCD" and the like)."""
    folded = name.casefold()
    return any(mark in folded for mark in _VIRTUAL_MARKS)
