"""A picture's own octets say what it is, how large, and where it ends; whatever the octets, nothing is raised."""

import struct
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from readers.emrtd.lds.picture import image_format, measure

ARCHIVE = b"PK\x03\x04" + b"archive" * 5
PORTRAIT = Image.linear_gradient("L").resize((300, 400)).convert("RGB")


def encoded(kind, **options):
    sink = BytesIO()
    PORTRAIT.save(sink, kind, **options)
    return sink.getvalue()


PICTURES = {
    "baseline": encoded("JPEG"),
    "progressive": encoded("JPEG", progressive=True),
    "restarts": encoded("JPEG", restart_marker_rows=1),
    "exif": encoded("JPEG", exif=b"Exif\0\0" + b"\xff\xd8\xff\xd9" * 4),
    "jp2": encoded("JPEG2000"),
    "codestream": encoded("JPEG2000", no_jp2=True),
    "tiles": encoded("JPEG2000", no_jp2=True, tile_size=(128, 128)),
}
FORMATS = {
    name: "jpeg" if name in {"baseline", "progressive", "restarts", "exif"} else "jpeg2000"
    for name in PICTURES
}


@pytest.mark.parametrize("name", PICTURES)
def test_kind_size_and_end(name):
    data = PICTURES[name]
    found = measure(data)
    assert (found.format, found.width, found.height, found.end) == (FORMATS[name], 300, 400, len(data))
    assert image_format(data) == FORMATS[name]


@pytest.mark.parametrize("tail", [ARCHIVE, b"\0", b"\xff\xd9", b"\xff", PICTURES["baseline"]])
@pytest.mark.parametrize("name", PICTURES)
def test_what_follows_is_not_the_picture(name, tail):
    assert measure(PICTURES[name] + tail).end == len(PICTURES[name])


@pytest.mark.parametrize("part", [0.3, 0.7, 0.99])
@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_cut_off_has_no_end(name, part):
    assert measure(PICTURES[name][: int(len(PICTURES[name]) * part)]).end is None


def test_the_last_tile_part_may_be_open_ended():
    data = bytearray(PICTURES["codestream"])
    struct.pack_into(">I", data, data.index(b"\xff\x90") + 6, 0)
    assert measure(bytes(data) + b"tail").end == len(data)


def test_the_last_box_may_reach_to_the_end():
    data = bytearray(PICTURES["jp2"])
    struct.pack_into(">I", data, data.index(b"jp2c") - 4, 0)
    assert measure(bytes(data) + b"tail").end == len(data)


def test_a_box_with_a_long_length():
    data = PICTURES["jp2"]
    at = data.index(b"jp2c") - 4
    stream = data[at + 8 :]
    longer = data[:at] + struct.pack(">I4sQ", 1, b"jp2c", 16 + len(stream)) + stream
    assert measure(longer + ARCHIVE).end == len(longer)


def test_a_second_picture_in_a_box_is_part_of_the_file():
    data = PICTURES["jp2"] + struct.pack(">I4s", 12, b"free") + b"more"
    assert measure(data + ARCHIVE).end == len(data)


@pytest.mark.parametrize("name", ["baseline", "codestream", "jp2"])
def test_a_claim_of_30000_by_30000_is_seen(name):
    data = bytearray(PICTURES[name])
    if name == "baseline":
        struct.pack_into(">HH", data, data.index(b"\xff\xc0") + 5, 30000, 30000)
    else:
        struct.pack_into(">II", data, data.index(b"\xff\x4f\xff\x51") + 8, 30000, 30000)
    assert (measure(bytes(data)).width, measure(bytes(data)).height) == (30000, 30000)


@pytest.mark.parametrize("data", [b"", b"\xff\xd8", b"GIF89a", ARCHIVE, b"\x00\x00\x00\x0cjP  \r\n\x87"])
def test_what_is_no_picture(data):
    assert measure(data).end is None
    assert measure(data).format == image_format(data) == "unknown"


@given(
    name=st.sampled_from(sorted(PICTURES)),
    cut=st.integers(0, 20000),
    changes=st.lists(st.tuples(st.integers(0, 600), st.integers(0, 255)), max_size=6),
    tail=st.binary(max_size=60),
)
def test_any_octets_end_within_themselves(name, cut, changes, tail):
    data = bytearray(PICTURES[name][:cut] + tail)
    for position, value in changes:
        if position < len(data):
            data[position] = value
    found = measure(bytes(data))
    assert found.end is None or 0 < found.end <= len(data)


@pytest.mark.parametrize(
    "data",
    [
        b"\xff\xd8" + b"\xff\xda\x00\x02" * 16000,
        b"\xff\xd8" + b"\xff" * 64000,
        b"\xff\xd8\xff\xda\x00\x02" + b"\xff\x00" * 32000,
        b"\xff\xd8" + b"\xff\xc0\x00\x00" * 16000,
        b"\xff\x4f\xff\x51" + bytes(64000),
        b"\xff\x4f\xff\x51" + b"\xff\x90" + bytes(64000),
        b"\x00\x00\x00\x0cjP  \r\n\x87\n" + struct.pack(">I4s", 8, b"free") * 8000,
    ],
)
def test_work_is_bounded_by_the_input(data):
    assert measure(data).end is None
