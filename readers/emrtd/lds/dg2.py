"""EF.DG2, the encoded face (9303-10 4.7.2): one biometric template with an ISO/IEC 19794-5 record.

The picture itself is not decoded here; its real size and kind are decided by its own octets, not by the
headers.
"""

from __future__ import annotations

import struct
from typing import Final

from readers.emrtd.evidence import Portrait, freeze
from readers.emrtd.files import DG2
from readers.errors import PortraitError, TlvError
from readers.iso7816 import der, tlv

_GROUP: Final = 0x7F61
_TEMPLATE: Final = 0x7F60
_DATA_BLOCKS: Final = (0x5F2E, 0x7F2E)
_FORMAT_ID: Final = b"FAC\0"
_VERSION: Final = b"010\0"
_RECORD_HEADER: Final = struct.Struct(">4s4sIH")
_FACE_HEADER: Final = struct.Struct(">IHBBB3sH3s3s")
_IMAGE_HEADER: Final = struct.Struct(">BBHHBBHH")
_FEATURE_POINT_OCTETS: Final = 8
_DECLARED: Final = {0: "jpeg", 1: "jpeg2000"}
_MAGIC: Final = (
    (b"\xff\xd8\xff", "jpeg"),
    (b"\x00\x00\x00\x0cjP  \r\n\x87\n", "jpeg2000"),
    (b"\xff\x4f\xff\x51", "jpeg2000"),
)


def parse_portrait(octets: bytes) -> Portrait:
    """The single picture of the file, template included. Raises PortraitError, TlvError.

    Facts: declared width and height in pixels, declared and real format, octets of the picture."""
    group = tlv.parse_one(octets, DG2.tag).child(_GROUP).children()
    count = der.decode_integer(tlv.require(group, der.INTEGER))
    templates = [item for item in group if item.tag == _TEMPLATE]
    if count != 1 or len(templates) != 1:
        raise PortraitError(reason="faces", faces=len(templates))
    blocks = [item for item in templates[0].children() if item.tag in _DATA_BLOCKS]
    if len(blocks) != 1:
        raise TlvError(reason="biometric-data-block")
    return _parse_record(blocks[0].value)


def image_format(image: bytes) -> str:
    """What the picture is by its first octets: "jpeg", "jpeg2000" or "unknown"."""
    return next((name for magic, name in _MAGIC if image.startswith(magic)), "unknown")


def _parse_record(record: bytes) -> Portrait:
    if len(record) < _RECORD_HEADER.size:
        raise PortraitError(reason="truncated")
    format_id, version, length, faces = _RECORD_HEADER.unpack_from(record)
    if format_id != _FORMAT_ID or version != _VERSION:
        raise PortraitError(reason="record-format")
    if faces != 1:
        raise PortraitError(reason="faces", faces=faces)
    if length != len(record):
        raise PortraitError(reason="record-length")
    return _parse_face(record[_RECORD_HEADER.size :])


def _parse_face(block: bytes) -> Portrait:
    if len(block) < _FACE_HEADER.size:
        raise PortraitError(reason="truncated")
    length, points, *_ = _FACE_HEADER.unpack_from(block)
    start = _FACE_HEADER.size + points * _FEATURE_POINT_OCTETS
    if length > len(block) or start + _IMAGE_HEADER.size >= length:
        raise PortraitError(reason="face-length")
    _, data_type, width, height, *_ = _IMAGE_HEADER.unpack_from(block, start)
    image = block[start + _IMAGE_HEADER.size : length]
    declared = _DECLARED.get(data_type, "unknown")
    actual = image_format(image)
    facts = freeze(
        {
            "image_format": actual,
            "declared_format": declared,
            "declared_width": width,
            "declared_height": height,
            "octets": len(image),
        }
    )
    return Portrait(image=image, format=actual, declared=declared, facts=facts)
