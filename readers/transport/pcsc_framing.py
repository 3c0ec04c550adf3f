"""The messages between the station and its PC/SC process: one octet of kind, four of length, then the
payload.

Requests: LIST, CONNECT (JSON {reader, wait_s}), TRANSMIT (command octets). Answers: LISTED (JSON list of
{name, card, atr}), CONNECTED (JSON {name, atr}), RECEIVED (answer octets), FAILED (JSON {code, facts}).
"""

from __future__ import annotations

import json
import struct
from enum import IntEnum
from typing import TYPE_CHECKING, Final

from readers.errors import (
    CardLostError,
    CardMuteError,
    NoCardError,
    PcscUnavailableError,
    ReaderBusyError,
    ReaderError,
    ReaderGoneError,
    ReaderNotFoundError,
)

if TYPE_CHECKING:
    from typing import IO

HEADER: Final = struct.Struct(">BI")
MAX_PAYLOAD: Final = 1 << 17
ERRORS: Final[dict[str, type[ReaderError]]] = {
    error.code: error
    for error in (
        CardLostError,
        CardMuteError,
        NoCardError,
        PcscUnavailableError,
        ReaderBusyError,
        ReaderGoneError,
        ReaderNotFoundError,
    )
}


class Kind(IntEnum):
    """What a message is."""

    LIST = 1
    CONNECT = 2
    TRANSMIT = 3
    LISTED = 129
    CONNECTED = 130
    RECEIVED = 131
    FAILED = 132


def write(stream: IO[bytes], kind: Kind, payload: bytes = b"") -> None:
    """Write one message and flush. Raises OSError when the other side is gone."""
    stream.write(HEADER.pack(kind, len(payload)) + payload)
    stream.flush()


def read(stream: IO[bytes]) -> tuple[Kind, bytes] | None:
    """Read one message; None when the other side is gone or sent nonsense."""
    header = stream.read(HEADER.size)
    if len(header) < HEADER.size:
        return None
    kind, length = HEADER.unpack(header)
    if kind not in set(Kind) or length > MAX_PAYLOAD:
        return None
    payload = stream.read(length)
    return (Kind(kind), payload) if len(payload) == length else None


def pack_error(error: ReaderError) -> bytes:
    """The payload of FAILED."""
    return json.dumps({"code": error.code, "facts": dict(error.facts)}).encode()


def unpack_error(payload: bytes) -> ReaderError:
    """The error in a payload of FAILED; ReaderGoneError when its code is unknown."""
    message = json.loads(payload)
    return ERRORS.get(message["code"], ReaderGoneError)(**message["facts"])
