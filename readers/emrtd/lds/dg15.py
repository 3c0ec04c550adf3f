"""EF.DG15, the public key of Active Authentication (9303-10 4.7.15): one SubjectPublicKeyInfo, RSA or on a curve."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from readers.emrtd.agreement_key import EcKey, parse_ec_key
from readers.emrtd.ec_parameters import EC_PUBLIC_KEY, STANDARDIZED_PARAMETERS
from readers.emrtd.files import DG15
from readers.emrtd.pki.errors import UnsupportedAlgorithmError
from readers.errors import ChipAuthError, TlvError
from readers.iso7816 import der, tlv

RSA_ENCRYPTION: Final = "1.2.840.113549.1.1.1"
_EC_ALGORITHMS: Final = frozenset({EC_PUBLIC_KEY, STANDARDIZED_PARAMETERS})


@dataclass(frozen=True, slots=True, kw_only=True)
class ActiveKey:
    """The key of DG15. `family`: "rsa", "ec" or "other"; modulus and exponent are 0 unless RSA, `ec` None unless EC.

    `weakness`: why this reader cannot use an EC key; `fault`: what no honest issuer signs (a point that is none, the
    parameters of a changed curve)."""

    family: str
    modulus: int = field(default=0, repr=False)
    exponent: int = field(default=0, repr=False)
    ec: EcKey | None = field(default=None, repr=False)
    weakness: str | None = None
    fault: str | None = None
    spki: bytes = field(repr=False)

    @property
    def bits(self) -> int:
        """Size of the RSA modulus or of the curve's field; 0 for a key that is neither."""
        return self.modulus.bit_length() if self.ec is None else self.ec.bits

    @property
    def label(self) -> str:
        """As recorded: rsa-2048, ecdsa-brainpoolP256r1."""
        return f"rsa-{self.bits}" if self.ec is None else f"ecdsa-{self.ec.label}"


def parse_dg15(octets: bytes) -> ActiveKey:
    """Parse the file, template included. Raises TlvError. Whether the key can prove anything is judged by Active
    Authentication."""
    tlv.check_nesting(octets)
    spki = tlv.parse_one(tlv.parse_one(octets, DG15.tag).value, der.SEQUENCE)
    fields = spki.children()
    if len(fields) != 2:
        raise TlvError(reason="public-key")
    algorithm = der.decode_oid(tlv.require(fields[0].children(), der.OID))
    if algorithm == RSA_ENCRYPTION:
        return _rsa_key(spki.raw, der.decode_bit_string(fields[1]))
    if algorithm in _EC_ALGORITHMS:
        return _ec_key(spki.raw)
    return ActiveKey(family="other", spki=spki.raw)


def _rsa_key(spki: bytes, octets: bytes) -> ActiveKey:
    numbers = tlv.parse_one(octets, der.SEQUENCE).children()
    if len(numbers) != 2:
        raise TlvError(reason="public-key")
    modulus, exponent = (der.decode_integer(number) for number in numbers)
    if modulus <= 0 or exponent <= 0:
        raise TlvError(reason="public-key")
    return ActiveKey(family="rsa", modulus=modulus, exponent=exponent, spki=spki)


def _ec_key(spki: bytes) -> ActiveKey:
    try:
        return ActiveKey(family="ec", ec=parse_ec_key(spki), spki=spki)
    except ChipAuthError as error:
        return ActiveKey(family="ec", fault=str(error.facts["reason"]), spki=spki)
    except UnsupportedAlgorithmError as error:
        return ActiveKey(family="ec", weakness=f"{error.facts['what']}-unsupported", spki=spki)
    except TlvError:
        return ActiveKey(family="ec", weakness="key-malformed", spki=spki)
