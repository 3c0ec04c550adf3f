"""How many of a session, a class, a component came to what: figures that add up; and what does not agree."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from sessions.course.grading import CODES, SAT, Outcome
from sessions.course.result_log import Conflict

if TYPE_CHECKING:
    from sessions.course.progress import Progress

_EXEMPT: Final = "exempt"
_PENDING: Final = "pending"
_CATEGORIES: Final = {"not-listed": _EXEMPT, "open": _PENDING, "waiting": _PENDING}
_DONE: Final = frozenset({"passed", "taken"})
_SAT: Final = frozenset(outcome.value for outcome in SAT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """Counts of candidates: of one component, or of the session as a whole (`component` None).

    Always: `files` = `owed` + `exempt` + `erased`. Of a component: `owed` = `sat` + `absent` + `blocked` + `pending`,
    and `sat` = `passed` + `failed` + `taken` + `incomplete`. Of the whole, where each candidate counts once by what all
    of their components come to: `owed` = `passed` + `failed` + `taken` + `incomplete` + `absent` + `pending`, `blocked`
    is 0, and `sat` (took at least one component) + `absent` = `owed` once nobody is pending.

    `files`: rows of the list. `exempt`: who does not have to take it: passed before, not listed for it, not of the
    class; `kept`: those of them who passed it elsewhere or earlier (of a component only). `erased`: rows that say
    nothing any more (they are of no class). `blocked`: an earlier component was not passed. `codes`: DA, RO, VA, KH and
    how many have them. `not_let_in`: how many of the absent came and were not let in: the attendance sheet counts
    those apart from the absent.
    """

    component: str | None
    licence_class: str | None
    files: int
    owed: int
    exempt: int
    kept: int
    erased: int
    sat: int
    absent: int
    not_let_in: int
    blocked: int
    pending: int
    passed: int
    failed: int
    taken: int
    incomplete: int
    codes: Mapping[str, int] = field(default_factory=dict)


def count(progress: Progress, component: str | None, licence_class: str | None) -> Totals:
    """Return the counts of a component or of the whole, of a class or of everybody."""
    sbds = progress.sbds
    chosen = [sbd for sbd in sbds if licence_class is None or progress.licence_class(sbd) == licence_class]
    if component is None:
        found = Counter(_whole(progress, sbd) for sbd in chosen)
        sat = sum(_sat(progress, sbd) for sbd in chosen)
    else:
        found = Counter(_part(progress, sbd, component) for sbd in chosen)
        sat = sum(found[value] for value in _SAT)
    names = progress.session.components if component is None else (component,)
    not_let_in = sum(_not_let_in(progress, sbd, names, whole=component is None) for sbd in chosen)
    erased = len(progress.session.seats) - len(sbds) if licence_class is None else 0
    exempt = found[_EXEMPT] + found["kept"]
    return Totals(
        component=component,
        licence_class=licence_class,
        files=len(chosen) + erased,
        owed=len(chosen) - exempt,
        exempt=exempt,
        kept=found["kept"],
        erased=erased,
        sat=sat,
        not_let_in=not_let_in,
        blocked=found["blocked"],
        pending=found[_PENDING],
        codes={progress.code_of(outcome): found[outcome.value] for outcome in CODES},
        **{outcome.value: found[outcome.value] for outcome in Outcome},
    )


def conflicts_of(progress: Progress) -> tuple[Conflict, ...]:
    """Return everything in the log that does not agree, by candidate, component and entry."""
    found = [*progress.log.conflicts, *_of_results(progress), *_of_priors(progress)]
    return tuple(sorted(found, key=lambda each: (each.sbd, each.component, each.seq, each.code)))


def _part(progress: Progress, sbd: str, component: str) -> str:
    status = progress.status(sbd, component).value
    return _CATEGORIES.get(status, status)


def _whole(progress: Progress, sbd: str) -> str:
    """Return what all components of a candidate come to: an outcome, "exempt" or "pending"."""
    owed = progress.owed(sbd)
    if not owed:
        return _EXEMPT
    code = progress.code(sbd)
    if code is not None:
        return next(outcome.value for outcome in CODES if progress.code_of(outcome) == code)
    done = _DONE.issuperset(progress.status(sbd, name).value for name in owed)
    return Outcome.TAKEN.value if done else _PENDING


def _sat(progress: Progress, sbd: str) -> bool:
    return any(progress.status(sbd, name).value in _SAT for name in progress.owed(sbd))


def _not_let_in(progress: Progress, sbd: str, names: Sequence[str], *, whole: bool) -> bool:
    """Whether somebody who counts as absent came to one of these components and was not let in."""
    if whole and _whole(progress, sbd) != Outcome.ABSENT.value:
        return False
    return any(progress.not_let_in(sbd, name) for name in names)


def _of_results(progress: Progress) -> Iterator[Conflict]:
    known = frozenset(progress.sbds)
    for (sbd, component), record in progress.log.results.items():
        if sbd not in known:
            continue  # erased since: the row says nothing any more
        seq, result = record.newest.seq, progress.graded(record)
        here = progress.admitted(sbd, component)
        if result in SAT and here is None:
            yield Conflict(code="result-not-admitted", sbd=sbd, component=component, seq=seq)
        if result is Outcome.ABSENT and here is not None:
            yield Conflict(code="absent-but-admitted", sbd=sbd, component=component, seq=seq, other=here.seq)
        if result in SAT and progress.missing(sbd, component) is not None:
            yield Conflict(code="result-out-of-order", sbd=sbd, component=component, seq=seq)
        if record.values.get("outcome") != result.value:
            yield Conflict(code="result-regraded", sbd=sbd, component=component, seq=seq)


def _of_priors(progress: Progress) -> Iterator[Conflict]:
    day = progress.session.day
    for (sbd, component), kept in progress.log.kept.items():
        seq = kept.newest.seq
        if kept.passed_on > day:
            yield Conflict(code="prior-in-future", sbd=sbd, component=component, seq=seq)
        result = progress.log.results.get((sbd, component))
        if result is not None and progress.counts(kept, day):
            other = result.entry.seq
            yield Conflict(code="result-and-prior", sbd=sbd, component=component, seq=seq, other=other)
