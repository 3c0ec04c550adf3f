"""What chip and face came to in runs of software cards: `outcomes.toml`, recorded once, used by every replay."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Any

from proctor.checks import CheckName
from sessions.record import Check, Outcome

RIGHT = "right-person"
_WHEN = datetime.fromisoformat("2026-11-22T00:00:00+00:00")


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """One recorded attempt: its checks in the pipeline's order, and the verdict of the run that made them."""

    name: str
    verdict: str
    checks: Mapping[CheckName, Check]

    @property
    def holder_read(self) -> bool:
        """Whether the chip gave a person, so that the list was asked."""
        return self.checks[CheckName.ROSTER].outcome is not Outcome.NOT_PERFORMED

    def at(self, now: datetime) -> dict[CheckName, Check]:
        """Return the checks as if they had been made now."""
        return {name: replace(check, started_at=now) for name, check in self.checks.items()}


@cache
def recorded() -> Mapping[str, Recorded]:
    """Return every recorded attempt by name."""
    text = files("proctor.replay").joinpath("outcomes.toml").read_text(encoding="utf-8")
    return {name: _recorded(name, table) for name, table in tomllib.loads(text).items()}


def _recorded(name: str, table: Mapping[str, Any]) -> Recorded:
    checks = {
        check: Check(
            outcome=Outcome(table["checks"][check]["outcome"]),
            code=table["checks"][check]["code"],
            started_at=_WHEN,
            duration_ms=table["checks"][check]["duration_ms"],
            facts=dict(table["checks"][check]["facts"]),
        )
        for check in CheckName
    }
    return Recorded(name=name, verdict=table["verdict"], checks=checks)
