"""Every kind of sheet by its name, and the way from a wish to files."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from proctor.errors import CommandError
from proctor.roots import OpenRoot
from proctor.session_sheets import (
    call_list_sheet,
    class_of,
    exceptions_sheet,
    incident_sheet,
    results_sheet,
    room_of,
    self_test_sheet,
)
from proctor.sheet_wish import Wish
from proctor.sheets import SheetDesk, WrittenSheet, attendance_sheet
from proctor.sheets_forms import collection_sheet, erasure_sheet, notice_sheet
from proctor.sheets_slip import everybody, listed, seal_sheet, sharing, slip_sheet, summary_sheet
from reports.sheet import Sheet
from sessions.session import Session

Build = Callable[[SheetDesk], Sheet]
BUILDERS: Final[Mapping[str, Build]] = {
    "attendance": attendance_sheet,
    "call-list": lambda desk: call_list_sheet(desk, desk.wish.room),
    "results": lambda desk: results_sheet(desk, desk.wish.licence_class or None),
    "exceptions": exceptions_sheet,
    "incident": lambda desk: incident_sheet(desk, desk.wish.incident),
    "self-test": self_test_sheet,
    "summary": summary_sheet,
    "collection": collection_sheet,
    "notice": notice_sheet,
    "erasure": erasure_sheet,
    "slip": slip_sheet,
    "seal": seal_sheet,
}
"""What builds each kind; a builder finds in `desk.wish` what was asked for."""
EACH: Final = frozenset({"slip"})
"""Kinds of which there is one for each candidate."""


def write_kind(opened: OpenRoot, session: Session, wish: Wish, folder: Path) -> tuple[WrittenSheet, ...]:
    """Write the sheet that is wished, or one for each candidate where the kind is each candidate's own.

    Raises CommandError as `listed` and `everybody`, and as `SheetDesk.write`.
    """
    desk = SheetDesk(opened, session, wish)
    desk.wish = as_listed(desk)
    build = BUILDERS[wish.kind]
    if wish.sbd:
        return (desk.for_candidate(listed(desk, wish.sbd)).write(folder, build),)
    if wish.kind in EACH:
        with sharing(desk):
            return tuple(desk.for_candidate(sbd).write(folder, build) for sbd in everybody(desk))
    return (desk.write(folder, build),)


def as_listed(desk: SheetDesk) -> Wish:
    """Return the wish in the list's own words, so that one sheet has one name. Raises CommandError."""
    wish = desk.wish
    if wish.licence_class:
        wish = replace(wish, licence_class=class_of(desk, wish.licence_class))
    if wish.room:
        wish = replace(wish, room=room_of(desk, wish.room))
    return wish


def rebuild(opened: OpenRoot, entry: Mapping[str, Any]) -> Sheet:
    """Return the page model of a sheet as it was printed: from the log as of the tree head of its `print` entry.

    `entry`: the entry's body. What was erased since is missing. Raises CommandError "kind-unknown", and whatever the
    builders raise.
    """
    if entry["sheet"] not in BUILDERS:
        raise CommandError("kind-unknown", kind=str(entry["sheet"])[:40])
    desk = SheetDesk.as_printed(opened, entry)
    return desk.finished(BUILDERS[entry["sheet"]](desk))
