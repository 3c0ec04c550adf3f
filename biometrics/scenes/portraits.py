"""A portrait made ready for rendering: eyes level and at a fixed place, the person cut out, lids for closed eyes.

Lengths on the canvas are in eye distances (E): the eyes of every portrait are 1 E apart, a grown person's about 63 mm.
"""

from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from biometrics.detect import FaceDetector, Points
from biometrics.errors import NoFaceError
from biometrics.frames import Image

EYE_PX = 90.0  # one E on the canvas
CANVAS = (540, 630)  # width, height
EYES_AT = (270.0, 250.0)  # middle between the eyes
HIGHLIGHT = 205.0  # values of the brightest skin
LEVEL = 2.2  # exponent of the power law the canvas is in

Mask = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, kw_only=True)
class Portrait:
    """`image`: the canvas, BGR. `points`: five points on it, as YuNet names them. `matte`: 255 where the person is.
    `closed`: the canvas with lids drawn from the person's own skin over the `eyes`, (x, y) of the pupils."""

    image: Image = field(repr=False)
    points: Points = field(repr=False)
    matte: Mask = field(repr=False)
    closed: Image = field(repr=False)
    eyes: tuple[tuple[int, int], tuple[int, int]]


def prepare_portrait(image: Image, detector: FaceDetector) -> Portrait:
    """Return the largest face of a BGR image as a portrait. Raises NoFaceError. Takes about 0.3 s."""
    faces = detector.detect(image)
    if not faces:
        raise NoFaceError
    canvas, points = _level(image, faces[0].points)
    canvas = _metered(canvas)
    return Portrait(
        image=canvas,
        points=points,
        matte=_cut_out(canvas),
        closed=_with_lids(canvas, points),
        eyes=eye_centres(canvas, points),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Variation:
    """What makes another person's picture, roughly, of a portrait. `tone`: skin lighter (> 0) or darker, in stops;
    `warmth` of the light it was taken in; `narrow`: share by which the eyes are less open; `glasses` drawn on."""

    mirrored: bool = False
    tone: float = 0.0
    warmth: float = 0.0
    narrow: float = 0.0
    glasses: bool = False

    @classmethod
    def drawn(cls, seed: int) -> "Variation":
        """Return a variation; seed 0 is the portrait itself."""
        if seed == 0:
            return cls()
        random = np.random.default_rng([seed, 77])
        return cls(
            mirrored=bool(random.uniform() < 0.5),
            tone=float(random.uniform(-0.7, 0.3)),
            warmth=float(random.uniform(-0.08, 0.08)),
            narrow=float(random.choice([0.0, 0.25, 0.4])),
            glasses=bool(random.uniform() < 0.35),
        )


def vary_portrait(image: Image, detector: FaceDetector, variation: Variation) -> Image:
    """Return a photograph changed by a variation: what a chip would carry of this person. Raises NoFaceError."""
    if variation.mirrored:
        image = np.ascontiguousarray(image[:, ::-1])
    faces = detector.detect(image)
    if not faces:
        raise NoFaceError
    points = faces[0].points
    unit = max(faces[0].eye_distance_px, 1.0)
    changed = _narrowed(image, points, unit, variation.narrow) if variation.narrow else image
    changed = _toned(changed, points, unit, variation)
    return _with_glasses(changed, points, unit) if variation.glasses else changed


def _narrowed(image: Image, points: Points, unit: float, share: float) -> Image:
    """Squeeze the eyes' openings upright."""
    y, x = np.mgrid[: image.shape[0], : image.shape[1]].astype(np.float32)
    shift = np.zeros_like(y)
    for eye in points[:2]:
        dx, dy = (x - eye[0]) / unit, (y - eye[1]) / unit
        weight = np.exp(-((dx / 0.35) ** 4) - (dy / 0.2) ** 4)
        shift += weight * dy * unit * share / (1.0 - share)
    return np.asarray(cv2.remap(image, x, y + shift, cv2.INTER_CUBIC), np.uint8)


def _toned(image: Image, points: Points, unit: float, variation: Variation) -> Image:
    """Change the skin's tone within the face and the light's colour everywhere."""
    mouth = points[3:].mean(axis=0)
    centre = points[:2].mean(axis=0) * 0.6 + mouth * 0.4
    y, x = np.mgrid[: image.shape[0], : image.shape[1]].astype(np.float32)
    inside = np.exp(-((((x - centre[0]) / (1.25 * unit)) ** 2 + ((y - centre[1]) / (1.6 * unit)) ** 2) ** 3))
    skin = inside * np.clip((image[..., 2].astype(np.float32) - image[..., 0]) / 40.0, 0.0, 1.0)
    tint = np.array([1.0 - variation.warmth, 1.0, 1.0 + variation.warmth], np.float32)
    tone = 2.0 ** (variation.tone / LEVEL * cv2.GaussianBlur(np.asarray(skin, np.float32), (0, 0), 2.0))
    return np.asarray(np.clip(image * tone[..., None] * tint, 0, 255), np.uint8)


def _with_glasses(image: Image, points: Points, unit: float) -> Image:
    """Draw a thin dark frame."""
    out = image.copy()
    thick = max(1, round(0.022 * unit))
    colour = (30, 28, 34)
    for eye in points[:2]:
        centre = round(float(eye[0])), round(float(eye[1]) + 0.05 * unit)
        size = round(0.36 * unit), round(0.25 * unit)
        cv2.ellipse(out, centre, size, 0, 0, 360, colour, thick, cv2.LINE_AA)
    middle = points[:2].mean(axis=0)
    width = round(0.14 * unit), round(0.08 * unit)
    at = round(float(middle[0])), round(float(middle[1]))
    cv2.ellipse(out, at, width, 0, 180, 360, colour, thick, cv2.LINE_AA)
    return out


def canvas_points(shape: Points) -> Points:
    """Return canvas pixels in E about the middle of the eyes, y down."""
    return np.asarray((shape - np.array(EYES_AT)) / EYE_PX, np.float64)


def _level(image: Image, points: Points) -> tuple[Image, Points]:
    left, right = points[0], points[1]
    line = right - left
    scale = EYE_PX / max(float(np.linalg.norm(line)), 1.0)
    angle = np.arctan2(line[1], line[0])
    turn = scale * np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    shift = np.array(EYES_AT) - turn @ ((left + right) / 2)
    matrix = np.hstack([turn, shift[:, None]])
    flags = cv2.INTER_CUBIC if scale > 1.0 else cv2.INTER_AREA
    canvas = cv2.warpAffine(image, matrix, CANVAS, flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(canvas, np.uint8), points @ turn.T + shift


def _metered(canvas: Image) -> Image:
    """Darken a portrait whose skin is nearly white: a camera that meters on a face leaves room above it."""
    face = np.zeros(canvas.shape[:2], np.uint8)
    cv2.ellipse(face, _at(0, 0.45), (round(0.85 * EYE_PX), round(1.1 * EYE_PX)), 0, 0, 360, 255, -1)
    bright = float(np.percentile(canvas[face > 0].max(axis=1), 95))
    return np.asarray(canvas * min(1.0, HIGHLIGHT / max(bright, 1.0)), np.uint8)


def _at(x: float, y: float) -> tuple[int, int]:
    return round(EYES_AT[0] + x * EYE_PX), round(EYES_AT[1] + y * EYE_PX)


def _cut_out(canvas: Image) -> Mask:
    """Cut the person out of the background (GrabCut); an outline of usual shape where that fails."""
    small = cv2.resize(canvas, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    guess = _usual_outline()
    marks = np.full(canvas.shape[:2], cv2.GC_BGD, np.uint8)
    cv2.ellipse(
        marks, _at(0, 0.0), (round(1.75 * EYE_PX), round(2.45 * EYE_PX)), 0, 0, 360, cv2.GC_PR_BGD, -1
    )
    cv2.rectangle(marks, (0, _at(0, 1.7)[1]), (CANVAS[0], CANVAS[1]), cv2.GC_PR_BGD, -1)
    marks[guess > 0] = cv2.GC_PR_FGD
    cv2.ellipse(marks, _at(0, 0.35), (round(0.95 * EYE_PX), round(1.3 * EYE_PX)), 0, 0, 360, cv2.GC_FGD, -1)
    cv2.rectangle(marks, _at(-0.5, 1.5), _at(0.5, 4.3), cv2.GC_FGD, -1)
    half = cv2.resize(marks, (small.shape[1], small.shape[0]), interpolation=cv2.INTER_NEAREST)
    cv2.setRNGSeed(1)
    half = np.asarray(half, np.uint8)
    cv2.grabCut(small, half, (0, 0, 1, 1), np.zeros((1, 65)), np.zeros((1, 65)), 3, cv2.GC_INIT_WITH_MASK)
    found = np.where((half == cv2.GC_FGD) | (half == cv2.GC_PR_FGD), 255, 0).astype(np.uint8)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (7, 7))
    cleaned = cv2.morphologyEx(cv2.morphologyEx(found, cv2.MORPH_OPEN, kernel), cv2.MORPH_CLOSE, kernel)
    largest = _largest(np.asarray(cleaned, np.uint8))
    mask = np.asarray(cv2.resize(largest, CANVAS, interpolation=cv2.INTER_LINEAR), np.uint8)
    share = float(np.count_nonzero(mask) / np.count_nonzero(guess))
    if not 0.7 < share < 1.5:
        mask = guess
    soft = cv2.erode(cv2.GaussianBlur(mask, (0, 0), 4.0), np.ones((3, 3), np.uint8))
    return np.asarray(np.clip((soft.astype(np.float32) - 96) * 1.7, 0, 255), np.uint8)


def _usual_outline() -> Mask:
    mask = np.zeros((CANVAS[1], CANVAS[0]), np.uint8)
    cv2.ellipse(mask, _at(0, 0.0), (round(1.25 * EYE_PX), round(1.75 * EYE_PX)), 0, 0, 360, 255, -1)
    cv2.rectangle(mask, _at(-0.75, 1.0), _at(0.75, 3.0), 255, -1)
    cv2.ellipse(mask, _at(0, 4.6), (round(2.9 * EYE_PX), round(2.1 * EYE_PX)), 0, 0, 360, 255, -1)
    return mask


def _largest(mask: Mask) -> Mask:
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask)
    if count < 2:
        return mask
    return np.where(labels == 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA])), 255, 0).astype(np.uint8)


def _with_lids(canvas: Image, points: Points) -> Image:
    """Draw closed lids: skin grown in from around the eye, a crease above, lashes where the lids meet."""
    closed = canvas.copy()
    for centre in eye_centres(canvas, points):
        size = (round(0.27 * EYE_PX), round(0.15 * EYE_PX))
        mask = np.zeros(canvas.shape[:2], np.uint8)
        cv2.ellipse(mask, centre, size, 0, 0, 360, 255, -1)
        x0, y0 = centre[0] - 45, centre[1] - 30
        box = slice(max(y0, 0), y0 + 60), slice(max(x0, 0), x0 + 90)
        closed[box] = _lid(closed[box], mask[box], centre[1] - max(y0, 0))
    return closed


def eye_centres(canvas: Image, points: Points) -> tuple[tuple[int, int], tuple[int, int]]:
    """Return the pupils: the darkest spots near the points, which a detector knows to some pixels only."""
    dark = cv2.GaussianBlur(cv2.cvtColor(canvas, cv2.COLOR_BGR2GRAY), (0, 0), 0.055 * EYE_PX)
    reach = round(0.13 * EYE_PX)
    offset = np.arange(-reach, reach + 1, dtype=np.float32)
    far = (offset[None] ** 2 + offset[:, None] ** 2) * (25.0 / reach**2)
    centres = []
    for eye in points[:2]:
        x, y = round(float(eye[0])), round(float(eye[1]))
        window = dark[y - reach : y + reach + 1, x - reach : x + reach + 1] + far
        row, column = divmod(int(np.argmin(window)), window.shape[1])
        centres.append((x + column - reach, y + row - reach))
    return centres[0], centres[1]


def _lid(patch: Image, mask: Mask, middle: int) -> Image:
    """Return an eye patch with its opening covered. The opening's dark pixels never feed the skin."""
    skin = cv2.inpaint(patch, mask, 7, cv2.INPAINT_TELEA)
    skin = cv2.GaussianBlur(skin, (0, 0), 2.0)
    bright = np.percentile(patch[mask == 0].reshape(-1, 3), 65, axis=0)
    inner = cv2.GaussianBlur(mask, (0, 0), 4.0)[..., None] / 255.0
    lit = np.maximum(
        skin * 0.4 + bright * 0.55, bright * 0.86
    )  # a rim or a brow nearby must not darken the lid
    out = patch * (1 - inner) + lit * inner
    line = np.zeros(patch.shape[:2], np.float32)
    width = patch.shape[1] // 2
    cv2.ellipse(line, (width, middle + 1), (round(0.24 * EYE_PX), 8), 0, 15, 165, 1.0, 2, cv2.LINE_AA)
    crease = np.zeros_like(line)
    cv2.ellipse(crease, (width, middle - 2), (round(0.25 * EYE_PX), 9), 0, 200, 340, 1.0, 1, cv2.LINE_AA)
    dark = 0.45 * cv2.GaussianBlur(line, (0, 0), 1.0) + 0.2 * cv2.GaussianBlur(crease, (0, 0), 1.0)
    return np.asarray(np.clip(out * (1.0 - dark[..., None]), 0, 255), np.uint8)
