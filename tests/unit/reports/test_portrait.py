import io

import pytest
from PIL import Image

from reports.errors import PortraitError
from reports.portrait import BOX, MAX_BYTES, jpeg_size, thumbnail
from tests.support.reports_sheets import portrait


@pytest.mark.parametrize("size", [(300, 400), (480, 640), (640, 480), (40, 50), (78, 104), (1, 1)])
def test_a_portrait_is_whole_small_and_a_jpeg(size: tuple[int, int]):
    small = thumbnail(portrait(1, size))
    with Image.open(io.BytesIO(small.jpeg)) as image:
        assert (image.format, image.mode, image.size) == ("JPEG", "RGB", (small.width, small.height))
        assert not image.getexif()
    assert small.width <= BOX[0]
    assert small.height <= BOX[1]
    assert small.width / small.height == pytest.approx(size[0] / size[1], rel=0.05)


def test_the_same_portrait_gives_the_same_bytes():
    assert thumbnail(portrait()) == thumbnail(portrait())


def test_grey_becomes_colour_so_that_one_colour_space_does():
    out = io.BytesIO()
    Image.new("L", (300, 400), 90).save(out, "JPEG")
    with Image.open(io.BytesIO(thumbnail(out.getvalue()).jpeg)) as image:
        assert image.mode == "RGB"


def test_the_size_is_read_without_decoding():
    assert jpeg_size(portrait(2, (300, 400))) == (300, 400)


def bomb() -> bytes:
    """A JPEG header that claims 60,000 × 60,000 pixels."""
    data = bytearray(portrait())
    at = data.index(b"\xff\xc0")
    data[at + 5 : at + 9] = (60_000).to_bytes(2, "big") * 2
    return bytes(data)


def png() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (30, 40)).save(out, "PNG")
    return out.getvalue()


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "size"),
        (b"\xff\xd8" + b"\0" * MAX_BYTES, "size"),
        (png(), "no-jpeg"),
        (b"\xff\xd8\xff\xd9\0\0", "no-frame"),
        (b"\xff\xd8" + b"\xff" * 64, "no-frame"),
        (portrait()[:300], None),
        (portrait()[:-2000], "damaged"),
        (bomb(), "pixels"),
    ],
)
def test_what_cannot_be_printed_is_an_error(data: bytes, why: str | None):
    with pytest.raises(PortraitError) as caught:
        thumbnail(data)
    assert why in (None, caught.value.facts["why"])
