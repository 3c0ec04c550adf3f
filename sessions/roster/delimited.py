"""A text file as a table: which encoding, which delimiter. What is not certain is said, with a preview of each."""

from __future__ import annotations

import codecs
import csv
import io
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

from sessions.errors import RosterUnreadableError
from sessions.roster.legacy import as_windows_1252, from_cp1258, from_tcvn3, from_vni, vietnamese_score
from sessions.roster.model import EncodingPreview
from sessions.roster.table import MAX_BYTES, MAX_COLUMNS, MAX_ROWS, MAX_TEXT, Line, Sheet

PREVIEW_LINES: Final = 8
_USUAL: Final = (",", ";", "\t", "|")
_SAMPLE: Final = 40
_PART: Final = 100_000
"""Bytes by which encodings are compared."""
_CLOSE: Final = 0.9
"""A second encoding that reads at least this much of what the first reads makes the choice a guess."""
_UTF16: Final = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}


def decode(data: bytes, encoding: str | None = None) -> tuple[str, str, tuple[EncodingPreview, ...]]:
    """Return the text, its encoding, and a preview of every encoding that was possible where it was not certain.

    `encoding` forces one of `ENCODINGS`. Raises RosterUnreadableError.
    """
    if len(data) > MAX_BYTES:
        raise RosterUnreadableError(why="too-large", limit=MAX_BYTES)
    if encoding is not None:
        return _forced(data, encoding), encoding, ()
    certain = _unicode(data)
    if certain is not None:
        return certain[0], certain[1], ()
    if b"\x00" in data:
        raise RosterUnreadableError(why="format")
    return _most_vietnamese(data)


def _forced(data: bytes, encoding: str) -> str:
    try:
        if encoding == "utf-16":
            return _utf16(data)
        return _READINGS[encoding](data)
    except (UnicodeDecodeError, KeyError):
        raise RosterUnreadableError(why="encoding", encoding=encoding[:20]) from None


def _utf16(data: bytes) -> str:
    for mark, name in _UTF16.items():
        if data.startswith(mark):
            return data[2:].decode(name)
    return data.decode("utf-16-be" if data[:1] == b"\x00" else "utf-16-le")


_READINGS: Final[dict[str, Callable[[bytes], str]]] = {
    "utf-8": lambda data: data.decode("utf-8-sig"),
    "cp1258": from_cp1258,
    "tcvn3": lambda data: _by_cell(from_tcvn3, as_windows_1252(data)),
    "vni": lambda data: from_vni(as_windows_1252(data)),
}


def _by_cell(turn: Callable[[str], str], text: str) -> str:
    """Return a text converted piece by piece: whether a cell is in capitals is the cell's own affair."""
    return "".join(turn(piece) for piece in re.split(r"([\n\r,;|\t])", text))


def _unicode(data: bytes) -> tuple[str, str] | None:
    """Return the text where the bytes say that they are UTF-8 or UTF-16; None where they do not."""
    marked = data[:2] in _UTF16
    halves = data[0:4000:2].count(0), data[1:4000:2].count(0)
    try:
        if marked or _is_utf16(halves, min(len(data), 4000)):
            return _utf16(data) if marked else data.decode(
                "utf-16-be" if halves[0] > halves[1] else "utf-16-le"
            ), "utf-16"
        return data.decode("utf-8-sig"), "utf-8"
    except UnicodeDecodeError:
        if marked or data.startswith(codecs.BOM_UTF8):
            raise RosterUnreadableError(why="encoding") from None
        return _nearly_utf8(data)


def _nearly_utf8(data: bytes) -> tuple[str, str] | None:
    """Return the text of UTF-8 in which a few bytes are broken: their rows are refused, not the whole list."""
    text = data.decode("utf-8-sig", "replace")
    broken = text.count("\ufffd")
    whole = sum(1 for char in text if ord(char) > 0x7F) - broken
    return (text, "utf-8") if whole >= 10 * broken and "\x00" not in text else None


def _is_utf16(zeros: tuple[int, int], octets: int) -> bool:
    """Whether one half of the byte pairs is zero far more often than the other: letters below U+0100."""
    return max(zeros) > octets // 10 and min(zeros) * 10 < max(zeros)


def _most_vietnamese(data: bytes) -> tuple[str, str, tuple[EncodingPreview, ...]]:
    """Return the text under the encoding that makes most of a part of it Vietnamese. Raises RosterUnreadableError."""
    part = data[:_PART].rpartition(b"\n")[0] if len(data) > _PART else data
    found: list[EncodingPreview] = []
    for name in ("cp1258", "tcvn3", "vni"):
        try:
            lines = _READINGS[name](part).splitlines()
        except UnicodeDecodeError:
            continue
        found.append(_preview(name, vietnamese_score(lines)[0], lines))
    if not found:
        raise RosterUnreadableError(why="encoding")
    found.sort(key=lambda each: -each.score_e4)
    return _forced(data, found[0].encoding), found[0].encoding, tuple(found)


def _preview(encoding: str, score: float, lines: Sequence[str]) -> EncodingPreview:
    """Return the first lines that differ between encodings: those with letters beyond ASCII."""
    shown = [line.strip()[:120] for line in lines if not line.isascii()][:PREVIEW_LINES]
    return EncodingPreview(encoding=encoding, score_e4=round(score * 10_000), lines=tuple(shown))


def previews_of(
    texts: Sequence[str], readings: Sequence[tuple[str, Callable[[str], str]]]
) -> tuple[EncodingPreview, ...]:
    """Return how cells look under each reading, the most Vietnamese first."""
    found = [
        _preview(name, vietnamese_score(turned)[0], turned)
        for name, turn in readings
        for turned in [[turn(text) for text in texts]]
    ]
    return tuple(sorted(found, key=lambda each: -each.score_e4))


def is_close(previews: Sequence[EncodingPreview]) -> bool:
    """Whether the second encoding reads nearly as much as the first: then the first is a guess and no more."""
    return len(previews) > 1 and previews[1].score_e4 >= _CLOSE * previews[0].score_e4


# -- the table -------------------------------------------------------------------------------------


def split_table(text: str, known_columns: Callable[[Sequence[Line]], int]) -> Sheet:
    """Return the rows under the delimiter that gives the best heading. Raises RosterUnreadableError.

    `known_columns`: how many columns of a roster a table's heading has.
    """
    if "\x00" in text:
        raise RosterUnreadableError(why="encoding")
    if not text.strip():
        raise RosterUnreadableError(why="empty")
    tables = [lines for delimiter in _delimiters(text) if (lines := _split(text, delimiter)) is not None]
    if not tables:
        raise RosterUnreadableError(why="table")
    best = max(tables, key=lambda lines: (known_columns(lines), -len(lines)))
    return Sheet(name="", lines=tuple(best))


def _delimiters(text: str) -> list[str]:
    """Return the delimiters worth trying: the usual ones, what a first line `sep=` names, and marks that recur."""
    head = text[:20_000].splitlines()[:_SAMPLE]
    named = re.fullmatch(r"sep=(.)", head[0].strip('\ufeff "') if head else "")
    counts = Counter(
        char for line in head for char in set(line) if _may_delimit(char) and line.count(char) >= 3
    )
    others = [char for char, lines in counts.most_common(4) if lines >= max(2, len(head) // 4)]
    return list(dict.fromkeys([*([named[1]] if named else []), *_USUAL, *others]))


def _may_delimit(char: str) -> bool:
    return unicodedata.category(char)[0] in {"P", "S"} and char not in "\"'/-.()=+" and char.isascii()


def _split(text: str, delimiter: str) -> list[Line] | None:
    """Return the rows, or None where the text is no table of this delimiter. Work is bounded by the limits."""
    lines: list[Line] = []
    try:
        for number, (cells, is_open) in enumerate(_records(text, delimiter), 1):
            if len(cells) > MAX_COLUMNS or number > 3 * MAX_ROWS:
                return None
            if not any(cells):
                continue
            if len(lines) == MAX_ROWS:
                raise RosterUnreadableError(why="too-many-rows", limit=MAX_ROWS)
            lines.append(Line(number, tuple(cell[:MAX_TEXT] for cell in cells), quote_open=is_open))
    except csv.Error:
        return None
    return lines


def _records(text: str, delimiter: str) -> Iterator[tuple[list[str], bool]]:
    """Yield each row's cells, and whether a quotation mark was opened in it and not closed.

    Such a mark would swallow the rows down to the next one: they are read again, each line as a row of its own, and
    the mark is left out. Raises csv.Error.
    """
    physical = io.StringIO(text, newline="").readlines()
    rest, read = iter(physical), 0
    while read < len(physical):
        reader, start, failed = csv.reader(rest, delimiter=delimiter), read, False
        while not failed and read < len(physical):
            try:
                cells = next(reader, [])
            except csv.Error:  # longer than any cell may be
                cells, failed = [], True
            lines, read = physical[read : start + reader.line_num], start + reader.line_num
            if failed and len(lines) < 2:
                raise csv.Error
            several = len(lines) > 1 or (read == len(physical) and '"' in lines[-1])
            if failed or (several and _swallowed(cells, lines, delimiter)):
                yield from _line_by_line(lines, delimiter)
            else:
                yield cells, False


def _swallowed(cells: Sequence[str], lines: Sequence[str], delimiter: str) -> bool:
    """Whether a cell of a row over these lines holds other cells, and its quotation marks do not fit together."""
    if not any(cell.count(delimiter) > 1 for cell in cells):
        return False
    try:
        list(csv.reader(lines, delimiter=delimiter, strict=True))
    except csv.Error:
        return True
    return False


def _line_by_line(lines: Iterable[str], delimiter: str) -> Iterator[tuple[list[str], bool]]:
    for line in lines:
        is_open = line.count('"') % 2 == 1
        for cells in (
            csv.reader([line], delimiter=delimiter, quoting=csv.QUOTE_NONE)
            if is_open
            else csv.reader([line], delimiter=delimiter)
        ):
            yield [_without_mark(cell) for cell in cells] if is_open else cells, is_open


def _without_mark(cell: str) -> str:
    """Return a cell read with its quotation marks, without those around it or the one that has no other."""
    bare = cell.strip()
    if bare.count('"') == 1:
        return bare.replace('"', "")
    return bare[1:-1].replace('""', '"') if len(bare) > 1 and bare[0] == bare[-1] == '"' else cell
