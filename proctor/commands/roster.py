"""`proctor roster …`: what a list says, what was changed in it, what is refused, before any session exists."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from proctor.commands.context import Context
from proctor.errors import CommandError
from proctor.files import read_file
from proctor.texts import LANGUAGES, Texts, load_texts
from sessions.roster.classes import shipped_classes
from sessions.roster.model import Roster, RowChange, RowDefect, Seat
from sessions.roster.names import sort_key
from sessions.roster.photos import PhotoReport, match_photos, read_photos
from sessions.roster.reading import read_roster
from sessions.roster.structure import province_of
from sessions.roster.table import MAX_BYTES
from sessions.vietnam import today

SHOWN_OF_A_KIND = 5
WARNINGS_AT_CREATION = 20
_LONG_AFTER = {"roster-class-nowhere", "roster-class-missing", "roster-class-none", "roster-birth-both-ways"}
"""Codes whose sentence says all of it: nothing was changed to a value."""
_EXTRA = (
    "sex",
    "old_number",
    "licence_class",
    "held_class",
    "room",
    "seat",
    "subject",
    "shift",
    "car",
    "part",
    "school_class",
    "address",
    "health_valid",
    "health_number",
    "health_date",
    "remark",
)


def read_list(context: Context, path: str) -> Roster:
    """Return the roster of a file under the call's options `--encoding` and `--sheet`."""
    options = context.options
    return read_roster(
        read_file(path, MAX_BYTES),
        encoding=getattr(options, "encoding", None),
        sheet=getattr(options, "sheet", None),
        name=Path(path).name,
        today=today(),
    )


def check(context: Context) -> int:
    """Read a list and say everything about it. Exit 1 if any row is refused, or no row can be used."""
    options = context.options
    roster = _against_rules(context, read_list(context, options.file))
    photos = match_photos(roster.rows, read_photos(Path(options.photos))) if options.photos else None
    seats = roster.rows
    if options.sorted:
        seats = tuple(sorted(seats, key=lambda seat: (sort_key(seat.full_name), seat.birth.iso, seat.sbd)))
    data = roster_json(roster, seats)
    if photos is not None:
        data["photos"] = photos_json(photos)
    context.result(data, tuple(roster_lines(roster, seats, photos, context.texts)))
    return 0 if data["ok"] else 1


def _against_rules(context: Context, roster: Roster) -> Roster:
    """Return the roster as the rules of `--rules` see it; without them, what no rules at all have is a warning."""
    wanted = context.options.rules
    if not wanted and {seat.licence_class for seat in roster.rows} <= shipped_classes() | {""}:
        return roster
    from sessions.roster.by_rules import by_rules, warn_of_classes  # noqa: PLC0415 - most lists need no rules,
    from sessions.rules import find_rules, list_rules  # noqa: PLC0415 - and reading all of them takes time

    return (
        by_rules(roster, find_rules(wanted, day=today())) if wanted else warn_of_classes(roster, list_rules())
    )


# -- as JSON -----------------------------------------------------------------------------------------


def roster_json(roster: Roster, seats: Sequence[Seat]) -> dict[str, Any]:
    """A roster with everything that was done to it: docs/json.md, "roster check"."""
    refused_rows = len({defect.row for defect in roster.refused})
    return {
        "ok": not roster.refused and bool(roster.rows),
        "file": {
            "format": roster.format,
            "encoding": roster.encoding,
            "sheet": roster.sheet or None,
            "sheets": list(roster.sheets),
            "sha256": roster.sha256,
            "columns": dict(roster.columns),
        },
        "counts": {
            "usable": len(roster.rows),
            "refused_rows": refused_rows,
            "changes": len(roster.changes),
            "guesses": len(roster.guesses),
            "warnings": len(roster.warnings),
            "passed_over": len(roster.passed_over),
        },
        "rows": [seat_json(seat) for seat in seats],
        "refused": [_row_json(each) for each in roster.refused],
        "changes": [_row_json(each) for each in roster.changes],
        "guesses": [_row_json(each) for each in roster.guesses],
        "warnings": [_row_json(each) for each in roster.warnings],
        "passed_over": [_row_json(each) for each in roster.passed_over],
        "encodings": [
            {"encoding": each.encoding, "score": each.score_e4 / 10_000, "lines": list(each.lines)}
            for each in roster.previews
        ],
    }


def seat_json(seat: Seat) -> dict[str, Any]:
    """A row as it will be used; only what the list says of it."""
    data: dict[str, Any] = {
        "row": seat.row,
        "sbd": seat.sbd,
        "name": seat.full_name,
        "birth": seat.birth.iso,
        "number": seat.id_number or None,
    }
    data |= {name: value for name in _EXTRA if (value := getattr(seat, name))}
    if seat.components:
        data["components"] = list(seat.components)
    if seat.id_number and (province := province_of(seat.id_number)):
        data["province"] = province
    return data


def _row_json(each: RowChange | RowDefect) -> dict[str, Any]:
    """A change, guess, warning or refusal: place, code, both texts, the value before and after."""
    data: dict[str, Any] = {"row": each.row, "column": each.column, "code": each.code}
    data |= {language: _reason(each, load_texts(language)) for language in LANGUAGES}
    data["before"] = each.before
    if isinstance(each, RowChange):
        data["after"] = each.after
    if each.other is not None:
        data["other_row"] = each.other
    return data


def _reason(each: RowChange | RowDefect, texts: Texts) -> str:
    said = texts.say(each.code, row=each.row, before=each.before, after=each.after, other=each.other or 0)
    if each.other is None or "{other}" in texts[each.code]:
        return said
    return f"{said} {texts.say('roster.other', other=each.other)}"


def photos_json(report: PhotoReport) -> dict[str, Any]:
    """Which rows have a photo, and which files are nobody's."""
    return {
        "matched": [
            {"sbd": sbd, "file": photo.name, "sha256": photo.sha256, "octets": photo.octets}
            for sbd, photo in report.matched
        ],
        "without": [{"row": seat.row, "sbd": seat.sbd} for seat in report.without],
        "unmatched": list(report.unmatched),
        "several": [{"sbd": sbd, "files": list(names)} for sbd, names in report.several],
        "refused": [{"file": name, "code": code} for name, code in report.refused],
    }


# -- as text -----------------------------------------------------------------------------------------


def roster_lines(
    roster: Roster, seats: Sequence[Seat], photos: PhotoReport | None, texts: Texts
) -> list[str]:
    """Return the list as it will be used, then what to look at, the most important last."""
    lines = [_seat_line(seat) for seat in seats]
    for preview in roster.previews:
        lines.append(texts.say("roster.preview", encoding=preview.encoding, score=preview.score_e4 // 100))
        lines += [f"    {visible(line)}" for line in preview.lines]
    lines += _sections(roster, ("passed_over", "changes", "warnings", "guesses", "refused"), texts)
    if photos is not None:
        lines += _photo_lines(photos, texts)
    counts = roster_json(roster, ())["counts"]
    kind = roster.format + (f" “{roster.sheet}”" if roster.sheet else "")
    lines.append(texts.say("roster.file", format=kind, encoding=roster.encoding, sha256=roster.sha256))
    lines.append(texts.say("roster.summary", **counts))
    if not roster.rows:
        lines.append(texts.say("roster-empty"))
    return lines


def notice_lines(roster: Roster, texts: Texts) -> list[str]:
    """Return what was changed, looks odd or was guessed in the rows that are used."""
    return _sections(roster, ("changes", "warnings", "guesses"), texts, warnings=WARNINGS_AT_CREATION)


def refused_lines(roster: Roster, texts: Texts) -> list[str]:
    """Return why each row is refused, or left out."""
    return [_line(each, texts) for each in roster.refused]


def refused_json(roster: Roster) -> list[dict[str, Any]]:
    """The refused rows: place, code, both texts, the value found."""
    return [_row_json(each) for each in roster.refused]


def _sections(
    roster: Roster, names: Sequence[str], texts: Texts, *, warnings: int = SHOWN_OF_A_KIND
) -> list[str]:
    lines = []
    for name in names:
        found: Sequence[RowChange | RowDefect] = getattr(roster, name)
        if found:
            lines.append(texts.say(f"roster.section.{name.replace('_', '-')}", count=len(found)))
            limit = warnings if name == "warnings" else SHOWN_OF_A_KIND
            lines += _grouped(found, texts, limit=0 if name in {"refused", "guesses"} else limit)
    return lines


def _seat_line(seat: Seat) -> str:
    number = seat.id_number or (f"({seat.old_number})" if seat.old_number else "-")
    more = (
        seat.sex,
        seat.licence_class,
        " ".join(filter(None, (seat.room, seat.seat))),
        "; ".join(seat.components),
    )
    return "  ".join([f"{seat.sbd:>4}", seat.full_name, seat.birth.display, number, *filter(None, more)])


def _grouped(found: Sequence[RowChange | RowDefect], texts: Texts, *, limit: int) -> list[str]:
    """Return a line for each, at most `limit` of one kind and column; 0: all."""
    kinds: dict[tuple[str, str], list[RowChange | RowDefect]] = {}
    for each in found:
        kinds.setdefault((each.code, each.column), []).append(each)
    lines = []
    for group in kinds.values():
        shown = group if not limit or len(group) <= limit + 1 else group[:limit]
        lines += [_line(each, texts) for each in shown]
        if len(shown) < len(group):
            rows = f"{group[len(shown)].row}–{group[-1].row}"
            lines.append("  " + texts.say("roster.more", count=len(group) - len(shown), rows=rows))
    return lines


def _line(each: RowChange | RowDefect, texts: Texts) -> str:
    place = texts.say("roster.row", row=each.row) if each.row else texts.say("roster.whole-file")
    column = f", {texts.say('roster.column', column=visible(each.column))}" if each.column else ""
    after = each.after if isinstance(each, RowChange) and each.code not in _LONG_AFTER else ""
    value = f" “{visible(each.before)}”" if each.before else ""
    value += f" → “{visible(after)}”" if after else ""
    return f"  {place}{column}{value}: {_reason(each, texts)}"


def visible(text: str) -> str:
    """Return a text of which every character can be seen, and none steers the terminal."""
    return "".join(
        char if char.isprintable() and char != "\u00a0" else f"⟨U+{ord(char):04X}⟩" for char in text
    )


def _photo_lines(report: PhotoReport, texts: Texts) -> list[str]:
    lines = [texts.say("roster.photos", matched=len(report.matched), without=len(report.without))]
    if report.without:
        sbds = " ".join(seat.sbd for seat in report.without[:50])
        lines.append(
            "  " + texts.say("roster.photos-without", sbds=sbds + (" …" if len(report.without) > 50 else ""))
        )
    lines += [
        "  " + texts.say("roster.photos-unmatched", file=visible(name)) for name in report.unmatched[:50]
    ]
    lines += [
        "  " + texts.say("roster.photos-several", sbd=sbd, files=visible(", ".join(names)))
        for sbd, names in report.several
    ]
    lines += [f"  {visible(name)}: {texts.say(code)}" for name, code in report.refused[:50]]
    return lines


# -- template ----------------------------------------------------------------------------------------


def template(context: Context) -> int:
    """Write an empty list with the right columns and one example row."""
    from sessions.roster.template import template_csv, template_xlsx  # noqa: PLC0415 - `check` does without it
    from sessions.rules import load_rules  # noqa: PLC0415

    options = context.options
    target = Path(options.out)
    kind = target.suffix.lower()
    if kind not in {".xlsx", ".csv"}:
        raise CommandError("template-suffix", usage=True)
    rules = load_rules(options.rules) if options.rules else None
    exam = rules is not None and rules.kind == "exam"
    component = next(iter(rules.components.values())).label if rules is not None else ""
    made = (template_xlsx if kind == ".xlsx" else template_csv)(exam=exam, component=component)
    try:
        with target.open("xb") as file:
            file.write(made)
    except FileExistsError:
        raise CommandError("template-exists", file=str(target)) from None
    except OSError:
        raise CommandError("cannot-write", file=str(target)) from None
    context.result({"ok": True, "file": str(target)}, (texts_of(context, target),))
    return 0


def texts_of(context: Context, target: Path) -> str:
    """Return the line that says where the template is."""
    return context.texts.say("roster.template", file=str(target))
