"""The text that a person types for columns 4 to 7: four headed parts in a file of UTF-8.

A heading stands in square brackets on a line of its own; what follows it, up to the next one, is its part, each line a
paragraph. Lines that begin with # are left out. Form and sample: docs/report.md.
"""

import re
from dataclasses import dataclass, field

from proctor.errors import CommandError
from proctor.texts import load_texts
from reports.fonts import missing_letters
from reports.wording import clean
from sessions.roster.names import comparison_key

MAX_BYTES = 200_000
MAX_PART = 20_000
"""Letters of one part."""
_HEADING = re.compile(r"\[(.*)\]")
_COLUMNS = ("4", "5", "6", "7")


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """Paragraphs of the four parts, in the order of the columns; a part without any is to be filled in by hand."""

    parts: tuple[tuple[str, ...], ...] = field(repr=False)


def read_typed(data: bytes, file: str) -> Typed:
    """Return the parts. Raises CommandError "report-text-…" with the line: not UTF-8, a heading that is none of the
    four or comes twice, text before the first one, a part that is too long, a letter that no face has.
    """
    parts: dict[str, list[str]] = {}
    current = ""
    for line, raw in enumerate(_text(data, file).split("\n"), start=1):
        text = clean(raw)
        if not text or text.startswith("#"):
            continue
        heading = _HEADING.fullmatch(text)
        if heading is not None:
            current = _column(heading[1], file, line)
            if current in parts:
                raise CommandError("report-text-twice", file=file, line=line, heading=heading[1][:80])
            parts[current] = []
        elif not current:
            raise CommandError("report-text-no-heading", file=file, line=line, known=_known())
        else:
            parts[current].append(_paragraph(text, parts[current], file, line))
    return Typed(parts=tuple(tuple(parts.get(column, ())) for column in _COLUMNS))


def headings() -> tuple[str, ...]:
    """Return the four headings, as the report prints them."""
    texts = load_texts("vi")
    return tuple(texts[f"report17.column.{column}"] for column in _COLUMNS)


def _text(data: bytes, file: str) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise CommandError("report-text-not-utf8", file=file, line=line) from None


def _column(text: str, file: str, line: int) -> str:
    for column, heading in zip(_COLUMNS, headings(), strict=True):
        if comparison_key(text) == comparison_key(heading):
            return column
    raise CommandError("report-text-heading", file=file, line=line, heading=text[:80], known=_known())


def _paragraph(text: str, part: list[str], file: str, line: int) -> str:
    if sum(len(each) for each in part) + len(text) > MAX_PART:
        raise CommandError("report-text-too-long", file=file, line=line, limit=MAX_PART)
    strange = missing_letters(text)
    if strange:
        raise CommandError("report-text-letter", file=file, line=line, letter=f"U+{ord(strange[0]):04X}")
    return text


def _known() -> str:
    return " ".join(f"[{heading}]" for heading in headings())
