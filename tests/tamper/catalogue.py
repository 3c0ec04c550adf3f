"""The catalogue: every class of tampering, what finds it, and the runner that tries and counts."""

from __future__ import annotations

import copy
import random
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from pathlib import Path

from sessions.engine import DatabaseError
from tests.support.sessions_station import OPERATOR, Bench
from tests.tamper import raw, rebuilt, rows
from tests.tamper.subject import Files, Subject


class Found(StrEnum):
    """What finds a change."""

    CHAIN = "found by the chain alone"
    ANCHOR = "found with an anchor"
    NOT = "not found without one"


Mutate = Callable[[Subject, Path, random.Random], str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One class of tampering. `files` are what the insider begins with."""

    target: str
    how: str
    label: Found
    mutate: Mutate
    files: Callable[[Subject], Files] = lambda subject: subject.today
    reported: frozenset[str] = frozenset()
    """Findings that count although the log is called good all the same: what they name is worth a person's look."""
    judge: Callable[[Subject, Path], Found] | None = None
    """How a change of something else than the log is judged."""
    rare: bool = False
    """Whether there may be no such change to make."""

    @property
    def name(self) -> str:
        """What the class is called in a report."""
        return f"{self.target}: {self.how}"


@dataclass(slots=True)
class Count:
    """How often a class was tried, and how it was found."""

    case: Case
    found: Counter[Found] = field(default_factory=Counter)

    @property
    def missed(self) -> int:
        """How often it came out otherwise than labelled."""
        return sum(count for label, count in self.found.items() if label is not self.case.label)


class Tampering:
    """The subject, a directory to work in, and the counts."""

    def __init__(self, subject: Subject, folder: Path, *, seed: int) -> None:
        self.subject, self.root = subject, folder
        self.rng = random.Random(seed)
        self.counts: dict[str, Count] = {}
        self.misses: list[str] = []
        folder.mkdir(parents=True, exist_ok=True)

    def judge(self, case: Case) -> Found:
        """What finds the change in the directory."""
        if case.judge is not None:
            return case.judge(self.subject, self.root)
        report = self.subject.verify(self.root)
        if not report.ok or case.reported & {finding.code for finding in report.findings}:
            return Found.CHAIN
        if not self.subject.verify(self.root, anchored=True).ok:
            return Found.ANCHOR
        return Found.NOT

    def once(self, case: Case) -> Found | None:
        """Make one change and judge it; None where the database would not have it, or nothing changed."""
        if case.judge is None:
            case.files(self.subject).put(self.root)
        try:
            what = case.mutate(self.subject, self.root, self.rng)
        except DatabaseError:
            return None
        if what is None:
            return None
        found = self.judge(case)
        self.counts.setdefault(case.name, Count(case)).found[found] += 1
        if found is not case.label:
            self.misses.append(f"{case.name}: {what}: {found}, not {case.label}")
        return found

    def run(self, cases: Iterable[Case], count: int) -> None:
        """Try so many changes in all, class after class."""
        todo, done = list(cases), 0
        while done < count and todo:
            for case in list(todo):
                tries = 3 if case.rare else 200
                if all(self.once(case) is None for _ in range(tries)):
                    todo.remove(case)
                    if not case.rare:
                        self.misses.append(f"{case.name}: the database refuses it")
                    continue
                done += 1
                if done >= count:
                    break

    def table(self) -> str:
        """The counts of each class, as the rows of a table in Markdown."""
        lines = ["| target | change | expected | tried | missed |", "|---|---|---|---|---|"]
        lines += [
            f"| {count.case.target} | {count.case.how} | {count.case.label} | {count.found.total()} | {count.missed} |"
            for count in self.counts.values()
        ]
        tried = sum(count.found.total() for count in self.counts.values())
        return "\n".join([*lines, f"| all | | | {tried} | {len(self.misses)} |"])


def _row_cases() -> list[Case]:
    unseen = {("cosignatures", "delete"), ("cosignatures", "delete several")}
    return [
        Case(
            target=f"rows of {table}",
            how=how,
            label=Found.NOT if (table, how) in unseen else Found.CHAIN,
            mutate=rows.apply_to_rows(table, change),
            reported=frozenset({"witness-unpinned"} if table == "cosignatures" else ()),
            rare=(table, how) == ("shredded", "swap values"),  # one entry erased them all
        )
        for table in rows.COLUMNS
        for how, change in rows.ROW_CHANGES.items()
    ]


def _schema_cases() -> list[Case]:
    return [
        Case(target="schema", how=how, label=Found.CHAIN, mutate=rows.apply_to_schema(change))
        for how, change in rows.TABLE_CHANGES.items()
    ]


def _with_wal(subject: Subject) -> Files:
    return subject.with_wal


def _raw_cases(used: list[int]) -> list[Case]:
    database = [
        Case(target="database file", how=how, label=Found.CHAIN, mutate=raw.apply_to(raw.DB, change))
        for how, change in raw.DATABASE_CHANGES.items()
    ]
    wal = [
        Case(
            target="write-ahead log",
            how=how,
            label=Found.CHAIN,
            mutate=raw.apply_to(raw.WAL, change),
            files=_with_wal,
        )
        for how, change in raw.WAL_CHANGES.items()
    ]
    keys = [
        Case(target="key file", how=how, label=Found.CHAIN, mutate=raw.apply_to(raw.KEYS, change))
        for how, change in raw.key_changes(used).items()
    ]
    return [
        *database,
        Case(
            target="database file",
            how="some pages of yesterday",
            label=Found.CHAIN,
            mutate=raw.yesterdays_pages(in_use=True),
        ),
        Case(
            target="database file",
            how="a free page of yesterday, which nobody reads",
            label=Found.NOT,
            mutate=raw.yesterdays_pages(in_use=False),
            rare=True,
        ),
        *wal,
        Case(
            target="write-ahead log",
            how="cut the last cosignature off",
            label=Found.NOT,
            mutate=raw.apply_to(raw.WAL, raw.cut_last_commit),
            files=_with_wal,
        ),
        Case(
            target="write-ahead log",
            how="cut commits off",
            label=Found.ANCHOR,
            mutate=raw.apply_to(raw.WAL, raw.cut_commits),
            files=_with_wal,
        ),
        Case(
            target="write-ahead log",
            how="delete it",
            label=Found.ANCHOR,
            mutate=raw.remove_file(raw.WAL),
            files=_with_wal,
        ),
        Case(
            target="write-ahead log",
            how="append less than a frame",
            label=Found.NOT,
            mutate=raw.apply_to(raw.WAL, raw.append_bit),
            files=_with_wal,
        ),
        *keys,
        Case(target="key file", how="delete it", label=Found.CHAIN, mutate=raw.remove_file(raw.KEYS)),
        Case(
            target="key file",
            how="flip a byte of an unused slot",
            label=Found.NOT,
            mutate=raw.apply_to(raw.KEYS, raw.flip_unused_slot(used)),
        ),
    ]


def _move_clock(subject: Subject, root: Path, rng: random.Random) -> str:
    by = timedelta(seconds=rng.choice((-1, 1)) * rng.randint(3, 90_000))
    clock = copy.copy(subject.bench.clock)
    bench = Bench(
        path=root / "station.db", bundle=subject.bench.bundle, origin=subject.bench.origin, clock=clock
    )
    with bench.open() as store:
        clock.at += by
        session = store.entries("open")[-1].body["session"]
        store.append("incident", {"session": session, "code": "noise"}, operator=OPERATOR)
    return f"by {by}"


def _put(files: Callable[[Subject], Files]) -> Mutate:
    def mutate(subject: Subject, root: Path, _rng: random.Random) -> str:
        files(subject).put(root)
        return "whole files"

    return mutate


def _insider_cases() -> list[Case]:
    target = "edited and signed again with the station's key"
    return [
        *(
            Case(target=target, how=how, label=Found.ANCHOR, mutate=rebuilt.rebuild(edit))
            for how, edit in {**rebuilt.CONSISTENT, **rebuilt.EPOCHS_CONSISTENT}.items()
        ),
        *(
            Case(target=target, how=how, label=Found.CHAIN, mutate=rebuilt.rebuild(edit))
            for how, edit in {**rebuilt.CONTRADICTORY, **rebuilt.EPOCHS_UNPROVEN}.items()
        ),
        *(
            Case(
                target="edited and signed with another key of the same name",
                how=how,
                label=Found.CHAIN,
                mutate=rebuilt.rebuild(edit, stranger=True),
            )
            for how, edit in rebuilt.STRANGE.items()
        ),
        Case(
            target="clock",
            how="move the machine's clock while the station works",
            label=Found.CHAIN,
            mutate=_move_clock,
            reported=frozenset({"clock-jump", "clock-back"}),
        ),
        Case(
            target="whole files",
            how="restore yesterday's",
            label=Found.ANCHOR,
            mutate=_put(lambda subject: subject.yesterday),
        ),
        Case(
            target="whole files",
            how="a second copy of the station that worked on",
            label=Found.ANCHOR,
            mutate=_put(lambda subject: subject.strayed),
        ),
        Case(
            target="after the last anchor",
            how="truncate",
            label=Found.NOT,
            mutate=rebuilt.rebuild(_truncate_after),
            files=lambda subject: subject.later,
        ),
        Case(
            target="after the last anchor",
            how="change an entry",
            label=Found.NOT,
            mutate=rebuilt.rebuild(_change_after),
            files=lambda subject: subject.later,
        ),
        Case(
            target="after the last anchor",
            how="restore today's files",
            label=Found.NOT,
            mutate=_put(lambda subject: subject.today),
            files=lambda subject: subject.later,
        ),
    ]


def _truncate_after(log: rebuilt.Log, subject: Subject, rng: random.Random) -> str:
    keep = rng.randrange(subject.head_size, len(log))
    del log[keep:]
    return f"to {keep}"


def _change_after(log: rebuilt.Log, subject: Subject, rng: random.Random) -> str:
    at = rng.randrange(subject.head_size, len(log))
    log[at]["code"] = "nothing"
    return f"entry {at}"


def log_cases(subject: Subject) -> list[Case]:
    """Every class of tampering with the log and its key file."""
    return [*_row_cases(), *_schema_cases(), *_raw_cases(raw.used_slots(subject)), *_insider_cases()]
