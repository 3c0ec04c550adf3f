"""The child process of `sessions.roster.workbook`: a workbook from standard input, its cells as JSON to standard
output.

Run as `python -m sessions.roster.workbook_process MEMORY_MIB CPU_S MAX_ROWS MAX_COLUMNS MAX_TEXT`. A workbook comes
from anybody: whatever its reader does with it (ends, takes all memory, never returns) happens here.
"""

import html
import json
import re
import sys
import zipfile
from datetime import date, datetime, time, timedelta
from io import BytesIO
from typing import Any

import python_calamine as calamine

if sys.platform != "win32":  # on Windows the parent's deadline remains
    import resource

_SHEET = re.compile(rb'<sheet\s[^>]*?name="([^"]*)"[^>]*?r:id="([^"]*)"')
_TARGET = re.compile(rb"<Relationship\s[^>]*>")
_ROW = re.compile(rb"<row\s([^>]*)>")
_ODS = re.compile(rb"<table:(table|table-row)(\s[^>]*)?>")
_MAX_HIDDEN = 20_000
_MAX_SHEETS = 50
_MAX_XML = 64 << 20


def main() -> int:
    """Answer one request."""
    memory_mib, cpu_s, rows, columns, characters = (int(argument) for argument in sys.argv[1:6])
    _limit(memory_mib, cpu_s)
    data = sys.stdin.buffer.read()
    try:
        answer = _read(data, rows, columns, characters)
    except calamine.PasswordError:
        answer = {"why": "password"}
    except MemoryError:
        answer = {"why": "too-large"}
    except Exception:  # noqa: BLE001 - a process boundary: whatever the reader throws, the file is at fault
        answer = {"why": "workbook"}
    sys.stdout.buffer.write(json.dumps(answer).encode())
    return 0


def _limit(memory_mib: int, cpu_s: int) -> None:
    """Cap memory and processor time where the system can; write no core files, which would hold the list."""
    if sys.platform != "win32":
        resource.setrlimit(resource.RLIMIT_AS, (memory_mib << 20, memory_mib << 20))
        resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, cpu_s))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _read(data: bytes, rows: int, columns: int, characters: int) -> dict[str, Any]:
    book = calamine.load_workbook(BytesIO(data))
    hidden = _hidden_rows(data)
    found = []
    for sheet in book.sheets_metadata[:_MAX_SHEETS]:
        if sheet.typ is not calamine.SheetTypeEnum.WorkSheet:
            continue
        table = book.get_sheet_by_name(sheet.name)
        lines, why = _lines(table, rows, columns, characters)
        if why:
            return {"why": why}
        merged = [
            [one[0] + 1, one[1], two[0] + 1, two[1]] for one, two in (table.merged_cell_ranges or [])[:5000]
        ]
        found.append(
            {
                "name": sheet.name[:100],
                "hidden": sheet.visible is not calamine.SheetVisibleEnum.Visible,
                "lines": lines,
                "hidden_rows": hidden.get(sheet.name, []),
                "merged": merged,
            }
        )
    return {"sheets": found}


def _lines(table: calamine.CalamineSheet, rows: int, columns: int, characters: int) -> tuple[list[Any], str]:
    """Return [number, cells] of every row with something in it, and why there are too many."""
    found: list[Any] = []
    _, left = table.start or (0, 0)
    for number, cells in enumerate(table.iter_rows() if table.start is not None else (), 1):
        kept = [_cell(cell, characters) for cell in cells]
        while kept and kept[-1] == "":
            kept.pop()
        if not kept:
            continue
        if len(found) == rows:
            return [], "too-many-rows"
        if left + len(kept) > columns:
            return [], "too-many-columns"
        found.append(
            [number, [""] * left + kept]
        )  # rows are counted from the sheet's first, columns from the data's
    return found, ""


def _cell(value: Any, characters: int) -> Any:
    if isinstance(value, str):
        return value[:characters]
    if isinstance(value, datetime):
        return {"t": value.isoformat()}
    if isinstance(value, date):
        return {"d": value.isoformat()}
    if isinstance(value, (time, timedelta)):
        return str(value)
    return value


def _hidden_rows(data: bytes) -> dict[str, list[int]]:
    """Return sheet → hidden rows of an XLSX or ODS; other formats, and parts that are not as usual, say nothing."""
    if not data.startswith(b"PK"):
        return {}
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            if "content.xml" in archive.namelist():
                return _hidden_in_ods(_part(archive, "content.xml"))
            names = _SHEET.findall(_part(archive, "xl/workbook.xml"))
            targets = dict(
                _target(tag) for tag in _TARGET.findall(_part(archive, "xl/_rels/workbook.xml.rels"))
            )
            return {
                _text(name): _hidden_in(_part(archive, "xl/" + targets[key].removeprefix("/xl/")))
                for name, key in names
                if key in targets
            }
    except (KeyError, zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, EOFError, ValueError):
        return {}


def _hidden_in_ods(content: bytes) -> dict[str, list[int]]:
    """Return table → rows that are collapsed or filtered away; a row that stands for several counts as all of them."""
    found: dict[str, list[int]] = {}
    rows: list[int] = []
    number = 0
    for kind, attributes in _ODS.findall(content):
        if kind == b"table":
            name = re.search(rb'\stable:name="([^"]*)"', attributes)
            rows = found.setdefault(_text(name[1]) if name else "", [])
            number = 0
            continue
        repeated = re.search(rb'\stable:number-rows-repeated="(\d{1,7})"', attributes)
        first, number = number + 1, number + (int(repeated[1]) if repeated else 1)
        if re.search(rb'\stable:visibility="(?:collapse|filter)"', attributes):
            rows += range(first, min(number, first + _MAX_HIDDEN) + 1)
    return found


def _part(archive: zipfile.ZipFile, name: str) -> bytes:
    with archive.open(name) as part:
        return part.read(_MAX_XML)


def _target(tag: bytes) -> tuple[bytes, str]:
    key = re.search(rb'\sId="([^"]*)"', tag)
    target = re.search(rb'\sTarget="([^"]*)"', tag)
    return (key[1] if key else b""), (target[1].decode("utf-8", "replace") if target else "")


def _text(name: bytes) -> str:
    return html.unescape(name.decode("utf-8", "replace"))


def _hidden_in(sheet: bytes) -> list[int]:
    rows = []
    for attributes in _ROW.findall(sheet):
        number = re.search(rb'(?:^|\s)r="(\d{1,7})"', attributes)
        if number and re.search(rb'(?:^|\s)hidden="(?:1|true)"', attributes):
            rows.append(int(number[1]))
    return rows


if __name__ == "__main__":
    sys.exit(main())
