"""QR codes in pictures."""

import io

import numpy as np
import pytest
import segno
from PIL import Image, ImageFilter

from readers.cccd.qr import parse_qr
from readers.qr.camera import AGAIN_S, SeenCodes, read_codes

CODE = "001099000001|123456789|Nguyễn Văn Mẫu|15011999|Nam|Số 1, Phường Mẫu, Hà Nội|01012024"


def card(text: str | bytes = CODE, *, turn: float = 0.0, blur: float = 0.0) -> np.ndarray:
    """A frame of 1280×720 with a code as a card held before a camera shows it."""
    data = io.BytesIO()
    segno.make(text, error="m", encoding="utf-8" if isinstance(text, str) else None).save(
        data, kind="png", scale=5, border=3
    )
    code = Image.open(data).convert("RGB").rotate(turn, expand=True, fillcolor="white")
    frame = Image.new("RGB", (1280, 720), (120, 130, 140))
    frame.paste(code, (700, 200))
    return np.asarray(frame.filter(ImageFilter.GaussianBlur(blur)))


@pytest.mark.parametrize(("turn", "blur"), [(0, 0), (20, 0), (90, 0.8), (180, 1.2), (-33, 0.5)])
def test_a_card_held_before_the_camera_is_read_as_it_is_printed(turn: float, blur: float) -> None:
    (text,) = read_codes(card(turn=turn, blur=blur))
    assert parse_qr(text).full_name == "Nguyễn Văn Mẫu"


def test_grey_pictures_and_pictures_without_a_code() -> None:
    assert read_codes(card()[:, :, 0].copy()) == (CODE,)
    assert read_codes(np.zeros((480, 640, 3), np.uint8)) == ()
    assert read_codes(np.zeros((1, 1, 3), np.uint8)) == ()


def test_a_code_that_stays_in_the_picture_is_one_scan() -> None:
    seen = SeenCodes()
    assert seen.new((), 0.0) is None
    assert seen.new((CODE,), 1.0) == CODE
    assert [seen.new((CODE,), 1.0 + n) for n in range(1, 30)] == [None] * 29
    assert seen.new((), 31.0) is None
    assert seen.new((CODE,), 30.0 + AGAIN_S + 1) == CODE


def test_another_code_counts_at_once_and_two_in_one_picture_not_at_all() -> None:
    seen = SeenCodes()
    assert seen.new(("a",), 0.0) == "a"
    assert seen.new(("b",), 0.1) == "b"
    assert seen.new(("a", "b"), 0.2) is None
    assert seen.new(("b", "b"), 0.3) is None
    seen.forget()
    assert seen.new(("b", "b"), 0.4) == "b"
