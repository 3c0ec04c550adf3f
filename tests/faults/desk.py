"""A station in a directory whose power fails: what it does, what it said, and the proof after the restart."""

from __future__ import annotations

import hashlib
import os
import random
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from sessions import merkle
from sessions.closing import is_closed
from sessions.errors import EvidenceErasedError
from sessions.finding import Severity
from sessions.instance import Instance
from sessions.keys import KeyBundle
from sessions.record import SystemClock
from sessions.session import Session, list_sessions
from sessions.store import Receipt, Store
from tests.faults.disk import DIRECTORY, State
from tests.faults.recorder import IGNORED
from tests.support.packs import open_session
from tests.support.sessions_station import OPERATOR, Bench, evidence, record

RESTART_LIMIT_S = 30.0
MACHINE = b"the machine of this test"
REGULAR = {"session-not-closed", "session-not-opened", "session-empty", "clock-back", "attempt-without-begin"}
"""What may be worth a look in these logs, whatever the power did."""


@dataclass(slots=True)
class Said:
    """What the station acknowledged: entries with their leaf hashes, attempts begun, ended and set aside."""

    entries: dict[int, bytes] = field(default_factory=dict)
    begun: set[str] = field(default_factory=set)
    ended: dict[str, int] = field(default_factory=dict)
    aside: set[str] = field(default_factory=set)
    other: list[tuple[Any, ...]] = field(default_factory=list)

    @classmethod
    def of(cls, marks: Iterable[tuple[object, ...]]) -> Said:
        """Return what the marks of a record say."""
        said = cls()
        for what, *rest in marks:
            if what == "entry":
                said.entries[rest[0]] = rest[1]  # type: ignore[index, assignment]
            elif what == "begun":
                said.begun.add(str(rest[0]))
            elif what == "ended":
                said.ended[str(rest[0])] = int(str(rest[1]))
            elif what == "aside":
                said.aside.add(str(rest[0]))
            else:
                said.other.append((what, *rest))
        return said

    def plus(self, other: Said) -> Said:
        """Return both together."""
        return Said(
            entries=self.entries | other.entries,
            begun=self.begun | other.begun,
            ended=self.ended | other.ended,
            aside=self.aside | other.aside,
            other=[*self.other, *other.other],
        )


@dataclass
class Proof:
    """What a restart showed."""

    seconds: float
    size: int
    complaint: str


class Desk:
    """One station: its keys, its clock, its directory."""

    def __init__(self, root: Path, bench: Bench | None = None) -> None:
        self.root = root
        self.bench = bench or Bench(path=root / "station.db")
        self.said = Said()
        self._say: Any = None

    @property
    def path(self) -> Path:
        """The log."""
        return self.root / "station.db"

    def instance(self) -> Instance:
        """The machine's memory, in two places of the same disk."""
        places = [self.root / "memory" / "one", self.root / "elsewhere" / "two"]
        return Instance(
            places, station=self.bench.origin, evidence_key=self.bench.bundle.evidence_key, machine=MACHINE
        )

    def create(self) -> Store:
        """Make the log."""
        return Store.create(self.path, **self.bench.keys, instance=self.instance())

    def open(self) -> Store:
        """Open the log as the product does."""
        return Store.open(self.path, **self.bench.keys, instance=self.instance())

    def adopt(self, keys: KeyBundle) -> None:
        """Work with these keys, and with the machine's own clocks, in another process."""
        self.bench = Bench(path=self.path, bundle=keys, clock=SystemClock())  # type: ignore[arg-type]

    # -- saying -----------------------------------------------------------------------------------

    def listen(self, say: Any) -> None:
        """Tell `say` what is acknowledged from now on."""
        self._say = say

    def say(self, *what: object) -> None:
        """Acknowledge something."""
        if self._say is not None:
            self._say(*what)

    def entry(self, store: Store, receipt: Receipt) -> Receipt:
        """Acknowledge an entry."""
        self.say("entry", receipt.seq, store.node(0, receipt.seq))
        return receipt

    # -- working ----------------------------------------------------------------------------------

    def check_in(self, store: Store, number: int, rng: random.Random, *, size: int = 9_000) -> None:
        """One attempt from its beginning to its end, said twice now and then."""
        session = self.session(store)
        attempt = record(number, session_id=session.session_id, sbd=f"{number % 3 + 1:03d}")
        receipt = store.begin_attempt(
            attempt.attempt_id, session=session.session_id, component="theory", operator=OPERATOR
        )
        self.entry(store, receipt)
        self.say("begun", attempt.attempt_id)
        if rng.random() < 0.05:
            return  # the reader hangs: nobody ends this one
        for _ in range(1 + (rng.random() < 0.2)):
            receipt = self.entry(store, store.append_attempt(attempt, evidence(number, rng.randrange(size))))
            self.say("ended", attempt.attempt_id, receipt.seq)

    def session(self, store: Store) -> Session:
        """The session under way; a new one where there is none."""
        for session in list_sessions(store):
            if not is_closed(store, session.session_id):
                return session
        session = open_session(store)
        self.say("entry", session.seq, store.node(0, session.seq))
        return session

    # -- proving ----------------------------------------------------------------------------------

    def put(self, state: State) -> None:
        """Make the directory what a cut left of it; files that stay keep their numbers."""
        wanted = dict(state.reachable())
        for folder, folders, files in os.walk(self.root, topdown=False):
            for name in (*files, *folders):
                path = Path(folder) / name
                here = path.relative_to(self.root).as_posix()
                if here not in wanted or here.endswith(IGNORED):
                    path.rmdir() if path.is_dir() else path.unlink()
        for name, node in wanted.items():
            if node == DIRECTORY:
                (self.root / name).mkdir(exist_ok=True)
            else:
                (self.root / name).write_bytes(state.contents.get(node, b""))

    def complaint(self) -> str:
        """What verification says of the files as the power left them: "", or what it may say."""
        report = self.bench.verify()
        found = {finding.code for finding in report.findings if finding.severity is Severity.ALTERED}
        assert found <= {"log-altered-page"}, report.findings
        return "log-altered-page" if found else ""

    def prove(self, said: Said) -> Proof:
        """Start again with the product's own library, and demand everything that was acknowledged."""
        complaint = self.complaint()
        started = time.monotonic()
        with self.open() as store:
            seconds = time.monotonic() - started
            assert seconds <= RESTART_LIMIT_S
            self._demand(store, said)
            self._demand_evidence(store)
            body = {"session": self.session(store).session_id, "code": "restarted"}
            size = store.append("incident", body, operator=OPERATOR).size
        report = self.bench.verify(evidence_key=self.bench.bundle.evidence_key)
        assert report.ok, report.findings
        assert report.size == size
        assert {finding.code for finding in report.findings} <= REGULAR, report.findings
        return Proof(seconds=seconds, size=size, complaint=complaint)

    def _demand(self, store: Store, said: Said) -> None:
        size = store.head().size
        for seq, leaf in said.entries.items():
            assert seq < size, f"entry {seq} was acknowledged and is lost"
            assert merkle.leaf_hash(store.body(seq)) == leaf, f"entry {seq} is another one"
        attempts = [(entry.body["attempt"], entry.seq) for entry in store.entries("attempt")]
        kept = dict(attempts)
        assert len(kept) == len(attempts), "an attempt was written twice"
        assert said.ended.items() <= kept.items(), "an attempt that ended is lost"
        assert said.aside <= kept.keys(), "an attempt that was set aside is lost"
        begun = [entry.body["attempt"] for entry in store.entries("begin")]
        assert len(set(begun)) == len(begun), "an attempt began twice"
        assert said.begun <= set(begun), "the beginning of an attempt is lost"
        assert set(begun) <= kept.keys(), "an attempt that began has no end"

    def _demand_evidence(self, store: Store) -> None:
        """Every piece is what it was, or erased altogether."""
        erased = self.erased(store)
        for entry in store.entries("attempt"):
            for name, digest in entry.body.get("evidence", {}).items():
                if (entry.seq, name) in erased:
                    with pytest.raises(EvidenceErasedError):
                        store.evidence(entry.seq, name)
                    continue
                piece = store.sealed(entry.seq, name)
                assert hashlib.sha256(piece.ciphertext).hexdigest() == digest
                number = int(str(entry.body["attempt"]).rpartition("-")[2])
                found = store.evidence(entry.seq, name)
                assert found in {evidence(number)[name], evidence(number, len(found))[name]}

    def erased(self, store: Store) -> set[tuple[int, str]]:
        """The pieces that a shred entry names."""
        return {
            (target["seq"], name)
            for entry in store.entries("shred")
            for target in entry.body["targets"]
            for name in target["names"]
        }
