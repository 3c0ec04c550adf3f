"""What was added to a sealed sheet after the seal, object by object: signatures in their fields, time stamps, a store.

Every object of every update is explained: new ones by the field that it fills, changed ones by a short list of keys.
What is not explained is an alteration, whatever a viewer shows of it. The bytes were verified before.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from pyhanko.pdf_utils.generic import ArrayObject, DictionaryObject, IndirectObject, PdfObject, Reference
from pyhanko.pdf_utils.reader import HistoricalResolver, PdfFileReader

from reports.errors import PdfAlteredError
from reports.verify_revisions import Revision
from reports.wording import clean

STATION_FIELD: Final = "NiemPhongTram"
OFFICIAL_FIELDS: Final = tuple(f"KySo{number}" for number in range(1, 6))
MAX_FIELDS: Final = 32
_CATALOG: Final = frozenset({"/Extensions", "/Version", "/Metadata"})
_INFO: Final = frozenset({"/ModDate", "/Producer"})
_FORM: Final = frozenset({"/SigFlags"})
_FILLED: Final = frozenset({"/V", "/AP"})
_STAMP_FIELD: Final = frozenset({"/FT", "/T", "/TU", "/Type", "/Subtype", "/F", "/Rect", "/P", "/V", "/Ff"})
_SIGNATURE: Final = frozenset(
    {
        "/Type",
        "/Filter",
        "/SubFilter",
        "/Contents",
        "/ByteRange",
        "/M",
        "/Name",
        "/Reason",
        "/Location",
        "/Prop_Build",
    }
)
_FORMS: Final = {"token": ("/Sig", "/ETSI.CAdES.detached"), "time-stamp": ("/DocTimeStamp", "/ETSI.RFC3161")}


class Update(StrEnum):
    """What an update after the seal is."""

    TOKEN = "token"  # noqa: S105 - a kind of update
    STAMP = "time-stamp"
    STORE = "store"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A signature field of the sealed sheet: its name, and the role it is for."""

    name: str
    role: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Addition:
    """An update: which revision, what it is, and the field it fills (empty for a store)."""

    revision: int
    kind: Update
    field: str = ""


def places_of(reader: PdfFileReader, sealed: int) -> tuple[Place, ...]:
    """Return the fields of the sheet as sealed in revision `sealed`, the station's first. Raises PdfAlteredError."""
    fields = _fields(reader.get_historical_resolver(sealed))
    names = list(fields)
    if names != [STATION_FIELD, *OFFICIAL_FIELDS[: len(names) - 1]]:
        raise PdfAlteredError(why="fields", revision=sealed)
    return tuple(Place(name=name, role=clean(str(each.get("/TU", "")))) for name, (_, each) in fields.items())


def additions_of(reader: PdfFileReader, revisions: tuple[Revision, ...], sealed: int) -> tuple[Addition, ...]:
    """Return every update after the seal, explained. Raises PdfAlteredError for one that is none of the three.

    One without a signature is a store that `dss.require_dss` took, byte by byte.
    """
    if reader.xrefs.total_revisions != len(revisions):
        raise PdfAlteredError(why="structure")
    return tuple(
        _Step(reader, revisions[: number + 1]).addition() for number in range(sealed + 1, len(revisions))
    )


class _Step:
    """One update beside the state before it."""

    def __init__(self, reader: PdfFileReader, revisions: tuple[Revision, ...]) -> None:
        self._now = revisions[-1]
        self._old = reader.get_historical_resolver(self._now.number - 1)
        self._new = reader.get_historical_resolver(self._now.number)
        self._reader = reader
        numbers = [number for number, _, _ in self._now.objects]
        self._added = {number for number in numbers if not self._existed(number)}
        self._changed = set(numbers) - self._added

    def addition(self) -> Addition:
        """Return what this update is."""
        number = self._now.number
        if self._now.gap is None:
            self._require_keys(self._now.root, frozenset({"/DSS"}))
            return Addition(revision=number, kind=Update.STORE)
        before, after = _fields(self._old), _fields(self._new)
        more = [name for name in after if name not in before]
        if list(after)[: len(before)] != list(before) or len(more) > 1:
            raise self._altered("fields")
        if more:
            self._require_stamp(more[0], *after[more[0]])
            return Addition(revision=number, kind=Update.STAMP, field=more[0])
        name = self._require_token(before, after)
        return Addition(revision=number, kind=Update.TOKEN, field=name)

    def _require_token(self, before: _Fields, after: _Fields) -> str:
        """Return the name of the one empty field of an official that this update fills."""
        filled = [name for name, (number, _) in after.items() if number in self._changed]
        if len(filled) != 1 or filled[0] not in OFFICIAL_FIELDS:
            raise self._altered("field")
        name = filled[0]
        number, field = after[name]
        if "/V" in before[name][1] or "/V" not in field:
            raise self._altered("field-filled", name)
        self._require_signature(field, Update.TOKEN, name)
        self._require_keys(number, _FILLED)
        self._require_rest({number}, _FORM, frozenset(), name)
        return name

    def _require_stamp(self, name: str, number: int, field: DictionaryObject) -> None:
        """Raise unless a new field is an unseen one that holds a time stamp."""
        if number not in self._added or not set(field) <= _STAMP_FIELD or name in OFFICIAL_FIELDS:
            raise self._altered("field-added", name)
        if field.get("/FT") != "/Sig" or any(float(edge) != 0 for edge in field["/Rect"]):
            raise self._altered("field-added", name)
        self._require_signature(field, Update.STAMP, name)
        page = field.raw_get("/P").reference.idnum
        self._require_grown(page, "/Annots", number)
        self._require_grown(_form_number(self._new), "/Fields", number)
        self._require_rest({page}, frozenset({"/SigFlags", "/Fields"}), frozenset({"/Annots"}), name)

    def _require_signature(self, field: DictionaryObject, kind: Update, name: str) -> None:
        """Raise unless the field's value is a new signature of this kind whose CMS stands where the bytes said."""
        pointer = field.raw_get("/V")
        if not isinstance(pointer, IndirectObject) or pointer.reference.idnum not in self._added:
            raise self._altered("signature-moved", name)
        value = self._object(self._new, pointer.reference.idnum)
        if (value.get("/Type"), value.get("/SubFilter")) != _FORMS[kind.value] or not set(
            value
        ) <= _SIGNATURE:
            raise self._altered("signature-form" if kind is Update.TOKEN else "field-added", name)
        gap = self._now.gap or (0, 0)
        covered = [0, gap[0], gap[1], self._now.end - gap[1]]
        if [int(each) for each in value["/ByteRange"]] != covered or not self._holds(
            pointer.reference.idnum, gap
        ):
            raise self._altered("byte-range", name)

    def _holds(self, number: int, gap: tuple[int, int]) -> bool:
        return any(each == number and start < gap[0] < gap[1] < end for each, start, end in self._now.objects)

    def _require_rest(
        self, explained: set[int], form: frozenset[str], page: frozenset[str], name: str
    ) -> None:
        """Raise unless every other changed object is catalog, form, data or metadata, changed where it may be."""
        allowed: dict[int, frozenset[str]] = {self._now.root: _CATALOG, self._now.info: _INFO}
        allowed[_form_number(self._new)] = form
        if page:
            allowed |= dict.fromkeys(explained, page)
            explained = set()
        metadata = _metadata_number(self._new)
        for number in self._changed - explained:
            if number == metadata:
                self._require_metadata(number)
            elif number in allowed:
                self._require_keys(number, allowed[number])
            else:
                raise self._altered("object", name, number)

    def _require_metadata(self, number: int) -> None:
        """Raise unless this was a metadata stream before and is one now: programs read it, nobody sees it."""
        for state in (self._old, self._new):
            if self._object(state, number).get("/Type") != "/Metadata":
                raise self._altered("object", "", number)

    def _require_keys(self, number: int, may_differ: frozenset[str]) -> None:
        """Raise unless an object's two states differ in these keys at most."""
        old, new = self._object(self._old, number), self._object(self._new, number)
        for key in set(old) | set(new):
            if key in may_differ:
                continue
            if key not in old or key not in new or _bytes(old.raw_get(key)) != _bytes(new.raw_get(key)):
                raise self._altered("object", "", number)

    def _require_grown(self, holder: int, key: str, number: int) -> None:
        """Raise unless an array of references has this one more at its end."""
        states = [self._object(state, holder) for state in (self._old, self._new)]
        old, new = (_array(state.raw_get(key)) if key in state else [] for state in states)
        if [*map(_bytes, old), b"%d 0 R" % number] != [*map(_bytes, new)]:
            raise self._altered("field-added")

    def _existed(self, number: int) -> bool:
        return not self._old.is_ref_unassignable(Reference(number, 0, self._reader))

    def _object(self, state: HistoricalResolver, number: int) -> Any:
        found = state.get_object(Reference(number, 0, state))
        if not isinstance(found, DictionaryObject):
            raise self._altered("object", "", number)
        return found

    def _altered(self, why: str, field: str = "", number: int | None = None) -> PdfAlteredError:
        facts: dict[str, str | int] = {"why": why, "revision": self._now.number}
        if field:
            facts["field"] = field
        if number is not None:
            facts["object"] = number
        return PdfAlteredError(**facts)


_Fields = dict[str, tuple[int, DictionaryObject]]


def _fields(state: HistoricalResolver) -> _Fields:
    """Return the form's fields by name, with their object's number; no field has another below it."""
    form = state.root["/AcroForm"]
    found: _Fields = {}
    fields = _array(form.raw_get("/Fields"))
    if len(fields) > MAX_FIELDS:
        raise PdfAlteredError(why="fields")
    for pointer in fields:
        field = pointer.get_object()
        name = str(field["/T"])
        if name in found or "/Kids" in field or field.get("/FT") != "/Sig":
            raise PdfAlteredError(why="fields")
        found[name] = (pointer.reference.idnum, field)
    return found


def _array(value: PdfObject) -> list[Any]:
    """Return an array that stands in its holder; one elsewhere could be changed without it."""
    if not isinstance(value, ArrayObject):
        raise PdfAlteredError(why="fields")
    return list(value)


def _form_number(state: HistoricalResolver) -> int:
    return int(state.root.raw_get("/AcroForm").reference.idnum)


def _metadata_number(state: HistoricalResolver) -> int:
    if "/Metadata" not in state.root:
        return -1
    return int(state.root.raw_get("/Metadata").reference.idnum)


def _bytes(value: PdfObject) -> bytes:
    """Return a value as it is written."""
    out = io.BytesIO()
    value.write_to_stream(out, None)
    return out.getvalue()
