"""The chip's files: selection, access rules and READ BINARY (ISO/IEC 7816-4 11, 9303-10 3.6).

Quirks of the national card are kept unless its options say otherwise: the master file cannot be selected (6D00),
EF.CardAccess is gone once the application is selected (6982), DG3 is locked (6982), files that do not exist give
6A82.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from readers.emrtd.files import DATA_GROUPS, DG2, EF_CARD_ACCESS, LDS1_AID
from readers.errors import TlvError
from readers.iso7816 import status_words as sw
from readers.iso7816 import tlv
from readers.iso7816.apdu import CommandApdu, ResponseApdu
from readers.softcard.faults import CardPulledError, CardSilentError
from readers.softcard.file_names import APPLICATION_FILES, CARD_SECURITY, MASTER_FILES
from readers.softcard.refusal import CommandRefusedError

if TYPE_CHECKING:
    from readers.emrtd.files import FileSpec
    from readers.softcard.personalise import ChipImage

_SHORT_BLOCK: Final = 128
_OFFSET_OBJECT: Final = 0x54
_DATA_OBJECT: Final = 0x53
_CONTROL: Final = {0x00: 0x6F, 0x04: 0x62}
"""P2 of SELECT: what to answer with, FCI or FCP; 0C for nothing (ISO/IEC 7816-4 table 62)."""
_NO_ANSWER_DATA: Final = 0x0C
_MASTER_FILE: Final = b"\x3f\x00"
_SFI_MARK: Final = 0x80
_SFI_RESERVED: Final = 0x60
_SFI_BITS: Final = 0x1F
_AS_MANY_AS_THERE_ARE: Final = (256, 65536)
_LOCKED: Final = DATA_GROUPS[3]


class FileSystem:
    """Which application and file are selected, and what may be read; every method may raise
    CommandRefusedError.

    `protected`: whether the command came through secure messaging."""

    def __init__(self, image: ChipImage) -> None:
        self._files = image.files
        self._faults = image.faults
        self._options = image.options
        self._current: FileSpec | None = None
        self.handed_out = 0
        self.application = False

    def select(self, command: CommandApdu, *, protected: bool) -> ResponseApdu:
        """Select the application by its name, or a file by its identifier."""
        if command.p2 not in (*_CONTROL, _NO_ANSWER_DATA):
            raise CommandRefusedError(sw.WRONG_P1P2)
        match command.p1:
            case 0x04:
                return self._select_application(command)
            case 0x02 if len(command.data) == 2:
                return self._select_file(command, protected=protected)
            case 0x00 if self._options.master_file == "selectable":
                return self._select_from_master_file(command, protected=protected)
            case 0x00:
                raise CommandRefusedError(sw.INS_NOT_SUPPORTED)
            case 0x02:
                raise CommandRefusedError(sw.WRONG_LENGTH)
            case _:
                raise CommandRefusedError(sw.WRONG_P1P2)

    def read_binary(self, command: CommandApdu, *, room: int, protected: bool) -> ResponseApdu:
        """Octets of the current file, or of the one whose short identifier P1 names; at most `room` of
        them."""
        if command.le is None or command.data:
            raise CommandRefusedError(sw.WRONG_LENGTH)
        if command.p1 & _SFI_MARK:
            if command.p1 & _SFI_RESERVED:
                raise CommandRefusedError(sw.WRONG_P1P2)
            spec = self._spec(sfi=command.p1 & _SFI_BITS)
            self._current = self._require_access(spec, protected=protected, by_sfi=True)
            return self._read(command.p2, command.le, room=room)
        return self._read(command.p1 << 8 | command.p2, command.le, room=room)

    def read_binary_odd(self, command: CommandApdu, *, room: int, protected: bool) -> ResponseApdu:
        """The same with offset and answer as data objects, for offsets above 7FFF; P1 P2 name the file by short
        or long identifier, or are zero for the current one."""
        if command.le is None:
            raise CommandRefusedError(sw.WRONG_LENGTH)
        self._select_by_parameters(command.p1 << 8 | command.p2, protected=protected)
        try:
            offset = int.from_bytes(tlv.parse_one(command.data, _OFFSET_OBJECT).value, "big")
        except TlvError:
            raise CommandRefusedError(sw.WRONG_DATA) from None
        header = len(tlv.encode(_DATA_OBJECT, bytes(min(command.le, room)))) - min(command.le, room)
        answer = self._read(offset, max(command.le - header, 1), room=room - header)
        return ResponseApdu(data=tlv.encode(_DATA_OBJECT, answer.data), sw=answer.sw)

    def _select_by_parameters(self, number: int, *, protected: bool) -> None:
        if number:
            short = 0 < number <= _SFI_BITS
            spec = self._spec(sfi=number) if short else self._spec(file_id=number)
            self._current = self._require_access(spec, protected=protected, by_sfi=short)

    def _select_application(self, command: CommandApdu) -> ResponseApdu:
        if not command.data or not LDS1_AID.startswith(command.data):
            raise CommandRefusedError(sw.FILE_NOT_FOUND)
        self.application, self._current = True, None
        return self._control(command, tlv.encode(0x84, LDS1_AID))

    def _select_file(self, command: CommandApdu, *, protected: bool) -> ResponseApdu:
        spec = self._spec(file_id=int.from_bytes(command.data, "big"))
        self._current = self._require_access(spec, protected=protected)
        size = len(self._files[self._current.name])
        return self._control(
            command,
            tlv.encode(0x80, size.to_bytes(2, "big")),
            tlv.encode(0x82, b"\x01"),
            tlv.encode(0x83, command.data),
            tlv.encode(0x88, bytes([self._current.sfi << 3])),
        )

    def _select_from_master_file(self, command: CommandApdu, *, protected: bool) -> ResponseApdu:
        """The master file, or a file in it; either leaves the application."""
        if command.data not in (b"", _MASTER_FILE):
            return self._select_file(command, protected=protected)
        self.application, self._current = False, None
        return self._control(command, tlv.encode(0x82, b"\x38"), tlv.encode(0x83, _MASTER_FILE))

    @staticmethod
    def _control(command: CommandApdu, *objects: bytes) -> ResponseApdu:
        """Control information where the command has room for it."""
        wanted = command.p2 in _CONTROL and command.le is not None
        return ResponseApdu(data=tlv.encode(_CONTROL[command.p2], *objects) if wanted else b"", sw=sw.OK)

    def _spec(self, *, sfi: int = 0, file_id: int = 0) -> FileSpec | None:
        """The file of this name in what is selected; EF.CardAccess is known everywhere, to be refused."""
        known = (*APPLICATION_FILES, EF_CARD_ACCESS) if self.application else MASTER_FILES
        return next((spec for spec in known if (sfi and spec.sfi == sfi) or spec.file_id == file_id), None)

    def _require_access(self, spec: FileSpec | None, *, protected: bool, by_sfi: bool = False) -> FileSpec:
        """The file, if it exists and may be touched now."""
        if self.application and (spec is EF_CARD_ACCESS or not protected or spec is _LOCKED):
            raise CommandRefusedError(sw.SECURITY_NOT_SATISFIED)
        hidden = spec is EF_CARD_ACCESS and self._options.card_access == "sfi" and not by_sfi
        if spec is None or spec.name not in self._files or hidden:
            raise CommandRefusedError(sw.FILE_NOT_FOUND)
        if spec is CARD_SECURITY and not protected:
            raise CommandRefusedError(sw.SECURITY_NOT_SATISFIED)
        return spec

    def _read(self, offset: int, wanted: int, *, room: int) -> ResponseApdu:
        if self._current is None:
            raise CommandRefusedError(sw.NO_CURRENT_EF)
        content = self._files[self._current.name]
        if offset >= len(content):
            raise CommandRefusedError(sw.WRONG_OFFSET)
        room = min(room, self._options.max_block or room)
        data = content[offset : offset + min(wanted, room)]
        if self._current is DG2:
            data = self._spoil(data, content, min(wanted, room))
        past_end = wanted not in _AS_MANY_AS_THERE_ARE and offset + wanted > len(content)
        return ResponseApdu(data=data, sw=sw.END_OF_FILE if past_end else sw.OK)

    def _spoil(self, data: bytes, content: bytes, wanted: int) -> bytes:
        """What the card's faults make of a block of DG2."""
        self.fail_at(self.handed_out)
        self.handed_out += len(data)
        match self._faults.read:
            case "short":
                return data[:_SHORT_BLOCK]
            case "empty":
                return b"" if self.handed_out > len(data) else data
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
