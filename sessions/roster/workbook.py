"""A workbook (XLSX, XLSM, XLS, ODS) as tables. It is opened in a process of its own, with limits on memory and time."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import zipfile
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

from sessions.errors import RosterUnreadableError
from sessions.roster.table import MAX_COLUMNS, MAX_ROWS, MAX_TEXT, Cell, Line, Sheet, Tables

MAX_UNPACKED: Final = 200_000_000
"""Bytes of all parts of a ZIP workbook, as its directory states them; 5,000 rows are about 3 million."""
MAX_PARTS: Final = 2_000
_ROOT: Final = Path(__file__).resolve().parents[2]
_MEMORY_MIB: Final = 1_500
_CPU_S: Final = 20
_DEADLINE_S: Final = 30.0
_MAX_ANSWER: Final = 200_000_000
_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def format_of(data: bytes) -> str:
    """Return "xlsx", "ods" or "xls" of a workbook's bytes, "" of anything else.

    Raises RosterUnreadableError for a ZIP that is no workbook, is too large unpacked, or is broken.
    """
    if data.startswith(_OLE):
        return "xls"
    return _of_zip(data) if data.startswith(b"PK") else ""


def read_workbook(data: bytes) -> Tables:
    """Return every sheet of a workbook. Raises RosterUnreadableError."""
    kind = format_of(data)
    found = _ask(data)
    if "why" in found:
        raise RosterUnreadableError(why=str(found["why"]), limit=MAX_ROWS)
    try:
        return Tables(format=kind, sheets=tuple(_sheet(sheet) for sheet in found["sheets"]))
    except (KeyError, TypeError, ValueError):
        raise RosterUnreadableError(why="workbook") from None


def _of_zip(data: bytes) -> str:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = archive.infolist()
            names = {part.filename for part in parts}
            kind = _kind(archive, names)
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError, RuntimeError, EOFError):
        raise RosterUnreadableError(why="workbook") from None
    if len(parts) > MAX_PARTS or sum(part.file_size for part in parts) > MAX_UNPACKED:
        raise RosterUnreadableError(why="unpacked-too-large", limit=MAX_UNPACKED)
    if not kind:
        raise RosterUnreadableError(why="format")
    return kind


def _kind(archive: zipfile.ZipFile, names: set[str]) -> str:
    if "xl/workbook.xml" in names:
        return "xlsm" if "xl/vbaProject.bin" in names else "xlsx"
    if "mimetype" in names and archive.getinfo("mimetype").file_size < 200:
        return "ods" if b"spreadsheet" in archive.read("mimetype") else ""
    return ""


def _ask(data: bytes) -> dict[str, Any]:
    """Return what the child process says of a workbook; one that ends, hangs or babbles says "workbook"."""
    limits = map(str, (_MEMORY_MIB, _CPU_S, MAX_ROWS, MAX_COLUMNS, MAX_TEXT))
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-m", "sessions.roster.workbook_process", *limits],
            input=data,
            env={**os.environ, "PYTHONPATH": _search_path(os.environ.get("PYTHONPATH", ""))},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=_DEADLINE_S,
            check=False,
        )
        answer = json.loads(done.stdout) if done.returncode == 0 and len(done.stdout) <= _MAX_ANSWER else {}
    except subprocess.TimeoutExpired:
        return {"why": "too-slow"}
    except (OSError, ValueError):
        return {"why": "workbook"}
    return answer if isinstance(answer, dict) and answer else {"why": "workbook"}


def _search_path(given: str) -> str:
    """Return where the child finds this program, installed or not: never in the current folder (`-P`)."""
    return os.pathsep.join(part for part in (str(_ROOT), given) if part)


def _sheet(found: dict[str, Any]) -> Sheet:
    hidden = set(found["hidden_rows"])
    return Sheet(
        name=str(found["name"]),
        hidden=bool(found["hidden"]),
        merged=tuple(
            (int(top), int(left), int(end), int(right)) for top, left, end, right in found["merged"]
        ),
        lines=tuple(
            Line(int(number), tuple(_cell(cell) for cell in cells), hidden=number in hidden)
            for number, cells in found["lines"]
        ),
    )


def _cell(value: Any) -> Cell:
    if isinstance(value, dict):
        return date.fromisoformat(value["d"]) if "d" in value else datetime.fromisoformat(value["t"])
    if value is None or not isinstance(value, (str, int, float, bool)):
        return ""
    return value
