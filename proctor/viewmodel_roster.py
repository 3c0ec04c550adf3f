"""The import of a roster as it stands on the screen: tables, figures and what is still missing. Pure, no tk."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final

from proctor.names import component_name
from proctor.roster_import import Created, Loaded, Wanted
from proctor.texts import Texts
from sessions.roster.model import Roster, RowChange, RowDefect, Seat
from sessions.rules import Rules, sections_of

TABS: Final = ("used", "refused", "changed", "guessed", "warned", "passed")
SIGNS: Final = {
    "used": "tick",
    "refused": "cross",
    "changed": "arrow",
    "guessed": "question",
    "warned": "bang",
    "passed": "dots",
}
_SEAT: Final = (
    "row",
    "sbd",
    "name",
    "birth",
    "number",
    "class",
    "room",
    "seat",
    "subject",
    "shift",
    "components",
)
_SAMPLES: Final = 2
_ROWS_NAMED: Final = 20
_ALWAYS: Final = ("row", "sbd", "name", "birth", "number")
_CELL: Final[Mapping[str, Callable[[Seat], str]]] = {
    "row": lambda seat: str(seat.row),
    "sbd": lambda seat: seat.sbd,
    "name": lambda seat: seat.full_name,
    "birth": lambda seat: seat.birth.display,
    "number": lambda seat: seat.id_number or seat.old_number,
    "class": lambda seat: seat.licence_class,
    "room": lambda seat: seat.room,
    "seat": lambda seat: seat.seat,
    "subject": lambda seat: seat.subject,
    "shift": lambda seat: seat.shift,
    "components": lambda seat: ", ".join(seat.components),
}
_CHANGE_COLUMNS: Final = {
    "changed": ("row", "column", "before", "after", "why"),
    "guessed": ("row", "column", "before", "after", "why"),
    "warned": ("row", "column", "before", "why"),
    "passed": ("row", "before", "why"),
}
_DAY_FORMS: Final = ("%d/%m/%Y", "%d.%m.%Y", "%d-%m-%Y", "%Y-%m-%d")


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One row of a table, and the sentence that says the same in full beneath it."""

    cells: tuple[str, ...] = field(repr=False)
    detail: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tab:
    """One table: its figure, its sign (colour is never the only one), headings, keys of columns, rows.

    `count`: what the figure shows; refused rows are counted once, however many defects each has.
    """

    key: str
    title: str
    sign: str
    count: int
    columns: tuple[tuple[str, str], ...]
    lines: tuple[Line, ...] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class EncodingChoice:
    """One encoding, and how some lines of the file look under it."""

    encoding: str
    label: str
    lines: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What page one shows of a file that was read.

    `ask_encoding`: the reader guessed, a person has to look. `sheets`: those to choose from, if there are several;
    `sheet_open`: nobody has chosen yet, the first one is shown.
    """

    file: str
    source: str
    encoding: str
    ask_encoding: bool
    choices: tuple[EncodingChoice, ...]
    sheet: str
    sheet_open: bool
    sheets: tuple[str, ...]
    tabs: tuple[Tab, ...]

    def tab(self, key: str) -> Tab:
        """Return one of the tables."""
        return next(tab for tab in self.tabs if tab.key == key)

    @property
    def first(self) -> str:
        """The table to show first: the refused rows where there are any."""
        return "refused" if self.tab("refused").count else "used"


@dataclass(frozen=True, slots=True, kw_only=True)
class RulesChoice:
    """One set of rules to choose: identifier, label with its marks, components as (identifier, label)."""

    rules_id: str
    label: str
    components: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """Page two as filled in: texts as typed."""

    rules_id: str = ""
    components: tuple[str, ...] = ()
    place: str = ""
    day: str = ""
    user: str = ""
    skip: bool = False


def preview(loaded: Loaded, texts: Texts) -> Preview:
    """Return what page one shows of a roster that was read."""
    roster = loaded.roster
    choices = tuple(
        EncodingChoice(
            encoding=shown.encoding,
            label=texts.say(f"window.encoding.{shown.encoding}"),
            lines=" · ".join(" ".join(line.split()) for line in shown.lines[-_SAMPLES:]),
        )
        for shown in roster.previews
    )
    return Preview(
        file=loaded.path.name,
        source=_source(roster, texts),
        encoding=roster.encoding,
        ask_encoding=len(choices) > 1,
        choices=choices,
        sheet=roster.sheet,
        sheet_open=loaded.sheet_open,
        sheets=roster.sheets if len(roster.sheets) > 1 else (),
        tabs=tuple(_tab(key, roster, texts) for key in TABS),
    )


def rules_choices(rules: Iterable[Rules], day: date, texts: Texts) -> tuple[RulesChoice, ...]:
    """Return the rules to choose from, those in force on `day` first, each with its marks."""
    ordered = sorted(
        rules, key=lambda each: (not each.in_force(day), each.kind != "driving-test", each.rules_id)
    )
    return tuple(
        RulesChoice(
            rules_id=each.rules_id,
            label=_rules_label(each, day, texts),
            components=tuple((name, component_name(each, name, texts)) for name in each.components),
        )
        for each in ordered
    )


def parse_day(text: str) -> date | None:
    """Return a day typed as dd/mm/yyyy (or yyyy-mm-dd), or None: the month never comes first."""
    for form in _DAY_FORMS:
        try:
            return datetime.strptime(text.strip(), form).date()  # noqa: DTZ007 - a calendar day has no zone
        except ValueError:
            continue
    return None


def missing(form: Form, shown: Preview | None, *, training: bool) -> tuple[str, ...]:
    """Return what is still missing before a session can be created, in the order of the screen."""
    if shown is None:
        return ("file",)
    wrong = {
        "sheet": shown.sheet_open,
        "rows": not shown.tab("used").count,
        "skip": bool(shown.tab("refused").count) and not form.skip,
        "rules": not form.rules_id,
        "components": not form.components,
        "place": not form.place.strip(),
        "day": parse_day(form.day) is None,
        "user": not training and not form.user,
    }
    return tuple(name for name, is_wrong in wrong.items() if is_wrong)


def wanted(form: Form, *, training: bool) -> Wanted:
    """Return the session a form with nothing missing asks for. Raises ValueError for a day that is none."""
    day = parse_day(form.day)
    if day is None:
        raise ValueError("day")
    return Wanted(
        rules_id=form.rules_id,
        components=form.components,
        place=form.place.strip(),
        day=day,
        training=training,
        user=form.user,
    )


def _left_out(rows: Sequence[int]) -> str:
    """Return how many rows were left out, and which."""
    named = ", ".join(map(str, rows[:_ROWS_NAMED])) + (" …" if len(rows) > _ROWS_NAMED else "")
    return f"{len(rows)} ({named})" if rows else "0"


def result_lines(created: Created, texts: Texts) -> tuple[tuple[str, str], ...]:
    """Return what the last page shows under the session's id: (heading, text)."""
    return (
        (texts["window.result.hash"], grouped(created.roster_hash)),
        (texts["window.result.candidates"], str(created.candidates)),
        (texts["window.result.refused"], _left_out(created.refused)),
        (texts["window.result.components"], ", ".join(created.components)),
        (texts["window.result.place"], created.place),
        (texts["window.result.day"], created.day.strftime("%d/%m/%Y")),
    )


def rules_mark(created: Created, texts: Texts) -> str:
    """Return the line that says what of the session's rules nobody has confirmed; empty when all is."""
    keys = created.unconfirmed
    if not keys:
        return ""
    named = ", ".join(texts.say(f"rules.section.{name}") for name in sections_of(keys))
    return texts.say("rules.mark", count=len(keys), keys=named, rules=created.rules_id)


def grouped(digest: str) -> str:
    """Return a hash in groups of eight, as the sheets print it: to be compared by eye."""
    return " ".join(digest[at : at + 8] for at in range(0, len(digest), 8))


def _tab(key: str, roster: Roster, texts: Texts) -> Tab:
    if key == "used":
        return _used(roster, texts)
    if key == "refused":
        return _refused(roster, texts)
    rows = {
        "changed": roster.changes,
        "guessed": roster.guesses,
        "warned": roster.warnings,
        "passed": roster.passed_over,
    }[key]
    return Tab(
        key=key,
        title=texts[f"window.tab.{key}"],
        sign=SIGNS[key],
        count=len(rows),
        columns=_columns(_CHANGE_COLUMNS[key], texts),
        lines=tuple(_change_line(row, key, texts) for row in rows),
    )


def _used(roster: Roster, texts: Texts) -> Tab:
    """The rows that will be used; columns that nobody has are left out."""
    kept = [key for key in _SEAT if key in _ALWAYS or any(_CELL[key](seat) for seat in roster.rows)]
    return Tab(
        key="used",
        title=texts["window.tab.used"],
        sign=SIGNS["used"],
        count=len(roster.rows),
        columns=_columns(kept, texts),
        lines=tuple(Line(cells=tuple(_CELL[key](seat) for key in kept)) for seat in roster.rows),
    )


def _refused(roster: Roster, texts: Texts) -> Tab:
    return Tab(
        key="refused",
        title=texts["window.tab.refused"],
        sign=SIGNS["refused"],
        count=len({defect.row for defect in roster.refused}),
        columns=_columns(("row", "column", "value", "why"), texts),
        lines=tuple(_defect_line(defect, texts) for defect in roster.refused),
    )


def _defect_line(defect: RowDefect, texts: Texts) -> Line:
    place = _row(defect.row, texts)
    values = {"row": place, "column": defect.column, "value": defect.value, "other": defect.other or "—"}
    why = texts.say(defect.code, **values)
    return Line(
        cells=(place, defect.column, defect.value, why),
        detail=texts.say("window.detail.refused", **{**values, "why": why}),
    )


def _change_line(change: RowChange, key: str, texts: Texts) -> Line:
    cells = {
        "row": _row(change.row, texts),
        "column": change.column,
        "before": change.before,
        "after": change.after,
    }
    why = texts.say(change.code, other=change.other or "—", **cells)
    return Line(
        cells=tuple({**cells, "why": why}[column] for column in _CHANGE_COLUMNS[key]),
        detail=texts.say(f"window.detail.{key}", **{**cells, "why": why}),
    )


def _row(row: int, texts: Texts) -> str:
    """Return a row's number; 0 is the whole file."""
    return str(row) if row else texts["window.whole-file"]


def _columns(keys: Iterable[str], texts: Texts) -> tuple[tuple[str, str], ...]:
    return tuple((key, texts[f"window.column.{key}"]) for key in keys)


def _source(roster: Roster, texts: Texts) -> str:
    """Return what the file is: form, sheet, encoding."""
    parts = [roster.format.upper()]
    if roster.sheet:
        parts.append(texts.say("window.sheet", sheet=roster.sheet))
    if roster.encoding:
        parts.append(texts.say("window.encoding", encoding=texts.say(f"window.encoding.{roster.encoding}")))
    return " · ".join(parts)


def _rules_label(rules: Rules, day: date, texts: Texts) -> str:
    marks = []
    if not rules.in_force(day):
        marks.append(texts["window.rules.not-in-force"])
    if rules.unconfirmed:
        marks.append(texts["window.rules.unconfirmed"])
    return f"{rules.title} [{'; '.join(marks)}]" if marks else rules.title
