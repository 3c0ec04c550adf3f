"""The face engine: reference, probe, comparison. SFace on YuNet decides; dlib may advise.

Burst rule (models/quality.toml): the template of a burst is the mean of the templates of its good frames.
"""

from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from time import perf_counter
from types import TracebackType
from typing import Literal, Self, TypeVar

import cv2
import numpy as np

from biometrics.advisory import DlibAdvisor, load_advisor
from biometrics.compare import compare
from biometrics.decode import FILE_LIMITS, PortraitDecoder
from biometrics.detect import Face, FaceDetector
from biometrics.errors import (
    BiometricsError,
    FaceChangedError,
    FaceDarkError,
    FaceNoMatchError,
    FaceReferError,
    FaceTurnedError,
    NoFaceError,
    ReferenceNoFaceError,
    ReferenceSeveralFacesError,
    TwoFacesError,
)
from biometrics.evidence import Comparison, Live, Match, Reference
from biometrics.frames import Burst, Frame, Image
from biometrics.opencv import prepare
from biometrics.quality import (
    Quality,
    QualityRules,
    defect,
    is_black,
    load_quality_rules,
    measure,
    still_defect,
)
from biometrics.template import Embedder, Template, mean_template
from biometrics.thresholds import Thresholds, thresholds_for
from biometrics.upright import require_upright
from biometrics.weights import Models, load_models
from biometrics.zone import face_in_zone, face_of_still

Decision = Literal["match", "refer", "no-match"]
EVIDENCE_SIZE = (360, 480)
RECENT_FRAMES = 8
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Seen:
    """A good frame: its face, measured, and the aligned crop."""

    frame: Frame = field(repr=False)
    face: Face
    quality: Quality
    aligned: Image = field(repr=False)


class FaceEngine:
    """All face work of a station. May be used from several threads. A context manager."""

    def __init__(
        self, models: Models, *, rules: QualityRules, advisor: DlibAdvisor | None, advice: str
    ) -> None:
        """Use `load`. `advice`: "dlib", "absent" or "off"."""
        self.models = models
        self.rules = rules
        self._detector = FaceDetector(models.detector)
        self._embedder = Embedder(models.embedder)
        self._advisor = advisor
        self._advice = advice
        self._decoder = PortraitDecoder(FILE_LIMITS)
        self._recent: deque[_Seen] = deque(maxlen=RECENT_FRAMES)

    @classmethod
    def load(cls, *, dlib: bool = False) -> Self:
        """Load and check the models. `dlib`: also give dlib's number where it is installed.

        Raises ModelMissingError(file), ModelAlteredError(file), ModelUnusableError(file, opencv),
        ModelTableError(table, key).
        """
        prepare()
        models, rules = load_models(), load_quality_rules()
        advisor = load_advisor() if dlib else None
        advice = "off" if not dlib else "absent" if advisor is None else "dlib"
        return cls(models, rules=rules, advisor=advisor, advice=advice)

    def __enter__(self) -> Self:
        """Return the engine."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the decoding process."""
        self.close()

    def close(self) -> None:
        """End the decoding process, if any."""
        self._decoder.close()

    def warm_up(self) -> None:
        """Run both networks once, so that the first candidate does not wait for their set-up."""
        self._detector.detect(np.zeros((480, 640, 3), dtype=np.uint8))
        width, height = self.models.embedder.size
        self._embedder.template_of_crop(np.full((height, width, 3), 127, dtype=np.uint8))

    def thresholds(self, *, fmr: float = 1e-4, refer_fmr: float = 1e-3) -> Thresholds:
        """Return the model's thresholds for the rates a rules file states. Raises CalibrationMissingError."""
        return thresholds_for(self.models.embedder, fmr=fmr, refer_fmr=refer_fmr)

    def find_face(self, image: Image) -> Face:
        """Return where the face of a photograph is. Raises NoFaceError, TwoFacesError."""
        height, width = image.shape[:2]
        return face_of_still(self._detector.detect(image), width, height, self.rules.zone)

    def reference(self, image: Image) -> Reference:
        """Return the face of a reference portrait.

        Raises ReferenceNoFaceError, ReferenceSeveralFacesError, FaceTooSmallError(side), FaceUnclearError(side).
        """
        try:
            return self._still(image, "reference")
        except TwoFacesError as error:
            raise ReferenceSeveralFacesError(**error.facts) from None
        except NoFaceError as error:
            raise ReferenceNoFaceError(**error.facts) from None

    def usable(self, frame: Frame) -> bool:
        """Say whether a frame would count in `probe`: the gate for `Camera.capture_burst`.

        What was seen is kept for the `probe` that follows.
        """
        try:
            self._recent.append(self._see(frame))
        except BiometricsError:
            return False
        return True

    def probe(self, burst: Burst) -> Live:
        """Return the live face of a burst.

        Raises TwoFacesError when two frames (or all) show a second face in the zone, FaceChangedError when
        they show different people; without any good frame the commonest defect: NoFaceError, FaceDarkError,
        FaceTooSmallError, FaceBrightError, FaceTurnedError, FaceUnclearError, FaceBlurredError.
        """
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
        return Live(
            templates=templates,
            template=mean_template(templates, self.models.embedder),
            best_frame=best.frame,
            face=best.face,
            evidence_jpeg=evidence_jpeg(best.frame.image, best.face),
            quality=best.quality,
            facts={
                **burst.facts,
                "good_frames": len(good),
                "burst_rule": self.rules.rule,
                **best.quality.facts,
            },
        )

    def require_match(self, reference: Reference, live: Live, thresholds: Thresholds) -> Match:
        """Return the match. Raises FaceReferError in the grey band, FaceNoMatchError below, with facts.

        Below it a face that is not upright is no evidence: FaceTurnedError(side).
        """
        score = compare(reference.template, live.template)
        decision = decide(score, thresholds)
        advice: Mapping[str, str | float] = {"dlib": "not-needed"}
        if (
            decision != "match"
        ):  # the second number is for the person who is asked, and costs more than all else
            advice = self._advise(reference.image, reference.face, live.best_frame.image, live.face)
        facts = {
            "score_e4": round(score * 1e4),
            **thresholds.facts,
            "model": self.models.embedder.weights.name,
            "model_sha256": self.models.embedder.weights.sha256,
            "detector_sha256": self.models.detector.weights.sha256,
            "good_frames": len(live.templates),
            "reference_eye_distance_px": round(reference.quality.eye_distance_px),
            **_advice_facts(advice),
        }
        if decision == "no-match":
            self._require_upright(reference.image, reference.face, "reference")
            self._require_upright(live.best_frame.image, live.face, "probe")
        if decision != "match":
            raise (FaceReferError if decision == "refer" else FaceNoMatchError)(**facts)
        return Match(score=score, thresholds=thresholds, facts=facts)

    def compare_images(
        self, reference: bytes, probe: bytes, thresholds: Thresholds | None = None
    ) -> Comparison:
        """Compare two image files (JPEG, JPEG 2000, PNG). Quality is reported; it only keeps a low score of a
        picture that is too blurred, dark, bright or turned from counting as no match.

        Raises what decoding raises and NoFaceError, TwoFacesError, FaceTooSmallError, FaceUnclearError, with `side`
        (ReferenceNoFaceError, ReferenceSeveralFacesError for the reference).
        """
        thresholds = thresholds or self.thresholds()
        times: dict[str, float] = {}
        first_image = self._decode(reference, "reference", times)
        second_image = self._decode(probe, "probe", times)
        first = _timed(times, "template", lambda: self.reference(first_image))
        second = _timed(times, "template", lambda: self._still(second_image, "probe"))
        score = _timed(times, "compare", lambda: compare(first.template, second.template))
        decision = decide(score, thresholds)
        if decision == "no-match":
            for side, still in (("reference", first), ("probe", second)):
                self._require_evidence(still, side)
        advice = _timed(
            times, "advisory", lambda: self._advise(first_image, first.face, second_image, second.face)
        )
        times["total"] = sum(times.values())
        return Comparison(
            decision=decision,
            score=score,
            threshold=thresholds.accept,
            refer_threshold=thresholds.refer,
            model={"name": thresholds.model, "sha256": self.models.embedder.weights.sha256},
            quality={"reference": first.quality.facts, "probe": second.quality.facts},
            times_ms={name: round(seconds * 1000) for name, seconds in times.items()},
            advisory=advice,
        )

    def _require_evidence(self, still: Reference, side: str) -> None:
        """Return if a low score says something of this picture: sharp, lit and upright. Raises its defect(side)."""
        broken = defect(still.quality, self.rules.live)
        if broken is not None:
            raise broken(side=side, **still.quality.facts)
        self._require_upright(still.image, still.face, side)

    def _decode(self, data: bytes, side: str, times: dict[str, float]) -> Image:
        try:
            return _timed(times, "decode", lambda: self._decoder.decode(data))
        except BiometricsError as error:
            raise type(error)(**{**error.facts, "side": side}) from None

    def _still(self, image: Image, side: str) -> Reference:
        height, width = image.shape[:2]
        try:
            face = self.find_face(image)
        except (NoFaceError, TwoFacesError) as error:
            raise type(error)(**{**error.facts, "side": side}) from None
        aligned = self._embedder.align(image, face)
        quality = measure(face, aligned)
        broken = still_defect(quality, self.rules.still)
        if broken is not None:
            raise broken(side=side, **quality.facts)
        template = self._embedder.template_of_crop(aligned)
        facts = {**quality.facts, "width_px": width, "height_px": height}
        return Reference(image=image, face=face, template=template, quality=quality, facts=facts)

    def _see(self, frame: Frame) -> _Seen:
        """Return a good frame's face, or raise its defect."""
        image = frame.image
        try:
            face = face_in_zone(self._detector.detect(image), image.shape[1], self.rules.zone)
        except NoFaceError:
            if is_black(image, self.rules.live):
                raise FaceDarkError(face=0) from None
            raise
        aligned = self._embedder.align(image, face)
        quality = measure(face, aligned)
        broken = defect(quality, self.rules.live)
        if broken is not None:
            raise broken(**quality.facts)
        return _Seen(frame=frame, face=face, quality=quality, aligned=aligned)

    def _remembered(self, frame: Frame) -> _Seen | None:
        """Return what `usable` saw in this very frame, if it was asked lately."""
        return next((seen for seen in tuple(self._recent) if seen.frame is frame), None)

    def _sort(self, burst: Burst) -> tuple[list[_Seen], list[BiometricsError]]:
        good: list[_Seen] = []
        defects: list[BiometricsError] = []
        for frame in burst.frames:
            try:
                good.append(self._remembered(frame) or self._see(frame))
            except BiometricsError as error:
                defects.append(error)
        return good, defects

    def _require_one_person(self, templates: tuple[Template, ...]) -> None:
        vectors = np.stack([template.vector for template in templates])
        lowest = float((vectors @ vectors.T).min())
        if lowest < self.thresholds().refer:
            raise FaceChangedError(good_frames=len(templates), lowest_score_e4=round(lowest * 1e4))

    def _require_upright(self, image: Image, face: Face, side: str) -> None:
        try:
            require_upright(self._detector, image, face)
        except FaceTurnedError as error:
            raise FaceTurnedError(**{**error.facts, "side": side}) from None

    def _advise(
        self, reference: Image, reference_face: Face, probe: Image, probe_face: Face
    ) -> Mapping[str, str | float]:
        if self._advisor is None:
            return {"dlib": self._advice}
        return {"dlib": self._advisor.score(reference, reference_face, probe, probe_face)}


def decide(score: float, thresholds: Thresholds) -> Decision:
    """Return what a score means."""
    if score >= thresholds.accept:
        return "match"
    return "refer" if score >= thresholds.refer else "no-match"


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


def _commonest(defects: list[BiometricsError]) -> BiometricsError:
    code, _ = Counter(error.code for error in defects).most_common(1)[0]
    return next(error for error in defects if error.code == code)


def _advice_facts(advice: Mapping[str, str | float]) -> Mapping[str, str | int]:
    value = advice["dlib"]
    return {"advisory_dlib": value} if isinstance(value, str) else {"advisory_dlib_e4": round(value * 1e4)}


def _timed(times: dict[str, float], name: str, work: Callable[[], T]) -> T:
    began = perf_counter()
    try:
        return work()
    finally:
        times[name] = times.get(name, 0.0) + perf_counter() - began
