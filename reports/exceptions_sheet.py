"""The table of exceptions: everything that persons decided about a session's candidates and list. Pure.

A chairman's decision never changes what the machine found: the row says both.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from reports.session_sheet import Frame, Person, cell, count_cell, moment_cell
from reports.sheet import Align, Row, Sheet
from reports.wording import DASH
from sessions.course.entries import SessionEntry
from sessions.course.reasons import reason_label, reasons
from sessions.record import parse_utc

KIND: Final = "exceptions"
KINDS: Final = ("override", "decision", "manual", "correction", "roster")
"""The kinds of entries that the sheet lists, in the order of its totals."""
WEAK: Final = "password"
_SBDS_SHOWN: Final = 12
_COLUMNS: Final = (
    ("order", 8.0, Align.CENTRE),
    ("time", 19.0, Align.CENTRE),
    ("entry", 13.0, Align.CENTRE),
    ("kind", 48.0, Align.LEFT),
    ("who", 44.0, Align.LEFT),
    ("component", 20.0, Align.CENTRE),
    ("first", 30.0, Align.LEFT),
    ("second", 34.0, Align.LEFT),
    ("reason", 36.0, Align.LEFT),
)
_LETTERS: Final = {"override": "A", "decision": "X"}
"""In the page seal: let in; the machine's refusal stays on record."""

_ACTS: Final = {
    "override": "override",
    "decision": "decision",
    "manual": "manual",
    "roster": "addition",
    "correction": "correction",
}
"""Where the labels of the reasons of a kind of entry stand."""

_PRIVATE: Final = frozenset(
    {"biometrics-refused"}
    | {reason.recorded for reason in reasons("manual").values() if reason.recorded != reason.code}
)
"""Reasons behind which stands something of health, belief or family: what was written with them stays in the log."""

NoteOf = Callable[[SessionEntry], str]
"""From an entry to the text that was written with it, or nothing where there is none (or it stayed elsewhere)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """In which words the sheet speaks of candidates and users: SBD → full name, role → the law's term,
    user id → the person's name.
    """

    names: Mapping[str, str] = field(repr=False)
    roles: Mapping[str, str]
    users: Mapping[str, str] = field(repr=False, default_factory=dict)

    def person(self, body: Mapping[str, Any] | None) -> Person:
        """Return a user object of an entry as a person on paper."""
        user = body or {}
        role = str(user.get("role", ""))
        user_id = str(user.get("id", DASH))
        return Person(user_id=user_id, role=self.roles.get(role, role), name=self.users.get(user_id, ""))


def exceptions_of(entries: Sequence[SessionEntry]) -> tuple[SessionEntry, ...]:
    """Return the entries that the sheet lists, in order."""
    return tuple(entry for entry in entries if entry.kind in KINDS)


def exception_counts(entries: Sequence[SessionEntry]) -> Mapping[str, int]:
    """Return how many there are of each kind, of all, and with a second person proven by a password alone."""
    listed = exceptions_of(entries)
    kinds = Counter(entry.kind for entry in listed)
    weak = sum(entry.body.get("second", {}).get("proof") == WEAK for entry in listed)
    return {"all-exceptions": len(listed), **{kind: kinds[kind] for kind in KINDS}, "weak": weak}


def build_exceptions(frame: Frame, entries: Sequence[SessionEntry], people: People, note_of: NoteOf) -> Sheet:
    """Return the page model of a session's exceptions. Raises TextMissingError."""
    writer = _Writer(frame, people, note_of)
    counts = exception_counts(entries)
    rows = [writer.row(order, entry) for order, entry in enumerate(exceptions_of(entries), start=1)]
    totals = [frame.count(name, count) for name, count in counts.items()]
    return frame.sheet(
        KIND,
        header=frame.header(KIND, (frame.day_line,)),
        columns=frame.columns(_COLUMNS),
        rows=rows,
        closing=frame.closing(KIND, totals, (frame.say("exceptions.remark"),)),
        counts=counts,
    )


class _Writer:
    """Turns entries into table rows."""

    def __init__(self, frame: Frame, people: People, note_of: NoteOf) -> None:
        self._frame = frame
        self._people = people
        self._note_of = note_of

    def row(self, order: int, entry: SessionEntry) -> Row:
        """Return the table row of one entry."""
        body = entry.body
        sbd = str(body.get("sbd", ""))
        cells = (
            count_cell(order),
            moment_cell(parse_utc(entry.at)),
            cell(str(entry.seq), "" if entry.part is None else self._frame.say("part", part=entry.part)),
            cell(*self._what(entry), strong=True),
            cell(sbd or DASH, self._people.names.get(sbd, ""), strong=True),
            cell(self._frame.component_of(body)),
            cell(self._people.person(body["operator"]).words),
            cell(*self._second(body.get("second")), strong=True),
            cell(*self._why(entry)),
        )
        return Row(cells=cells, mark=(sbd, _letter(entry)) if sbd else ("", "-"))

    def _what(self, entry: SessionEntry) -> list[str]:
        """Return what was decided, in words, and what the machine's finding remains."""
        body, say = entry.body, self._frame.say
        if entry.kind == "override":
            return [say("kind.override"), self._frame.coded("decided", str(body["verdict"]))]
        if entry.kind == "decision":
            decided = self._frame.coded("decided", str(body["decided"]))
            return [say("kind.decision"), decided, say("kind.decision.machine")]
        if entry.kind == "manual":
            document = self._frame.coded("document", str(body["document"]))
            return [say("kind.manual"), document, self._frame.coded("manual", str(body["outcome"]))]
        if entry.kind == "correction":
            return [say("kind.correction", entry=body["corrects"])]
        return [say("kind.roster", added=body["added"]), _numbers(body.get("sbds", ()))]

    def _why(self, entry: SessionEntry) -> list[str]:
        """Return the reason in words, and what was written with it."""
        code = str(entry.body["reason"])
        act = _ACTS.get(entry.kind)
        words = reason_label(act, code, self._frame.language) if act else code
        said = words if words != code else self._frame.coded("reason", code)
        if entry.kind == "manual" and code in _PRIVATE:
            return [said]
        return [said, self._note_of(entry)]

    def _second(self, second: Mapping[str, Any] | None) -> list[str]:
        """Return who confirmed and how presence was proven."""
        if second is None:
            return [DASH]
        return [self._people.person(second).words, self._frame.coded("proof", str(second["proof"]))]


def _letter(entry: SessionEntry) -> str:
    """Return the page seal's letter for an exception that names a candidate."""
    if entry.kind == "manual":
        return "A" if str(entry.body["outcome"]).startswith("admitted") else "R"
    return _LETTERS.get(entry.kind, "-")


def _numbers(sbds: Sequence[str]) -> str:
    shown = ", ".join(sbds[:_SBDS_SHOWN])
    return shown if len(sbds) <= _SBDS_SHOWN else f"{shown}, \u2026 {sbds[-1]}"
