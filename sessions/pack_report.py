"""What is believed of a pack beforehand, and what its examination came to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from sessions.anchor import Anchor
from sessions.cosignature import CosignerKey
from sessions.department import DepartmentPrivate
from sessions.errors import PackError
from sessions.pack_finding import PackFinding
from sessions.pins import StationPins
from sessions.record import Outcome

OK: Final = "ok"


@dataclass(frozen=True, slots=True, kw_only=True)
class PackReport:
    """What the examination of a pack came to.

    `code` is "ok", that of the first finding, "unknown-station", or why it could not be read. `outcome` is FAILED for
    evidence against the pack, INDETERMINATE where nothing could be decided. `size` and `root` are those of the
    newest checkpoint, proven only if `ok`. `cosigned`: (witness, size) by pinned witnesses. `counts`: entries,
    attempts, evidence, sheets, erased.
    """

    code: str
    outcome: Outcome
    version: int = 0
    origin: str = ""
    session: str = ""
    size: int = 0
    root: str = ""
    station_fingerprint: str = ""
    recipient: str = ""
    findings: tuple[PackFinding, ...] = ()
    skipped: tuple[str, ...] = ()
    cosigned: tuple[tuple[str, int], ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)
    facts: Mapping[str, str | int] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Whether everything was checked and nothing was found against it, under a pinned key."""
        return self.outcome is Outcome.PASSED

    @property
    def first_bad(self) -> PackFinding | None:
        """The first bad entry, else the first bad member, else what is wrong with the whole; no irregularity."""
        return next((each for each in self.findings if each.severity != "irregular"), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """What is believed of a pack before it is opened: all of it comes from elsewhere."""

    pins: StationPins
    witnesses: Sequence[CosignerKey] = ()
    anchors: Sequence[Anchor] = ()
    department: DepartmentPrivate | None = field(default=None, repr=False)
    pack_key: bytes | None = field(default=None, repr=False)


def unreadable(error: PackError) -> PackReport:
    """Return the report on a file that cannot be taken apart: altered, or of an unknown form, or no file."""
    outcome = Outcome.FAILED if error.conclusive else Outcome.INDETERMINATE
    return PackReport(code=error.code, outcome=outcome, facts=error.facts)
