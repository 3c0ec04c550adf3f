"""Error rates of presentation attack detection from judged presentations. Pure.

Terms: ISO/IEC 30107-3:2023. For one PAI species APCER is the share of its presentations that were taken for bona fide,
among those the detection answered; APNRR the share that it did not answer; BPCER and BPNRR the same of bona fide
presentations. IAPAR is of the whole system: the share of all presentations of a species that passed the detection and
matched the reference. The worst species is the headline, never a mean over species. Intervals: Clopper and Pearson,
exact, two-sided, 95 %; presentations of one person are not independent, which no interval knows.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from biometrics.metrics import clopper_pearson

Label = Literal["bona-fide", "attack"]
Answer = Literal["passed", "failed", "unclear", "missing"]
"""passed: taken for bona fide; failed: taken for an attack; unclear: no response; missing: was not asked for."""
BONA_FIDE: Final = "bona-fide"
_THREE: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Presentation:
    """One judged presentation. `answers` by check; `matched`: what the comparison with the reference said, None where
    there is no reference. `conditions`: of the recording, such as device and light."""

    name: str
    label: Label
    species: str
    subject: str
    source: str
    split: str
    answers: Mapping[str, Answer]
    matched: bool | None = None
    conditions: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """`count` of `n`; `share`, `low`, `high` 0 to 1, None where n is 0. `three`: the rule of three's upper bound 3/n
    where none was counted, one-sided, 95 %."""

    count: int
    n: int

    @property
    def share(self) -> float | None:
        """The rate."""
        return None if self.n == 0 else self.count / self.n

    @property
    def interval(self) -> tuple[float, float] | None:
        """The exact interval, two-sided, 95 %."""
        return None if self.n == 0 else clopper_pearson(self.count, self.n)

    @property
    def three(self) -> float | None:
        """What 0 of n says at most (rule of three); None where something was counted."""
        return min(1.0, _THREE / self.n) if self.n and not self.count else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """Presentations of one species, or bona fide ones, before one check or a set of checks. `missing` ones were not
    asked and are in no rate."""

    species: str
    subjects: int
    passed: int
    failed: int
    unclear: int
    missing: int

    @property
    def asked(self) -> int:
        """How many the check was made on."""
        return self.passed + self.failed + self.unclear

    @property
    def answered(self) -> int:
        """How many it answered."""
        return self.passed + self.failed

    @property
    def apcer(self) -> Rate:
        """Attacks taken for bona fide, of those answered."""
        return Rate(count=self.passed, n=self.answered)

    @property
    def bpcer(self) -> Rate:
        """Bona fide presentations taken for attacks, of those answered."""
        return Rate(count=self.failed, n=self.answered)

    @property
    def non_response(self) -> Rate:
        """APNRR or BPNRR: no answer, of all that were asked."""
        return Rate(count=self.unclear, n=self.asked)

    @property
    def through(self) -> Rate:
        """Passed, of all that were asked: what went on without a person."""
        return Rate(count=self.passed, n=self.asked)

    @property
    def held(self) -> Rate:
        """Failed or unclear, of all that were asked: what goes to a person."""
        return Rate(count=self.failed + self.unclear, n=self.asked)


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckFigures:
    """What one check, or a set of checks, did. `attacks`: one tally for each species, by name."""

    check: str
    attacks: tuple[Tally, ...]
    bona_fide: Tally | None

    @property
    def worst(self) -> Tally | None:
        """The species with the highest APCER; of equal ones that with fewer presentations. None without an answer."""
        return max(
            (each for each in self.attacks if each.answered),
            key=lambda each: (each.apcer.share or 0.0, -each.answered),
            default=None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemFigures:
    """The whole system with a set of checks: IAPAR by species; `no_reference`: attacks that had none to be compared
    with, and are in no IAPAR."""

    iapar: Mapping[str, Rate]
    no_reference: int

    @property
    def worst(self) -> str | None:
        """The species with the highest IAPAR; of equal ones that with fewer presentations."""
        known = [species for species, rate in self.iapar.items() if rate.n]
        return max(
            known,
            key=lambda each: (self.iapar[each].share or 0.0, -self.iapar[each].n),
            default=None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Figures of one source and split; figures of different ones are never put together."""

    source: str
    split: str
    attacks: int
    bona_fide: int
    subjects: int
    checks: tuple[CheckFigures, ...]
    required: CheckFigures
    system: SystemFigures
    conditions: Mapping[tuple[str, str], CheckFigures] = field(default_factory=dict)


def answer_of(answers: Mapping[str, Answer], required: Sequence[str]) -> Answer:
    """Return what a set of checks says together: what was not asked for all of them says nothing of the set; one that
    fails stops; one without an answer leaves it open; only all of them pass. No check at all lets everything through:
    that is the control."""
    found = [answers.get(name, "missing") for name in required]
    order: tuple[Answer, ...] = ("missing", "failed", "unclear")
    return next((answer for answer in order if answer in found), "passed")


def groups_of(presentations: Iterable[Presentation], required: Sequence[str]) -> tuple[Group, ...]:
    """Return the figures by source and split."""
    sorted_by: dict[tuple[str, str], list[Presentation]] = defaultdict(list)
    for each in presentations:
        sorted_by[each.source, each.split].append(each)
    return tuple(
        _group(source, split, found, required) for (source, split), found in sorted(sorted_by.items())
    )


def _group(source: str, split: str, found: Sequence[Presentation], required: Sequence[str]) -> Group:
    names = dict.fromkeys([*required, *sorted({name for each in found for name in each.answers})])
    conditions: dict[tuple[str, str], list[Presentation]] = defaultdict(list)
    for each in found:
        for condition in each.conditions.items():
            conditions[condition].append(each)
    attacks = sum(each.label == "attack" for each in found)
    return Group(
        source=source,
        split=split,
        attacks=attacks,
        bona_fide=len(found) - attacks,
        subjects=len({each.subject for each in found}),
        checks=tuple(check_figures(name, found, (name,)) for name in names),
        required=check_figures("required", found, required),
        system=_system(found, required),
        conditions={
            key: check_figures("required", some, required) for key, some in sorted(conditions.items())
        },
    )


def check_figures(check: str, found: Sequence[Presentation], names: Sequence[str]) -> CheckFigures:
    """Return what a set of checks, by its names, did on some presentations."""
    by_species: dict[str, list[Presentation]] = defaultdict(list)
    for each in found:
        by_species[BONA_FIDE if each.label == "bona-fide" else each.species].append(each)
    genuine = by_species.pop(BONA_FIDE, [])
    return CheckFigures(
        check=check,
        attacks=tuple(_tally(species, some, names) for species, some in sorted(by_species.items())),
        bona_fide=_tally(BONA_FIDE, genuine, names) if genuine else None,
    )


def _tally(species: str, some: Sequence[Presentation], names: Sequence[str]) -> Tally:
    answers = [answer_of(each.answers, names) for each in some]
    return Tally(
        species=species,
        subjects=len({each.subject for each in some}),
        passed=answers.count("passed"),
        failed=answers.count("failed"),
        unclear=answers.count("unclear"),
        missing=answers.count("missing"),
    )


def _system(found: Sequence[Presentation], required: Sequence[str]) -> SystemFigures:
    """A presentation without an answer is not accepted; one that was not asked for everything says nothing."""
    accepted: dict[str, list[bool]] = defaultdict(list)
    alone = 0
    for each in found:
        if each.label != "attack":
            continue
        answer = answer_of(each.answers, required)
        if each.matched is None:
            alone += 1
        elif answer != "missing":
            accepted[each.species].append(answer == "passed" and each.matched)
    rates = {name: Rate(count=sum(some), n=len(some)) for name, some in sorted(accepted.items())}
    return SystemFigures(iapar=rates, no_reference=alone)
