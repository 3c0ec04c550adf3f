"""The numbers behind the page of pictures: throughput, waiting, reasons, overrides. Pure; nobody is named but users.

Times are UTC in the log and Vietnamese on the page. Intervals: E. B. Wilson, JASA 22 (1927), 209, z = 1.96.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from reports.model17_tally import Admission, Fold
from sessions.checkpoint import station_of
from sessions.course.entries import SessionEntry
from sessions.record import Verdict, parse_utc
from sessions.vietnam import VIETNAM

QUARTERS: Final = 96
"""Quarter hours of a day."""
Z_95: Final = 1.959963984540054
_FIRST: Final = "check-in"


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """How long something took, in seconds: each value, sorted. Quantiles are values that occurred (nearest rank)."""

    seconds: tuple[float, ...] = field(repr=False)

    @property
    def n(self) -> int:
        """How many were measured."""
        return len(self.seconds)

    def quantile(self, part: float) -> float | None:
        """Return the smallest value that at least this part of all values do not exceed; None of none."""
        if not self.seconds:
            return None
        return self.seconds[max(0, math.ceil(part * len(self.seconds)) - 1)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """How long people waited to be let in: `called` from being called for the component, `started`, of whom no call
    was entered, from its start. `before`: let in before it started, who waited for nothing; `unknown`: neither is in
    the log. `desk`: from the first check's beginning to being let in.
    """

    called: Spread
    started: Spread
    desk: Spread
    before: int
    unknown: int

    @property
    def wait(self) -> Spread:
        """Both together."""
        return Spread(seconds=tuple(sorted((*self.called.seconds, *self.started.seconds))))


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """How often a reason stands in checks that let nobody in: `refer`, `refuse`."""

    code: str
    refer: int
    refuse: int

    @property
    def total(self) -> int:
        """Both together."""
        return self.refer + self.refuse


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """One person who decides: `overrides` of `cases` that the machine referred, and the 95 % interval of the share."""

    user: str
    overrides: int
    cases: int
    low: float
    high: float

    @property
    def share(self) -> float:
        """The share, 0 to 1."""
        return self.overrides / self.cases


@dataclass(frozen=True, slots=True, kw_only=True)
class Pictures:
    """Everything on the page. `throughput`: by station, how many were let in by quarter hour of the day (96 counts);
    `verdicts`: of all checks; `mean`: overrides of all referred cases, 0 to 1, or None of none.
    """

    sessions: int
    days: int
    attempts: int
    verdicts: Mapping[str, int]
    throughput: Mapping[str, tuple[int, ...]]
    waiting: Waiting
    reasons: tuple[Reason, ...]
    rates: tuple[Rate, ...]
    mean: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sitting:
    """One session's entries and components."""

    day: str
    entries: Sequence[SessionEntry] = field(repr=False)
    components: Sequence[str]


def pictures_of(sittings: Iterable[Sitting]) -> Pictures:
    """Return the numbers of some sessions."""
    watch = _Watch()
    days = set()
    count = 0
    for sitting in sittings:
        count += 1
        days.add(sitting.day)
        watch.take(sitting)
    return watch.pictures(sessions=count, days=len(days))


def wilson(hits: int, n: int) -> tuple[float, float]:
    """Return the 95 % interval of a share, 0 to 1; of nothing it is everything."""
    if n == 0:
        return 0.0, 1.0
    share, z2 = hits / n, Z_95 * Z_95
    middle = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = Z_95 * math.sqrt(share * (1 - share) / n + z2 / (4 * n * n)) / (1 + z2 / n)
    # the ends are exact where nothing or everything hit
    return (0.0 if hits == 0 else middle - half), (1.0 if hits == n else middle + half)


class _Watch:
    """Adds up sessions."""

    def __init__(self) -> None:
        self._verdicts: Counter[str] = Counter()
        self._throughput: dict[str, list[int]] = {}
        self._reasons: dict[str, Counter[str]] = {}
        self._waits: dict[str, list[float]] = {"called": [], "started": []}
        self._desk: list[float] = []
        self._bases: Counter[str] = Counter()
        self._overrides: Counter[str] = Counter()
        self._cases: Counter[str] = Counter()

    def take(self, sitting: Sitting) -> None:
        """Take in a session."""
        fold = Fold(sitting.components)
        times = _Times()
        for entry in sitting.entries:
            times.take(entry)
            known = len(fold.admissions)
            fold.take(entry)
            for admission in fold.admissions[known:]:
                self._admitted(admission, times)
            if entry.kind == "attempt":
                self._attempt(entry)
        for user, overridden in _deciders(sitting.entries):
            self._cases[user] += 1
            self._overrides[user] += overridden

    def _attempt(self, entry: SessionEntry) -> None:
        verdict = str(entry.body["verdict"])
        self._verdicts[verdict] += 1
        if verdict != Verdict.ADMIT:
            for code in dict.fromkeys(str(code) for code in entry.body["reasons"]):
                self._reasons.setdefault(code, Counter())[verdict] += 1

    def _admitted(self, admission: Admission, times: _Times) -> None:
        at = parse_utc(admission.entry.at)
        local = at.astimezone(VIETNAM)
        station = station_of(admission.entry.origin)
        counts = self._throughput.setdefault(station, [0] * QUARTERS)
        counts[local.hour * 4 + local.minute // 15] += 1
        base, since = times.base(admission, at)
        self._bases[base] += 1
        if since is not None:
            self._waits[base].append((at - since).total_seconds())
        begun = times.begun.get((admission.sbd, admission.component))
        if begun is not None and begun <= at:
            self._desk.append((at - begun).total_seconds())

    def pictures(self, *, sessions: int, days: int) -> Pictures:
        """Return everything taken in."""
        cases, overrides = self._cases.total(), self._overrides.total()
        rates = [self._rate(user) for user in sorted(self._cases)]
        reasons = [
            Reason(code=code, refer=found[Verdict.REFER], refuse=found[Verdict.REFUSE])
            for code, found in self._reasons.items()
        ]
        return Pictures(
            sessions=sessions,
            days=days,
            attempts=self._verdicts.total(),
            verdicts={verdict.value: self._verdicts[verdict] for verdict in Verdict},
            throughput={name: tuple(counts) for name, counts in sorted(self._throughput.items())},
            waiting=Waiting(
                called=Spread(seconds=tuple(sorted(self._waits["called"]))),
                started=Spread(seconds=tuple(sorted(self._waits["started"]))),
                desk=Spread(seconds=tuple(sorted(self._desk))),
                before=self._bases["before"],
                unknown=self._bases["unknown"],
            ),
            reasons=tuple(sorted(reasons, key=lambda each: (-each.total, each.code))),
            rates=tuple(sorted(rates, key=lambda each: (-each.cases, each.user))),
            mean=overrides / cases if cases else None,
        )

    def _rate(self, user: str) -> Rate:
        cases, overrides = self._cases[user], self._overrides[user]
        low, high = wilson(overrides, cases)
        return Rate(user=user, overrides=overrides, cases=cases, low=low, high=high)


class _Times:
    """When people were called, components started, checks began."""

    def __init__(self) -> None:
        self.begun: dict[tuple[str, str], datetime] = {}
        self._attempts: dict[str, datetime] = {}
        self._called: dict[tuple[str, str], datetime] = {}
        self._started: dict[str, list[datetime]] = {}

    def take(self, entry: SessionEntry) -> None:
        """Take in an entry."""
        body = entry.body
        if entry.kind == "component":
            self._component(entry)
        elif entry.kind == "begin":
            self._attempts[body["attempt"]] = parse_utc(entry.at)
        elif entry.kind == "attempt" and "sbd" in body and body.get("purpose", _FIRST) == _FIRST:
            begun = self._attempts.get(body["attempt"])
            if begun is not None:
                self.begun.setdefault((body["sbd"], body["component"]), begun)

    def _component(self, entry: SessionEntry) -> None:
        body = entry.body
        if body["event"] == "called":
            for sbd in body.get("called", ()):
                self._called[str(sbd), body["component"]] = parse_utc(entry.at)
        elif body["event"] == "started" and "starts_at" in body:
            self._started.setdefault(body["component"], []).append(parse_utc(body["starts_at"]))

    def base(self, admission: Admission, at: datetime) -> tuple[str, datetime | None]:
        """Return since when somebody waited, and what that is."""
        called = self._called.get((admission.sbd, admission.component))
        if called is not None and called <= at:
            return "called", called
        started = self._started.get(admission.component, [])
        earlier = [each for each in started if each <= at]
        if earlier:
            return "started", max(earlier)
        return ("before" if started else "unknown"), None


def _deciders(entries: Iterable[SessionEntry]) -> list[tuple[str, bool]]:
    """Return who decided each case that the machine referred, and whether by an override.

    A case is one candidate at one component. Who entered the override decided it; without one, whoever made the last
    check that referred it.
    """
    referred: dict[tuple[str, str], str] = {}
    overridden: dict[tuple[str, str], str] = {}
    tried: dict[str, str] = {}
    for entry in entries:
        body = entry.body
        if entry.kind == "attempt":
            tried[body["attempt"]] = body["component"]
            first = body.get("purpose", _FIRST) == _FIRST
            if first and "sbd" in body and body["verdict"] == Verdict.REFER:
                referred[body["sbd"], body["component"]] = str(body["operator"]["id"])
        elif entry.kind == "override":
            component = str(body.get("component", tried.get(body["of"], "")))
            overridden.setdefault((body["sbd"], component), str(body["operator"]["id"]))
    return [
        (overridden.get(case, referred.get(case, "")), case in overridden)
        for case in sorted(referred.keys() | overridden.keys())
    ]
