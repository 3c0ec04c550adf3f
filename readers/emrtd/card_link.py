"""The connection of one read: it ends every step in time, counts what crosses, and outlives a lifted card."""

from __future__ import annotations

from typing import TYPE_CHECKING

from readers.errors import CardMuteError

if TYPE_CHECKING:
    from collections.abc import Callable

    from readers.transport.base import Connection


class CardLink:
    """Passes commands to the connection that is current. `apdus` and `octets` (both directions) only grow."""

    def __init__(self, connection: Connection, monotonic: Callable[[], float]) -> None:
        self._connection = connection
        self._monotonic = monotonic
        self._deadline = float("inf")
        self.apdus = 0
        self.octets = 0

    @property
    def name(self) -> str:
        """The reader's name."""
        return self._connection.name

    @property
    def atr(self) -> bytes:
        """The card's answer to reset."""
        return self._connection.atr

    def begin(self, seconds: float) -> float:
        """Start a step; return its deadline on the monotonic clock."""
        self._deadline = self._monotonic() + seconds
        return self._deadline

    def prolong(self, seconds: float) -> None:
        """Give back time during which there was no card to talk to."""
        self._deadline += seconds

    def transceive(self, command: bytes) -> bytes:
        """As the connection does. Raises CardMuteError when the step's time is over, however many commands a
        chip may draw it out over."""
        if self._monotonic() > self._deadline:
            raise CardMuteError(reason="step-deadline")
        self.apdus += 1
        self.octets += len(command)
        answer = self._connection.transceive(command)
        self.octets += len(answer)
        return answer

    def replace(self, connection: Connection) -> None:
        """Go on over another connection."""
        self._connection = connection

    def close(self) -> None:
        """Release the card."""
        self._connection.close()
