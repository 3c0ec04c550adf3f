"""How long an answer a chip gives: what it declares of itself, what was remembered, or one trial in the open
before any session, since a refused length may end a session (9303-10 3.6.4, ISO/IEC 7816-4 8.1.1, 12.7).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final, Literal

from readers.emrtd.files import EF_CARD_ACCESS
from readers.errors import TlvError
from readers.iso7816 import status_words, tlv
from readers.iso7816.apdu import MAX_EXTENDED_LE, MAX_SHORT_LE, CommandApdu

if TYPE_CHECKING:
    from collections.abc import Callable

    from readers.emrtd.limits import ReadLimits
    from readers.emrtd.reader_memory import ReaderMemory
    from readers.iso7816.channel import PlainChannel

SHORT_OCTETS: Final = MAX_SHORT_LE
TRIED_OCTETS: Final = 1024
"""Asked for at once of a chip that takes the extended form and says nothing of its buffer."""
MOST_OCTETS: Final = 4096 + 64
LEAST_OCTETS: Final = 64
_SELECT: Final = 0xA4
_READ_BINARY: Final = 0xB0
_ATR_INFO: Final = bytes.fromhex("2F01")
_LENGTH_INFORMATION: Final = 0x7F66
_INTEGER: Final = 0x02
_CAPABILITIES: Final = 0x47
_COMPACT_CAPABILITIES: Final = 0x7
_EXTENDED_FIELDS: Final = 0x40
_STATUS_OCTETS: Final = 2

Source = Literal["limits", "remembered", "atr", "ef-atr-info", "trial", "assumed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerLength:
    """`octets`: data of the longest answer to ask for. `extended`: whether the chip takes the extended form, None
    where nobody knows. `source`: how that is known."""

    octets: int
    extended: bool | None
    source: Source


def find_length(
    plain: PlainChannel, atr: bytes, limits: ReadLimits, memory: ReaderMemory | None
) -> AnswerLength:
    """What to ask of this chip. Sends commands only where nothing is known, before any session.

    The trial is remembered as refused before it is made: a card that it throws out works at the next insertion.
    Raises what the connection raises."""
    known = _known(atr, limits, memory)
    if known is not None:
        return known
    remember: Callable[[int], None] = _forget
    if memory is not None and atr:
        remember = partial(memory.put, atr)
    found = _declared(plain, atr)
    if found is None:
        return _try_extended(plain, remember)
    remember(found.octets)
    return found


def _forget(_octets: int) -> None:
    """Where nothing can be remembered."""


def shorter(octets: int) -> int:
    """What to ask for when so much was refused: short answers first, then less and less."""
    return SHORT_OCTETS if octets > SHORT_OCTETS else max(LEAST_OCTETS, octets // 2)


def _known(atr: bytes, limits: ReadLimits, memory: ReaderMemory | None) -> AnswerLength | None:
    if limits.extended_length is False:
        return AnswerLength(octets=SHORT_OCTETS, extended=False, source="limits")
    remembered = memory.get(atr) if memory is not None and atr else None
    if remembered:
        octets = max(LEAST_OCTETS, min(remembered, MOST_OCTETS))
        return AnswerLength(octets=octets, extended=octets > SHORT_OCTETS, source="remembered")
    if limits.extended_length or limits.block_octets > SHORT_OCTETS:
        octets = limits.block_octets + LEAST_OCTETS if limits.block_octets else TRIED_OCTETS
        return AnswerLength(octets=octets, extended=True, source="limits")
    return None


def _declared(plain: PlainChannel, atr: bytes) -> AnswerLength | None:
    """What the historical bytes and EF.ATR/INFO say."""
    extended = extended_by_historical_bytes(atr)
    if extended is False:
        return AnswerLength(octets=SHORT_OCTETS, extended=False, source="atr")
    octets, capable = _read_atr_info(plain)
    if octets is not None:
        fitting = min(octets, MOST_OCTETS)
        return AnswerLength(octets=fitting, extended=fitting > SHORT_OCTETS, source="ef-atr-info")
    if capable is False:
        return AnswerLength(octets=SHORT_OCTETS, extended=False, source="ef-atr-info")
    if extended or capable:
        source: Source = "atr" if extended else "ef-atr-info"
        return AnswerLength(octets=TRIED_OCTETS, extended=True, source=source)
    return None


def historical_bytes(atr: bytes) -> bytes:
    """The historical bytes of an answer to reset (ISO/IEC 7816-3 8.2), empty where there are none."""
    if len(atr) < 2:
        return b""
    position, following = 2, atr[1] >> 4
    while following:
        position += (following & 7).bit_count()
        if not following & 8:
            break
        if position >= len(atr):
            return b""
        following = atr[position] >> 4
        position += 1
    return atr[position : position + (atr[1] & 0x0F)]


def extended_by_historical_bytes(atr: bytes) -> bool | None:
    """Whether the card capabilities say that extended Lc and Le are taken, None where they say nothing."""
    octets = historical_bytes(atr)
    if not octets or octets[0] not in {0x00, 0x80}:
        return None
    position = 1
    while position < len(octets):
        tag, length = octets[position] >> 4, octets[position] & 0x0F
        value = octets[position + 1 : position + 1 + length]
        if tag == _COMPACT_CAPABILITIES and len(value) == length >= 3:
            return bool(value[2] & _EXTENDED_FIELDS)
        position += 1 + length
    return None


def _read_atr_info(plain: PlainChannel) -> tuple[int | None, bool | None]:
    """From EF.ATR/INFO: octets of data in the longest answer, and whether extended fields are taken."""
    select = CommandApdu(ins=_SELECT, p1=0x02, p2=0x0C, data=_ATR_INFO)
    if plain.send(select).sw != status_words.OK:
        return None, None
    answer = plain.send(CommandApdu(ins=_READ_BINARY, le=MAX_SHORT_LE))
    if answer.sw not in {status_words.OK, status_words.END_OF_FILE}:
        return None, None
    return parse_atr_info(answer.data)


def parse_atr_info(octets: bytes) -> tuple[int | None, bool | None]:
    """See `_read_atr_info`; what cannot be read says nothing."""
    longest: int | None = None
    capable: bool | None = None
    offset = 0
    try:
        while offset < len(octets):
            item, offset = tlv.read_tlv(octets, offset)
            if item.tag == _LENGTH_INFORMATION:
                longest = _longest_answer(item)
            elif item.tag == _CAPABILITIES and len(item.value) >= 3:
                capable = bool(item.value[2] & _EXTENDED_FIELDS)
    except TlvError:
        pass  # octets behind the objects, or a file longer than one short answer
    return longest, capable


def _longest_answer(item: tlv.Tlv) -> int | None:
    numbers = [int.from_bytes(each.value, "big") for each in item.children() if each.tag == _INTEGER]
    if len(numbers) != 2:
        return None
    return max(LEAST_OCTETS, min(numbers[1], MAX_EXTENDED_LE) - _STATUS_OCTETS)


def _try_extended(plain: PlainChannel, remember: Callable[[int], None]) -> AnswerLength:
    select = CommandApdu(ins=_SELECT, p1=0x02, p2=0x0C, data=EF_CARD_ACCESS.file_id_bytes)
    if plain.send(select).sw != status_words.OK:
        return AnswerLength(octets=SHORT_OCTETS, extended=None, source="assumed")
    remember(SHORT_OCTETS)
    answer = plain.send(CommandApdu(ins=_READ_BINARY, le=MAX_EXTENDED_LE))
    good = answer.sw in {status_words.OK, status_words.END_OF_FILE}
    if not good or not answer.data.startswith(bytes([EF_CARD_ACCESS.tag])):
        return AnswerLength(octets=SHORT_OCTETS, extended=False, source="trial")
    remember(TRIED_OCTETS)
    return AnswerLength(octets=TRIED_OCTETS, extended=True, source="trial")
