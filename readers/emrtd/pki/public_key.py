"""Public keys of certificates: loaded only when strong enough and, for explicit curves, equal in every
parameter."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from readers.emrtd.ec_parameters import EC_PUBLIC_KEY, read_curve
from readers.emrtd.pki.algorithms import (
    ECDSA,
    RSA,
    RSA_PSS,
    RSASSA_PSS,
    SignatureAlgorithm,
    digest,
    read_pss,
    require_strong_hash,
)
from readers.emrtd.pki.asn1 import Fields, parsing
from readers.emrtd.pki.ecdsa import PointKey, ecdsa_holds
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
MAX_SALT_OCTETS: Final = 1024

_RSA_KEYS: Final = frozenset({"1.2.840.113549.1.1.1", RSASSA_PSS})
_MIN_RSA_EXPONENT: Final = 3
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
    "sha1": hashes.SHA1,
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
    """A key fit to verify: family rsa or ecdsa, and a label such as rsa-3072 or ecdsa-brainpoolP384r1.

    `pss`: of an RSA key for RSA-PSS alone; the parameters it is restricted to, without a hash if to none."""

    family: str
    label: str
    explicit: bool
    pss: SignatureAlgorithm | None = None
    key: rsa.RSAPublicKey | ec.EllipticCurvePublicKey | PointKey = field(repr=False)

    def verify(
        self,
        signature: bytes,
        data: bytes,
        algorithm: SignatureAlgorithm,
        digest_algorithm: str | None = None,
        *,
        sha1: bool = False,
    ) -> None:
        """Check a signature over the data.

        `digest_algorithm`: the hash named beside the signature (CMS), None for certificates and CRLs. `sha1`: also
        take SHA-1, which is allowed for the self-signature of a CSCA alone: that one proves no more than that
        whoever made the certificate had the key.
        Raises SignatureRefusedError, WeakAlgorithmError, UnsupportedAlgorithmError."""
        hash_name = _require_hash(algorithm, digest_algorithm, sha1=sha1)
        if (RSA if algorithm.family == RSA_PSS else algorithm.family) != self.family:
            raise SignatureRefusedError("algorithm-family")
        if self.pss is not None:
            _require_restriction(self.pss, algorithm)
        if isinstance(self.key, PointKey):
            if not ecdsa_holds(self.key, signature, digest(hash_name, data)):
                raise SignatureRefusedError("signature")
            return
        chosen = _library_hash(hash_name)
        try:
            if isinstance(self.key, rsa.RSAPublicKey):
                self.key.verify(signature, data, _rsa_padding(algorithm, chosen), chosen)
            else:
                self.key.verify(signature, data, ec.ECDSA(chosen))
        except InvalidSignature:
            raise SignatureRefusedError("signature") from None


def _require_hash(algorithm: SignatureAlgorithm, digest_algorithm: str | None, *, sha1: bool) -> str:
    if not algorithm.sound:
        raise SignatureRefusedError("pss-parameters")
    name = algorithm.hash_name or digest_algorithm
    if name is None:
        raise SignatureRefusedError("no-hash")
    if algorithm.family == RSA_PSS and digest_algorithm not in (None, name):
        raise SignatureRefusedError("pss-parameters")
    return name if sha1 and name == "sha1" else require_strong_hash(name, what="signature")


def _require_restriction(key: SignatureAlgorithm, used: SignatureAlgorithm) -> None:
    """A key for RSA-PSS signs nothing else, and with its own parameters if it names some (RFC 4055 3.3)."""
    if used.family != RSA_PSS:
        raise SignatureRefusedError("algorithm-family")
    same = (key.hash_name, key.mask_hash) == (used.hash_name, used.mask_hash)
    if not key.sound or (key.hash_name is not None and not (same and used.salt_octets >= key.salt_octets)):
        raise SignatureRefusedError("pss-parameters")


def _library_hash(name: str) -> hashes.HashAlgorithm:
    if name not in _LIBRARY_HASHES:
        raise UnsupportedAlgorithmError(what="hash", algorithm=name)
    return _LIBRARY_HASHES[name]()


def _rsa_padding(algorithm: SignatureAlgorithm, chosen: hashes.HashAlgorithm) -> padding.AsymmetricPadding:
    if algorithm.family != RSA_PSS:
        return padding.PKCS1v15()
    if algorithm.mask_hash != chosen.name or not 0 <= algorithm.salt_octets <= MAX_SALT_OCTETS:
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
            restriction = _pss_restriction(algorithm[1:]) if family == RSASSA_PSS else None
            return _rsa_key(modulus, exponent, restriction)
        if family != EC_PUBLIC_KEY:
            raise UnsupportedAlgorithmError(what="key", algorithm=family)
        parameters = algorithm[1]
        curve = read_curve(parameters)
    return _ec_key(curve, octets, explicit=parameters.tag != der.OID)


def _pss_restriction(parameters: tuple[tlv.Tlv, ...]) -> SignatureAlgorithm:
    """The parameters of an id-RSASSA-PSS key; where it has none, any sound ones will do (RFC 4055 1.2)."""
    if not parameters or parameters[0].tag == der.NULL:
        return SignatureAlgorithm(family=RSA_PSS, hash_name=None)
    return read_pss(parameters)


def _rsa_key(modulus: int, exponent: int, pss: SignatureAlgorithm | None) -> PublicKey:
    bits = modulus.bit_length()
    if bits < MIN_RSA_BITS:
        raise WeakAlgorithmError(what="key", algorithm=f"rsa-{bits}")
    if exponent < _MIN_RSA_EXPONENT or exponent % 2 == 0:
        raise WeakAlgorithmError(what="exponent", algorithm=f"rsa-{bits}")
    if bits > MAX_RSA_BITS:
        raise UnsupportedAlgorithmError(what="key", algorithm=f"rsa-{bits}")
    key = rsa.RSAPublicNumbers(exponent, modulus).public_key()
    return PublicKey(family=RSA, label=f"rsa-{bits}", explicit=False, pss=pss, key=key)


def _ec_key(curve: Curve, point: bytes, *, explicit: bool) -> PublicKey:
    """A key on the library's curve of this name, else on our own arithmetic. Raises CertificateMalformedError for a
    point off the curve."""
    label = f"ecdsa-{curve.name}"
    if curve.p.bit_length() < MIN_EC_BITS:
        raise WeakAlgorithmError(what="key", algorithm=label)
    library = _LIBRARY_CURVES.get(curve.name)
    with parsing(CertificateMalformedError):
        if library is not None:
            try:
                key = ec.EllipticCurvePublicKey.from_encoded_point(library(), point)
                return PublicKey(family=ECDSA, label=label, explicit=explicit, key=key)
            except (
                UnsupportedAlgorithm
            ):  # a build of the library without this curve: the same sum is ours to do
                pass
        own = PointKey(curve=curve, point=curve.decode(point))
    return PublicKey(family=ECDSA, label=label, explicit=explicit, key=own)
