"""ECDSA verification on the curves that the crypto library lacks, such as brainpoolP224r1 and brainpoolP320r1
(SEC 1 4.1.4). Public values only, so nothing needs to be constant-time."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from readers.emrtd.curves import CurveError
from readers.errors import TlvError
from readers.iso7816 import der, tlv

if TYPE_CHECKING:
    from readers.emrtd.curves import Curve, Point


@dataclass(frozen=True, slots=True, kw_only=True)
class PointKey:
    """A public key as a point of one of our own curves."""

    curve: Curve
    point: Point = field(repr=False)


def ecdsa_holds(key: PointKey, signature: bytes, hashed: bytes) -> bool:
    """Whether the DER signature (SEQUENCE of r and s) over this hash value is by this key."""
    n = key.curve.n
    try:
        r, s = (der.decode_integer(item) for item in tlv.parse_one(signature, der.SEQUENCE).children())
    except (TlvError, ValueError):
        return False
    if not (0 < r < n and 0 < s < n):
        return False
    surplus = max(0, 8 * len(hashed) - n.bit_length())
    inverse = pow(s, -1, n)
    first = (int.from_bytes(hashed, "big") >> surplus) * inverse % n
    second = r * inverse % n
    try:
        if first == 0:
            return key.curve.multiply(second, key.point).x % n == r
        return key.curve.multiply_add(first, key.curve.generator, second, key.point).x % n == r
    except CurveError:
        return False
