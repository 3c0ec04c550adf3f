"""A session: one sitting with its roster and rules, opened in the log; who may sit, who was seen, the
roll.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from sessions.record import Verdict
from sessions.roster.model import Seat


class State(StrEnum):
    """Where a candidate stands. There is no "absent" here: absence exists only after closing."""

    NOT_SEEN = "not-seen"
    ADMITTED = "admitted"
    REFERRED = "referred"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One sitting as opened in the log.

    `kind` is "real" or "training". `roster_hash` is salted (hexadecimal, SHA-256) and stands in the open
    entry, whose number is `seq`. `component` is an identifier of the rules; the label is the law's term.
    """

    session_id: str
    kind: str
    day: date
    place: str
    component: str
    component_label: str
    rules_id: str
    rules_sha256: str
    roster_hash: str
    opened_at: datetime
    seq: int
    seats: tuple[Seat, ...] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class RollRow:
    """A candidate and the last attempt that names them: what the attendance sheet prints.

    Without an attempt everything from `verdict` on is None or empty. `at` is UTC, the entry's time; `seq` the
    entry's number, under which the portraits are stored; `attempts` how often the candidate was at the desk.
    """

    seat: Seat
    state: State
    verdict: Verdict | None = None
    at: datetime | None = None
    method: str = ""
    reasons: tuple[str, ...] = ()
    chip_verdict: str = ""
    seq: int | None = None
    attempts: int = 0
