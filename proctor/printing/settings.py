"""Which kind of sheet is printed where: `printers.toml` of a data root, edited by hand or by `proctor printer set`."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, cast

from proctor.printing.errors import PrinterSettingsError
from proctor.printing.model import DUPLEX, MAX_COPIES, MAX_NAME, Duplex
from proctor.sheet_wish import KINDS
from sessions.files import write_private

FILE: Final = "printers.toml"
DEFAULT: Final = "default"
CHOICES: Final = (DEFAULT, *KINDS)
"""Every kind of sheet, and what holds for those without a table of their own."""
_KEYS: Final = ("printer", "tray", "copies", "duplex")
_MAX_FILE: Final = 65_536
_HEADER: Final = re.compile(r"\s*\[\s*(?:\"([^\"]*)\"|'([^']*)'|([\w-]+))\s*\]\s*(?:#.*)?")
_KEY: Final = re.compile(r"\s*(?:\"([^\"]*)\"|'([^']*)'|([\w-]+))\s*(?:\.|=)")
_TRAY: Final = re.compile(r"[A-Za-z0-9._-]+")
_AT_LINE: Final = re.compile(r"\(at line ([0-9]+),")


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Where and how a sheet is printed. What is empty (copies 0) is not chosen."""

    printer: str = ""
    tray: str = ""
    copies: int = 0
    duplex: Duplex = ""

    def over(self, other: Choice) -> Choice:
        """Return this choice, completed by another; a tray belongs to its printer."""
        same = not self.printer or self.printer == other.printer
        return Choice(
            printer=self.printer or other.printer,
            tray=self.tray or (other.tray if same else ""),
            copies=self.copies or other.copies,
            duplex=self.duplex or other.duplex,
        )

    def as_json(self) -> dict[str, str | int]:
        """Return the choice as `--json` has it."""
        return {"printer": self.printer, "tray": self.tray, "copies": self.copies, "duplex": self.duplex}


@dataclass(frozen=True, slots=True, kw_only=True)
class PrinterSettings:
    """The choices of one data root, by kind of sheet or "default"."""

    path: Path
    choices: Mapping[str, Choice]

    @classmethod
    def load(cls, root: Path) -> PrinterSettings:
        """Return the settings of a data root; none where there is no file. Raises PrinterSettingsError."""
        path = root / FILE
        return cls(path=path, choices=_choices(_text(path), path))

    def of(self, kind: str) -> Choice:
        """Return the choice for a kind of sheet."""
        return self.choices.get(kind, Choice()).over(self.choices.get(DEFAULT, Choice()))

    def put(self, kind: str, choice: Choice | None) -> PrinterSettings:
        """Write the choice of a kind (None: take it out) and return the settings; what else stands in the file stays.

        Raises PrinterSettingsError, OSError.
        """
        text = _with(_text(self.path), kind, choice)
        choices = _choices(text, self.path)
        write_private(self.path, text.encode())
        return replace(self, choices=choices)


def _text(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            data = stream.read(_MAX_FILE + 1)
    except FileNotFoundError:
        return ""
    except OSError:
        raise PrinterSettingsError(file=str(path), why="unreadable") from None
    try:
        if len(data) > _MAX_FILE:
            raise PrinterSettingsError(file=str(path), why="unreadable")
        return data.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise PrinterSettingsError(file=str(path), why="form", line=line) from None


def _choices(text: str, path: Path) -> dict[str, Choice]:
    try:
        document = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        found = _AT_LINE.search(str(error))
        line = int(found[1]) if found else text.count("\n") + 1
        raise PrinterSettingsError(file=str(path), why="form", line=line) from None
    place = _Place(path, text)
    for kind, table in document.items():
        if kind not in CHOICES:
            raise place.error("unknown-kind", kind, (kind,), CHOICES)
        if not isinstance(table, dict):
            raise place.error("value", kind, ("", kind), ("[…]",))
    choices = {kind: _choice(table, kind, place) for kind, table in document.items()}
    for kind, choice in choices.items():
        if not choice.over(choices.get(DEFAULT, Choice())).printer:
            raise place.error("no-printer", kind, (kind,))
    return choices


def _choice(table: Mapping[str, Any], kind: str, place: _Place) -> Choice:
    for key, value in table.items():
        if key not in _KEYS:
            raise place.error("unknown-key", key, (kind, key), _KEYS)
        allowed = _allowed(key, value)
        if allowed:
            raise place.error("value", key, (kind, key), allowed)
    return Choice(
        printer=table.get("printer", ""),
        tray=table.get("tray", ""),
        copies=table.get("copies", 0),
        duplex=cast(Duplex, table.get("duplex", "")),
    )


def _allowed(key: str, value: object) -> tuple[str, ...]:
    """Return nothing if a key may have this value, else what it may have."""
    if key == "copies":
        good = type(value) is int and 1 <= value <= MAX_COPIES
        return () if good else (f"1–{MAX_COPIES}",)
    if key == "duplex":
        return () if value in DUPLEX else DUPLEX
    fits = is_tray if key == "tray" else is_name
    return () if isinstance(value, str) and fits(value) else (f'"…", 1–{MAX_NAME}',)


def is_name(text: str) -> bool:
    """Whether a printer may have this name."""
    return bool(text.strip()) and len(text) <= MAX_NAME and text.isprintable() and '"' not in text


def is_tray(text: str) -> bool:
    """Whether a tray may have this name: a keyword of RFC 8011, such as tray-2."""
    return len(text) <= MAX_NAME and _TRAY.fullmatch(text) is not None


@dataclass(frozen=True, slots=True)
class _Place:
    """The file, to say where something stands in it."""

    path: Path
    text: str

    def error(
        self, why: str, key: str, at: tuple[str, ...], known: Iterable[str] = ()
    ) -> PrinterSettingsError:
        """Return the error about a table (`at` of one) or a key of one (of two)."""
        line = _line_of(self.text, at)
        return PrinterSettingsError(
            file=str(self.path), line=line, why=why, key=key[:MAX_NAME], known=", ".join(known)
        )


def _line_of(text: str, at: tuple[str, ...]) -> int:
    """Return the line, from 1, of a table's header or of a key in it; of what names them first otherwise."""
    table = ""
    for number, line in enumerate(text.splitlines(), start=1):
        header, key = _HEADER.match(line), _KEY.match(line)
        if header:
            table = _name(header)
            if at == (table,):
                return number
        elif key and (at == (table, _name(key)) or (not table and at[0] == _name(key))):
            return number
    return next((n for n, line in enumerate(text.splitlines(), start=1) if at[-1] in line), 1)


def _name(found: re.Match[str]) -> str:
    return next(group for group in found.groups() if group is not None)


def _with(text: str, kind: str, choice: Choice | None) -> str:
    """Return the text with one table's keys replaced; comments and the other tables stay."""
    kept: list[str] = []
    table, at = "", None
    for line in text.splitlines():
        header = _HEADER.match(line)
        table = _name(header) if header else table
        if table == kind and (header or _KEY.match(line)):
            at = len(kept) if at is None else at
            continue
        kept.append(line)
    if choice is not None:
        new = [f"[{kind}]", *_lines(choice)]
        at = len(kept) if at is None else at
        kept[at:at] = new if at < len(kept) or not kept else ["", *new]
    return "\n".join(kept).strip("\n") + "\n"


def _lines(choice: Choice) -> tuple[str, ...]:
    values = {key: value for key, value in choice.as_json().items() if value}
    return tuple(f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in values.items())
