import os
import signal
import struct
import subprocess
import sys
import time
import zlib
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from io import BytesIO

import cv2
import numpy as np
import psutil
import pytest
from PIL import Image

import biometrics.decode as module
from biometrics.decode import DG2_LIMITS, FILE_LIMITS, PortraitDecoder, image_format
from biometrics.decode_process import codestream_size
from biometrics.errors import (
    DecoderGoneError,
    ImageMalformedError,
    ImageTimeoutError,
    ImageTooLargeError,
)
from tests.support.portraits import astronaut_path, hopper_path, jpeg, picture

linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="limits and signals of Linux")
SMALL = cv2.resize(picture("hopper"), (120, 140), interpolation=cv2.INTER_AREA)


@pytest.fixture(scope="module")
def decoder():
    with PortraitDecoder() as decoder:
        yield decoder


@pytest.fixture(scope="module")
def files():
    with PortraitDecoder(FILE_LIMITS) as decoder:
        yield decoder


def encoded(image: np.ndarray, kind: str, **options) -> bytes:
    sink = BytesIO()
    Image.fromarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB)).save(sink, kind, **options)
    return sink.getvalue()


def with_jpeg_size(data: bytes, width: int, height: int) -> bytes:
    at = data.index(b"\xff\xc0") + 5
    return data[:at] + struct.pack(">HH", height, width) + data[at + 4 :]


def png_header(width: int, height: int) -> bytes:
    body = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + struct.pack(">I", 13)
        + body
        + struct.pack(">II", zlib.crc32(body), 16)
        + b"IDAT"
        + b"\0" * 20
    )


def test_a_jpeg_has_the_same_pixels_as_opencv_reads(files):
    image = files.decode(hopper_path().read_bytes())
    assert image.shape == (600, 512, 3)
    assert image.dtype == np.uint8
    assert np.array_equal(image, picture("hopper"))
    assert image.flags.writeable


def test_a_png_and_a_grey_jpeg(files, decoder):
    assert np.array_equal(files.decode(astronaut_path().read_bytes()), picture("astronaut"))
    grey = decoder.decode(jpeg(cv2.cvtColor(SMALL, cv2.COLOR_BGR2GRAY)))
    assert grey.shape == SMALL.shape
    assert np.array_equal(grey[..., 0], grey[..., 2])


def test_sixteen_bit_and_transparent_pngs(files):
    for mode, value in (("I;16", 40000), ("RGBA", (200, 10, 20, 0)), ("P", 3), ("1", 1)):
        sink = BytesIO()
        Image.new(mode, (40, 30), value).save(sink, "PNG")
        image = files.decode(sink.getvalue())
        assert image.shape == (30, 40, 3)
        if mode == "I;16":
            assert image.min() == image.max() == 40000 // 256


@pytest.mark.parametrize("options", [{"no_jp2": False}, {"no_jp2": True}])
def test_jpeg_2000_file_and_codestream(decoder, options):
    image = decoder.decode(encoded(SMALL, "JPEG2000", **options), "jp2")
    assert np.abs(image.astype(int) - SMALL).mean() < 1


def test_orientation_is_applied(files):
    exif = Image.Exif()
    exif[0x0112] = 6
    assert files.decode(encoded(SMALL, "JPEG", exif=exif)).shape == (120, 140, 3)


def test_one_pixel(decoder):
    assert decoder.decode(jpeg(np.zeros((1, 1, 3), np.uint8))).shape == (1, 1, 3)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff",
        b"GIF89a" + b"\0" * 50,
        b"\xff\xd8\xff" + b"\0" * 200,
        jpeg(SMALL)[:-200],
        jpeg(SMALL)[:40],
    ],
    ids=["empty", "byte", "gif", "no-jpeg", "truncated", "header"],
)
def test_what_is_no_complete_image(decoder, data):
    with pytest.raises(ImageMalformedError):
        decoder.decode(data)


def test_a_png_is_no_portrait_of_a_chip(decoder):
    with pytest.raises(ImageMalformedError):
        decoder.decode(encoded(SMALL, "PNG"))


def test_a_declared_format_must_be_the_real_one(decoder):
    data = jpeg(SMALL)
    assert decoder.decode(data, "image/jpeg").shape == decoder.decode(data, "something").shape
    with pytest.raises(ImageMalformedError, match="declared"):
        decoder.decode(data, "jpeg2000")


def test_the_size_is_refused_by_the_header(files, decoder):
    for data in (with_jpeg_size(jpeg(SMALL), 30000, 30000), png_header(30000, 30000)):
        began = time.monotonic()
        with pytest.raises(ImageTooLargeError) as caught:
            files.decode(data)
        assert time.monotonic() - began < 2
        assert caught.value.facts["width_px"] == 30000
    with pytest.raises(ImageTooLargeError):
        decoder.decode(with_jpeg_size(jpeg(SMALL), 2500, 1700))
    assert decoder.decode(jpeg(SMALL)).shape == SMALL.shape


@pytest.mark.parametrize("no_jp2", [False, True])
def test_a_codestream_that_claims_more_than_its_box(files, no_jp2):
    data = bytearray(encoded(SMALL, "JPEG2000", no_jp2=no_jp2))
    at = data.find(b"\xff\x4f\xff\x51")
    struct.pack_into(">II", data, at + 8, 30000, 30000)
    assert codestream_size(bytes(data)) == (30000, 30000)
    with pytest.raises(ImageTooLargeError):
        files.decode(bytes(data))
    assert codestream_size(jpeg(SMALL)) == (0, 0)


def test_the_largest_codestream_counts(decoder):
    """A box may hold a small stream before the one that is decoded, and the header box may lie too."""
    data = encoded(SMALL, "JPEG2000", no_jp2=True)
    large = bytearray(data)
    struct.pack_into(">II", large, 8, 30000, 30000)
    decoy = struct.pack(">I4s", 8 + 60, b"free") + data[:60]
    file = _jp2(bytes(large), components=3, before=decoy)
    assert codestream_size(file) == (30000, 30000)
    with pytest.raises(ImageTooLargeError) as caught:
        decoder.decode(file, "jpeg2000")
    assert caught.value.facts["width_px"] == 30000


def _box(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(data), kind) + data


def _jp2(codestream, *, components, size=None, colour=16, extra=b"", before=b""):
    """A JP2 file around a codestream (ISO/IEC 15444-1 Annex I); colour 16 sRGB, 17 grey, 18 sYCC."""
    height, width = size or SMALL.shape[:2]
    header = _box(b"ihdr", struct.pack(">IIHBBBB", height, width, components, 7, 7, 0, 0))
    header += _box(b"colr", struct.pack(">BBBI", 1, 0, 0, colour)) + extra
    start = b"\x00\x00\x00\x0cjP  \r\n\x87\n" + _box(b"ftyp", b"jp2 \0\0\0\0jp2 ")
    return start + _box(b"jp2h", header) + before + _box(b"jp2c", codestream)


GREY = cv2.cvtColor(SMALL, cv2.COLOR_BGR2GRAY)


def _saved(image: Image.Image, **options) -> bytes:
    sink = BytesIO()
    image.save(sink, "JPEG2000", **options)
    return sink.getvalue()


@pytest.mark.parametrize("no_jp2", [False, True], ids=["jp2", "codestream"])
@pytest.mark.parametrize("kind", ["grey", "grey-alpha", "sixteen-bit", "colour-alpha"])
def test_jpeg_2000_of_every_kind(decoder, kind, no_jp2):
    grey, colour = Image.fromarray(GREY), Image.fromarray(cv2.cvtColor(SMALL, cv2.COLOR_BGR2RGB))
    clear = Image.new("L", grey.size, 0)
    made = {
        "grey": lambda: grey,
        "grey-alpha": lambda: Image.merge("LA", (grey, clear)),
        "sixteen-bit": lambda: Image.fromarray(GREY.astype(np.uint16) * 257),
        "colour-alpha": lambda: Image.merge("RGBA", (*colour.split(), clear)),
    }[kind]()
    image = decoder.decode(_saved(made, no_jp2=no_jp2), "jpeg2000")
    expected = SMALL if kind == "colour-alpha" else cv2.cvtColor(GREY, cv2.COLOR_GRAY2BGR)
    assert image.shape == SMALL.shape
    assert np.abs(image.astype(int) - expected).mean() < 1.5


def test_a_jpeg_2000_with_a_palette(decoder):
    """pclr and cmap boxes (ISO/IEC 15444-1 I.5.3.4, I.5.3.5): red is the index, green its complement."""
    palette = b"\x01\x00\x03\x07\x07\x07" + b"".join(bytes((i, 255 - i, 0)) for i in range(256))
    mapping = b"".join(struct.pack(">HBB", 0, 1, column) for column in range(3))
    extra = _box(b"pclr", palette) + _box(b"cmap", mapping)
    stream = _saved(Image.fromarray(GREY), no_jp2=True)
    image = decoder.decode(_jp2(stream, components=1, extra=extra), "jpeg2000")
    assert np.array_equal(image[..., 2], GREY)
    assert np.array_equal(image[..., 1], 255 - GREY)
    assert not image[..., 0].any()


def test_a_jpeg_2000_in_ycc(decoder):
    ycc = np.dstack([GREY, np.full_like(GREY, 128), np.full_like(GREY, 128)])
    stream = _saved(Image.fromarray(ycc), no_jp2=True, mct=0)
    image = decoder.decode(_jp2(stream, components=3, colour=18), "jpeg2000")
    assert np.abs(image.astype(int) - cv2.cvtColor(GREY, cv2.COLOR_GRAY2BGR)).mean() < 2


def test_a_header_box_that_claims_30000_by_30000(decoder):
    data = _jp2(_saved(Image.fromarray(GREY), no_jp2=True), components=1, colour=17, size=(30000, 30000))
    with pytest.raises(ImageTooLargeError):
        decoder.decode(data, "jpeg2000")


@pytest.mark.parametrize("no_jp2", [False, True], ids=["jp2", "codestream"])
@pytest.mark.parametrize("part", [0.002, 0.02, 0.1, 0.5, 0.9])
def test_a_truncated_jpeg_2000_is_no_image(decoder, no_jp2, part):
    data = encoded(SMALL, "JPEG2000", no_jp2=no_jp2)
    with pytest.raises(ImageMalformedError):
        decoder.decode(data[: max(12, int(len(data) * part))], "jpeg2000")


@pytest.mark.parametrize(
    ("offset", "form", "values"),
    [
        (24, ">II", (4, 4)),
        (24, ">II", (1, 1)),
        (24, ">II", (0, 0)),
        (40, ">H", (16384,)),
        (42, ">B", (37,)),
        (43, ">BB", (255, 255)),
        (16, ">II", (119, 139)),
    ],
    ids=["tiles-4", "tiles-1", "tiles-0", "components", "38-bit", "subsampled", "offset"],
)
def test_a_spoilt_header_ends_defined_and_soon(decoder, offset, form, values):
    data = bytearray(encoded(SMALL, "JPEG2000", no_jp2=True))
    struct.pack_into(form, data, offset, *values)
    with suppress(ImageMalformedError, ImageTooLargeError):  # and no ImageTimeoutError
        assert decoder.decode(bytes(data), "jpeg2000").dtype == np.uint8
    assert decoder.decode(jpeg(SMALL)).shape == SMALL.shape


@pytest.mark.parametrize("size", [(2000, 2000), (60000, 66)])
def test_a_bomb_of_a_few_hundred_bytes_is_held_by_the_limit_on_pixels(decoder, size):
    small = _saved(Image.new("RGB", size, (10, 20, 30)), no_jp2=True)
    assert len(small) < 5000
    assert decoder.decode(small, "jpeg2000").shape == (size[1], size[0], 3)
    more = bytearray(small)
    struct.pack_into(">II", more, 8, size[0] + 1000, size[1] + 1000)
    with pytest.raises(ImageTooLargeError):
        decoder.decode(bytes(more), "jpeg2000")


def test_an_archive_behind_the_picture_changes_nothing(decoder):
    for kind in ("JPEG", "JPEG2000"):
        data = encoded(SMALL, kind)
        assert np.array_equal(decoder.decode(data + b"PK\x03\x04" + bytes(40)), decoder.decode(data))


def test_too_many_bytes(decoder, tmp_path):
    data = jpeg(SMALL) + b"\0" * DG2_LIMITS.max_bytes
    with pytest.raises(ImageTooLargeError):
        decoder.decode(data)
    (tmp_path / "big.jpg").write_bytes(data)
    with pytest.raises(ImageTooLargeError):
        decoder.decode_file(tmp_path / "big.jpg")
    with pytest.raises(ImageMalformedError, match="unreadable"):
        decoder.decode_file(tmp_path / "absent.jpg")


def test_several_threads(decoder):
    with ThreadPoolExecutor(4) as pool:
        shapes = set(pool.map(lambda _: decoder.decode(jpeg(SMALL)).shape, range(20)))
    assert shapes == {SMALL.shape}


@linux
def test_a_stuck_child_is_killed_and_replaced():
    with PortraitDecoder(replace(DG2_LIMITS, deadline_s=0.5)) as decoder:
        decoder.decode(jpeg(SMALL))
        child = decoder._child.process
        os.kill(child.pid, signal.SIGSTOP)
        began = time.monotonic()
        with pytest.raises(ImageTimeoutError):
            decoder.decode(jpeg(SMALL))
        assert time.monotonic() - began < 3
        assert child.returncode == -signal.SIGKILL
        assert decoder.decode(jpeg(SMALL)).shape == SMALL.shape
        assert decoder._child.process.pid != child.pid


@linux
def test_a_child_killed_between_images_is_replaced():
    with PortraitDecoder() as decoder:
        decoder.decode(jpeg(SMALL))
        decoder._child.process.kill()
        decoder._child.process.wait()
        assert decoder.decode(jpeg(SMALL)).shape == SMALL.shape


@linux
def test_a_child_that_dies_over_an_image_says_so_about_the_image():
    with PortraitDecoder() as decoder:
        decoder.decode(jpeg(SMALL))
        pid = decoder._child.process.pid
        os.kill(pid, signal.SIGSTOP)
        with ThreadPoolExecutor(1) as pool:
            answer = pool.submit(decoder.decode, jpeg(SMALL))
            time.sleep(0.2)
            os.kill(pid, signal.SIGKILL)
            with pytest.raises(ImageMalformedError, match="decoder-died"):
                answer.result(10)


@linux
def test_processor_time_is_limited():
    code = "from biometrics.decode_process import limit_time\nlimit_time(0)\nwhile True: pass"  # ends by signal only
    done = subprocess.run([sys.executable, "-c", code], check=False, timeout=30)
    assert done.returncode == -signal.SIGXCPU


@linux
def test_memory_is_limited_and_the_child_goes_on():
    with PortraitDecoder(replace(FILE_LIMITS, memory_mib=160)) as decoder:
        with pytest.raises((ImageTooLargeError, ImageMalformedError)):
            decoder.decode(encoded(np.zeros((4800, 5000, 3), np.uint8), "JPEG2000"))
        assert decoder.decode(jpeg(SMALL)).shape == SMALL.shape


@linux
def test_closing_leaves_no_process():
    decoder = PortraitDecoder()
    decoder.warm()
    pid = decoder._child.process.pid
    decoder.close()
    decoder.close()
    assert not psutil.pid_exists(pid)
    assert decoder.decode(jpeg(SMALL)).shape == SMALL.shape
    decoder.close()


@linux
def test_the_child_ends_with_its_parent():
    code = (
        "import os\nfrom biometrics.decode import PortraitDecoder\nd = PortraitDecoder()\nd.warm()\n"
        "print(d._child.process.pid, flush=True)\nos._exit(0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=30
    )
    pid = int(done.stdout)

    def ended() -> bool:
        return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE

    end = time.monotonic() + 5.0
    while not ended() and time.monotonic() < end:
        time.sleep(0.05)
    assert ended()


def test_a_child_that_cannot_start(monkeypatch):
    monkeypatch.setattr(module.sys, "executable", "/nonexistent/python")
    with pytest.raises(DecoderGoneError):
        PortraitDecoder().decode(jpeg(SMALL))


@linux
def test_a_child_that_ends_at_once(monkeypatch):
    monkeypatch.setattr(module.sys, "executable", "/bin/false")
    decoder = PortraitDecoder()
    with pytest.raises(DecoderGoneError):
        decoder.decode(jpeg(SMALL))
    decoder.close()


def test_formats_by_their_first_bytes():
    assert image_format(jpeg(SMALL)) == "JPEG"
    assert image_format(encoded(SMALL, "JPEG2000")) == "JPEG2000"
    assert image_format(encoded(SMALL, "JPEG2000", no_jp2=True)) == "JPEG2000"
    assert image_format(encoded(SMALL, "PNG")) == "PNG"
    assert image_format(b"BM") is None
