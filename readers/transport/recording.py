"""Recording a conversation with a card, for tests: a transcript that `replay` plays back strictly.

A transcript holds what crossed the reader, so only software cards and specimens are recorded: a connection to
another reader is refused unless the caller vouches for a specimen.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from readers.errors import CardLostError, CardMuteError, ReaderError, ReaderGoneError, RecordingRefusedError
from readers.transport.base import is_virtual_reader

if TYPE_CHECKING:
    from readers.transport.base import Connection

REPLAYABLE_ERRORS: Final = {error.code: error for error in (CardLostError, CardMuteError, ReaderGoneError)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One command and its answer, or the code of the error that took the answer's place."""

    command: bytes
    answer: bytes = b""
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcript:
    """Exchanges in order. Text form: `> command`, then `< answer` or `! error-code`, hexadecimal; `#`
    comments."""

    exchanges: tuple[Exchange, ...]

    def dump(self) -> str:
        """The text form, one line per message."""
        lines: list[str] = []
        for exchange in self.exchanges:
            lines.append(f"> {exchange.command.hex().upper()}")
            lines.append(f"! {exchange.error}" if exchange.error else f"< {exchange.answer.hex().upper()}")
        return "\n".join(lines) + "\n"

    @classmethod
    def load(cls, text: str) -> Transcript:
        """Read the text form. Raises ValueError naming the line."""
        exchanges: list[Exchange] = []
        command: bytes | None = None
        for number, line in enumerate(text.splitlines(), start=1):
            mark, _, rest = line.strip().partition(" ")
            if mark in {"", "#"}:
                continue
            if mark == ">" and command is None:
                command = bytes.fromhex(rest)
            elif mark == "<" and command is not None:
                exchanges.append(Exchange(command=command, answer=bytes.fromhex(rest)))
                command = None
            elif mark == "!" and command is not None and rest in REPLAYABLE_ERRORS:
                exchanges.append(Exchange(command=command, error=rest))
                command = None
            else:
                raise ValueError(f"transcript line {number}")
        if command is not None:
            raise ValueError("transcript ends in a command")
        return cls(exchanges=tuple(exchanges))


class RecordingConnection:
    """Passes everything through and remembers it. `specimen`: the caller vouches that the card is nobody's.

    Raises RecordingRefusedError for a reader that is not a known software reader."""

    def __init__(self, inner: Connection, *, specimen: bool = False) -> None:
        if not specimen and not is_virtual_reader(inner.name):
            raise RecordingRefusedError()
        self._inner = inner
        self._exchanges: list[Exchange] = []

    @property
    def name(self) -> str:
        """The reader's name."""
        return self._inner.name

    @property
    def atr(self) -> bytes:
        """The card's answer to reset."""
        return self._inner.atr

    @property
    def transcript(self) -> Transcript:
        """What has crossed so far."""
        return Transcript(exchanges=tuple(self._exchanges))

    def transceive(self, command: bytes) -> bytes:
        """Pass on one command. Raises what the inner connection raises."""
        try:
            answer = self._inner.transceive(command)
        except ReaderError as error:
            self._exchanges.append(Exchange(command=command, error=error.code))
            raise
        self._exchanges.append(Exchange(command=command, answer=answer))
        return answer

    def close(self) -> None:
        """Close the inner connection."""
        self._inner.close()
