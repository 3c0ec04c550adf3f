"""The files that say what the chip can do, encoded: EF.CardAccess, EF.CardSecurity's content, DG14, DG15,
EF.ATR/INFO (9303-10 3.11, 4.7.14, 4.7.15; 9303-11 9.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from readers.emrtd import files
from readers.emrtd.curves import CURVES, Curve
from readers.emrtd.dh import GROUPS
from readers.iso7816 import der, tlv
from readers.softcard.active_auth import EcProver, Prover, RsaProver
from readers.softcard.options import MAPPINGS, PACE_OID, ChipOptions, PaceVariant

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from readers.softcard.chip_auth import ChipKey

TERMINAL_AUTH_OID: Final = "0.4.0.127.0.7.2.2.2"
ACTIVE_AUTH_OID: Final = "2.23.136.1.1.5"
STANDARD_PARAMETERS: Final = "0.4.0.127.0.7.1.2"
EC_PUBLIC_KEY: Final = "1.2.840.10045.2.1"
DH_PUBLIC_NUMBER: Final = "1.2.840.10046.2.1"
DH_KEY_AGREEMENT: Final = "1.2.840.113549.1.3.1"
RSA_ENCRYPTION: Final = "1.2.840.113549.1.1.1"
_ECDSA_PLAIN: Final = "0.4.0.127.0.7.1.1.4.1"
_ECDSA_PLAIN_HASHES: Final = {"sha1": 1, "sha224": 2, "sha256": 3, "sha384": 4, "sha512": 5}
_CURVE_OIDS: Final = {
    "secp192r1": "1.2.840.10045.3.1.1",
    "secp224r1": "1.3.132.0.33",
    "secp256r1": "1.2.840.10045.3.1.7",
    "secp384r1": "1.3.132.0.34",
    "secp521r1": "1.3.132.0.35",
    **{
        f"brainpoolP{bits}r1": f"1.3.36.3.3.2.8.1.1.{arc}"
        for bits, arc in ((192, 3), (224, 5), (256, 7), (320, 9), (384, 11), (512, 13))
    },
}
_EXTENDED_LENGTH: Final = 0x40
_COMMAND_CHAINING: Final = 0x80


def pace_infos(options: ChipOptions) -> list[bytes]:
    """PACEInfo of every variant, and PACEDomainParameterInfo where the options want the parameters there."""
    with_id = options.announced_parameters == "id"
    infos = [
        sequence(
            oid(variant.oid),
            der.encode_integer(2),
            der.encode_integer(variant.parameter_id) if with_id else b"",
        )
        for variant in options.pace
    ]
    if options.announced_parameters.endswith("-info"):
        explicit = options.announced_parameters == "explicit-info"
        infos += [_domain_info(variant, explicit=explicit) for variant in options.pace]
    return infos


def _domain_info(variant: PaceVariant, *, explicit: bool) -> bytes:
    """PACEDomainParameterInfo (9303-11 9.2.2)."""
    style = "explicit" if explicit else "standard"
    protocol = f"{PACE_OID}.{MAPPINGS[variant.mapping]}"
    return sequence(oid(protocol), algorithm(variant.parameter_id, style))


def chip_auth_infos(keys: Iterable[ChipKey]) -> list[bytes]:
    """ChipAuthenticationInfo of every key (9303-11 9.2.5)."""
    return [sequence(oid(key.variant.oid), der.encode_integer(1), _key_id(key.key_id)) for key in keys]


def chip_key_info(key: ChipKey, style: str, public: bytes | None = None) -> bytes:
    """ChipAuthenticationPublicKeyInfo (9303-11 9.2.6)."""
    octets = key.public if public is None else public
    elliptic = key.variant.agreement == "ecdh"
    body = octets if elliptic else der.encode_integer(int.from_bytes(octets, "big"))
    spki = sequence(algorithm(key.variant.parameter_id, style), tlv.encode(der.BIT_STRING, b"\0", body))
    return sequence(oid(key.variant.key_oid), spki, _key_id(key.key_id))


def terminal_auth_info() -> bytes:
    """TerminalAuthenticationInfo: the fingers are behind it."""
    return sequence(oid(TERMINAL_AUTH_OID), der.encode_integer(1))


def active_auth_info(prover: Prover, digest: str) -> bytes:
    """ActiveAuthenticationInfo: the signature algorithm (9303-11 9.2.7)."""
    arc = _ECDSA_PLAIN_HASHES[digest]
    named = f"{_ECDSA_PLAIN}.{arc}" if isinstance(prover, EcProver) else RSA_ENCRYPTION
    return sequence(oid(ACTIVE_AUTH_OID), der.encode_integer(1), oid(named))


def encode_infos(infos: Sequence[bytes]) -> bytes:
    """SecurityInfos: the SET, in the order given."""
    return tlv.encode(der.SET, *infos)


def encode_dg14(infos: Sequence[bytes]) -> bytes:
    """DG14 around its SecurityInfos."""
    return tlv.encode(files.DG14.tag, encode_infos(infos))


def encode_dg15(prover: Prover) -> bytes:
    """DG15: the public key of Active Authentication; curves spelt out, as 9303-11 9.1 asks."""
    if isinstance(prover, RsaProver):
        numbers = prover.key.public_key().public_numbers()
        kind = sequence(oid(RSA_ENCRYPTION), tlv.encode(der.NULL))
        key = sequence(der.encode_integer(numbers.n), der.encode_integer(numbers.e))
    else:
        kind = algorithm(prover.curve.parameter_id, "explicit")
        key = prover.curve.encode(prover.public)
    return tlv.encode(files.DG15.tag, sequence(kind, tlv.encode(der.BIT_STRING, b"\0", key)))


def encode_atr_info(options: ChipOptions) -> bytes:
    """EF.ATR/INFO: card capabilities and, with extended length, the most octets of command and response
    (ISO/IEC 7816-4 12.7.1, 12.8.1)."""
    third = _COMMAND_CHAINING | (_EXTENDED_LENGTH if options.extended_length else 0)
    capabilities = tlv.encode(0x47, bytes([0x00, 0x00, third]))
    if not options.extended_length:
        return capabilities
    response = min(options.max_answer + 2, 0xFFFF)
    limits = der.encode_integer(0xFFFF), der.encode_integer(response)
    return capabilities + tlv.encode(0x7F66, *limits)


def algorithm(parameter_id: int, style: str) -> bytes:
    """The AlgorithmIdentifier of a key: "standard" by parameter id, "named", or "explicit" (9303-11 9.1, 9.5)."""
    if style == "standard":
        return sequence(oid(STANDARD_PARAMETERS), der.encode_integer(parameter_id))
    if parameter_id in GROUPS:
        return _group_parameters(parameter_id, style)
    curve = CURVES[parameter_id]
    parameters = oid(_CURVE_OIDS[curve.name]) if style == "named" else explicit_parameters(curve)
    return sequence(oid(EC_PUBLIC_KEY), parameters)


def _group_parameters(parameter_id: int, style: str) -> bytes:
    """With the order (X9.42, "explicit") or without it (PKCS #3, "named": there are no names)."""
    group = GROUPS[parameter_id]
    numbers = [der.encode_integer(group.p), der.encode_integer(group.g)]
    if style == "named":
        return sequence(oid(DH_KEY_AGREEMENT), sequence(*numbers))
    return sequence(oid(DH_PUBLIC_NUMBER), sequence(*numbers, der.encode_integer(group.q)))


def explicit_parameters(curve: Curve) -> bytes:
    """ECParameters with every parameter spelt out (SEC 1 C.2)."""
    field_id = sequence(oid("1.2.840.10045.1.1"), der.encode_integer(curve.p))
    coefficients = (number.to_bytes(curve.size, "big") for number in (curve.a, curve.b))
    return sequence(
        der.encode_integer(1),
        field_id,
        sequence(*(tlv.encode(der.OCTET_STRING, number) for number in coefficients)),
        tlv.encode(der.OCTET_STRING, curve.encode(curve.generator)),
        der.encode_integer(curve.n),
        der.encode_integer(1),
    )


def _key_id(key_id: int | None) -> bytes:
    return b"" if key_id is None else der.encode_integer(key_id)


def oid(dotted: str) -> bytes:
    """An OBJECT IDENTIFIER."""
    return tlv.encode(der.OID, der.encode_oid(dotted))


def sequence(*values: bytes) -> bytes:
    """A SEQUENCE."""
    return tlv.encode(der.SEQUENCE, *values)
