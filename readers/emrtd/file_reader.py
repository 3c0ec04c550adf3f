"""Reading elementary files with READ BINARY (9303-10 3.6), short length first, every length capped."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from readers.errors import (
    CardMuteError,
    ChipFileMissingError,
    ChipFileTooLargeError,
    ChipMalformedError,
    ChipStatusError,
    TlvError,
)
from readers.iso7816 import status_words, tlv
from readers.iso7816.apdu import CommandApdu, ResponseApdu

if TYPE_CHECKING:
    from collections.abc import Callable

    from readers.emrtd.files import FileSpec
    from readers.iso7816.channel import Channel

_SELECT: Final = 0xA4
_READ_BINARY: Final = 0xB0
_READ_BINARY_ODD: Final = 0xB1
_OFFSET_OBJECT: Final = 0x54
_DATA_OBJECT: Final = 0x53
_LAST_SHORT_OFFSET: Final = 0x7FFF
_OBJECT_HEADER: Final = 4
_SMALLEST_BLOCK: Final = 16
_NOT_THERE: Final = frozenset({status_words.FILE_NOT_FOUND, status_words.RECORD_NOT_FOUND})
_SHORTER_THAN_ASKED: Final = frozenset({status_words.OK, status_words.END_OF_FILE})


@dataclass(slots=True, kw_only=True)
class Progress:
    """Where the caller is told how far a file is, and when the time for the whole read is over."""

    on_progress: Callable[[str, int, int], None] | None
    monotonic: Callable[[], float]
    deadline: float

    def report(self, name: str, done: int, total: int) -> None:
        """Pass on progress in octets. Raises CardMuteError when the time is over."""
        if self.monotonic() > self.deadline:
            raise CardMuteError(reason="read-deadline", file=name)
        if self.on_progress is not None:
            self.on_progress(name, done, total)


class FileReader:
    """Selects and reads files over one channel; remembers the block length the chip accepts."""

    def __init__(self, channel: Channel, *, block: int, progress: Progress) -> None:
        self._channel = channel
        self._block = block
        self._progress = progress

    def read(self, spec: FileSpec) -> bytes:
        """The whole file, exactly as long as its own header says.

        Raises ChipFileMissingError, ChipFileTooLargeError, ChipMalformedError, ChipStatusError,
        CardMuteError."""
        select = CommandApdu(ins=_SELECT, p1=0x02, p2=0x0C, data=spec.file_id_bytes)
        status = self._channel.send(select).sw
        if status in _NOT_THERE:
            raise ChipFileMissingError(file=spec.name)
        if status != status_words.OK:
            raise ChipStatusError(command="select-file", file=spec.name, sw=f"{status:04X}")
        return self._read_selected(spec, first_p1=0x00)

    def read_by_sfi(self, spec: FileSpec) -> bytes:
        """As `read`, without SELECT: the first READ BINARY names the short identifier."""
        return self._read_selected(spec, first_p1=0x80 | spec.sfi)

    def _read_selected(self, spec: FileSpec, *, first_p1: int) -> bytes:
        first = self._read_block(
            spec,
            lambda le: CommandApdu(ins=_READ_BINARY, p1=first_p1, le=le),
            min(self._block, spec.at_least),
        )
        total = _announced_length(spec, first)
        content = bytearray(first[:total])
        reads_left = 2 * (total // self._block) + 64
        while len(content) < total:
            self._progress.report(spec.name, len(content), total)
            if reads_left == 0:
                raise ChipMalformedError(file=spec.name, reason="too-many-reads")
            reads_left -= 1
            content += self._read_at(spec, len(content), total - len(content))
        self._progress.report(spec.name, total, total)
        return bytes(content)

    def _read_at(self, spec: FileSpec, offset: int, wanted: int) -> bytes:
        if offset <= _LAST_SHORT_OFFSET:
            return self._read_block(
                spec,
                lambda le: CommandApdu(ins=_READ_BINARY, p1=offset >> 8, p2=offset & 0xFF, le=le),
                wanted,
            )
        return self._read_far(spec, offset, wanted)

    def _read_far(self, spec: FileSpec, offset: int, wanted: int) -> bytes:
        """Beyond 7FFF the offset is a data object and so is the answer (9303-10 3.6.6)."""
        where = tlv.encode(_OFFSET_OBJECT, offset.to_bytes(2, "big"))
        count = min(wanted, self._block - _OBJECT_HEADER)
        overhead = len(tlv.encode(_DATA_OBJECT, bytes(count))) - count
        command = CommandApdu(ins=_READ_BINARY_ODD, data=where, le=count + overhead)
        octets = _good_data(spec, self._channel.send(command))
        try:
            data = tlv.parse_one(octets, _DATA_OBJECT).value
        except TlvError:
            raise ChipMalformedError(file=spec.name, reason="read-object") from None
        return _require_some(spec, data[:wanted], wanted)

    def _read_block(self, spec: FileSpec, command: Callable[[int], CommandApdu], wanted: int) -> bytes:
        """One READ BINARY; asks again with the length the chip names (6Cxx), or for less (6700)."""
        count = min(wanted, self._block)
        response = self._channel.send(command(count))
        if status_words.is_wrong_le(response.sw) and 0 < response.sw & 0xFF < count:
            count = response.sw & 0xFF
            response = self._channel.send(command(count))
        while response.sw == status_words.WRONG_LENGTH and count > _SMALLEST_BLOCK:
            self._block = count = max(_SMALLEST_BLOCK, count // 2)
            response = self._channel.send(command(count))
        return _require_some(spec, _good_data(spec, response), count)


def _good_data(spec: FileSpec, response: ResponseApdu) -> bytes:
    if response.sw not in _SHORTER_THAN_ASKED:
        if response.sw == status_words.WRONG_OFFSET:
            raise ChipMalformedError(file=spec.name, reason="shorter-than-announced")
        if response.sw in _NOT_THERE:
            raise ChipFileMissingError(file=spec.name)
        raise ChipStatusError(command="read-binary", file=spec.name, sw=f"{response.sw:04X}")
    return response.data


def _require_some(spec: FileSpec, data: bytes, wanted: int) -> bytes:
    if not data:
        raise ChipMalformedError(file=spec.name, reason="empty-read")
    if len(data) > wanted:
        raise ChipMalformedError(file=spec.name, reason="more-than-asked")
    return data


def _announced_length(spec: FileSpec, first: bytes) -> int:
    """Length of the file by its own header, checked against tag and cap."""
    try:
        header = tlv.read_header(first)
    except TlvError as error:
        raise ChipMalformedError(file=spec.name, reason="header") from error
    if header.tag != spec.tag:
        raise ChipMalformedError(file=spec.name, reason="unexpected-tag")
    if header.total > spec.cap:
        raise ChipFileTooLargeError(file=spec.name, announced=header.total, cap=spec.cap)
    return header.total
