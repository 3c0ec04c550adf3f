"""The revisions of a PDF as bytes: where each begins and ends, which objects it brings, what its signature covers.

No general reader of PDFs: it knows the one form in which this program's sheets are written (reportlab's first
revision, then incremental updates with a cross-reference table each) and refuses every other. Every byte of an update
belongs to an object that its table names, to the table or to the trailer; nothing lies in between.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from reports.errors import PdfAlteredError, PdfFormatError, PdfUnsignedError

MAX_BYTES: Final = 64_000_000
MAX_REVISIONS: Final = 40
MAX_OBJECTS: Final = 2_000
"""Objects of one update; the largest honest one, with every field of a sheet, has about thirty."""
_HEAD: Final = b"%PDF-"
_HEAD_BYTES: Final = 1_024
"""Within these a viewer takes a file for a PDF, whatever stands before."""
_TAIL: Final = re.compile(rb"\nstartxref\n(\d{1,10})\n%%EOF\n?")
_TAIL_BYTES: Final = 64
_TABLE: Final = re.compile(rb"xref\n((?:\d{1,10} \d{1,5}\n(?:\d{10} \d{5} [nf] ?\r?\n)+)+)trailer\n<<\n")
_SECTION: Final = re.compile(rb"(\d{1,10}) (\d{1,5})\n((?:\d{10} \d{5} [nf] ?\r?\n)+)")
_FREE: Final = b"0000000000 65535 f"
_TRAILER_LINE: Final = re.compile(rb"/(ID|Info|Root|Size|Prev) ([^\n]{1,200})\n")
_OBJECT: Final = re.compile(rb"(\d{1,10}) 0 obj\n")
_RANGE: Final = re.compile(rb"/ByteRange\s*\[\s*(\d{1,10})\s+(\d{1,10})\s+(\d{1,10})\s+(\d{1,10})\s*\]")
_ID: Final = re.compile(rb"\[ <([0-9a-f]{32})> <([0-9a-f]{32})> \]")
_HEX: Final = re.compile(rb"<(?:[0-9A-F]{2})+>")


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """A revision: bytes `start` to `end` of the file, its table at `table`.

    `objects`: of an update's objects the number and where each begins and ends; `gap` is where its signature's CMS
    stands, brackets included; `root` and `info`: numbers of the catalog and of the document's data.
    """

    number: int
    start: int
    end: int
    table: int
    objects: tuple[tuple[int, int, int], ...] = ()
    gap: tuple[int, int] | None = None
    root: int = 0
    info: int = 0
    size: int = 0
    first_id: str = ""


def split_revisions(pdf: bytes) -> tuple[Revision, ...]:
    """Return the revisions of a PDF, the first one first.

    Raises PdfFormatError for what is no PDF, PdfUnsignedError for one without signatures, PdfAlteredError for one
    that is written as no sheet is.
    """
    if len(pdf) > MAX_BYTES or _HEAD not in pdf[:_HEAD_BYTES]:
        raise PdfFormatError(size=len(pdf))
    if not pdf.startswith(_HEAD):
        raise PdfAlteredError(why="prepended")
    if not _RANGE.search(pdf):
        raise PdfUnsignedError
    found: list[tuple[int, int]] = []
    end, start_xref = len(pdf), _last_table(pdf)
    while len(found) < MAX_REVISIONS:
        found.append((end, start_xref))
        previous = _previous(pdf, start_xref, end)
        if previous is None:
            return _revisions(pdf, tuple(reversed(found)))
        if previous >= start_xref:
            break
        end = _end_of(pdf, previous)
        if end > start_xref:
            break
        start_xref = previous
    raise PdfAlteredError(why="structure", revision=len(found))


def envelope_of(pdf: bytes, revision: Revision) -> bytes:
    """Return the DER of a revision's CMS; the rest of its place is zero. Raises PdfAlteredError."""
    if revision.gap is None:
        raise PdfAlteredError(why="envelope", revision=revision.number)
    padded = bytes.fromhex(pdf[revision.gap[0] + 1 : revision.gap[1] - 1].decode("ascii"))
    size = _der_length(padded, revision.number)
    if size > len(padded) or any(padded[size:]):
        raise PdfAlteredError(why="envelope", revision=revision.number)
    return padded[:size]


def covered_by(pdf: bytes, revision: Revision) -> bytes:
    """Return the bytes that a revision's signature covers: everything up to its end but the place of the CMS."""
    if revision.gap is None:
        raise PdfAlteredError(why="envelope", revision=revision.number)
    return pdf[: revision.gap[0]] + pdf[revision.gap[1] : revision.end]


def _last_table(pdf: bytes) -> int:
    """Return the offset that the end of the file names; raises PdfAlteredError where something was appended or cut."""
    tail = pdf[-_TAIL_BYTES:]
    matches = list(_TAIL.finditer(tail))
    if not matches or matches[-1].end() != len(tail):
        raise PdfAlteredError(why="added-to")
    return int(matches[-1].group(1))


def _previous(pdf: bytes, table: int, end: int) -> int | None:
    """Return the offset of the table before this one, None for the first."""
    trailer = pdf.find(b"trailer\n", table, end)
    if pdf[table : table + 5] != b"xref\n" or trailer < 0:
        raise PdfAlteredError(why="structure", offset=table)
    named = re.findall(rb"/Prev (\d{1,10})\s", pdf[trailer:end])
    if len(named) > 1 or (not named and b"/Prev" in pdf[trailer:end]):
        raise PdfAlteredError(why="structure", offset=table)
    return int(named[0]) if named else None


def _end_of(pdf: bytes, table: int) -> int:
    """Return the end of the revision whose table stands here."""
    found = _TAIL.search(pdf, table)
    if found is None or int(found.group(1)) != table:
        raise PdfAlteredError(why="structure", offset=table)
    return found.end()


def _revisions(pdf: bytes, ends: tuple[tuple[int, int], ...]) -> tuple[Revision, ...]:
    """Return the revisions; `ends`: end and table of each."""
    revisions = [Revision(number=0, start=0, end=ends[0][0], table=ends[0][1])]
    for number, (end, table) in enumerate(ends[1:], start=1):
        update = _update(pdf, number, revisions[-1].end, table, end)
        _require_same_file(revisions[-1], update)
        revisions.append(update)
    if _RANGE.search(pdf, 0, revisions[0].end):
        raise PdfAlteredError(why="signatures", revision=0)
    return tuple(revisions)


def _require_same_file(before: Revision, after: Revision) -> None:
    """Raise unless an update keeps catalog, data and identifier of the update before it; sizes only grow."""
    same = (before.root, before.info, before.first_id) == (after.root, after.info, after.first_id)
    if before.number and not (same and before.size <= after.size):
        raise PdfAlteredError(why="structure", revision=after.number)


def _update(pdf: bytes, number: int, start: int, table: int, end: int) -> Revision:
    """Return an update if its objects fill it without a gap."""
    head = _TABLE.match(pdf, table, end)
    if head is None or not start < table:
        raise PdfAlteredError(why="structure", revision=number)
    trailer = _trailer(pdf[head.end() : end], number, table)
    places = _places(head.group(1), number)
    offsets = sorted(places)
    if not offsets or offsets[0] != start:
        raise PdfAlteredError(why="structure", revision=number)
    ends = [*offsets[1:], table]
    for offset, following in zip(offsets, ends, strict=True):
        begins = _OBJECT.match(pdf, offset, following)
        if begins is None or int(begins.group(1)) != places[offset]:
            raise PdfAlteredError(why="structure", revision=number)
        if not pdf.endswith(b"\nendobj\n", offset, following):
            raise PdfAlteredError(why="structure", revision=number)
    return Revision(
        number=number,
        start=start,
        end=end,
        table=table,
        objects=tuple((places[each], each, after) for each, after in zip(offsets, ends, strict=True)),
        gap=_gap(pdf, number, start, end),
        root=_reference(trailer[b"Root"], number),
        info=_reference(trailer[b"Info"], number),
        size=_number(trailer[b"Size"], number),
        first_id=_first_id(trailer[b"ID"], number),
    )


def _places(table: bytes, number: int) -> dict[int, int]:
    """Return object numbers by their offsets; an update of a sheet frees nothing and names nothing twice."""
    places: dict[int, int] = {}
    for section in _SECTION.finditer(table):
        first, count, lines = int(section.group(1)), int(section.group(2)), section.group(3).splitlines()
        if len(lines) != count or len(places) + count > MAX_OBJECTS:
            raise PdfAlteredError(why="structure", revision=number)
        for index, line in enumerate(lines):
            if first + index == 0 and line.strip() == _FREE:
                continue
            offset, generation, state = line.split()
            if state != b"n" or generation != b"00000" or int(offset) in places:
                raise PdfAlteredError(why="structure", revision=number)
            places[int(offset)] = first + index
    if len(set(places.values())) != len(places):
        raise PdfAlteredError(why="structure", revision=number)
    return places


def _trailer(rest: bytes, number: int, table: int) -> dict[bytes, bytes]:
    """Return a trailer's five keys if it has each once and nothing else, and the file's end names this table."""
    place, found = 0, []
    while (line := _TRAILER_LINE.match(rest, place)) is not None:
        found.append((line.group(1), line.group(2)))
        place = line.end()
    if sorted(key for key, _ in found) != [b"ID", b"Info", b"Prev", b"Root", b"Size"]:
        raise PdfAlteredError(why="structure", revision=number)
    closing = b">>\nstartxref\n%d\n%%%%EOF" % table
    if rest[place:] not in {closing, closing + b"\n"}:
        raise PdfAlteredError(why="structure", revision=number)
    return dict(found)


def _reference(value: bytes, number: int) -> int:
    if not value.endswith(b" 0 R"):
        raise PdfAlteredError(why="structure", revision=number)
    return _number(value.removesuffix(b" 0 R"), number)


def _number(value: bytes, number: int) -> int:
    if not value.isdigit() or len(value) > 10:
        raise PdfAlteredError(why="structure", revision=number)
    return int(value)


def _first_id(value: bytes, number: int) -> str:
    """Return the half of the file's identifier that stays the same."""
    match = _ID.fullmatch(value)
    if match is None:
        raise PdfAlteredError(why="structure", revision=number)
    return match.group(1).decode("ascii")


def _gap(pdf: bytes, number: int, start: int, end: int) -> tuple[int, int] | None:
    """Return where an update's CMS stands if its one signature covers everything else up to the update's end."""
    ranges = _RANGE.findall(pdf, start, end)
    if not ranges:
        return None
    if len(ranges) > 1:
        raise PdfAlteredError(why="signatures", revision=number, count=len(ranges))
    first, length, resume, rest = (int(value) for value in ranges[0])
    if first != 0 or not start < length < resume or resume + rest != end:
        raise PdfAlteredError(why="byte-range", revision=number)
    if not _HEX.fullmatch(pdf, length, resume):
        raise PdfAlteredError(why="envelope", revision=number)
    return length, resume


def _der_length(data: bytes, number: int) -> int:
    """Return the length of the DER element at the start, header included; 65,535 bytes at most."""
    if len(data) < 4 or data[0] != 0x30 or not 0x81 <= data[1] <= 0x82:
        raise PdfAlteredError(why="envelope", revision=number)
    octets = data[1] - 0x80
    return 2 + octets + int.from_bytes(data[2 : 2 + octets], "big")
