"""What hides or spoils a live face, measured without a further model: light, pose, eyes, mouth, framing.

The face is brought to an eye distance of 40 pixels, eyes level, and patches are read at places that the five points
give. Each mark is a ratio to the face's own skin, so that it holds for bright and dark skin and light alike.
"""

from dataclasses import dataclass, fields

import cv2
import numpy as np
from numpy.typing import NDArray

from biometrics.detect import Face, Points
from biometrics.frames import Image

EYES = 40.0  # eye distance of the levelled picture, in pixels
SIZE = (128, 160)
LEFT_EYE = np.array([44.0, 56.0])
AROUND = 0.5  # reach of the surroundings beside and above the box, in box sides
HEAD = (0.15, 0.2)  # the head's own reach beside and above the box
FEWEST = 50  # pixels of surroundings that say something

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """Marks of one face; the defaults are those of a faultless one. Which side is worse: models/quality.toml.

    `back_light`: surroundings' median grey against the face's. `face_grey`: the face's, 0 to 255. `pitch`: where the
    nose lies between eyes (0) and mouth (1). `cut_off`: share of the box's sides beyond the frame. `filling`: the
    box's height against the frame's. `chroma`: the skin's distance from grey (CIE Lab). `eye_light`: the surroundings
    of the better visible eye against the cheek. `eye_chroma`: the same of their chroma. `iris`: how much darker the
    middle of the better visible eye is than its sides. `mouth_line`: contrast of the mouth's rows against the skin.
    `lower_chroma`: least distance in chroma of four places around the mouth from the skin below the eyes. `lip_red`:
    red of the lips beyond the skin's.
    """

    back_light: float = 1.0
    face_grey: float = 127.0
    pitch: float = 0.56
    cut_off: float = 0.0
    filling: float = 0.4
    chroma: float = 25.0
    eye_light: float = 1.0
    eye_chroma: float = 1.0
    iris: float = 0.25
    mouth_line: float = 0.5
    lower_chroma: float = 3.0
    lip_red: float = 5.0

    @property
    def facts(self) -> dict[str, str | int]:
        """The marks as integers: × 100, but greys and chromas as they are."""
        whole = {"face_grey", "chroma", "lower_chroma", "lip_red"}
        named = {field.name: getattr(self, field.name) for field in fields(self)}
        return {
            name if name in whole else f"{name}_e2": round(value if name in whole else value * 100)
            for name, value in named.items()
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class _Level:
    """A levelled face: grey (H, W), chroma (H, W, 2) about 0, its points, the way from the eyes to the mouth."""

    grey: Floats
    chroma: Floats
    points: Points
    down: NDArray[np.float64]


def marks_of(image: Image, face: Face) -> Marks:
    """Return the marks of a face of a BGR image."""
    level = _levelled(image, face.points)
    cheeks = [_grey(level, point + 0.62 * level.down, 0.15, 0.1) for point in level.points[:2]]
    skin = np.vstack([_chroma(level, point + 0.6 * level.down, 0.15, 0.1) for point in level.points[:2]])
    cheek_chroma = float(np.hypot(*_middle(skin)))
    upper = _upper_skin(level)
    middle = level.points[:2].mean(axis=0)
    grey = _share(_patch(level.grey, middle + level.down / 2, 0.6, 0.7), 0.5)
    height, width = image.shape[:2]
    return Marks(
        back_light=_surroundings(image, face) / max(grey, 1.0),
        face_grey=grey,
        pitch=float((level.points[2] - middle) @ level.down / max(level.down @ level.down, 1e-6)),
        cut_off=_cut_off(face, width, height),
        filling=face.height / height,
        chroma=max(cheek_chroma, float(np.hypot(*upper))),  # a mask may hide the one, dark glasses the other
        eye_light=max(_eye_light(level, i, cheeks[i]) for i in (0, 1)),
        eye_chroma=max(_eye_chroma(level, point) for point in level.points[:2]) / max(cheek_chroma, 3.0),
        iris=max(_iris(level, point) for point in level.points[:2]),
        **_mouth(level, upper, max(sum(cheeks) / 2, 1.0)),
    )


def _levelled(image: Image, points: Points) -> _Level:
    line = points[1] - points[0]
    length = max(float(np.hypot(*line)), 1e-6)
    cos, sin = line / length * (EYES / length)
    turn = np.array([[cos, sin], [-sin, cos]])
    shift = LEFT_EYE - turn @ points[0]
    shrink = cv2.INTER_AREA if length > EYES else cv2.INTER_LINEAR
    matrix = np.column_stack([turn, shift])
    level = cv2.warpAffine(image, matrix, SIZE, flags=shrink, borderMode=cv2.BORDER_REPLICATE)
    places = points @ turn.T + shift
    lab = cv2.cvtColor(level, cv2.COLOR_BGR2LAB).astype(np.float32)
    return _Level(
        grey=cv2.cvtColor(level, cv2.COLOR_BGR2GRAY).astype(np.float32),
        chroma=lab[..., 1:] - 128,
        points=places,
        down=places[3:].mean(axis=0) - places[:2].mean(axis=0),
    )


def _patch(plane: Floats, centre: NDArray[np.float64], half_width: float, half_height: float) -> Floats:
    """Return the patch about `centre`, kept within the picture; half sides in eye distances."""
    x = min(max(float(centre[0]), 8.0), SIZE[0] - 9.0)
    y = min(max(float(centre[1]), 8.0), SIZE[1] - 9.0)
    left, top = round(x - half_width * EYES), round(y - half_height * EYES)
    right, bottom = round(x + half_width * EYES), round(y + half_height * EYES)
    return plane[max(0, top) : bottom + 1, max(0, left) : right + 1]


def _grey(level: _Level, centre: NDArray[np.float64], half_width: float, half_height: float) -> float:
    return _share(_patch(level.grey, centre, half_width, half_height), 0.5)


def _share(values: Floats, share: float) -> float:
    """Return the value below which this share of the values lies: np.percentile without its checks, which take longer
    than all else here."""
    flat = values.ravel()
    place = int(share * (flat.size - 1))
    return float(np.partition(flat, place)[place])


def _middle(rows: Floats) -> Floats:
    """Return the median of each column, shape (D,)."""
    place = (len(rows) - 1) // 2
    return np.asarray(np.partition(rows, place, axis=0)[place], dtype=np.float32)


def _chroma(level: _Level, centre: NDArray[np.float64], half_width: float, half_height: float) -> Floats:
    return _patch(level.chroma, centre, half_width, half_height).reshape(-1, 2)


def _below(point: NDArray[np.float64], eyes: float) -> NDArray[np.float64]:
    return _off(point, 0.0, eyes)


def _off(point: NDArray[np.float64], right: float, down: float) -> NDArray[np.float64]:
    """Return the place so many eye distances to the right of and below `point`."""
    place: NDArray[np.float64] = point + np.array([right, down]) * EYES
    return place


def _eye_light(level: _Level, eye: int, cheek: float) -> float:
    point = level.points[eye]
    lids = _share(_patch(level.grey, point, 0.3, 0.2), 0.85)
    return max(lids, _grey(level, _below(point, 0.24), 0.15, 0.05)) / max(cheek, 1.0)


def _eye_chroma(level: _Level, point: NDArray[np.float64]) -> float:
    places = [_chroma(level, _below(point, down), 0.18, 0.06) for down in (0.0, 0.22)]
    return sum(_share(np.hypot(*place.T), 0.5) for place in places) / len(places)


def _iris(level: _Level, point: NDArray[np.float64]) -> float:
    """Return how much darker the middle columns are than the outer ones, each by its darkest rows: a
    closed eye is a line, as dark at its ends."""
    light = max(_share(_patch(level.grey, point, 0.35, 0.28), 0.75), 1.0)
    dark = np.clip(1.0 - _patch(level.grey, point, 0.26, 0.16) / light, 0.0, 1.0)
    columns = np.sort(dark, axis=0)[-5:].mean(axis=0)
    middle = len(columns) // 2
    inner = np.sort(columns[max(0, middle - 5) : middle + 6])[-5:].mean()
    outer = [np.sort(side)[:3].mean() for side in (columns[:4], columns[-4:])]
    return float(inner - np.mean(outer))


def _upper_skin(level: _Level) -> Floats:
    """Return the chroma of the skin below the eyes and on the nose's bridge, shape (2,)."""
    eyes, nose = level.points[:2], level.points[2]
    places = [_chroma(level, _below(point, 0.32), 0.15, 0.06) for point in eyes]
    bridge = _chroma(level, (eyes.mean(axis=0) + nose) / 2, 0.08, 0.1)
    return _middle(np.vstack([*places, bridge]))


def _mouth(level: _Level, skin: Floats, cheek: float) -> dict[str, float]:
    left, right = level.points[3], level.points[4]
    mouth = (left + right) / 2
    around = [_below(mouth, -0.22), _below(mouth, 0.3)]
    around += [_off(left, -0.15, 0.05), _off(right, 0.15, 0.05)]
    lower = [np.hypot(*(_middle(_chroma(level, place, 0.1, 0.06)) - skin)) for place in around]
    rows = _middle(_patch(level.grey, mouth, 0.35, 0.25).T)
    return {
        "mouth_line": float(rows.max() - rows.min()) / cheek,
        "lower_chroma": float(min(lower)),
        "lip_red": _share(_chroma(level, mouth, 0.3, 0.15)[:, 0], 0.8) - float(skin[0]),
    }


def _surroundings(image: Image, face: Face) -> float:
    """Return the median grey beside and above the head, 0 where the frame shows too little of it."""
    top, left = int(face.y - AROUND * face.height), int(face.x - AROUND * face.width)
    bottom, right = int(face.y + AROUND * face.height), int(face.x + (1 + AROUND) * face.width)
    y, x = max(0, top), max(0, left)
    part = image[y : max(y, bottom), x : max(x, right)]
    step = max(1, int(face.width) // 60)  # a coarser look is enough
    grey = part[::step, ::step, 1].astype(np.float32)  # green: what the eye sees most of
    beside = int(face.x - HEAD[0] * face.width) - x, int(face.x + (1 + HEAD[0]) * face.width) - x
    above = int(face.y - HEAD[1] * face.height) - y
    outside = np.ones(grey.shape, dtype=bool)
    outside[max(0, above) // step :, max(0, beside[0]) // step : max(0, beside[1]) // step] = False
    return _share(grey[outside], 0.5) if np.count_nonzero(outside) >= FEWEST else 0.0


def _cut_off(face: Face, width: int, height: int) -> float:
    beside = max(-face.x, face.x + face.width - width, 0.0) / face.width
    return max(beside, max(-face.y, face.y + face.height - height, 0.0) / face.height)
