"""Finding page seals in a grey picture: cheap first, then with ever more preparation, until nothing more turns up.

Only texts come out; who signed them is judged elsewhere. Runs in the child process of `proctor.picture_seals`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

import cv2
import numpy as np
import zxingcpp

from proctor.picture_limits import MAX_FOUND, PREFIX

Grey = np.ndarray[Any, np.dtype[np.uint8]]
Points = np.ndarray[Any, np.dtype[np.float32]]
Seconds = Callable[[], float]
Light = Callable[[Grey], Grey]

_QR: Final = zxingcpp.BarcodeFormat.QRCode
_LARGE: Final = 12_000_000
"""Pixels beyond which a picture is first looked at reduced."""
_MOST: Final = 40_000_000
"""Pixels beyond which a picture is not enlarged."""
_MAX_PLACES: Final = 4
_NEAR: Final = 0.45
"""How far around a code that was seen and not read, in parts of its side, is looked at again."""
_LEAST_SIDE: Final = 24
_USUAL: Final = 61
"""Modules of a seal's side where the reader does not say."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Code:
    """A page seal where it stands: its text, its corners from the upper left of the code clockwise (shape (4, 2), in
    pixels, x before y), and how many modules a side has.
    """

    text: str
    corners: Points
    modules: int


def find_seals(grey: Grey, *, seconds_left: Seconds) -> tuple[str, ...]:
    """Return the texts of the page seals in a picture, each once, as `find_codes`."""
    return tuple(dict.fromkeys(code.text for code in find_codes(grey, seconds_left=seconds_left)))


def find_codes(grey: Grey, *, seconds_left: Seconds) -> tuple[Code, ...]:
    """Return the page seals in a picture, in the order found, one that stands there twice twice; at most MAX_FOUND.

    `grey`: uint8, shape (H, W), is drawn over. Whatever is found is wiped out, and the search ends where nothing
    that looks like a code is left, or no time.
    """
    search = _Search(grey)
    for look in (*_plain(grey.size), *_laboured(grey.size)):
        search.look(look)
        if len(search.found) >= MAX_FOUND or seconds_left() <= 0 or search.is_done():
            return tuple(search.found[:MAX_FOUND])
    for left, top, right, bottom in search.places[:_MAX_PLACES]:
        part = np.ascontiguousarray(grey[top:bottom, left:right])
        for look in _close():
            if seconds_left() <= 0 or search.look(look, part, (left, top)):
                break
    return tuple(search.found[:MAX_FOUND])


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One way of looking: light or noise put right, then enlarged or reduced, then sharpened, then black and white.

    `sharp`: radius in pixels and amount of unsharp masking, which gives back what a lens took from the edges.
    """

    light: Light | None = None
    scale: float = 1.0
    sharp: tuple[float, float] | None = None
    binary: bool = False

    def of(self, picture: Grey) -> Grey:
        """Return the picture so prepared."""
        shown: Any = picture if self.light is None else self.light(picture)
        if self.scale != 1.0:
            size = tuple(max(1, round(side * self.scale)) for side in (picture.shape[1], picture.shape[0]))
            shown = cv2.resize(
                shown, size, interpolation=cv2.INTER_AREA if self.scale < 1 else cv2.INTER_CUBIC
            )
        if self.sharp is not None:
            radius, amount = self.sharp
            shown = cv2.addWeighted(shown, 1 + amount, cv2.GaussianBlur(shown, (0, 0), radius), -amount, 0)
        if self.binary:
            shown = cv2.adaptiveThreshold(shown, 255, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY, 41, 0)
        return np.asarray(shown, np.uint8)


class _Search:
    """What was found in a picture so far, and where else something looks like a code."""

    def __init__(self, grey: Grey) -> None:
        self._grey = grey
        self.found: list[Code] = []
        self.places: list[tuple[int, int, int, int]] = []

    def look(self, look: Look, part: Grey | None = None, at: tuple[int, int] = (0, 0)) -> bool:
        """Read a prepared picture, or a part of one that begins `at`; wipe out what was read. Whether there was
        anything.
        """
        picture = self._grey if part is None else part
        before = len(self.found)
        for code in _codes(look.of(picture)):
            corners = _corners(code) / look.scale
            if not code.valid:
                if part is None:
                    self._suspect(corners)
            elif code.text.startswith(PREFIX):
                self._add(
                    Code(text=code.text, corners=corners + np.array(at, np.float32), modules=_modules(code))
                )
                _wipe(picture, corners)
        return len(self.found) > before

    def _add(self, code: Code) -> None:
        """Keep a code, unless it is one that was found before in this place."""
        middle, side = code.corners.mean(axis=0), float(np.ptp(code.corners, axis=0).max())
        for known in self.found:
            if known.text == code.text and np.hypot(*(known.corners.mean(axis=0) - middle)) < side / 2:
                return
        self.found.append(code)

    def is_done(self) -> bool:
        """Whether something was found and nothing else looks like a code."""
        if not self.found:
            return False
        self.places = []
        self.look(Look())
        return not self.places

    def _suspect(self, corners: Points) -> None:
        low, high = corners.min(axis=0), corners.max(axis=0)
        side = float((high - low).max())
        if side < _LEAST_SIDE:
            return
        height, width = self._grey.shape
        left, top = np.maximum(low - _NEAR * side, 0).astype(int)
        right, bottom = np.minimum(high + _NEAR * side, [width, height]).astype(int)
        if right <= left or bottom <= top:
            return
        middle = (left + right) / 2, (top + bottom) / 2
        known = any(a <= middle[0] <= c and b <= middle[1] <= d for a, b, c, d in self.places)
        if not known:
            self.places.append((int(left), int(top), int(right), int(bottom)))


def _codes(picture: Grey) -> list[Any]:
    return list(zxingcpp.read_barcodes(picture, formats=zxingcpp.BarcodeFormats([_QR]), return_errors=True))


def _modules(code: Any) -> int:
    """Return how many modules a side of a code has, by its version."""
    version = str(code.extra.get("Version", ""))
    return 17 + 4 * int(version) if version.isdecimal() else _USUAL


def _corners(code: Any) -> Points:
    at = code.position
    points = (at.top_left, at.top_right, at.bottom_right, at.bottom_left)
    return np.array([[point.x, point.y] for point in points], np.float32)


def _wipe(picture: Grey, corners: Points) -> None:
    """Paint over a code, so that it is not found again."""
    middle = corners.mean(axis=0)
    shape = (middle + (corners - middle) * 1.08).astype(np.int32)
    cv2.fillConvexPoly(picture, shape, 255)


# -- ways of looking -------------------------------------------------------------------------------


def _paper(picture: Grey) -> Grey:
    """Put the light right by what the paper itself looks like: the brightest nearby is white."""
    bright = cv2.dilate(picture, np.ones((31, 31), np.uint8))
    return _divided(picture, cv2.GaussianBlur(bright, (0, 0), 16), 255)


def _even(picture: Grey) -> Grey:
    """Put the light right by the mean nearby."""
    return _divided(picture, cv2.GaussianBlur(picture, (0, 0), 15), 150)


def _divided(picture: Grey, light: Any, white: int) -> Grey:
    return np.asarray(cv2.divide(picture, np.maximum(light, 1), scale=white), np.uint8)


def _smooth(picture: Grey) -> Grey:
    """Take noise out and keep the edges."""
    return np.asarray(cv2.bilateralFilter(picture, 5, 30, 2), np.uint8)


def _contrast(picture: Grey) -> Grey:
    """Stretch the contrast in each part of the picture (CLAHE)."""
    return np.asarray(cv2.createCLAHE(3.0, (8, 8)).apply(picture), np.uint8)


_LABOURED: Final = (
    Look(light=_paper, scale=3.0, sharp=(3, 3)),
    Look(scale=2.0, sharp=(2, 3)),
    Look(light=_smooth, scale=3.0, sharp=(3, 3)),
    Look(scale=3.0, sharp=(4, 6)),
    Look(light=_even, scale=3.0, sharp=(3, 3)),
    Look(scale=3.0, sharp=(3, 1.5)),
    Look(scale=1.0, sharp=(3, 3)),
    Look(light=_contrast, scale=2.0),
    Look(scale=3.0, sharp=(3, 3), binary=True),
    Look(scale=4.0),
    Look(light=_smooth, scale=0.5),
)
"""What makes up for a soft, dark, uneven or noisy picture: what helps most often comes first."""


def _plain(pixels: int) -> Iterator[Look]:
    """Yield what costs little: the picture as it is, in a few sizes."""
    if pixels > _LARGE:
        yield Look(scale=0.5)
    yield Look()
    for scale in (2.0, 3.0, 0.5, 0.25):
        if pixels * scale * scale <= _MOST and (scale > 1 or pixels > _LARGE // 12):
            yield Look(scale=scale)


def _laboured(pixels: int) -> Iterator[Look]:
    """Yield the others, not enlarged beyond what can be held."""
    for look in _LABOURED:
        scale = look.scale
        while scale > 1 and pixels * scale * scale > _MOST:
            scale -= 1
        yield replace(look, scale=scale)


def _close() -> Iterator[Look]:
    """Yield what is tried on the small part of a picture in which a code was seen and not read."""
    for scale in (4.0, 3.0, 5.0, 2.0):
        for radius, amount in ((3.0, 3.0), (4.0, 6.0), (3.0, 1.5), (2.0, 6.0), (5.0, 3.0)):
            for light in (None, _paper, _smooth):
                yield Look(light=light, scale=scale, sharp=(radius * scale / 3, amount))
            yield Look(scale=scale, sharp=(radius * scale / 3, amount), binary=True)
