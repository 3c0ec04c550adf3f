"""Public keys of certificates: loaded only when strong enough and, for explicit curves, equal in every
parameter."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from readers.emrtd.curves import CURVES, Curve, CurveError, curve_by_name, curve_by_parameters
from readers.emrtd.pki.algorithms import ECDSA, RSA, RSA_PSS, SignatureAlgorithm, require_strong_hash
from readers.emrtd.pki.asn1 import Fields, parsing
from readers.emrtd.pki.errors import (
    CertificateMalformedError,
    CurveParametersError,
    UnsupportedAlgorithmError,
    WeakAlgorithmError,
)
from readers.iso7816 import der, tlv

MIN_RSA_BITS: Final = 2048
MAX_RSA_BITS: Final = 8192
MIN_EC_BITS: Final = 224
MAX_SALT_OCTETS: Final = 64

_RSA_KEYS: Final = frozenset({"1.2.840.113549.1.1.1", "1.2.840.113549.1.1.10"})
_EC_KEY: Final = "1.2.840.10045.2.1"
_PRIME_FIELD: Final = "1.2.840.10045.1.1"
_CURVE_NAMES: Final = {
    "1.2.840.10045.3.1.1": "secp192r1",
    "1.3.132.0.33": "secp224r1",
    "1.2.840.10045.3.1.7": "secp256r1",
    "1.3.132.0.34": "secp384r1",
    "1.3.132.0.35": "secp521r1",
    "1.3.36.3.3.2.8.1.1.3": "brainpoolP192r1",
    "1.3.36.3.3.2.8.1.1.5": "brainpoolP224r1",
    "1.3.36.3.3.2.8.1.1.7": "brainpoolP256r1",
    "1.3.36.3.3.2.8.1.1.9": "brainpoolP320r1",
    "1.3.36.3.3.2.8.1.1.11": "brainpoolP384r1",
    "1.3.36.3.3.2.8.1.1.13": "brainpoolP512r1",
}
_LIBRARY_CURVES: Final[dict[str, type[ec.EllipticCurve]]] = {
    "secp224r1": ec.SECP224R1,
    "secp256r1": ec.SECP256R1,
    "secp384r1": ec.SECP384R1,
    "secp521r1": ec.SECP521R1,
    "brainpoolP256r1": ec.BrainpoolP256R1,
    "brainpoolP384r1": ec.BrainpoolP384R1,
    "brainpoolP512r1": ec.BrainpoolP512R1,
}
_LIBRARY_HASHES: Final[dict[str, type[hashes.HashAlgorithm]]] = {
    "sha224": hashes.SHA224,
    "sha256": hashes.SHA256,
    "sha384": hashes.SHA384,
    "sha512": hashes.SHA512,
}


class SignatureRefusedError(Exception):
    """A signature does not hold; `reason` says why. Callers say whose signature it was."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicKey:
    """A key fit to verify: family rsa or ecdsa, and a label such as rsa-3072 or ecdsa-brainpoolP384r1."""

    family: str
    label: str
    explicit: bool
    key: rsa.RSAPublicKey | ec.EllipticCurvePublicKey = field(repr=False)

    def verify(
        self,
        signature: bytes,
        data: bytes,
        algorithm: SignatureAlgorithm,
        digest_algorithm: str | None = None,
    ) -> None:
        """Check a signature over the data.

        `digest_algorithm`: the hash named beside the signature (CMS), None for certificates and CRLs.
        Raises SignatureRefusedError, WeakAlgorithmError, UnsupportedAlgorithmError."""
        hash_name = _require_hash(algorithm, digest_algorithm)
        if (RSA if algorithm.family == RSA_PSS else algorithm.family) != self.family:
            raise SignatureRefusedError("algorithm-family")
        chosen = _library_hash(hash_name)
        try:
            if isinstance(self.key, rsa.RSAPublicKey):
                self.key.verify(signature, data, _rsa_padding(algorithm, chosen), chosen)
            else:
                self.key.verify(signature, data, ec.ECDSA(chosen))
        except InvalidSignature:
            raise SignatureRefusedError("signature") from None


def _require_hash(algorithm: SignatureAlgorithm, digest_algorithm: str | None) -> str:
    name = algorithm.hash_name or digest_algorithm
    if name is None:
        raise SignatureRefusedError("no-hash")
    if algorithm.family == RSA_PSS and digest_algorithm not in (None, name):
        raise SignatureRefusedError("pss-parameters")
    return require_strong_hash(name, what="signature")


def _library_hash(name: str) -> hashes.HashAlgorithm:
    if name not in _LIBRARY_HASHES:
        raise UnsupportedAlgorithmError(what="hash", algorithm=name)
    return _LIBRARY_HASHES[name]()


def _rsa_padding(algorithm: SignatureAlgorithm, chosen: hashes.HashAlgorithm) -> padding.AsymmetricPadding:
    if algorithm.family != RSA_PSS:
        return padding.PKCS1v15()
    if algorithm.mask_hash != chosen.name or not algorithm.trailer_known:
        raise SignatureRefusedError("pss-parameters")
    if not 0 <= algorithm.salt_octets <= MAX_SALT_OCTETS:
        raise SignatureRefusedError("pss-parameters")
    return padding.PSS(mgf=padding.MGF1(chosen), salt_length=algorithm.salt_octets)


def load_public_key(spki: bytes) -> PublicKey:
    """Load a SubjectPublicKeyInfo.

    Raises CertificateMalformedError, WeakAlgorithmError (RSA under 2048 bits, curves under 224),
    CurveParametersError, UnsupportedAlgorithmError."""
    with parsing(CertificateMalformedError):
        fields = Fields(tlv.parse_one(spki))
        algorithm = fields.take(der.SEQUENCE).children()
        octets = der.decode_bit_string(fields.take(der.BIT_STRING))
        fields.end()
        family = der.decode_oid(algorithm[0])
        if family in _RSA_KEYS:
            modulus, exponent = (
                der.decode_integer(item) for item in tlv.parse_one(octets, der.SEQUENCE).children()
            )
            return _rsa_key(modulus, exponent)
        if family != _EC_KEY:
            raise UnsupportedAlgorithmError(what="key", algorithm=family)
        parameters = algorithm[1]
        if parameters.tag == der.NULL:
            raise UnsupportedAlgorithmError(what="curve", algorithm="implicit")
        explicit = parameters.tag != der.OID
        curve = _explicit_curve(parameters) if explicit else _named_curve(der.decode_oid(parameters))
    return _ec_key(curve, octets, explicit=explicit)


def _rsa_key(modulus: int, exponent: int) -> PublicKey:
    bits = modulus.bit_length()
    if bits < MIN_RSA_BITS:
        raise WeakAlgorithmError(what="key", algorithm=f"rsa-{bits}")
    if bits > MAX_RSA_BITS:
        raise UnsupportedAlgorithmError(what="key", algorithm=f"rsa-{bits}")
    key = rsa.RSAPublicNumbers(exponent, modulus).public_key()
    return PublicKey(family=RSA, label=f"rsa-{bits}", explicit=False, key=key)


def _named_curve(oid: str) -> Curve:
    if oid not in _CURVE_NAMES:
        raise UnsupportedAlgorithmError(what="curve", algorithm=oid)
    return curve_by_name(_CURVE_NAMES[oid])


def _explicit_curve(parameters: tlv.Tlv) -> Curve:
    """The standardised curve with these very p, a, b, G, n and h (SEC 1 C.2).

    A changed generator alone makes any key forgeable (CVE-2020-0601). Raises CurveParametersError, TlvError."""
    fields = Fields(parameters)
    der.decode_integer(fields.take(der.INTEGER))
    field_id, coefficients = fields.take(der.SEQUENCE).children(), fields.take(der.SEQUENCE).children()
    base = fields.take(der.OCTET_STRING).value
    order = der.decode_integer(fields.take(der.INTEGER))
    cofactor = fields.take_optional(der.INTEGER)
    if der.decode_oid(field_id[0]) != _PRIME_FIELD:
        raise UnsupportedAlgorithmError(what="curve", algorithm="binary-field")
    p = der.decode_integer(field_id[1])
    a, b = (int.from_bytes(tlv.require([item], der.OCTET_STRING).value, "big") for item in coefficients[:2])
    if p not in {curve.p for curve in CURVES.values()}:
        raise CurveParametersError(reason="no-standard-curve")
    x, y = _generator(base, p=p, a=a, b=b)
    h = None if cofactor is None else der.decode_integer(cofactor)
    try:
        return curve_by_parameters(p=p, a=a, b=b, x=x, y=y, n=order, h=h)
    except CurveError:
        raise CurveParametersError(reason="no-standard-curve") from None


def _generator(octets: bytes, *, p: int, a: int, b: int) -> tuple[int, int]:
    """Both coordinates of a generator, which may be compressed where p is 3 mod 4 (SEC 1 2.3.4)."""
    size = (p.bit_length() + 7) // 8
    if len(octets) == 1 + 2 * size and octets[0] == 4:
        return int.from_bytes(octets[1 : 1 + size], "big"), int.from_bytes(octets[1 + size :], "big")
    if len(octets) == 1 + size and octets[0] in (2, 3) and p % 4 == 3:
        x = int.from_bytes(octets[1:], "big")
        y = pow((x * x * x + a * x + b) % p, (p + 1) // 4, p)
        return x, y if y % 2 == octets[0] % 2 else p - y
    raise CurveParametersError(reason="generator")


def _ec_key(curve: Curve, point: bytes, *, explicit: bool) -> PublicKey:
    if curve.p.bit_length() < MIN_EC_BITS:
        raise WeakAlgorithmError(what="key", algorithm=f"ecdsa-{curve.name}")
    library = _LIBRARY_CURVES.get(curve.name)
    if library is None:
        raise UnsupportedAlgorithmError(what="curve", algorithm=curve.name)
    try:
        with parsing(CertificateMalformedError):
            key = ec.EllipticCurvePublicKey.from_encoded_point(library(), point)
    except UnsupportedAlgorithm:
        raise UnsupportedAlgorithmError(what="curve", algorithm=curve.name) from None
    return PublicKey(family=ECDSA, label=f"ecdsa-{curve.name}", explicit=explicit, key=key)
