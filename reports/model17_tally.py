"""What one closed session comes to, for the report on mô hình 17: people and checks, from its entries alone. Pure.

Nobody's name or number is looked at. Everybody on the list is in exactly one of `WAYS`, so that they add up.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sessions.course.entries import SessionEntry
from sessions.course.states import KEEPS_OUT, KINDS, Standing, apply
from sessions.record import Verdict
from sessions.roster.model import ERASED

LISTED: Final = "candidates"
ABSENT: Final = "absent"
WAYS: Final = (
    "by-chip-face",
    "by-other",
    "by-override",
    "by-decision",
    "by-manual",
    "refused",
    "not-let-in",
    ABSENT,
)
"""Where somebody on the list ends: let in first by …, refused by the machine, come and not let in, not come."""
CHECKS: Final = ("chip-face", "other", "override", "decision", "manual")
"""How somebody is let in to a component."""
UNKNOWN: Final = "?"
"""The class of somebody whose row of the list is not there (any more)."""
_PERSONS: Final = ("override", "decision", "manual")
_FIRST: Final = "check-in"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """One session. `people`: by class, how many of `LISTED` and `WAYS`; `counts`: everything else, by name;
    `present`: by component, how many were let in, by `CHECKS`.
    """

    people: Mapping[str, Mapping[str, int]]
    counts: Mapping[str, int]
    present: Mapping[str, Mapping[str, int]] = field(default_factory=dict)

    def person(self, name: str) -> int:
        """Return how many people of all classes end as `name`."""
        return sum(found.get(name, 0) for found in self.people.values())


def tally(
    entries: Sequence[SessionEntry], *, listed: int, classes: Mapping[str, str], components: Sequence[str]
) -> Tally:
    """Return what a session's entries come to.

    `listed`: how many are on the list; `classes`: the class of each whose row is known, "" for a list without classes.
    """
    fold = Fold(components)
    for entry in entries:
        fold.take(entry)
    return Tally(
        people=_people(fold, listed, classes),
        counts=_counts(entries, fold),
        present={name: fold.let_in(name) for name in components},
    )


def add(tallies: Iterable[Tally]) -> Tally:
    """Return several sessions as one; `present` is left out, components being theirs."""
    people: dict[str, Counter[str]] = {}
    counts: Counter[str] = Counter()
    for each in tallies:
        counts.update(each.counts)
        for name, found in each.people.items():
            people.setdefault(name, Counter()).update(found)
    return Tally(people={name: dict(found) for name, found in sorted(people.items())}, counts=dict(counts))


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """Somebody let in to a component: by which entry, and how (of `CHECKS`)."""

    sbd: str
    component: str
    entry: SessionEntry = field(repr=False)
    how: str


class Fold:
    """Where everybody stands, entry by entry; nobody's row of the list is needed for that.

    `first`: how each was let in first; `came`: who was seen; `admissions`: in order.
    """

    def __init__(self, components: Sequence[str]) -> None:
        self._components = tuple(components)
        self._rows: dict[tuple[str, str], Standing] = {}
        self._tried: dict[str, str] = {}
        self.first: dict[str, str] = {}
        self.came: set[str] = set()
        self.admissions: list[Admission] = []

    def take(self, entry: SessionEntry) -> None:
        """Take in the next entry of the session."""
        body = entry.body
        if entry.kind == "attempt":
            self._tried[body["attempt"]] = body["component"]
        sbd = body.get("sbd")
        if entry.kind not in KINDS or not isinstance(sbd, str):
            return
        if entry.kind in _PERSONS or _comes(entry):
            self.came.add(sbd)
        for row in self._meant(entry, sbd):
            before = row.admitted
            apply(row, entry)
            if row.admitted and not before:
                how = way(row.how)
                self.first.setdefault(sbd, how)
                self.admissions.append(Admission(sbd=sbd, component=row.component, entry=entry, how=how))

    def way(self, sbd: str) -> str:
        """Return where somebody who came ends, of `WAYS`."""
        if sbd in self.first:
            return f"by-{self.first[sbd]}"
        rows = (self._rows.get((sbd, name)) for name in self._components)
        refused = any(row is not None and row.verdict is Verdict.REFUSE for row in rows)
        return "refused" if refused else "not-let-in"

    def let_in(self, component: str) -> dict[str, int]:
        """Return how many were let in to a component, by `CHECKS`."""
        found = Counter(each.how for each in self.admissions if each.component == component)
        return {name: found[name] for name in CHECKS}

    @property
    def checks(self) -> Counter[str]:
        """How often somebody was let in to a component, by `CHECKS`."""
        return Counter(each.how for each in self.admissions)

    @property
    def suspended(self) -> int:
        """How many are kept out by what follows from an incident."""
        return len({sbd for (sbd, _), row in self._rows.items() if KEEPS_OUT & set(row.incidents.values())})

    def _meant(self, entry: SessionEntry, sbd: str) -> list[Standing]:
        body = entry.body
        of_attempt = self._tried.get(body["of"], "") if entry.kind == "override" else None
        component = body.get("component", of_attempt)
        names = self._components if component is None else (component,)
        return [self._row(sbd, name) for name in names if name in self._components]

    def _row(self, sbd: str, component: str) -> Standing:
        key = (sbd, component)
        if key not in self._rows:
            self._rows[key] = Standing(seat=ERASED, component=component)
        return self._rows[key]


def way(how: str) -> str:
    """Return one of `CHECKS` for how somebody was let in."""
    return how if how in CHECKS else "other"


def _comes(entry: SessionEntry) -> bool:
    """Whether an entry is somebody of the list coming in, as a close counts it."""
    return entry.kind == "attempt" and entry.body.get("purpose", _FIRST) == _FIRST


def _people(fold: Fold, listed: int, classes: Mapping[str, str]) -> dict[str, dict[str, int]]:
    found: dict[str, Counter[str]] = {name: Counter() for name in classes.values()}
    for name in classes.values():
        found[name][LISTED] += 1
    gone = listed - len(classes)
    if gone or fold.came - classes.keys():
        found[UNKNOWN] = Counter({LISTED: gone})
    for sbd in fold.came:
        found[classes.get(sbd, UNKNOWN)][fold.way(sbd)] += 1
    for counts in found.values():
        counts[ABSENT] = counts[LISTED] - sum(counts[name] for name in WAYS if name != ABSENT)
    return {name: {key: counts[key] for key in (LISTED, *WAYS)} for name, counts in found.items()}


def _counts(entries: Sequence[SessionEntry], fold: Fold) -> dict[str, int]:
    bodies = [entry.body for entry in entries]
    by_kind: dict[str, list[Mapping[str, Any]]] = {}
    for body in bodies:
        by_kind.setdefault(body["kind"], []).append(body)
    attempts = by_kind.get("attempt", [])
    verdicts = Counter(body["verdict"] for body in attempts)
    refused = {body["sbd"] for body in attempts if body["verdict"] == Verdict.REFUSE and "sbd" in body}
    decided = Counter(body["decided"] for body in by_kind.get("decision", []))
    manual = Counter(str(body["outcome"]).startswith("admitted") for body in by_kind.get("manual", []))
    checks = fold.checks
    return {
        "attempts": len(attempts),
        "attempts-admit": verdicts[Verdict.ADMIT],
        "attempts-refer": verdicts[Verdict.REFER],
        "attempts-refuse": verdicts[Verdict.REFUSE],
        "attempts-unlisted": sum("sbd" not in body for body in attempts),
        "people-refused": len(refused),
        "scans": sum(_read(body) for body in attempts),
        **{f"checks-{name}": checks[name] for name in CHECKS},
        "checks": sum(checks.values()),
        "overrides": len(by_kind.get("override", [])),
        "decisions-admitted": decided["admitted"],
        "decisions-not-admitted": decided.total() - decided["admitted"],
        "manuals-admitted": manual[True],
        "manuals-not-admitted": manual[False],
        "incidents": len(
            {str(body.get("incident", (body["origin"], body["seq"]))) for body in by_kind.get("incident", [])}
        ),
        "suspended": fold.suspended,
        "spot-checks": len(by_kind.get("spot-check", [])),
    }


def _read(body: Mapping[str, Any]) -> bool:
    """Whether an attempt read the chip to its end."""
    row = body["checks"].get("chip-read")
    return isinstance(row, dict) and row.get("outcome") == "passed"
