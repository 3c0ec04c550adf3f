"""Multiples of points by OpenSSL: in constant time, and faster than Python's integers by half (brainpool) to ten times
(NIST). It gives whole multiples of a curve's own generator, of other points only the x-coordinate; and it verifies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

if TYPE_CHECKING:
    from collections.abc import Callable

_CURVES: Final[dict[str, Callable[[], ec.EllipticCurve]]] = {
    "secp192r1": ec.SECP192R1,
    "secp224r1": ec.SECP224R1,
    "secp256r1": ec.SECP256R1,
    "secp384r1": ec.SECP384R1,
    "secp521r1": ec.SECP521R1,
    "brainpoolP256r1": ec.BrainpoolP256R1,
    "brainpoolP384r1": ec.BrainpoolP384R1,
    "brainpoolP512r1": ec.BrainpoolP512R1,
}
"""Those of `cryptography`; a build of OpenSSL may lack some of them."""
_HASHES: Final[dict[str, Callable[[], hashes.HashAlgorithm]]] = {
    "sha1": hashes.SHA1,
    "sha224": hashes.SHA224,
    "sha256": hashes.SHA256,
    "sha384": hashes.SHA384,
    "sha512": hashes.SHA512,
}


class LibraryScalar:
    """A multiplier in 1 … n-1 on one curve. Raises UnsupportedAlgorithm when the build lacks the curve."""

    def __init__(self, curve: ec.EllipticCurve, scalar: int) -> None:
        self._curve = curve
        self._key = ec.derive_private_key(scalar, curve)

    def of_generator(self) -> tuple[int, int]:
        """Both coordinates of the multiple of the generator."""
        numbers = self._key.public_key().public_numbers()
        return numbers.x, numbers.y

    def x_of(self, x: int, y: int) -> int:
        """The x-coordinate of the multiple of a point, which must be on the curve."""
        point = ec.EllipticCurvePublicNumbers(x, y, self._curve).public_key()
        return int.from_bytes(self._key.exchange(ec.ECDH(), point), "big")


def library_scalar(curve_name: str, scalar: int) -> LibraryScalar | None:
    """The multiplier, None where the library has no such curve."""
    if curve_name not in _CURVES:
        return None
    try:
        return LibraryScalar(_CURVES[curve_name](), scalar)
    except UnsupportedAlgorithm:
        return None


def library_verifies(
    curve_name: str, x: int, y: int, *, signature: bytes, hashed: bytes, hash_name: str
) -> bool | None:
    """Whether the DER signature over this hash value is by this point, which must be on the curve; None where the
    library has no such curve."""
    if curve_name not in _CURVES:
        return None
    try:
        key = ec.EllipticCurvePublicNumbers(x, y, _CURVES[curve_name]()).public_key()
        key.verify(signature, hashed, ec.ECDSA(Prehashed(_HASHES[hash_name]())))
    except UnsupportedAlgorithm:
        return None
    except InvalidSignature:
        return False
    return True
