"""Faces with something wrong, painted over public-domain portraits: dark glasses, masks, hands, closed eyes, light."""

import cv2
import numpy as np

from biometrics.detect import Face
from biometrics.frames import Image

MASKS = ((240, 240, 240), (225, 200, 165), (30, 30, 32), (200, 160, 60))


class Painter:
    """Paints on one frame, in eye distances about the face's points."""

    def __init__(self, image: Image, face: Face) -> None:
        self.image = image.astype(np.float64)
        self.points = face.points
        self.middle = (face.points[0] + face.points[1]) / 2
        line = face.points[1] - face.points[0]
        self.unit = float(np.hypot(*line))
        self.right = line / self.unit
        self.down = np.array([-self.right[1], self.right[0]])
        self.mouth = (face.points[3] + face.points[4]) / 2

    def at(self, start: np.ndarray, right: float, down: float) -> np.ndarray:
        """Return the place so many eye distances from `start`."""
        return start + (right * self.right + down * self.down) * self.unit

    def blend(self, mask: np.ndarray, colour: object) -> None:
        """Lay a colour, or a picture, over the frame where the mask is 1."""
        soft = cv2.GaussianBlur(mask, (0, 0), max(0.6, 0.015 * self.unit))[..., None]
        self.image = self.image * (1 - soft) + np.asarray(colour, dtype=np.float64) * soft

    def ellipse(self, centre: np.ndarray, width: float, height: float) -> np.ndarray:
        """Return the mask of an ellipse along the eye line; half sides in eye distances."""
        mask = np.zeros(self.image.shape[:2], np.float32)
        axes = round(width * self.unit * 16), round(height * self.unit * 16)
        angle = float(np.degrees(np.arctan2(self.right[1], self.right[0])))
        cv2.ellipse(mask, tuple(int(v * 16) for v in centre), axes, angle, 0, 360, 1.0, -1, cv2.LINE_AA, 4)
        return mask

    def polygon(self, *places: np.ndarray) -> np.ndarray:
        """Return the mask of a polygon."""
        mask = np.zeros(self.image.shape[:2], np.float32)
        cv2.fillPoly(mask, [np.round(np.array(places) * 16).astype(np.int32)], 1.0, cv2.LINE_AA, 4)
        return mask

    def done(self) -> Image:
        """Return the frame."""
        return np.clip(self.image, 0, 255).astype(np.uint8)


def sunglasses(image: Image, face: Face, *, dark: float = 25.0) -> Image:
    """Return the face with dark glasses."""
    paint = Painter(image, face)
    for eye in (0, 1):
        paint.blend(paint.ellipse(paint.at(face.points[eye], 0.0, 0.06), 0.42, 0.3), [dark] * 3)
    left, right = (paint.at(face.points[eye], side, 0.0) for eye, side in ((0, 0.3), (1, -0.3)))
    paint.blend(paint.polygon(left, right, paint.at(right, 0, 0.08), paint.at(left, 0, 0.08)), [dark] * 3)
    return paint.done()


def mask(image: Image, face: Face, *, colour: tuple[int, int, int] = MASKS[1]) -> Image:
    """Return the face with a cloth from the nose to below the chin."""
    paint = Painter(image, face)
    way = paint.mouth - paint.middle
    chin = paint.mouth + 0.75 * way
    upper = paint.middle + 0.42 * way
    places = [
        paint.at(face.points[2], 0, -0.2), paint.at(upper, 0.78, 0), paint.at(face.points[4], 0.5, 0.1),
        paint.at(chin, 0.42, 0), paint.at(chin, -0.42, 0), paint.at(face.points[3], -0.5, 0.1),
        paint.at(upper, -0.78, 0),
    ]  # fmt: skip
    paint.blend(paint.polygon(*places), colour)
    return paint.done()


def hand(image: Image, face: Face) -> Image:
    """Return the face with four fingers over the mouth, in its own skin's colour."""
    paint = Painter(image, face)
    x, y = paint.at(paint.middle, 0.3, 0.45).astype(int)
    skin = image[y - 2 : y + 3, x - 2 : x + 3].reshape(-1, 3).mean(axis=0)
    for row in range(4):
        centre = paint.at(paint.mouth, 0.05 * (-1) ** row, -0.32 + 0.24 * row)
        paint.blend(paint.ellipse(centre, 0.75, 0.165) * 0.5, skin * 0.55)
        paint.blend(paint.ellipse(centre, 0.75, 0.15), skin * 0.95)
    return paint.done()


def closed_eyes(image: Image, face: Face) -> Image:
    """Return the face with the skin around the eyes drawn over them, and a line of lashes."""
    paint = Painter(image, face)
    for eye in (0, 1):
        point = face.points[eye]
        x, y = paint.at(point, 0.0, 0.24).astype(int)
        lid = np.median(image[y - 2 : y + 3, x - 4 : x + 5].reshape(-1, 3), axis=0)
        paint.blend(paint.ellipse(point, 0.3, 0.15), lid)
        line = np.zeros(image.shape[:2], np.float32)
        curve = [paint.at(point, 0.24 * step, 0.07 - 0.07 * step**2) for step in np.linspace(-1, 1, 13)]
        places = np.round(np.array(curve) * 16).astype(np.int32)
        cv2.polylines(line, [places], False, 1.0, max(1, round(0.035 * paint.unit)), cv2.LINE_AA, 4)
        paint.blend(line * 0.65, lid * 0.25)
    return paint.done()


def back_light(image: Image, face: Face, *, gain: float = 0.38) -> Image:
    """Return the face before a bright window."""
    paint = Painter(image, face)
    body = np.maximum(
        paint.ellipse(paint.at(paint.middle, 0, 0.4), 1.15, 1.75),
        paint.polygon(
            *(paint.at(paint.middle, x, y) for x, y in ((-2.6, 2.3), (2.6, 2.3), (3.5, 9), (-3.5, 9)))
        ),
    )
    whole = cv2.GaussianBlur(body, (0, 0), 0.12 * paint.unit)[..., None]
    paint.image = image * gain * whole + np.clip(image * 0.4 + 165.0, 0, 255) * (1 - whole)
    return paint.done()


def card(portrait: Image, face: Face, *, background: Image, width: int = 520, angle: float = 4.0) -> Image:
    """Return a frame with a card held up: the portrait at its left, lines of text beside it."""
    sheet = np.full((540, 856, 3), (235, 225, 215), np.uint8)
    scale = 150 / face.width
    moved = np.array([[scale, 0, 145 - scale * face.centre[0]], [0, scale, 330 - scale * face.centre[1]]])
    sheet[200:460, 40:250] = cv2.warpAffine(portrait, moved, (856, 540))[200:460, 40:250]
    for row in range(7):
        cv2.putText(sheet, "SPECIMEN 000 000 000", (290, 150 + 50 * row), 0, 0.9, (60, 40, 40), 2)
    frame = cv2.resize(background, (640, 480))
    turn = cv2.getRotationMatrix2D((145, 330), angle, width / 856)
    turn[:, 2] += np.array([250, 260]) - (145, 330)
    inside = cv2.warpAffine(np.ones(sheet.shape[:2], np.float32), turn, (640, 480))[..., None]
    return np.asarray(frame * (1 - inside) + cv2.warpAffine(sheet, turn, (640, 480)) * inside, dtype=np.uint8)
