"""How usable a face is. Limits are data: models/quality.toml."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np

from biometrics.detect import Face
from biometrics.errors import (
    BiometricsError,
    FaceBlurredError,
    FaceBrightError,
    FaceDarkError,
    FaceTooSmallError,
    FaceTurnedError,
    FaceUnclearError,
    ModelTableError,
)
from biometrics.frames import Image
from biometrics.quality_card import CardLimits
from biometrics.quality_errors import (
    EyesClosedError,
    EyesCoveredError,
    FaceBacklitError,
    FaceColourlessError,
    FaceCutOffError,
    FaceLoweredError,
    FaceRaisedError,
    FaceTooCloseError,
    MouthCoveredError,
)
from biometrics.quality_marks import Marks, marks_of
from biometrics.tables import read_table, require_keys


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveLimits:
    """Limits for live frames; units in models/quality.toml."""

    min_eye_distance_px: float
    min_sharpness: float
    min_brightness: float
    max_brightness: float
    max_clipped: float
    max_turn: float
    max_tilt_deg: float
    min_detection: float
    black_frame: float
    max_cut_off: float
    max_filling: float
    max_back_light: float
    back_light_face: float
    min_pitch: float
    max_pitch: float
    min_chroma: float
    min_eye_light: float
    min_eye_chroma: float
    grey_eye_chroma: float
    max_eye_chroma: float
    max_eye_light: float
    shaded_eye_light: float
    coloured_skin: float
    min_iris: float
    dim_iris: float
    dim_eye_light: float
    faint_iris: float
    foreign_eye_chroma: float
    pale_eye_chroma: float
    min_mouth_line: float
    max_lower_chroma: float
    foreign_chroma: float
    foreign_lip_red: float
    min_lip_red: float


@dataclass(frozen=True, slots=True, kw_only=True)
class StillLimits:
    """Limits for references and files."""

    min_eye_distance_px: float
    min_detection: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Zone:
    """Shares of the frame's width and height, size of a rival against the main face, margin of centrality."""

    width: float
    height: float
    rival: float
    margin: float


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityRules:
    """The whole table. `rule` is how the templates of a burst become one."""

    rule: str
    live: LiveLimits
    zone: Zone
    still: StillLimits
    card: CardLimits


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """Measurements of one face. Higher `sharpness` is sharper; `turn` and `tilt_deg` are signed."""

    eye_distance_px: float
    sharpness: float
    brightness: float
    clipped: float
    turn: float
    tilt_deg: float
    detection: float
    marks: Marks = field(default_factory=Marks)

    @property
    def facts(self) -> Mapping[str, str | int]:
        """The measurements as integers, units in the names."""
        return {
            "eye_distance_px": round(self.eye_distance_px),
            "sharpness": round(self.sharpness),
            "brightness": round(self.brightness),
            "clipped_pct": round(self.clipped * 100),
            "turn_pct": round(self.turn * 100),
            "tilt_deg": round(self.tilt_deg),
            "detection_e4": round(self.detection * 1e4),
            **self.marks.facts,
        }


def load_quality_rules() -> QualityRules:
    """Return models/quality.toml. Raises ModelTableError."""
    table, _ = read_table(
        "quality", {"source": str, "rule": str, "live": dict, "still": dict, "zone": dict, "card": dict}
    )
    _require_numbers(table["live"], LiveLimits.__slots__)
    _require_numbers(table["zone"], Zone.__slots__)
    _require_numbers(table["still"], StillLimits.__slots__)
    _require_numbers(table["card"], CardLimits.__slots__)
    if table["rule"] != "mean":
        raise ModelTableError(table="quality", key="rule", defect="value")
    return QualityRules(
        rule=table["rule"],
        live=LiveLimits(**table["live"]),
        zone=Zone(**table["zone"]),
        still=StillLimits(**table["still"]),
        card=CardLimits(**table["card"]),
    )


def _require_numbers(table: Mapping[str, Any], keys: object) -> None:
    require_keys("quality", table, dict.fromkeys(keys if isinstance(keys, tuple) else (), float))


def measure(image: Image, face: Face, aligned: Image) -> Quality:
    """Measure a face of an image and its aligned crop."""
    grey = cv2.cvtColor(aligned, cv2.COLOR_BGR2GRAY)
    left, right, nose = face.points[0], face.points[1], face.points[2]
    line = right - left
    length = max(float(np.linalg.norm(line)), 1e-6)
    return Quality(
        eye_distance_px=length,
        sharpness=float(cv2.Laplacian(grey, cv2.CV_32F).var()),
        brightness=float(grey.mean()),
        clipped=float(np.count_nonzero(grey > 250) / grey.size),
        turn=float((nose - (left + right) / 2) @ line / length**2),
        tilt_deg=float(np.degrees(np.arctan2(line[1], line[0]))),
        detection=face.score,
        marks=marks_of(image, face),
    )


def still_defect(quality: Quality, limits: StillLimits) -> type[BiometricsError] | None:
    """Return the error class of the first limit a still's face breaks, or None when it may be compared."""
    if quality.detection < limits.min_detection:
        return FaceUnclearError
    return FaceTooSmallError if quality.eye_distance_px < limits.min_eye_distance_px else None


def defect(quality: Quality, limits: LiveLimits) -> type[BiometricsError] | None:
    """Return the error class of the first limit a live face breaks, or None when it may be compared."""
    if quality.eye_distance_px < limits.min_eye_distance_px:
        return FaceTooSmallError
    closed = EyesClosedError if quality.marks.iris < limits.min_iris else None
    return _framing(quality.marks, limits) or spoilt(quality, limits) or closed


def spoilt(quality: Quality, limits: LiveLimits) -> type[BiometricsError] | None:
    """Return the error class of the first limit by which a face says nothing against anybody, or None. How it lies in
    the picture does not matter."""
    if quality.eye_distance_px < limits.min_eye_distance_px:
        return FaceTooSmallError
    return (
        _eyes(quality.marks, limits)
        or _mouth(quality.marks, limits)  # before the light: a black mask is no back light
        or _light(quality, limits)
        or _pose(quality, limits)
        or (FaceColourlessError if quality.marks.chroma < limits.min_chroma else None)
        or (FaceBlurredError if quality.sharpness < limits.min_sharpness else None)
        or (
            MouthCoveredError if quality.marks.mouth_line < limits.min_mouth_line else None
        )  # a blurred one is no sign
    )


def _framing(marks: Marks, limits: LiveLimits) -> type[BiometricsError] | None:
    if marks.filling > limits.max_filling:
        return FaceTooCloseError
    return FaceCutOffError if marks.cut_off > limits.max_cut_off else None


def _light(quality: Quality, limits: LiveLimits) -> type[BiometricsError] | None:
    marks = quality.marks
    if marks.back_light > limits.max_back_light and marks.face_grey < limits.back_light_face:
        return FaceBacklitError
    if quality.brightness < limits.min_brightness:
        return FaceDarkError
    if quality.brightness > limits.max_brightness or quality.clipped > limits.max_clipped:
        return FaceBrightError
    return None


def _pose(quality: Quality, limits: LiveLimits) -> type[BiometricsError] | None:
    if abs(quality.turn) > limits.max_turn or abs(quality.tilt_deg) > limits.max_tilt_deg:
        return FaceTurnedError
    if quality.detection < limits.min_detection:
        return FaceUnclearError
    if quality.marks.pitch > limits.max_pitch:
        return FaceLoweredError
    return FaceRaisedError if quality.marks.pitch < limits.min_pitch else None


def _eyes(marks: Marks, limits: LiveLimits) -> type[BiometricsError] | None:
    grey = marks.chroma >= limits.coloured_skin and (
        marks.eye_chroma < limits.grey_eye_chroma
        or (marks.eye_chroma < limits.min_eye_chroma and marks.eye_light < limits.shaded_eye_light)
    )
    glass = _is_glass(marks, limits)
    return EyesCoveredError if grey or glass or marks.eye_light < limits.min_eye_light else None


def _is_glass(marks: Marks, limits: LiveLimits) -> bool:
    """Say whether no iris is seen where no skin is either: tinted or mirroring lenses. Closed eyes have lids of skin,
    a cloth on the cheeks leaves the irises."""
    if (
        marks.iris >= limits.dim_iris or marks.mouth_line < limits.min_mouth_line
    ):  # no mouth: a mask's own light
        return False
    if marks.eye_light < limits.dim_eye_light or _on_cheeks(marks, limits):
        return True
    skin = limits.pale_eye_chroma <= marks.eye_chroma <= limits.foreign_eye_chroma
    return marks.iris < limits.faint_iris and not skin


def _on_cheeks(marks: Marks, limits: LiveLimits) -> bool:
    return marks.eye_chroma > limits.max_eye_chroma or marks.eye_light > limits.max_eye_light


def _mouth(marks: Marks, limits: LiveLimits) -> type[BiometricsError] | None:
    """What is foreign to the skin around the mouth, or on the cheeks below the eyes."""
    around = marks.lower_chroma > limits.max_lower_chroma and marks.lip_red < limits.min_lip_red
    foreign = marks.lower_chroma > limits.foreign_chroma and marks.lip_red < limits.foreign_lip_red
    return MouthCoveredError if around or _on_cheeks(marks, limits) or foreign else None


def is_black(image: Image, limits: LiveLimits) -> bool:
    """Say whether a frame shows nothing but darkness."""
    return float(image.mean()) < limits.black_frame
