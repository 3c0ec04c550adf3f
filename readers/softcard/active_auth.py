"""Active Authentication, chip's side: ISO/IEC 9796-2 scheme 1 with SHA-1 (9303-11 6.1.2.2)."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

_HEADER: Final = b"\x6a"
_TRAILER: Final = b"\xbc"
_HASH_OCTETS: Final = 20


def sign_challenge(key: RSAPrivateKey, challenge: bytes, randbytes: Callable[[int], bytes]) -> bytes:
    """The chip's answer: 6A || M1 || SHA-1(M1 || challenge) || BC under the private key, as long as the
    modulus."""
    octets = key.key_size // 8
    own = randbytes(octets - len(_HEADER) - _HASH_OCTETS - len(_TRAILER))
    digest = hashlib.sha1(own + challenge, usedforsecurity=False).digest()
    message = int.from_bytes(_HEADER + own + digest + _TRAILER, "big")
    return _private_operation(key, message).to_bytes(octets, "big")


def _private_operation(key: RSAPrivateKey, message: int) -> int:
    """The raw operation by the Chinese remainder theorem; no library in use offers it without padding."""
    numbers = key.private_numbers()
    by_p = pow(message, numbers.dmp1, numbers.p)
    by_q = pow(message, numbers.dmq1, numbers.q)
    return by_q + (by_p - by_q) * numbers.iqmp % numbers.p * numbers.q
