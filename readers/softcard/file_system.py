"""The chip's files: selection, access rules and READ BINARY (ISO/IEC 7816-4 11, 9303-10 3.6).

Quirks of the national card are kept: the master file cannot be selected (6D00), EF.CardAccess is gone once
the application is selected (6982), DG3 is locked (6982), files that do not exist give 6A82.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from readers.emrtd.files import ALL_FILES, DATA_GROUPS, DG2, EF_CARD_ACCESS, LDS1_AID
from readers.errors import TlvError
from readers.iso7816 import status_words as sw
from readers.iso7816 import tlv
from readers.iso7816.apdu import CommandApdu, ResponseApdu
from readers.softcard.faults import CardPulledError, CardSilentError
from readers.softcard.key_agreement import CommandRefusedError

if TYPE_CHECKING:
    from readers.emrtd.files import FileSpec
    from readers.softcard.personalise import ChipImage

_SHORT_BLOCK: Final = 128
_OFFSET_OBJECT: Final = 0x54
_DATA_OBJECT: Final = 0x53
_BY_APPLICATION: Final = 0x04
_BY_FILE_ID: Final = 0x02
_NO_ANSWER_DATA: Final = 0x0C
_SFI_MARK: Final = 0x80
_SFI_BITS: Final = 0x1F
_LOCKED: Final = DATA_GROUPS[3]
_SPECS_BY_FILE_ID: Final = {spec.file_id: spec for spec in ALL_FILES}
_SPECS_BY_SFI: Final = {spec.sfi: spec for spec in ALL_FILES}


class FileSystem:
    """Which application and file are selected, and what may be read; every method may raise
    CommandRefusedError.

    `protected`: whether the command came through secure messaging."""

    def __init__(self, image: ChipImage) -> None:
        self._files = image.files
        self._faults = image.faults
        self._current: FileSpec | None = None
        self._handed_out = 0
        self.application = False

    def select(self, command: CommandApdu, *, protected: bool) -> ResponseApdu:
        """Select the application by its name or a file by its identifier."""
        if command.p1 == _BY_APPLICATION:
            return self._select_application(command)
        if command.p1 == _BY_FILE_ID and len(command.data) == 2:
            spec = _SPECS_BY_FILE_ID.get(int.from_bytes(command.data, "big"))
            self._current = self._require_access(spec, protected=protected)
            return ResponseApdu(sw=sw.OK)
        raise CommandRefusedError(sw.INS_NOT_SUPPORTED if command.p1 == 0 else sw.WRONG_P1P2)

    def read_binary(self, command: CommandApdu, *, room: int, protected: bool) -> ResponseApdu:
        """Octets of the current file, or of the one whose short identifier P1 names; at most `room` of
        them."""
        if command.le is None:
            raise CommandRefusedError(sw.WRONG_LENGTH)
        if command.p1 & _SFI_MARK:
            spec = _SPECS_BY_SFI.get(command.p1 & _SFI_BITS)
            self._current = self._require_access(spec, protected=protected)
            return self._read(command.p2, command.le, room=room)
        return self._read(command.p1 << 8 | command.p2, command.le, room=room)

    def read_binary_odd(self, command: CommandApdu, *, room: int) -> ResponseApdu:
        """The same with offset and answer as data objects, for offsets above 7FFF."""
        if command.le is None or command.p1 or command.p2:
            raise CommandRefusedError(sw.WRONG_P1P2)
        try:
            offset = int.from_bytes(tlv.parse_one(command.data, _OFFSET_OBJECT).value, "big")
        except TlvError:
            raise CommandRefusedError(sw.WRONG_DATA) from None
        header = len(tlv.encode(_DATA_OBJECT, bytes(min(command.le, room)))) - min(command.le, room)
        answer = self._read(offset, max(command.le - header, 1), room=room - header)
        return ResponseApdu(data=tlv.encode(_DATA_OBJECT, answer.data), sw=answer.sw)

    def _select_application(self, command: CommandApdu) -> ResponseApdu:
        if command.data != LDS1_AID:
            raise CommandRefusedError(sw.FILE_NOT_FOUND)
        self.application, self._current = True, None
        wants_data = command.p2 != _NO_ANSWER_DATA and command.le is not None
        data = tlv.encode(0x6F, tlv.encode(0x84, LDS1_AID)) if wants_data else b""
        return ResponseApdu(data=data, sw=sw.OK)

    def _require_access(self, spec: FileSpec | None, *, protected: bool) -> FileSpec:
        """The file, if it exists and may be touched now."""
        if spec is EF_CARD_ACCESS:
            if self.application:
                raise CommandRefusedError(sw.SECURITY_NOT_SATISFIED)
        elif not self.application:
            raise CommandRefusedError(sw.FILE_NOT_FOUND)
        elif not protected or spec is _LOCKED:
            raise CommandRefusedError(sw.SECURITY_NOT_SATISFIED)
        if spec is None or spec.name not in self._files:
            raise CommandRefusedError(sw.FILE_NOT_FOUND)
        return spec

    def _read(self, offset: int, wanted: int, *, room: int) -> ResponseApdu:
        if self._current is None:
            raise CommandRefusedError(sw.NO_CURRENT_EF)
        content = self._files[self._current.name]
        if offset >= len(content):
            raise CommandRefusedError(sw.WRONG_OFFSET)
        data = content[offset : offset + min(wanted, room)]
        if self._current is DG2:
            data = self._spoil(data, content, min(wanted, room))
        past_end = wanted < 256 and offset + wanted > len(content)
        return ResponseApdu(data=data, sw=sw.END_OF_FILE if past_end else sw.OK)

    def _spoil(self, data: bytes, content: bytes, wanted: int) -> bytes:
        """What the card's faults make of a block of DG2."""
        self.fail_at(self._handed_out)
        self._handed_out += len(data)
        match self._faults.read:
            case "short":
                return data[:_SHORT_BLOCK]
            case "empty":
                return b"" if self._handed_out > len(data) else data
            case "repeated":
                return content[:wanted]
            case "too-much":
                return data + bytes(_SHORT_BLOCK)
            case "status":
                raise CommandRefusedError(sw.NO_DIAGNOSIS)
            case _:
                return data

    def fail_at(self, octets: int) -> None:
        """Leave the reader or fall silent when that many octets of DG2 are out. Raises CardPulledError,
        CardSilentError."""
        if self._faults.pulled_at is not None and octets >= self._faults.pulled_at:
            raise CardPulledError
        if self._faults.mute_at is not None and octets >= self._faults.mute_at:
            raise CardSilentError
