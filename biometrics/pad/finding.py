"""What an evaluator says, and what keeps frames from being judged at all."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal

import numpy as np

from biometrics.pad.observation import Observation
from biometrics.pad.settings import CommonRules

STEP_S = 0.067  # between frames; over a longer time a head goes farther, up to MOST_STEPS times
MOST_STEPS = 3.0
Outcome = Literal["passed", "failed", "unclear"]
Facts = Mapping[str, str | int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """An outcome, why it is no pass ("" when it is), and measurements as integers."""

    outcome: Outcome
    why: str = ""
    facts: Facts = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class PadPassed:
    """A challenge that was met, or one that was not performed (`not_performed_code`)."""

    facts: Facts
    not_performed_code: str | None = None


def unclear(why: str, **facts: str | int) -> Finding:
    """Return a finding that leaves the question open."""
    return Finding(outcome="unclear", why=why, facts=facts)


def failed(why: str, **facts: str | int) -> Finding:
    """Return a finding against."""
    return Finding(outcome="failed", why=why, facts=facts)


def trouble(seen: Sequence[Observation], rules: CommonRules) -> str | None:
    """Return why these frames cannot be judged, None when they can: "few-frames", "dark", "frozen", "face-lost",
    "other-face", "jump"."""
    if too_few(seen, rules):
        return "few-frames"
    if sum(o.brightness < rules.min_brightness for o in seen) > len(seen) / 2:
        return "dark"
    if repeated_share(seen) > rules.repeats:
        return "frozen"
    if lost(seen, rules):
        return "face-lost"
    if sum(bool(o.others) for o in seen) >= rules.others_frames:
        return "other-face"
    return "jump" if jumps(seen, rules) >= rules.jumps else None


def too_few(seen: Sequence[Observation], rules: CommonRules) -> bool:
    """Say whether the frames come too seldom."""
    if len(seen) < 3:
        return True
    span = seen[-1].at_s - seen[0].at_s
    return (len(seen) - 1) < rules.min_fps * span


def repeated_share(seen: Sequence[Observation]) -> float:
    """Return the share of frames that equal the one before, pixel by pixel."""
    return sum(a.digest == b.digest for a, b in pairwise(seen)) / max(1, len(seen) - 1)


def lost(seen: Sequence[Observation], rules: CommonRules) -> bool:
    """Say whether the face was away too long or too often: whoever is away for a moment may come back as another."""
    if not seen or sum(o.face is None for o in seen) > rules.max_missing * len(seen):
        return True
    last, away = seen[0].at_s, 0
    for one in seen:
        if one.face is not None:
            last, away = one.at_s, 0
            continue
        away += 1
        if away > rules.missed or one.at_s - last > rules.max_gap_s:
            return True
    return False


def jumps(seen: Sequence[Observation], rules: CommonRules) -> int:
    """Count steps that no head makes, also across frames without the face: all points at once, in eye distances."""
    count = 0
    for a, b in pairwise(o for o in seen if o.face is not None and o.face.searched):
        if a.face is None or b.face is None:
            continue
        scale = max(1.0, float(np.linalg.norm(a.face.points[1] - a.face.points[0])))
        step = float(np.median(np.linalg.norm(b.face.points - a.face.points, axis=1))) / scale
        count += step > rules.jump * min(MOST_STEPS, max(1.0, (b.at_s - a.at_s) / STEP_S))
    return count


def other_person(seen: Sequence[Observation], same_person: float, rules: CommonRules) -> str:
    """Return why the face may be another's than the one before: "other-person", or "few-comparisons" for fewer than
    `likes` scores; "" when every score is that of the same person. One of at least `many_likes` may be lower, down to
    `lax` of it: a face half turned away or with closed eyes in a blurred frame."""
    scores = sorted(o.similarity for o in seen if o.similarity is not None)
    if len(scores) < rules.likes:
        return "few-comparisons"
    allowed = len(scores) >= rules.many_likes
    low = scores[0] < (rules.lax_share if allowed else 1.0) * same_person
    return "other-person" if low or (allowed and scores[1] < same_person) else ""


def similarity_facts(seen: Sequence[Observation]) -> Facts:
    """Return the lowest score and how many there are."""
    scores = [o.similarity for o in seen if o.similarity is not None]
    return {"similarity_min_e4": round(min(scores) * 1e4), "compared": len(scores)} if scores else {}
