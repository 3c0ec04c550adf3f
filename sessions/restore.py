"""Bringing a station back from a backup, and proving first what is brought back.

Everything happens in a folder beside the target, which gets its name when all is done: manifest, keys and log are
verified, keys of what was erased are left out (what the backup's own log erased and what any anchor knows of), the new
epoch is begun by two persons, the erasures are entered again, and the restore is on record.
"""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from sessions.anchor import Anchor
from sessions.audit_anchors import Compared
from sessions.backup_file import DATABASE, BackupFile
from sessions.backup_keys import MAX_FILE, KeysPart
from sessions.checkpoint import VerifierKey, epoch_of
from sessions.department import PRIVATE_NAME, DepartmentPrivate
from sessions.errors import (
    BackupAlteredError,
    RestoreAnchorError,
    RestoreKeysError,
    RestoreLogError,
    RestoreTargetError,
    RotationRefusedError,
    StationKeyMismatchError,
    UnknownStationError,
)
from sessions.evidence_keys import FILE_NAME, EvidenceKeys
from sessions.files import make_private_dir, sync_dir, write_private
from sessions.keys import KeyBundle, Unlocked
from sessions.pins import StationPins
from sessions.reader import LogReader
from sessions.record import Clock, Operator, Second
from sessions.restore_log import RestoredLog
from sessions.root import DataRoot
from sessions.rotation import repin
from sessions.shredding import replay, slots_to_destroy
from sessions.store import Receipt, Store
from sessions.users import instance_of, store_parts
from sessions.verify import LogReport, verify_log
from sessions.witness_protocol import LeftEntry

AHEAD: Final = "anchor-ahead"
_WORKING: Final = ".restoring"
_FINE: Final = frozenset({"ok", "anchor-lost", AHEAD})

Unlock = Callable[[DataRoot], Unlocked]
"""Open the restored key folder, by a person's password; a training root's by itself."""
Persons = Callable[[DataRoot, Store], tuple[Operator, Second]]
"""Who restores, and the second person, as the restored log knows them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known from elsewhere: tree heads that left the machine, and erasures with their proofs."""

    anchors: tuple[Anchor, ...] = ()
    shreds: tuple[LeftEntry, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What came back. `size`, `root`: of the backup's log; `ahead`: anchors that know more, with what is lost;
    `left_out`: evidence keys that were not put back, their evidence being erased; `shreds`: erasures entered again.
    """

    root: DataRoot
    made_at: str
    size: int
    root_hash: str
    ahead: tuple[Anchor, ...]
    left_out: int
    without_keys: int
    shreds: int
    entry: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A restore as asked for. `keys_file` None: the log alone comes back, and its evidence stays closed.

    `signers`: keys that may have signed what is known from elsewhere, such as one that the backup's log does not know
    yet. `new_signing_key`: the old one is lost (a token); verifiers need a pin of the new one.
    """

    data: Path
    keys_file: Path | None
    department: DepartmentPrivate | None
    target: Path
    pins: StationPins
    known: Known
    reason: str
    clock: Clock
    outside: Path | None = None
    new_signing_key: bool = False
    signers: tuple[VerifierKey, ...] = ()


def restore(job: Job, *, unlock: Unlock, persons: Persons) -> Restored:
    """Restore a backup into a folder that does not exist yet; on any error there is none.

    Raises RestoreTargetError, BackupFormError, BackupAlteredError, DepartmentMismatchError, DepartmentWrapError,
    RestoreKeysError, RestoreLogError, RestoreAnchorError, UnknownStationError, StationKeyMismatchError,
    SessionsError of the store and of the persons, OSError.
    """
    if job.target.exists() or not job.target.parent.is_dir():
        raise RestoreTargetError(folder=str(job.target))
    if not job.reason.strip():
        raise RotationRefusedError(why="reason")
    for left in job.target.parent.glob(f".{job.target.name}.*{_WORKING}"):
        shutil.rmtree(left, ignore_errors=True)  # of a restore that was killed
    work = job.target.with_name(f".{job.target.name}.{secrets.token_hex(4)}{_WORKING}")
    make_private_dir(work)
    try:
        with BackupFile.open(job.data) as backup:
            done, keys, last = _rebuild(job, backup, work, unlock=unlock, persons=persons)
        sync_dir(work)
        work.rename(job.target)
        sync_dir(job.target.parent)
    except BaseException:
        shutil.rmtree(work, ignore_errors=True)
        raise
    root = DataRoot.open(job.target)
    memory = instance_of(root, keys, job.outside)
    memory.bind(root.database, last.size, last.root)
    memory.close()
    return replace(done, root=root)


def _rebuild(
    job: Job, backup: BackupFile, work: Path, *, unlock: Unlock, persons: Persons
) -> tuple[Restored, Unlocked, Receipt]:
    """Bring everything back below `work`, and return what came of it, the keys, and the last entry's receipt."""
    manifest = backup.manifest
    part = _keys_part(job, backup)
    station = {} if part is None or job.department is None else part.open_station(job.department)
    _extract(backup, work)
    root = DataRoot.open(work)
    if root.origin != manifest.station:
        raise BackupAlteredError(why="station")
    _put_bare_keys(job, root, station)
    keys = unlock(root)
    if station and keys.bundle.database_key != station["database"]:
        raise RestoreKeysError(why="bundle")
    if keys.bundle.work is not None:
        raise RestoreKeysError(why="rotation")
    report, ahead = _verified(job, backup, root, keys)
    log = RestoredLog.read(root.database, keys.bundle.database_key, root.origin)
    if log.last_key is None or log.last_key.public != backup.key.public:
        raise BackupAlteredError(why="signer")
    erased = log.erasures(job.known.shreds, StationPins((*job.pins.keys, *job.signers)))
    left_out, missing = _put_keys(
        root,
        keys,
        backup,
        part=part,
        department=job.department,
        log=log,
        gone=slots_to_destroy(erased.known, log.bodies),
    )
    keys, shreds, last = _begin(job, root, keys, lost=erased.lost, missing=missing, persons=persons)
    done = Restored(
        root=root,
        made_at=manifest.made_at,
        size=report.size,
        root_hash=report.root,
        ahead=ahead,
        left_out=left_out,
        without_keys=missing,
        shreds=shreds,
        entry=last.seq,
    )
    return done, keys, last


# -- what is in the backup -----------------------------------------------------------------------------


def _keys_part(job: Job, backup: BackupFile) -> KeysPart | None:
    """Return the keys part that belongs to this data part, or None where none was given."""
    if job.keys_file is None:
        return None
    if job.department is None:
        raise RestoreKeysError(why="department-key")
    with job.keys_file.open("rb") as stream:
        data = stream.read(MAX_FILE + 1)
    if len(data) > MAX_FILE:
        raise RestoreKeysError(why="size")
    part = KeysPart.decode(data)
    said = (part.station, part.made_at, part.size, part.manifest)
    manifest = backup.manifest
    if said != (manifest.station, manifest.made_at, manifest.size, backup.manifest_sha256):
        raise RestoreKeysError(why="other-backup")
    if part.department != backup.manifest.department:
        raise RestoreKeysError(why="department")
    return part


def _extract(backup: BackupFile, work: Path) -> None:
    """Write every member to its place. The names are of the manifest's list, which knows only places in a root."""
    for name in backup.names:
        path = work.joinpath(*name.split("/"))
        make_private_dir(path.parent)
        if name == DATABASE:
            backup.copy(name, path)
        else:
            write_private(path, backup.read(name))
    for folder in ("keys", "trust/stations", "sheets"):
        make_private_dir(work / folder)


def _put_bare_keys(job: Job, root: DataRoot, station: Mapping[str, bytes]) -> None:
    """Write a training root's bare keys, which only the keys part has."""
    if root.kind != "training":
        return
    if job.department is None or not station:
        raise RestoreKeysError(why="training")
    KeyBundle.of_fields(station)
    for name in ("database", "evidence", "log-signing", "seal", "master"):
        if name not in station:
            raise RestoreKeysError(why="station")
        write_private(root.keys_dir / f"{name}.key", station[name].hex().encode() + b"\n")
    write_private(root.keys_dir / PRIVATE_NAME, job.department.bare())


def _verified(
    job: Job, backup: BackupFile, root: DataRoot, keys: Unlocked
) -> tuple[LogReport, tuple[Anchor, ...]]:
    """Return the report on the log in the backup, which is the manifest's, and the anchors that know more."""
    manifest = backup.manifest

    def look(anchors: Sequence[Anchor]) -> LogReport:
        return verify_log(
            root.database,
            database_key=keys.bundle.database_key,
            pins=job.pins,
            origin=root.origin,
            full=True,
            anchors=anchors,
        )

    report = look(())
    if report.code == UnknownStationError.code:
        raise UnknownStationError(origin=root.origin, found=report.station_fingerprint)
    if report.code == StationKeyMismatchError.code:
        raise StationKeyMismatchError(origin=root.origin, found=report.station_fingerprint)
    if not report.ok:
        first = report.first_bad
        place = {} if first is None or first.seq is None else {"entry": first.seq}
        raise RestoreLogError(finding=report.code, **place)
    if (report.size, report.root) != (manifest.size, manifest.root):
        raise RestoreLogError(finding="manifest", size=report.size)
    if job.known.anchors:
        for compared in look(job.known.anchors).anchors:
            code = _by_signers(compared, report, job.signers)
            if code == "anchor-mismatch":
                raise RestoreLogError(finding=code, anchor=compared.anchor.label)
            if code not in _FINE:
                raise RestoreAnchorError(file=compared.anchor.label, why=code)
    ahead = tuple(anchor for anchor in job.known.anchors if anchor.size > report.size)
    return report, ahead


def _by_signers(compared: Compared, report: LogReport, signers: Sequence[VerifierKey]) -> str:
    """Return what an anchor came to, where a key that the log does not know signed it: more than the log, or another
    history of it.
    """
    anchor = compared.anchor
    further = epoch_of(anchor.origin) - epoch_of(report.origin)
    if compared.code != "anchor-unproven" or further < 0 or not anchor.proven_by(signers):
        return compared.code
    return AHEAD if further or anchor.size > report.size else "anchor-mismatch"


# -- what is put back ----------------------------------------------------------------------------------


def _put_keys(
    root: DataRoot,
    keys: Unlocked,
    backup: BackupFile,
    *,
    part: KeysPart | None,
    department: DepartmentPrivate | None,
    log: RestoredLog,
    gone: set[int],
) -> tuple[int, int]:
    """Write the key file without the keys of what was erased; return how many were left out, and how many are missing
    because there is no keys part.
    """
    slots = EvidenceKeys.create(root.keys_dir / FILE_NAME, keys.bundle.evidence_key, root.origin)
    manifest = backup.manifest
    if part is None or department is None:
        slots.put((), slots=manifest.slots)
        return 0, sum(manifest.sessions.values())
    found: dict[int, bytes] = {}
    for session, count in manifest.sessions.items():
        kept = log.require_keys(session, part.open_session(department, session))
        if len(kept) != count:
            raise RestoreKeysError(why="count", session=session)
        found.update(kept)
    if any(slot >= manifest.slots for slot in found):
        raise RestoreKeysError(why="slots")
    slots.put(((slot, key) for slot, key in found.items() if slot not in gone), slots=manifest.slots)
    return len(found.keys() & gone), 0


def _begin(
    job: Job,
    root: DataRoot,
    keys: Unlocked,
    *,
    lost: tuple[Mapping[str, Any], ...],
    missing: int,
    persons: Persons,
) -> tuple[Unlocked, int, Receipt]:
    """Begin the new epoch, erase again what was erased after the backup, and enter the restore.

    Return the keys in force, how many erasures were entered again, and the last entry's receipt.
    """
    new = replace(keys.bundle, signing_seed=secrets.token_bytes(32), token=None, signing=None)
    bundle = new if job.new_signing_key else keys.bundle
    keys = replace(keys, bundle=bundle)
    former = _former(root, job)
    parts = store_parts(root, keys, job.clock) | {"instance": None}
    with Store.open(root.database, for_epoch=True, former=former, **parts) as store:
        size, head = store.head().size, store.head().root.hex()
        operator, second = persons(root, store)
        store.begin_epoch(
            reason=job.reason,
            operator=operator,
            second=second,
            path=root.database,
            previous=_furthest(job, store),
            signer=bundle.signer(root.origin) if job.new_signing_key else None,
        )
        count = replay(store, lost, operator=operator, second=second)
        body = {"event": "restored", "size": size, "root": head, "shreds": count}
        if missing:
            body["without_keys"] = missing
        receipt = store.append("key", body, operator=operator, second=second)
        own = bundle.verifier_key(store.origin)
    if job.new_signing_key:
        root.keys.write_bundle(keys.master, bundle)
        repin(root, own)
    write_private(root.path / "station.vkey", f"{root.station_key().encode()}\n".encode())
    return keys, count, receipt


def _former(root: DataRoot, job: Job) -> VerifierKey | None:
    """Return the key of the restored log where another one is to take its place."""
    return root.station_key() if job.new_signing_key else None


def _furthest(job: Job, store: LogReader) -> str | None:
    """Return the largest checkpoint known of the lost part, or None where the log's own last one is that."""
    size = store.head().size
    notes = [anchor for anchor in job.known.anchors if anchor.note and anchor.size > size]
    return max(notes, key=lambda anchor: anchor.size).note if notes else None
