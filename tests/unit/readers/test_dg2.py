"""DG2: the header of the national card that lies about its size, other formats, and broken records."""

import struct
from io import BytesIO

import pytest
from PIL import Image

from readers.emrtd.lds.dg2 import image_format, parse_portrait
from readers.errors import PortraitError, TlvError
from readers.iso7816 import der, tlv

JPEG = b"\xff\xd8\xff\xe0" + b"picture" * 20
JP2 = b"\x00\x00\x00\x0cjP  \r\n\x87\n" + bytes(40)


def _encoded(kind):
    sink = BytesIO()
    Image.new("RGB", (300, 400), (90, 80, 70)).save(sink, kind)
    return sink.getvalue()


REAL = _encoded("JPEG")
REAL_2000 = _encoded("JPEG2000")


def record(
    image=JPEG,
    *,
    faces=1,
    points=0,
    data_type=0,
    magic=b"FAC\x00010\x00",
    cut=0,
    length=None,
    face_length=None,
):
    face = struct.pack(">HBBB3sH3s3s", points, 1, 0, 0, bytes(3), 0, bytes(3), bytes(3)) + bytes(8 * points)
    face += struct.pack(">BBHHBBHH", 1, data_type, 480, 400, 1, 2, 0, 0) + image
    face = struct.pack(">I", face_length if face_length is not None else len(face) + 4) + face
    body = magic + struct.pack(">IH", length if length is not None else len(face) + 14, faces) + face
    return body[: len(body) - cut]


def dg2(*records, count=1, tag=0x5F2E):
    templates = [tlv.encode(0x7F60, tlv.encode(0xA1), tlv.encode(tag, item)) for item in records]
    return tlv.encode(0x75, tlv.encode(0x7F61, der.encode_integer(count), *templates))


def test_portrait_of_the_national_card():
    portrait = parse_portrait(dg2(record()))
    assert portrait.image == JPEG
    assert (portrait.format, portrait.declared) == ("jpeg", "jpeg")
    assert portrait.facts == {
        "coding": "iso19794",
        "image_format": "jpeg",
        "declared_format": "jpeg",
        "declared_width": 480,
        "declared_height": 400,
        "width": 0,
        "height": 0,
        "octets": len(JPEG),
        "trailing_octets": 0,
    }


@pytest.mark.parametrize("tag", [0x5F2E, 0x7F2E])
def test_feature_points_and_both_block_tags(tag):
    assert parse_portrait(dg2(record(points=7), tag=tag)).image == JPEG


def test_magic_decides_not_the_header():
    portrait = parse_portrait(dg2(record(JP2, data_type=0)))
    assert (portrait.format, portrait.declared) == ("jpeg2000", "jpeg")
    assert parse_portrait(dg2(record(b"PK\x03\x04" + bytes(30), data_type=9))).format == "unknown"
    assert image_format(b"\xff\x4f\xff\x51\x00") == "jpeg2000"


def test_the_header_says_480_by_400_and_the_picture_300_by_400():
    facts = parse_portrait(dg2(record(REAL))).facts
    assert (facts["declared_width"], facts["declared_height"]) == (480, 400)
    assert (facts["width"], facts["height"]) == (300, 400)


@pytest.mark.parametrize("image", [REAL, REAL_2000])
@pytest.mark.parametrize(
    "quirk", [{"length": 14}, {"length": 0xFFFFFFFF}, {"face_length": 0}, {"face_length": 1 << 31}]
)
def test_wrong_lengths_are_borne_when_the_picture_itself_is_whole(image, quirk):
    portrait = parse_portrait(dg2(record(image, **quirk)))
    assert portrait.image == image
    assert portrait.facts["quirks"] == "record-length" if "length" in quirk else "face-length"
    with pytest.raises(PortraitError):
        parse_portrait(dg2(record(image[:-20], **quirk)))


@pytest.mark.parametrize("image", [REAL, REAL_2000])
@pytest.mark.parametrize(("tail", "counted"), [(b"PK\x03\x04zip", 7), (bytes(16), 0), (b"\0x\0", 2)])
def test_what_is_behind_the_picture_is_cut_off_and_counted(image, tail, counted):
    portrait = parse_portrait(dg2(record(image + tail)))
    assert portrait.image == image
    assert portrait.facts["octets"] == len(image)
    assert portrait.facts["trailing_octets"] == counted


@pytest.mark.parametrize(
    ("octets", "reason"),
    [
        (dg2(record(), record(), count=2), "faces"),
        (dg2(record(), record(), record(), count=1), "faces"),
        (dg2(count=0), "faces"),
        (dg2(record(), count=2), "faces"),
        (dg2(record(faces=2)), "faces"),
        (dg2(record(faces=0)), "faces"),
        (dg2(record(magic=b"ABC\x00010\x00")), "record-format"),
        (dg2(record(magic=b"FAC\x00030\x00")), "record-format"),
        (dg2(record(cut=1)), "record-length"),
        (dg2(record(length=0xFFFFFFFF)), "record-length"),
        (dg2(record(face_length=0xFFFFFFFF)), "face-length"),
        (dg2(record(face_length=0)), "face-length"),
        (dg2(record(b"")), "face-length"),
        (dg2(b"FAC\0"), "truncated"),
        (dg2(b"FAC\x00010\x00" + struct.pack(">IH", 20, 1) + bytes(6)), "truncated"),
    ],
)
def test_broken_records(octets, reason):
    with pytest.raises(PortraitError) as caught:
        parse_portrait(octets)
    assert caught.value.facts["reason"] == reason


def test_more_points_than_there_are():
    broken = bytearray(record())
    broken[18:20] = b"\xff\xff"
    with pytest.raises(PortraitError, match="face-length"):
        parse_portrait(dg2(bytes(broken)))


@pytest.mark.parametrize(
    "octets", [b"", b"\x75\x00", tlv.encode(0x75, tlv.encode(0x7F61)), dg2(record(), tag=0x5F2F)]
)
def test_broken_templates(octets):
    with pytest.raises(TlvError):
        parse_portrait(octets)


def test_picture_is_not_in_repr():
    assert "picture" not in repr(parse_portrait(dg2(record())))
