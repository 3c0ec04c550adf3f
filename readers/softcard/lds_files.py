"""The data groups of an identity card or passport, encoded (9303-10 4.6, 4.7; ISO/IEC 19794-5)."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from readers.emrtd import files
from readers.iso7816 import der, tlv
from readers.softcard.holder import mrz_text, printed_birth
from readers.softcard.iso39794 import encode_face_block
from readers.softcard.security_files import oid as _oid
from readers.softcard.security_files import sequence as _sequence

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from readers.softcard.holder import HolderRecord
    from readers.softcard.options import ChipOptions

_ISO_10646_OID: Final = "1.0.10646.1.0.8"
_UTF8: Final = 0x0C
_PRINTABLE: Final = 0x13
_TAG_LIST: Final = 0x5C
_JPEG_2000: Final = b"\x00\x00\x00\x0cjP  "
_DECLARED_SIZE: Final = (480, 400)
"""What the headers of genuine cards say although the picture is 300 × 400."""
_AUTHORITIES: Final = {"VNM": "Bộ Công an", "UTO": "Utopia Passport Office"}


def encode_com(data_groups: Iterable[int]) -> bytes:
    """EF.COM: LDS 1.7, Unicode 4.0.0, the tags of the data groups."""
    tags = bytes(files.DATA_GROUPS[number].tag for number in sorted(data_groups))
    versions = tlv.encode(0x5F01, b"0107") + tlv.encode(0x5F36, b"040000")
    return tlv.encode(files.EF_COM.tag, versions, tlv.encode(0x5C, tags))


def encode_dg1(holder: HolderRecord, options: ChipOptions) -> bytes:
    """DG1: the MRZ."""
    return tlv.encode(files.DG1.tag, tlv.encode(0x5F1F, mrz_text(holder, options).encode("ascii")))


def encode_dg2(portrait: bytes, *, coding: str = "19794") -> bytes:
    """DG2: one face in a record of ISO/IEC 19794-5 or 39794-5."""
    return face_file([face_template(portrait, coding=coding)])


def face_file(templates: Sequence[bytes]) -> bytes:
    """DG2 around its biometric templates (9303-10 4.7.2)."""
    return tlv.encode(files.DG2.tag, tlv.encode(0x7F61, der.encode_integer(len(templates)), *templates))


def face_template(portrait: bytes, *, coding: str = "19794") -> bytes:
    """One biometric template: header (ISO/IEC 19785-3) and face record. JPEG 2000 is told by its signature."""
    is_jpeg_2000 = portrait.startswith(_JPEG_2000)
    if coding == "39794":
        block = tlv.encode(0x7F2E, encode_face_block(portrait, is_jpeg_2000=is_jpeg_2000))
        return tlv.encode(0x7F60, _biometric_header(b"\x00\x2a"), block)
    record = face_record(portrait, is_jpeg_2000=is_jpeg_2000)
    return tlv.encode(0x7F60, _biometric_header(b"\x00\x08"), tlv.encode(0x5F2E, record))


def _biometric_header(format_type: bytes) -> bytes:
    values = ((0x80, b"\1\1"), (0x81, b"\2"), (0x87, b"\1\1"), (0x88, format_type))
    return tlv.encode(0xA1, *(tlv.encode(tag, value) for tag, value in values))


def face_record(portrait: bytes, *, is_jpeg_2000: bool = False, faces: int = 1) -> bytes:
    """The record of ISO/IEC 19794-5:2005 5.4–5.8 with so many equal faces; its header declares another size."""
    width, height = _DECLARED_SIZE
    image = struct.pack(">BBHHBBHH", 1, int(is_jpeg_2000), width, height, 1, 2, 0, 0) + portrait
    face = struct.pack(">IHBBB3sH3s3s", 20 + len(image), 0, 0, 0, 0, bytes(3), 0, bytes(3), bytes(3)) + image
    return struct.pack(">4s4sIH", b"FAC\0", b"010\0", 14 + faces * len(face), faces) + faces * face


def encode_dg3(filling: bytes) -> bytes:
    """DG3: stands for the fingers. Listed in EF.SOD as on genuine cards, and never handed out."""
    return tlv.encode(
        files.DATA_GROUPS[3].tag, tlv.encode(0x7F61, der.encode_integer(0), tlv.encode(0x53, filling))
    )


def encode_dg11(holder: HolderRecord) -> bytes:
    """DG11: full name, personal number, date and place of birth, address (9303-10 4.7.11)."""
    surname, _, given = holder.full_name.partition(" ")
    birth = f"{holder.birth.year:04d}{holder.birth.month or 0:02d}{holder.birth.day or 0:02d}"
    texts = {
        0x5F0E: f"{surname}<<{given.replace(' ', '<')}",
        0x5F10: holder.id_number,
        0x5F2B: birth,
        0x5F11: holder.hometown.replace(", ", "<"),
        0x5F42: holder.residence.replace(", ", "<"),
    }
    return _tagged_texts(files.DATA_GROUPS[11].tag, texts)


def encode_dg12(holder: HolderRecord, options: ChipOptions) -> bytes:
    """DG12: issuing authority and date of issue (9303-10 4.7.12)."""
    texts = {0x5F19: _AUTHORITIES[options.state], 0x5F26: f"{holder.issued:%Y%m%d}"}
    return _tagged_texts(files.DATA_GROUPS[12].tag, texts)


def _tagged_texts(template: int, texts: dict[int, str]) -> bytes:
    tags = b"".join(tag.to_bytes(2, "big") for tag in texts)
    values = (tlv.encode(tag, text.encode("utf-8")) for tag, text in texts.items())
    return tlv.encode(template, tlv.encode(_TAG_LIST, tags), *values)


def encode_dg13(holder: HolderRecord) -> bytes:
    """DG13: the national details, sixteen numbered fields in a SET that is not sorted."""
    return details_file(enumerate(detail_values(holder), start=1))


def details_file(numbered: Iterable[tuple[int, bytes]]) -> bytes:
    """DG13 around its numbered values."""
    entries = (_sequence(der.encode_integer(number), value) for number, value in numbered)
    body = _sequence(der.encode_integer(1), _oid(_ISO_10646_OID), tlv.encode(der.SET, *entries))
    return tlv.encode(files.DG13.tag, body)


def detail_values(holder: HolderRecord) -> tuple[bytes, ...]:
    """The sixteen values of DG13, encoded."""
    expiry = "Không thời hạn" if holder.expiry is None else f"{holder.expiry:%d/%m/%Y}"
    return (
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


def _text(tag: int, text: str) -> bytes:
    return tlv.encode(tag, text.encode("utf-8"))
