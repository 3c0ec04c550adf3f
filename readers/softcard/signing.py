"""Certificates with their private keys, and the signatures that document signers make."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Protocol

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from readers.emrtd.pki.algorithms import hash_oid
from readers.iso7816 import der, tlv
from readers.softcard.security_files import oid, sequence

if TYPE_CHECKING:
    from readers.emrtd.curves import Curve

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
_HASHES: Final[dict[str, hashes.HashAlgorithm]] = {
    "md5": hashes.MD5(),  # noqa: S303 - for the card that a reader must refuse
    "sha1": hashes.SHA1(),  # noqa: S303 - likewise
    "sha224": hashes.SHA224(),
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}
_ECDSA: Final = {
    "sha1": "1.2.840.10045.4.1",
    "sha224": "1.2.840.10045.4.3.1",
    "sha256": "1.2.840.10045.4.3.2",
    "sha384": "1.2.840.10045.4.3.3",
    "sha512": "1.2.840.10045.4.3.4",
}
_RSA: Final = {
    "md5": "1.2.840.113549.1.1.4",
    "sha1": "1.2.840.113549.1.1.5",
    "sha224": "1.2.840.113549.1.1.14",
    "sha256": "1.2.840.113549.1.1.11",
    "sha384": "1.2.840.113549.1.1.12",
    "sha512": "1.2.840.113549.1.1.13",
}
_RSA_PSS: Final = "1.2.840.113549.1.1.10"
_MGF1: Final = "1.2.840.113549.1.1.8"


class SignerLike(Protocol):
    """A certificate (DER) and what signs for it."""

    @property
    def encoded(self) -> bytes:
        """The certificate."""

    @property
    def key(self) -> Any:
        """The private key: of the library, or an OddCurveKey."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """A certificate (DER) and its private key, which shows in no repr."""

    encoded: bytes = field(repr=False)
    key: Any = field(repr=False)

    @property
    def certificate(self) -> x509.Certificate:
        """The certificate, parsed."""
        return x509.load_der_x509_certificate(self.encoded)


@dataclass(frozen=True, slots=True, kw_only=True)
class OddCurveKey:
    """A key over a generator that is not the standard's (CVE-2020-0601)."""

    curve: Curve
    private: int = field(repr=False)

    def sign(self, octets: bytes, digest: str) -> bytes:
        """ECDSA, DER form."""
        bits = self.curve.n.bit_length()
        hashed = hashlib.new(digest, octets).digest()
        number = int.from_bytes(hashed, "big") >> max(0, 8 * len(hashed) - bits)
        secret = self.curve.random_scalar(secrets.token_bytes(self.curve.size + 8))
        r = self.curve.multiply(secret).x % self.curve.n
        s = pow(secret, -1, self.curve.n) * (number + r * self.private) % self.curve.n
        return sequence(der.encode_integer(r), der.encode_integer(s))


def signature_by(signer: SignerLike, octets: bytes, digest: str, *, is_pss: bool = False) -> bytes:
    """The signature over the octets: ECDSA, or RSA with the padding of PKCS #1 v1.5 or PSS."""
    key = signer.key
    if isinstance(key, OddCurveKey):
        return key.sign(octets, digest)
    chosen = _HASHES[digest]
    if isinstance(key, rsa.RSAPrivateKey):
        pss = padding.PSS(mgf=padding.MGF1(chosen), salt_length=chosen.digest_size)
        return key.sign(octets, pss if is_pss else padding.PKCS1v15(), chosen)
    signature: bytes = key.sign(octets, ec.ECDSA(chosen))
    return signature


def signature_algorithm_of(signer: SignerLike, digest: str, *, is_pss: bool = False) -> bytes:
    """The AlgorithmIdentifier of that signature."""
    if not isinstance(signer.key, rsa.RSAPrivateKey):
        return sequence(oid(_ECDSA[digest]))
    return pss_identifier(digest, _HASHES[digest].digest_size) if is_pss else _with_null(_RSA[digest])


def pss_identifier(digest: str, salt_octets: int, *, mgf_digest: str | None = None) -> bytes:
    """RSASSA-PSS with its parameters (RFC 4055 3.1)."""
    hashed, masked = _with_null(hash_oid(digest)), _with_null(hash_oid(mgf_digest or digest))
    parameters = sequence(
        tlv.encode(0xA0, hashed),
        tlv.encode(0xA1, sequence(oid(_MGF1), masked)),
        tlv.encode(0xA2, der.encode_integer(salt_octets)),
    )
    return sequence(oid(_RSA_PSS), parameters)


def _with_null(dotted: str) -> bytes:
    return sequence(oid(dotted), tlv.encode(der.NULL))
