"""Hashes and signature algorithms that passive authentication accepts (9303-12 4.4), with their
parameters."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final

from readers.emrtd.pki.asn1 import Fields
from readers.emrtd.pki.errors import UnsupportedAlgorithmError, WeakAlgorithmError
from readers.errors import TlvError
from readers.iso7816 import der, tlv

RSA: Final = "rsa"
RSA_PSS: Final = "rsa-pss"
ECDSA: Final = "ecdsa"

_HASHES: Final = {
    "1.2.840.113549.2.5": "md5",
    "1.3.14.3.2.26": "sha1",
    "2.16.840.1.101.3.4.2.4": "sha224",
    "2.16.840.1.101.3.4.2.1": "sha256",
    "2.16.840.1.101.3.4.2.2": "sha384",
    "2.16.840.1.101.3.4.2.3": "sha512",
}
_HASH_NAMES: Final = {name: oid for oid, name in _HASHES.items()}
_WEAK_HASHES: Final = frozenset({"md5", "sha1"})
RSASSA_PSS: Final = "1.2.840.113549.1.1.10"
_MGF1: Final = "1.2.840.113549.1.1.8"
_PSS_SALT_OCTETS: Final = 20
_PSS_TRAILER: Final = 1
_SIGNATURES: Final = {
    "1.2.840.113549.1.1.1": (RSA, None),
    "1.2.840.113549.1.1.4": (RSA, "md5"),
    "1.2.840.113549.1.1.5": (RSA, "sha1"),
    "1.2.840.113549.1.1.14": (RSA, "sha224"),
    "1.2.840.113549.1.1.11": (RSA, "sha256"),
    "1.2.840.113549.1.1.12": (RSA, "sha384"),
    "1.2.840.113549.1.1.13": (RSA, "sha512"),
    "1.2.840.10045.2.1": (ECDSA, None),
    "1.2.840.10045.4.1": (ECDSA, "sha1"),
    "1.2.840.10045.4.3.1": (ECDSA, "sha224"),
    "1.2.840.10045.4.3.2": (ECDSA, "sha256"),
    "1.2.840.10045.4.3.3": (ECDSA, "sha384"),
    "1.2.840.10045.4.3.4": (ECDSA, "sha512"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureAlgorithm:
    """Family, hash (None: the one named elsewhere) and, for RSA-PSS, hash of the mask and salt length in octets.

    `sound`: False for RSA-PSS parameters that are broken or not those of the standard; no signature holds under
    them."""

    family: str
    hash_name: str | None
    mask_hash: str | None = None
    salt_octets: int = 0
    sound: bool = True

    @property
    def label(self) -> str:
        """As recorded: ecdsa-sha256."""
        return self.family if self.hash_name is None else f"{self.family}-{self.hash_name}"


def read_hash(item: tlv.Tlv) -> str:
    """The hash an AlgorithmIdentifier names, weak ones too. Raises TlvError, UnsupportedAlgorithmError."""
    fields = Fields(item)
    oid = der.decode_oid(fields.take(der.OID))
    fields.take_optional(der.NULL)
    fields.end()
    if oid not in _HASHES:
        raise UnsupportedAlgorithmError(what="hash", algorithm=oid)
    return _HASHES[oid]


def hash_oid(name: str) -> str:
    """The object identifier of a hash known here."""
    return _HASH_NAMES[name]


def require_strong_hash(name: str, *, what: str) -> str:
    """Return the name. Raises WeakAlgorithmError for MD5 and SHA-1 (9303-12 4.4.4)."""
    if name in _WEAK_HASHES:
        raise WeakAlgorithmError(what=what, algorithm=name)
    return name


def digest(name: str, data: bytes) -> bytes:
    """Hash the data with a hash known here."""
    return hashlib.new(name, data).digest()


def read_signature_algorithm(item: tlv.Tlv) -> SignatureAlgorithm:
    """The signature algorithm of an AlgorithmIdentifier. Raises TlvError, UnsupportedAlgorithmError."""
    fields = Fields(item)
    oid = der.decode_oid(fields.take(der.OID))
    if oid == RSASSA_PSS:
        return read_pss(item.children()[1:])
    if oid not in _SIGNATURES:
        raise UnsupportedAlgorithmError(what="signature", algorithm=oid)
    fields.take_optional(der.NULL)
    fields.end()
    family, hash_name = _SIGNATURES[oid]
    return SignatureAlgorithm(family=family, hash_name=hash_name)


def read_pss(parameters: tuple[tlv.Tlv, ...]) -> SignatureAlgorithm:
    """RSASSA-PSS-params (RFC 4055 3.1) as they follow the identifier; absent ones mean SHA-1.

    What is broken in them makes the algorithm unsound. Raises UnsupportedAlgorithmError for an unknown hash."""
    if not parameters:
        return SignatureAlgorithm(
            family=RSA_PSS, hash_name="sha1", mask_hash="sha1", salt_octets=_PSS_SALT_OCTETS
        )
    try:
        if len(parameters) != 1:
            raise TlvError(reason="structure")
        return _pss_parameters(Fields(parameters[0]))
    except TlvError:
        return SignatureAlgorithm(family=RSA_PSS, hash_name=None, sound=False)


def _pss_parameters(fields: Fields) -> SignatureAlgorithm:
    """The four components, each explicitly tagged and each with a default."""
    found = [fields.take_optional(tag) for tag in (0xA0, 0xA1, 0xA2, 0xA3)]
    fields.end()
    hashed, mask, salt, trailer = (None if item is None else tlv.parse_one(item.value) for item in found)
    mask_hash: str | None = "sha1"
    if mask is not None:
        function = Fields(mask)
        mask_hash = None
        if der.decode_oid(function.take(der.OID)) == _MGF1:
            mask_hash = read_hash(function.take(der.SEQUENCE))
            function.end()
    number = _PSS_TRAILER if trailer is None else der.decode_integer(trailer)
    return SignatureAlgorithm(
        family=RSA_PSS,
        hash_name="sha1" if hashed is None else read_hash(hashed),
        mask_hash=mask_hash,
        salt_octets=_PSS_SALT_OCTETS if salt is None else der.decode_integer(salt),
        sound=mask_hash is not None and number == _PSS_TRAILER,
    )
