"""Elliptic-curve domain parameters as keys and infos carry them: named, standardised by number, or explicit.

Explicit ones are mapped to the named curve after comparing p, a, b, G, n and h (SEC 1 C.2, 9303-11 9.5); a
changed generator alone would make any key forgeable (CVE-2020-0601)."""

from __future__ import annotations

from typing import Final

from readers.emrtd.curves import CURVES, Curve, CurveError, curve_by_name, curve_by_parameters
from readers.emrtd.pki.asn1 import Fields
from readers.emrtd.pki.errors import CurveParametersError, UnsupportedAlgorithmError
from readers.errors import TlvError
from readers.iso7816 import der, tlv

EC_PUBLIC_KEY: Final = "1.2.840.10045.2.1"
STANDARDIZED_PARAMETERS: Final = "0.4.0.127.0.7.1.2"
"""standardizedDomainParameters: the parameters are an INTEGER, the parameter id (9303-11 9.5.1)."""
UNKNOWN_FIELD: Final = "unknown-field"
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


def read_curve(parameters: tlv.Tlv) -> Curve:
    """The standardised curve of the ECParameters beside id-ecPublicKey, named or explicit.

    Raises UnsupportedAlgorithmError (a curve we do not know, implicit parameters), CurveParametersError (explicit
    parameters of no standardised curve; reason "unknown-field" where not even p is one of theirs), TlvError."""
    if parameters.tag == der.NULL:
        raise UnsupportedAlgorithmError(what="curve", algorithm="implicit")
    if parameters.tag == der.OID:
        return _named_curve(der.decode_oid(parameters))
    return _explicit_curve(parameters)


def read_key_curve(algorithm: tlv.Tlv) -> Curve:
    """The curve of an AlgorithmIdentifier: id-ecPublicKey with ECParameters, or a standardised number.

    Raises what `read_curve` raises."""
    fields = algorithm.children() if algorithm.tag == der.SEQUENCE else ()
    if len(fields) != 2:
        raise TlvError(reason="structure")
    oid = der.decode_oid(fields[0])
    if oid == STANDARDIZED_PARAMETERS:
        number = der.decode_integer(fields[1])
        if number not in CURVES:
            raise UnsupportedAlgorithmError(what="curve", algorithm="standardised")
        return CURVES[number]
    if oid != EC_PUBLIC_KEY:
        raise UnsupportedAlgorithmError(what="key", algorithm=oid)
    return read_curve(fields[1])


def _named_curve(oid: str) -> Curve:
    if oid not in _CURVE_NAMES:
        raise UnsupportedAlgorithmError(what="curve", algorithm=oid)
    return curve_by_name(_CURVE_NAMES[oid])


def _explicit_curve(parameters: tlv.Tlv) -> Curve:
    fields = Fields(parameters)
    der.decode_integer(fields.take(der.INTEGER))
    field_id, coefficients = fields.take(der.SEQUENCE).children(), fields.take(der.SEQUENCE).children()
    base = fields.take(der.OCTET_STRING).value
    order = der.decode_integer(fields.take(der.INTEGER))
    cofactor = fields.take_optional(der.INTEGER)
    if len(field_id) != 2 or len(coefficients) < 2:
        raise TlvError(reason="structure")
    if der.decode_oid(field_id[0]) != _PRIME_FIELD:
        raise UnsupportedAlgorithmError(what="curve", algorithm="binary-field")
    p = der.decode_integer(field_id[1])
    a, b = (int.from_bytes(tlv.require([item], der.OCTET_STRING).value, "big") for item in coefficients[:2])
    if p not in {curve.p for curve in CURVES.values()}:
        raise CurveParametersError(reason=UNKNOWN_FIELD)
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
