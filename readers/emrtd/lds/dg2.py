"""EF.DG2, the encoded face (9303-10 4.7.2): one biometric template with a record of ISO/IEC 19794-5:2005 or
39794-5:2019.

The picture itself is not decoded here; its kind, its size and its end are decided by its own octets, not by the
headers around it: those of genuine cards say 480 × 400 where the picture is 300 × 400.
"""

from __future__ import annotations

import struct
from typing import Final

from readers.emrtd.evidence import Portrait, freeze
from readers.emrtd.files import DG2
from readers.emrtd.lds.dg2_iso39794 import FaceRecord, parse_face_image
from readers.emrtd.lds.picture import image_format, measure
from readers.errors import PortraitError, TlvError
from readers.iso7816 import der, tlv

__all__ = ["image_format", "parse_portrait"]

_GROUP: Final = 0x7F61
_TEMPLATE: Final = 0x7F60
_DATA_BLOCKS: Final = (0x5F2E, 0x7F2E)
_TAGGED: Final = (b"\xa1", b"\x65")
"""How a record of ISO/IEC 39794-5 starts; one of 19794-5 starts with its name."""
_FORMAT_ID: Final = b"FAC\0"
_VERSION: Final = b"010\0"
_RECORD_HEADER: Final = struct.Struct(">4s4sIH")
_FACE_HEADER: Final = struct.Struct(">IHBBB3sH3s3s")
_IMAGE_HEADER: Final = struct.Struct(">BBHHBBHH")
_FEATURE_POINT_OCTETS: Final = 8
_DECLARED: Final = {0: "jpeg", 1: "jpeg2000"}


def parse_portrait(octets: bytes) -> Portrait:
    """The single picture of the file, template included. Raises PortraitError, TlvError.

    What follows the picture's own end is cut off and counted: nobody who prints or keeps the portrait gets it.
    Facts: coding of the record; declared and own kind, width and height in pixels (0: not said); octets of the picture
    and behind it (padding with zeros apart); what was odd about the record's lengths."""
    group = tlv.parse_one(octets, DG2.tag).child(_GROUP).children()
    count = der.decode_integer(tlv.require(group, der.INTEGER))
    templates = [item for item in group if item.tag == _TEMPLATE]
    if count != 1 or len(templates) != 1:
        raise PortraitError(reason="faces", faces=len(templates))
    blocks = [item for item in templates[0].children() if item.tag in _DATA_BLOCKS]
    if len(blocks) != 1:
        raise TlvError(reason="biometric-data-block")
    block = blocks[0].value
    if block.startswith(_TAGGED):
        return _portrait("iso39794", parse_face_image(block))
    return _portrait("iso19794", _parse_record(block))


def _portrait(coding: str, record: FaceRecord) -> Portrait:
    picture = measure(record.image)
    if picture.end is None and record.quirks:
        raise PortraitError(reason=record.quirks[0])
    image = record.image[: picture.end]
    behind = record.image[len(image) :].rstrip(b"\0")
    facts: dict[str, str | int] = {
        "coding": coding,
        "image_format": picture.format,
        "declared_format": record.declared,
        "declared_width": record.width,
        "declared_height": record.height,
        "width": picture.width,
        "height": picture.height,
        "octets": len(image),
        "trailing_octets": len(behind),
    }
    if record.quirks:
        facts["quirks"] = " ".join(record.quirks)
    return Portrait(image=image, format=picture.format, declared=record.declared, facts=freeze(facts))


def _parse_record(record: bytes) -> FaceRecord:
    """A record of ISO/IEC 19794-5:2005, which holds one face. Lengths that do not fit are quirks: they are borne only
    when the picture is whole by its own octets."""
    if len(record) < _RECORD_HEADER.size:
        raise PortraitError(reason="truncated")
    format_id, version, length, faces = _RECORD_HEADER.unpack_from(record)
    if format_id != _FORMAT_ID or version != _VERSION:
        raise PortraitError(reason="record-format")
    if faces != 1:
        raise PortraitError(reason="faces", faces=faces)
    quirks = () if length == len(record) else ("record-length",)
    return _parse_face(record[_RECORD_HEADER.size :], quirks)


def _parse_face(block: bytes, quirks: tuple[str, ...]) -> FaceRecord:
    if len(block) < _FACE_HEADER.size:
        raise PortraitError(reason="truncated")
    length, points, *_ = _FACE_HEADER.unpack_from(block)
    start = _FACE_HEADER.size + points * _FEATURE_POINT_OCTETS
    first = start + _IMAGE_HEADER.size
    if first >= len(block):
        raise PortraitError(reason="face-length")
    if not first < length <= len(block):
        length, quirks = len(block), (*quirks, "face-length")
    _, data_type, width, height, *_ = _IMAGE_HEADER.unpack_from(block, start)
    return FaceRecord(
        image=block[first:length],
        declared=_DECLARED.get(data_type, "unknown"),
        width=width,
        height=height,
        quirks=quirks,
    )
