"""The face image record of ISO/IEC 39794-5:2019, as eMRTDs carry it in DO 7F2E (9303-10 4.7.2, eighth edition).

DER under implicit context tags; a CHOICE keeps its tag. The way to the picture is
    [1] → [APPLICATION 5] FaceImageDataBlock {versionBlock [0], representationBlocks [1]}
    → SEQUENCE RepresentationBlock {representationId [0], imageRepresentation [1] …}
    → base [0] → imageRepresentation2DBlock [0] {representationData2D [0] OCTET STRING, imageInformation2DBlock [1] …}
All else (landmarks, quality, capture device, metadata) is skipped: nothing here uses it.

The tags are those of the ASN.1 modules ISO-IEC-39794-5-ed-1-v1 and, for eMRTDs, ID-ICAO-ISO-IEC-39794-5-ed-1-v1. This
software makes use of the Schema from ISO/IEC 39794-5 within modifications permitted in the relevant ISO/IEC standard.
Please reproduce this note if possible."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from readers.errors import PortraitError, TlvError
from readers.iso7816 import der, tlv

_FACE_IMAGE: Final = 0x65
_FIRST, _SECOND, _SIZE = 0xA0, 0xA1, 0xA7
_PRIMITIVE_FIRST, _PRIMITIVE_SECOND = 0x80, 0x81
_DECLARED: Final = {2: "jpeg", 3: "jpeg2000", 4: "jpeg2000"}
"""imageDataFormat: jpeg, jpeg2000Lossy, jpeg2000Lossless."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FaceRecord:
    """One picture with what its record declares; width and height are 0 when the record does not say."""

    image: bytes = field(repr=False)
    declared: str
    width: int
    height: int
    quirks: tuple[str, ...] = ()


def parse_face_image(octets: bytes) -> FaceRecord:
    """The single picture of a biometric data block. Raises PortraitError, TlvError."""
    block = _data_block(tlv.parse_all(octets))
    faces = tlv.require(block, _SECOND).children()
    if len(faces) != 1:
        raise PortraitError(reason="faces", faces=len(faces))
    representation = tlv.require(faces[0].children(), _SECOND).children()
    base = tlv.find(representation, _FIRST)
    if base is None:
        raise PortraitError(reason="extension")
    flat = tlv.find(base.children(), _FIRST)
    if flat is None:
        raise PortraitError(reason="not-2d")
    items = flat.children()
    image = tlv.require(items, _PRIMITIVE_FIRST).value
    if not image:
        raise PortraitError(reason="no-picture")
    information = tlv.find(items, _SECOND)
    declared, width, height = _information(() if information is None else information.children())
    return FaceRecord(image=image, declared=declared, width=width, height=height)


def _data_block(items: tuple[tlv.Tlv, ...]) -> tuple[tlv.Tlv, ...]:
    """The fields of FaceImageDataBlock, with or without the [1] of the application profile around it."""
    outer = tlv.find(items, _SECOND)
    if outer is not None:
        items = outer.children()
    return tlv.require(items, _FACE_IMAGE).children()


def _information(items: tuple[tlv.Tlv, ...]) -> tuple[str, int, int]:
    """Declared kind, width and height of imageInformation2DBlock."""
    kind = tlv.find(items, _FIRST)
    size = tlv.find(items, _SIZE)
    code = _number(kind, _PRIMITIVE_FIRST)
    return _DECLARED.get(code, "unknown"), _number(size, _PRIMITIVE_FIRST), _number(size, _PRIMITIVE_SECOND)


def _number(holder: tlv.Tlv | None, tag: int) -> int:
    """A small number below an object; 0 when it is absent."""
    found = None if holder is None else tlv.find(holder.children(), tag)
    if found is None:
        return 0
    if not found.value or len(found.value) > der.MAX_OID_OCTETS:
        raise TlvError(reason="integer")
    return int.from_bytes(found.value, "big")
