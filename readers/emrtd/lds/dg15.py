"""EF.DG15, the public key of Active Authentication (9303-10 4.7.15): one SubjectPublicKeyInfo."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from readers.emrtd.files import DG15
from readers.errors import TlvError
from readers.iso7816 import der, tlv

RSA_ENCRYPTION: Final = "1.2.840.113549.1.1.1"
EC_PUBLIC_KEY: Final = "1.2.840.10045.2.1"


@dataclass(frozen=True, slots=True, kw_only=True)
class ActiveKey:
    """The key of DG15. `family`: "rsa", "ec" or "other"; modulus and exponent are 0 unless RSA."""

    family: str
    modulus: int = field(default=0, repr=False)
    exponent: int = field(default=0, repr=False)
    spki: bytes = field(repr=False)

    @property
    def bits(self) -> int:
        """Size of the RSA modulus."""
        return self.modulus.bit_length()


def parse_dg15(octets: bytes) -> ActiveKey:
    """Parse the file, template included. Raises TlvError. Size and exponent are judged by Active
    Authentication."""
    tlv.check_nesting(octets)
    spki = tlv.parse_one(tlv.parse_one(octets, DG15.tag).value, der.SEQUENCE)
    fields = spki.children()
    if len(fields) != 2:
        raise TlvError(reason="public-key")
    algorithm = der.decode_oid(tlv.require(fields[0].children(), der.OID))
    if algorithm == RSA_ENCRYPTION:
        return _rsa_key(spki.raw, der.decode_bit_string(fields[1]))
    return ActiveKey(family="ec" if algorithm == EC_PUBLIC_KEY else "other", spki=spki.raw)


def _rsa_key(spki: bytes, octets: bytes) -> ActiveKey:
    numbers = tlv.parse_one(octets, der.SEQUENCE).children()
    if len(numbers) != 2:
        raise TlvError(reason="public-key")
    modulus, exponent = (der.decode_integer(number) for number in numbers)
    if modulus <= 0 or exponent <= 0:
        raise TlvError(reason="public-key")
    return ActiveKey(family="rsa", modulus=modulus, exponent=exponent, spki=spki)
