"""A small station for tests: keys, a clock that tests own, a store, attempts, and the insider's connection."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sessions.engine import connect
from sessions.keys import Argon2, KeyBundle
from sessions.pins import StationPins
from sessions.record import CHECK_NAMES, AttemptRecord, Check, Moment, Operator, Outcome, Verdict
from sessions.store import Store
from sessions.verify import LogReport, verify_log

ORIGIN = "proctor.training/0a1b2c3d"
OPERATOR = Operator(user_id="nv01", role="identity-examiner", name="NGUYỄN VĂN MẪU")
CHEAP = Argon2(passes=1, memory_kib=64, lanes=1)
START = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)
ROSTER = (
    "SBD,Họ và tên,Ngày sinh,Số định danh,Hạng\n"
    "001,NGUYỄN VĂN MẪU,15/01/1999,001099000001,B\n"
    "002,TRẦN THỊ MẪU,2001,001301000002,B\n"
    "003,LÊ VĂN MẪU,1998-12-31,001098000003,C1\n"
).encode()


class TestClock:
    """Advances one second at every reading."""

    __test__ = False

    def __init__(self) -> None:
        self.at = START
        self.monotonic_ms = 1_000
        self.boot_id = "11111111-2222-3333-4444-555555555555"

    def now(self) -> Moment:
        self.at += timedelta(seconds=1)
        self.monotonic_ms += 1_000
        return Moment(at=self.at, monotonic_ms=self.monotonic_ms, boot_id=self.boot_id)


@dataclass
class Bench:
    """A station on disk and everything needed to write, verify and tamper."""

    path: Path
    bundle: KeyBundle = field(default_factory=KeyBundle.generate)
    origin: str = ORIGIN
    clock: TestClock = field(default_factory=TestClock)
    reserve: int = 4096

    @property
    def keys(self) -> dict[str, Any]:
        return {
            "database_key": self.bundle.database_key,
            "evidence_key": self.bundle.evidence_key,
            "signer": self.bundle.signer(self.origin),
            "clock": self.clock,
            "reserve": self.reserve,
        }

    @property
    def pins(self) -> StationPins:
        return StationPins().add(self.bundle.signer(self.origin).key.encode())

    def made(self) -> Bench:
        """Make the directory."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        return self

    def create(self) -> Store:
        return Store.create(self.path, **self.keys)

    def open(self, **others: Any) -> Store:
        return Store.open(self.path, **{**self.keys, **others})

    def filled(self, attempts: int = 6) -> Bench:
        """Make the log with some attempts and close it."""
        with self.create() as store:
            for number in range(attempts):
                store.append_attempt(record(number), evidence(number))
        return self

    def verify(self, **others: Any) -> LogReport:
        return verify_log(
            self.path, **{"database_key": self.bundle.database_key, "pins": self.pins, **others}
        )

    @contextmanager
    def insider(self, *, triggers: bool = False) -> Iterator[Callable[..., Any]]:
        """Yield `execute` of a connection with the station's own key, triggers dropped unless kept."""
        connection = connect(self.path, self.bundle.database_key).conn
        made = connection.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").fetchall()
        for name, _ in made:
            connection.execute(f"DROP TRIGGER {name}")
        try:
            yield connection.execute
            for _, sql in made if triggers else ():
                connection.execute(sql)
        finally:
            connection.close()


def add_user(store: Store, user: Operator, *, by: Operator) -> None:
    """Name a user in the log, as a station does before anything else is written in his name."""
    body = {"event": "user-added", "user": user.user_id, "role": user.role}
    store.append("key", body, {"identity": b"{}"}, operator=by)


def check(outcome: Outcome = Outcome.PASSED, code: str = "ok") -> Check:
    return Check(outcome=outcome, code=code, started_at=START, duration_ms=12, facts={"score_e4": 7102})


def record(number: int, **changes: Any) -> AttemptRecord:
    """Return an attempt; the same number gives the same record."""
    fields: dict[str, Any] = {
        "attempt_id": f"attempt-{number:04d}",
        "session_id": "HL-20261122-01",
        "component": "theory",
        "verdict": Verdict.ADMIT,
        "reasons": (),
        "checks": {name: check() for name in CHECK_NAMES},
        "chip_verdict": "genuine",
        "method": "chip-face",
        "operator": OPERATOR,
        "moment": Moment(at=START, monotonic_ms=number, boot_id="11111111-2222-3333-4444-555555555555"),
        "rules_sha256": "00" * 32,
        "sbd": f"{number % 999 + 1:03d}",
        "trust": {"store_version": 1},
    }
    return AttemptRecord(**{**fields, **changes})


def evidence(number: int, size: int = 600) -> dict[str, bytes]:
    return {
        "identity": f'{{"name":"NGUYỄN VĂN MẪU {number}"}}'.encode(),
        "chip-portrait": bytes([number % 251]) * size,
    }
