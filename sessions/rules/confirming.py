"""Which unconfirmed rules an administrator has confirmed, for exactly these bytes of a file."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from sessions.reader import Entry
from sessions.record import parse_utc
from sessions.roles import load_roles
from sessions.rules.model import Rules

KIND: Final = "rules-confirmed"


class Log(Protocol):
    """What has entries of a kind: an open log."""

    def entries(self, kind: str | None = None, session: str | None = None) -> tuple[Entry, ...]:
        """Return the entries of a kind, in order."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmation:
    """One statement of where a rule is to be read: of which keys, by whom, when (UTC), under which entry."""

    rules_id: str
    sha256: str
    reference: str
    keys: tuple[str, ...]
    by: str
    role: str
    at: datetime
    seq: int


def confirmations(log: Log, rules: Rules) -> tuple[Confirmation, ...]:
    """Return what was confirmed of exactly this file, in order; entries of roles that may not are none."""
    known = load_roles()
    found: list[Confirmation] = []
    for entry in log.entries(KIND):
        body, operator = entry.body, entry.body["operator"]
        role = known.get(operator["role"])
        if body["rules_sha256"] != rules.sha256 or role is None or "confirm-rules" not in role.may:
            continue
        found.append(
            Confirmation(
                rules_id=body["rules"],
                sha256=body["rules_sha256"],
                reference=body["reference"],
                keys=tuple(body.get("keys", rules.unconfirmed_keys)),
                by=operator["id"],
                role=operator["role"],
                at=parse_utc(body["at"]),
                seq=entry.seq,
            )
        )
    return tuple(found)


def open_keys(log: Log, rules: Rules) -> tuple[str, ...]:
    """Return the unconfirmed keys that nobody has confirmed at this station: what screens and sheets are marked for."""
    keys = rules.unconfirmed_keys
    if not keys:
        return ()
    done = [key for each in confirmations(log, rules) for key in each.keys]
    return tuple(key for key in keys if not covered(key, done))


def confirmed(log: Log, rules: Rules) -> Confirmation | None:
    """Return the statement that left nothing of these rules unconfirmed, or None: some are, or none ever was."""
    if not rules.unconfirmed or open_keys(log, rules):
        return None
    return confirmations(log, rules)[-1]


def covered(key: str, done: Iterable[str]) -> bool:
    """Whether a key is among those done, or below one of them."""
    return any(key == each or key.startswith((f"{each}.", f"{each}[")) for each in done)
