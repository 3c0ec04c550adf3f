"""The chip's static key-agreement key (ChipAuthenticationPublicKeyInfo, 9303-11 9.2.6): ECDH or DH.

A key that no honest issuer signs (a point off its curve, a small subgroup's element) raises ChipAuthError; one that
this reader cannot use raises UnsupportedAlgorithmError or TlvError. Either way before anything is sent."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Protocol

from readers.emrtd.curves import Curve, CurveError, Point
from readers.emrtd.dh import GROUPS, GroupError, group_by_parameters
from readers.emrtd.ec_parameters import STANDARDIZED_PARAMETERS, UNKNOWN_FIELD, read_key_curve
from readers.emrtd.pki.errors import CurveParametersError, UnsupportedAlgorithmError
from readers.errors import ChipAuthError, TlvError
from readers.iso7816 import der, tlv

if TYPE_CHECKING:
    from collections.abc import Callable

PKCS3_DH: Final = "1.2.840.113549.1.3.1"
X942_DH: Final = "1.2.840.10046.2.1"
MIN_DH_BITS: Final = 1024
MAX_DH_BITS: Final = 4096
MIN_ORDER_BITS: Final = 160
MAX_CHECK_BITS: Final = 512
"""The longest exponent that a check of the subgroup may take."""
_SPARE_OCTETS: Final = 8
_MAX_DRAWS: Final = 3
_MIN_EXPONENT_BITS: Final = 256
_EXPONENT_SHARE: Final = 11
_INFINITY: Final = b"\0"


class StaticKey(Protocol):
    """What Chip Authentication needs of a key."""

    @property
    def label(self) -> str:
        """As recorded: brainpoolP256r1, dh-2048."""

    @property
    def bits(self) -> int:
        """Size of the curve's field or of the prime."""

    def agree(self, randbytes: Callable[[int], bytes]) -> tuple[bytes, bytes]:
        """An ephemeral public key of the reader, encoded, and the secret it shares with the chip.

        Raises ChipAuthError where the agreement ends in nothing or the two keys are one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EcKey:
    """A point on a standardised curve."""

    curve: Curve
    point: Point = field(repr=False)

    @property
    def label(self) -> str:
        """The curve's name."""
        return self.curve.name

    @property
    def bits(self) -> int:
        """Size of the field."""
        return self.curve.p.bit_length()

    def agree(self, randbytes: Callable[[int], bytes]) -> tuple[bytes, bytes]:
        """See StaticKey. Public key: uncompressed point; secret: the x-coordinate (9303-11 9.4.5, 9.7)."""
        scalar = self.curve.random_scalar(randbytes(self.curve.size + _SPARE_OCTETS))
        own = self.curve.multiply(scalar)
        if own.x == self.point.x:
            raise ChipAuthError(reason="own-key-reflected")
        try:
            shared = self.curve.multiply(scalar, self.point)
        except CurveError:
            raise ChipAuthError(reason="infinity") from None
        return self.curve.encode(own), self.curve.encode_x(shared)


@dataclass(frozen=True, slots=True, kw_only=True)
class DhKey:
    """An element of a multiplicative group. `q`: the order of the generator, None where the key does not say."""

    p: int = field(repr=False)
    g: int = field(repr=False)
    q: int | None = field(repr=False)
    y: int = field(repr=False)

    @property
    def label(self) -> str:
        """The size of the prime."""
        return f"dh-{self.bits}"

    @property
    def bits(self) -> int:
        """Size of the prime."""
        return self.p.bit_length()

    def agree(self, randbytes: Callable[[int], bytes]) -> tuple[bytes, bytes]:
        """See StaticKey. Both as unsigned integers, the secret as long as the prime (PKCS #3 7.3).

        Chips differ on leading zero octets: a draw whose key or secret has any is made again, twice at most, and only
        where the prime fills its first octet: with others nearly every draw has them, and the card would choose our
        work. The subgroup is checked here, once for the key that is used: a file may carry many keys, and each check
        costs an exponentiation."""
        self._require_subgroup()
        size = (self.bits + 7) // 8
        for _ in range(_MAX_DRAWS if self.bits % 8 == 0 else 1):
            own, shared = self._draw(randbytes)
            if min(own, shared).bit_length() > 8 * (size - 1):
                break
        if own == self.y:
            raise ChipAuthError(reason="own-key-reflected")
        if shared in (0, 1, self.p - 1):
            raise ChipAuthError(reason="bad-element")
        return own.to_bytes((own.bit_length() + 7) // 8, "big"), shared.to_bytes(size, "big")

    def _require_subgroup(self) -> None:
        """Generator and key must be of order q; where q is long, of no order that the cofactor has (RFC 2785 3.1):
        either check is short, and leaves no small subgroup."""
        if self.q is None:
            return
        short = self.q.bit_length() <= MAX_CHECK_BITS
        exponent = self.q if short else (self.p - 1) // self.q
        for element, reason in ((self.g, "group-parameters"), (self.y, "bad-element")):
            if (pow(element, exponent, self.p) == 1) is not short:
                raise ChipAuthError(reason=reason)

    def _draw(self, randbytes: Callable[[int], bytes]) -> tuple[int, int]:
        """An exponent used once: below q, and of no more than twice the bits of strength that the prime gives, which
        is enough in any group (RFC 7919 5.2) and all there is to go by where the key does not say q."""
        bits = max(_MIN_EXPONENT_BITS, self.bits // _EXPONENT_SHARE)
        order = min(self.q or self.p - 1, 1 << bits)
        octets = randbytes((order.bit_length() + 7) // 8 + _SPARE_OCTETS)
        exponent = int.from_bytes(octets, "big") % (order - 2) + 2
        return pow(self.g, exponent, self.p), pow(self.y, exponent, self.p)


def parse_ec_key(spki: bytes) -> EcKey:
    """The key of a SubjectPublicKeyInfo with named, standardised or explicit curve parameters.

    Raises ChipAuthError (parameters of a changed curve, a point that is none), UnsupportedAlgorithmError, TlvError."""
    algorithm, octets = _spki(spki)
    try:
        curve = read_key_curve(algorithm)
    except CurveParametersError as error:
        if error.facts["reason"] == UNKNOWN_FIELD:
            raise UnsupportedAlgorithmError(what="curve", algorithm="explicit") from None
        raise ChipAuthError(reason="curve-parameters") from None
    if octets == _INFINITY:
        raise ChipAuthError(reason="infinity")
    try:
        return EcKey(curve=curve, point=curve.decode(octets))
    except CurveError:
        raise ChipAuthError(reason="bad-point") from None


def parse_dh_key(spki: bytes) -> DhKey:
    """The key of a SubjectPublicKeyInfo with PKCS #3, X9.42 (RFC 3279 2.3.3) or standardised parameters.

    Raises ChipAuthError (an element of a small subgroup or of none), UnsupportedAlgorithmError, TlvError."""
    algorithm, octets = _spki(spki)
    p, g, q = _group(algorithm)
    return _dh_key(p, g, q, der.decode_integer(tlv.parse_one(octets, der.INTEGER)))


def _group(algorithm: tlv.Tlv) -> tuple[int, int, int | None]:
    fields = algorithm.children()
    if len(fields) != 2:
        raise TlvError(reason="structure")
    oid = der.decode_oid(fields[0])
    if oid == STANDARDIZED_PARAMETERS:
        group = GROUPS.get(der.decode_integer(fields[1]))
        if group is None:
            raise UnsupportedAlgorithmError(what="group", algorithm="standardised")
        return group.p, group.g, group.q
    if oid not in (PKCS3_DH, X942_DH):
        raise UnsupportedAlgorithmError(what="key", algorithm=oid)
    numbers = tlv.parse_one(fields[1].raw, der.SEQUENCE).children()
    if len(numbers) < (2 if oid == PKCS3_DH else 3):
        raise TlvError(reason="structure")
    p, g = (der.decode_integer(number) for number in numbers[:2])
    return p, g, der.decode_integer(numbers[2]) if oid == X942_DH else _known_order(p, g)


def _known_order(p: int, g: int) -> int | None:
    """PKCS #3 does not say the order: known for the standardised groups, which are often sent this way."""
    try:
        return group_by_parameters(p=p, g=g, q=None).q
    except GroupError:
        return None


def _dh_key(p: int, g: int, q: int | None, y: int) -> DhKey:
    if not MIN_DH_BITS <= p.bit_length() <= MAX_DH_BITS:
        raise UnsupportedAlgorithmError(what="key-size", algorithm=f"dh-{p.bit_length()}")
    if not p & 1 or not 1 < g < p - 1 or (q is not None and not _may_be_order(q, p)):
        raise ChipAuthError(reason="group-parameters")
    if not 1 < y < p - 1:
        raise ChipAuthError(reason="bad-element")
    if q is not None and min(q, p // q).bit_length() > MAX_CHECK_BITS:
        raise UnsupportedAlgorithmError(what="key-size", algorithm=f"dh-order-{q.bit_length()}")
    return DhKey(p=p, g=g, q=q, y=y)


def _may_be_order(q: int, p: int) -> bool:
    """Whether a subgroup can have this order, and be large enough to hide an exponent."""
    return 0 < q < p and q.bit_length() >= MIN_ORDER_BITS and (p - 1) % q == 0


def _spki(spki: bytes) -> tuple[tlv.Tlv, bytes]:
    fields = tlv.parse_one(spki, der.SEQUENCE).children()
    if len(fields) != 2 or fields[0].tag != der.SEQUENCE:
        raise TlvError(reason="structure")
    return fields[0], der.decode_bit_string(fields[1])
