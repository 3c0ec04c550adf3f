"""The sheet of the equipment's self-test before a session: what was tried, and what came of it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from reports.exceptions_sheet import People
from reports.session_sheet import Frame, cell, count_cell, moment
from reports.sheet import Align, Row, Sheet
from reports.wording import clean
from sessions.reader import Entry
from sessions.record import parse_utc

KIND: Final = "self-test"
ROW_MM: Final = 8.0
MAX_REMARKS: Final = 12
_COLUMNS: Final = (
    ("order", 11.0, Align.CENTRE),
    ("check", 64.0, Align.LEFT),
    ("outcome", 25.0, Align.CENTRE),
    ("detail", 65.0, Align.LEFT),
)


def build_self_test(frame: Frame, entry: Entry, people: People, note: str = "") -> Sheet:
    """Return the page model of a `self-test` entry, `note` the words it came with. Raises TextMissingError."""
    checks: Mapping[str, Mapping[str, int]] = entry.body["checks"]
    rows = [_row(frame, order, name, found) for order, (name, found) in enumerate(checks.items(), start=1)]
    counts = {"checks": len(rows), "checks-good": sum(bool(found["ok"]) for found in checks.values())}
    lines = (
        frame.day_line,
        frame.say(
            "self-test.line",
            outcome=frame.coded("self-test.outcome", str(entry.body["outcome"])),
            at=moment(parse_utc(entry.body["at"])),
            who=people.person(entry.body["operator"]).words,
            entry=entry.seq,
        ),
    )
    remarks = [line for line in note.splitlines() if line.strip()][:MAX_REMARKS]
    sheet = frame.sheet(
        KIND,
        header=frame.header(KIND, lines),
        columns=frame.columns(_COLUMNS),
        rows=rows,
        closing=frame.closing(KIND, [frame.count(name, count) for name, count in counts.items()], remarks),
        counts=counts,
        row_mm=ROW_MM,
    )
    return replace(sheet, portrait=True)


def _row(frame: Frame, order: int, name: str, found: Mapping[str, int]) -> Row:
    """Return one check: what was tried, whether it is good, whether a check-in can do without it."""
    outcome = "ok" if found["ok"] else "missing" if found["needed"] else "not-there"
    cells = (
        count_cell(order),
        cell(_name(frame, name)),
        cell(frame.say(f"self-test.{outcome}"), strong=True),
        cell(frame.say("self-test.needed" if found["needed"] else "self-test.useful")),
    )
    return Row(cells=cells, mark=("", "-"))


def _name(frame: Frame, name: str) -> str:
    """Return what a check is called, as on the screen of `proctor doctor`."""
    called = clean(frame.texts.get(f"doctor.{name}", name))
    return called[:1].upper() + called[1:]
