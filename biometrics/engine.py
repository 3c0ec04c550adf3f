"""The face engine: reference, probe, comparison. SFace on YuNet decides, or a site's own model; dlib may advise.

How a burst becomes one score (mean, best, median; mirrored or not) is the calibration's: thresholds hold for that.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from types import TracebackType
from typing import Literal, Self, TypeVar

import numpy as np

from biometrics.advisory import Advisor, Dlib, load_advisor
from biometrics.calibration import CalibrationFile, require_fit, shipped_calibration
from biometrics.calibration_errors import CalibrationOtherError
from biometrics.compare import compare, compare_burst
from biometrics.decode import FILE_LIMITS, PortraitDecoder
from biometrics.detect import Face, FaceDetector
from biometrics.errors import (
    BiometricsError,
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
from biometrics.pad.observation import Look, Observation
from biometrics.pad.observing import Observer
from biometrics.pad.settings import load_pad_rules
from biometrics.pad_model import PadNetwork, PadScore
from biometrics.probing import Prober
from biometrics.quality import (
    QualityRules,
    load_quality_rules,
    measure,
    spoilt,
    still_defect,
)
from biometrics.quality_report import FrameReport
from biometrics.site_models import ModelChoice, load_site
from biometrics.template import Embedder
from biometrics.thresholds import Thresholds, thresholds_for
from biometrics.upright import require_upright
from biometrics.weights import Models
from biometrics.zone import face_of_still

Decision = Literal["match", "refer", "no-match"]
T = TypeVar("T")


class FaceEngine:
    """All face work of a station. May be used from several threads. A context manager."""

    def __init__(
        self,
        models: Models,
        *,
        rules: QualityRules,
        advisor: Advisor | None = None,
        advice: str = "off",
        calibration: CalibrationFile | None = None,
    ) -> None:
        """Use `load`. `advice`: "dlib", "face_recognition", "absent", "off"; `calibration`: None for the program's own.

        Raises CalibrationMissingError (of a site's model that was never calibrated), CalibrationOtherError."""
        known = calibration or shipped_calibration(models.embedder.weights.name)
        self.calibration = require_fit(known, models, rule=known.rule, flip=known.flip)
        self.models = models.without_bytes()
        self.rules = replace(rules, rule=known.rule)
        self._detector = FaceDetector(models.detector)
        self._embedder = Embedder(models.embedder, flip=known.flip)
        self._pad = None if models.pad is None else PadNetwork(models.pad)
        self._advisor = advisor
        self._advice = advice
        self._decoder = PortraitDecoder(FILE_LIMITS)
        same_person = thresholds_for(models.embedder, calibration=known).refer
        self._prober = Prober(self._detector, self._embedder, rules=self.rules, same_person=same_person)
        self._observer = Observer(
            self._detector, self._embedder, zone=self.rules.zone, rules=load_pad_rules().observe
        )

    @classmethod
    def load(
        cls,
        *,
        site: Path | None = None,
        model: ModelChoice | str | None = None,
        pad: ModelChoice | str | None = None,
        dlib: Dlib = False,
        calibration: CalibrationFile | None = None,
    ) -> Self:
        """Load and check the models. `site`: the folder with a site's cards; `model`, `pad`: those of them that decide
        and that look for attacks, None for the program's own and for none. `dlib`: also give dlib's number where it is
        installed, "face_recognition" through that package. `calibration`: None for the program's own.

        Raises ModelMissingError(file), ModelAlteredError(file), ModelUnusableError(file, opencv), ModelUnknownError,
        ModelPathError(file), ModelTooLargeError(file), ModelTableError(table, key), CalibrationMissingError,
        CalibrationOtherError.
        """
        prepare()
        models, rules = load_site(site, model, pad), load_quality_rules()
        advisor = load_advisor(dlib) if dlib else None
        through = dlib if isinstance(dlib, str) else "dlib"
        advice = "off" if not dlib else "absent" if advisor is None else through
        return cls(models, rules=rules, advisor=advisor, advice=advice, calibration=calibration)

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
        if self._pad is not None:
            width, height = self._pad.model.input.size
            self._pad.score_of_crop(np.full((height, width, 3), 127, dtype=np.uint8))

    def thresholds(
        self, *, fmr: float = 1e-4, refer_fmr: float = 1e-3, search_fmr: float = 1e-6
    ) -> Thresholds:
        """Return the model's thresholds for the rates a rules file states. Raises CalibrationMissingError."""
        return thresholds_for(
            self.models.embedder,
            calibration=self.calibration,
            fmr=fmr,
            refer_fmr=refer_fmr,
            search_fmr=search_fmr,
        )

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
        return self._prober.usable(frame)

    def judge(self, frame: Frame) -> FrameReport:
        """Return what a live frame shows: its face, measured, or the code of its defect. Never raises for a defect."""
        return self._prober.judge(frame)

    def forget(self) -> None:
        """Forget what was seen in frames that no `probe` followed: the candidate refused, or is gone."""
        self._prober.forget()

    def probe(self, burst: Burst) -> Live:
        """Return the live face of a burst.

        Raises TwoFacesError when two frames (or all) show a second face in the zone, FaceChangedError when
        they show different people; without any good frame the commonest defect: NoFaceError, FaceDarkError,
        FaceTooSmallError, FaceBrightError, FaceTurnedError, FaceUnclearError, FaceBlurredError.
        """
        return self._prober.probe(burst)

    def pad_score(self, image: Image, face: Face) -> PadScore | None:
        """Return what the site's PAD model says of a face, None where the site has none. Raises ModelUnusableError."""
        return None if self._pad is None else self._pad.score(image, face)

    def observe(self, frame: Frame, look: Look) -> Observation:
        """Return what a frame of a challenge shows, as numbers: `pad.observing`."""
        return self._observer.observe(frame, look)

    def require_match(self, reference: Reference, live: Live, thresholds: Thresholds) -> Match:
        """Return the match. Raises FaceReferError in the grey band, FaceNoMatchError below, with facts.

        Below it a face that is not upright is no evidence: FaceTurnedError(side). Thresholds of another model, burst
        rule or calibration: CalibrationOtherError(why).
        """
        self._require_own(thresholds)
        score = compare_burst(reference.template, live.templates, live.template, self.calibration.rule)
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
            "card_sha256": self.models.embedder.card_sha256,
            "detector_sha256": self.models.detector.weights.sha256,
            "burst_rule": self.calibration.rule,
            "flip": int(self.calibration.flip),
            "good_frames": len(live.templates),
            "reference_eye_distance_px": round(reference.quality.eye_distance_px),
            **self._advice_facts(advice),
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
        self._require_own(thresholds)
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

    def _require_own(self, thresholds: Thresholds) -> None:
        """Return if the thresholds are this calibration's: scores of other templates mean something else."""
        own = self.calibration
        made_for = {
            "model": (thresholds.model, own.model),
            "rule": (thresholds.rule, own.rule),
            "flip": (thresholds.flip, own.flip),
            "calibration": (thresholds.calibration_sha256, own.sha256),
        }
        for why, (given, wanted) in made_for.items():
            if given != wanted:
                raise CalibrationOtherError(model=thresholds.model, why=why)

    def _require_evidence(self, still: Reference, side: str) -> None:
        """Return if a low score says something of this picture: sharp, lit and upright. Raises its defect(side)."""
        broken = spoilt(still.quality, self.rules.live)
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
        quality = measure(image, face, aligned)
        broken = still_defect(quality, self.rules.still)
        if broken is not None:
            raise broken(side=side, **quality.facts)
        template = self._embedder.template_of_crop(aligned)
        facts = {**quality.facts, "width_px": width, "height_px": height}
        return Reference(image=image, face=face, template=template, quality=quality, facts=facts)

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

    def _advice_facts(self, advice: Mapping[str, str | float]) -> Mapping[str, str | int]:
        """Return dlib's number, and which package gave it; or why there is none."""
        value = advice["dlib"]
        if isinstance(value, str):
            return {"advisory_dlib": value}
        return {"advisory_dlib_e4": round(value * 1e4), "advisory_by": self._advice}


def decide(score: float, thresholds: Thresholds) -> Decision:
    """Return what a score means."""
    if score >= thresholds.accept:
        return "match"
    return "refer" if score >= thresholds.refer else "no-match"


def _timed(times: dict[str, float], name: str, work: Callable[[], T]) -> T:
    began = perf_counter()
    try:
        return work()
    finally:
        times[name] = times.get(name, 0.0) + perf_counter() - began
