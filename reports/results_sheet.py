"""The results of a session as the station recorded them: components, points, codes, corrections, totals. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from reports.posting import posted_header
from reports.seal import RESULT_LETTERS
from reports.session_sheet import Frame, Spec, birth_cell, cell, count_cell, of_kind
from reports.sheet import Align, Cell, Column, Row, Sheet
from reports.wording import DASH, clean
from reports.words import number_words
from sessions.course.grading import Outcome, points_text
from sessions.course.progress import ComponentResult, Progress, Status
from sessions.course.totals import Totals

KIND: Final = "results"
ROW_MM: Final = 9.0
_WIDTH: Final = 252.0
_FEW: Final = 5
"""Up to so many components, name and remarks are wide."""
_FIGURES: Final = ("sat", "passed", "failed", "absent")
_RARE: Final = ("incomplete", "taken", "blocked", "pending")
"""Without these the figures of a component do not add up; they stand there where they are not 0."""
_CODES: Final = (Outcome.PASSED, Outcome.FAILED, Outcome.ABSENT, Outcome.INCOMPLETE)


def build_results(
    frame: Frame, progress: Progress, *, licence_class: str | None = None, posted: bool = False
) -> Sheet:
    """Return the page model of a session's results; `licence_class`: only that one, as `progress.classes` has it.

    In the list's order, by class where there are several. `posted`: a copy for a wall. Raises TextMissingError.
    """
    components = _components(progress, licence_class)
    sbds = _sbds(progress, licence_class)
    counts = result_counts(progress, licence_class)
    lines = [frame.day_line]
    if licence_class:
        lines.insert(0, frame.say("line.class", licence_class=licence_class))
    rows = [
        _row(frame, progress, order, sbd, components, posted=posted)
        for order, sbd in enumerate(sbds, start=1)
    ]
    sheet = frame.sheet(
        KIND,
        variant=licence_class or "",
        header=posted_header(frame, frame.header(KIND, lines), posted=posted),
        columns=_columns(frame, components),
        rows=rows,
        closing=frame.closing(
            KIND, _totals(frame, progress, components, licence_class), (frame.say("results.remark"),)
        ),
        counts=counts,
        row_mm=ROW_MM,
    )
    return replace(sheet, posted=posted)


def result_counts(progress: Progress, licence_class: str | None = None) -> Mapping[str, int]:
    """Return what the sheet's totals say: of the whole by name, of components as "component:name"."""
    whole = progress.totals(None, licence_class)
    counts = {"files": whole.files, "sat": whole.sat, "pending": whole.pending}
    counts |= {code: whole.codes.get(code, 0) for code in _codes(progress)}
    counts["corrections"] = _corrections(progress, licence_class)
    for component in _components(progress, licence_class):
        found = progress.totals(component, licence_class)
        counts |= {f"{component}:{name}": getattr(found, name) for name in (*_FIGURES, *_RARE)}
    return counts


def _components(progress: Progress, licence_class: str | None) -> tuple[str, ...]:
    """Return the session's components, of a class only those that are taken for it."""
    session = progress.session
    if licence_class is None:
        return session.components
    taken = session.rules.components_of(licence_class)
    return tuple(name for name in session.components if name in taken)


def _sbds(progress: Progress, licence_class: str | None) -> Sequence[str]:
    if licence_class is not None:
        return [sbd for sbd in progress.sbds if progress.licence_class(sbd) == licence_class]
    order = {name: at for at, name in enumerate(progress.classes)}
    return sorted(progress.sbds, key=lambda sbd: order.get(progress.licence_class(sbd), len(order)))


def _codes(progress: Progress) -> tuple[str, ...]:
    """Return the rules' codes in their order on paper: DA, RO, VA, KH."""
    return tuple(dict.fromkeys(code for outcome in _CODES if (code := progress.code_of(outcome))))


def _corrections(progress: Progress, licence_class: str | None) -> int:
    """Return how many results were corrected, those taken back altogether not among them."""
    found = (
        progress.outcome(sbd, component)
        for sbd in _sbds(progress, licence_class)
        for component in progress.session.components
    )
    return sum(result is not None and bool(result.corrections) for result in found)


def _columns(frame: Frame, components: Sequence[str]) -> tuple[Column, ...]:
    name, note = (50.0, 34.0) if len(components) <= _FEW else (40.0, 22.0)
    before: tuple[Spec, ...] = (
        ("order", 9.0, Align.CENTRE),
        ("sbd", 13.0, Align.CENTRE),
        ("name", name, Align.LEFT),
        ("birth", 21.0, Align.CENTRE),
        ("class", 13.0, Align.CENTRE),
    )
    after: tuple[Spec, ...] = (("code", 22.0, Align.CENTRE), ("note", note, Align.LEFT))
    room = _WIDTH - sum(wide for _, wide, _ in (*before, *after))
    known = frame.session.rules.components
    middle = tuple(
        Column(heading=known[component].label, width_mm=room / len(components), align=Align.CENTRE)
        for component in components
    )
    return (*frame.columns(of_kind(frame.session, before)), *middle, *frame.columns(after))


def _row(
    frame: Frame, progress: Progress, order: int, sbd: str, components: Sequence[str], *, posted: bool
) -> Row:
    seat = progress.seat(sbd)
    code = progress.code(sbd)
    cells = (
        count_cell(order),
        cell(sbd, strong=True),
        cell(seat.full_name),
        birth_cell(seat.birth),
        cell(_class_name(progress, sbd) or DASH),
        *(_result(frame, progress, sbd, component) for component in components),
        cell(code or DASH, frame.coded("code", code) if code else "", strong=True),
        cell(*_notes(frame, progress, sbd, components, posted=posted)),
    )
    return Row(cells=cells, mark=(clean(sbd), result_letter(progress, code)))


def _class_name(progress: Progress, sbd: str) -> str:
    """Return the licence class, or the pupil's class where the rules know no licences."""
    if progress.session.rules.classes:
        return progress.licence_class(sbd)
    return progress.seat(sbd).school_class or progress.licence_class(sbd)


def result_letter(progress: Progress, code: str | None) -> str:
    """Return the page seal's letter for what a candidate comes to; "-" as long as that is open."""
    letters = {progress.code_of(outcome): RESULT_LETTERS[outcome] for outcome in _CODES}
    return letters.get(code, "-") if code else "-"


def _result(frame: Frame, progress: Progress, sbd: str, component: str) -> Cell:
    """Return points and outcome of one component, or why there are none."""
    result = progress.outcome(sbd, component)
    status = progress.status(sbd, component)
    words = frame.coded("status", "not-let-in" if progress.not_let_in(sbd, component) else status.value)
    if result is None or status in {Status.NOT_LISTED, Status.KEPT}:
        return cell(words)
    points = "" if result.points_e2 is None else points_text(result.points_e2)
    return cell(points, *([] if status is Status.TAKEN else [words]), *_marks(frame, result), strong=True)


def _marks(frame: Frame, result: ComponentResult) -> list[str]:
    """Return what stands out in a result: a critical question, a cancellation, a correction."""
    found = (
        ("critical", result.critical_failed),
        ("cancelled", result.cancelled),
        ("corrected", bool(result.corrections)),
    )
    return [frame.say(f"results.{name}") for name, is_so in found if is_so]


def _notes(
    frame: Frame, progress: Progress, sbd: str, components: Sequence[str], *, posted: bool
) -> list[str]:
    """Return which entries corrected what, and where passed components were passed; not on a wall who was sent away."""
    seat = progress.seat(sbd)
    notes = [frame.say("note.addition", mark=seat.addition)] if seat.addition else []
    known = progress.session.rules.components
    for component in components:
        result, kept = progress.outcome(sbd, component), progress.kept(sbd, component)
        if progress.not_let_in(sbd, component) and not posted:
            notes.append(frame.say("results.not-let-in", component=known[component].label))
        if result is not None and result.corrections:
            entry = result.corrections[-1].seq
            notes.append(frame.say("results.correction", component=known[component].label, entry=entry))
        if kept is not None:
            day = kept.passed_on.strftime("%d/%m/%Y")
            notes.append(frame.say("results.kept", component=known[component].label, day=day))
    return notes


def _totals(
    frame: Frame, progress: Progress, components: Sequence[str], licence_class: str | None
) -> list[str]:
    """Return the totals in figures and words: the whole, each component, and each class where there are several."""
    whole = progress.totals(None, licence_class)
    lines = [
        frame.count("files", whole.files),
        frame.count("sat", whole.sat),
        *(
            frame.count("code", whole.codes.get(code, 0), code=code, meaning=frame.coded("code", code))
            for code in _codes(progress)
        ),
        frame.count("pending", whole.pending),
        frame.count("corrections", _corrections(progress, licence_class)),
    ]
    known = progress.session.rules.components
    lines += [
        _component(frame, known[name].label, progress.totals(name, licence_class)) for name in components
    ]
    if licence_class is None and len(progress.classes) > 1:
        lines += [_class(frame, progress, name) for name in progress.classes]
    return lines


def _component(frame: Frame, label: str, found: Totals) -> str:
    values = {name: _figure(frame, getattr(found, name)) for name in _FIGURES}
    values["absent"] = absent_words(frame, found)
    rare = [
        frame.say(f"results.component.{name}", count=_figure(frame, getattr(found, name)))
        for name in _RARE
        if getattr(found, name)
    ]
    return frame.say(
        "results.component", component=label, rest="".join(f"; {words}" for words in rare), **values
    )


def absent_words(frame: Frame, found: Totals, *, always: bool = False) -> str:
    """Return how many were absent, and how many of them came: the attendance sheet counts those apart.

    `always`: that nobody of them came is said too.
    """
    if not (found.absent if always else found.not_let_in):
        return _figure(frame, found.absent)
    return frame.say(
        "results.absent-of",
        count=found.absent,
        words=number_words(found.absent),
        not_let_in=found.not_let_in,
    )


def _figure(frame: Frame, number: int) -> str:
    return f"{number} ({number_words(number)})" if frame.language == "vi" else str(number)


def _class(frame: Frame, progress: Progress, name: str) -> str:
    found = progress.totals(None, name)
    codes = ", ".join(f"{code} {found.codes.get(code, 0)}" for code in _codes(progress))
    return frame.say("results.class", licence_class=name, files=found.files, sat=found.sat, codes=codes)
