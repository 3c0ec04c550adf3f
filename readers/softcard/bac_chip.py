"""Basic Access Control, chip's side (9303-11 4.3, 9.8.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from readers.emrtd import crypto
from readers.emrtd.crypto import CipherSuite
from readers.iso7816 import status_words
from readers.softcard.refusal import CommandRefusedError
from readers.softcard.secure_session import SecureSession

if TYPE_CHECKING:
    from collections.abc import Callable

CHALLENGE_OCTETS: Final = 8
_SUITE: Final = CipherSuite.TDES
_SECRET_OCTETS: Final = 16
_TOKEN_OCTETS: Final = 40
_CRYPTOGRAM_OCTETS: Final = 32


class BacChip:
    """One run: a challenge, then one EXTERNAL AUTHENTICATE. `seed`: the first 16 octets of SHA-1 over the MRZ
    information."""

    def __init__(self, seed: bytes, *, randbytes: Callable[[int], bytes]) -> None:
        self._enc = crypto.derive_key(seed, crypto.KDF_ENC, _SUITE)
        self._mac = crypto.derive_key(seed, crypto.KDF_MAC, _SUITE)
        self._randbytes = randbytes
        self.challenge = randbytes(CHALLENGE_OCTETS)

    def authenticate(self, token: bytes) -> tuple[bytes, SecureSession]:
        """The chip's token and the session. Raises CommandRefusedError: 6700 wrong length, 6300 wrong key."""
        if len(token) != _TOKEN_OCTETS:
            raise CommandRefusedError(status_words.WRONG_LENGTH)
        cryptogram, checksum = token[:_CRYPTOGRAM_OCTETS], token[_CRYPTOGRAM_OCTETS:]
        if not crypto.same(self._checksum(cryptogram), checksum):
            raise CommandRefusedError(status_words.VERIFICATION_FAILED)
        plain = crypto.cbc_decrypt(_SUITE, self._enc, bytes(8), cryptogram)
        theirs, echoed, their_secret = plain[:8], plain[8:16], plain[16:]
        if not crypto.same(echoed, self.challenge):
            raise CommandRefusedError(status_words.VERIFICATION_FAILED)
        own_secret = self._randbytes(_SECRET_OCTETS)
        answer = crypto.cbc_encrypt(_SUITE, self._enc, bytes(8), self.challenge + theirs + own_secret)
        seed = bytes(left ^ right for left, right in zip(their_secret, own_secret, strict=True))
        counter = int.from_bytes(self.challenge[4:] + theirs[4:], "big")
        return answer + self._checksum(answer), SecureSession(seed, _SUITE, counter=counter)

    def _checksum(self, data: bytes) -> bytes:
        return crypto.mac_blocks(_SUITE, self._mac, crypto.pad(data, _SUITE.block_octets))
