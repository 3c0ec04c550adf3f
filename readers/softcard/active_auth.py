"""Active Authentication, chip's side: ISO/IEC 9796-2 scheme 1 and plain ECDSA (9303-11 6.1)."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Literal

    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

    from readers.emrtd.curves import Curve, Point

_HEADER: Final = b"\x6a"
_IMPLICIT: Final = b"\xbc"
_NAMED: Final = {"sha1": 0x33, "sha256": 0x34, "sha512": 0x35, "sha384": 0x36, "sha224": 0x38}
UNKNOWN_TRAILER: Final = b"\x3f\xcc"


def trailer_of(digest: str, style: Literal["bc", "named"]) -> bytes:
    """BC, or the hash by its number and CC (ISO/IEC 9796-2 8.1.2, ISO/IEC 10118-3)."""
    return _IMPLICIT if style == "bc" else bytes([_NAMED[digest], 0xCC])


def sign_challenge(
    key: RSAPrivateKey,
    challenge: bytes,
    randbytes: Callable[[int], bytes],
    *,
    digest: str = "sha1",
    trailer: bytes = _IMPLICIT,
) -> bytes:
    """The chip's answer: 6A || M1 || hash(M1 || challenge) || trailer under the private key, as long as the
    modulus."""
    octets = key.key_size // 8
    hash_octets = hashlib.new(digest, usedforsecurity=False).digest_size
    own = randbytes(octets - len(_HEADER) - hash_octets - len(trailer))
    proof = hashlib.new(digest, own + challenge, usedforsecurity=False).digest()
    message = int.from_bytes(_HEADER + own + proof + trailer, "big")
    return _private_operation(key, message).to_bytes(octets, "big")


def _private_operation(key: RSAPrivateKey, message: int) -> int:
    """The raw operation by the Chinese remainder theorem; no library in use offers it without padding."""
    numbers = key.private_numbers()
    by_p = pow(message, numbers.dmp1, numbers.p)
    by_q = pow(message, numbers.dmq1, numbers.q)
    return by_q + (by_p - by_q) * numbers.iqmp % numbers.p * numbers.q


def sign_plain(
    curve: Curve, private: int, challenge: bytes, digest: str, randbytes: Callable[[int], bytes]
) -> bytes:
    """r || s, each as long as the order (9303-11 6.1.2.3, TR-03111 5.2.1)."""
    octets = (curve.n.bit_length() + 7) // 8
    number = _leftmost(hashlib.new(digest, challenge, usedforsecurity=False).digest(), curve.n)
    while True:
        secret = curve.random_scalar(randbytes(curve.size + 8))
        r = curve.multiply(secret).x % curve.n
        s = pow(secret, -1, curve.n) * (number + r * private) % curve.n
        if r and s:
            return r.to_bytes(octets, "big") + s.to_bytes(octets, "big")


def _leftmost(octets: bytes, order: int) -> int:
    """The leftmost bits of a hash, as many as the order has."""
    return int.from_bytes(octets, "big") >> max(0, 8 * len(octets) - order.bit_length())


class RsaProver:
    """Signs with an RSA key."""

    def __init__(self, key: RSAPrivateKey, digest: str, trailer: bytes) -> None:
        self.key = key
        self._digest = digest
        self._trailer = trailer

    def sign(self, challenge: bytes, randbytes: Callable[[int], bytes]) -> bytes:
        """The whole signature."""
        return sign_challenge(self.key, challenge, randbytes, digest=self._digest, trailer=self._trailer)

    def with_trailer(self, trailer: bytes) -> RsaProver:
        """The same key with another trailer."""
        return RsaProver(self.key, self._digest, trailer)


class EcProver:
    """Signs with a key on a curve."""

    def __init__(self, curve: Curve, private: int, digest: str) -> None:
        self.curve = curve
        self.private = private
        self._digest = digest

    @property
    def public(self) -> Point:
        """The public key."""
        return self.curve.multiply(self.private)

    def sign(self, challenge: bytes, randbytes: Callable[[int], bytes]) -> bytes:
        """The whole signature, plain."""
        return sign_plain(self.curve, self.private, challenge, self._digest, randbytes)


Prover = RsaProver | EcProver
