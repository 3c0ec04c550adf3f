"""The end of an attempt that a crash or a kill left begun: a person decides, and the record says why."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sessions.reader import Entry
from sessions.record import CHECK_NAMES, Outcome, Verdict

INTERRUPTED: Final = "attempt-interrupted"


def interrupted_body(begun: Entry, opened: Entry | None) -> dict[str, Any]:
    """Return the body of the attempt entry that ends `begun`, in the session that `opened` opened."""
    began = {name: begun.body[name] for name in ("at", "monotonic_ms", "boot_id")}
    session: Mapping[str, Any] = {} if opened is None else opened.body
    row = {
        "outcome": str(Outcome.NOT_PERFORMED),
        "code": INTERRUPTED,
        "started_at": began["at"],
        "duration_ms": 0,
        "facts": {},
    }
    return {
        "attempt": begun.body["attempt"],
        "session": begun.body["session"],
        "component": begun.body["component"],
        "verdict": Verdict.REFER.value,
        "reasons": [INTERRUPTED],
        "checks": {name: dict(row) for name in CHECK_NAMES},
        "chip_verdict": "unreadable",
        "method": "chip-face",
        "begun": began,
        "rules_sha256": session.get("rules_sha256", "0" * 64),
        "roster_hash": session.get("roster_hash", ""),
        "trust": {},
        "facts": {"sbd_source": "none", "began_by": begun.body["operator"]["id"]},
    }
