"""The probe: which frames of a burst count, and the one face they show.

Burst rule (models/quality.toml): the template of a burst is the mean of the templates of its good frames.
"""

from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from biometrics.crops import evidence_jpeg
from biometrics.detect import Face, FaceDetector
from biometrics.errors import BiometricsError, FaceChangedError, FaceDarkError, NoFaceError, TwoFacesError
from biometrics.evidence import Live
from biometrics.frames import Burst, Frame, Image
from biometrics.quality import Quality, QualityRules, defect, is_black, measure
from biometrics.template import Embedder, Template, mean_template
from biometrics.zone import face_in_zone

RECENT_FRAMES = 8


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Seen:
    """A good frame: its face, measured, and the aligned crop."""

    frame: Frame = field(repr=False)
    face: Face
    quality: Quality
    aligned: Image = field(repr=False)


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
        self._recent: deque[Seen] = deque(maxlen=RECENT_FRAMES)

    def usable(self, frame: Frame) -> bool:
        """Say whether a frame would count in `probe`. What was seen is kept for the `probe` that follows."""
        try:
            self._recent.append(self.see(frame))
        except BiometricsError:
            return False
        return True

    def probe(self, burst: Burst) -> Live:
        """Return the live face of a burst; raises as `FaceEngine.probe` says."""
        good, defects = self._sort(burst)
        self._recent.clear()  # no frame outlives its candidate here
        several = [error for error in defects if isinstance(error, TwoFacesError)]
        if len(several) >= min(2, len(burst.frames)):
            raise several[0]
        if not good:
            raise _commonest(defects)
        templates = tuple(self._embedder.template_of_crop(seen.aligned) for seen in good)
        self._require_one_person(templates)
        best = max(good, key=lambda seen: seen.quality.sharpness)
        facts: Mapping[str, str | int] = {
            **burst.facts,
            "good_frames": len(good),
            "burst_rule": self._rules.rule,
            **best.quality.facts,
        }
        return Live(
            templates=templates,
            template=mean_template(templates, self._embedder.model),
            best_frame=best.frame,
            face=best.face,
            evidence_jpeg=evidence_jpeg(best.frame.image, best.face),
            quality=best.quality,
            facts=facts,
        )

    def see(self, frame: Frame) -> Seen:
        """Return a good frame's face, or raise its defect."""
        image = frame.image
        try:
            face = face_in_zone(self._detector.detect(image), image.shape[1], self._rules.zone)
        except NoFaceError:
            if is_black(image, self._rules.live):
                raise FaceDarkError(face=0) from None
            raise
        aligned = self._embedder.align(image, face)
        quality = measure(face, aligned)
        broken = defect(quality, self._rules.live)
        if broken is not None:
            raise broken(**quality.facts)
        return Seen(frame=frame, face=face, quality=quality, aligned=aligned)

    def _remembered(self, frame: Frame) -> Seen | None:
        """Return what `usable` saw in this very frame, if it was asked lately."""
        return next((seen for seen in tuple(self._recent) if seen.frame is frame), None)

    def _sort(self, burst: Burst) -> tuple[list[Seen], list[BiometricsError]]:
        good: list[Seen] = []
        defects: list[BiometricsError] = []
        for frame in burst.frames:
            try:
                good.append(self._remembered(frame) or self.see(frame))
            except BiometricsError as error:
                defects.append(error)
        return good, defects

    def _require_one_person(self, templates: tuple[Template, ...]) -> None:
        vectors = np.stack([template.vector for template in templates])
        lowest = float((vectors @ vectors.T).min())
        if lowest < self._same_person:
            raise FaceChangedError(good_frames=len(templates), lowest_score_e4=round(lowest * 1e4))


def _commonest(defects: list[BiometricsError]) -> BiometricsError:
    code, _ = Counter(error.code for error in defects).most_common(1)[0]
    return next(error for error in defects if error.code == code)
