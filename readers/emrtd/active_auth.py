"""Active Authentication with RSA (9303-11 6.1): ISO/IEC 9796-2 scheme 1, partial message recovery."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

from readers.emrtd import crypto
from readers.errors import ActiveAuthError

if TYPE_CHECKING:
    from readers.emrtd.lds.dg15 import ActiveKey

CHALLENGE_OCTETS: Final = 8
MIN_BITS: Final = 2048
MAX_BITS: Final = 8192
MIN_EXPONENT: Final = 65537
_HEADER: Final = 0x6A
_TRAILER_SHA1: Final = 0xBC
_TRAILER_TWO_OCTETS: Final = 0xCC
_TRAILER_HASHES: Final = {0x33: "sha1", 0x34: "sha256", 0x35: "sha512", 0x36: "sha384", 0x38: "sha224"}


def weakness(key: ActiveKey) -> str | None:
    """Why this key cannot prove anything, as a fact for the record; None for a sound RSA key.

    Small moduli and exponents (1, 3 …) make signatures with message recovery forgeable."""
    if key.family != "rsa":
        return "key-family-unsupported"
    if not MIN_BITS <= key.bits <= MAX_BITS or key.bits % 8:
        return "key-size"
    if key.exponent < MIN_EXPONENT or not key.exponent & 1:
        return "key-exponent"
    return None


def require_signature(key: ActiveKey, challenge: bytes, signature: bytes) -> str:
    """Return the hash algorithm of a good answer to INTERNAL AUTHENTICATE. Raises ActiveAuthError.

    The recovered representative must be 6A || M1 || H(M1 || challenge) || trailer and fill the modulus
    exactly."""
    octets = (key.bits + 7) // 8
    if len(signature) != octets or int.from_bytes(signature, "big") >= key.modulus:
        raise ActiveAuthError(reason="signature-length")
    recovered = pow(int.from_bytes(signature, "big"), key.exponent, key.modulus)
    if recovered & 0x0F != 0x0C:
        recovered = key.modulus - recovered
    representative = recovered.to_bytes(octets, "big")
    if representative[0] != _HEADER:
        raise ActiveAuthError(reason="header")
    algorithm, trailer_octets = _trailer(representative)
    hash_octets = hashlib.new(algorithm).digest_size
    end = octets - trailer_octets - hash_octets
    if end <= 1:
        raise ActiveAuthError(reason="recovered-length")
    digest = hashlib.new(algorithm, representative[1:end] + challenge).digest()
    if not crypto.same(digest, representative[end : end + hash_octets]):
        raise ActiveAuthError(reason="hash")
    return algorithm


def _trailer(representative: bytes) -> tuple[str, int]:
    """Hash algorithm and length of the trailer (9303-11 6.1.2.2, ISO/IEC 10118-3 identifiers)."""
    if representative[-1] == _TRAILER_SHA1:
        return "sha1", 1
    algorithm = _TRAILER_HASHES.get(representative[-2]) if representative[-1] == _TRAILER_TWO_OCTETS else None
    if algorithm is None:
        raise ActiveAuthError(reason="trailer")
    return algorithm, 2
