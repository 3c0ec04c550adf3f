"""EF.DG13 of the Vietnamese card: national details, walked tolerantly, never a gate.

A SET (not DER-sorted) of SEQUENCEs, each a number and its value; see `_NAMES` for the numbers. Unknown,
missing or repeated fields, long texts and broken UTF-8 give warnings, and what can be shown is shown with
escapes.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from readers.emrtd.files import DG13
from readers.iso7816 import der, tlv

if TYPE_CHECKING:
    from collections.abc import Mapping

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
_PARENTS: Final = 13
_EXPECTED: Final = frozenset({1, 2, 3, 4})
_STRING_TAGS: Final = frozenset({0x0C, 0x12, 0x13, 0x16, 0x1A, 0x1E})


@dataclass(frozen=True, slots=True, kw_only=True)
class NationalDetails:
    """Texts by field name, NFC, safe to show (control and direction characters escaped); warnings carry no
    text.

    `repaired` names fields whose text is not what stands in the file, because something had to be escaped."""

    fields: Mapping[str, str] = field(repr=False)
    warnings: tuple[str, ...]
    repaired: tuple[str, ...] = ()


def parse_dg13(octets: bytes) -> NationalDetails:
    """Parse the file, template included. Raises TlvError when there is no SET of fields to walk."""
    tlv.check_nesting(octets)
    body = tlv.parse_one(octets, DG13.tag).children()
    if len(body) == 1 and body[0].tag == der.SEQUENCE:
        body = body[0].children()
    entries = tlv.require(body, der.SET).children()
    walk = _Walk()
    for entry in entries:
        walk.take(entry)
    walk.warnings += [f"dg13-missing-{_NAMES[number]}" for number in sorted(_EXPECTED - walk.seen)]
    return NationalDetails(
        fields=MappingProxyType(walk.fields),
        warnings=tuple(dict.fromkeys(walk.warnings)),
        repaired=tuple(walk.repaired),
    )


class _Walk:
    """Collects the fields of one file."""

    def __init__(self) -> None:
        self.fields: dict[str, str] = {}
        self.warnings: list[str] = []
        self.repaired: list[str] = []
        self.seen: set[int] = set()

    def take(self, entry: tlv.Tlv) -> None:
        """Add one SEQUENCE {number, value …}, or a warning."""
        items = entry.children() if entry.tag == der.SEQUENCE else ()
        if not items or items[0].tag != der.INTEGER:
            self.warnings.append("dg13-odd-field")
            return
        number = der.decode_integer(items[0])
        name = _NAMES.get(number)
        if name is None:
            self.warnings.append("dg13-unknown-field")
        elif number in self.seen:
            self.warnings.append(f"dg13-repeated-{name}")
        else:
            self.seen.add(number)
            self._keep(number, name, items[1:])

    def _keep(self, number: int, name: str, values: tuple[tlv.Tlv, ...]) -> None:
        texts = [leaf for value in values for leaf in _leaves(value)]
        names = ("father", "mother") if number == _PARENTS else (name,)
        if len(texts) > len(names):
            self.warnings.append(f"dg13-odd-{name}")
        for key, octets in zip(names, texts, strict=False):
            text, clean = _readable(octets)
            self.fields[key] = text
            if not clean:
                self.repaired.append(key)
                self.warnings.append(f"dg13-unreadable-{key}")


def _leaves(item: tlv.Tlv) -> list[bytes]:
    """The octets of every text below an object, in order; depth was limited before."""
    if item.tag in _STRING_TAGS:
        return [item.value]
    if not item.constructed:
        return []
    found: list[bytes] = []
    for child in item.children():
        found += _leaves(child)
    return found


def _readable(octets: bytes) -> tuple[str, bool]:
    """NFC text with broken octets and unsafe characters escaped, and whether nothing was escaped."""
    text = unicodedata.normalize("NFC", octets.decode("utf-8", errors="backslashreplace"))
    shown = escape(text)
    try:
        octets.decode("utf-8")
    except UnicodeDecodeError:
        return shown, False
    return shown, shown == text


def escape(text: str) -> str:
    """Replace control, format, private and unassigned characters (bidi overrides too) by \\u escapes."""
    return "".join(
        character if not unicodedata.category(character).startswith("C") else f"\\u{ord(character):04x}"
        for character in text
    )
