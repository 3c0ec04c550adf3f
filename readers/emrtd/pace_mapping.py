"""What both sides of PACE compute (9303-11 4.4.3): domain parameters, key pairs, the mappings of the nonce,
tokens, and the data of the Chip Authentication Mapping.

A `Domain` is a group with a generator. A mapping takes the nonce and gives the same group with another, secret
generator; the key agreement then runs there. Reader and chip call the same functions with their own key pair
and the other's public key, so nothing here knows which side it is on.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, Protocol

from readers.emrtd import crypto
from readers.emrtd.crypto import CipherSuite
from readers.emrtd.curves import CURVES, Curve, CurveError, Point, Scalar
from readers.emrtd.dh import GROUPS, DhGroup, GroupError
from readers.iso7816 import der, tlv

if TYPE_CHECKING:
    from collections.abc import Callable

PUBLIC_KEY: Final = 0x7F49
EC_PUBLIC_POINT: Final = 0x86
DH_PUBLIC_VALUE: Final = 0x84
MAX_NONCE_OCTETS: Final = 64
_PRF_EXTRA_BITS: Final = 64
_FULL_LENGTH_DRAWS: Final = 16
_C0_128: Final = bytes.fromhex("a668892a7c41e3ca739f40b057d85904")
_C1_128: Final = bytes.fromhex("a4e136ac725f738b01c1f60217c188ad")
_C0_256: Final = bytes.fromhex("d463d65234124ef7897054986dca0a174e28df758cbaa03f240616414d5a1676")
_C1_256: Final = bytes.fromhex("54bd7255f0aaf831bec3423fcf39d69b6cbf066677d0faae5aadd99df8e53517")


class MappingError(ValueError):
    """A partner's value that leads to no good key; `reason` names what is wrong with it, for the record."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyPair:
    """A single-use key pair: scalar or exponent, and the public key as it is sent. `scalar`: the former, ready for use
    on a curve."""

    private: int = field(repr=False)
    public: bytes = field(repr=False)
    scalar: Scalar | None = field(default=None, repr=False, compare=False)


class Domain(Protocol):
    """A group with a generator, as a key agreement of PACE uses it."""

    @property
    def name(self) -> str:
        """Name of the standardised parameters, as recorded."""

    @property
    def parameter_id(self) -> int:
        """Their identifier (9303-11 9.5.1)."""

    @property
    def public_key_tag(self) -> int:
        """Tag of the public key in an authentication token: 86 for points, 84 for group elements."""

    def key_pair(self, randbytes: Callable[[int], bytes]) -> KeyPair:
        """A fresh key pair over this generator."""

    def key_pair_of(self, private: int) -> KeyPair:
        """The key pair of a known private key. Raises MappingError when it is out of range."""

    def require_key(self, octets: bytes) -> None:
        """Check that these octets are a public key. Raises MappingError."""

    def require_other(self, own: KeyPair, theirs: bytes) -> None:
        """Check that the partner sent a public key of its own: neither ours nor its inverse (4.4.1).
        Raises MappingError."""

    def agree(self, own: KeyPair, theirs: bytes) -> bytes:
        """The shared secret K: x-coordinate or group element, in the octets of the field. Raises
        MappingError."""

    def encodes_alike(self, secret: bytes) -> bool:
        """Whether every implementation feeds these same octets of a shared secret into the key derivation."""

    def require_nonce(self, nonce: bytes) -> None:
        """Check that the nonce is not zero in this group: the generic mapping would not use it. Raises
        MappingError."""

    def map_generic(self, nonce: bytes, own: KeyPair, theirs: bytes) -> Domain:
        """The domain of the generic mapping, after an exchange of mapping keys (4.4.3.3.1). Raises
        MappingError."""

    def map_integrated(self, suite: CipherSuite, nonce: bytes, other_nonce: bytes) -> Domain:
        """The domain of the integrated mapping: s the chip's secret nonce, t the reader's open one
        (4.4.3.3.2). Raises MappingError."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EcDomain:
    """An elliptic curve and a generator."""

    curve: Curve
    generator: Point = field(repr=False)
    public_key_tag: int = EC_PUBLIC_POINT

    @property
    def name(self) -> str:
        """Name of the curve."""
        return self.curve.name

    @property
    def parameter_id(self) -> int:
        """Identifier of the curve."""
        return self.curve.parameter_id

    def key_pair(self, randbytes: Callable[[int], bytes]) -> KeyPair:
        """A fresh key pair over this generator."""
        return self.key_pair_of(self.curve.random_scalar(randbytes(self.curve.size + 8)))

    def key_pair_of(self, private: int) -> KeyPair:
        """The key pair of a known private key. Raises MappingError when it is out of range."""
        try:
            scalar = Scalar(self.curve, private)
            own = self.generator == self.curve.generator
            public = scalar.of_generator if own else scalar.of(self.generator)
        except CurveError:
            raise MappingError("infinity") from None
        return KeyPair(private=private, public=self.curve.encode(public), scalar=scalar)

    def require_key(self, octets: bytes) -> None:
        """Check that these octets are an uncompressed point of the curve. Raises MappingError."""
        self._decode(octets)

    def require_other(self, own: KeyPair, theirs: bytes) -> None:
        """Check that the x-coordinates differ. Raises MappingError."""
        if self._decode(theirs).x == self._decode(own.public).x:
            raise MappingError("own-key-reflected")

    def agree(self, own: KeyPair, theirs: bytes) -> bytes:
        """The x-coordinate of the shared point. Raises MappingError."""
        point = self._decode(theirs)
        try:
            return (own.scalar or Scalar(self.curve, own.private)).x_of(point)
        except CurveError:
            raise MappingError("infinity") from None

    def encodes_alike(self, secret: bytes) -> bool:
        """Always: a coordinate has the length of the field (FE2OS of TR-03111)."""
        return len(secret) == self.curve.size

    def require_nonce(self, nonce: bytes) -> None:
        """Check that the nonce is not zero modulo the order. Raises MappingError."""
        self._reduce(nonce)

    def map_generic(self, nonce: bytes, own: KeyPair, theirs: bytes) -> EcDomain:
        """G' = s·G + H, H the shared point. Raises MappingError."""
        scalar = self._reduce(nonce)
        point = self._decode(theirs)
        try:
            shared = (own.scalar or Scalar(self.curve, own.private)).of(point)
            mapped = self.curve.add(self.curve.multiply(scalar, self.generator), shared)
        except CurveError:
            raise MappingError("infinity") from None
        return replace(self, generator=mapped)

    def map_integrated(self, suite: CipherSuite, nonce: bytes, other_nonce: bytes) -> EcDomain:
        """G' = f(R_p(s, t)), f the encoding of field elements as points. Raises MappingError."""
        element = pseudo_random(suite, nonce, other_nonce, self.curve.p)
        return replace(self, generator=encode_as_point(self.curve, element))

    def _reduce(self, nonce: bytes) -> int:
        scalar = int.from_bytes(nonce, "big") % self.curve.n
        if scalar == 0:
            raise MappingError("zero")
        return scalar

    def _decode(self, octets: bytes) -> Point:
        try:
            return self.curve.decode(octets)
        except CurveError:
            raise MappingError("bad-point") from None


@dataclass(frozen=True, slots=True, kw_only=True)
class DhDomain:
    """A Diffie-Hellman group and a generator."""

    group: DhGroup
    generator: int = field(repr=False)
    public_key_tag: int = DH_PUBLIC_VALUE

    @property
    def name(self) -> str:
        """Name of the group."""
        return self.group.name

    @property
    def parameter_id(self) -> int:
        """Identifier of the group."""
        return self.group.parameter_id

    def key_pair(self, randbytes: Callable[[int], bytes]) -> KeyPair:
        """A fresh key pair over this generator.

        Drawn again while the public value begins with a zero octet: whether such octets are sent and hashed
        into the token is where implementations differ (9303-11 9.4.3 against PKCS #3 7.3)."""
        for _ in range(_FULL_LENGTH_DRAWS):
            pair = self.key_pair_of(self.group.random_exponent(randbytes(self.group.exponent_octets)))
            if pair.public[0]:
                break
        return pair

    def key_pair_of(self, private: int) -> KeyPair:
        """The key pair of a known private key, which may exceed q. Raises MappingError when it is 0
        modulo q."""
        exponent = private % self.group.q
        return KeyPair(private=exponent, public=self.group.encode(self._power(exponent, self.generator)))

    def require_key(self, octets: bytes) -> None:
        """Check that these octets are an element of order q. Raises MappingError."""
        self._decode(octets)

    def require_other(self, own: KeyPair, theirs: bytes) -> None:
        """Check that the public values are neither equal nor inverse. Raises MappingError."""
        mine, other = int.from_bytes(own.public, "big"), int.from_bytes(theirs, "big")
        if mine == other or mine * other % self.group.p == 1:
            raise MappingError("own-key-reflected")

    def agree(self, own: KeyPair, theirs: bytes) -> bytes:
        """The shared element, leading zero octets kept (PKCS #3 8.3). Raises MappingError."""
        return self.group.encode(self._power(own.private, self._decode(theirs)))

    def encodes_alike(self, secret: bytes) -> bool:
        """Unless it begins with a zero octet, which some implementations drop."""
        return secret[0] != 0

    def require_nonce(self, nonce: bytes) -> None:
        """Check that the nonce is not zero modulo the order. Raises MappingError."""
        self._reduce(nonce)

    def map_generic(self, nonce: bytes, own: KeyPair, theirs: bytes) -> DhDomain:
        """g' = g^s · h, h the shared element. Raises MappingError."""
        exponent = self._reduce(nonce)
        shared = self._power(own.private, self._decode(theirs))
        try:
            mapped = self.group.multiply(self.group.power(exponent, self.generator), shared)
        except GroupError:
            raise MappingError("infinity") from None
        return replace(self, generator=mapped)

    def map_integrated(self, suite: CipherSuite, nonce: bytes, other_nonce: bytes) -> DhDomain:
        """g' = R_p(s, t)^((p-1)/q). Raises MappingError."""
        p = self.group.p
        mapped = pow(pseudo_random(suite, nonce, other_nonce, p), (p - 1) // self.group.q, p)
        if not self.group.contains(mapped):
            raise MappingError("infinity")
        return replace(self, generator=mapped)

    def _reduce(self, nonce: bytes) -> int:
        exponent = int.from_bytes(nonce, "big") % self.group.q
        if exponent == 0:
            raise MappingError("zero")
        return exponent

    def _decode(self, octets: bytes) -> int:
        try:
            return self.group.decode(octets)
        except GroupError:
            raise MappingError("bad-element") from None

    def _power(self, exponent: int, base: int) -> int:
        try:
            return self.group.power(exponent, base)
        except GroupError:
            raise MappingError("exponent") from None


def ec_domain(curve: Curve) -> EcDomain:
    """The curve with its own generator."""
    return EcDomain(curve=curve, generator=curve.generator)


def dh_domain(group: DhGroup) -> DhDomain:
    """The group with its own generator."""
    return DhDomain(group=group, generator=group.g)


def standard_domain(parameter_id: int) -> Domain | None:
    """The domain of a standardised parameter id (9303-11 9.5.1), None where there is none."""
    if parameter_id in CURVES:
        return ec_domain(CURVES[parameter_id])
    return dh_domain(GROUPS[parameter_id]) if parameter_id in GROUPS else None


# --- integrated mapping ------------------------------------------------------------------------------------


def nonce_octets(suite: CipherSuite) -> int:
    """Length l of the nonce s in the integrated mapping: 16 octets, 32 with AES-192 and AES-256."""
    return 16 if suite.key_octets == 16 else 32


def pseudo_random(suite: CipherSuite, nonce: bytes, other_nonce: bytes, p: int) -> int:
    """R_p(s, t) of 9303-11 4.4.3.3.2: both nonces as an element of GF(p).

    `nonce`: `nonce_octets(suite)`; `other_nonce`: the cipher's key length. Raises MappingError."""
    octets = nonce_octets(suite)
    if len(nonce) != octets or len(other_nonce) != suite.key_octets:
        raise MappingError("length")
    c0, c1 = (_C0_128, _C1_128) if octets == len(_C0_128) else (_C0_256, _C1_256)
    zero = bytes(suite.block_octets)
    key = crypto.cbc_encrypt(suite, other_nonce, zero, nonce)[: suite.key_octets]
    output = b""
    while 8 * len(output) < p.bit_length() + _PRF_EXTRA_BITS:
        output += crypto.cbc_encrypt(suite, key, zero, c1)
        key = crypto.cbc_encrypt(suite, key, zero, c0)[: suite.key_octets]
    return int.from_bytes(output, "big") % p


def supports_point_encoding(curve: Curve) -> bool:
    """Whether the integrated mapping exists on the curve: p = 3 mod 4, so not on secp224r1 (9303-11 9.5.1)."""
    return curve.p % 4 == 3


def encode_as_point(curve: Curve, element: int) -> Point:
    """The point that encodes a field element (9303-11 Appendix B; Brier, Coron, Icart et al., simplified
    Shallue-van de Woestijne-Ulas). Raises MappingError where the encoding is not defined."""
    p, a, b = curve.p, curve.a, curve.b
    alpha = -element * element % p
    denominator = (alpha + alpha * alpha) % p
    if not supports_point_encoding(curve) or not denominator:
        raise MappingError("not-encodable")
    x2 = -b * pow(a, -1, p) * (1 + pow(denominator, -1, p)) % p
    h2 = (x2 * x2 * x2 + a * x2 + b) % p
    inverse_root = pow(h2, p - 1 - (p + 1) // 4, p)
    if inverse_root * inverse_root * h2 % p == 1:
        return Point(x2, inverse_root * h2 % p)
    point = Point(alpha * x2 % p, inverse_root * pow(element, 3, p) * h2 % p)
    if not curve.contains(point):
        raise MappingError("not-encodable")
    return point


# --- authentication tokens ---------------------------------------------------------------------------------


def public_key_object(oid: str, tag: int, public: bytes) -> bytes:
    """The input of a token: 7F49 {06 protocol, 86 point | 84 element} (9303-11 4.4.3.4, 9.4)."""
    return tlv.encode(PUBLIC_KEY, tlv.encode(der.OID, der.encode_oid(oid)), tlv.encode(tag, public))


def token(suite: CipherSuite, mac_key: bytes, oid: str, domain: Domain, public: bytes) -> bytes:
    """The authentication token over the partner's public key: T_IFD over the chip's, T_IC over the reader's."""
    return crypto.mac_token(suite, mac_key, public_key_object(oid, domain.public_key_tag, public))


# --- Chip Authentication Mapping ---------------------------------------------------------------------------


def chip_authentication_data(curve: Curve, mapping_private: int, static_private: int) -> bytes:
    """CA_IC = SK_Map,IC / SK_IC mod n, which the chip sends encrypted (4.4.3.5.1). Chip's side."""
    return (mapping_private * pow(static_private, -1, curve.n) % curve.n).to_bytes(
        _order_octets(curve), "big"
    )


def encrypt_chip_authentication_data(suite: CipherSuite, enc_key: bytes, data: bytes) -> bytes:
    """A_IC: the padded data under KS_ENC, the IV the encryption of -1 (4.4.3.5.4). Chip's side."""
    padded = crypto.pad(data, suite.block_octets)
    return crypto.cbc_encrypt(suite, enc_key, _minus_one(suite, enc_key), padded)


def decrypt_chip_authentication_data(suite: CipherSuite, enc_key: bytes, encrypted: bytes) -> bytes:
    """CA_IC. Raises MappingError."""
    try:
        plain = crypto.cbc_decrypt(suite, enc_key, _minus_one(suite, enc_key), encrypted)
        return crypto.unpad(plain, suite.block_octets)
    except ValueError:
        raise MappingError("padding") from None


def _minus_one(suite: CipherSuite, enc_key: bytes) -> bytes:
    return crypto.encrypt_block(suite, enc_key, b"\xff" * suite.block_octets)


def _order_octets(curve: Curve) -> int:
    return (curve.n.bit_length() + 7) // 8
