"""Looks at one frame: finds the face near its last place, measures what was asked. Runs where the models are."""

from zlib import adler32, crc32

import cv2
import numpy as np
from numpy.typing import NDArray

from biometrics.compare import compare
from biometrics.detect import Face, FaceDetector
from biometrics.frames import Frame, Image
from biometrics.pad.artefacts import measure_artefacts
from biometrics.pad.eye_patch import measure_around, measure_eyes
from biometrics.pad.face_light import measure_light
from biometrics.pad.following import follow
from biometrics.pad.observation import Box, FaceSeen, Look, Observation
from biometrics.pad.settings import ObserveRules
from biometrics.quality import Zone
from biometrics.template import Embedder
from biometrics.zone import in_zone

SAMPLES = 256


class Observer:
    """Observes frames one by one; keeps nothing between them, so that a restarted process goes on."""

    def __init__(
        self, detector: FaceDetector, embedder: Embedder, *, zone: Zone, rules: ObserveRules
    ) -> None:
        self._detector = detector
        self._embedder = embedder
        self._zone = zone
        self._rules = rules

    def observe(self, frame: Frame, look: Look) -> Observation:
        """Return what `frame` shows. Raises nothing of its own: no face is an answer."""
        image = frame.image
        whole = self._whole(image) if look.others or look.near is None else None
        face = self._face(image, look, whole)
        found = None if face is None else face.points
        at = look.points if found is not None and look.points is not None else found
        eyes_at = None if found is None else follow(look.points, found, self._rules)
        similarity = None
        if face is not None and look.like is not None:
            similarity = compare(look.like, self._embedder.template(image, _as_face(face)))
        return Observation(
            number=frame.number,
            at_s=frame.monotonic_s,
            size=(image.shape[1], image.shape[0]),
            digest=_digest(image),
            samples=_samples(image),
            brightness=float(image[::8, ::8].mean()),
            face=face,
            others=self._others(whole, face, image) if whole is not None else None,
            light=measure_light(image, at) if at is not None and look.light else None,
            eyes=measure_eyes(image, eyes_at) if eyes_at is not None and look.eyes else None,
            around=measure_around(image, eyes_at) if eyes_at is not None and look.eyes else None,
            artefacts=measure_artefacts(image, face) if face is not None and look.artefacts else None,
            similarity=similarity,
        )

    def _whole(self, image: Image) -> tuple[Face, ...]:
        """Return the faces of the frame, searched reduced."""
        scale = min(1.0, self._rules.whole_side_px / max(image.shape[:2]))
        if scale == 1.0:
            return self._detector.detect(image)
        small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        ratio = np.array([image.shape[1] / small.shape[1], image.shape[0] / small.shape[0]])
        return tuple(_scaled(face, ratio, (0.0, 0.0)) for face in self._detector.detect(np.asarray(small)))

    def _face(self, image: Image, look: Look, whole: tuple[Face, ...] | None) -> FaceSeen | None:
        if not look.search and look.points is not None and look.near is not None:
            return FaceSeen(box=look.near, points=look.points, score=0.0, searched=False)
        found = None if look.near is None else self._near(image, look.near)
        if found is None:
            found = self._anew(image, whole if whole is not None else self._whole(image))
        return None if found is None else _seen(found)

    def _anew(self, image: Image, whole: tuple[Face, ...]) -> Face | None:
        """Return the face of the whole frame: the zone's largest, looked at closely; None when the zone is empty."""
        height, width = image.shape[:2]
        inside = [face for face in whole if in_zone(face, width, height, self._zone)]
        main = max(inside, key=lambda face: face.width, default=None)
        return None if main is None else self._near(image, _box(main)) or main

    def _near(self, image: Image, box: Box) -> Face | None:
        """Return the face nearest to the middle of a square around `box`, or None."""
        side = max(8, round(self._rules.reach * max(box[2], box[3])))
        left, top = round(box[0] + box[2] / 2 - side / 2), round(box[1] + box[3] / 2 - side / 2)
        part = _square(image, left, top, side)
        if part is None:
            return None
        size = self._rules.side_px
        how = cv2.INTER_AREA if side > size else cv2.INTER_LINEAR
        faces = self._detector.detect(np.asarray(cv2.resize(part, (size, size), interpolation=how), np.uint8))
        middle = size / 2
        near = min(
            faces, key=lambda f: float(np.hypot(f.centre[0] - middle, f.centre[1] - middle)), default=None
        )
        return None if near is None else _scaled(near, np.array([side / size] * 2), (float(left), float(top)))

    def _others(self, whole: tuple[Face, ...], face: FaceSeen | None, image: Image) -> int:
        """Count faces of comparable size in the zone that are not the candidate's."""
        if face is None:
            return 0
        x, y, w, h = face.box
        others = [
            other
            for other in whole
            if in_zone(other, image.shape[1], image.shape[0], self._zone)
            and other.width >= self._zone.rival * w
            and np.hypot(other.centre[0] - x - w / 2, other.centre[1] - y - h / 2) > 0.5 * w
        ]
        return len(others)


def _digest(image: Image) -> bytes:
    """Return 8 bytes that tell frames apart: two checksums, a quarter of the time of a cryptographic hash."""
    data = np.ascontiguousarray(image).data
    return crc32(data).to_bytes(4, "big") + adler32(data).to_bytes(4, "big")


def _samples(image: Image) -> NDArray[np.uint8]:
    """Return green values at places scattered over the frame, always the same for one size."""
    height, width = image.shape[:2]
    index = np.arange(SAMPLES)
    # two low-discrepancy sequences (golden ratio and its square): spread evenly, in step with no pixel grid
    rows = ((index + 0.5) * height // SAMPLES).astype(np.intp)
    columns = (np.modf(index * 0.6180339887)[0] * width).astype(np.intp)
    return np.asarray(image[rows, columns, 1], dtype=np.uint8)


def _square(image: Image, left: int, top: int, side: int) -> Image | None:
    """Return a square of the image; beyond its edge it is black. None when it lies outside."""
    height, width = image.shape[:2]
    x0, y0, x1, y1 = max(0, left), max(0, top), min(width, left + side), min(height, top + side)
    if x1 <= x0 or y1 <= y0:
        return None
    if (x1 - x0, y1 - y0) == (side, side):
        return image[y0:y1, x0:x1]
    part = np.zeros((side, side, 3), dtype=np.uint8)
    part[y0 - top : y1 - top, x0 - left : x1 - left] = image[y0:y1, x0:x1]
    return part


def _scaled(face: Face, ratio: NDArray[np.float64], offset: tuple[float, float]) -> Face:
    return Face(
        x=float(face.x * ratio[0] + offset[0]),
        y=float(face.y * ratio[1] + offset[1]),
        width=float(face.width * ratio[0]),
        height=float(face.height * ratio[1]),
        points=face.points * ratio + np.array(offset),
        score=face.score,
    )


def _box(face: Face) -> Box:
    return face.x, face.y, face.width, face.height


def _seen(face: Face) -> FaceSeen:
    return FaceSeen(box=_box(face), points=face.points, score=face.score)


def _as_face(seen: FaceSeen) -> Face:
    x, y, width, height = seen.box
    return Face(x=x, y=y, width=width, height=height, points=seen.points, score=seen.score)
