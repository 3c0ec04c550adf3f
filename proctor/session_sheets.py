"""The sheets of a session beside attendance: each from the board and the entries to a page model."""

from proctor.errors import CommandError
from proctor.sheets import SheetDesk, note_text
from reports.call_list import build_call_list
from reports.exceptions_sheet import build_exceptions
from reports.incident_minutes import build_incident
from reports.results_sheet import build_results
from reports.self_test_sheet import build_self_test
from reports.sheet import Sheet
from sessions.course.allocation import placed, places_of


def exceptions_sheet(desk: SheetDesk) -> Sheet:
    """Return the table of exceptions."""
    return build_exceptions(desk.frame, desk.board.entries, desk.people, desk.note_of)


def results_sheet(desk: SheetDesk, licence_class: str | None = None) -> Sheet:
    """Return the results; `licence_class` as the list or the rules write it. Raises CommandError "class-unlisted"."""
    wanted = None if licence_class is None else class_of(desk, licence_class)
    return build_results(desk.frame, desk.progress, licence_class=wanted, posted=desk.wish.posted)


def class_of(desk: SheetDesk, text: str) -> str:
    """Return a class as the session's list has it; raises CommandError "class-unlisted"."""
    known = desk.session.rules.licence_class(text)
    wanted = " ".join(text.split()) if known is None else known.class_id
    found = next((name for name in desk.progress.classes if name.casefold() == wanted.casefold()), None)
    if found is None:
        listed = " ".join(desk.progress.classes) or "-"
        raise CommandError("class-unlisted", licence_class=wanted[:16], known=listed)
    return found


def room_of(desk: SheetDesk, text: str) -> str:
    """Return a room as the list or the draw writes it; raises CommandError "room-empty"."""
    places = places_of(desk.board.entries, desk.session.component)
    rooms = {placed(seat, places)[0] for seat in desk.session.seats if not seat.erased}
    wanted = "".join(text.split()).casefold()
    found = next(
        (room for room in sorted(rooms) if room and "".join(room.split()).casefold() == wanted), None
    )
    if found is None:
        raise CommandError("room-empty", room=text[:40])
    return found


def incident_sheet(desk: SheetDesk, incident: str) -> Sheet:
    """Return the minutes of an incident. Raises CommandError "incident-unlisted"."""
    entries = [
        entry
        for entry in desk.board.entries
        if entry.kind == "incident" and str(entry.body.get("incident", entry.seq)) == incident
    ]
    if not entries:
        raise CommandError("incident-unlisted", incident=incident[:64])
    return build_incident(desk.frame, incident, entries, desk.people, desk.note_of)


def self_test_sheet(desk: SheetDesk) -> Sheet:
    """Return the sheet of the newest self-test of this session, or of none. Raises CommandError "self-test-none"."""
    session_id = desk.session.session_id
    found = [
        entry
        for entry in desk.store.entries("self-test")
        if entry.body.get("session", session_id) == session_id
    ]
    if not found:
        raise CommandError("self-test-none")
    return build_self_test(desk.frame, found[-1], desk.people, note_text(desk.store, found[-1].seq))


def call_list_sheet(desk: SheetDesk, room: str = "") -> Sheet:
    """Return the list by which the candidates of a component are called. Raises CommandError "room-empty"."""
    component = desk.session.component
    progress = desk.progress
    seats = [progress.seat(sbd) for sbd in progress.sbds if progress.to_call(sbd, component)]
    places = places_of(desk.board.entries, component)
    waiting = progress.waiting(component)
    sheet = build_call_list(desk.frame, seats, places, room=room, waiting=waiting, posted=desk.wish.posted)
    if room and not sheet.rows:
        raise CommandError("room-empty", room=room[:40])
    return sheet
