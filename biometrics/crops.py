"""Pictures that are kept: the face with its surroundings, without the room and without passers-by."""

import cv2
import numpy as np

from biometrics.detect import Face
from biometrics.frames import Image

EVIDENCE_SIZE = (360, 480)
WHOLE = (0.0, 0.0, 1.0, 1.0)
Shares = tuple[float, float, float, float]


def zone_crop(image: Image, zone: Shares) -> Image:
    """Return the part of a frame inside the candidate's zone (`zone.zone_rectangle`), a view of it; at least 1 × 1."""
    height, width = image.shape[:2]
    left, top, right, bottom = zone
    x, y = min(int(left * width), width - 1), min(int(top * height), height - 1)
    return image[y : max(y + 1, round(bottom * height)), x : max(x + 1, round(right * width))]


def evidence_jpeg(
    image: Image, face: Face, *, zone: Shares = WHOLE, size: tuple[int, int] = EVIDENCE_SIZE
) -> bytes:
    """Return the face with its surroundings as a JPEG of `size` (width, height), without the room: what lies outside
    the candidate's `zone` (shares of the frame) is black."""
    height, width = image.shape[:2]
    inside = zone_crop(image, zone)
    left, top = min(int(zone[0] * width), width - 1), min(int(zone[1] * height), height - 1)
    scale = size[0] / (2.0 * face.width)
    x, y = face.centre[0] - left, face.centre[1] - top
    frame = np.array([[scale, 0.0, size[0] / 2 - scale * x], [0.0, scale, size[1] / 2 - scale * y]])
    shrink = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    _, data = cv2.imencode(
        ".jpg", cv2.warpAffine(inside, frame, size, flags=shrink), [cv2.IMWRITE_JPEG_QUALITY, 88]
    )
    return bytes(data)
