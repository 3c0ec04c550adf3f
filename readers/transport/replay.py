"""Strict replay of a transcript: the same commands in the same order, or AssertionError (never a
ReaderError)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from readers.transport.recording import REPLAYABLE_ERRORS

if TYPE_CHECKING:
    from readers.transport.recording import Transcript


class ReplayConnection:
    """Answers from a transcript."""

    def __init__(self, transcript: Transcript, *, name: str = "replay", atr: bytes = b"") -> None:
        self._exchanges = transcript.exchanges
        self._position = 0
        self.name = name
        self.atr = atr

    def transceive(self, command: bytes) -> bytes:
        """The recorded answer, or the recorded error. Raises AssertionError on any other command."""
        if self._position >= len(self._exchanges):
            raise AssertionError(f"command {self._position + 1} is beyond the transcript")
        exchange = self._exchanges[self._position]
        self._position += 1
        if exchange.command != command:
            raise AssertionError(f"command {self._position} differs from the transcript")
        if exchange.error:
            raise REPLAYABLE_ERRORS[exchange.error]()
        return exchange.answer

    def close(self) -> None:
        """Nothing to release."""

    def require_finished(self) -> None:
        """Raises AssertionError when recorded exchanges were not asked for."""
        if self._position != len(self._exchanges):
            raise AssertionError(f"{len(self._exchanges) - self._position} exchanges were not replayed")
