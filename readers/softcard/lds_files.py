"""The elementary files of a Vietnamese identity card, encoded (9303-10 4.6, 4.7; ISO/IEC 19794-5)."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from readers.emrtd import files
from readers.emrtd.curves import Curve, Point, curve_by_name
from readers.iso7816 import der, tlv
from readers.softcard.holder import mrz_lines, printed_birth
from readers.softcard.key_agreement import CHIP_AUTH_OID, CURVE_NAME, PACE_OID

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

    from readers.softcard.holder import HolderRecord

_TERMINAL_AUTH_OID: Final = "0.4.0.127.0.7.2.2.2"
_CHIP_KEY_OID: Final = "0.4.0.127.0.7.2.2.1.2"
_ISO_10646_OID: Final = "1.0.10646.1.0.8"
_UTF8: Final = 0x0C
_PRINTABLE: Final = 0x13
_DECLARED_SIZE: Final = (480, 400)
"""What the headers of genuine cards say although the picture is 300 × 400."""


def encode_card_access(*, chip_auth: bool = True) -> bytes:
    """EF.CardAccess: 54 octets with terminal and chip authentication, else PACE alone."""
    return tlv.encode(der.SET, *_infos(chip_auth=chip_auth))


def encode_dg14(chip_key: Point | None) -> bytes:
    """DG14: the infos of EF.CardAccess and, with a key, id-PK-ECDH with explicit curve parameters."""
    infos = _infos(chip_auth=chip_key is not None)
    if chip_key is not None:
        infos.append(_chip_key_info(chip_key))
    return tlv.encode(files.DG14.tag, tlv.encode(der.SET, *infos))


def _infos(*, chip_auth: bool) -> list[bytes]:
    version = der.encode_integer(1)
    pace = _sequence(_oid(PACE_OID), der.encode_integer(2), der.encode_integer(13))
    if not chip_auth:
        return [pace]
    return [_sequence(_oid(_TERMINAL_AUTH_OID), version), _sequence(_oid(CHIP_AUTH_OID), version), pace]


def _chip_key_info(point: Point) -> bytes:
    curve = curve_by_name(CURVE_NAME)
    algorithm = _sequence(_oid("1.2.840.10045.2.1"), explicit_parameters(curve))
    spki = _sequence(algorithm, tlv.encode(der.BIT_STRING, b"\0", curve.encode(point)))
    return _sequence(_oid(_CHIP_KEY_OID), spki)


def explicit_parameters(curve: Curve) -> bytes:
    """ECParameters with every parameter spelt out (SEC 1 C.2)."""
    field_id = _sequence(_oid("1.2.840.10045.1.1"), der.encode_integer(curve.p))
    coefficients = (number.to_bytes(curve.size, "big") for number in (curve.a, curve.b))
    return _sequence(
        der.encode_integer(1),
        field_id,
        _sequence(*(tlv.encode(der.OCTET_STRING, number) for number in coefficients)),
        tlv.encode(der.OCTET_STRING, curve.encode(curve.generator)),
        der.encode_integer(curve.n),
        der.encode_integer(1),
    )


def encode_com(data_groups: Iterable[int]) -> bytes:
    """EF.COM: LDS 1.7, Unicode 4.0.0, the tags of the data groups."""
    tags = bytes(files.DATA_GROUPS[number].tag for number in sorted(data_groups))
    versions = tlv.encode(0x5F01, b"0107") + tlv.encode(0x5F36, b"040000")
    return tlv.encode(files.EF_COM.tag, versions, tlv.encode(0x5C, tags))


def encode_dg1(holder: HolderRecord) -> bytes:
    """DG1: the MRZ."""
    return tlv.encode(files.DG1.tag, tlv.encode(0x5F1F, "".join(mrz_lines(holder)).encode("ascii")))


def encode_dg2(portrait: bytes) -> bytes:
    """DG2: one face, one JPEG, in a record of ISO/IEC 19794-5."""
    width, height = _DECLARED_SIZE
    image = struct.pack(">BBHHBBHH", 1, 0, width, height, 1, 2, 0, 0) + portrait
    face = struct.pack(">IHBBB3sH3s3s", 20 + len(image), 0, 0, 0, 0, bytes(3), 0, bytes(3), bytes(3)) + image
    record = struct.pack(">4s4sIH", b"FAC\0", b"010\0", 14 + len(face), 1) + face
    header = b"".join(
        tlv.encode(tag, value)
        for tag, value in ((0x80, b"\1\1"), (0x81, b"\2"), (0x87, b"\1\1"), (0x88, b"\0\x08"))
    )
    template = tlv.encode(0x7F60, tlv.encode(0xA1, header), tlv.encode(0x5F2E, record))
    return tlv.encode(files.DG2.tag, tlv.encode(0x7F61, der.encode_integer(1), template))


def encode_dg3(filling: bytes) -> bytes:
    """DG3: stands for the fingers. Listed in EF.SOD as on genuine cards, and never handed out."""
    return tlv.encode(
        files.DATA_GROUPS[3].tag, tlv.encode(0x7F61, der.encode_integer(0), tlv.encode(0x53, filling))
    )


def encode_dg13(holder: HolderRecord) -> bytes:
    """DG13: the national details, sixteen numbered fields in a SET that is not sorted."""
    expiry = "Không thời hạn" if holder.expiry is None else f"{holder.expiry:%d/%m/%Y}"
    fields = (
        _text(_PRINTABLE, holder.id_number),
        _text(_UTF8, holder.full_name),
        _text(_PRINTABLE, printed_birth(holder.birth)),
        _text(_UTF8, holder.sex),
        _text(_UTF8, holder.nationality),
        _text(_UTF8, holder.ethnicity),
        _text(_UTF8, holder.religion),
        _text(_UTF8, holder.hometown),
        _text(_UTF8, holder.residence),
        _text(_UTF8, holder.marks),
        _text(_PRINTABLE, f"{holder.issued:%d/%m/%Y}"),
        _text(_UTF8, expiry),
        _sequence(_text(_UTF8, holder.father)) + _sequence(_text(_UTF8, holder.mother)),
        _sequence(_text(_UTF8, holder.spouse) if holder.spouse else b""),
        _text(_PRINTABLE, holder.old_number),
        _text(_PRINTABLE, "0" * 16),
    )
    entries = (_sequence(der.encode_integer(number), value) for number, value in enumerate(fields, start=1))
    body = _sequence(der.encode_integer(1), _oid(_ISO_10646_OID), tlv.encode(der.SET, *entries))
    return tlv.encode(files.DG13.tag, body)


def encode_dg15(key: RSAPublicKey) -> bytes:
    """DG15: the RSA key of Active Authentication."""
    numbers = key.public_numbers()
    algorithm = _sequence(_oid("1.2.840.113549.1.1.1"), tlv.encode(der.NULL))
    modulus = _sequence(der.encode_integer(numbers.n), der.encode_integer(numbers.e))
    return tlv.encode(files.DG15.tag, _sequence(algorithm, tlv.encode(der.BIT_STRING, b"\0", modulus)))


def _oid(dotted: str) -> bytes:
    return tlv.encode(der.OID, der.encode_oid(dotted))


def _sequence(*values: bytes) -> bytes:
    return tlv.encode(der.SEQUENCE, *values)


def _text(tag: int, text: str) -> bytes:
    return tlv.encode(tag, text.encode("utf-8"))
