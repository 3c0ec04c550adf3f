"""Files as no honest issuer writes them: what a hostile chip signs, or puts in place of what was signed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from readers.emrtd.dates import PartialDate
from readers.emrtd.files import DG1, DG2, DG13, DG14
from readers.iso7816 import der, tlv
from readers.softcard import lds_files
from readers.softcard.security_files import oid, sequence

if TYPE_CHECKING:
    from readers.softcard.faults import CardAccessFault, DetailsFault, Disagreement, MrzFault, PortraitFault
    from readers.softcard.holder import HolderRecord

NESTING: Final = 1_000
_ARCHIVE: Final = b"PK\x03\x04" + bytes(26) + b"payload.exe" + bytes(64) + b"PK\x05\x06" + bytes(18)
_NO_PICTURE: Final = b"%PDF-1.7\n% not a picture\n"
_FRAMES: Final = (b"\xff\xc0\x00", b"\xff\xc2\x00")
_FRAME_HEADER: Final = b"\xff\xc0\x00\x0b\x08"
_HUGE_SIZE: Final = (30_000).to_bytes(2, "big") * 2
_CARD_MRZ: Final = 90
_NUMBER: Final = 5
_CHECK_DIGITS: Final = {"number-check": 14, "birth-check": 36, "expiry-check": 44, "composite-check": 59}
_UNKNOWN_FIELD: Final = 99
_RESIDENCE_OCTETS: Final = 400
_RESIDENCE: Final = 9
_UTF8: Final = 0x0C
_UNKNOWN_PROTOCOL: Final = "2.25.1"


def nested(outer: int) -> bytes:
    """A thousand objects, one within another, in a template with this tag."""
    value = b""
    for _ in range(NESTING):
        value = tlv.encode(der.SEQUENCE, value)
    return tlv.encode(outer, value)


def mrz_file(dg1: bytes, fault: MrzFault) -> bytes:
    """DG1 of a card (three lines of thirty) with a wrong check digit, or a letter O where a zero stands."""
    where = _CHECK_DIGITS.get(fault)
    header = len(dg1) - _CARD_MRZ
    if where is not None:
        digit = (dg1[header + where] - ord("0") + 1) % 10 + ord("0")
        return dg1[: header + where] + bytes([digit]) + dg1[header + where + 1 :]
    if fault == "letter-for-digit":
        zero = dg1.index(b"0", header + _NUMBER)
        return dg1[:zero] + b"O" + dg1[zero + 1 :]
    return dg1


def portrait_file(portrait: bytes, fault: PortraitFault, *, coding: str) -> bytes:
    """DG2 with what the fault puts there."""
    match fault:
        case "not-a-picture":
            return lds_files.encode_dg2(_NO_PICTURE + bytes(512), coding=coding)
        case "huge-pixels":
            return lds_files.encode_dg2(_declare_huge(portrait), coding=coding)
        case "trailing-archive":
            return lds_files.encode_dg2(portrait + _ARCHIVE, coding=coding)
        case "two-faces":
            return lds_files.face_file(2 * [lds_files.face_template(portrait, coding=coding)])
        case "no-face":
            return lds_files.face_file([])
        case _:
            return lds_files.encode_dg2(portrait, coding=coding)


def _declare_huge(portrait: bytes) -> bytes:
    """The picture with 30,000 × 30,000 in its frame header; one that has none gets a frame header."""
    where = next((at for mark in _FRAMES if (at := portrait.find(mark)) > 0), None)
    if where is None:
        return b"\xff\xd8" + _FRAME_HEADER + _HUGE_SIZE + b"\x01\x01\x11\x00" + portrait[2:]
    return portrait[: where + 5] + _HUGE_SIZE + portrait[where + 9 :]


def details_file(holder: HolderRecord, fault: DetailsFault) -> bytes:
    """DG13 with what the fault puts there."""
    fields = list(enumerate(lds_files.detail_values(holder), start=1))
    match fault:
        case "unknown-field":
            fields.append((_UNKNOWN_FIELD, _utf8("?")))
        case "missing-field":
            fields = [entry for entry in fields if entry[0] != _RESIDENCE]
        case "duplicate-field":
            fields.append((2, _utf8("Trần Văn Giả")))
        case "long-residence":
            fields[_RESIDENCE - 1] = (_RESIDENCE, _utf8("Số 1 Đường Mẫu, " * (_RESIDENCE_OCTETS // 20)))
        case "not-utf8":
            fields[_RESIDENCE - 1] = (_RESIDENCE, tlv.encode(_UTF8, b"\xff\xfe\x80 H\xe0 N\xf4i"))
        case "bidi-control":
            fields[1] = (2, _utf8("Nguyễn Văn \u202eUẪM"))
        case "empty-set":
            fields = []
        case "nested":
            return nested(DG13.tag)
        case "zero-length":
            return bytes([DG13.tag, 0])
    return lds_files.details_file(fields)


def disagreeing(holder: HolderRecord, about: Disagreement) -> HolderRecord:
    """The holder as DG13 has it, against DG1."""
    match about:
        case "name":
            return replace(holder, full_name="Trần Văn Giả")
        case "number":
            return replace(
                holder, id_number=holder.id_number[:-1] + str((int(holder.id_number[-1]) + 1) % 10)
            )
        case "sex":
            return replace(holder, sex="Nữ" if holder.sex == "Nam" else "Nam")
        case "birth":
            return replace(holder, birth=PartialDate(year=holder.birth.year, month=12, day=31))
        case _:
            return holder


def card_access(honest: list[bytes], fault: CardAccessFault) -> bytes:
    """EF.CardAccess with what the fault makes of it; `honest`: its infos, those of PACE last."""
    match fault:
        case "weaker":
            return tlv.encode(der.SET, *honest[:-1])
        case "extra":
            extra = sequence(oid(_UNKNOWN_PROTOCOL), der.encode_integer(1))
            return tlv.encode(der.SET, *honest, extra)
        case "nested":
            return nested(der.SET)
        case "zero-length":
            return bytes([der.SET, 0])
        case _:
            return tlv.encode(der.SET, *honest)


def alter(name: str, octets: bytes) -> bytes:
    """Change one octet so that the file still parses: a letter of the name, else one in the middle."""
    where = len(octets.rstrip(b"<")) - 1 if name == DG1.name else len(octets) // 2
    if name == DG14.name:
        where = len(octets) - 1
    changed = octets[where] - 1 if name == DG1.name and octets[where] > ord("A") else octets[where] ^ 1
    return octets[:where] + bytes([changed]) + octets[where + 1 :]


def announce(octets: bytes, length: int) -> bytes:
    """DG2 whose own header announces another length."""
    header = tlv.read_header(octets)
    return bytes([DG2.tag]) + b"\x84" + length.to_bytes(4, "big") + octets[header.size :]


def _utf8(text: str) -> bytes:
    return tlv.encode(_UTF8, text.encode("utf-8"))
