import subprocess
import sys

import numpy as np
import pytest

import biometrics.recorded as module
from biometrics.decode import DG2_LIMITS, PortraitDecoder
from biometrics.errors import ImageTooLargeError, ModelMissingError
from biometrics.recorded import portrait_jpeg, specimen_portraits, vary
from tests.support.portraits import picture


def test_specimens_are_found_without_importing_their_packages():
    code = (
        "import sys\nfrom biometrics.recorded import specimen_portraits\n"
        "print(sorted(specimen_portraits()), 'matplotlib' in sys.modules, 'skimage' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "['astronaut', 'hopper'] False False"
    assert specimen_portraits()["hopper"].startswith(b"\xff\xd8\xff")


def test_an_absent_package_is_named(monkeypatch):
    monkeypatch.setattr(module, "find_spec", lambda name: None)
    with pytest.raises(ModelMissingError, match="grace_hopper"):
        specimen_portraits()


@pytest.mark.parametrize("name", ["hopper", "astronaut"])
def test_a_chip_portrait_fits_the_chip(name):
    data = portrait_jpeg(picture(name))
    assert len(data) <= 15_000
    with PortraitDecoder(DG2_LIMITS) as decoder:
        assert decoder.decode(data).shape == (400, 300, 3)
    assert data == portrait_jpeg(picture(name))


def test_a_portrait_that_cannot_fit_is_refused():
    with pytest.raises(ImageTooLargeError):
        portrait_jpeg(picture("hopper"), max_bytes=500)


def test_variations_repeat_with_their_seed_and_differ_otherwise():
    first, again, other = (vary(picture("hopper"), seed=seed, frames=2) for seed in (4, 4, 5))
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert not np.array_equal(first[0], first[1])
    assert not np.array_equal(first[0], other[0])
    assert first[0].shape == (480, 640, 3)
    assert first[0].dtype == np.uint8
