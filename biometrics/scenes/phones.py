"""A telephone with a picture or a film on it: it sheds light of its own and mirrors a little of what faces it.

Measures of a common telephone: 72 × 152 mm of glass, a screen of 400 pixels to the inch (15.7 in a millimetre).
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import cv2
import numpy as np

from biometrics.frames import Image
from biometrics.scenes.motion import Performer
from biometrics.scenes.portraits import EYES_AT, LEVEL, Mask, Portrait
from biometrics.scenes.raycast import Pose, Seen, cast
from biometrics.scenes.reflection import mirrored_panel
from biometrics.scenes.sheets import SKIN
from biometrics.scenes.studio import Canvas
from biometrics.scenes.surface import Floats, Surface, sheet_surface

MM = 1 / 63.0  # in E
GLASS_MM = (72.0, 152.0)
BEZEL_MM = (2.5, 6.0)
PX_PER_MM = 4.5  # of the picture of the telephone, not of its screen
SCREEN_PX_PER_MM = 15.7
PANEL_NIT = 150.0  # the candidate's screen, white
GLASS_REFLECTS = 0.045  # of what it mirrors, towards the front

_VALUES = np.asarray(np.minimum((np.arange(2000) / 1000.0) ** (2.0 / LEVEL) * 255.0, 255), np.uint8)

Content = Callable[[float], Image]


@dataclass(frozen=True, slots=True, kw_only=True)
class Display:
    """`nit` of white, `gamma` of its tone curve, `moire` and `flicker` as shares of the light."""

    nit: float
    gamma: float
    moire: float
    flicker: float

    @classmethod
    def drawn(cls, random: np.random.Generator) -> "Display":
        """Return somebody's telephone, its brightness set so that the camera is not dazzled."""
        return cls(
            nit=float(random.uniform(80.0, 220.0)),
            gamma=float(random.uniform(2.0, 2.5)),
            moire=float(random.uniform(0.015, 0.06)),
            flicker=float(random.uniform(0.0, 0.03)),
        )


@dataclass(slots=True, kw_only=True, eq=False)
class Phone:
    """Draws the telephone. `content(time)`: what it shows, any size; `zoom`: eyes on the screen this many mm apart."""

    content: Content
    display: Display
    phase: float
    _front: Image = field(init=False, repr=False)
    _alpha: Mask = field(init=False, repr=False)
    _hand: Image = field(init=False, repr=False)
    _hand_alpha: Mask = field(init=False, repr=False)
    _window: tuple[slice, slice] = field(init=False)
    _sheet: Surface = field(init=False, repr=False)
    _last: Image | None = field(init=False, repr=False, default=None)

    def __post_init__(self) -> None:
        """Draw what does not change."""
        width, height = (round(side * PX_PER_MM) for side in GLASS_MM)
        border = 24
        shape = (height + 2 * border + 160, width + 2 * border)
        self._front = np.full((*shape, 3), 6, np.uint8)
        self._alpha = np.zeros(shape, np.uint8)
        _rounded(self._alpha, (border, border, width, height), 36)
        side, top = round(BEZEL_MM[0] * PX_PER_MM), round(BEZEL_MM[1] * PX_PER_MM)
        self._window = (
            slice(border + top, border + height - top),
            slice(border + side, border + width - side),
        )
        self._hand, self._hand_alpha = _fingers(shape, (border, border, width, height))
        origin = shape[1] / 2.0, (shape[0] - 160) / 2.0
        self._sheet = sheet_surface(self._front, self._alpha, per_e=PX_PER_MM / MM, origin=origin)

    def draw(self, canvas: Canvas, performer: Performer, time: float) -> None:
        """Put the telephone into the picture."""
        pose = performer.pose(time)
        picture = self.content(time)
        if picture is not self._last:
            self._last = picture
            self._front[self._window] = _fitted(picture, self._window)
        seen = cast(self._sheet, pose, canvas.lens)
        if seen is None:
            return
        canvas.blend(seen, self._glow(canvas, seen, pose, time), self._alpha)
        canvas.paint(seen, self._hand, self._hand_alpha, canvas.lit(seen))

    def _glow(self, canvas: Canvas, seen: Seen, pose: Pose, time: float) -> Image:
        """Return the glass's values: its own light with moiré and flicker, and what it mirrors."""
        picture = cv2.remap(self._front, seen.map_x, seen.map_y, cv2.INTER_LINEAR)
        white = self.display.nit * np.pi / canvas.light.room_lux  # against the room's light on white paper
        table = ((np.arange(256) / 255.0) ** self.display.gamma * white).astype(np.float32)
        light = np.asarray(cv2.LUT(picture, table), np.float32)
        light *= self._ripple(seen, time)
        mirror = mirrored_panel(seen, pose, canvas.lens, spread=0.25)
        share = GLASS_REFLECTS * PANEL_NIT * np.pi / canvas.light.room_lux
        veil = np.float32(0.012) + (share * mirror)[..., None] * canvas.screen
        size = (seen.box[2], seen.box[3])
        light += cv2.resize(np.asarray(veil, np.float32), size, interpolation=cv2.INTER_LINEAR)
        root = cv2.sqrt(np.maximum(light * canvas.gain, 0.0))
        return np.asarray(_VALUES[np.minimum(root * 1000.0, 1999.0).astype(np.uint16)], np.uint8)

    def _ripple(self, seen: Seen, time: float) -> Floats:
        """Moiré: the camera's grid samples the telephone's, one colour a third of a period after the other; and the
        bands that a dimmed screen's pulses leave with a rolling shutter."""
        turns = (seen.map_x + 0.35 * seen.map_y) * np.float32(SCREEN_PX_PER_MM / PX_PER_MM)
        phase = np.asarray((turns * 256.0).astype(np.int32) & 255, np.uint8)
        angle = np.arange(256)[:, None] * (2 * np.pi / 256) + np.array([0.0, 2.094, 4.189])
        table = np.asarray(self.display.moire * np.cos(angle), np.float32)[None]
        ripple = np.asarray(cv2.LUT(cv2.merge([phase] * 3), table), np.float32)
        rows = np.arange(seen.box[1], seen.box[1] + seen.box[3], dtype=np.float32)
        bands = self.display.flicker * np.sin(rows * 0.05 + self.phase + 9.0 * time)
        return np.asarray(1.0 + ripple + bands[:, None, None], np.float32)


def still_content(portrait: Portrait) -> Content:
    """Return the portrait as a gallery shows it, face large."""
    width, height = 300, 560
    x, y = round(EYES_AT[0] - width / 2), round(EYES_AT[1] - 0.4 * height)
    part = portrait.image[max(y, 0) : y + height, x : x + width]

    def same(time: float) -> Image:
        del time
        return part

    return same


def _fitted(picture: Image, window: tuple[slice, slice]) -> Image:
    """Return the middle of a picture at the size of the telephone's screen; nothing is stretched."""
    height, width = window[0].stop - window[0].start, window[1].stop - window[1].start
    scale = max(height / picture.shape[0], width / picture.shape[1])
    flags = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    matrix = np.array(
        [
            [scale, 0, (width - scale * picture.shape[1]) / 2],
            [0, scale, (height - scale * picture.shape[0]) / 2],
        ]
    )
    return np.asarray(cv2.warpAffine(picture, matrix, (width, height), flags=flags), np.uint8)


def _rounded(mask: Mask, box: tuple[int, int, int, int], radius: int) -> None:
    x, y, width, height = box
    cv2.rectangle(mask, (x + radius, y), (x + width - radius, y + height), 255, -1)
    cv2.rectangle(mask, (x, y + radius), (x + width, y + height - radius), 255, -1)
    for corner in [(x + radius, y + radius), (x + width - radius, y + radius)]:
        cv2.circle(mask, corner, radius, 255, -1, cv2.LINE_AA)
        cv2.circle(mask, (corner[0], y + height - radius), radius, 255, -1, cv2.LINE_AA)


def _fingers(shape: tuple[int, int], box: tuple[int, int, int, int]) -> tuple[Image, Mask]:
    """Fingertips around both edges and the ball of a thumb below."""
    picture = np.zeros((*shape, 3), np.uint8)
    picture[:] = SKIN
    alpha = np.zeros(shape, np.uint8)
    x, y, width, height = box
    for row in (0.62, 0.72, 0.82):
        cv2.ellipse(
            alpha, (x + width + 4, y + round(row * height)), (20, 22), 0, 0, 360, 255, -1, cv2.LINE_AA
        )
    cv2.ellipse(alpha, (x - 2, y + round(0.70 * height)), (24, 70), 12, 0, 360, 255, -1, cv2.LINE_AA)
    cv2.ellipse(alpha, (x + width // 2, shape[0] + 60), (width // 2, 170), 0, 0, 360, 255, -1, cv2.LINE_AA)
    return picture, alpha
