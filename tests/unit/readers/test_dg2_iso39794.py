"""DG2 with a face image record of ISO/IEC 39794-5:2019; every record here is made by the standard's ASN.1 module."""

from io import BytesIO

import pytest
from PIL import Image

from readers.emrtd.lds.dg2 import parse_portrait
from readers.errors import PortraitError, TlvError
from readers.iso7816 import der, tlv


def encoded(kind, **options):
    sink = BytesIO()
    Image.new("RGB", (300, 400), (90, 80, 70)).save(sink, kind, **options)
    return sink.getvalue()


JPEG, JP2, STREAM = encoded("JPEG"), encoded("JPEG2000"), encoded("JPEG2000", no_jp2=True)


def number(tag, value):
    return tlv.encode(tag, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def information(code=2, size=(300, 400)):
    """imageInformation2DBlock: imageDataFormat [0], faceImageKind2D [1], imageSizeBlock [7]."""
    items = [tlv.encode(0xA0, number(0x80, code))]
    items.append(tlv.encode(0xA1, number(0x80, 0)))
    if size:
        items.append(tlv.encode(0xA7, number(0x80, size[0]), number(0x81, size[1])))
    return tlv.encode(0xA1, *items)


def representation(image=JPEG, *, info=None, extra=b"", choice=0xA0, kind=0xA0):
    """RepresentationBlock: representationId [0], imageRepresentation [1], then what is optional."""
    flat = tlv.encode(kind, tlv.encode(0x80, image), information() if info is None else info)
    return tlv.encode(0x30, number(0x80, 0), tlv.encode(0xA1, tlv.encode(choice, flat)), extra)


def data_block(*faces, outer=True):
    """[1] [APPLICATION 5] {versionBlock [0] {generation 3, year 2019}, representationBlocks [1]}."""
    version = tlv.encode(0xA0, number(0x80, 3), number(0x81, 2019))
    block = tlv.encode(0x65, version, tlv.encode(0xA1, *faces))
    return tlv.encode(0xA1, block) if outer else block


def dg2(block, *, tag=0x7F2E):
    header = tlv.encode(0xA1, tlv.encode(0x81, b"\x02"), tlv.encode(0x88, b"\x00\x2a"))
    template = tlv.encode(0x7F60, header, tlv.encode(tag, block))
    return tlv.encode(0x75, tlv.encode(0x7F61, der.encode_integer(1), template))


@pytest.mark.parametrize("tag", [0x7F2E, 0x5F2E])
@pytest.mark.parametrize("outer", [True, False])
def test_a_portrait_with_or_without_the_tag_of_the_application_profile(outer, tag):
    portrait = parse_portrait(dg2(data_block(representation(), outer=outer), tag=tag))
    assert portrait.image == JPEG
    assert portrait.facts == {
        "coding": "iso39794",
        "image_format": "jpeg",
        "declared_format": "jpeg",
        "declared_width": 300,
        "declared_height": 400,
        "width": 300,
        "height": 400,
        "octets": len(JPEG),
        "trailing_octets": 0,
    }


@pytest.mark.parametrize(
    ("image", "code", "declared", "actual"),
    [
        (JPEG, 2, "jpeg", "jpeg"),
        (JP2, 3, "jpeg2000", "jpeg2000"),
        (STREAM, 4, "jpeg2000", "jpeg2000"),
        (JPEG, 4, "jpeg2000", "jpeg"),
        (JPEG, 0, "unknown", "jpeg"),
        (JPEG, 70000, "unknown", "jpeg"),
    ],
)
def test_declared_and_own_format(image, code, declared, actual):
    portrait = parse_portrait(dg2(data_block(representation(image, info=information(code)))))
    assert (portrait.declared, portrait.format) == (declared, actual)


def test_optional_blocks_are_skipped():
    landmarks = tlv.encode(0xA9, tlv.encode(0x30, tlv.encode(0xA0, number(0x80, 1))))
    captured = tlv.encode(0xA2, number(0x80, 2026), number(0x81, 1))
    portrait = parse_portrait(dg2(data_block(representation(extra=captured + landmarks))))
    assert portrait.image == JPEG


def test_a_record_that_says_neither_size_nor_format():
    bare = parse_portrait(dg2(data_block(representation(info=information(size=None)))))
    assert (bare.facts["declared_width"], bare.facts["width"]) == (0, 300)
    assert parse_portrait(dg2(data_block(representation(info=b"")))).declared == "unknown"


def test_an_archive_behind_the_picture_is_cut_off_and_counted():
    portrait = parse_portrait(dg2(data_block(representation(JPEG + b"PK\x03\x04zip"))))
    assert portrait.image == JPEG
    assert portrait.facts["trailing_octets"] == 7


@pytest.mark.parametrize(
    ("block", "reason"),
    [
        (data_block(), "faces"),
        (data_block(representation(), representation()), "faces"),
        (data_block(representation(choice=0xA1)), "extension"),
        (data_block(representation(kind=0xA1)), "not-2d"),
        (data_block(representation(b"")), "no-picture"),
    ],
)
def test_other_numbers_of_faces_and_other_kinds_of_record(block, reason):
    with pytest.raises(PortraitError) as caught:
        parse_portrait(dg2(block))
    assert caught.value.facts["reason"] == reason


@pytest.mark.parametrize(
    "block",
    [
        b"\xa1\x00",
        b"\x65\x00",
        b"\xa1\x84\xff\xff\xff\xff",
        tlv.encode(0xA1, tlv.encode(0x65, tlv.encode(0xA0, b"\x80"))),
        data_block(b"\x30\x00"),
        data_block(tlv.encode(0x30, tlv.encode(0xA1, tlv.encode(0xA0, tlv.encode(0xA0, b"\x04\x00"))))),
        data_block(representation(info=tlv.encode(0xA1, tlv.encode(0xA0, b"\x80\x00")))),
        data_block(representation(info=tlv.encode(0xA1, tlv.encode(0xA0, tlv.encode(0x80, bytes(40)))))),
        data_block(representation()) + b"\0",
        data_block(representation())[:-1],
    ],
)
def test_broken_records(block):
    with pytest.raises(TlvError):
        parse_portrait(dg2(block))
