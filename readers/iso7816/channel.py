"""Channels carry commands to the chip and wrap one another: plain here, secure in emrtd.secure_messaging."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

from readers.errors import ChipMalformedError
from readers.iso7816.apdu import CommandApdu, ResponseApdu

if TYPE_CHECKING:
    from readers.transport.base import Connection

MAX_ANSWER_OCTETS: Final = 66 * 1024
MAX_ANSWER_PARTS: Final = 320
"""What 66 KB take in parts of a short answer, and some."""
_GET_RESPONSE: Final = 0xC0


class Channel(Protocol):
    """A way to send one command and get its answer."""

    def send(self, command: CommandApdu) -> ResponseApdu:
        """Return the chip's answer. Raises ReaderError."""


class PlainChannel:
    """Commands as they are. Collects answers that come in parts (61xx, ISO/IEC 7816-4 5.3.4)."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def send(self, command: CommandApdu) -> ResponseApdu:
        """Return the chip's answer, parts joined. Raises ReaderError."""
        return self.transceive(command.encode())

    def transceive(self, octets: bytes) -> ResponseApdu:
        """As `send`, for a command that is encoded already."""
        answer = ResponseApdu.decode(self._connection.transceive(octets))
        parts = [answer.data]
        collected = len(answer.data)
        while answer.sw & 0xFF00 == 0x6100:
            more = CommandApdu(ins=_GET_RESPONSE, le=answer.sw & 0xFF or 256)
            answer = ResponseApdu.decode(self._connection.transceive(more.encode()))
            collected += len(answer.data)
            if not answer.data or collected > MAX_ANSWER_OCTETS or len(parts) > MAX_ANSWER_PARTS:
                raise ChipMalformedError(what="answer", reason="endless-parts")
            parts.append(answer.data)
        return ResponseApdu(data=b"".join(parts), sw=answer.sw)
