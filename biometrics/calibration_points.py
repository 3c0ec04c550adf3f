"""From scores to what a calibration states: thresholds, FMR and FNMR with intervals, by groups. Pure.

How many comparisons count as independent: of impostor comparisons each pair of people once, of genuine ones each
person once, however many images there are. Where nobody said who is in the images, of impostor comparisons only as
many as share no image with each other (a matching), and no more than there are pairs of concluded people. That is the
smaller of what could be said: images of one person fail together. A false match rate is stated where three times its
inverse of such pairs were compared (rule of three).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import floor
from typing import Final

import numpy as np
from numpy.typing import NDArray

from biometrics.calibration import GroupPoint, Point, Rate
from biometrics.calibration_errors import (
    NothingToCompareError,
    NoThresholdError,
    ScoreInvalidError,
    TooFewPairsError,
)
from biometrics.calibration_scores import Scored
from biometrics.metrics import interval
from biometrics.pairs import Labelled
from biometrics.rule_of_three import needed, smallest_rate, supports

USUAL: Final = (1e-1, 3e-2, 1e-2, 3e-3, 1e-3, 3e-4, 1e-4, 3e-5, 1e-5, 3e-6)
"""Laxer rates that are stated besides the strictest asked one: a grey band begins at one of them."""
STEP: Final = 1e-4
"""Thresholds are whole multiples of it, as facts carry them."""
Scores = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Support:
    """How many comparisons there are, and how many of them count as independent."""

    genuine: int
    people: int
    impostor: int
    person_pairs: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Worse:
    """A group whose rate is the highest that can be stated, and above that of all. `kind`: "fmr" or "fnmr"; `clearly`:
    the lower end of its interval is above the rate of all."""

    kind: str
    group: str
    fmr: float
    rate: Rate
    all_rate: Rate
    clearly: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What was measured. `asked`: falling; `points` also hold the usual laxer rates; `single`: first good frames."""

    asked: tuple[float, ...]
    support: Support
    points: tuple[Point, ...]
    single: tuple[Point, ...]
    groups: tuple[GroupPoint, ...]
    group_support: Mapping[str, Support]
    worse: tuple[Worse, ...]


def support_of(labelled: Labelled, chosen: NDArray[np.bool_] | None = None) -> Support:
    """Return the counts of all or some of the comparisons."""
    chosen = np.ones(len(labelled.same), dtype=np.bool_) if chosen is None else chosen
    first = labelled.reference_person[labelled.reference[chosen]].astype(np.int64)
    second = labelled.probe_person[labelled.probe[chosen]].astype(np.int64)
    same = labelled.same[chosen]
    pair = (np.minimum(first, second) << 32) | np.maximum(first, second)
    pairs = len(np.unique(pair[~same]))
    if not labelled.people_known:
        pairs = min(pairs, _disjoint(labelled, np.flatnonzero(chosen & ~labelled.same)))
    return Support(
        genuine=int(same.sum()),
        people=len(np.unique(first[same])),
        impostor=int((~same).sum()),
        person_pairs=pairs,
    )


def _disjoint(labelled: Labelled, comparisons: NDArray[np.intp]) -> int:
    """Return how many of the comparisons share no image: one after the other, those of the rarest images first."""
    left, right = labelled.reference[comparisons], labelled.probe[comparisons]
    often = np.bincount(left)[left] + np.bincount(right)[right] if len(comparisons) else left
    used: set[str] = set()
    count = 0
    for at in np.argsort(often, kind="stable"):
        files = {*labelled.references[left[at]].files, *labelled.probes[right[at]].files}
        if used.isdisjoint(files):
            used |= files
            count += 1
    return count


def require_support(labelled: Labelled, asked: Sequence[float], *, lost: int | None = None) -> Support:
    """Return the counts if they support every asked rate. `lost`: images and bursts that gave no template, once known.

    Raises NothingToCompareError(kind), TooFewPairsError(fmr, have, need, smallest) for the first rate that they do not.
    """
    support = support_of(labelled)
    for kind, count in (("impostor", support.impostor), ("genuine", support.genuine)):
        if count == 0:
            raise NothingToCompareError(kind=kind)
    after: dict[str, str | int] = {} if lost is None else {"why": "lost", "lost": lost}
    for fmr in sorted(asked, reverse=True):
        if not supports(support.person_pairs, fmr):
            raise TooFewPairsError(
                **after,
                fmr=f"{fmr:g}",
                have=support.person_pairs,
                need=needed(fmr),
                comparisons=support.impostor,
                smallest=f"{smallest_rate(support.person_pairs):.2g}",
            )
    return support


def measure(scored: Scored, asked: Sequence[float]) -> Measured:
    """Return what the scores say. Raises as `require_support`, and NoThresholdError(fmr), ScoreInvalidError(count)."""
    labelled = scored.labelled
    lost = sum(scored.enrol_failures.values()) + sum(scored.acquire_failures.values())
    support = require_support(labelled, asked, lost=lost)
    for scores in (scored.burst, scored.single):
        if not np.isfinite(scores).all():
            raise ScoreInvalidError(count=int((~np.isfinite(scores)).sum()))
    strictest = min(asked)
    rates = sorted({*asked, *(rate for rate in USUAL if rate > strictest)}, reverse=True)
    points = tuple(_point(scored.burst, labelled.same, support, fmr) for fmr in rates)
    single = tuple(_point(scored.single, labelled.same, support, fmr) for fmr in rates)
    groups, supports_of = _groups(scored, [point for point in points if point.fmr in asked])
    return Measured(
        asked=tuple(sorted(set(asked), reverse=True)),
        support=support,
        points=points,
        single=single,
        groups=groups,
        group_support=supports_of,
        worse=tuple(_worse(groups, points)),
    )


def threshold_at(impostor: Scores, fmr: float) -> float:
    """Return the lowest multiple of STEP that at most `fmr` of the impostor scores reach.

    Raises NoThresholdError, ScoreInvalidError for scores that are no numbers.
    """
    if not np.isfinite(impostor).all():
        raise ScoreInvalidError(count=int((~np.isfinite(impostor)).sum()))
    allowed = floor(fmr * len(impostor) * (1 + 1e-12))
    if allowed >= len(impostor):
        return -1.0
    highest_refused = float(np.partition(impostor, len(impostor) - 1 - allowed)[len(impostor) - 1 - allowed])
    threshold = round((floor(highest_refused / STEP + 1e-9) + 1) * STEP, 4)
    if threshold > 1.0:
        raise NoThresholdError(fmr=f"{fmr:g}")
    return threshold


def is_stated(rate: Rate) -> bool:
    """Say whether the number of independent comparisons supports the rate itself; else only its upper bound."""
    return rate.errors > 0 and supports(rate.independent, rate.value)


def _rate(errors: int, comparisons: int, independent: int) -> Rate:
    low, high = interval(errors, comparisons, independent)
    return Rate(errors=errors, comparisons=comparisons, independent=independent, low=low, high=high)


def _rates(
    scores: Scores, same: NDArray[np.bool_], support: Support, threshold: float
) -> tuple[Rate | None, Rate | None]:
    """Return the false match and the false non-match rate at a threshold, None without comparisons of the kind."""
    reached = scores.astype(np.float64) >= threshold
    impostor = genuine = None
    if support.impostor:
        impostor = _rate(int((reached & ~same).sum()), support.impostor, support.person_pairs)
    if support.genuine:
        genuine = _rate(int((~reached & same).sum()), support.genuine, support.people)
    return impostor, genuine


def _point(scores: Scores, same: NDArray[np.bool_], support: Support, fmr: float) -> Point:
    threshold = threshold_at(scores[~same], fmr)
    impostor, genuine = _rates(scores, same, support, threshold)
    if impostor is None:
        raise NothingToCompareError(kind="impostor")
    return Point(fmr=fmr, threshold=threshold, impostor=impostor, genuine=genuine)


def _groups(scored: Scored, points: Sequence[Point]) -> tuple[tuple[GroupPoint, ...], Mapping[str, Support]]:
    """Return each group's rates at the thresholds of all. A group's FMR is left out where its pairs support none."""
    labelled, found, counts = scored.labelled, [], {}
    for number, name in enumerate(labelled.groups):
        chosen = labelled.group == number
        counts[name] = support = support_of(labelled, chosen)
        for point in points:
            impostor, genuine = _rates(scored.burst[chosen], labelled.same[chosen], support, point.threshold)
            if impostor is not None and not supports(support.person_pairs, max(point.fmr, impostor.value)):
                impostor = None
            found.append(
                GroupPoint(
                    group=name,
                    fmr=point.fmr,
                    threshold=point.threshold,
                    impostor=impostor,
                    genuine=genuine,
                )
            )
    return tuple(found), counts


def _worse(groups: Sequence[GroupPoint], points: Sequence[Point]) -> Sequence[Worse]:
    """Return, at each threshold, the group with the highest rate, if that is above the rate of all."""
    found = []
    for point in points:
        own = [each for each in groups if each.fmr == point.fmr]
        for kind, of_all, rates in (
            ("fmr", point.impostor, [(each.group, each.impostor) for each in own]),
            ("fnmr", point.genuine, [(each.group, each.genuine) for each in own]),
        ):
            known = [(rate.value, name, rate) for name, rate in rates if rate is not None and is_stated(rate)]
            if of_all is None or not known:
                continue
            value, name, rate = max(known, key=lambda each: each[:2])
            if value > of_all.value:
                found.append(
                    Worse(
                        kind=kind,
                        group=name,
                        fmr=point.fmr,
                        rate=rate,
                        all_rate=of_all,
                        clearly=rate.low > of_all.value,
                    )
                )
    return found
