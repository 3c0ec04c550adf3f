"""Every row of a log as JSON lines, so that a verifier that cannot open SQLCipher can check it.

Form: docs/log-format.md, "Rows". Nothing is judged here: an altered log is exported as it is. No key is exported.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any, Final

from sessions.errors import KeyFileError
from sessions.key_slots import KeySlots

FORM: Final = "proctor rows 1"
_BATCH: Final = 500


def export_rows(connection: Any, slots: KeySlots | None = None) -> Iterator[str]:
    """Yield the lines, without line ends: a header, then every row of every table, then `end` with their number.

    With `slots`, the header says which slots of the key file are destroyed.
    """
    connection.text_factory = _text
    execute = connection.execute
    header: dict[str, Any] = {"form": FORM}
    for name in ("user_version", "application_id"):
        header[name] = execute(f"PRAGMA {name}").fetchone()[0]
    rows = execute("SELECT type, name, sql FROM sqlite_schema ORDER BY rowid").fetchall()
    header["schema"] = [[_cell(cell) for cell in row] for row in rows]
    header["slots"] = None if slots is None else _slots(slots)
    yield _line(header)
    count = 0
    for name in [row[1] for row in rows if row[0] == "table" and isinstance(row[1], str)]:
        quoted = name.replace('"', '""')
        cursor = execute(f'SELECT * FROM "{quoted}"')  # noqa: S608 - a name out of the file's own list
        while found := cursor.fetchmany(_BATCH):
            for row in found:
                yield _line({"table": name, "row": [_cell(cell) for cell in row]})
                count += 1
    yield _line({"end": count})


def _slots(slots: KeySlots) -> Any:
    try:
        count = slots.count
        return {
            "count": count,
            "destroyed": [slot for slot in range(count) if slots.is_destroyed(slot)],
            "damaged": [slot for slot in range(count) if slots.is_damaged(slot)],
        }
    except KeyFileError as error:
        return {"why": str(error.facts.get("why", ""))}


def _text(data: bytes) -> Any:
    """Text that is not UTF-8 stays what it is."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return _Raw(data)


class _Raw(bytes):
    """The bytes of a text that is none."""


def _cell(value: Any) -> Any:
    """Return a value as JSON has it: bytes in base64, under a name that says what they are."""
    if isinstance(value, _Raw):
        return {"text": base64.b64encode(value).decode()}
    if isinstance(value, bytes):
        return {"blob": base64.b64encode(value).decode()}
    if isinstance(value, float):
        return {"real": repr(value)}
    return value


def _line(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
