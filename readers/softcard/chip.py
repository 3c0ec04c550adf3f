"""The chip: commands in, answers out, with the state and the refusals of a real one (9303-11 4, 6, 9.8)."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Final

from readers.iso7816 import der
from readers.iso7816 import status_words as sw
from readers.iso7816.apdu import ApduError, CommandApdu, ResponseApdu
from readers.softcard.active_auth import sign_challenge
from readers.softcard.file_system import FileSystem
from readers.softcard.key_agreement import (
    CHIP_AUTH_OID,
    CommandRefusedError,
    PaceChip,
    chip_auth_secret,
    read_parameters,
)
from readers.softcard.secure_session import SecureCommandError, SecureSession

if TYPE_CHECKING:
    from collections.abc import Callable

    from readers.softcard.personalise import ChipImage

ATR: Final = bytes.fromhex("3B87800150524F43544F5241")
"""Contactless, T=1, historical characters PROCTOR: not that of any genuine card."""

_SHORT_LIMIT: Final = 256
_LONG_LIMIT: Final = 65536
_CHAINING: Final = 0x10
_SECURE: Final = 0x0C
_CLASSES: Final = frozenset({0x00, _CHAINING, _SECURE})
_SELECT: Final = 0xA4
_READ_BINARY: Final = 0xB0
_READ_BINARY_ODD: Final = 0xB1
_MANAGE_SECURITY: Final = 0x22
_GENERAL_AUTHENTICATE: Final = 0x86
_INTERNAL_AUTHENTICATE: Final = 0x88
_GET_RESPONSE: Final = 0xC0
_SET_PACE: Final = (0xC1, 0xA4)
_SET_CHIP_AUTH: Final = (0x41, 0xA4)
_MORE_DATA: Final = 0x6100
_CHALLENGE_OCTETS: Final = 8


class SoftCard:
    """One chip under power. `process` raises CardPulledError or CardSilentError when its faults say so."""

    def __init__(self, image: ChipImage, randbytes: Callable[[int], bytes] = secrets.token_bytes) -> None:
        self._image = image
        self._faults = image.faults
        self._randbytes = randbytes
        self._commands: dict[int, Callable[[CommandApdu, bool, int], ResponseApdu]] = {
            _SELECT: lambda command, protected, _: self._files.select(command, protected=protected),
            _READ_BINARY: lambda command, protected, room: self._files.read_binary(
                command, room=room, protected=protected
            ),
            _READ_BINARY_ODD: lambda command, _, room: self._files.read_binary_odd(command, room=room),
            _MANAGE_SECURITY: lambda command, protected, _: self._manage_security(
                command, protected=protected
            ),
            _GENERAL_AUTHENTICATE: lambda command, protected, _: self._authenticate(
                command, protected=protected
            ),
            _INTERNAL_AUTHENTICATE: lambda command, protected, _: self._prove(command, protected=protected),
        }
        self._last_signature = b""
        self.reset()

    @property
    def atr(self) -> bytes:
        """The answer to reset."""
        return ATR

    def reset(self) -> None:
        """Power-on state: nothing selected, no session, no half-finished protocol."""
        self._files = FileSystem(self._image)
        self._session: SecureSession | None = None
        self._next_session: SecureSession | None = None
        self._pace: PaceChip | None = None
        self._chip_auth = False
        self._pending = b""

    def process(self, octets: bytes) -> bytes:
        """Answer one command; an answer longer than the command allows goes out in parts (61xx)."""
        self._files.fail_at(0)
        if self._faults.dead:
            return ResponseApdu(sw=sw.NO_DIAGNOSIS).encode()
        try:
            command = CommandApdu.decode(octets)
        except ApduError:
            self._session = None
            return ResponseApdu(sw=sw.WRONG_LENGTH).encode()
        if command.ins == _GET_RESPONSE and self._pending:
            return self._part(self._pending, command.le or _SHORT_LIMIT)
        limit = _LONG_LIMIT if command.extended else _SHORT_LIMIT
        return self._part(self._answer(command, limit).encode(), limit)

    def _part(self, answer: bytes, limit: int) -> bytes:
        """The next part of an answer; 61xx says how much is left (ISO/IEC 7816-4 5.3.4)."""
        if len(answer) - 2 <= limit:
            self._pending = b""
            return answer
        self._pending = answer[limit:]
        left = len(self._pending) - 2
        return answer[:limit] + (_MORE_DATA | (left if left < _SHORT_LIMIT else 0)).to_bytes(2, "big")

    def _answer(self, command: CommandApdu, limit: int) -> ResponseApdu:
        if command.cla not in _CLASSES:
            return ResponseApdu(sw=sw.CLA_NOT_SUPPORTED)
        if command.cla == _SECURE:
            return self._answer_secure(command, limit)
        if self._session is not None:
            self._session = None
            return ResponseApdu(sw=sw.SM_OBJECTS_MISSING)
        return self._dispatch(command, protected=False, room=limit)

    def _answer_secure(self, command: CommandApdu, limit: int) -> ResponseApdu:
        """Any failed check ends the session, and the refusal goes out bare."""
        session, self._session = self._session, None
        if session is None:
            return ResponseApdu(sw=sw.SM_OBJECTS_WRONG)
        try:
            plain = session.unwrap(command)
        except SecureCommandError as refused:
            return ResponseApdu(sw=refused.sw)
        answer = self._dispatch(plain, protected=True, room=session.room(limit))
        protected = session.wrap(
            answer, odd=bool(plain.ins & 1), fault=self._faults.answer, fault_after=self._faults.answer_after
        )
        self._session, self._next_session = self._next_session or session, None
        return protected

    def _dispatch(self, command: CommandApdu, *, protected: bool, room: int) -> ResponseApdu:
        handler = self._commands.get(command.ins)
        try:
            if handler is None:
                raise CommandRefusedError(sw.INS_NOT_SUPPORTED)
            return handler(command, protected, room)
        except CommandRefusedError as refused:
            self._pace, self._chip_auth = None, False
            return ResponseApdu(sw=refused.sw)

    def _manage_security(self, command: CommandApdu, *, protected: bool) -> ResponseApdu:
        """MSE:Set AT for PACE (in the open) or Chip Authentication (inside a session)."""
        purpose = (command.p1, command.p2)
        if purpose == _SET_PACE and not protected:
            PaceChip.check_parameters(command.data)
            self._pace = PaceChip(
                self._image.can.encode("ascii"), randbytes=self._randbytes, fault=self._faults.pace
            )
        elif purpose == _SET_CHIP_AUTH and protected and self._image.chip_key is not None:
            if read_parameters(command.data).get(0x80) != der.encode_oid(CHIP_AUTH_OID):
                raise CommandRefusedError(sw.WRONG_DATA)
            self._chip_auth = True
        else:
            raise CommandRefusedError(sw.WRONG_P1P2)
        return ResponseApdu(sw=sw.OK)

    def _authenticate(self, command: CommandApdu, *, protected: bool) -> ResponseApdu:
        """GENERAL AUTHENTICATE: the next step of the protocol that MSE:Set AT chose."""
        if protected and self._chip_auth and self._image.chip_key is not None:
            self._next_session = SecureSession(chip_auth_secret(self._image.chip_key, command.data))
            self._chip_auth = False
            return ResponseApdu(data=b"\x7c\x00", sw=sw.OK)
        if protected or self._pace is None:
            raise CommandRefusedError(sw.CONDITIONS_NOT_SATISFIED)
        data, secret = self._pace.step(command.data, chained=command.cla == _CHAINING)
        if secret is not None:
            self._pace, self._session = None, SecureSession(secret)
        return ResponseApdu(data=data, sw=sw.OK)

    def _prove(self, command: CommandApdu, *, protected: bool) -> ResponseApdu:
        """INTERNAL AUTHENTICATE: sign the challenge with the key of DG15."""
        if self._image.active_key is None:
            raise CommandRefusedError(sw.INS_NOT_SUPPORTED)
        if not protected or not self._files.application:
            raise CommandRefusedError(sw.SECURITY_NOT_SATISFIED)
        if len(command.data) != _CHALLENGE_OCTETS or command.le is None:
            raise CommandRefusedError(sw.WRONG_LENGTH)
        if self._faults.proof == "refused":
            raise CommandRefusedError(sw.CONDITIONS_NOT_SATISFIED)
        if self._faults.proof != "replayed" or not self._last_signature:
            challenge = bytes(_CHALLENGE_OCTETS) if self._faults.proof == "replayed" else command.data
            self._last_signature = sign_challenge(self._image.active_key, challenge, self._randbytes)
        cut = 1 if self._faults.proof == "truncated" else 0
        return ResponseApdu(data=self._last_signature[cut:], sw=sw.OK)
