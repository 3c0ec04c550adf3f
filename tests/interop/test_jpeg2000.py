"""Portraits in JPEG 2000 from encoders that are not the decoder's own, through the child process that decodes them."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import numpy as np
import pytest

from biometrics.decode import PortraitDecoder
from readers.emrtd.lds.picture import measure
from tests.support.readers_vectors import octets, vectors

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

WIDTH, HEIGHT = 48, 64


@pytest.fixture(scope="module")
def decoder() -> Iterator[PortraitDecoder]:
    with PortraitDecoder() as child:
        yield child


@pytest.mark.parametrize("name", ["codestream", "file"])
def test_another_encoder(decoder: PortraitDecoder, name: str) -> None:
    picture = octets(vectors("jpeg2000")[name], "octets")
    assert (measure(picture).width, measure(picture).height) == (WIDTH, HEIGHT)
    image = decoder.decode(picture, "jpeg2000")
    assert image.shape == (HEIGHT, WIDTH, 3)
    assert image.std() > 30


@pytest.mark.parametrize("form", ["jp2", "j2k"])
@pytest.mark.parametrize(
    "options",
    [
        ("-r", "20"),
        ("-r", "10", "-I"),
        ("-t", "32,32", "-r", "10"),
        ("-p", "RPCL", "-n", "3", "-r", "10"),
        ("-SOP", "-EPH", "-r", "10"),
        ("-mct", "0"),
    ],
    ids=" ".join,
)
def test_the_reference_encoder(
    decoder: PortraitDecoder, tmp_path: Path, options: tuple[str, ...], form: str
) -> None:
    encoder = shutil.which("opj_compress")
    if encoder is None:
        pytest.skip("opj_compress is not installed (apt-get install libopenjp2-tools)")
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    pixels = np.stack([x * 5, y * 4, (x + y) * 2], axis=2).astype(np.uint8)
    source, made = tmp_path / "p.ppm", tmp_path / f"p.{form}"
    source.write_bytes(b"P6\n%d %d\n255\n" % (WIDTH, HEIGHT) + pixels.tobytes())
    subprocess.run(
        [encoder, "-i", str(source), "-o", str(made), *options], check=True, capture_output=True, timeout=30
    )
    image = decoder.decode(made.read_bytes(), "jpeg2000")
    assert np.abs(image[..., ::-1].astype(int) - pixels).mean() < 20
