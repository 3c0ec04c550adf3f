"""Reading elementary files with READ BINARY (9303-10 3.6): every length capped, every loop bounded, and a file
that was begun can be gone on with over another channel."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal

from readers.errors import (
    CardMuteError,
    ChipFileMissingError,
    ChipFileTooLargeError,
    ChipMalformedError,
    ChipStatusError,
    TlvError,
)
from readers.iso7816 import status_words, tlv
from readers.iso7816.apdu import MAX_SHORT_LE, CommandApdu, ResponseApdu

if TYPE_CHECKING:
    from collections.abc import Callable

    from readers.emrtd.files import FileSpec
    from readers.iso7816.channel import Channel

_SELECT: Final = 0xA4
_NO_ANSWER_WANTED: Final = 0x0C
_READ_BINARY: Final = 0xB0
_READ_BINARY_ODD: Final = 0xB1
_OFFSET_OBJECT: Final = 0x54
_DATA_OBJECT: Final = 0x53
_LAST_SHORT_OFFSET: Final = 0x7FFF
_OBJECT_HEADER: Final = 4
_SHORT_ID_MARK: Final = 0x80
_SMALLEST_BLOCK: Final = 16
_FEWEST_OCTETS_A_COMMAND: Final = 32
_COMMANDS_BESIDES: Final = 64
_NOT_THERE: Final = frozenset({status_words.FILE_NOT_FOUND, status_words.RECORD_NOT_FOUND})
_SHORTER_THAN_ASKED: Final = frozenset({status_words.OK, status_words.END_OF_FILE})
_WANTS_SHORT_ID: Final = frozenset({"6986", "6A86"})

Way = Literal["", "file-id", "sfi"]
FarForm = Literal["", "wrapped", "bare"]


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


@dataclass(slots=True, kw_only=True)
class PartialFile:
    """A file as far as it was read. `total`: its length by its own header, 0 before that was read."""

    spec: FileSpec
    octets: bytearray = field(default_factory=bytearray, repr=False)
    total: int = 0

    @property
    def missing(self) -> int:
        """Octets still to be read."""
        return self.total - len(self.octets)


@dataclass(slots=True)
class ChipHabits:
    """What reading has shown of a chip: by which identifiers it gives files, how it answers beyond 7FFF, the most
    octets it gives at once (0: no limit met), the P2 of SELECT, and whether it gives a long signature, and takes a
    long key, in the extended form (None: not met)."""

    way: Way = ""
    far_form: FarForm = ""
    most_octets: int = 0
    select_p2: int = _NO_ANSWER_WANTED
    long_signature: bool | None = None
    long_key: bool | None = None


def select(channel: Channel, habits: ChipHabits, *, p1: int, data: bytes) -> ResponseApdu:
    """SELECT without wanting the file's description; with it, where a chip knows no other form (6A86), from then on
    (ISO/IEC 7816-4 11.2.2)."""
    response = channel.send(_select_command(p1, habits.select_p2, data))
    if response.sw == status_words.WRONG_P1P2 and habits.select_p2 == _NO_ANSWER_WANTED:
        habits.select_p2 = 0x00
        response = channel.send(_select_command(p1, habits.select_p2, data))
    return response


def _select_command(p1: int, p2: int, data: bytes) -> CommandApdu:
    return CommandApdu(
        ins=_SELECT, p1=p1, p2=p2, data=data, le=None if p2 == _NO_ANSWER_WANTED else MAX_SHORT_LE
    )


class FileReader:
    """Selects and reads files over one channel, at most `block` octets at once; learns the chip's habits.

    `short_block`: what fits a short answer of this channel; never asked for: more than that in the short form."""

    def __init__(
        self,
        channel: Channel,
        *,
        block: int,
        progress: Progress,
        short_block: int = MAX_SHORT_LE,
        habits: ChipHabits | None = None,
    ) -> None:
        self._channel = channel
        self._progress = progress
        self._habits = habits or ChipHabits()
        self._block = min(block, self._habits.most_octets or block)
        self._short_block = short_block
        self._commands_left = 0
        self._far_p2 = 0

    def read(self, spec: FileSpec) -> bytes:
        """The whole file, selected by its identifier, exactly as long as its own header says.

        Raises ChipFileMissingError, ChipFileTooLargeError, ChipMalformedError, ChipStatusError,
        CardMuteError."""
        self._select(spec)
        return self._read_all(PartialFile(spec=spec), first_p1=0x00)

    def read_by_sfi(self, spec: FileSpec) -> bytes:
        """As `read`, without SELECT: the first READ BINARY names the short identifier."""
        return self._read_all(PartialFile(spec=spec), first_p1=_SHORT_ID_MARK | spec.sfi)

    def fetch(self, partial: PartialFile) -> bytes:
        """Read the file, or the rest of it, by whichever identifier this chip takes: the file's, and the short
        one where no file could be selected so far. Raises what `read` raises."""
        if self._habits.way == "sfi":
            return self._read_all(partial, first_p1=_SHORT_ID_MARK | partial.spec.sfi)
        try:
            self._select(partial.spec)
        except (ChipFileMissingError, ChipStatusError) as refused:
            if self._habits.way:
                raise
            return self._fetch_by_sfi(partial, refused)
        self._habits.way = "file-id"
        return self._read_all(partial, first_p1=0x00)

    def _fetch_by_sfi(self, partial: PartialFile, refused: ChipFileMissingError | ChipStatusError) -> bytes:
        """The file by its short identifier, where SELECT was refused. Raises the refusal if that fails too."""
        try:
            content = self._read_all(partial, first_p1=_SHORT_ID_MARK | partial.spec.sfi)
        except (ChipFileMissingError, ChipStatusError, ChipMalformedError):
            if partial.total:
                raise
            raise refused from None
        self._habits.way = "sfi"
        return content

    def _select(self, spec: FileSpec) -> None:
        status = select(self._channel, self._habits, p1=0x02, data=spec.file_id_bytes).sw
        if status in _NOT_THERE:
            raise ChipFileMissingError(file=spec.name)
        if status != status_words.OK:
            raise ChipStatusError(command="select-file", file=spec.name, sw=f"{status:04X}")

    def _read_all(self, partial: PartialFile, *, first_p1: int) -> bytes:
        spec = partial.spec
        self._commands_left = _COMMANDS_BESIDES
        self._far_p2 = 0
        if not partial.total:
            first = self._ask(spec, min(self._block, spec.at_least), _near(first_p1, 0), begun=False)
            partial.total = _announced_length(spec, first)
            partial.octets[:] = first[: partial.total]
        elif first_p1:
            self._ask(spec, min(self._block, spec.at_least), _near(first_p1, 0))
        self._commands_left += partial.missing // _FEWEST_OCTETS_A_COMMAND
        while partial.missing:
            self._progress.report(spec.name, len(partial.octets), partial.total)
            partial.octets += self._read_at(partial)
        self._progress.report(spec.name, partial.total, partial.total)
        return bytes(partial.octets)

    def _read_at(self, partial: PartialFile) -> bytes:
        offset = len(partial.octets)
        if offset > _LAST_SHORT_OFFSET:
            return self._read_far(partial, offset)
        count = min(partial.missing, self._block)
        return self._ask(partial.spec, count, _near(offset >> 8, offset & 0xFF))

    def _read_far(self, partial: PartialFile, offset: int) -> bytes:
        """Beyond 7FFF the offset is a data object and so is the answer (9303-10 3.6.6), DO'53'. Some chips answer
        with the octets alone: the first answer decides. Some want the short identifier said again."""
        spec = partial.spec
        where = tlv.encode(_OFFSET_OBJECT, offset.to_bytes(2, "big"))

        def command(count: int) -> CommandApdu:
            overhead = len(tlv.encode(_DATA_OBJECT, bytes(count))) - count
            return CommandApdu(ins=_READ_BINARY_ODD, p2=self._far_p2, data=where, le=count + overhead)

        count = min(partial.missing, self._block - _OBJECT_HEADER)
        try:
            octets = self._ask(spec, count, command, margin=_OBJECT_HEADER)
        except ChipStatusError as error:
            if self._far_p2 or error.facts["sw"] not in _WANTS_SHORT_ID:
                raise
            self._far_p2 = spec.sfi
            octets = self._ask(spec, count, command, margin=_OBJECT_HEADER)
        return _require_some(spec, self._unwrap(spec, octets)[: partial.missing], partial.missing)

    def _unwrap(self, spec: FileSpec, octets: bytes) -> bytes:
        if self._habits.far_form == "bare" or (not self._habits.far_form and octets[0] != _DATA_OBJECT):
            self._habits.far_form = "bare"
            return octets
        try:
            data = tlv.parse_one(octets, _DATA_OBJECT).value
        except TlvError:
            raise ChipMalformedError(file=spec.name, reason="read-object") from None
        self._habits.far_form = "wrapped"
        return data

    def _ask(
        self,
        spec: FileSpec,
        count: int,
        command: Callable[[int], CommandApdu],
        *,
        margin: int = 0,
        begun: bool = True,
    ) -> bytes:
        """Octets of one READ BINARY, at least one and at most as many as asked for; asked again with the length that
        the chip names (6Cxx), for less (6700), for less at this place (6B00).

        `margin`: octets of the object around the answer, which not every chip counts to the length; `begun`: the
        file has announced a length, so that 6B00 breaks its word."""
        if self._short_block - margin < count <= MAX_SHORT_LE:
            count = self._short_block - margin
        while True:
            response = self._send(spec, command(count))
            fewer = self._fewer(response.sw, count, margin)
            if response.data or not fewer:
                return _require_some(spec, _good_data(spec, response, begun=begun), count + 2 * margin)
            count = fewer

    def _fewer(self, sw: int, count: int, margin: int) -> int:
        """How many octets to ask for after this refusal, 0 when asking again is no use."""
        named = (sw & 0xFF or MAX_SHORT_LE) - margin
        if status_words.is_wrong_le(sw) and 0 < named < count:
            fewer = named
        elif sw == status_words.WRONG_LENGTH and count > _SMALLEST_BLOCK:
            fewer = max(_SMALLEST_BLOCK, count // 2)
        else:
            return count // 2 if sw == status_words.WRONG_OFFSET else 0
        if sw == status_words.WRONG_LENGTH or count >= self._block - _OBJECT_HEADER:
            self._block = self._habits.most_octets = min(self._block, max(_SMALLEST_BLOCK, fewer))
        return fewer

    def _send(self, spec: FileSpec, command: CommandApdu) -> ResponseApdu:
        if self._commands_left == 0:
            raise ChipMalformedError(file=spec.name, reason="too-many-reads")
        self._commands_left -= 1
        return self._channel.send(command)


def _near(p1: int, p2: int) -> Callable[[int], CommandApdu]:
    """READ BINARY of so many octets at an offset below 8000, or by a short identifier."""
    return lambda count: CommandApdu(ins=_READ_BINARY, p1=p1, p2=p2, le=count)


def _good_data(spec: FileSpec, response: ResponseApdu, *, begun: bool) -> bytes:
    if response.sw not in _SHORTER_THAN_ASKED:
        if response.sw == status_words.WRONG_OFFSET and begun:
            raise ChipMalformedError(file=spec.name, reason="shorter-than-announced")
        if response.sw in _NOT_THERE:
            raise ChipFileMissingError(file=spec.name)
        raise ChipStatusError(command="read-binary", file=spec.name, sw=f"{response.sw:04X}")
    return response.data


def _require_some(spec: FileSpec, data: bytes, most: int) -> bytes:
    if not data:
        raise ChipMalformedError(file=spec.name, reason="empty-read")
    if len(data) > most:
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
