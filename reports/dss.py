"""The document security store (ETSI EN 319 142-1, 5.4.2) as this program adds it: one form, the same bytes always.

Certificates, revocation lists and answers as bare streams, a new /DSS in the catalog, one table, one trailer. The file
identifier's second half is the hash of everything before the update, so that nothing in it is free: a judge makes the
update again from what it found there and compares.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from typing import Final

from reports.errors import PdfAlteredError
from reports.verify_revisions import Revision

MAX_ITEMS: Final = 50
"""Of each of the three lists: more belong to no sheet, and everything in them is verified."""
_KEYS: Final = ("Certs", "OCSPs", "CRLs")
_POINTER: Final = re.compile(rb"/DSS (\d{1,10}) 0 R\n")
_ARRAY: Final = re.compile(rb"/(Certs|OCSPs|CRLs) \[ ((?:\d{1,10} 0 R )+)\]\n")
_STREAM: Final = re.compile(rb"\d{1,10} 0 obj\n<<\n/Length (\d{1,9})\n>>\nstream\n")
_STREAM_END: Final = b"\nendstream\nendobj\n"
_CATALOG_END: Final = b"\n>>\nendobj\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dss:
    """What a store holds, DER each: certificates, OCSP responses, revocation lists."""

    certificates: tuple[bytes, ...] = field(default=(), repr=False)
    ocsps: tuple[bytes, ...] = field(default=(), repr=False)
    crls: tuple[bytes, ...] = field(default=(), repr=False)

    @property
    def lists(self) -> tuple[tuple[bytes, ...], ...]:
        """The three lists in the order in which they are written."""
        return self.certificates, self.ocsps, self.crls


def add_dss(pdf: bytes, revisions: tuple[Revision, ...], more: Dss) -> bytes:
    """Return the file with a store that holds what it held and `more`; nothing twice. Raises PdfAlteredError."""
    last = revisions[-1]
    held = _held(pdf, revisions)
    place, number, objects = len(pdf), last.size, list[tuple[int, bytes]]()
    arrays: list[bytes] = []
    for key, old, new in zip(_KEYS, held, more.lists, strict=True):
        known = {data for _, data in old}
        numbers = [each for each, _ in old]
        for data in dict.fromkeys(new):
            if data not in known:
                objects.append((number, _stream(number, data)))
                numbers.append(number)
                number += 1
        if numbers:
            arrays.append(b"/%s [ %s]\n" % (key.encode(), b"".join(b"%d 0 R " % each for each in numbers)))
    store = b"%d 0 obj\n<<\n/Type /DSS\n%s>>\nendobj\n" % (number, b"".join(arrays))
    objects = [(last.root, _catalog(pdf, revisions, number)), *objects, (number, store)]
    return pdf + _update(pdf, last, tuple(objects), number + 1, place)


def dss_at(pdf: bytes, revisions: tuple[Revision, ...]) -> Dss:
    """Return the store as of the last of these revisions. Raises PdfAlteredError for one of another form."""
    certificates, ocsps, crls = (tuple(data for _, data in items) for items in _held(pdf, revisions))
    return Dss(certificates=certificates, ocsps=ocsps, crls=crls)


def require_dss(pdf: bytes, revisions: tuple[Revision, ...]) -> Dss:
    """Return the store if the last of these revisions adds it and is, byte by byte, what `add_dss` writes."""
    last, before = revisions[-1], revisions[:-1]
    found = dss_at(pdf, revisions)
    if add_dss(pdf[: before[-1].end], before, found) != pdf[: last.end]:
        raise PdfAlteredError(why="dss", revision=last.number)
    return found


def _stream(number: int, data: bytes) -> bytes:
    return b"%d 0 obj\n<<\n/Length %d\n>>\nstream\n%s%s" % (number, len(data), data, _STREAM_END)


def _catalog(pdf: bytes, revisions: tuple[Revision, ...], store: int) -> bytes:
    """Return the catalog with its pointer to the store."""
    now = _object(pdf, revisions, revisions[-1].root)
    if not now.endswith(_CATALOG_END) or now.count(b"/DSS") > 1:
        raise PdfAlteredError(why="dss", revision=revisions[-1].number)
    return _POINTER.sub(b"", now).removesuffix(b">>\nendobj\n") + b"/DSS %d 0 R\n>>\nendobj\n" % store


def _update(
    pdf: bytes, last: Revision, objects: tuple[tuple[int, bytes], ...], size: int, place: int
) -> bytes:
    """Return objects, table and trailer."""
    table = [b"xref\n0 1\n0000000000 65535 f \n"]
    for number, data in objects:
        table.append(b"%d 1\n%010d 00000 n \n" % (number, place))
        place += len(data)
    trailer = b"trailer\n<<\n/ID [ <%s> <%s> ]\n/Info %d 0 R\n/Root %d 0 R\n/Size %d\n/Prev %d\n>>\n" % (
        last.first_id.encode("ascii"),
        hashlib.sha256(pdf).hexdigest()[:32].encode("ascii"),
        last.info,
        last.root,
        size,
        last.table,
    )
    body = b"".join(data for _, data in objects)
    return body + b"".join(table) + trailer + b"startxref\n%d\n%%%%EOF\n" % place


def _held(pdf: bytes, revisions: tuple[Revision, ...]) -> list[list[tuple[int, bytes]]]:
    """Return numbers and contents of the store's three lists; empty ones where there is no store."""
    pointer = _POINTER.search(_object(pdf, revisions, revisions[-1].root))
    if pointer is None:
        return [[], [], []]
    store = _object(pdf, revisions, int(pointer.group(1)))
    arrays = {match.group(1): match.group(2) for match in _ARRAY.finditer(store)}
    found = []
    for key in _KEYS:
        numbers = [int(each) for each in arrays.get(key.encode(), b"").replace(b" 0 R", b"").split()]
        if len(numbers) > MAX_ITEMS:
            raise PdfAlteredError(why="dss", revision=revisions[-1].number)
        found.append([(number, _data(pdf, revisions, number)) for number in numbers])
    return found


def _data(pdf: bytes, revisions: tuple[Revision, ...], number: int) -> bytes:
    whole = _object(pdf, revisions, number)
    head = _STREAM.match(whole)
    if head is None or len(whole) != head.end() + int(head.group(1)) + len(_STREAM_END):
        raise PdfAlteredError(why="dss", revision=revisions[-1].number)
    return whole[head.end() : -len(_STREAM_END)]


def _object(pdf: bytes, revisions: tuple[Revision, ...], number: int) -> bytes:
    """Return the newest form of an object that some update brought."""
    for revision in reversed(revisions):
        for each, start, end in revision.objects:
            if each == number:
                return pdf[start:end]
    raise PdfAlteredError(why="dss", revision=revisions[-1].number)
