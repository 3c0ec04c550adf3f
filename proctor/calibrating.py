"""From a file of labelled pairs to a signed calibration file and a picture."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from biometrics.calibration import About, CalibrationFile, Rule, verified
from biometrics.calibration_points import Measured, measure, require_support
from biometrics.calibration_scores import (
    Progress,
    Scored,
    engine_for,
    require_images,
    same_pictures,
    score,
    shown_to_test_persons,
)
from biometrics.calibration_text import calibration_text, signed_text
from biometrics.det_curve import Curve, det_picture
from biometrics.pairs import Labelled, read_pairs
from biometrics.weights import Models
from sessions.checkpoint import Signer
from sessions.vietnam import VIETNAM


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is to be calibrated, and on what. `pairs`: the bytes of the CSV file; `asked`: false match rates."""

    pairs: bytes = field(repr=False)
    images: Path
    asked: tuple[float, ...]
    group: str | None
    rule: Rule
    flip: bool
    source: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Outcome:
    """What came of it. `text`: the unsigned calibration file."""

    measured: Measured
    scored: Scored
    labelled: Labelled
    counts: Mapping[str, int]
    text: str


def prepare(wish: Wish) -> Labelled:
    """Return the comparisons, if their number supports what is asked and every image is there.

    Raises PairsFormatError, TooFewPairsError, NothingToCompareError, PairsImageError, before any image is opened.
    """
    labelled = read_pairs(wish.pairs, group=wish.group)
    require_support(labelled, wish.asked)
    require_images(labelled, wish.images)
    alias = same_pictures(labelled, wish.images)
    if alias:
        labelled = read_pairs(wish.pairs, group=wish.group, alias=alias)
        require_support(labelled, wish.asked)
    return labelled


def calibrate(
    wish: Wish, labelled: Labelled, models: Models, *, now: Callable[[], datetime], progress: Progress
) -> Outcome:
    """Return what was measured by the engine with these models. Raises as `prepare`, NoThresholdError(fmr)."""
    with engine_for(models, rule=wish.rule, flip=wish.flip) as engine:
        notice = shown_to_test_persons(now().astimezone(UTC))
        scored = score(engine, labelled, wish.images, notice=notice, progress=progress)
    measured = measure(scored, wish.asked)
    counts = _counts(labelled, scored, measured)
    about = About(
        model=models.embedder.weights.name,
        card_sha256=models.embedder.card_sha256,
        weights_sha256=models.embedder.weights.sha256,
        detector_sha256=models.detector.weights.sha256,
        rule=wish.rule,
        flip=wish.flip,
        made_on=now().astimezone(VIETNAM).strftime("%Y-%m-%d"),
        source=wish.source,
        pairs_sha256=sha256(wish.pairs).hexdigest(),
        counts=counts,
    )
    text = calibration_text(about, points=measured.points, single=measured.single, groups=measured.groups)
    return Outcome(measured=measured, scored=scored, labelled=labelled, counts=counts, text=text)


def sign(outcome: Outcome, signer: Signer, file: str) -> tuple[bytes, CalibrationFile]:
    """Return the signed file and what it says, read back."""
    key = signer.key
    data = signed_text(outcome.text, signer=key.name, public=key.public, sign=signer.sign)
    return data, verified(data, file)


def picture(outcome: Outcome, words: Mapping[str, str]) -> bytes:
    """Return the DET curve as PNG: the burst rule, the single frame where probes have several, each group.

    `words`: those of `det_picture`, and the curves' names "burst", "single", "still", and "group" with `{group}`."""
    scored, labelled = outcome.scored, outcome.scored.labelled
    support, same = outcome.measured.support, labelled.same
    whole = words["burst" if labelled.has_bursts else "still"]
    curves = [_curve(whole, scored.burst, same, support)]
    if labelled.has_bursts:
        curves.append(_curve(words["single"], scored.single, same, support))
    for number, name in enumerate(labelled.groups):
        chosen = labelled.group == number
        own = outcome.measured.group_support[name]
        if own.impostor and own.genuine:
            called = words["group"].replace("{group}", name)
            curves.append(_curve(called, scored.burst[chosen], same[chosen], own))
    asked = [point for point in outcome.measured.points if point.fmr in outcome.measured.asked]
    return det_picture(curves, asked, words)


def _curve(name: str, scores: Any, same: Any, support: Any) -> Curve:
    return Curve(
        name=name,
        impostor=scores[~same],
        genuine=scores[same],
        person_pairs=support.person_pairs,
        people=support.people,
    )


def _counts(labelled: Labelled, scored: Scored, measured: Measured) -> Mapping[str, int]:
    made, support = scored.labelled, measured.support
    persons = {*labelled.reference_person.tolist(), *labelled.probe_person.tolist()}
    return {
        "people": len(persons),
        "people_known": int(labelled.people_known),
        "references": len(labelled.references),
        "probes": len(labelled.probes),
        "probe_frames": sum(len(probe.files) for probe in labelled.probes),
        "not_enrolled": sum(scored.enrol_failures.values()),
        "not_acquired": sum(scored.acquire_failures.values()),
        "comparisons": len(labelled.same),
        "compared": len(made.same),
        "genuine": support.genuine,
        "genuine_people": support.people,
        "impostor": support.impostor,
        "person_pairs": support.person_pairs,
    }
