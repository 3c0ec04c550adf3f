"""Public keys of certificates: loaded only when strong enough and, for explicit curves, equal in every
parameter."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from readers.emrtd.ec_parameters import EC_PUBLIC_KEY, read_curve
from readers.emrtd.pki.algorithms import ECDSA, RSA, RSA_PSS, SignatureAlgorithm, require_strong_hash
from readers.emrtd.pki.asn1 import Fields, parsing
from readers.emrtd.pki.errors import (
    CertificateMalformedError,
    UnsupportedAlgorithmError,
    WeakAlgorithmError,
)
from readers.iso7816 import der, tlv

if TYPE_CHECKING:
    from readers.emrtd.curves import Curve

MIN_RSA_BITS: Final = 2048
MAX_RSA_BITS: Final = 8192
MIN_EC_BITS: Final = 224
MAX_SALT_OCTETS: Final = 64

_RSA_KEYS: Final = frozenset({"1.2.840.113549.1.1.1", "1.2.840.113549.1.1.10"})
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
        if family != EC_PUBLIC_KEY:
            raise UnsupportedAlgorithmError(what="key", algorithm=family)
        parameters = algorithm[1]
        curve = read_curve(parameters)
    return _ec_key(curve, octets, explicit=parameters.tag != der.OID)


def _rsa_key(modulus: int, exponent: int) -> PublicKey:
    bits = modulus.bit_length()
    if bits < MIN_RSA_BITS:
        raise WeakAlgorithmError(what="key", algorithm=f"rsa-{bits}")
    if bits > MAX_RSA_BITS:
        raise UnsupportedAlgorithmError(what="key", algorithm=f"rsa-{bits}")
    key = rsa.RSAPublicNumbers(exponent, modulus).public_key()
    return PublicKey(family=RSA, label=f"rsa-{bits}", explicit=False, key=key)


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
