"""A chip whose PACE, Chip Authentication and secure messaging are OpenPACE's: a card that is not ours.

It implements `Connection` and holds files by application and identifier.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.interop.messages import Command, objects, wrap
from tests.interop.openpace import CAN, MRZ, ForeignRefusalError, Side

if TYPE_CHECKING:
    from collections.abc import Mapping

APPLICATION = bytes.fromhex("A0000002471001")
CARD_ACCESS = 0x011C
_OK = b"\x90\x00"


class _Refused(Exception):  # noqa: N818 - a status word, no error of ours
    def __init__(self, sw: int) -> None:
        self.sw = sw
        super().__init__(f"{sw:04X}")


class EacChip:
    """One chip under power.

    `card_access`: EF.CardAccess, which also says what PACE speaks. `files`: those of the application.
    `chip_auth`: (OID, parameter id) of Chip Authentication; its static key is made here: see `static_key`."""

    name = "foreign chip"
    atr = bytes.fromhex("3B8080010101")[:6]

    def __init__(
        self,
        card_access: bytes,
        files: Mapping[int, bytes],
        *,
        can: str,
        mrz: str,
        chip_auth: tuple[str, int] | None = None,
        most: int = 256,
    ) -> None:
        self._card_access, self._files = card_access, files
        self._passwords = {1: (mrz, MRZ), 2: (can, CAN)}
        self._side = Side()
        self._most = most
        self._chip_auth = chip_auth
        self.static_key = b""
        if chip_auth is not None:
            self._side.offer_chip_auth(*chip_auth)
            self.static_key = self._side.chip_auth_key()
        self._secure = self._application = False
        self._current = b""
        self._step = ""
        self._their_key = b""
        self._next_session = False
        self.log: list[str] = []

    def insert(self, files: Mapping[int, bytes]) -> None:
        """Other files, such as a DG14 with the key that was made here."""
        self._files = files

    def close(self) -> None:
        """Power off."""
        self._side.close()

    def transceive(self, octets: bytes) -> bytes:
        """Answer one command."""
        command = Command.parse(octets)
        self.log.append(f"{command.cla:02X}{command.ins:02X}{command.p1:02X}{command.p2:02X}")
        if command.cla & 0x0C:
            return self._protected(command)
        if self._secure:
            self._secure = False
            return b"\x69\x87"
        try:
            return self._answer(command) + _OK
        except _Refused as refused:
            return refused.sw.to_bytes(2, "big")

    def _protected(self, command: Command) -> bytes:
        if not self._secure:
            return b"\x69\x88"
        side = self._side
        side.count()
        found = dict(objects(command.data))
        mac = found.pop(0x8E, b"")
        head = bytes([command.cla, command.ins, command.p1, command.p2])
        covered = command.data[: -len(wrap(0x8E, mac))]
        covered_padded = side.pad(covered) if covered else b""
        if side.mac(side.pad(head) + covered_padded) != mac:
            self._secure = False
            return b"\x69\x88"
        plain = self._open(command, found)
        try:
            data, sw = self._answer(plain), _OK
        except _Refused as refused:
            data, sw = b"", refused.sw.to_bytes(2, "big")
        side.count()
        answer = b""
        if data:
            odd = command.ins & 1
            answer = wrap(0x85, side.encrypt(data)) if odd else wrap(0x87, b"\x01" + side.encrypt(data))
        answer += wrap(0x99, sw)
        answer += wrap(0x8E, side.mac(side.pad(answer)))
        if self._next_session:
            self._next_session = False
            side.begin_chip_auth_session()
        return answer + sw

    def _open(self, command: Command, found: dict[int, bytes]) -> Command:
        data = b""
        if 0x87 in found:
            assert found[0x87][0] == 1
            data = self._side.decrypt(found[0x87][1:])
        elif 0x85 in found:
            data = self._side.decrypt(found[0x85])
        le = None
        if 0x97 in found:
            le = int.from_bytes(found[0x97], "big") or (256 if len(found[0x97]) == 1 else 65536)
        return Command(command.cla & 0xF0, command.ins, command.p1, command.p2, data, le)

    def _answer(self, command: Command) -> bytes:
        if command.ins == 0xA4:
            return self._select(command)
        if command.ins == 0xB0:
            return self._read(command)
        if command.ins == 0x22:
            return self._set(command)
        if command.ins == 0x86:
            return self._authenticate(command)
        raise _Refused(0x6D00)

    def _select(self, command: Command) -> bytes:
        if command.p1 == 0x04:
            if command.data != APPLICATION:
                raise _Refused(0x6A82)
            if not self._secure:
                raise _Refused(0x6982)
            self._application = True
            return b""
        identifier = int.from_bytes(command.data, "big")
        if command.p1 == 0 and identifier in (0, 0x3F00):
            raise _Refused(0x6D00)
        files = self._files if self._application else {CARD_ACCESS: self._card_access}
        if identifier not in files:
            raise _Refused(0x6A82)
        self._current = files[identifier]
        return b""

    def _read(self, command: Command) -> bytes:
        offset = command.p1 << 8 | command.p2
        if command.p1 & 0x80:
            if command.p1 & 0x1F != CARD_ACCESS & 0x1F or self._application:
                raise _Refused(0x6A82)
            self._current, offset = self._card_access, command.p2
        wanted = command.le or 0
        if wanted > self._most:
            raise _Refused(0x6700)
        if offset >= len(self._current):
            raise _Refused(0x6B00)
        return self._current[offset : offset + wanted]

    def _set(self, command: Command) -> bytes:
        given = dict(objects(command.data))
        if (command.p1, command.p2) == (0xC1, 0xA4):
            if 0x83 not in given or given[0x83][0] not in self._passwords:
                raise _Refused(0x6A88)
            self._side.offer(self._card_access)
            self._side.password(*self._passwords[given[0x83][0]])
            self._step = "nonce"
            return b""
        if (command.p1, command.p2) == (0x41, 0xA4) and self._secure and self._chip_auth:
            self._step = "chip-auth"
            return b""
        if (command.p1, command.p2) == (0x41, 0xA6) and self._secure and self._chip_auth:
            self._agree_chip_auth(given[0x91])
            return b""
        raise _Refused(0x6A86)

    def _authenticate(self, command: Command) -> bytes:
        ((tag, inside),) = objects(command.data)
        if tag != 0x7C:
            raise _Refused(0x6A80)
        given = dict(objects(inside))
        step, self._step = self._step, ""
        if step == "chip-auth":
            self._agree_chip_auth(given[0x80])
            return wrap(0x7C, b"")
        try:
            return wrap(0x7C, self._pace_step(step, given, chained=bool(command.cla & 0x10)))
        except ForeignRefusalError:
            raise _Refused(0x6300) from None

    def _pace_step(self, step: str, given: dict[int, bytes], *, chained: bool) -> bytes:
        side = self._side
        if chained is (step == "token"):
            raise _Refused(0x6883)
        if step == "nonce" and not given:
            self._step = "map"
            return wrap(0x80, side.encrypted_nonce())
        if step == "map":
            own = side.mapping_data()
            side.map(given[0x81])
            self._step = "key"
            return wrap(0x82, own)
        if step == "key":
            self._their_key = given[0x83]
            own = side.ephemeral_key()
            side.agree(self._their_key)
            self._step = "token"
            return wrap(0x84, own)
        if step == "token":
            token = side.token(self._their_key)
            side.check_token(given[0x85])
            side.begin_pace_session()
            self._secure = True
            return wrap(0x86, token)
        raise _Refused(0x6985)

    def _agree_chip_auth(self, key: bytes) -> None:
        try:
            self._side.chip_auth_agree(key)
        except ForeignRefusalError:
            raise _Refused(0x6300) from None
        self._next_session = True
