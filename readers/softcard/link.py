"""How long a command takes in the field of a contactless reader, and a link that takes that long.

The model (ISO/IEC 14443-3 and -4, type A): an octet is nine bits on the air; a block carries at most 253 octets
of a message and three of its own (prologue and checksum); every block but the last is acknowledged by one of
three octets; each block waits 0.1 ms before it is sent. The card thinks `apdu_ms` over each command.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Callable

    from readers.softcard.in_process import Card
    from readers.transport.base import Connection

Kbits = Literal[106, 212, 424, 848]
RATES: Final[tuple[Kbits, ...]] = (106, 212, 424, 848)
_BITS_PER_OCTET: Final = 9
_BLOCK_OCTETS: Final = 253
_FRAME_OCTETS: Final = 3
_TURN_S: Final = 0.0001


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkModel:
    """Speed of the air in kbit/s, and the card's own time for each command in milliseconds. Raises ValueError."""

    kbit_s: int = 424
    apdu_ms: float = 0.0

    def __post_init__(self) -> None:
        """Check the ranges."""
        if self.kbit_s not in RATES or not 0 <= self.apdu_ms <= 10_000:
            raise ValueError("link")

    def seconds(self, command: int, answer: int) -> float:
        """The physical time of one command and its answer, by their octets."""
        return self._message(command) + self._message(answer) + self.apdu_ms / 1000

    def _message(self, octets: int) -> float:
        blocks = max(1, -(-octets // _BLOCK_OCTETS))
        frames = 2 * blocks - 1
        bits = (octets + frames * _FRAME_OCTETS) * _BITS_PER_OCTET
        return bits / (self.kbit_s * 1000) + frames * _TURN_S


class LinkClock:
    """Adds up what commands take. With `sleep` it is waited for; without, the clock is virtual.

    physical_s: by the model; card_s: what the software card really needed; commands, octets: counted."""

    def __init__(
        self,
        model: LinkModel,
        *,
        sleep: Callable[[float], None] | None = time.sleep,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._model = model
        self._sleep = sleep
        self._monotonic = monotonic
        self.physical_s = 0.0
        self.card_s = 0.0
        self.commands = 0
        self.octets = 0

    def take(self, work: Callable[[bytes], bytes], command: bytes) -> bytes:
        """Do the work and let the time pass that it takes on the link; what the work itself took is part of it."""
        began = self._monotonic()
        answer = work(command)
        took = self._monotonic() - began
        needed = self._model.seconds(len(command), len(answer))
        self.physical_s += needed
        self.card_s += took
        self.commands += 1
        self.octets += len(command) + len(answer)
        if self._sleep is not None and needed > took:
            self._sleep(needed - took)
        return answer


class SimulatedLink:
    """A connection that is as slow as the link; implements `Connection`."""

    def __init__(self, inner: Connection, clock: LinkClock) -> None:
        self._inner = inner
        self.clock = clock

    @property
    def name(self) -> str:
        """The reader's name."""
        return self._inner.name

    @property
    def atr(self) -> bytes:
        """The card's answer to reset."""
        return self._inner.atr

    def transceive(self, command: bytes) -> bytes:
        """Pass on one command. Raises what the inner connection raises."""
        return self.clock.take(self._inner.transceive, command)

    def close(self) -> None:
        """Close the inner connection."""
        self._inner.close()


class LinkedCard:
    """A card behind such a link, for a PC/SC reader."""

    def __init__(self, inner: Card, clock: LinkClock) -> None:
        self._inner = inner
        self.clock = clock

    @property
    def atr(self) -> bytes:
        """The answer to reset."""
        return self._inner.atr

    def reset(self) -> None:
        """Take the power away and give it back."""
        self._inner.reset()

    def process(self, octets: bytes) -> bytes:
        """Answer one command. Raises what the card raises."""
        return self.clock.take(self._inner.process, octets)
