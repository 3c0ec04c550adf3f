"""Commands over T=0, which knows no command with data both ways and no length above 256 (ISO/IEC 7816-3 12.2).

Above this a card speaks as over T=1: the answer to a command that brought data is fetched with GET RESPONSE, a length
that the card corrects (6Cxx) is asked again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

_HEADER_OCTETS: Final = 4
_GET_RESPONSE: Final = bytes.fromhex("00C00000")
_WRONG_LENGTH: Final = b"\x67\x00"
_MORE_DATA: Final = 0x61
_WRONG_LE: Final = 0x6C


def exchange(command: bytes, transmit: Callable[[bytes], bytes]) -> bytes:
    """Send one command APDU as T=0 carries it and return the whole first answer.

    61xx after a command with data is followed up once; what is left then is the caller's to fetch. A command that T=0
    cannot carry, with more than 255 octets or with a long answer and no data, is answered 6700 here and not sent."""
    carried = _carried(command)
    if carried is None:
        return _WRONG_LENGTH
    octets, has_answer = carried
    answer = transmit(octets)
    if len(octets) == _HEADER_OCTETS + 1 and _is(answer, _WRONG_LE):
        return transmit(octets[:-1] + answer[1:2])
    if has_answer and _is(answer, _MORE_DATA):
        return _fetch(answer[1:2], transmit)
    return answer


def _fetch(length: bytes, transmit: Callable[[bytes], bytes]) -> bytes:
    answer = transmit(_GET_RESPONSE + length)
    return transmit(_GET_RESPONSE + answer[1:2]) if _is(answer, _WRONG_LE) else answer


def _is(answer: bytes, sw1: int) -> bool:
    return len(answer) == 2 and answer[0] == sw1


def _carried(command: bytes) -> tuple[bytes, bool] | None:
    """The octets to send and whether an answer has to be fetched, None for what T=0 cannot carry."""
    header, body = command[:_HEADER_OCTETS], command[_HEADER_OCTETS:]
    if not body:
        return header + b"\0", False
    if len(body) == 1:
        return command, False
    if body[0]:
        data = body[1 : 1 + body[0]]
        return header + body[:1] + data, len(body) > 1 + body[0]
    data_octets = int.from_bytes(body[1:3], "big")
    if len(body) == 3 or not 0 < data_octets <= 0xFF:
        return None
    data = body[3 : 3 + data_octets]
    return header + bytes([data_octets]) + data, len(body) > 3 + data_octets
