"""A face image data block of ISO/IEC 39794-5:2019, as DG2 carries it from 2026 on (9303-10 4.7.2).

Tags of the standard's ASN.1 module are implicit; those of its choices are explicit."""

from __future__ import annotations

from typing import Final

from readers.iso7816 import tlv

FACE_IMAGE_DATA_BLOCK: Final = 0x65
_GENERATION: Final = 3
_YEAR: Final = 2019
_JPEG: Final = 2
_JPEG_2000_LOSSY: Final = 3
_SIZE: Final = (300, 400)


def encode_face_block(portrait: bytes, *, is_jpeg_2000: bool) -> bytes:
    """One block with one two-dimensional representation: version, image, format, size."""
    version = tlv.encode(0xA0, _integer(0x80, _GENERATION), _integer(0x81, _YEAR))
    image_format = tlv.encode(0xA0, _integer(0x80, _JPEG_2000_LOSSY if is_jpeg_2000 else _JPEG))
    width, height = _SIZE
    size = tlv.encode(0xA7, _integer(0x80, width), _integer(0x81, height))
    image = tlv.encode(0xA0, tlv.encode(0x80, portrait), tlv.encode(0xA1, image_format, size))
    representation = tlv.encode(0x30, _integer(0x80, 1), tlv.encode(0xA1, tlv.encode(0xA0, image)))
    return tlv.encode(FACE_IMAGE_DATA_BLOCK, version, tlv.encode(0xA1, representation))


def _integer(tag: int, value: int) -> bytes:
    return tlv.encode(tag, value.to_bytes(value.bit_length() // 8 + 1, "big"))
