"""The chip: commands in, answers out, with the state and the refusals of a real one (9303-11 4, 6, 9.8)."""

from __future__ import annotations

import secrets
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from readers.iso7816 import status_words as sw
from readers.iso7816.apdu import ApduError, CommandApdu, ResponseApdu
from readers.softcard import chip_auth, pace_chip
from readers.softcard.active_auth import UNKNOWN_TRAILER, RsaProver
from readers.softcard.bac_chip import CHALLENGE_OCTETS, BacChip
from readers.softcard.file_system import FileSystem
from readers.softcard.incidents import Incidents
from readers.softcard.pace_chip import PaceChip
from readers.softcard.refusal import CommandRefusedError
from readers.softcard.secure_session import SecureCommandError, SecureSession

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from readers.softcard.active_auth import Prover
    from readers.softcard.chip_auth import ChipKey
    from readers.softcard.personalise import ChipImage

ATR: Final = bytes.fromhex("3B87800150524F43544F5241")
"""Contactless, T=1, historical characters PROCTOR: not that of any genuine card."""

_SHORT_LIMIT: Final = 256
_LONG_LIMIT: Final = 65536
_CHAINING: Final = 0x10
_SECURE: Final = 0x0C
_LOGICAL_CHANNELS: Final = range(0x01, 0x04)
_CHANNEL_NOT_SUPPORTED: Final = 0x6881
_SELECT: Final = 0xA4
_READ_BINARY: Final = 0xB0
_READ_BINARY_ODD: Final = 0xB1
_MANAGE_SECURITY: Final = 0x22
_EXTERNAL_AUTHENTICATE: Final = 0x82
_GET_CHALLENGE: Final = 0x84
_GENERAL_AUTHENTICATE: Final = 0x86
_INTERNAL_AUTHENTICATE: Final = 0x88
_GET_RESPONSE: Final = 0xC0
_SET_PACE: Final = (0xC1, 0xA4)
_SET_CHIP_AUTH: Final = (0x41, 0xA4)
_SET_CHIP_AUTH_AT_ONCE: Final = (0x41, 0xA6)
_MORE_DATA: Final = 0x6100
_GIVEN: Final = frozenset({0x6100, 0x6200, 0x9000})


class SoftCard:
    """One chip under power. `process` raises CardPulledError, CardSilentError or AnswerLostError when its faults
    say so.

    `sleep` waits where the chip is told to be slow: after wrong keys, and for delays."""

    def __init__(
        self,
        image: ChipImage,
        randbytes: Callable[[int], bytes] = secrets.token_bytes,
        *,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._image = image
        self._options = image.options
        self._faults = image.faults
        self._randbytes = randbytes
        self._sleep = sleep
        self._incidents = Incidents(image.faults.incidents, sleep=sleep)
        self._commands: dict[int, Callable[[CommandApdu, bool, int], ResponseApdu]] = {
            _SELECT: lambda command, protected, _: self._files.select(command, protected=protected),
            _READ_BINARY: lambda command, protected, room: self._files.read_binary(
                command, room=room, protected=protected
            ),
            _READ_BINARY_ODD: lambda command, protected, room: self._files.read_binary_odd(
                command, room=room, protected=protected
            ),
            _MANAGE_SECURITY: lambda command, protected, _: self._manage_security(
                command, protected=protected
            ),
            _GET_CHALLENGE: lambda command, protected, _: self._challenge(command, protected=protected),
            _EXTERNAL_AUTHENTICATE: lambda command, protected, _: self._open_by_bac(
                command, protected=protected
            ),
            _GENERAL_AUTHENTICATE: lambda command, protected, _: self._authenticate(
                command, protected=protected
            ),
            _INTERNAL_AUTHENTICATE: lambda command, protected, _: self._prove(command, protected=protected),
        }
        self._last_signature = b""
        self._wrong_keys = 0
        self.reset()

    @property
    def atr(self) -> bytes:
        """The answer to reset."""
        return ATR

    def reset(self) -> None:
        """Power-on state: nothing selected, no session, no half-finished protocol. Wrong keys are not forgotten."""
        self._files = FileSystem(self._image)
        self._session: SecureSession | None = None
        self._next_session: SecureSession | None = None
        self._pace: PaceChip | None = None
        self._bac: BacChip | None = None
        self._chip_key: ChipKey | None = None
        self._pending = b""

    def process(self, octets: bytes) -> bytes:
        """Answer one command; an answer longer than the command allows goes out in parts (61xx)."""
        self._files.fail_at(0)
        before = self._files.handed_out
        return self._incidents.befall(self._process(octets), before)

    def _process(self, octets: bytes) -> bytes:
        if self._faults.dead:
            return ResponseApdu(sw=sw.NO_DIAGNOSIS).encode()
        try:
            command = CommandApdu.decode(octets)
        except ApduError:
            return self._refuse_length()
        is_extended = len(octets) > 5 and octets[4] == 0
        if is_extended and not self._options.extended_length:
            return self._refuse_length()
        if command.ins == _GET_RESPONSE and self._pending:
            return self._part(self._pending, command.le or _SHORT_LIMIT)
        self._pending = b""
        limit = _LONG_LIMIT if is_extended else _SHORT_LIMIT
        return self._part(self._answer(command, limit).encode(), limit)

    def _refuse_length(self) -> bytes:
        self._session = None
        return ResponseApdu(sw=sw.WRONG_LENGTH).encode()

    def _part(self, answer: bytes, limit: int) -> bytes:
        """The next part of an answer; 61xx says how much is left (ISO/IEC 7816-4 5.3.4)."""
        if len(answer) - 2 <= limit:
            self._pending = b""
            return answer
        self._pending = answer[limit:]
        left = len(self._pending) - 2
        return answer[:limit] + (_MORE_DATA | (left if left < _SHORT_LIMIT else 0)).to_bytes(2, "big")

    def _answer(self, command: CommandApdu, limit: int) -> ResponseApdu:
        if command.cla in _LOGICAL_CHANNELS:
            return ResponseApdu(sw=_CHANNEL_NOT_SUPPORTED)
        if command.cla not in (0, _CHAINING, _SECURE):
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
        if self._faults.answer == "bare-refusal" and answer.sw & 0xFF00 not in _GIVEN:
            return ResponseApdu(sw=answer.sw)
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
            if command.le is not None and self._options.max_answer < command.le < _LONG_LIMIT:
                raise CommandRefusedError(sw.WRONG_LENGTH)
            return handler(command, protected, min(room, self._options.max_answer))
        except CommandRefusedError as refused:
            self._pace, self._bac, self._chip_key = None, None, None
            return ResponseApdu(sw=refused.sw)

    def _manage_security(self, command: CommandApdu, *, protected: bool) -> ResponseApdu:
        """MSE:Set AT for PACE (in the open), MSE:Set AT or Set KAT for Chip Authentication (inside a session)."""
        purpose, keys = (command.p1, command.p2), self._image.chip_keys
        if purpose == _SET_PACE and not protected and self._options.pace and not self._faults.no_pace:
            variant, password = pace_chip.choose(command.data, self._options)
            self._pace = PaceChip(
                variant,
                self._image.password(password),
                randbytes=self._randbytes,
                static_key=self._image.static_key,
                fault=self._faults.pace,
            )
        elif purpose == _SET_CHIP_AUTH and protected and keys:
            self._chip_key = chip_auth.choose(command.data, keys)
        elif purpose == _SET_CHIP_AUTH_AT_ONCE and protected and keys:
            self._renew(chip_auth.agree_at_once(command.data, keys))
        else:
            raise CommandRefusedError(sw.WRONG_P1P2)
        return ResponseApdu(sw=sw.OK)

    def _authenticate(self, command: CommandApdu, *, protected: bool) -> ResponseApdu:
        """GENERAL AUTHENTICATE: the next step of the protocol that MSE:Set AT chose."""
        if protected and self._chip_key is not None:
            self._renew(chip_auth.agree(command.data, self._chip_key))
            self._chip_key = None
            return ResponseApdu(data=b"\x7c\x00", sw=sw.OK)
        if protected or self._pace is None:
            raise CommandRefusedError(sw.CONDITIONS_NOT_SATISFIED)
        if self._pace.is_fresh:
            self._slow_down()
        with self._counting():
            data, secret = self._pace.step(command.data, chained=command.cla == _CHAINING)
        if secret is not None:
            self._session, self._pace = SecureSession(secret, self._pace.variant.suite), None
            self._wrong_keys = 0
        return ResponseApdu(data=data, sw=sw.OK)

    def _renew(self, session: SecureSession) -> None:
        """The keys of Chip Authentication, from the next command on; the old ones are forgotten."""
        if self._faults.chip_auth == "refused":
            raise CommandRefusedError(sw.CONDITIONS_NOT_SATISFIED)
        if self._faults.chip_auth != "old-keys":
            self._next_session = session

    def _challenge(self, command: CommandApdu, *, protected: bool) -> ResponseApdu:
        """GET CHALLENGE, for BAC: eight octets, in the application, before access is granted."""
        if not self._options.bac:
            raise CommandRefusedError(sw.INS_NOT_SUPPORTED)
        if protected or not self._files.application:
            raise CommandRefusedError(sw.CONDITIONS_NOT_SATISFIED)
        if command.le is None or command.le < CHALLENGE_OCTETS:
            raise CommandRefusedError(sw.WRONG_LENGTH)
        self._slow_down()
        self._bac = BacChip(self._image.bac_seed, randbytes=self._randbytes)
        return ResponseApdu(data=self._bac.challenge, sw=sw.OK)

    def _open_by_bac(self, command: CommandApdu, *, protected: bool) -> ResponseApdu:
        """EXTERNAL AUTHENTICATE; a challenge serves once."""
        run, self._bac = self._bac, None
        if not self._options.bac:
            raise CommandRefusedError(sw.INS_NOT_SUPPORTED)
        if protected or run is None:
            raise CommandRefusedError(sw.CONDITIONS_NOT_SATISFIED)
        with self._counting():
            data, self._session = run.authenticate(command.data)
        self._wrong_keys = 0
        return ResponseApdu(data=data, sw=sw.OK)

    @contextmanager
    def _counting(self) -> Iterator[None]:
        """Remember wrong keys."""
        try:
            yield
        except CommandRefusedError as refused:
            self._wrong_keys += refused.sw == sw.VERIFICATION_FAILED
            raise

    def _slow_down(self) -> None:
        """Each wrong key makes the next try slower (the defence of 9303-11 4.4.5.1 against guessing)."""
        if self._wrong_keys and self._options.wrong_key_delay_ms:
            self._sleep(self._wrong_keys * self._options.wrong_key_delay_ms / 1000)

    def _prove(self, command: CommandApdu, *, protected: bool) -> ResponseApdu:
        """INTERNAL AUTHENTICATE: sign the challenge with the key of DG15."""
        prover, fault = self._image.prover, self._faults.proof
        if prover is None:
            raise CommandRefusedError(sw.INS_NOT_SUPPORTED)
        if not protected or not self._files.application:
            raise CommandRefusedError(sw.SECURITY_NOT_SATISFIED)
        if len(command.data) != CHALLENGE_OCTETS or command.le is None:
            raise CommandRefusedError(sw.WRONG_LENGTH)
        if fault == "refused":
            raise CommandRefusedError(sw.CONDITIONS_NOT_SATISFIED)
        if fault != "replayed" or not self._last_signature:
            challenge = bytes(CHALLENGE_OCTETS) if fault == "replayed" else command.data
            self._last_signature = self._sign(prover, challenge)
        cut = 1 if fault == "truncated" else 0
        return ResponseApdu(data=self._last_signature[cut:], sw=sw.OK)

    def _sign(self, prover: Prover, challenge: bytes) -> bytes:
        fault = self._faults.proof
        if fault == "unknown-trailer" and isinstance(prover, RsaProver):
            return prover.with_trailer(UNKNOWN_TRAILER).sign(challenge, self._randbytes)
        signature = prover.sign(challenge, self._randbytes)
        return bytes(len(signature)) if fault == "zeros" else signature
