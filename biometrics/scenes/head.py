"""A person before the camera: head in three dimensions, lids, a body that does not turn with it."""

import cv2
import numpy as np

from biometrics.frames import Image
from biometrics.scenes.light import shading
from biometrics.scenes.motion import Performer
from biometrics.scenes.portraits import CANVAS, EYE_PX, EYES_AT, Mask, Portrait, canvas_points
from biometrics.scenes.raycast import Flex, Pose, cast
from biometrics.scenes.studio import Canvas, Lit
from biometrics.scenes.surface import Build, head_surface, jaw_line

LID = 0.15  # from the middle of the eye to where the lids begin and meet, in E


class Person:
    """Draws a portrait's person as a performer moves."""

    def __init__(self, portrait: Portrait, build: Build) -> None:
        self._portrait = portrait
        self._surface = head_surface(portrait, build)
        self._texture = portrait.image.copy()
        self._shown = 0.0
        mouth = canvas_points(portrait.points)[3:].mean(axis=0)
        self._mouth = float(mouth[0]), float(mouth[1])
        self._body = _Body(portrait)

    def draw(self, canvas: Canvas, performer: Performer, time: float) -> None:
        """Put the person into the picture."""
        pose = performer.pose(time)
        self._body.draw(canvas, pose)
        self._close(performer.closed(time))
        flex = Flex(x=self._mouth[0], y=self._mouth[1], rise=performer.mouth(time))
        seen = cast(self._surface, pose, canvas.lens, flex)
        if seen is not None:
            canvas.paint(seen, self._texture, self._surface.alpha, canvas.lit(seen))

    def _close(self, share: float) -> None:
        """Draw the lids down by a share."""
        share = round(min(max(share, 0.0), 1.0) * 12) / 12
        if share == self._shown:
            return
        self._shown = share
        for x, y in self._portrait.eyes:
            box = slice(y - 30, y + 30), slice(x - 45, x + 45)
            edge = y + EYE_PX * LID * (2.0 * share - 1.0)
            rows = np.arange(y - 30, y + 30, dtype=np.float32)
            cover = (
                np.clip((edge - rows) / 2.0 + 0.5, 0.0, 1.0)[:, None, None]
                if share < 1.0
                else np.float32(1.0)
            )
            if share == 0.0:
                cover = np.float32(0.0)
            mixed = self._portrait.closed[box] * cover + self._portrait.image[box] * (1.0 - cover)
            self._texture[box] = np.asarray(mixed, np.uint8)


class _Body:
    """Neck and shoulders: flat, a little behind the face. Drawn anew only when it comes nearer or goes."""

    def __init__(self, portrait: Portrait) -> None:
        self._image, self._alpha = _cut_body(portrait)
        self._scale = 0.0
        self._lit = Lit(np.zeros((1, 1, 3), np.uint8))
        self._behind: Mask = np.zeros((1, 1, 3), np.uint8)

    def draw(self, canvas: Canvas, pose: Pose) -> None:
        """Put the body into the picture."""
        lens = canvas.lens
        scale = lens.focal / (pose.distance + 0.3) / EYE_PX
        if abs(scale / max(self._scale, 1e-6) - 1.0) > 0.015:
            self._scale_to(scale, lens.width, lens.height)
        x = round(lens.focal * pose.x / pose.distance)
        y = round(lens.focal * pose.y / pose.distance + lens.height / 2 - self._pivot_y)
        self._blend(canvas, min(max(x, -MARGIN), MARGIN), y)

    def _scale_to(self, scale: float, width: int, height: int) -> None:
        self._scale = scale
        self._pivot_y = (EYES_AT[1] + 1.5 * EYE_PX) * scale
        size = (width + 2 * MARGIN, height + MARGIN)
        matrix = np.array([[scale, 0, size[0] / 2 - EYES_AT[0] * scale], [0, scale, 0.0]])
        image = cv2.warpAffine(self._image, matrix, size, flags=cv2.INTER_AREA)
        alpha = cv2.warpAffine(self._alpha, matrix, size, flags=cv2.INTER_AREA)
        share = cv2.merge([alpha] * 3)
        top = int(np.flatnonzero(alpha.max(axis=1) > 4)[0])
        self._top = top
        self._lit = Lit(np.asarray(cv2.multiply(image, share, scale=1 / 255.0), np.uint8)[top:])
        self._behind = np.asarray(cv2.bitwise_not(share), np.uint8)[top:]

    def _blend(self, canvas: Canvas, x: int, y: int) -> None:
        height, width = canvas.picture.shape[:2]
        start = max(self._top + y, 0)
        rows = min(height - start, self._behind.shape[0])
        if rows <= 0:
            return
        columns = slice(MARGIN - x, MARGIN - x + width)
        front = np.array([[[0.0, -0.2, 0.98]]], np.float32)
        gain = (shading(front, canvas.light, canvas.screen) * canvas.gain)[0, 0]
        part = canvas.picture[start : start + rows]
        lit = self._lit.under(gain)[:rows, columns]
        behind = cv2.multiply(part, self._behind[:rows, columns], scale=1 / 255.0)
        canvas.picture[start : start + rows] = cv2.add(lit, behind)


MARGIN = 120


def _cut_body(portrait: Portrait) -> tuple[Image, Mask]:
    """Return the body without its head: the neck goes on up behind the chin, holes of the matte are filled."""
    width, height = CANVAS
    x = (np.arange(width, dtype=np.float32) - EYES_AT[0]) / EYE_PX
    jaw = jaw_line(portrait, x)
    rows = np.arange(height)[:, None]
    jaw_px = EYES_AT[1] + EYE_PX * np.maximum(jaw + 0.10, 0.9)
    neck = np.abs(x) < 0.62
    source = np.where(rows < jaw_px[None], np.minimum(2 * jaw_px[None] - rows, jaw_px[None] + 14), rows)
    map_x = np.repeat(np.arange(width, dtype=np.float32)[None], height, axis=0)
    image = cv2.remap(portrait.image, map_x, source.astype(np.float32), cv2.INTER_LINEAR)
    shadow = np.clip((rows - jaw_px[None]) / 30.0 + 1.0, 0.0, 1.0) * 0.35 + 0.65
    shadow = np.where(neck[None], shadow, 1.0)[..., None]
    above = (rows < jaw_px[None]) & (rows > EYES_AT[1] + 0.5 * EYE_PX)
    alpha = np.where(above, np.where(neck[None], 255, 0), portrait.matte)
    alpha = np.where(rows <= EYES_AT[1] + 0.5 * EYE_PX, 0, alpha)
    filled = _fill_rows(np.asarray(alpha, np.uint8), int(EYES_AT[1] + 2.0 * EYE_PX))
    half = 2.75 * EYE_PX * np.sqrt(np.clip(1.0 - ((4.5 - (rows - EYES_AT[1]) / EYE_PX) / 2.7) ** 2, 0.0, 1.0))
    within = np.abs(x[None] * EYE_PX) < np.maximum(half, 1.1 * EYE_PX)
    outline = cv2.GaussianBlur(np.where(within, filled, 0).astype(np.uint8), (0, 0), 1.2)
    lower = (0, MARGIN, 0, 0)  # the portrait ends above the frame's lower edge
    return (
        np.asarray(
            cv2.copyMakeBorder(np.asarray(image * shadow, np.uint8), *lower, cv2.BORDER_REFLECT_101), np.uint8
        ),
        np.asarray(cv2.copyMakeBorder(outline, *lower, cv2.BORDER_REPLICATE), np.uint8),
    )


def _fill_rows(alpha: Mask, start: int) -> Mask:
    """Fill holes below a row, and never let the outline narrow on the way down."""
    out = alpha.copy()
    left, right = alpha.shape[1], 0
    for row in range(start, alpha.shape[0]):
        inside = np.flatnonzero(alpha[row] > 127)
        if len(inside):
            left, right = min(left, int(inside[0])), max(right, int(inside[-1]))
        out[row, left : right + 1] = 255
    return out
