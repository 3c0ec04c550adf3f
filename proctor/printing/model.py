"""What printing speaks of: printers, orders, jobs, and why something stands still."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Final, Literal, Protocol

MAX_COPIES: Final = 20
MAX_NAME: Final = 127
"""Characters of a printer's or tray's name, as in RFC 8011 (name, keyword)."""


class State(StrEnum):
    """Where a job stands. SENDING: handed over, and no number came back yet; STOPPED: somebody must look."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    PRINTING = "printing"
    STOPPED = "stopped"
    PRINTED = "printed"
    FAILED = "failed"
    CANCELLED = "cancelled"


ENDED: Final = frozenset({State.PRINTED, State.FAILED, State.CANCELLED})

Duplex = Literal["", "none", "long-edge", "short-edge"]
DUPLEX: Final = ("none", "long-edge", "short-edge")

_REASONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "media-empty": "out-of-paper",
        "media-needed": "out-of-paper",
        "media-low": "low-paper",
        "media-jam": "jam",
        "cover-open": "cover-open",
        "door-open": "cover-open",
        "interlock-open": "cover-open",
        "offline": "offline",
        "shutdown": "offline",
        "timed-out": "offline",
        "connecting-to-device": "offline",
        "cups-ipp-missing-job-history": "attention",
        "toner-empty": "no-toner",
        "marker-supply-empty": "no-toner",
        "marker-waste-full": "attention",
        "opc-life-over": "attention",
        "fuser-over-temp": "attention",
        "fuser-under-temp": "attention",
        "toner-low": "low-toner",
        "marker-supply-low": "low-toner",
        "input-tray-missing": "tray-missing",
        "output-tray-missing": "attention",
        "output-area-full": "output-full",
        "paused": "paused",
        "moving-to-paused": "paused",
        "stopping": "paused",
        "stopped-partly": "paused",
        "spool-area-full": "spool-full",
        "cups-missing-filter": "driver",
        "cups-insecure-filter": "driver",
        "account-info-needed": "login",
        "cups-auth-info-required": "login",
        "job-hold-until-specified": "held",
        "resources-are-not-ready": "retrying",
        "printer-stopped": "paused",
        "printer-stopped-partly": "paused",
        "other": "attention",
        "unknown": "attention",
    }
)
"""Keywords of printer-state-reasons and job-state-reasons (RFC 8011, PWG 5100; CUPS's own), their severity cut off."""
WARNINGS: Final = frozenset({"low-paper", "low-toner"})
"""Reasons that stop nothing."""
_SEVERITIES: Final = ("-report", "-warning", "-error")


def reasons_of(keywords: Iterable[str]) -> tuple[str, ...]:
    """Return our words for the print system's keywords, each once; what has none and is an error wants attention.

    The severity says little: CUPS's own backends report an empty tray as a warning and an open door as a report.
    """
    found: dict[str, None] = {}
    for keyword in keywords:
        severity = next((end for end in _SEVERITIES if keyword.endswith(end)), "")
        word = _REASONS.get(keyword.removesuffix(severity))
        if word is None and severity == "-error":
            word = "attention"
        if word is not None:
            found[word] = None
    return tuple(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class PrinterInfo:
    """One printer of the system. `state` "idle", "busy" or "stopped"; `trays`: names of media sources, none if unknown.

    `device` False: the queue leads to a file or nowhere, and would report sheets as printed.
    """

    name: str
    state: str = "idle"
    reasons: tuple[str, ...] = ()
    accepting: bool = True
    trays: tuple[str, ...] = ()
    description: str = ""
    default: bool = False
    device: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """How a sheet is printed. `title` is what everybody sees in the queue: it names nobody; `name` of the file."""

    printer: str
    title: str
    tray: str = ""
    copies: int = 1
    duplex: Duplex = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A job as the print system has it: one of SENT, PRINTING, STOPPED, PRINTED, FAILED, CANCELLED."""

    state: State
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A sheet that was checked: the bytes to print, and the private file that holds them, for systems that want one."""

    data: bytes = field(repr=False)
    name: str


class Printer(Protocol):
    """The print system. Every method may take seconds (never more than its deadlines) and raises PrintingError."""

    def printers(self) -> tuple[PrinterInfo, ...]:
        """Return the system's printers."""

    def submit(self, document: Document, order: Order) -> str:
        """Hand a document over and return the system's name of the job. TimedOutError: it may have been taken."""

    def job(self, job_id: str, title: str = "") -> Seen | None:
        """Return a job as it stands, or None where the system does not know it (any more), or has another by now."""

    def find(self, title: str) -> str | None:
        """Return the job of this title, or None."""

    def cancel(self, job_id: str) -> None:
        """Take a job out of the queue."""

    def hold(self, job_id: str) -> None:
        """Keep a job that has not begun."""

    def resume(self, job_id: str) -> None:
        """Let a held job go on, and start its printer where it was stopped. Raises ForbiddenError."""

    def restart(self, job_id: str) -> None:
        """Print a job of the queue once more from its beginning."""
