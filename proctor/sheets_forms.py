"""Forms that candidates sign, and proofs of erasure: from the board and the entries to a page model."""

from dataclasses import replace

from proctor.erasing import proof_sheet
from proctor.errors import CommandError
from proctor.sheets import SheetDesk
from reports.collection import build_collection, require_written
from reports.notice_form import build_notice
from reports.sheet import Sheet
from sessions.course.allocation import places_of
from sessions.course.consent import consent_of


def collection_sheet(desk: SheetDesk) -> Sheet:
    """Return the collection list of a written exam. Raises CollectionNotWrittenError, CommandError "room-empty"."""
    component, room = require_written(desk.session).component, desk.wish.room
    sheet = build_collection(
        desk.frame,
        desk.board.standings(component),
        places_of(desk.board.entries, component),
        room=room,
        excused=desk.excused(component),
        closed=desk.board.closed,
    )
    if room and not sheet.rows:
        raise CommandError("room-empty", room=room[:40])
    return sheet


def notice_sheet(desk: SheetDesk) -> Sheet:
    """Return notice and consent form, empty or for the candidate that is wished. Raises SbdUnknownError."""
    sbd = desk.wish.sbd
    if not sbd:
        return build_notice(desk.frame)
    return build_notice(desk.frame, desk.progress.seat(sbd), consent_of(desk.board.entries, sbd))


def erasure_sheet(desk: SheetDesk) -> Sheet:
    """Return the proof of the erasure that is wished, or of the session's newest.

    Raises CommandError "sheet-erasure-none", "erase-no-entry".
    """
    session_id, wanted = desk.session.session_id, desk.wish.entry
    if not wanted:
        found = desk.store.entries("shred", session_id)
        if not found:
            raise CommandError("sheet-erasure-none", session=session_id)
        wanted = str(found[-1].seq)
        desk.wish = replace(desk.wish, entry=wanted)  # so that the print's entry says which erasure it proves
    return proof_sheet(desk, int(wanted))
