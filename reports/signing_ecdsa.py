"""Of the two ECDSA signatures that one gives anybody, (r, s) and (r, n − s), only the one with the smaller s counts.

Else whoever has a signed file could make another one that is signed as well. RSA has one signature only.
"""

from __future__ import annotations

from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

_ORDERS: Final = {
    "secp256r1": 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
    "secp384r1": int(
        "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973", 16
    ),
    "secp521r1": int(
        "01FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF"
        "FA51868783BF2F966B7FCC0148F709A5D03BB5C9B8899C47AEBB6FB71E91386409",
        16,
    ),
}
"""Orders n of the base points (SEC 2, 2.4.2, 2.5.1, 2.6.1)."""


def with_low_s(signature: bytes, key: ec.EllipticCurvePublicKey) -> bytes:
    """Return an ECDSA-Sig-Value (DER) with the smaller s. Raises ValueError for what is none, or on no known curve."""
    order = _order(key)
    r, s = decode_dss_signature(signature)
    return encode_dss_signature(r, min(s, order - s))


def has_low_s(signature: bytes, key: ec.EllipticCurvePublicKey) -> bool:
    """Whether an ECDSA-Sig-Value is, octet by octet, the one that `with_low_s` writes. Raises as that."""
    return with_low_s(signature, key) == signature


def _order(key: ec.EllipticCurvePublicKey) -> int:
    if key.curve.name not in _ORDERS:
        raise ValueError("no known curve")
    return _ORDERS[key.curve.name]
