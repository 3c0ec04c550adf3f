"""What an attempt leaves behind: checks, verdict, moment, operator, and the body made of them.

Times are UTC with milliseconds and "Z". Bodies hold integers, strings, lists and objects only; no
image, name, number, key or unsalted digest of one.
"""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, Protocol

SCHEMA: Final = 2
MAX_INT: Final = 2**53 - 1
_STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")

CHECK_NAMES: Final = (
    "notice",
    "card-access",
    "chip-open",
    "pa-keys",
    "chip-genuine",
    "chip-read",
    "pa-consistent",
    "pa-trusted",
    "cross-check",
    "roster",
    "duplicate",
    "face-capture",
    "pad",
    "pad-turn",
    "pad-eyes",
    "pad-flash",
    "pad-model",
    "face-match",
    "face-search",
)


class Outcome(StrEnum):
    """What a check came to."""

    PASSED = "passed"
    FAILED = "failed"
    INDETERMINATE = "indeterminate"
    NOT_PERFORMED = "not-performed"


class Verdict(StrEnum):
    """What the station decided: let in, ask a person, do not let in."""

    ADMIT = "ADMIT"
    REFER = "REFER"
    REFUSE = "REFUSE"


def format_utc(at: datetime) -> str:
    """Return an aware datetime as UTC, milliseconds, "Z": 2026-11-22T01:02:03.456Z."""
    if at.tzinfo is None:
        raise ValueError("a stored time needs a zone")
    if at.tzinfo is not UTC:
        at = at.astimezone(UTC)
    return f"{at.isoformat('T', 'milliseconds')[:23]}Z"


def parse_utc(text: str) -> datetime:
    """Return the datetime of `format_utc`'s form; ValueError for any other."""
    if not _STAMP.fullmatch(text):
        raise ValueError("not a stored time")
    return datetime.fromisoformat(text)


def plain(facts: Mapping[str, str | int]) -> dict[str, str | int]:
    """Return facts as bodies hold them: plain strings and integers, whatever subclass they came as."""
    found = dict(facts)
    for key, value in found.items():
        if type(value) is not str and type(value) is not int:
            found[key] = str(value) if isinstance(value, str) else int(value)
        if type(value) is int and abs(value) > MAX_INT:
            found[key] = str(
                value
            )  # what a certificate or a chip counts may be larger than a body's integers
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One row of an attempt: outcome, reason code, start (UTC), duration in ms, facts that identify
    nobody.
    """

    outcome: Outcome
    code: str
    started_at: datetime
    duration_ms: int
    facts: Mapping[str, str | int] = field(default_factory=dict)

    def as_body(self) -> dict[str, Any]:
        """Return the row as it stands in a body."""
        return {
            "outcome": str(self.outcome),
            "code": self.code,
            "started_at": format_utc(self.started_at),
            "duration_ms": self.duration_ms,
            "facts": plain(self.facts) if self.facts else {},
        }

    @classmethod
    def from_body(cls, row: Mapping[str, Any]) -> Check:
        """Return the check of a stored row."""
        return cls(
            outcome=Outcome(row["outcome"]),
            code=row["code"],
            started_at=parse_utc(row["started_at"]),
            duration_ms=row["duration_ms"],
            facts=dict(row["facts"]),
        )


class PersonSigner(Protocol):
    """A person's own Ed25519 key, open while the person is at the keyboard; no repr of one shows it."""

    def sign(self, message: bytes) -> bytes:
        """Return the 64-byte signature of a message."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """Who acts, and in which role. The name is identity data and stays out of bodies and of repr.

    `signer`: the person's own key, open; the store signs entries of two persons with it.
    """

    user_id: str
    role: str
    name: str = field(default="", repr=False)
    signer: PersonSigner | None = field(default=None, repr=False, compare=False)

    def as_body(self) -> dict[str, Any]:
        """Return id and role."""
        return {"id": self.user_id, "role": self.role}


@dataclass(frozen=True, slots=True, kw_only=True)
class Second:
    """The second person of an entry that needs two, and how presence was proven: "password", "token", "card-face".

    `presence`: the number of the `presence` entry that proves it, for "card-face". `signer` as of an operator;
    `token`: the key in the person's token, open, for "token".
    """

    user_id: str
    role: str
    proof: str = "password"
    presence: int | None = None
    signer: PersonSigner | None = field(default=None, repr=False, compare=False)
    token: PersonSigner | None = field(default=None, repr=False, compare=False)

    def as_body(self) -> dict[str, Any]:
        """Return id, role, proof and, where there is one, the entry of presence."""
        body: dict[str, Any] = {"id": self.user_id, "role": self.role, "proof": self.proof}
        return body if self.presence is None else {**body, "presence": self.presence}


STATION: Final = Operator(user_id="station", role="station")
"""The operator of entries that no person caused: the log's first entry, late records."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """One reading of both clocks: UTC wall time, monotonic ms, and the boot the latter belongs to."""

    at: datetime
    monotonic_ms: int
    boot_id: str


class Clock(Protocol):
    """Where moments come from; a parameter everywhere, so that tests own the time."""

    def now(self) -> Moment:
        """Return the present moment."""
        ...


class SystemClock:
    """The machine's own clocks."""

    def __init__(self) -> None:
        self._boot_id = _read_boot_id()

    def now(self) -> Moment:
        """Return the present moment."""
        return Moment(
            at=datetime.now(UTC), monotonic_ms=time.monotonic_ns() // 1_000_000, boot_id=self._boot_id
        )


def _read_boot_id() -> str:
    """Return the kernel's boot id; where there is none, an id of this process."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return f"process-{uuid.uuid4()}"


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptRecord:
    """One pass of the pipeline, ready to be committed.

    `moment` is when the attempt began; the entry's own time is set at commit. `method` is "chip-face",
    "qr-face" or "manual". `purpose` is "check-in", or why somebody who was let in is looked at again
    ("component-start", "re-entry", "spot-check", "watch"); `place` the room of the desk, where it has one. `trust`
    and `rules_sha256` say which certificates and rules were in force.
    """

    attempt_id: str
    session_id: str
    component: str
    verdict: Verdict
    reasons: tuple[str, ...]
    checks: Mapping[str, Check]
    chip_verdict: str
    method: str
    operator: Operator
    moment: Moment
    rules_sha256: str
    roster_hash: str = ""
    sbd: str | None = None
    trust: Mapping[str, str | int] = field(default_factory=dict)
    facts: Mapping[str, str | int] = field(default_factory=dict)
    purpose: str = "check-in"
    place: str = ""

    def as_body(self) -> dict[str, Any]:
        """Return the body without the fields that every entry has; every named check has a row."""
        missing = [name for name in CHECK_NAMES if name not in self.checks]
        if missing:
            raise ValueError(f"an attempt needs a row for every check: {', '.join(missing)}")
        body: dict[str, Any] = {
            "attempt": self.attempt_id,
            "session": self.session_id,
            "component": self.component,
            "verdict": self.verdict.value,
            "reasons": list(self.reasons),
            "checks": {str(name): check.as_body() for name, check in self.checks.items()},
            "chip_verdict": self.chip_verdict,
            "method": self.method,
            "begun": {
                "at": format_utc(self.moment.at),
                "monotonic_ms": self.moment.monotonic_ms,
                "boot_id": self.moment.boot_id,
            },
            "rules_sha256": self.rules_sha256,
            "roster_hash": self.roster_hash,
            "trust": plain(self.trust),
            "facts": plain(self.facts),
        }
        if self.sbd is not None:
            body["sbd"] = self.sbd
        if self.purpose != "check-in":
            body["purpose"] = self.purpose
        if self.place:
            body["place"] = self.place
        return body
