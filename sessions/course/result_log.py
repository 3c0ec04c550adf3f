"""What results, corrections and passed components of a log come to: each correction in the place of what it corrects.

Nothing is changed in the log: a correction is an entry of its own. Pure; the entries come from one or several stations.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import lru_cache
from typing import Any, Final

from sessions.checkpoint import station_of
from sessions.course.entries import SessionEntry
from sessions.course.grading import points_body, points_of

VOID: Final = "void"
"""The outcome with which a correction takes a result, or a passed component, back altogether."""
Place = tuple[str, int]
"""Where an entry stands: station and number."""
Subject = tuple[str, str]
"""Whose and of what: candidate number and component."""


_station = lru_cache(maxsize=64)(station_of)


def place_of(entry: SessionEntry) -> Place:
    """Return where an entry stands: its station, whatever the epoch, and its number there."""
    return _station(entry.origin), entry.seq


def target_of(entry: SessionEntry) -> Place:
    """Return which entry a correction corrects: of its own log, or one that another station's part brought."""
    body = entry.body
    if "of_station" in body and "of_seq" in body:
        return str(body["of_station"]), int(body["of_seq"])
    return station_of(entry.origin), int(body["corrects"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """A result as entered and corrected. `values` are those in force; `corrections` in order, the last one counts."""

    sbd: str
    component: str
    entry: SessionEntry = field(repr=False)
    values: Mapping[str, Any]
    corrections: tuple[SessionEntry, ...] = field(default=(), repr=False)

    @property
    def void(self) -> bool:
        """Whether it was taken back."""
        return self.values.get("outcome") == VOID

    @property
    def newest(self) -> SessionEntry:
        """The entry that a further correction has to name."""
        return self.corrections[-1] if self.corrections else self.entry


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A component passed elsewhere or earlier, as somebody stated it. `where` is what the list said, or empty."""

    sbd: str
    component: str
    passed_on: date
    points_e2: int | None
    where: str
    source: str
    reference: str
    entry: SessionEntry = field(repr=False)
    corrections: tuple[SessionEntry, ...] = field(default=(), repr=False)
    void: bool = False

    @property
    def values(self) -> dict[str, Any]:
        """What is in force of it: the day, the points; or that it was taken back."""
        if self.void:
            return {"outcome": VOID}
        points = {} if self.points_e2 is None else points_body(self.points_e2)
        return {"passed_on": self.passed_on.isoformat(), **points}

    @property
    def newest(self) -> SessionEntry:
        """The entry that a further correction has to name."""
        return self.corrections[-1] if self.corrections else self.entry


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """Two things in the log that do not agree; `seq` and `other` are numbers of entries in the logs they stand in.

    Codes: result-twice (with other values; the first counts), result-not-admitted, absent-but-admitted,
    result-regraded (the rules say otherwise, and the rules count), result-out-of-order (an
    earlier component was not passed), correction-unknown, correction-twice (both correct
    the same; the later counts), prior-in-future (not counted), result-and-prior.
    """

    code: str
    sbd: str
    component: str
    seq: int
    other: int | None = None


@dataclass(slots=True)
class ResultLog:
    """What was found: results and passed components by candidate and component, and what does not agree.

    `every_result` and `every_kept` have also those that do not count: said a second time, or taken back.
    """

    results: dict[Subject, Recorded] = field(default_factory=dict)
    kept: dict[Subject, Kept] = field(default_factory=dict)
    every_result: tuple[Recorded, ...] = ()
    every_kept: tuple[Kept, ...] = ()
    conflicts: list[Conflict] = field(default_factory=list)


def read_results(entries: Iterable[SessionEntry]) -> ResultLog:
    """Return what the result, correction and prior entries of a session come to."""
    reader = _Reader()
    corrections: list[SessionEntry] = []
    for entry in entries:
        if entry.kind == "result":
            reader.result(entry)
        elif entry.kind == "prior":
            reader.prior(entry)
        elif entry.kind == "correction":
            corrections.append(entry)
    reader.corrections(corrections)
    return reader.ended()


class _Reader:
    """Takes the entries in order. `roots`: from a place to the entry that everything there corrects."""

    def __init__(self) -> None:
        self._results: dict[tuple[Place, Subject], Recorded] = {}
        self._kept: dict[tuple[Place, Subject], Kept] = {}
        self._roots: dict[Place, Place] = {}
        self._found = ResultLog()

    def result(self, entry: SessionEntry) -> None:
        body, place = entry.body, place_of(entry)
        subject = (body["sbd"], body["component"])
        self._roots[place] = place
        self._results[place, subject] = Recorded(
            sbd=subject[0], component=subject[1], entry=entry, values=values_of(body)
        )

    def prior(self, entry: SessionEntry) -> None:
        place = place_of(entry)
        self._roots[place] = place
        for row in entry.body["passes"]:
            kept = _kept(entry, row)
            if kept is not None:
                self._kept[place, (kept.sbd, kept.component)] = kept

    def corrections(self, entries: list[SessionEntry]) -> None:
        """Apply corrections, each after what it corrects: another station's clock may be ahead of this one's."""
        left = entries
        while left:
            late = [entry for entry in left if not self._correct(entry)]
            if len(late) == len(left):
                break
            left = late
        for entry in left:
            subject = _subject(entry)
            self._conflict("correction-unknown", *subject, entry.seq, target_of(entry)[1])

    def _correct(self, entry: SessionEntry) -> bool:
        """Apply a correction if what it corrects is known; else False."""
        target, subject = target_of(entry), _subject(entry)
        root = self._roots.get(target)
        if root is None:
            return False
        if (root, subject) in self._results:
            known = self._results[root, subject]
            self._note_twice(known, target, entry)
            self._results[root, subject] = replace(
                known, values=dict(entry.body.get("values", {})), corrections=(*known.corrections, entry)
            )
        elif (root, subject) in self._kept:
            stated = self._kept[root, subject]
            self._note_twice(stated, target, entry)
            self._kept[root, subject] = _corrected(stated, entry)
        else:
            return False
        self._roots[place_of(entry)] = root
        return True

    def ended(self) -> ResultLog:
        """Settle what was stated more than once: the first result counts, and the latest day of a passed component."""
        found = self._found
        found.every_result, found.every_kept = tuple(self._results.values()), tuple(self._kept.values())
        for (_, subject), record in self._results.items():
            if record.void:
                continue
            first = found.results.setdefault(subject, record)
            if first is not record and first.values != record.values:
                self._conflict("result-twice", *subject, record.entry.seq, first.entry.seq)
        for (_, subject), kept in self._kept.items():
            if not kept.void and (
                subject not in found.kept or found.kept[subject].passed_on < kept.passed_on
            ):
                found.kept[subject] = kept
        return found

    def _note_twice(self, known: Recorded | Kept, target: Place, entry: SessionEntry) -> None:
        if place_of(known.newest) != target:
            self._conflict("correction-twice", known.sbd, known.component, entry.seq, known.newest.seq)

    def _conflict(self, code: str, sbd: str, component: str, seq: int, other: int | None = None) -> None:
        self._found.conflicts.append(Conflict(code=code, sbd=sbd, component=component, seq=seq, other=other))


def _subject(entry: SessionEntry) -> Subject:
    return str(entry.body.get("sbd", "")), str(entry.body.get("component", ""))


def values_of(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a result says, of its body: outcome, points, whether a critical question was failed."""
    names = ("outcome", "points_e1", "points_e2", "critical_failed")
    return {name: body[name] for name in names if name in body}


def _kept(entry: SessionEntry, row: Mapping[str, Any]) -> Kept | None:
    """Return what one row of a prior entry states; None for a row that is none."""
    try:
        return Kept(
            sbd=str(row["sbd"]),
            component=str(row["component"]),
            passed_on=date.fromisoformat(str(row["passed_on"])),
            points_e2=points_of(row),
            where=str(row.get("where", "")),
            source=str(entry.body["source"]),
            reference=str(entry.body["reference"]),
            entry=entry,
        )
    except (KeyError, TypeError, ValueError):
        return None


def _corrected(kept: Kept, entry: SessionEntry) -> Kept:
    """Return a passed component under a correction: another day, other points, or taken back."""
    values: Mapping[str, Any] = entry.body.get("values", {})
    corrections = (*kept.corrections, entry)
    if values.get("outcome") == VOID:
        return replace(kept, void=True, corrections=corrections)
    row = {"sbd": kept.sbd, "component": kept.component, "passed_on": kept.passed_on.isoformat(), **values}
    new = _kept(kept.entry, row)
    if new is None:
        return replace(kept, corrections=corrections)
    return replace(new, where=kept.where, corrections=corrections)
