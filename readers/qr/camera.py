"""QR codes in a picture, by zxing-cpp: a pure decode. The frames are somebody else's, and none is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import zxingcpp

from readers.cccd.qr import MAX_OCTETS

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_QR: Final = zxingcpp.BarcodeFormat.QRCode
AGAIN_S: Final = 3.0
"""A card held before the camera is one scan: the same code counts again when it was away for so long."""


def read_codes(image: NDArray[np.uint8]) -> tuple[str, ...]:
    """Return the texts of the QR codes in a picture, shape (H, W) or (H, W, 3); about 3 ms without a code at 720p, 11
    with one. What is no UTF-8 keeps its octets as lone surrogates."""
    found = zxingcpp.read_barcodes(image, formats=zxingcpp.BarcodeFormats([_QR]))
    return tuple(_text(code.bytes) for code in found if 0 < len(code.bytes) <= MAX_OCTETS)


def _text(octets: bytes) -> str:
    return octets.decode("utf-8", errors="surrogateescape").strip()


class SeenCodes:
    """Tells a new code from the one that is still before the camera. One thread."""

    def __init__(self, *, again_s: float = AGAIN_S) -> None:
        self._again_s = again_s
        self._last = ""
        self._seen_s = float("-inf")

    def new(self, codes: tuple[str, ...], now_s: float) -> str | None:
        """Return the code to hand on, if there is one. Two different codes in one picture: neither, nobody guesses."""
        different = set(codes)
        if len(different) != 1:
            return None
        code = codes[0]
        fresh = code != self._last or now_s - self._seen_s > self._again_s
        self._last, self._seen_s = code, now_s
        return code if fresh else None

    def forget(self) -> None:
        """Begin anew: the next candidate may be the same person."""
        self._last, self._seen_s = "", float("-inf")
