import os
import signal
import struct
import subprocess
import sys
import time
import zlib
from concurrent.futures import ThreadPoolExecutor
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
