"""Data groups that are lists of tagged elements (9303-10 4.7.11, 4.7.12): walked tolerantly, with warnings."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from readers.emrtd.lds.texts import date_ccyymmdd, readable
from readers.errors import TlvError
from readers.iso7816 import tlv

if TYPE_CHECKING:
    from collections.abc import Mapping

    from readers.emrtd.dates import PartialDate

TAG_LIST: Final = 0x5C
REPEATED: Final = 0xA0
_COUNT: Final = 0x02


def require_shallow(octets: bytes) -> None:
    """Refuse nesting beyond the limit, and nothing else: other faults are found where they stand. Raises TlvError."""
    try:
        tlv.check_nesting(octets)
    except TlvError as error:
        if error.facts.get("reason") == "too-deep":
            raise


@dataclass(slots=True)
class ElementWalk:
    """The elements of one data group by name, and what was odd about them.

    `repeated`: the values of the lists (A0), which hold a count and that many elements of one tag."""

    group: str
    names: Mapping[int, str]
    values: dict[str, bytes] = field(default_factory=dict, repr=False)
    repeated: dict[str, list[bytes]] = field(default_factory=dict, repr=False)
    warnings: list[str] = field(default_factory=list)
    repaired: list[str] = field(default_factory=list)

    def walk(self, items: tuple[tlv.Tlv, ...]) -> None:
        """Take every element; compare the tag list, where there is one, with what is there."""
        listed: set[int] | None = None
        for item in items:
            if item.tag == TAG_LIST:
                listed = self._tags(item.value)
            elif item.tag == REPEATED:
                self._take_list(item)
            else:
                self._take(item)
        there = {item.tag for item in items} - {TAG_LIST, REPEATED}
        if listed is None or not there <= listed:
            self.warn("tag-list")

    def warn(self, what: str) -> None:
        """Add a warning, once."""
        code = f"{self.group}-{what}"
        if code not in self.warnings:
            self.warnings.append(code)

    def _take(self, item: tlv.Tlv) -> None:
        name = self.names.get(item.tag)
        if name is None:
            self.warn("unknown-field")
        elif name in self.values:
            self.warn(f"repeated-{name}")
        else:
            self.values[name] = item.value

    def _take_list(self, item: tlv.Tlv) -> None:
        try:
            children = item.children()
        except TlvError:
            self.warn("odd-list")
            return
        elements = [child for child in children if child.tag != _COUNT]
        counts = [int.from_bytes(child.value[:2], "big") for child in children if child.tag == _COUNT]
        if counts != [len(elements)]:
            self.warn("odd-list")
        for element in elements:
            name = self.names.get(element.tag)
            if name is None:
                self.warn("unknown-field")
            else:
                self.repeated.setdefault(name, []).append(element.value)

    def _tags(self, octets: bytes) -> set[int]:
        """The tags of the list, which are one or two octets each."""
        tags: set[int] = set()
        position = 0
        while position < len(octets):
            size = 2 if octets[position] & 0x1F == 0x1F else 1
            tags.add(int.from_bytes(octets[position : position + size], "big"))
            position += size
        return tags

    def text(self, name: str) -> str:
        """One element as text that is safe to show, "" when absent."""
        return self._readable(name, self.values.get(name, b""))

    def words(self, name: str) -> str:
        """A text in the form of the MRZ (a name is primary<<secondary), its fillers as blanks."""
        return _unfilled(self.text(name))

    def parts(self, name: str) -> tuple[str, ...]:
        """An element whose parts are separated by fillers."""
        return tuple(part.strip() for part in self.text(name).split("<") if part.strip())

    def people(self, name: str) -> tuple[str, ...]:
        """The names of a list; an element outside a list counts as one."""
        single = [self.values[name]] if name in self.values else []
        return tuple(
            _unfilled(self._readable(name, value)) for value in [*single, *self.repeated.get(name, [])]
        )

    def date(self, name: str) -> PartialDate | None:
        """An element as a date; None, with a warning when there is one."""
        octets = self.values.get(name, b"")
        found = date_ccyymmdd(octets) if octets else None
        if octets and found is None:
            self.warn(f"odd-{name}")
        return found

    def _readable(self, name: str, octets: bytes) -> str:
        text, clean = readable(octets)
        if not clean:
            self.repaired.append(name)
            self.warn(f"unreadable-{name}")
        return text.strip()


def _unfilled(name: str) -> str:
    return " ".join(name.replace("<", " ").split())
