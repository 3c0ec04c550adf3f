"""What the log knows of a file: which print made it, and what became of its ways to a printer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from sessions.reader import Entry, LogReader

UNKNOWN: Final = "unknown"
"""The reason of a failed job that nobody saw end."""
_MADE: Final = (("sheet-signature", "signed_sha256"), ("sheet-timestamp", "stamped_sha256"))


class Outcome(StrEnum):
    """What became of a file: never sent, or the best of what its jobs came to."""

    NONE = "none"
    PRINTED = "printed"
    UNKNOWN = "unknown"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedSheet:
    """A file that the log made: `sha256` of the file, `origin` of the print it comes from, `seq` that print's entry.

    `same`: what tells the session's sheets of a kind apart; `copy`: the reprint's number, 0 for a first print.
    """

    sha256: str
    origin: str
    session: str
    kind: str
    seq: int = 0
    same: tuple[Any, ...] = ()
    copy: int = 0

    def shows_what(self, other: LoggedSheet) -> bool:
        """Whether another print is of the same sheet."""
        return self.origin != other.origin and (self.session, self.kind, self.same) == (
            other.session,
            other.kind,
            other.same,
        )


def find_sheets(store: LogReader) -> dict[str, LoggedSheet]:
    """Return every file that the log made, by its SHA-256."""
    found: dict[str, LoggedSheet] = {}
    for entry in store.entries("print"):
        sha256, body = entry.body["pdf_sha256"], entry.body
        sheet = LoggedSheet(
            sha256=sha256,
            origin=sha256,
            session=body["session"],
            kind=body["sheet"],
            seq=entry.seq,
            same=_same(body),
            copy=body.get("copy", 0),
        )
        found.setdefault(sha256, sheet)
    for parent, child in _made(store):  # in the log's order a file comes before what is made of it
        if parent in found:
            found.setdefault(child, replace(found[parent], sha256=child))
    return found


def _same(body: Mapping[str, Any]) -> tuple[Any, ...]:
    return body.get("variant", ""), body.get("sbd", ""), body.get("posted", 0)


def outcome_of(store: LogReader, pdf_sha256: str, *, exactly: bool = False) -> Outcome:
    """Return what became of a print and of all that was signed or stamped from it; `exactly`: of this file alone.

    PRINTED if any job was; UNKNOWN if nobody knows of one (a job failed and was never seen to end): then paper may
    lie somewhere; FAILED, CANCELLED if that is all there is; NONE without a job.
    """
    family = {pdf_sha256}
    if not exactly:
        for parent, child in _made(store):  # in the log's order a file comes before what is made of it
            if parent in family:
                family.add(child)
    return _best(entry for entry in store.entries("print-job") if entry.body["pdf_sha256"] in family)


def _best(jobs: Iterable[Entry]) -> Outcome:
    found = {
        Outcome.UNKNOWN if job.body.get("reason") == UNKNOWN else Outcome(job.body["outcome"]) for job in jobs
    }
    return next((outcome for outcome in Outcome if outcome in found), Outcome.NONE)


def _made(store: LogReader) -> tuple[tuple[str, str], ...]:
    """Return the files that were made of others, in the log's order: (from, to)."""
    entries = sorted(
        (
            (entry.seq, entry.body["pdf_sha256"], entry.body[name])
            for kind, name in _MADE
            for entry in store.entries(kind)
        )
    )
    return tuple((parent, child) for _, parent, child in entries)
