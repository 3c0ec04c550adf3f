"""What the face checks hand on. Templates and pictures never appear in `repr`, texts or facts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from biometrics.detect import Face
from biometrics.frames import Frame, Image
from biometrics.quality import Quality
from biometrics.template import Template
from biometrics.thresholds import Thresholds


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Reference:
    """The portrait to compare with: its face and template."""

    image: Image = field(repr=False)
    face: Face = field(repr=False)
    template: Template = field(repr=False)
    quality: Quality
    facts: Mapping[str, str | int]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Live:
    """A burst's face. `templates`: its good frames'; `template`: their mean; the JPEG shows the best."""

    templates: tuple[Template, ...] = field(repr=False)
    template: Template = field(repr=False)
    best_frame: Frame = field(repr=False)
    face: Face = field(repr=False)
    evidence_jpeg: bytes = field(repr=False)
    quality: Quality
    facts: Mapping[str, str | int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """A score at or above the accept threshold; `score` -1 to 1."""

    score: float
    thresholds: Thresholds
    facts: Mapping[str, str | int]
    decision: Literal["match"] = "match"


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Two stills compared. `times_ms`: decode, template, compare, advisory, total; `advisory`: dlib's."""

    decision: Literal["match", "refer", "no-match"]
    score: float
    threshold: float
    refer_threshold: float
    model: Mapping[str, str]
    quality: Mapping[str, Mapping[str, str | int]]
    times_ms: Mapping[str, int]
    advisory: Mapping[str, str | float]
