"""Power cuts: an operation runs once under record, and the record is cut at random moments; each cut is a restart."""

from __future__ import annotations

import random
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from sessions.closing import close_session, is_closed
from sessions.errors import StoreError
from sessions.record import Second
from sessions.selection import select
from sessions.session import list_sessions
from sessions.shredding import shred_selection
from tests.faults import root_desk
from tests.faults.cut_vfs import Library
from tests.faults.desk import Desk, Said
from tests.faults.disk import State
from tests.faults.recorder import IGNORED, Recorder
from tests.support.schema_1_log import write_schema_1
from tests.support.sessions_station import OPERATOR, Bench

CUTS_PER_RUN = 8
RUNS_PER_STATION = 4
ATTEMPTS = 6
SECOND = Second(user_id="nv02", role="chairman")

Run = Callable[[Desk, random.Random, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """Something that the power may interrupt: how the station stands before, and what it does."""

    name: str
    run: Run
    prepare: Callable[[Desk], None] = lambda desk: desk.create().close()
    desk: Callable[[Path], Desk] = Desk
    again: bool = True
    """Whether it can go on from what a cut left."""


@dataclass(slots=True)
class Tally:
    """The counts of a series of cuts."""

    cuts: int = 0
    runs: int = 0
    acknowledged: int = 0
    lost: int = 0
    complaints: int = 0
    slowest_s: float = 0.0
    events: int = 0
    failures: Counter[str] = field(default_factory=Counter)


def check_in(desk: Desk, rng: random.Random, first: int) -> None:
    """Attempts, one after the other."""
    with desk.open() as store:
        desk.say("open")
        for number in range(first, first + ATTEMPTS):
            desk.check_in(store, number, rng)


def migrate(desk: Desk, rng: random.Random, first: int) -> None:
    """A log of schema 1 is opened, brought to schema 2, and written to."""
    check_in(desk, rng, 1_000 + first)


def prepare_schema_1(desk: Desk) -> None:
    """A log as schema 1 left it; what is in it was acknowledged long ago."""
    write_schema_1(desk.bench, attempts=5)


def close(desk: Desk, rng: random.Random, first: int) -> None:
    """Two sessions, one after the other, each closed."""
    with desk.open() as store:
        for number in range(first, first + 4):
            desk.check_in(store, number, rng)
            if number % 2 == 0:
                session = desk.session(store)
                desk.entry(store, close_session(store, session, operator=OPERATOR))


def prepare_closed(desk: Desk) -> None:
    """A closed session of three candidates."""
    rng = random.Random(1)
    with desk.create() as store:
        for number in range(9_000, 9_006):
            desk.check_in(store, number, rng)
        close_session(store, desk.session(store), operator=OPERATOR)


def erase(desk: Desk, rng: random.Random, _first: int) -> None:
    """A candidate is erased, or what is left of a session; new attempts are made beside it."""
    with desk.open() as store:
        session = next(each for each in list_sessions(store) if is_closed(store, each.session_id))
        for sbd in rng.choice((("001", None), ("002", "003"), (None,))):
            selection = select(store, session.session_id, sbd=sbd)
            scope = "session" if sbd is None else "candidate"
            for receipt in shred_selection(
                store, selection, scope=scope, reason="test", operator=OPERATOR, second=SECOND
            ):
                desk.entry(store, receipt)
            desk.check_in(store, 9_100 + rng.randrange(800), rng)


OPERATIONS: dict[str, Operation] = {
    each.name: each
    for each in (
        Operation(name="check-in", run=check_in),
        Operation(name="close", run=close),
        Operation(name="migration", run=migrate, prepare=prepare_schema_1, again=False),
        Operation(name="erase", run=erase, prepare=prepare_closed, again=False),
        Operation(
            name="backup", run=root_desk.backup, prepare=root_desk.prepare_root, desk=root_desk.RootDesk
        ),
        Operation(name="pack", run=root_desk.pack, prepare=root_desk.prepare_root, desk=root_desk.RootDesk),
    )
}


def cut_power(
    operation: Operation,
    *,
    count: int,
    seed: int,
    folder: Path,
    synchronous: str = "FULL",
    tolerant: bool = False,
) -> Tally:
    """Cut the power `count` times and prove each restart.

    With `tolerant`, what is lost is counted instead of raised: for the control that must lose something.
    """
    tally, rng = Tally(), random.Random(seed)
    while tally.cuts < count:
        root = Path(tempfile.mkdtemp(dir=folder))
        desk = operation.desk(root)
        operation.prepare(desk)
        for number in range(RUNS_PER_STATION if operation.again and not tolerant else 1):
            try:
                _one_run(operation, desk, rng, tally, number, count, synchronous)
            except (AssertionError, StoreError) as error:
                if not tolerant:
                    raise
                tally.lost += 1
                tally.failures[str(error).split("\n")[0][:60]] += 1
            if tally.cuts >= count:
                break
        shutil.rmtree(root)
    return tally


def _one_run(
    operation: Operation,
    desk: Desk,
    rng: random.Random,
    tally: Tally,
    number: int,
    count: int,
    synchronous: str,
) -> None:
    recorder = Recorder(desk.root)
    library = Library(
        recorder=recorder, replace={"PRAGMA synchronous = FULL": f"PRAGMA synchronous = {synchronous}"}
    )
    desk.listen(recorder.mark)
    with library.installed(), recorder.active():
        operation.run(desk, rng, 1 + number * 100)
    desk.listen(None)
    tally.runs += 1
    tally.events += len(recorder.record.events)
    for _ in range(min(CUTS_PER_RUN, count - tally.cuts)):
        moment = rng.randrange(len(recorder.record.events) + 1)
        state = recorder.record.cut(moment, rng)
        said = desk.said.plus(Said.of(recorder.record.marks(moment)))
        desk.put(state)
        tally.cuts += 1
        tally.acknowledged += len(said.entries)
        proof = desk.prove(said)
        tally.complaints += bool(proof.complaint)
        tally.slowest_s = max(tally.slowest_s, proof.seconds)
    if rng.random() < 0.5:
        desk.put(state)  # the next run begins with the restart itself under record
        desk.said = said
    else:
        desk.said = said


def snapshot(root: Path) -> State:
    """Return a directory as it is, SQLite's shared memory left out."""
    return State.read(root, ignore=IGNORED)


def bench_of(root: Path) -> Bench:
    """Return a bench at a directory."""
    return Bench(path=root / "station.db")
