"""Backups of a station: where they go, making one, and what is told of it."""

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from proctor.errors import CommandError
from proctor.roots import OpenRoot
from proctor.texts import Texts, load_texts
from sessions.anchor import Anchor, parse_anchor
from sessions.backup import Backup, make_backup
from sessions.backup_places import Part
from sessions.department_pin import ensure_training
from sessions.errors import BackupTargetError, NoteFormatError, SessionsError
from sessions.files import write_private
from sessions.pack_left import is_pack, left_in_pack
from sessions.record import SystemClock
from sessions.restore import Known
from sessions.root import DataRoot
from sessions.witness_protocol import LeftEntry

SETTINGS = "backup.toml"
MAX_ANCHOR = 64 * 1024 * 1024
MAX_ANCHORS = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupPlaces:
    """Where a station's backups go. `apart`: `to` was on another disk than the station when it was chosen, so that a
    stick that is not plugged in is noticed."""

    to: Path
    keys_to: Path | None
    apart: bool

    @classmethod
    def load(cls, root: DataRoot) -> "BackupPlaces | None":
        """Return the places that were set, or None. Raises CommandError "backup-settings"."""
        path = root.path / SETTINGS
        try:
            fields = tomllib.loads(path.read_text(encoding="utf-8"))
            keys = fields.get("keys")
            return cls(
                to=Path(fields["to"]),
                keys_to=None if keys is None else Path(keys),
                apart=fields["apart"] is True,
            )
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError):
            raise CommandError("backup-settings", file=str(path)) from None

    @classmethod
    def choose(cls, root: DataRoot, to: Path, keys_to: Path | None) -> "BackupPlaces":
        """Return places as they are now. Raises BackupTargetError for one that is no folder."""
        for place in (to, keys_to):
            if place is not None and not place.is_dir():
                raise BackupTargetError(folder=str(place))
        here = root.path.stat().st_dev
        return cls(
            to=to.absolute(),
            keys_to=None if keys_to is None else keys_to.absolute(),
            apart=to.stat().st_dev != here,
        )

    def save(self, root: DataRoot) -> None:
        """Keep the places in the root."""
        lines = [f"to = {json.dumps(str(self.to), ensure_ascii=False)}"]
        if self.keys_to is not None:
            lines.append(f"keys = {json.dumps(str(self.keys_to), ensure_ascii=False)}")
        lines.append(f"apart = {'true' if self.apart else 'false'}")
        write_private(root.path / SETTINGS, ("\n".join(lines) + "\n").encode())

    def require_there(self, root: DataRoot) -> "BackupPlaces":
        """Return the places if the stick that was chosen is there. Raises BackupTargetError."""
        if not self.to.is_dir() or (self.apart and self.to.stat().st_dev == root.path.stat().st_dev):
            raise BackupTargetError(folder=str(self.to))
        return self


def back_up(opened: OpenRoot, places: BackupPlaces) -> Backup:
    """Make a backup of an open root; a training root has a department key of its own. Raises SessionsError."""
    operator = opened.require_login().operator
    if opened.training:
        ensure_training(opened.root, opened.store, operator)
    places.require_there(opened.root)
    return make_backup(
        opened.root,
        opened.store,
        opened.keys,
        to=places.to,
        keys_to=places.keys_to,
        operator=operator,
        clock=SystemClock(),
    )


def backup_after_close(opened: OpenRoot) -> dict[str, Any] | None:
    """Back up where the station was told to, and return what is told of it; None where no place was set.

    What fails is told and nothing is raised: the session is closed all the same.
    """
    try:
        places = BackupPlaces.load(opened.root)
        return None if places is None else backup_json(back_up(opened, places))
    except (SessionsError, CommandError) as error:
        return failure_json(error.code, error.facts)


def backup_json(backup: Backup) -> dict[str, Any]:
    """Return a backup as docs/json.md has it; `ok` only where both parts were written."""
    error = backup.keys_error
    return {
        "ok": backup.keys is not None,
        "code": "ok" if error is None else error.code,
        "data": _part(backup.data),
        "keys": None if backup.keys is None else _part(backup.keys),
        "keys_failed": None if error is None else failure_json(error.code, error.facts),
        "size": backup.size,
        "root": backup.root.hex(),
        "department": backup.department or None,
        "removed": [str(path) for path in backup.removed],
        "same_device": backup.same_device,
        "entry": backup.entry,
    }


def backup_lines(texts: Texts, saved: Mapping[str, Any] | None) -> tuple[str, ...]:
    """Return what is said of the backup after a session was closed."""
    if saved is None:
        return ()
    failed = saved if "vi" in saved else saved["keys_failed"]
    lines = [texts.say("result.closed-backup", file=saved["data"]["file"])] if "data" in saved else []
    if failed is not None:
        why = str(failed[texts.language])
        lines.append(texts.say("backup-without-keys", why=why) if lines else why)
    return tuple(lines)


def failure_json(code: str, facts: Mapping[str, str | int]) -> dict[str, Any]:
    """Return what failed, in both languages."""
    vi, en = (load_texts(language).say(code, **facts) for language in ("vi", "en"))
    return {"ok": False, "code": code, "vi": vi, "en": en, "facts": dict(facts)}


def _part(part: Part) -> dict[str, Any]:
    return {"file": str(part.path), "sha256": part.sha256, "octets": part.octets}


# -- what is known from elsewhere ----------------------------------------------------------------------


def read_known(names: tuple[str, ...]) -> Known:
    """Return the anchors and erasures in files and folders. Raises CommandError for what is neither."""
    from proctor.anchors import anchors_of  # noqa: PLC0415 - sheets and pictures take long to load, and are rare here

    anchors: list[Anchor] = []
    shreds: list[LeftEntry] = []
    for path in _files(names):
        packed = _left_in_pack(path)
        if packed is not None:
            anchors.append(parse_anchor(packed[0].encode(), label=path.name))
            shreds += packed[1]
            continue
        rows = _rows(_read(path))
        if rows is None:
            anchors += anchors_of(str(path))
            continue
        try:
            shreds += [LeftEntry.of_row(row) for row in rows]
        except NoteFormatError:
            raise CommandError("anchor-unreadable", file=str(path)) from None
    return Known(anchors=tuple(anchors), shreds=tuple(shreds))


def _left_in_pack(path: Path) -> tuple[str, tuple[LeftEntry, ...]] | None:
    """Return the tree head and the erasures of a pack, unverified; None for a file of another kind."""
    try:
        return left_in_pack(path) if is_pack(path) else None
    except OSError:
        raise CommandError("file-missing", file=str(path)) from None


def _files(names: tuple[str, ...]) -> list[Path]:
    found: list[Path] = []
    for name in names:
        path = Path(name)
        inside = sorted(each for each in path.iterdir() if each.is_file()) if path.is_dir() else [path]
        found += [each for each in inside if not each.name.startswith(".")]
    if len(found) > MAX_ANCHORS:
        raise CommandError("anchor-too-many", limit=MAX_ANCHORS)
    return found


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_ANCHOR + 1)
    except OSError:
        raise CommandError("file-missing", file=str(path)) from None
    if len(data) > MAX_ANCHOR:
        raise CommandError("file-too-large", file=str(path), limit=MAX_ANCHOR)
    return data


def _rows(data: bytes) -> list[object] | None:
    """Return the entries of an anchor's JSON file, or None for a file that is none."""
    if not data.lstrip().startswith((b"{", b"[")):
        return None
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        return None
    rows = document.get("entries") if isinstance(document, dict) else document
    return rows if isinstance(rows, list) else None
