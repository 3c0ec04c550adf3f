"""The file of the agency's own heads, read: whatever is wrong with it is an error with its line. Pure."""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from reports.fonts import missing_letters
from reports.portrait import MAX_LOGO_BYTES, logo_thumbnail
from reports.sheet import Letterhead, Thumbnail
from reports.template import FIELDS, KINDS, ExtraColumn, Template, extra_room
from reports.template_errors import TemplateError, TemplateLogoError
from reports.template_wording import alien_letter, forbidden
from reports.toml_lines import line_of
from reports.wording import clean

MAX_FILE: Final = 64 * 1024
MAX_LOGO: Final = MAX_LOGO_BYTES
"""Largest template and logo file in bytes."""
_LONGEST: Final = {"parent": 200, "agency": 200, "symbol": 40, "locality": 60}
_HEADING: Final = 60
_MOST: Final = {"recipients": (6, 80), "signatures": (5, 60)}
_MAX_COLUMNS: Final = 6
_WIDTHS: Final = (8.0, 90.0)
_TOP: Final = ("letterhead", "sheet")
_OF_LETTERHEAD: Final = (*_LONGEST, "logo", "recipients")
_OF_SHEET: Final = (*_LONGEST, *_MOST, "columns")
_OF_COLUMN: Final = ("heading", "width", "field")
_LOGO_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}\.(?:png|jpg|jpeg)", re.IGNORECASE)
_WHERE: Final = re.compile(r"\(at line (\d+), column \d+\)")
_SHOWN: Final = 40

Path = tuple[str | int, ...]
"""Where in the file: ("sheet", "results", "columns", 0, "width")."""


def read_template(data: bytes, logo: bytes | None = None) -> Template:
    """Return what a template file says; `logo`: the bytes of the file that its key `logo` names.

    Raises TemplateError with line, key and cause; TemplateLogoError.
    """
    reader = _Reader(data)
    picture = _logo(reader, logo)
    base = replace(reader.letterhead(("letterhead",), Letterhead()), logo=picture)
    whole = hashlib.sha256(hashlib.sha256(data).digest() + hashlib.sha256(logo or b"").digest())
    kinds = reader.kinds()
    return Template(
        letterhead={
            "": base,
            **{kind: reader.letterhead(("sheet", kind), base) for kind in kinds},
        },
        extra={kind: columns for kind in kinds if (columns := reader.columns(kind))},
        recipients={
            key: found
            for key, path in (("", ("letterhead",)), *((kind, ("sheet", kind)) for kind in kinds))
            if (found := reader.lines(path, "recipients"))
        },
        signatures={kind: found for kind in kinds if (found := reader.lines(("sheet", kind), "signatures"))},
        sha256=whole.hexdigest(),
    )


def logo_name(data: bytes) -> str:
    """Return the name of the logo's file, beside the template; empty where there is none. Raises TemplateError."""
    return _Reader(data).logo_name()


def _logo(reader: _Reader, logo: bytes | None) -> Thumbnail | None:
    name = reader.logo_name()
    if not name:
        return None
    line = reader.line(("letterhead", "logo"))
    if logo is None:
        raise TemplateLogoError(why="missing", file=name, line=line)
    try:
        return logo_thumbnail(logo)
    except TemplateLogoError as error:
        raise TemplateLogoError(**{**error.facts, "file": name, "line": line}) from None


class _Reader:
    """A parsed file, whose every value is asked for with the place where it stands."""

    def __init__(self, data: bytes) -> None:
        if len(data) > MAX_FILE:
            raise TemplateError(line=1, key="-", why="size", limit=MAX_FILE)
        try:
            self._text = data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = data[: error.start].count(b"\n") + 1
            raise TemplateError(line=line, key="-", why="encoding") from None
        self._text = self._text.replace("\r\n", "\n")
        try:
            self._table: dict[str, Any] = tomllib.loads(self._text)
        except (ValueError, RecursionError) as error:
            raise TemplateError(line=self._fault_line(error), key="-", why="toml") from None
        self._only((), self._table, _TOP)
        self._only(("letterhead",), self._sub((), "letterhead"), _OF_LETTERHEAD)

    def line(self, path: Path) -> int:
        """Return the line on which something stands, counted from 1."""
        return line_of(self._text, path)

    def kinds(self) -> tuple[str, ...]:
        """Return the kinds of sheets that have a section, each checked for unknown keys."""
        table = self._sub((), "sheet")
        for kind in table:
            if kind not in KINDS:
                raise self._error(("sheet", kind), "kind", known=", ".join(KINDS))
            self._only(("sheet", kind), self._sub(("sheet",), kind), _OF_SHEET)
        return tuple(table)

    def letterhead(self, path: Path, base: Letterhead) -> Letterhead:
        """Return a section's letterhead; what it does not say is as in `base`."""
        table = self._at(path)

        def said(name: str, other: str) -> str:
            return self._worded((*path, name), table[name], _LONGEST[name], name) if name in table else other

        return replace(
            base,
            parent=said("parent", base.parent),
            agency=said("agency", base.agency),
            symbol=said("symbol", base.symbol),
            locality=said("locality", base.locality),
        )

    def logo_name(self) -> str:
        """Return the name of the logo's file, a plain name of a PNG or JPEG file."""
        table = self._sub((), "letterhead")
        path = ("letterhead", "logo")
        name = self._string(path, table.get("logo", ""), 70)
        if name and not _LOGO_NAME.fullmatch(name):
            raise self._error(path, "logo-name")
        return name

    def lines(self, path: Path, key: str) -> tuple[str, ...]:
        """Return a list of texts: recipients, or roles that sign."""
        value = self._at(path).get(key)
        if value is None:
            return ()
        most, longest = _MOST[key]
        where = (*path, key)
        if not isinstance(value, list):
            raise self._error(where, "type-list")
        if not 1 <= len(value) <= most:
            raise self._error(where, "count", most=most)
        found = tuple(self._worded(where, item, longest, key) for item in value)
        if not all(found):
            raise self._error(where, "empty")
        return found

    def columns(self, kind: str) -> tuple[ExtraColumn, ...]:
        """Return the extra columns of a kind, which must fit beside its own."""
        path = ("sheet", kind, "columns")
        value = self._at(("sheet", kind)).get("columns")
        if value is None:
            return ()
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            raise self._error(path, "type-tables", kind=kind)
        if not KINDS[kind].columns:
            raise self._error(path, "no-columns", known=_names(lambda found: found.columns))
        if len(value) > _MAX_COLUMNS:
            raise self._error((*path, _MAX_COLUMNS), "count", most=_MAX_COLUMNS)
        found = tuple(self._column(kind, (*path, index), item) for index, item in enumerate(value))
        self._require_room(kind, path, found)
        return found

    def _require_room(self, kind: str, path: Path, columns: Sequence[ExtraColumn]) -> None:
        taken = 0.0
        for index, column in enumerate(columns):
            taken += column.width_mm
            if taken > extra_room(kind):
                room = int(extra_room(kind))
                raise self._error((*path, index, "width"), "room", room=room, wanted=int(taken), kind=kind)

    def _column(self, kind: str, path: Path, table: Mapping[str, Any]) -> ExtraColumn:
        self._only(path, table, _OF_COLUMN)
        for key in ("heading", "width"):
            if key not in table:
                raise self._error(path, "missing-key", missing=key)
        heading = self._worded((*path, "heading"), table["heading"], _HEADING, "heading")
        if not heading:
            raise self._error((*path, "heading"), "empty")
        return ExtraColumn(
            heading=heading,
            width_mm=self._width((*path, "width"), table["width"]),
            source=self._field(kind, (*path, "field"), table.get("field", "")),
        )

    def _field(self, kind: str, path: Path, value: object) -> str:
        name = self._string(path, value, _SHOWN)
        if not name:
            return ""
        if not KINDS[kind].candidates:
            raise self._error(path, "no-candidates", known=_names(lambda found: found.candidates))
        if name not in FIELDS:
            raise self._error(path, "field", found=name, known=", ".join(FIELDS))
        return name

    def _width(self, path: Path, value: object) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self._error(path, "type-number")
        least, most = _WIDTHS
        if not least <= value <= most:
            raise self._error(path, "width", least=int(least), most=int(most))
        return float(value)

    def _worded(self, path: Path, value: object, longest: int, key: str) -> str:
        """Return a text that neither takes a council's name nor says how anybody did."""
        text = self._string(path, value, longest)
        if alien := alien_letter(text):
            raise self._error(path, "script", found=f"U+{ord(alien):04X}")
        why, found = forbidden(key, text)
        if why and text:
            raise self._error(path, f"says-{why}", found=found)
        return text

    def _string(self, path: Path, value: object, longest: int) -> str:
        """Return a text on one line in NFC, which the embedded faces can print."""
        if not isinstance(value, str):
            raise self._error(path, "type-text")
        text = clean(value)
        if len(text) > longest:
            raise self._error(path, "long", most=longest)
        if missing := missing_letters(text):
            raise self._error(path, "letters", found=f"U+{ord(missing[0]):04X}")
        return text

    def _only(self, path: Path, table: Mapping[str, Any], known: Sequence[str]) -> None:
        for key in table:
            if key not in known:
                raise self._error((*path, key), "key", known=", ".join(known))

    def _sub(self, path: Path, key: str) -> dict[str, Any]:
        value = self._at(path).get(key, {})
        if not isinstance(value, dict):
            raise self._error((*path, key), "type-table")
        return value

    def _at(self, path: Path) -> dict[str, Any]:
        table = self._table
        for key in path:
            table = table.get(str(key), {})
        return table

    def _error(self, path: Path, why: str, **facts: str | int) -> TemplateError:
        return TemplateError(line=self.line(path), key=_spelt(path), why=why, **facts)

    def _fault_line(self, error: Exception) -> int:
        found = _WHERE.search(str(error))
        return int(found[1]) if found else self._text.rstrip("\n").count("\n") + 1


def _names(wanted: Any) -> str:
    return ", ".join(name for name, kind in KINDS.items() if wanted(kind))


def _spelt(path: Path) -> str:
    """Return a place as the file spells it: sheet.results.columns[2].width, counted from 1."""
    spelt = "".join(f"[{part + 1}]" if isinstance(part, int) else f".{clean(part)[:_SHOWN]}" for part in path)
    return spelt.removeprefix(".") or "-"
