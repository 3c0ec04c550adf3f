"""EF.DG13 of the Vietnamese card: national details, walked tolerantly, never a gate.

A SET (not DER-sorted) of SEQUENCEs, each a number from 1 to 16 and its value. Unknown, missing or repeated fields,
long texts and broken UTF-8 give warnings; what can be shown is shown with escapes, and the file itself is kept.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from readers.emrtd.dates import PartialDate, parse_printed
from readers.emrtd.files import DATA_GROUPS
from readers.emrtd.lds.data_elements import require_shallow
from readers.emrtd.lds.texts import STRING_TAGS, escape, readable
from readers.errors import TlvError
from readers.iso7816 import der, tlv

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["NationalDetails", "escape", "parse_dg13"]

_NAMES: Final = {
    1: "id-number",
    2: "full-name",
    3: "birth",
    4: "sex",
    5: "nationality",
    6: "ethnicity",
    7: "religion",
    8: "hometown",
    9: "residence",
    10: "marks",
    11: "issued",
    12: "expiry",
    13: "parents",
    14: "spouse",
    15: "old-number",
    16: "code-16",
}
_PARENTS: Final = ("father", "mother")
_EXPECTED: Final = frozenset({1, 2, 3, 4})
_SEXES: Final = {"nam": "M", "nữ": "F"}
_INDEFINITE_WORD: Final = "không"
_MAX_DEPTH: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class NationalDetails:
    """The sixteen fields; a text that is absent is "", a date None. All hidden from repr; warnings carry no text.

    `sex`: "M", "F" or "". `expiry` None with `indefinite`: the card says in words that it does not expire.
    `fields`: every text by name, NFC, safe to show; `repaired` names those of which something had to be escaped.
    `raw`: the file as read."""

    id_number: str = field(default="", repr=False)
    full_name: str = field(default="", repr=False)
    birth: PartialDate | None = field(default=None, repr=False)
    sex: str = field(default="", repr=False)
    nationality: str = field(default="", repr=False)
    ethnicity: str = field(default="", repr=False)
    religion: str = field(default="", repr=False)
    hometown: str = field(default="", repr=False)
    residence: str = field(default="", repr=False)
    marks: str = field(default="", repr=False)
    issued: PartialDate | None = field(default=None, repr=False)
    expiry: PartialDate | None = field(default=None, repr=False)
    indefinite: bool = field(default=False, repr=False)
    father: str = field(default="", repr=False)
    mother: str = field(default="", repr=False)
    spouse: str = field(default="", repr=False)
    old_number: str = field(default="", repr=False)
    code_16: str = field(default="", repr=False)
    fields: Mapping[str, str] = field(repr=False)
    warnings: tuple[str, ...]
    repaired: tuple[str, ...] = ()
    raw: bytes = field(default=b"", repr=False)


def parse_dg13(octets: bytes) -> NationalDetails:
    """Parse the file, template included. Raises TlvError when there is no SET of fields to walk, or objects are nested
    beyond measure; what is wrong inside one field costs that field alone."""
    require_shallow(octets)
    body = tlv.parse_one(octets, DATA_GROUPS[13].tag).children()
    if len(body) == 1 and body[0].tag == der.SEQUENCE:
        body = body[0].children()
    walk = _Walk()
    for entry in tlv.require(body, der.SET).children():
        walk.take(entry)
    walk.warnings += [f"dg13-missing-{_NAMES[number]}" for number in sorted(_EXPECTED - walk.seen)]
    return walk.details(octets)


class _Walk:
    """Collects the fields of one file."""

    def __init__(self) -> None:
        self.fields: dict[str, str] = {}
        self.warnings: list[str] = []
        self.repaired: list[str] = []
        self.seen: set[int] = set()

    def take(self, entry: tlv.Tlv) -> None:
        """Add one SEQUENCE {number, value …}, or a warning."""
        try:
            items = entry.children() if entry.tag == der.SEQUENCE else ()
            number = der.decode_integer(items[0]) if items else 0
        except TlvError:
            items, number = (), 0
        name = _NAMES.get(number)
        if not items:
            self.warnings.append("dg13-odd-field")
        elif name is None:
            self.warnings.append("dg13-unknown-field")
        elif number in self.seen:
            self.warnings.append(f"dg13-repeated-{name}")
        else:
            self.seen.add(number)
            self._keep(name, items[1:])

    def _keep(self, name: str, values: tuple[tlv.Tlv, ...]) -> None:
        try:
            if name == "parents":
                self._keep_parents(_unwrap(values))
            else:
                self._keep_text(name, name, values)
        except TlvError:
            self.warnings.append(f"dg13-odd-{name}")

    def _keep_parents(self, values: tuple[tlv.Tlv, ...]) -> None:
        """Father, then mother: one object each, which may be empty."""
        if len(values) > len(_PARENTS):
            self.warnings.append("dg13-odd-parents")
        for key, value in zip(_PARENTS, values, strict=False):
            self._keep_text(key, "parents", (value,))

    def _keep_text(self, key: str, name: str, values: tuple[tlv.Tlv, ...]) -> None:
        texts = [leaf for value in values for leaf in _leaves(value)]
        if len(texts) > 1 or (not texts and any(value.value for value in values)):
            self.warnings.append(f"dg13-odd-{name}")
        for leaf in texts[:1]:
            text, clean = readable(leaf.value, leaf.tag)
            self.fields[key] = text
            if not clean:
                self.repaired.append(key)
                self.warnings.append(f"dg13-unreadable-{key}")

    def details(self, raw: bytes) -> NationalDetails:
        """The fields with their types."""
        texts = {key.replace("-", "_"): text.strip() for key, text in self.fields.items()}
        said = texts.pop("expiry", "")
        indefinite = said.casefold().startswith(_INDEFINITE_WORD)
        birth, issued = (self._date(key, texts.pop(key, "")) for key in ("birth", "issued"))
        expiry = None if indefinite else self._date("expiry", said)
        sex = self._sex(texts.pop("sex", ""))
        return NationalDetails(
            birth=birth,
            issued=issued,
            expiry=expiry,
            indefinite=indefinite,
            sex=sex,
            fields=MappingProxyType(self.fields),
            warnings=tuple(dict.fromkeys(self.warnings)),
            repaired=tuple(self.repaired),
            raw=raw,
            **texts,
        )

    def _date(self, key: str, text: str) -> PartialDate | None:
        try:
            return parse_printed(text) if text else None
        except ValueError:
            self.warnings.append(f"dg13-odd-{key}")
            return None

    def _sex(self, text: str) -> str:
        if text and text.casefold() not in _SEXES:
            self.warnings.append("dg13-odd-sex")
        return _SEXES.get(text.casefold(), "")


def _unwrap(values: tuple[tlv.Tlv, ...]) -> tuple[tlv.Tlv, ...]:
    """The parents, also when both stand in one object more."""
    if len(values) == 1 and values[0].constructed:
        inner = values[0].children()
        if len(inner) > 1 and all(item.constructed for item in inner):
            return inner
    return values


def _leaves(item: tlv.Tlv, depth: int = 0) -> list[tlv.Tlv]:
    """Every text at or below an object, in order. Raises TlvError."""
    if item.tag in STRING_TAGS:
        return [item]
    if not item.constructed:
        return []
    if depth >= _MAX_DEPTH:
        raise TlvError(reason="too-deep")
    return [leaf for child in item.children() for leaf in _leaves(child, depth + 1)]
