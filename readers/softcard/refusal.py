"""How a part of the chip refuses a command."""

from __future__ import annotations

from readers.errors import TlvError
from readers.iso7816 import status_words, tlv


class CommandRefusedError(Exception):
    """The chip answers with this status word and forgets the protocol run."""

    def __init__(self, sw: int) -> None:
        super().__init__(f"{sw:04X}")
        self.sw = sw


def read_parameters(data: bytes) -> dict[int, bytes]:
    """The data objects of a MANAGE SECURITY ENVIRONMENT, by tag. Raises CommandRefusedError."""
    try:
        return {item.tag: item.value for item in tlv.parse_all(data)}
    except TlvError:
        raise CommandRefusedError(status_words.WRONG_DATA) from None
