"""A passport whose Basic Access Control and secure messaging are libmrtd's (and libgcrypt's): a card that is not ours.

It implements `Connection`. Active Authentication is ISO/IEC 9796-2 with the trailer BC, written here.
"""

from __future__ import annotations

import hashlib
import secrets
from typing import TYPE_CHECKING

from tests.interop.messages import Command, objects, wrap

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.interop.libmrtd import Primitives

APPLICATION = bytes.fromhex("A0000002471001")
_OK = b"\x90\x00"


class _Refused(Exception):  # noqa: N818 - a status word, no error of ours
    def __init__(self, sw: int) -> None:
        self.sw = sw
        super().__init__(f"{sw:04X}")


class BacChip:
    """One chip under power. `rsa`: modulus and private exponent of Active Authentication."""

    name = "foreign passport"
    atr = bytes.fromhex("3B80800101")

    def __init__(
        self,
        primitives: Primitives,
        files: Mapping[int, bytes],
        *,
        mrz_information: str,
        rsa: tuple[int, int] | None = None,
    ) -> None:
        self._crypto, self._files, self._rsa = primitives, files, rsa
        self._access = primitives.access_keys(mrz_information)
        self._session: tuple[bytes, bytes] | None = None
        self._counter = 0
        self._challenge = b""
        self._selected = False
        self._current = b""

    def close(self) -> None:
        """Power off."""

    def transceive(self, octets: bytes) -> bytes:
        """Answer one command."""
        command = Command.parse(octets)
        try:
            if command.cla & 0x0C:
                return self._protected(command)
            if self._session is not None:
                raise _Refused(0x6988)
            return self._plain(command) + _OK
        except _Refused as refused:
            self._session = None
            return refused.sw.to_bytes(2, "big")

    def _plain(self, command: Command) -> bytes:
        if command.ins == 0xA4 and command.p1 == 4:
            if command.data != APPLICATION:
                raise _Refused(0x6A82)
            self._selected = True
            return b""
        if not self._selected:
            raise _Refused(0x6A82 if command.ins in (0xA4, 0xB0) else 0x6D00)
        if command.ins == 0x84 and command.le == 8:
            self._challenge = secrets.token_bytes(8)
            return self._challenge
        if command.ins == 0x82:
            return self._authenticate(command)
        raise _Refused(0x6982)

    def _authenticate(self, command: Command) -> bytes:
        enc, mac = self._access
        cryptogram, code = command.data[:32], command.data[32:]
        challenge, self._challenge = self._challenge, b""
        if not challenge or self._crypto.mac(mac, cryptogram) != code:
            raise _Refused(0x6300)
        plain = self._crypto.decrypt(enc, cryptogram)
        if plain[8:16] != challenge:
            raise _Refused(0x6300)
        own = secrets.token_bytes(16)
        answer = self._crypto.encrypt(enc, challenge + plain[:8] + own)
        seed = bytes(left ^ right for left, right in zip(plain[16:], own, strict=True))
        self._session = self._crypto.keys(seed)
        self._counter = int.from_bytes(challenge[4:] + plain[4:8], "big")
        return answer + self._crypto.mac(mac, answer)

    def _protected(self, command: Command) -> bytes:
        if self._session is None:
            raise _Refused(0x6988)
        enc, mac = self._session
        found = dict(objects(command.data))
        code = found.pop(0x8E, b"")
        head = bytes([command.cla, command.ins, command.p1, command.p2]) + b"\x80\0\0\0"
        if self._sum(mac, head + command.data[: -len(wrap(0x8E, code))]) != code:
            raise _Refused(0x6988)
        data = self._open(enc, found[0x87][1:]) if 0x87 in found else b""
        le = None if 0x97 not in found else int.from_bytes(found[0x97], "big") or 256
        try:
            content, sw = self._answer(Command(0, command.ins, command.p1, command.p2, data, le)), _OK
        except _Refused as refused:
            content, sw = b"", refused.sw.to_bytes(2, "big")
        answer = (
            wrap(0x87, b"\x01" + self._crypto.encrypt(enc, self._crypto.pad(content))) if content else b""
        )
        answer += wrap(0x99, sw)
        return answer + wrap(0x8E, self._sum(mac, answer)) + sw

    def _sum(self, key: bytes, data: bytes) -> bytes:
        self._counter += 1
        return self._crypto.mac(key, self._counter.to_bytes(8, "big") + data)

    def _open(self, key: bytes, data: bytes) -> bytes:
        return self._crypto.unpad(self._crypto.decrypt(key, data))

    def _answer(self, command: Command) -> bytes:
        if command.ins == 0xA4 and command.p1 == 2:
            identifier = int.from_bytes(command.data, "big")
            if identifier not in self._files:
                raise _Refused(0x6A82)
            self._current = self._files[identifier]
            return b""
        if command.ins == 0xB0 and not command.p1 & 0x80:
            offset = command.p1 << 8 | command.p2
            if offset >= len(self._current):
                raise _Refused(0x6B00)
            return self._current[offset : offset + (command.le or 0)]
        if command.ins == 0x88 and self._rsa is not None and len(command.data) == 8:
            return self._sign(command.data)
        raise _Refused(0x6D00)

    def _sign(self, challenge: bytes) -> bytes:
        assert self._rsa is not None
        modulus, exponent = self._rsa
        size = (modulus.bit_length() + 7) // 8
        own = secrets.token_bytes(size - 22)
        digest = hashlib.sha1(own + challenge, usedforsecurity=False).digest()
        representative = int.from_bytes(b"\x6a" + own + digest + b"\xbc", "big")
        return pow(representative, exponent, modulus).to_bytes(size, "big")
