"""The connection of one read: it ends every step in time, counts what crosses, and outlives a lifted card."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from readers.errors import CardMuteError

if TYPE_CHECKING:
    from collections.abc import Callable

    from readers.transport.base import Connection

_LEAST_EXTENDED: Final = 7
_LONGEST_SHORT_ANSWER: Final = 256 + 2


class CardLink:
    """Passes commands to the connection that is current. `apdus` and `octets` (both directions) only grow."""

    def __init__(self, connection: Connection, monotonic: Callable[[], float]) -> None:
        self._connection = connection
        self._monotonic = monotonic
        self._deadline = float("inf")
        self.apdus = 0
        self.octets = 0
        self._asked_long = False
        self._longest_answer = 0

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
        self._asked_long = len(command) >= _LEAST_EXTENDED and command[4] == 0
        answer = self._connection.transceive(command)
        self.octets += len(answer)
        self._longest_answer = max(self._longest_answer, len(answer))
        return answer

    @property
    def fell_at_length(self) -> bool:
        """Whether the last command asked for a long answer and none was ever given: a card lost there may have been
        thrown out by the length."""
        return self._asked_long and self._longest_answer <= _LONGEST_SHORT_ANSWER

    def replace(self, connection: Connection) -> None:
        """Go on over another connection."""
        self._connection = connection
        self._asked_long = False

    def close(self) -> None:
        """Release the card."""
        self._connection.close()
