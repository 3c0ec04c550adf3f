"""The results of a session by class; of an exam, who sat by subject and room. The station's own count. Pure."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from reports.attendance import Excused, attendance_counts
from reports.results_sheet import absent_words
from reports.session_sheet import DOTS, Frame, Spec, cell
from reports.sheet import Align, Cell, Column, Row, Sheet
from reports.wording import DASH
from reports.words import number_words
from sessions.course.allocation import Place, placed
from sessions.course.entries import SessionEntry
from sessions.course.grading import Outcome
from sessions.course.health import scans
from sessions.course.progress import Progress
from sessions.course.states import Standing
from sessions.course.totals import Totals
from sessions.roster.model import Seat

KIND: Final = "summary"
ROW_MM: Final = 9.0
_WIDTH: Final = 252.0
_OF_COMPONENT: Final = ("sat", "passed", "failed")
_CODES: Final = (Outcome.PASSED, Outcome.FAILED, Outcome.ABSENT, Outcome.INCOMPLETE)
_ATTENDANCE: Final = ("listed", "present", "waiting", "missing", "refused", "suspended", "exceptions")
"""What is counted of each room of an exam."""
_ORIGINS: Final = {"lan dau": "first", "cap lai": "again"}
"""What a list may say in its remarks of who sits for a first licence, and who to get one back."""
NO_CLASS: Final = "-"
"""Stands in the counts for who is listed without a class, or without a room."""


def build_summary(frame: Frame, progress: Progress, entries: Sequence[SessionEntry]) -> Sheet:
    """Return the page model of a session's results by class: files, who sat, each component, what they come to.

    `entries`: the session's, in order. Raises TextMissingError.
    """
    session = frame.session
    components = session.components
    codes = _codes(progress)
    groups = _classes(progress)
    rows = [_class_row(frame, progress, name, components, codes) for name in groups]
    rows.append(_class_row(frame, progress, None, components, codes))
    counts = summary_counts(progress, entries)
    return frame.sheet(
        KIND,
        header=frame.header(KIND, _lines(frame, closed=progress.closed)),
        columns=_class_columns(frame, components, codes),
        rows=rows,
        closing=frame.closing(
            KIND,
            [
                *_whole(frame, progress, codes),
                *_components(frame, progress),
                *_origins(frame, progress),
                *_scans(frame, entries),
            ],
            _remarks(frame),
        ),
        counts=counts,
        row_mm=ROW_MM,
    )


def summary_counts(progress: Progress, entries: Sequence[SessionEntry]) -> Mapping[str, int]:
    """Return the figures: of the whole by name, of components as "component:name", of classes with "B:" before both."""
    counts = _counts(progress, None, "")
    for name in _classes(progress):
        counts |= _counts(progress, name, f"{name or NO_CLASS}:")
    counts["scans"] = scans(entries, progress.session.rules).count
    return counts


def _counts(progress: Progress, licence_class: str | None, before: str) -> dict[str, int]:
    whole = progress.totals(None, licence_class)
    counts = {f"{before}{name}": getattr(whole, name) for name in ("files", "sat", "pending")}
    counts |= {f"{before}{code}": whole.codes.get(code, 0) for code in _codes(progress)}
    for component in progress.session.components:
        found = progress.totals(component, licence_class)
        counts |= {f"{before}{component}:{name}": getattr(found, name) for name in _OF_COMPONENT}
    return counts


def _codes(progress: Progress) -> tuple[str, ...]:
    return tuple(dict.fromkeys(code for outcome in _CODES if (code := progress.code_of(outcome))))


def _classes(progress: Progress) -> tuple[str, ...]:
    """Return the classes, "" last where somebody is listed without one."""
    without = any(not progress.licence_class(sbd) for sbd in progress.sbds)
    return (*progress.classes, *([""] if without else []))


def _lines(frame: Frame, *, closed: bool) -> list[str]:
    notes = [] if closed else [frame.say("summary.not-closed")]
    return [*notes, frame.say("summary.not-council"), frame.day_line]


def _class_columns(frame: Frame, components: Sequence[str], codes: Sequence[str]) -> tuple[Column, ...]:
    before: tuple[Spec, ...] = (
        ("class", 16.0, Align.CENTRE),
        ("files", 15.0, Align.CENTRE),
        ("sat", 15.0, Align.CENTRE),
    )
    code_mm = 13.0
    note_mm = 26.0 if len(components) <= len(_OF_COMPONENT) else 20.0
    rest = _WIDTH - sum(wide for _, wide, _ in before) - code_mm * (len(codes) + 1) - note_mm
    wide = rest / (len(components) * len(_OF_COMPONENT))
    known = frame.session.rules.components
    middle = tuple(
        Column(heading=frame.say(f"summary.column.{name}"), group=known[component].label, width_mm=wide)
        for component in components
        for name in _OF_COMPONENT
    )
    after = (
        *(
            Column(
                heading=frame.say("summary.column.code", code=code, meaning=frame.coded("code", code)),
                width_mm=code_mm,
            )
            for code in codes
        ),
        Column(heading=frame.say("summary.column.pending"), width_mm=code_mm),
        Column(heading=frame.say("column.note"), width_mm=note_mm, align=Align.LEFT),
    )
    return (*frame.columns(before), *middle, *after)


def _class_row(
    frame: Frame, progress: Progress, name: str | None, components: Sequence[str], codes: Sequence[str]
) -> Row:
    """Return the row of a class, or of everybody (None)."""
    whole = progress.totals(None, name)
    taken = components if not name else progress.session.rules.components_of(name)
    figures: list[Cell] = []
    for component in components:
        found = progress.totals(component, name)
        figures += [
            _number(getattr(found, each)) if component in taken else cell(DASH) for each in _OF_COMPONENT
        ]
    title = frame.say("summary.all") if name is None else name or frame.say("summary.no-class")
    cells = (
        cell(title, strong=True),
        _number(whole.files),
        _number(whole.sat),
        *figures,
        *(_number(whole.codes.get(code, 0)) for code in codes),
        _number(whole.pending),
        cell(*_notes(frame, whole)),
    )
    return Row(cells=cells, mark=("", "-"))


def _number(count: int) -> Cell:
    return replace(cell(str(count)), value=count)


def _notes(frame: Frame, whole: Totals) -> list[str]:
    """Return what makes the figures add up."""
    found = (
        ("exempt", whole.exempt),
        ("taken", whole.taken),
        ("erased", whole.erased),
        ("not-let-in", whole.not_let_in),
    )
    return [frame.say(f"summary.note.{name}", count=count) for name, count in found if count]


def _whole(frame: Frame, progress: Progress, codes: Sequence[str]) -> list[str]:
    whole = progress.totals(None)
    absent = progress.code_of(Outcome.ABSENT)
    return [
        frame.count("files", whole.files),
        frame.count("sat", whole.sat),
        *(
            frame.count("code", whole.codes.get(code, 0), code=code, meaning=frame.coded("code", code))
            for code in codes
        ),
        frame.count("not-let-in", whole.not_let_in, code=absent, meaning=frame.coded("code", absent).lower()),
        frame.count("pending", whole.pending),
    ]


def _components(frame: Frame, progress: Progress) -> list[str]:
    """Return the totals of each component in figures and words."""
    known = progress.session.rules.components
    lines = []
    for component in progress.session.components:
        found = progress.totals(component)
        values = {name: _words(frame, getattr(found, name)) for name in _OF_COMPONENT}
        values["absent"] = absent_words(frame, found, always=True)
        lines.append(frame.say("summary.component", component=known[component].label, **values))
    return lines


def _words(frame: Frame, count: int) -> str:
    return f"{count} ({number_words(count)})" if frame.language == "vi" else str(count)


def _origins(frame: Frame, progress: Progress) -> list[str]:
    """Return who sits for a first licence and who to get one back, where the list's remarks say so of anybody."""
    found = Counter(_origin(progress.seat(sbd)) for sbd in progress.sbds)
    if not found["first"] and not found["again"]:
        return []
    values = {name: _words(frame, found[name]) for name in ("first", "again", "unsaid")}
    return [frame.say("summary.origins", **values)]


def _origin(seat: Seat) -> str:
    """Return "first" or "again" as the list's remark on somebody says, "unsaid" where it says neither, or both."""
    plain = unicodedata.normalize("NFD", seat.remark.casefold().replace("\u0111", "d"))
    words = " ".join("".join(char for char in plain if not unicodedata.combining(char)).split())
    said = {name for text, name in _ORIGINS.items() if text in words}
    return said.pop() if len(said) == 1 else "unsaid"


def _scans(frame: Frame, entries: Sequence[SessionEntry]) -> list[str]:
    """Return how often a chip was read, and what that comes to: nothing where the rules charge nothing."""
    found = scans(entries, frame.session.rules)
    lines = [frame.count("scans", found.count)]
    if not found.enabled:
        return [*lines, frame.say("summary.no-fee")]
    total = found.total_vnd
    words = number_words(total)
    return [*lines, frame.say("summary.fee", each=_dong(found.fee_vnd), total=_dong(total), words=words)]


def _dong(amount: int) -> str:
    return f"{amount:,}".replace(",", ".")


def _remarks(frame: Frame) -> tuple[str, ...]:
    return frame.say("summary.comment", dots=DOTS * 5), frame.say("summary.remark")


# -- exams -----------------------------------------------------------------------------------------


def build_exam_summary(
    frame: Frame,
    standings: Mapping[str, Sequence[Standing]],
    entries: Sequence[SessionEntry],
    *,
    excused: Mapping[str, Excused],
    places: Mapping[str, Mapping[str, Place]],
    closed: bool,
) -> Sheet:
    """Return the page model of who sat an exam: a row for each subject and room, subjects and the whole summed up.

    `standings`, `excused`, `places` (by lot): by component. Raises TextMissingError.
    """
    counts = dict(exam_counts(standings, entries, excused=excused, places=places))
    counts["scans"] = scans(entries, frame.session.rules).count
    known = frame.session.rules.components
    rows = []
    for component, everybody in standings.items():
        rooms = rooms_of(everybody, places.get(component, {}))
        rows += [
            _exam_row(known[component].label, room or DASH, counts, f"{component}:{room or NO_CLASS}:")
            for room in rooms
        ]
        rows.append(
            _exam_row(known[component].label, frame.say("summary.all"), counts, f"{component}:", total=True)
        )
    totals = []
    for component in standings:
        values = {name: _words(frame, counts[f"{component}:{name}"]) for name in _ATTENDANCE}
        totals.append(frame.say("summary.subject", component=known[component].label, **values))
    specs: tuple[Spec, ...] = (
        ("component", 60.0, Align.LEFT),
        ("room", 32.0, Align.CENTRE),
        *((name, 20.0, Align.CENTRE) for name in _ATTENDANCE),
        ("note", 20.0, Align.LEFT),
    )
    sheet = frame.sheet(
        KIND,
        header=frame.header(KIND, _lines(frame, closed=closed)),
        columns=frame.columns(specs),
        rows=rows,
        closing=frame.closing(KIND, [*totals, *_scans(frame, entries)], _remarks(frame)),
        counts=counts,
        row_mm=ROW_MM,
    )
    return replace(sheet, header=replace(sheet.header, title=frame.say("title.summary-exam")))


def exam_counts(
    standings: Mapping[str, Sequence[Standing]],
    entries: Sequence[SessionEntry],
    *,
    excused: Mapping[str, Excused],
    places: Mapping[str, Mapping[str, Place]],
) -> Mapping[str, int]:
    """Return the figures: of subjects as "subject:name", of their rooms as "subject:room:name"."""
    counts: dict[str, int] = {}
    for component, everybody in standings.items():
        away, by_lot = excused.get(component, {}), places.get(component, {})
        counts |= _attended(component, everybody, entries, away, f"{component}:")
        for room in rooms_of(everybody, by_lot):
            rows = [row for row in everybody if room_of(row, by_lot) == room]
            sbds = {row.sbd for row in rows}
            own = [entry for entry in entries if entry.body.get("sbd") in sbds]
            counts |= _attended(component, rows, own, away, f"{component}:{room or NO_CLASS}:")
    return counts


def _attended(
    component: str, rows: Sequence[Standing], entries: Sequence[SessionEntry], away: Excused, before: str
) -> dict[str, int]:
    found = attendance_counts(component, rows, entries, away)
    return {f"{before}{name}": found[name] for name in _ATTENDANCE}


def room_of(row: Standing, places: Mapping[str, Place]) -> str:
    """Return somebody's room: by lot, else as the list has it."""
    return "" if row.seat.erased else placed(row.seat, places)[0]


def rooms_of(rows: Sequence[Standing], places: Mapping[str, Place]) -> tuple[str, ...]:
    """Return the rooms in which somebody is listed, sorted; "" last."""
    found = {room_of(row, places) for row in rows}
    return (*sorted(found - {""}), *([""] if "" in found else []))


def _exam_row(
    component: str, room: str, counts: Mapping[str, int], before: str, *, total: bool = False
) -> Row:
    cells = (
        cell(component, strong=total),
        cell(room, strong=True),
        *(_number(counts[f"{before}{name}"]) for name in _ATTENDANCE),
        cell(""),
    )
    return Row(cells=cells, mark=("", "-"))
