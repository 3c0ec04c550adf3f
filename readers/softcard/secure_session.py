"""Secure messaging, chip's side, 3DES and AES (9303-11 9.8): written against the standard, not against the
reader beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from readers.emrtd import crypto
from readers.emrtd.crypto import CipherSuite
from readers.errors import TlvError
from readers.iso7816 import status_words, tlv
from readers.iso7816.apdu import CommandApdu, ResponseApdu

if TYPE_CHECKING:
    from readers.softcard.faults import AnswerFault

_CRYPTOGRAM: Final = 0x87
_CRYPTOGRAM_ODD: Final = 0x85
_LE: Final = 0x97
_STATUS: Final = 0x99
_MAC: Final = 0x8E
_INDICATOR: Final = b"\x01"


class SecureCommandError(Exception):
    """A protected command that fails its checks; the session must end. `sw` goes out unprotected."""

    def __init__(self, sw: int) -> None:
        super().__init__(f"{sw:04X}")
        self.sw = sw


class SecureSession:
    """Keys and counter of one session; nothing shows in repr."""

    def __init__(self, secret: bytes, suite: CipherSuite = CipherSuite.AES_128, *, counter: int = 0) -> None:
        self._suite = suite
        self._block = suite.block_octets
        self._enc = crypto.derive_key(secret, crypto.KDF_ENC, suite)
        self._mac = crypto.derive_key(secret, crypto.KDF_MAC, suite)
        self._counter = counter
        self._answers = 0

    def room(self, limit: int) -> int:
        """The most plain octets whose protected answer fits `limit` octets of data: 223 of 256 with AES, 231
        with 3DES."""
        header = 4 if limit <= 256 else 5
        return (limit - 14 - header) // self._block * self._block - 1

    def unwrap(self, command: CommandApdu) -> CommandApdu:
        """Return the command inside. Raises SecureCommandError: 6987 objects missing, 6988 objects wrong."""
        self._counter += 1
        try:
            items = {item.tag: item for item in tlv.parse_all(command.data)}
        except TlvError:
            raise SecureCommandError(status_words.SM_OBJECTS_WRONG) from None
        if _MAC not in items:
            raise SecureCommandError(status_words.SM_OBJECTS_MISSING)
        if not set(items) <= {_CRYPTOGRAM, _CRYPTOGRAM_ODD, _LE, _MAC}:
            raise SecureCommandError(status_words.SM_OBJECTS_WRONG)
        covered = command.data[: -len(items[_MAC].raw)]
        if not crypto.same(
            self._checksum(crypto.pad(command.header, self._block) + covered), items[_MAC].value
        ):
            raise SecureCommandError(status_words.SM_OBJECTS_WRONG)
        return CommandApdu(
            ins=command.ins,
            p1=command.p1,
            p2=command.p2,
            data=self._decrypt(items, odd=bool(command.ins & 1)),
            le=_expected(items.get(_LE)),
        )

    def wrap(
        self, answer: ResponseApdu, *, odd: bool, fault: AnswerFault = "", fault_after: int = 0
    ) -> ResponseApdu:
        """Protect an answer: cryptogram if there is data, always status and MAC."""
        self._counter += 1
        self._answers += 1
        fault = fault if self._answers > fault_after else ""
        if fault == "unprotected":
            return answer
        if fault == "ssc-off-by-one":
            self._counter += 1
        inner = self._cryptogram(answer.data, odd=odd, broken=fault == "bad-padding") if answer.data else b""
        status = answer.sw ^ 1 if fault == "status-mismatch" else answer.sw
        if fault != "no-status":
            inner += tlv.encode(_STATUS, status.to_bytes(2, "big"))
        mac = self._checksum(inner)
        if fault == "wrong-mac":
            mac = mac[:-1] + bytes([mac[-1] ^ 1])
        if fault != "no-mac":
            inner += tlv.encode(_MAC, mac)
        return ResponseApdu(data=inner, sw=answer.sw)

    def _cryptogram(self, data: bytes, *, odd: bool, broken: bool) -> bytes:
        padded = bytes(self._block) if broken else crypto.pad(data, self._block)
        encrypted = crypto.cbc_encrypt(self._suite, self._enc, self._iv(), padded)
        return (
            tlv.encode(_CRYPTOGRAM_ODD, encrypted) if odd else tlv.encode(_CRYPTOGRAM, _INDICATOR, encrypted)
        )

    def _decrypt(self, items: dict[int, tlv.Tlv], *, odd: bool) -> bytes:
        item = items.get(_CRYPTOGRAM_ODD if odd else _CRYPTOGRAM)
        if item is None:
            return b""
        if not odd and not item.value.startswith(_INDICATOR):
            raise SecureCommandError(status_words.SM_OBJECTS_WRONG)
        try:
            encrypted = item.value if odd else item.value[1:]
            plain = crypto.cbc_decrypt(self._suite, self._enc, self._iv(), encrypted)
            return crypto.unpad(plain, self._block)
        except ValueError:
            raise SecureCommandError(status_words.SM_OBJECTS_WRONG) from None

    def _ssc(self) -> bytes:
        return (self._counter % (1 << 8 * self._block)).to_bytes(self._block, "big")

    def _iv(self) -> bytes:
        """Zero for 3DES, the encrypted counter for AES (9.8.6.1, 9.8.7.1)."""
        if self._suite is CipherSuite.TDES:
            return bytes(self._block)
        return crypto.encrypt_block(self._suite, self._enc, self._ssc())

    def _checksum(self, data: bytes) -> bytes:
        return crypto.mac_blocks(self._suite, self._mac, crypto.pad(self._ssc() + data, self._block))


def _expected(item: tlv.Tlv | None) -> int | None:
    if item is None:
        return None
    if not 1 <= len(item.value) <= 2:
        raise SecureCommandError(status_words.SM_OBJECTS_WRONG)
    return int.from_bytes(item.value, "big") or (256 if len(item.value) == 1 else 65536)
