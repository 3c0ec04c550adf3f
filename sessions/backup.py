"""Backing a station up: the data in one place, the evidence keys, wrapped to the department, in another.

Both parts are written beside their place, made durable, read back, verified and only then renamed: a crash, a full
disk or a stick that is pulled leaves no half file under a backup's name. Keys that were erased are in no new backup,
and keys parts that may still hold them are removed once a newer pair is there.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import shutil
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Final

from sessions.backup_file import DATABASE, BackupFile, Manifest, Source, require_member_name, write_data
from sessions.backup_keys import SUFFIX as KEYS_SUFFIX
from sessions.backup_keys import KeysPart, prune
from sessions.backup_places import (
    Part,
    careful,
    require_places,
    require_room,
    same_device,
    unlink,
    write_part,
)
from sessions.checkpoint import parse_checkpoint
from sessions.department import DepartmentPublic
from sessions.department_pin import pinned
from sessions.errors import (
    BackupAlteredError,
    BackupPlaceError,
    BackupUnverifiedError,
    RotationRefusedError,
    SessionsError,
    StoreBusyError,
)
from sessions.evidence_box import slot_of
from sessions.files import make_private_dir
from sessions.keys import Unlocked
from sessions.pins import StationPins
from sessions.record import Clock, Operator, format_utc
from sessions.root import DataRoot
from sessions.store import Store
from sessions.verify import verify_log

DATA_SUFFIX: Final = ".backup"


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """A backup that was read back. `keys` is None where `keys_error` says why there is no keys part; `size` and `root`
    are the log's; `removed` are keys parts that held keys which were erased since; `entry` is the export entry.
    """

    data: Part
    keys: Part | None
    keys_error: SessionsError | None = field(default=None, repr=False)
    size: int
    root: bytes
    department: str
    removed: tuple[Path, ...]
    same_device: bool
    entry: int


def make_backup(
    root: DataRoot,
    store: Store,
    keys: Unlocked,
    *,
    to: Path,
    keys_to: Path | None,
    operator: Operator,
    clock: Clock,
) -> Backup:
    """Write, verify and enter a backup; `store` is open and nobody else holds the root.

    Where the department key is not pinned or the keys part fails, the data part stays and `keys_error` says why.
    Raises BackupPlaceError, BackupTargetError, BackupFullError, BackupReadOnlyError, BackupIoError,
    BackupUnverifiedError, StoreError: then nothing is left behind.
    """
    require_places(root, to, keys_to)
    if keys.bundle.work is not None:
        raise RotationRefusedError(why="unfinished")
    department, refused = _department(root, store, keys_to)
    at = format_utc(clock.now().at)
    with store.maintain() as conn:
        _still(conn)
        manifest, sources, slots = _plan(root, store, at, department)
        name = _name(manifest)
        signer = keys.bundle.signer(store.station)
        with careful(to):
            require_room(to, sum(member.size for member in manifest.members))
            data = write_part(
                to / f"{name}{DATA_SUFFIX}", lambda out: write_data(out, manifest, sources, signer)
            )
            _verify_or_remove(root, keys, data, manifest)
        part: Part | None = None
        if department is not None and keys_to is not None:
            try:
                sealed = _keys_part(root, store, keys, manifest=manifest, slots=slots, department=department)
                part = _write_keys(keys_to, name, sealed)
            except SessionsError as error:
                refused = error
    removed: tuple[Path, ...] = ()
    if part is not None and keys_to is not None:
        shreds = tuple(entry.seq for entry in store.entries("shred"))
        removed = prune(keys_to, part.path, manifest.station, shreds)
    body = {"what": "backup", "sha256": data.sha256, "size": manifest.size, "root": manifest.root}
    if part is not None:
        body["recipient"] = manifest.department
    receipt = store.append("export", body, operator=operator)
    return Backup(
        data=data,
        keys=part,
        keys_error=None if part is not None else refused,
        size=manifest.size,
        root=bytes.fromhex(manifest.root),
        department=manifest.department if part is not None else "",
        removed=removed,
        same_device=same_device(root, to, keys_to),
        entry=receipt.seq,
    )


# -- what goes in --------------------------------------------------------------------------------------


def _plan(
    root: DataRoot, store: Store, at: str, department: DepartmentPublic | None
) -> tuple[Manifest, tuple[Source, ...], Mapping[str, list[int]]]:
    """Return manifest, sources and the live key slots of each session, of the log as it lies still now."""
    sources = tuple(_sources(root))
    slots = _slots(store)
    note = store.note()
    head = parse_checkpoint(note)[0]
    manifest = Manifest(
        station=store.station,
        made_at=at,
        size=head.size,
        root=head.root.hex(),
        note=note,
        slots=store.evidence_keys.taken,
        sessions={session: len(numbers) for session, numbers in slots.items()},
        department="" if department is None else department.fingerprint,
        members=tuple(source.measured() for source in sources),
    )
    return manifest, sources, slots


def _sources(root: DataRoot) -> Iterator[Source]:
    """Yield what brings a station back: the database, and what is public or sealed; no evidence key, nothing bare."""
    yield Source(name=DATABASE, path=root.database)
    yield Source(name="root.toml", path=root.path / "root.toml")
    folder = root.keys
    sealed = () if folder.custody == "bare" else (folder.bundle_file,)
    for path in (root.keys_dir / "keys.toml", *sealed, *sorted(folder.slots_dir.glob("*.slot"))):
        yield Source(name=path.relative_to(root.path).as_posix(), path=path)
    for below in (root.trust_dir, root.path / "calibrations", root.path / "pending"):
        for path in sorted(below.rglob("*")):
            if path.is_file() and not path.name.startswith("."):
                yield Source(name=_member_name(root, path), path=path)


def _member_name(root: DataRoot, path: Path) -> str:
    name = path.relative_to(root.path).as_posix()
    try:
        return require_member_name(name)
    except ValueError:
        raise BackupAlteredError(why="name", member=name[:64]) from None


def _slots(store: Store) -> Mapping[str, list[int]]:
    """Return the slots that still hold a key, by session; "" for what belongs to none."""
    found: dict[str, list[int]] = defaultdict(list)
    for entry in store.entries():
        if "evidence_slot" in entry.body:
            names = entry.body["evidence"]
            found[entry.body.get("session", "")] += [slot_of(entry.body, name) for name in names]
    live = set(store.evidence_keys.remaining(slot for slots in found.values() for slot in slots))
    return {session: sorted(live.intersection(slots)) for session, slots in sorted(found.items())}


def _still(conn: Any) -> None:
    """Merge the write-ahead log into the file, so that the file alone is the log. Raises StoreBusyError."""
    if conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:
        raise StoreBusyError(why="backup")


def _department(
    root: DataRoot, store: Store, keys_to: Path | None
) -> tuple[DepartmentPublic | None, SessionsError | None]:
    """Return the department key, or why there will be no keys part."""
    if keys_to is None:
        return None, BackupPlaceError(why="no-keys-place")
    try:
        return pinned(root, store), None
    except SessionsError as error:
        return None, error


# -- the keys part -------------------------------------------------------------------------------------


def _keys_part(
    root: DataRoot,
    store: Store,
    keys: Unlocked,
    *,
    manifest: Manifest,
    slots: Mapping[str, Sequence[int]],
    department: DepartmentPublic,
) -> bytes:
    station = {"database": keys.bundle.database_key}
    if root.keys.custody == "bare":
        station = {**keys.bundle.as_fields(), "master": keys.master}
    sessions = {session: dict(store.evidence_keys.export(numbers)) for session, numbers in slots.items()}
    return KeysPart.wrap(manifest, department, station_keys=station, sessions=sessions).encode()


def _write_keys(folder: Path, name: str, data: bytes) -> Part:
    def fill(out: BinaryIO) -> str:
        out.write(data)
        return hashlib.sha256(data).hexdigest()

    with careful(folder):
        require_room(folder, len(data))
        return write_part(folder / f"{name}{KEYS_SUFFIX}", fill)


# -- reading back --------------------------------------------------------------------------------------


def _verify_or_remove(root: DataRoot, keys: Unlocked, part: Part, manifest: Manifest) -> None:
    """Read the written data part as a restore would, its log included; what does not verify is removed."""
    scratch = make_private_dir(root.path / f".verify-{secrets.token_hex(4)}")
    try:
        verify_written(part.path, scratch, keys, manifest)
    except BaseException:
        unlink(part.path)
        raise
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def verify_written(path: Path, scratch: Path, keys: Unlocked, manifest: Manifest) -> None:
    """Raise BackupUnverifiedError unless every member reads back and the log in it has the manifest's head."""
    copy = scratch / DATABASE
    try:
        with BackupFile.open(path) as backup:
            if backup.manifest != manifest:
                raise BackupUnverifiedError(why="manifest")
            for name in backup.names:
                if name == DATABASE:
                    backup.copy(name, copy)
                else:
                    backup.read(name)
    except BackupAlteredError as error:
        raise BackupUnverifiedError(**error.facts) from None
    report = verify_log(
        copy,
        database_key=keys.bundle.database_key,
        pins=StationPins.of_fingerprint(keys.bundle.verifier_key(manifest.station).fingerprint),
    )
    if not report.ok or (report.size, report.root) != (manifest.size, manifest.root):
        raise BackupUnverifiedError(why="log", code=report.code, size=report.size)


def _name(manifest: Manifest) -> str:
    stamp = re.sub(r"[^0-9TZ]", "", manifest.made_at.split(".")[0]) + "Z"
    return f"{manifest.station.replace('/', '-')}-{manifest.size}-{stamp}"
