"""Pictures that are kept: the face with its surroundings, without the room."""

import cv2
import numpy as np

from biometrics.detect import Face
from biometrics.frames import Image

EVIDENCE_SIZE = (360, 480)


def evidence_jpeg(image: Image, face: Face, *, size: tuple[int, int] = EVIDENCE_SIZE) -> bytes:
    """Return the face with its surroundings as a JPEG of `size` (width, height), without the room."""
    scale = size[0] / (2.0 * face.width)
    x, y = face.centre
    frame = np.array([[scale, 0.0, size[0] / 2 - scale * x], [0.0, scale, size[1] / 2 - scale * y]])
    shrink = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    _, data = cv2.imencode(
        ".jpg", cv2.warpAffine(image, frame, size, flags=shrink), [cv2.IMWRITE_JPEG_QUALITY, 88]
    )
    return bytes(data)
