"""What the record says of the chip's portrait."""

from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from biometrics.quality import Quality
from biometrics.reference_quality import jpeg_quality, portrait_format, reference_facts
from tests.support.portraits import jpeg, picture

SMALL = cv2.resize(picture("hopper"), (240, 320), interpolation=cv2.INTER_AREA)


def reference(image):
    quality = Quality(
        eye_distance_px=61.6,
        sharpness=120.4,
        brightness=120,
        clipped=0,
        turn=0,
        tilt_deg=0,
        detection=0.9,
    )
    return SimpleNamespace(image=image, quality=quality)


@pytest.mark.parametrize("quality", [20, 40, 50, 75, 90, 100])
def test_the_quality_a_jpeg_was_written_with(quality):
    assert jpeg_quality(jpeg(SMALL, quality)) == pytest.approx(quality, abs=2)


def test_the_facts_of_a_portrait():
    data = jpeg(SMALL, 60)
    assert dict(reference_facts(reference(SMALL), data, age_years=4)) == {
        "reference_width_px": 240,
        "reference_height_px": 320,
        "reference_eye_distance_px": 62,
        "reference_sharpness": 120,
        "reference_bytes": len(data),
        "reference_bits_per_pixel_e2": round(800 * len(data) / (240 * 320)),
        "reference_format": "jpeg",
        "reference_jpeg_quality": 60,
        "reference_age_years": 4,
    }


def test_jpeg_2000_has_bits_per_pixel_and_no_table():
    data = bytes(cv2.imencode(".jp2", SMALL, [cv2.IMWRITE_JPEG2000_COMPRESSION_X1000, 50])[1])
    facts = reference_facts(reference(SMALL), data, age_years=None)
    assert facts["reference_format"] == "jpeg2000"
    assert 50 < facts["reference_bits_per_pixel_e2"] < 150
    assert "reference_jpeg_quality" not in facts
    assert "reference_age_years" not in facts


@pytest.mark.parametrize("age", [-1, 151, 10**9])
def test_an_impossible_age_is_left_out(age):
    assert "reference_age_years" not in reference_facts(reference(SMALL), b"", age_years=age)


def test_broken_bytes_say_nothing_and_end():
    whole = jpeg(SMALL)
    random = np.random.default_rng(4)
    for cut in range(0, 700, 7):
        jpeg_quality(whole[:cut])
        spoilt = bytearray(whole[:900])
        for place in random.integers(2, 900, 5):
            spoilt[place] = int(random.integers(256))
        quality = jpeg_quality(bytes(spoilt))
        assert quality is None or 1 <= quality <= 100
    assert portrait_format(b"") == "other"
    assert jpeg_quality(b"\xff\xd8" + b"\xff\xdb\x00\x02" * 10_000) is None
