"""Secure messaging, reader's side (9303-11 9.8): AES and 3DES, encrypt-then-MAC, one counter for both
directions.

Any answer that fails a check ends the session: the keys are dropped and every further command is refused.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from readers.emrtd import crypto
from readers.emrtd.crypto import CipherSuite
from readers.errors import SecureMessagingError, TlvError
from readers.iso7816 import status_words, tlv
from readers.iso7816.apdu import MAX_SHORT_LE, CommandApdu, ResponseApdu
from readers.iso7816.channel import GET_RESPONSE, MAX_ANSWER_PARTS

if TYPE_CHECKING:
    from readers.iso7816.channel import PlainChannel

DO_CRYPTOGRAM: Final = 0x87
DO_CRYPTOGRAM_ODD: Final = 0x85
DO_LE: Final = 0x97
DO_STATUS: Final = 0x99
DO_MAC: Final = 0x8E
BARE_STATUS: Final = "bare-status"
"""Reason of an error status without protection: some chips answer so for a file they do not have or give. It may be
anybody's word, and the session is over."""
WRONG_MAC: Final = "wrong-mac"
NO_MAC: Final = "no-mac"
_PADDING_INDICATOR: Final = b"\x01"
_CLA_SECURE: Final = 0x0C
_SHORT_ANSWER: Final = 256
_STATUS_AND_MAC: Final = 4 + 10
_MAX_COMMAND_OBJECTS: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionKeys:
    """Keys and the send sequence counter before the first command; no key shows in repr."""

    suite: CipherSuite
    enc: bytes = field(repr=False)
    mac: bytes = field(repr=False)
    ssc: int = field(default=0, repr=False)

    @classmethod
    def derive(cls, suite: CipherSuite, secret: bytes, *, ssc: int = 0) -> SessionKeys:
        """KS_ENC and KS_MAC from the shared secret (9303-11 9.7.1)."""
        enc = crypto.derive_key(secret, crypto.KDF_ENC, suite)
        return cls(suite=suite, enc=enc, mac=crypto.derive_key(secret, crypto.KDF_MAC, suite), ssc=ssc)


class _Cryptography:
    """One session's keys at one value of the counter."""

    def __init__(self, keys: SessionKeys) -> None:
        self._keys = keys
        self._suite = keys.suite
        self._ssc = keys.ssc

    def step(self) -> None:
        """Count one command or answer."""
        self._ssc = (self._ssc + 1) % (1 << (8 * self._suite.block_octets))

    def _iv(self) -> bytes:
        if self._suite is CipherSuite.TDES:
            return b"\0" * self._suite.block_octets
        return crypto.encrypt_block(self._suite, self._keys.enc, self._counter())

    def _counter(self) -> bytes:
        return self._ssc.to_bytes(self._suite.block_octets, "big")

    def encrypt(self, data: bytes) -> bytes:
        """Pad and encrypt."""
        padded = crypto.pad(data, self._suite.block_octets)
        return crypto.cbc_encrypt(self._suite, self._keys.enc, self._iv(), padded)

    def decrypt(self, data: bytes) -> bytes:
        """Decrypt and take the padding off. Raises ValueError, PaddingError."""
        plain = crypto.cbc_decrypt(self._suite, self._keys.enc, self._iv(), data)
        return crypto.unpad(plain, self._suite.block_octets)

    def mac(self, data: bytes) -> bytes:
        """MAC over counter and data, padded."""
        padded = crypto.pad(self._counter() + data, self._suite.block_octets)
        return crypto.mac_blocks(self._suite, self._keys.mac, padded)

    def pad(self, data: bytes) -> bytes:
        """Pad to the block of this session."""
        return crypto.pad(data, self._suite.block_octets)


class SecureChannel:
    """Protects commands and checks answers over a plain channel; dead after the first failure."""

    def __init__(self, inner: PlainChannel, keys: SessionKeys) -> None:
        self._inner = inner
        self._crypto: _Cryptography | None = _Cryptography(keys)
        self._suite = keys.suite

    @property
    def alive(self) -> bool:
        """Whether no answer has failed so far."""
        return self._crypto is not None

    @property
    def inner(self) -> PlainChannel:
        """The plain channel below, for the session that takes this one's place."""
        return self._inner

    @property
    def suite(self) -> CipherSuite:
        """The cipher of this session."""
        return self._suite

    @property
    def read_octets(self) -> int:
        """The most plain data that fits a short protected answer: 223 with AES, 231 with 3DES."""
        return self.room(_SHORT_ANSWER)

    def room(self, answer_octets: int) -> int:
        """The most plain data that fits a protected answer of this many octets, at least one block's."""
        header = 1 + len(tlv.encode_length(answer_octets)) + 1
        blocks = (answer_octets - _STATUS_AND_MAC - header) // self._suite.block_octets
        return max(blocks, 1) * self._suite.block_octets - 1

    def send(self, command: CommandApdu, *, extended: bool = False) -> ResponseApdu:
        """Return the checked and decrypted answer. `extended`: ask in the extended form, for long answers.

        Parts that the chip protects one by one are joined. Raises SecureMessagingError when a check fails; any
        error leaves the channel dead."""
        answer = self._exchange(command, extended=extended)
        parts = [answer.data]
        while status_words.is_more_data(answer.sw):
            more = CommandApdu(ins=GET_RESPONSE, le=answer.sw & 0xFF or MAX_SHORT_LE)
            answer = self._exchange(more, extended=False)
            if not answer.data or len(parts) > MAX_ANSWER_PARTS:
                self._crypto = None
                raise SecureMessagingError(reason="endless-parts")
            parts.append(answer.data)
        return ResponseApdu(data=b"".join(parts), sw=answer.sw)

    def _exchange(self, command: CommandApdu, *, extended: bool) -> ResponseApdu:
        session, self._crypto = self._crypto, None
        if session is None:
            raise SecureMessagingError(reason="session-dead")
        session.step()
        answer = self._inner.exchange(_protect(session, command, extended=extended))
        if status_words.is_more_data(answer.sw) and not _is_whole(answer):
            answer = self._inner.collect(answer)
        session.step()
        plain = _unprotect(session, answer, odd=bool(command.ins & 1))
        self._crypto = session
        return plain


def _is_whole(answer: ResponseApdu) -> bool:
    """Whether the chip protected this part by itself, 61xx included, or the parts must be joined first."""
    try:
        items = tlv.parse_all(answer.data)
    except TlvError:
        return False
    return bool(items) and items[-1].tag == DO_MAC


def _protect(session: _Cryptography, command: CommandApdu, *, extended: bool) -> bytes:
    header = bytes([command.cla | _CLA_SECURE, command.ins, command.p1, command.p2])
    objects = b""
    if command.data:
        cryptogram = session.encrypt(command.data)
        if command.ins & 1:
            objects += tlv.encode(DO_CRYPTOGRAM_ODD, cryptogram)
        else:
            objects += tlv.encode(DO_CRYPTOGRAM, _PADDING_INDICATOR, cryptogram)
    if command.le is not None:
        octets = 2 if command.le > MAX_SHORT_LE else 1
        objects += tlv.encode(DO_LE, (command.le % (1 << 8 * octets)).to_bytes(octets, "big"))
    objects += tlv.encode(DO_MAC, session.mac(session.pad(header) + objects))
    long_form = extended or command.extended
    outer = CommandApdu(
        cla=header[0],
        ins=command.ins,
        p1=command.p1,
        p2=command.p2,
        data=objects,
        le=65536 if long_form else MAX_SHORT_LE,
    )
    return outer.encode()


def _unprotect(session: _Cryptography, answer: ResponseApdu, *, odd: bool) -> ResponseApdu:
    """Check and decrypt. The answer to an odd instruction may carry either form of cryptogram, since not every
    chip follows the command's; both stand under the MAC."""
    if not answer.data and answer.sw != status_words.OK:
        raise SecureMessagingError(reason=BARE_STATUS, sw=f"{answer.sw:04X}")
    try:
        items = tlv.parse_all(answer.data)
    except TlvError:
        raise SecureMessagingError(reason="malformed", sw=f"{answer.sw:04X}") from None
    cryptogram_tag = DO_CRYPTOGRAM
    tags = [item.tag for item in items]
    if odd and tags[:1] == [DO_CRYPTOGRAM_ODD]:
        cryptogram_tag = DO_CRYPTOGRAM_ODD
    if DO_MAC not in tags:
        raise SecureMessagingError(reason=NO_MAC, sw=f"{answer.sw:04X}")
    if tags not in ([DO_STATUS, DO_MAC], [cryptogram_tag, DO_STATUS, DO_MAC]):
        raise SecureMessagingError(reason="unexpected-objects", sw=f"{answer.sw:04X}")
    expected = session.mac(b"".join(item.raw for item in items[:-1]))
    if not crypto.same(expected, items[-1].value):
        raise SecureMessagingError(reason=WRONG_MAC)
    status = items[-2].value
    if not crypto.same(status, answer.sw.to_bytes(2, "big")):
        raise SecureMessagingError(reason="status-mismatch")
    odd = cryptogram_tag == DO_CRYPTOGRAM_ODD
    data = _decrypt(session, items[0].value, odd=odd) if len(items) == _MAX_COMMAND_OBJECTS else b""
    return ResponseApdu(data=data, sw=answer.sw)


def _decrypt(session: _Cryptography, value: bytes, *, odd: bool) -> bytes:
    if not odd:
        if not value.startswith(_PADDING_INDICATOR):
            raise SecureMessagingError(reason="padding-indicator")
        value = value[1:]
    try:
        return session.decrypt(value)
    except ValueError:
        raise SecureMessagingError(reason="bad-padding") from None
