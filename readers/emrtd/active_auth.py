"""Active Authentication (9303-11 6.1): RSA with ISO/IEC 9796-2 scheme 1, or ECDSA (TR-03111 4.2.1, 5.2.1).

RSA: the trailer names the hash (BC is SHA-1, else an ISO/IEC 10118-3 identifier and CC); message recovery is partial,
the challenge being the part that is not recovered, or total, the challenge then ending what is.
ECDSA: ActiveAuthenticationInfo in DG14 names the hash. Where a chip has none, which the standard forbids, the hash of
the curve's size is tried first and the others after it; the record says that it was assumed."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

from readers.emrtd import crypto
from readers.emrtd.curve_library import library_verifies
from readers.emrtd.evidence import Facts, freeze
from readers.emrtd.pki.ecdsa import PointKey, ecdsa_holds
from readers.errors import ActiveAuthError, TlvError
from readers.iso7816 import der, tlv

if TYPE_CHECKING:
    from readers.emrtd.agreement_key import EcKey
    from readers.emrtd.lds.dg15 import ActiveKey

CHALLENGE_OCTETS: Final = 8
MIN_BITS: Final = 1024
"""The least modulus that 9303-12 4.1.6 lets an issuer use for this key; what is shorter than 2048 is recorded."""
SOUND_BITS: Final = 2048
MAX_BITS: Final = 8192
MIN_EXPONENT: Final = 65537
MAX_EXPONENT_BITS: Final = 256
_HEADER_BITS: Final = 0x4A
_PARTIAL: Final = 0x20
_PADDED: Final = 0x01
_PADDING: Final = 0xBB
_LAST_PADDING: Final = 0xBA
_TRAILER_SHA1: Final = 0xBC
_TRAILER_TWO_OCTETS: Final = 0xCC
_TRAILER_HASHES: Final = {0x33: "sha1", 0x34: "sha256", 0x35: "sha512", 0x36: "sha384", 0x38: "sha224"}
_PLAIN_ECDSA: Final = "0.4.0.127.0.7.1.1.4.1"
_DECLARED: Final = {
    f"{_PLAIN_ECDSA}.1": ("ec", "sha1"),
    f"{_PLAIN_ECDSA}.2": ("ec", "sha224"),
    f"{_PLAIN_ECDSA}.3": ("ec", "sha256"),
    f"{_PLAIN_ECDSA}.4": ("ec", "sha384"),
    f"{_PLAIN_ECDSA}.5": ("ec", "sha512"),
    "1.2.840.10045.4.1": ("ec", "sha1"),
    "1.2.840.10045.4.3.1": ("ec", "sha224"),
    "1.2.840.10045.4.3.2": ("ec", "sha256"),
    "1.2.840.10045.4.3.3": ("ec", "sha384"),
    "1.2.840.10045.4.3.4": ("ec", "sha512"),
    "1.2.840.113549.1.1.5": ("rsa", "sha1"),
    "1.2.840.113549.1.1.14": ("rsa", "sha224"),
    "1.2.840.113549.1.1.11": ("rsa", "sha256"),
    "1.2.840.113549.1.1.12": ("rsa", "sha384"),
    "1.2.840.113549.1.1.13": ("rsa", "sha512"),
}
_HASHES_BY_SIZE: Final = ((224, "sha224"), (256, "sha256"), (384, "sha384"), (521, "sha512"))


def weakness(key: ActiveKey, declared: str | None = None) -> str | None:
    """Why this key cannot prove anything, as a fact for the record; None for a sound key.

    Small moduli and exponents (1, 3 …) make signatures with message recovery forgeable. `declared`: the algorithm of
    ActiveAuthenticationInfo. Raises ActiveAuthError for a key that no honest issuer signs; nothing is sent then."""
    if key.fault is not None:
        raise ActiveAuthError(reason=key.fault)
    if key.family == "ec":
        if key.ec is None:
            return key.weakness or "key-family-unsupported"
        return None if declared is None or declared in _DECLARED else "declared-algorithm"
    if key.family != "rsa":
        return "key-family-unsupported"
    if not MIN_BITS <= key.bits <= MAX_BITS or key.bits % 8:
        return "key-size"
    if not MIN_EXPONENT <= key.exponent < 1 << MAX_EXPONENT_BITS or not key.exponent & 1:
        return "key-exponent"
    return None


def require_signature(
    key: ActiveKey, challenge: bytes, signature: bytes, *, declared: str | None = None
) -> str:
    """Return the hash algorithm of a good answer to INTERNAL AUTHENTICATE. Raises what `require_answer` raises."""
    return str(require_answer(key, challenge, signature, declared=declared)["aa_hash_algorithm"])


def require_answer(
    key: ActiveKey, challenge: bytes, signature: bytes, *, declared: str | None = None
) -> Facts:
    """Check an answer to INTERNAL AUTHENTICATE with a key that `weakness` found sound; return what it was, for the
    record. `declared`: the algorithm of ActiveAuthenticationInfo in DG14, which must be the one used.

    Raises ActiveAuthError; `reason` says in which respect the answer is none."""
    family, named = _DECLARED.get(declared or "", (key.family, None))
    if family != key.family:
        raise ActiveAuthError(reason="declared-algorithm")
    facts: dict[str, str | int] = {"aa_key": key.label, "aa_key_bits": key.bits}
    if key.ec is not None:
        facts |= _require_ecdsa(key.ec, challenge, signature, named)
    else:
        facts |= _require_rsa(key, challenge, signature)
        if named not in (None, facts["aa_hash_algorithm"]):
            raise ActiveAuthError(reason="declared-algorithm")
        if key.bits < SOUND_BITS:
            facts["aa_note"] = "key-below-2048"
    return freeze(facts)


# --- RSA ---------------------------------------------------------------------------------------------------


def _require_rsa(key: ActiveKey, challenge: bytes, signature: bytes) -> dict[str, str | int]:
    """The representative must be header || M1 || H(M1 || challenge) || trailer and fill the modulus exactly."""
    representative = _recover(key, signature)
    algorithm, trailer_octets = _trailer(representative)
    start, partial = _message_start(representative)
    end = len(representative) - trailer_octets - hashlib.new(algorithm).digest_size
    if end <= start:
        raise ActiveAuthError(reason="recovered-length")
    message = representative[start:end]
    if not partial and not crypto.same(message[-CHALLENGE_OCTETS:], challenge):
        raise ActiveAuthError(reason="challenge")
    digest = hashlib.new(algorithm, message + challenge if partial else message).digest()
    if not crypto.same(digest, representative[end : end + len(digest)]):
        raise ActiveAuthError(reason="hash")
    return {
        "aa_hash_algorithm": algorithm,
        "aa_trailer": representative[-trailer_octets:].hex(),
        "aa_recovery": "partial" if partial else "total",
    }


def _recover(key: ActiveKey, signature: bytes) -> bytes:
    """The message representative: S^e mod n, or its complement where the signer published the smaller root."""
    octets = (key.bits + 7) // 8
    number = int.from_bytes(signature, "big")
    if not key.modulus or len(signature) != octets or number >= key.modulus:
        raise ActiveAuthError(reason="signature-length")
    recovered = pow(number, key.exponent, key.modulus)
    if recovered & 0x0F != 0x0C:
        recovered = key.modulus - recovered
    return recovered.to_bytes(octets, "big")


def _message_start(representative: bytes) -> tuple[int, bool]:
    """Where M1 begins, and whether recovery is partial: 6A or 4A, or 6B or 4B with padding BB … BA (ISO/IEC 9796-2
    8.1.2)."""
    first = representative[0]
    if first & ~(_PARTIAL | _PADDED) != _HEADER_BITS:
        raise ActiveAuthError(reason="header")
    if not first & _PADDED:
        return 1, bool(first & _PARTIAL)
    start = 1
    while start < len(representative) and representative[start] == _PADDING:
        start += 1
    if start == len(representative) or representative[start] != _LAST_PADDING:
        raise ActiveAuthError(reason="header")
    return start + 1, bool(first & _PARTIAL)


def _trailer(representative: bytes) -> tuple[str, int]:
    """Hash algorithm and length of the trailer (9303-11 6.1.2.2, ISO/IEC 10118-3 identifiers)."""
    if representative[-1] == _TRAILER_SHA1:
        return "sha1", 1
    algorithm = _TRAILER_HASHES.get(representative[-2]) if representative[-1] == _TRAILER_TWO_OCTETS else None
    if algorithm is None:
        raise ActiveAuthError(reason="trailer")
    return algorithm, 2


# --- ECDSA -------------------------------------------------------------------------------------------------


def _require_ecdsa(key: EcKey, challenge: bytes, signature: bytes, named: str | None) -> dict[str, str | int]:
    r, s, form = _split(signature, (key.curve.n.bit_length() + 7) // 8)
    if not (0 < r < key.curve.n and 0 < s < key.curve.n):
        raise ActiveAuthError(reason="signature-range")
    encoded = tlv.encode(der.SEQUENCE, der.encode_integer(r), der.encode_integer(s))
    for algorithm in (named,) if named else _assumed_hashes(key.bits):
        if _holds(key, encoded, challenge, algorithm):
            return {
                "aa_hash_algorithm": algorithm,
                "aa_hash_source": "declared" if named else "assumed",
                "aa_signature": form,
            }
    raise ActiveAuthError(reason="signature")


def _holds(key: EcKey, encoded: bytes, challenge: bytes, algorithm: str) -> bool:
    """By OpenSSL, ten times as fast, where it has the curve."""
    hashed = hashlib.new(algorithm, challenge).digest()
    point = key.point
    held = library_verifies(
        key.curve.name, point.x, point.y, signature=encoded, hashed=hashed, hash_name=algorithm
    )
    return ecdsa_holds(PointKey(curve=key.curve, point=point), encoded, hashed) if held is None else held


def _split(signature: bytes, size: int) -> tuple[int, int, str]:
    """r and s: plain, each `size` octets, as 9303-11 6.1.2.3 prescribes, or the DER that some chips send instead."""
    if len(signature) == 2 * size:
        return int.from_bytes(signature[:size], "big"), int.from_bytes(signature[size:], "big"), "plain"
    try:
        numbers = tlv.parse_one(signature, der.SEQUENCE).children()
        if len(numbers) != 2:
            raise ActiveAuthError(reason="signature-length")
        return der.decode_integer(numbers[0]), der.decode_integer(numbers[1]), "der"
    except TlvError:
        raise ActiveAuthError(reason="signature-length") from None


def _assumed_hashes(bits: int) -> tuple[str, ...]:
    """Every hash of the standard, that of the curve's size first (TR-03111 4.1.2)."""
    first = next(name for size, name in _HASHES_BY_SIZE if bits <= size)
    others = ("sha256", "sha1", "sha224", "sha384", "sha512")
    return (first, *(name for name in others if name != first))
