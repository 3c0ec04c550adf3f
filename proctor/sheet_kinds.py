"""Every kind of sheet by its name, and the way from a wish to files."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from proctor.errors import CommandError
from proctor.roots import OpenRoot
from proctor.session_sheets import (
    call_list_sheet,
    exceptions_sheet,
    incident_sheet,
    results_sheet,
    self_test_sheet,
    summary_sheet,
)
from proctor.sheet_wish import Wish
from proctor.sheets import SheetDesk, WrittenSheet, attendance_sheet
from reports.sheet import Sheet
from sessions.session import Session

Build = Callable[[SheetDesk], Sheet]
KINDS: Final[Mapping[str, Build]] = {
    "attendance": attendance_sheet,
    "call-list": lambda desk: call_list_sheet(desk, desk.wish.room),
    "results": lambda desk: results_sheet(desk, desk.wish.licence_class or None),
    "exceptions": exceptions_sheet,
    "incident": lambda desk: incident_sheet(desk, desk.wish.incident),
    "self-test": self_test_sheet,
    "summary": summary_sheet,
}
"""What builds each kind; a builder finds in `desk.wish` what was asked for."""
EACH: Final = frozenset({"slip"})
"""Kinds of which there is one for each candidate."""


def write_kind(opened: OpenRoot, session: Session, wish: Wish, folder: Path) -> tuple[WrittenSheet, ...]:
    """Write the sheet that is wished, or one for each candidate where the kind is each candidate's own.

    Raises CommandError "candidate-unlisted", and as `SheetDesk.write`.
    """
    desk = SheetDesk(opened, session, wish)
    build = KINDS[wish.kind]
    if wish.sbd:
        return (desk.for_candidate(_listed(desk, wish.sbd)).write(folder, build),)
    if wish.kind in EACH:
        seats = [seat for seat in desk.session.seats if not seat.erased]
        return tuple(desk.for_candidate(seat.sbd).write(folder, build) for seat in seats)
    return (desk.write(folder, build),)


def rebuild(opened: OpenRoot, entry: Mapping[str, Any]) -> Sheet:
    """Return the page model of a sheet as it was printed: from the log as of the tree head of its `print` entry.

    `entry`: the entry's body. What was erased since is missing. Raises CommandError "kind-unknown", and whatever the
    builders raise.
    """
    if entry["sheet"] not in KINDS:
        raise CommandError("kind-unknown", kind=str(entry["sheet"])[:40])
    desk = SheetDesk.as_printed(opened, entry)
    return desk.finished(KINDS[entry["sheet"]](desk))


def _listed(desk: SheetDesk, sbd: str) -> str:
    """Return an SBD as the list writes it; raises CommandError "candidate-unlisted"."""
    wanted = " ".join(sbd.split()).casefold()
    for seat in desk.session.seats:
        if not seat.erased and seat.sbd.casefold() == wanted:
            return seat.sbd
    raise CommandError("candidate-unlisted", sbd=sbd[:40])
