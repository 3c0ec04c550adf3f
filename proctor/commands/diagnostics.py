"""`proctor diagnostics make|list|show`: files for whoever helps from afar. Nothing of anybody's data is in them."""

import json
import shutil
from pathlib import Path
from typing import Any

from proctor.commands.context import Context
from proctor.config import Places
from proctor.diagnostics import FOLDER, reports_in, write_state
from proctor.doctor import examine
from proctor.errors import CommandError
from proctor.files import read_file

MAX_REPORT = 1024 * 1024


def make(context: Context) -> int:
    """Write a file that says how the station stands."""
    items = examine(context.places, context.texts)
    path = write_state(
        context.places.home / FOLDER,
        items=((item.name, item.ok, item.needed) for item in items),
        figures=_figures(context),
    )
    data = {"ok": True, **_row(path)}
    context.result(data, (context.texts.say("diagnostics.made", file=str(path)),))
    return 0


def list_all(context: Context) -> int:
    """List the files there are, the newest first."""
    folder = context.places.home / FOLDER
    rows = [_row(path) for path in reports_in(folder)]
    lines = tuple(f"{row['kind']}  {row['file']}" for row in rows)
    empty = (context.texts.say("diagnostics.none", folder=str(folder)),)
    context.result({"folder": str(folder), "files": rows}, lines or empty)
    return 0


def show(context: Context) -> int:
    """Show one file, named as the list has it."""
    name = Path(context.options.file).name
    path = context.places.home / FOLDER / name
    if path not in reports_in(context.places.home / FOLDER):
        raise CommandError("file-missing", file=name)
    text = read_file(str(path), MAX_REPORT).decode("utf-8", errors="replace")
    try:
        report = json.loads(text)
    except ValueError:
        raise CommandError("file-missing", file=name) from None
    context.result({"ok": True, **_row(path), "report": report}, tuple(text.splitlines()))
    return 0


def _row(path: Path) -> dict[str, Any]:
    return {"file": str(path), "kind": path.name.partition("-")[0], "octets": path.stat().st_size}


def _figures(context: Context) -> dict[str, int]:
    """Counts and sizes: of the log, where the window holds it open, and of the disk."""
    places = context.places
    figures = {"free_mb": shutil.disk_usage(_there(places)).free // 2**20}
    if context.held is not None:
        figures["entries"] = context.held.store.head().size
        figures["training"] = int(context.held.training)
    return figures


def _there(places: Places) -> Path:
    folder = places.home
    while not folder.exists():
        folder = folder.parent
    return folder
