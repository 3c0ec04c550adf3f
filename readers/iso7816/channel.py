"""Channels carry commands to the chip and wrap one another: plain here, secure in emrtd.secure_messaging."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

from readers.errors import ChipMalformedError
from readers.iso7816 import status_words
from readers.iso7816.apdu import MAX_SHORT_LE, CommandApdu, ResponseApdu

if TYPE_CHECKING:
    from readers.transport.base import Connection

MAX_ANSWER_OCTETS: Final = 66 * 1024
MAX_ANSWER_PARTS: Final = 320
"""What 66 KB take in parts of a short answer, and some."""
GET_RESPONSE: Final = 0xC0


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
        return self.collect(self.exchange(octets))

    def exchange(self, octets: bytes) -> ResponseApdu:
        """One command and one answer, which may be the first part of a longer one."""
        return ResponseApdu.decode(self._connection.transceive(octets))

    def collect(self, answer: ResponseApdu) -> ResponseApdu:
        """The whole answer that begins with this one. Raises ChipMalformedError when it does not end."""
        parts = [answer.data]
        collected = len(answer.data)
        while status_words.is_more_data(answer.sw):
            answer = self._part(answer.sw & 0xFF or MAX_SHORT_LE)
            collected += len(answer.data)
            idle = not answer.data and status_words.is_more_data(answer.sw)
            if idle or collected > MAX_ANSWER_OCTETS or len(parts) > MAX_ANSWER_PARTS:
                raise ChipMalformedError(what="answer", reason="endless-parts")
            parts.append(answer.data)
        return ResponseApdu(data=b"".join(parts), sw=answer.sw)

    def _part(self, octets: int) -> ResponseApdu:
        """GET RESPONSE; once more with the length that the chip names (6Cxx)."""
        answer = self.exchange(CommandApdu(ins=GET_RESPONSE, le=octets).encode())
        if status_words.is_wrong_le(answer.sw) and not answer.data:
            le = answer.sw & 0xFF or MAX_SHORT_LE
            answer = self.exchange(CommandApdu(ins=GET_RESPONSE, le=le).encode())
        return answer
