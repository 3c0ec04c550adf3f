"""What the roster page offers to whom: which of its acts are open for a candidate, and why another is not."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from proctor.roots import OpenRoot
from proctor.screens.roster import Roll, Row
from proctor.screens.second import Seconds, seconds_of
from sessions.course.additions import next_sbd
from sessions.course.reasons import reasons
from sessions.session import Session, load_session

ACTS: Final[Mapping[str, str]] = {
    "call": "start",
    "details": "view",
    "decide": "override",
    "move": "movement",
    "add": "roster-add",
}
"""What the page does, and the action of the roles' table that it needs."""
ABOUT_ONE: Final = frozenset({"details", "decide", "move"})
"""Acts that need a chosen candidate."""


def why_not(act: str, may: Callable[[str], bool], roll: Roll | None, row: Row | None) -> str:
    """Return the key of why an act is not open; "" where it is."""
    if not may(ACTS[act]):
        return "roster-page.not.role"
    if roll is None:
        return "roster-page.not.reading"
    if roll.closed and act != "details":
        return "roster-page.not.closed"
    if act in ABOUT_ONE and row is None:
        return "roster-page.not.chosen"
    if act == "move" and row is not None and not row.admitted:
        return "roster-page.not.inside"
    return ""


def choices(act: str, language: str) -> tuple[tuple[str, str], ...]:
    """Return the reasons of an act as a choice offers them: code and words."""
    return tuple((code, reason.label(language)) for code, reason in reasons(act).items())


def needs_note(act: str, code: str) -> bool:
    """Whether a reason has to be explained."""
    found = reasons(act).get(code)
    return found is not None and found.note


@dataclass(frozen=True, slots=True, kw_only=True)
class Adding:
    """What adding somebody starts from: the next number, the classes and rooms there are, who may be the second."""

    sbd: str
    classes: tuple[str, ...]
    rooms: tuple[str, ...]
    seconds: Seconds = field(repr=False)


def adding_of(opened: OpenRoot, session_id: str) -> Adding:
    """Look up what a form for one more candidate needs. Reads the log: beside the window's thread."""
    session: Session = load_session(opened.store, session_id)
    seats = [seat for seat in session.seats if not seat.erased]
    return Adding(
        sbd=next_sbd(session),
        classes=tuple(sorted({seat.licence_class for seat in seats if seat.licence_class})),
        rooms=tuple(sorted({seat.room for seat in seats if seat.room})),
        seconds=seconds_of(opened, session, "roster-add"),
    )
