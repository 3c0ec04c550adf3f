"""The probe: which frames of a burst count, and the one face they show.

Burst rule (models/quality.toml): the template of a burst is the mean of the templates of its good frames.
"""

from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from zlib import crc32

import numpy as np

from biometrics.crops import evidence_jpeg
from biometrics.detect import Face, FaceDetector
from biometrics.errors import (
    BiometricsError,
    FaceChangedError,
    FaceDarkError,
    FaceTooSmallError,
    NoFaceError,
    TwoFacesError,
)
from biometrics.evidence import Live
from biometrics.frames import Burst, Frame, Image
from biometrics.quality import Quality, QualityRules, defect, is_black, measure
from biometrics.quality_card import is_on_card
from biometrics.quality_errors import FaceOnCardError
from biometrics.quality_report import FrameReport
from biometrics.template import Embedder, Template, mean_template
from biometrics.zone import in_zone, live_face, zone_rectangle

RECENT_FRAMES = 24


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Seen:
    """A good frame: its face, measured, and its template. The picture itself is not kept."""

    face: Face = field(repr=False)
    quality: Quality
    template: Template = field(repr=False)


class Prober:
    """Judges frames and makes the live face of a burst. `same_person`: the score below which two good frames of one
    burst show different people."""

    def __init__(
        self, detector: FaceDetector, embedder: Embedder, *, rules: QualityRules, same_person: float
    ) -> None:
        self._detector = detector
        self._embedder = embedder
        self._rules = rules
        self._same_person = same_person
        self._recent: deque[tuple[tuple[int, float, int], Seen]] = deque(maxlen=RECENT_FRAMES)

    def usable(self, frame: Frame) -> bool:
        """Say whether a frame would count in `probe`. What was seen is kept for the `probe` that follows."""
        return self.judge(frame).usable

    def judge(self, frame: Frame) -> FrameReport:
        """Return what a frame shows; a defect is a code, never an exception. A good frame's face and template are
        kept for the `probe` that follows, so that it costs nothing there."""
        image = frame.image
        faces = self._detector.detect(image)
        try:
            seen = self._see(image, faces)
        except BiometricsError as error:
            return self._report(image, faces, error)
        self._recent.append((_mark(frame), seen))
        others = len(faces) - 1
        return FrameReport(code="", face=seen.face, quality=seen.quality, in_zone=True, others=others)

    def probe(self, burst: Burst) -> Live:
        """Return the live face of a burst; raises as `FaceEngine.probe` says."""
        good, defects = self._sort(burst)
        self.forget()  # no frame outlives its candidate here
        several = [error for error in defects if isinstance(error, TwoFacesError)]
        if len(several) >= min(2, len(burst.frames)):
            raise several[0]
        if not good:
            raise _commonest(defects)
        templates = tuple(seen.template for _, seen in good)
        self._require_one_person(templates)
        frame, best = max(good, key=lambda pair: pair[1].quality.sharpness)
        facts: Mapping[str, str | int] = {
            **burst.facts,
            "good_frames": len(good),
            "burst_rule": self._rules.rule,
            **best.quality.facts,
        }
        return Live(
            templates=templates,
            template=mean_template(templates, self._embedder.model),
            best_frame=frame,
            face=best.face,
            evidence_jpeg=evidence_jpeg(frame.image, best.face, zone=zone_rectangle(self._rules.zone)),
            quality=best.quality,
            facts=facts,
        )

    def forget(self) -> None:
        """Forget every frame that was judged: its candidate refused, or is gone."""
        self._recent.clear()

    def _see(self, image: Image, faces: tuple[Face, ...]) -> Seen:
        """Return a good frame's face, or raise its defect."""
        height, width = image.shape[:2]
        try:
            face = live_face(faces, width, height, self._rules.zone)
        except NoFaceError:
            if not faces and is_black(image, self._rules.live):
                raise FaceDarkError(face=0) from None
            raise
        aligned = self._embedder.align(image, face)
        quality = measure(image, face, aligned)
        broken = defect(quality, self._rules.live)
        if broken in {None, FaceTooSmallError} and is_on_card(image, face, self._rules.card):
            broken = FaceOnCardError
        if broken is not None:
            raise broken(**quality.facts)
        return Seen(face=face, quality=quality, template=self._embedder.template_of_crop(aligned))

    def _report(self, image: Image, faces: tuple[Face, ...], error: BiometricsError) -> FrameReport:
        height, width = image.shape[:2]
        inside = [face for face in faces if in_zone(face, width, height, self._rules.zone)]
        main = next(iter(inside or faces), None)
        quality = None if main is None else measure(image, main, self._embedder.align(image, main))
        return FrameReport(
            code=error.code,
            face=main,
            quality=quality,
            in_zone=bool(inside),
            others=max(0, len(faces) - 1),
            facts=dict(error.facts),
        )

    def _remembered(self, frame: Frame) -> Seen | None:
        """Return what `judge` saw in this very frame, if it was asked lately."""
        mark = _mark(frame)
        return next((seen for known, seen in tuple(self._recent) if known == mark), None)

    def _sort(self, burst: Burst) -> tuple[list[tuple[Frame, Seen]], list[BiometricsError]]:
        good: list[tuple[Frame, Seen]] = []
        defects: list[BiometricsError] = []
        for frame in burst.frames:
            try:
                seen = self._remembered(frame) or self._see(frame.image, self._detector.detect(frame.image))
                good.append((frame, seen))
            except BiometricsError as error:
                defects.append(error)
        return good, defects

    def _require_one_person(self, templates: tuple[Template, ...]) -> None:
        vectors = np.stack([template.vector for template in templates])
        lowest = float((vectors @ vectors.T).min())
        if lowest < self._same_person:
            raise FaceChangedError(good_frames=len(templates), lowest_score_e4=round(lowest * 1e4))


def _mark(frame: Frame) -> tuple[int, float, int]:
    """Return what tells one frame from another: number, time, and its pixels' checksum."""
    return frame.number, frame.monotonic_s, crc32(np.ascontiguousarray(frame.image).data)


def _commonest(defects: list[BiometricsError]) -> BiometricsError:
    code, _ = Counter(error.code for error in defects).most_common(1)[0]
    return next(error for error in defects if error.code == code)
