"""Backups: two parts, two places, read back; nothing half is left, and hostile files bring nothing back."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import random
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from proctor.witness.cosigning import left_entry
from sessions import backup_places, users
from sessions.anchor import parse_anchor
from sessions.backup import Backup, make_backup
from sessions.backup_file import BackupFile, Manifest, Source, require_member_name, write_data
from sessions.backup_keys import KeysPart
from sessions.checkpoint import Signer
from sessions.department import DepartmentPrivate
from sessions.errors import (
    BackupAlteredError,
    BackupFormError,
    BackupFullError,
    BackupIoError,
    BackupPlaceError,
    BackupReadOnlyError,
    BackupTargetError,
    BackupUnverifiedError,
    DepartmentNotPinnedError,
    EvidenceErasedError,
    RestoreAnchorError,
    RestoreKeysError,
    RestoreTargetError,
    RoleForbiddenError,
    SessionsError,
    StoreFullError,
    UnknownStationError,
)
from sessions.evidence_box import slot_of
from sessions.pins import StationPins
from sessions.restore import Job, Known, Restored, restore
from sessions.rotation import rotate_station
from sessions.selection import select
from sessions.session import load_session
from sessions.shredding import shred_selection
from tests.support.erasure import Hall, Person
from tests.support.keeping import AN, BY, BY_AN, SECOND, House

PEOPLE = 3


@dataclass
class Kept:
    """A station with a session, its department, and a backup of it."""

    house: House
    department: DepartmentPrivate
    session: str
    folder: Path
    made: Backup
    pins: StationPins

    def job(self, target: Path, **changes: Any) -> Job:
        assert self.made.keys is not None
        fields: dict[str, Any] = {
            "data": self.made.data.path,
            "keys_file": self.made.keys.path,
            "department": self.department,
            "target": target,
            "pins": self.pins,
            "known": Known(),
            "reason": "thử",
            "clock": self.house.clock,
        }
        return Job(**{**fields, **changes})

    def restored(self, target: Path, **changes: Any) -> Restored:
        return restore(
            self.job(target, **changes),
            unlock=lambda root: users.authenticate(root, AN.user_id, AN.secret).keys,
            persons=lambda _root, _store: (BY_AN, SECOND),
        )


def back_up(house: House, folder: Path, **changes: Any) -> Backup:
    for name in ("data", "keys"):
        (folder / name).mkdir(exist_ok=True, parents=True)
    keys = house.log_in()
    with house.open(keys) as store:
        fields: dict[str, Any] = {
            "to": folder / "data",
            "keys_to": folder / "keys",
            "operator": BY_AN,
            "clock": house.clock,
        }
        return make_backup(house.root, store, keys, **{**fields, **changes})


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Kept:
    folder = tmp_path_factory.mktemp("kept")
    house = House.build(folder / "station", attempts=2)
    department = house.pin_department()
    people = [Person(index=i) for i in range(PEOPLE)]
    hall = Hall(bench=None, people=people, operator=BY_AN)  # type: ignore[arg-type]
    with house.open(house.log_in()) as store:
        session = hall.fill(store, 3_200).session_id
    return Kept(
        house=house,
        department=department,
        session=session,
        folder=folder,
        made=back_up(house, folder),
        pins=house.root.pins,
    )


def whole(place: Restored, house: House) -> House:
    back = House(place.root, clock=house.clock)
    report = back.verify(back.log_in())
    assert report.ok, report
    return back


# -- what comes back -----------------------------------------------------------------------------------


def test_what_comes_back_is_the_station(kept: Kept, tmp_path: Path) -> None:
    done = kept.restored(tmp_path / "new")
    back = whole(done, kept.house)
    assert (done.size, bytes.fromhex(done.root_hash)) == (kept.made.size, kept.made.root)
    with back.open(back.log_in()) as store:
        assert store.origin.endswith("/2")
        assert [entry.kind for entry in store.entries()[kept.made.size :]] == ["epoch", "key"]
        last = store.entries("key")[-1].body
        assert (last["event"], last["size"], last["shreds"]) == ("restored", kept.made.size, 0)
        for entry in store.entries("attempt", kept.session):
            person = Person(index=int(entry.body["sbd"]) - 1)
            for name, data in person.evidence(3_200).items():
                assert store.evidence(entry.seq, name) == data
        assert len(load_session(store, kept.session).seats) == PEOPLE
    assert not list(tmp_path.glob(".*"))


def test_the_data_part_holds_no_key_and_no_name(kept: Kept) -> None:
    bundle = kept.house.log_in().bundle
    data = kept.made.data.path.read_bytes()
    for secret in (bundle.database_key, bundle.evidence_key, bundle.signing_seed, bundle.seal_pkcs8):
        assert secret not in data
        assert secret.hex().encode() not in data
    assert "MẪU".encode() not in data
    with BackupFile.open(kept.made.data.path) as backup:
        assert not [name for name in backup.names if name.endswith((".slots", ".key", ".bin"))]
    assert kept.made.keys is not None
    part = kept.made.keys.path.read_bytes()
    with kept.house.open(kept.house.log_in()) as store:
        key = store.evidence_keys.read(0)
    assert key not in part
    assert key.hex().encode() not in part


def test_modes_and_names(kept: Kept) -> None:
    assert kept.made.keys is not None
    assert kept.made.data.path.stem == kept.made.keys.path.stem
    assert (kept.made.data.path.stat().st_mode & 0o777) == 0o600
    assert hashlib.sha256(kept.made.data.path.read_bytes()).hexdigest() == kept.made.data.sha256


def test_the_restored_station_goes_on(kept: Kept, tmp_path: Path) -> None:
    back = whole(kept.restored(tmp_path / "new"), kept.house)
    again = back_up(back, tmp_path / "again")
    assert again.size == kept.made.size + 2
    later = replace(kept, made=again, pins=back.root.pins)
    twice = whole(later.restored(tmp_path / "twice"), back)
    with twice.open(twice.log_in()) as store:
        assert store.origin.endswith("/3")


def test_without_the_keys_part_the_log_comes_back_closed(kept: Kept, tmp_path: Path) -> None:
    done = kept.restored(tmp_path / "new", keys_file=None, department=None)
    assert done.without_keys > 0
    back = House(done.root, clock=kept.house.clock)
    report = back.verify(back.log_in())
    assert report.ok
    assert "evidence-without-keys" in {finding.code for finding in report.findings}
    with back.open(back.log_in()) as store, pytest.raises(EvidenceErasedError):
        store.evidence(store.entries("attempt", kept.session)[0].seq, "identity")


def test_a_lost_signing_key_takes_a_pin_of_its_own(kept: Kept, tmp_path: Path) -> None:
    done = kept.restored(tmp_path / "new", new_signing_key=True)
    back = whole(done, kept.house)
    old = House(kept.house.root, clock=kept.house.clock).log_in().bundle
    assert back.log_in().bundle.signing_seed != old.signing_seed
    assert back.root.station_key().name.endswith("/2")


# -- erasures ------------------------------------------------------------------------------------------


def erase(house: House, session: str, sbd: str) -> Any:
    """Erase one candidate and return what a witness keeps of it, and the last checkpoint."""
    with house.open(house.log_in()) as store:
        both = {"operator": BY_AN, "second": SECOND}
        shred_selection(store, select(store, session, sbd=sbd), scope="candidate", reason="request", **both)
        seq = store.entries("shred")[-1].seq
        return left_entry(store, seq, store.head()), store.note()


def test_what_was_erased_after_the_backup_does_not_come_back(kept: Kept, tmp_path: Path) -> None:
    house = kept.house.copied(tmp_path / "copy")
    entry, note = erase(house, kept.session, "002")
    known = Known(anchors=(parse_anchor(note.encode(), label="note"),), shreds=(entry,))
    done = kept.restored(tmp_path / "new", known=known)
    assert [anchor.label for anchor in done.ahead] == ["note"]
    assert (done.left_out, done.shreds) == (3, 1)
    back = whole(done, house)
    with back.open(back.log_in()) as store:
        by_sbd = {entry.body["sbd"]: entry for entry in store.entries("attempt", kept.session)}
        gone = by_sbd["002"]
        for name in gone.body["evidence"]:
            with pytest.raises(EvidenceErasedError):
                store.evidence(gone.seq, name)
            assert store.evidence_keys.is_destroyed(slot_of(gone.body, name))
        assert store.evidence(by_sbd["001"].seq, "identity")
        assert [seat.erased for seat in load_session(store, kept.session).seats] == [False, True, False]
        assert store.entries("shred")[-1].body["scope"] == "restore"
        assert store.entries("epoch")[-1].body["previous"]["note"] == note


def test_a_later_backup_drops_keys_parts_that_hold_erased_keys(kept: Kept, tmp_path: Path) -> None:
    house = kept.house.copied(tmp_path / "copy")
    first = back_up(house, tmp_path / "safe")
    second = back_up(house, tmp_path / "safe")
    assert second.removed == ()
    erase(house, kept.session, "002")
    third = back_up(house, tmp_path / "safe")
    assert first.keys is not None
    assert second.keys is not None
    assert sorted(third.removed) == sorted([first.keys.path, second.keys.path])
    assert list((tmp_path / "safe" / "keys").iterdir()) == [third.keys.path if third.keys else None]
    done = replace(kept, made=third).restored(tmp_path / "new")
    assert done.left_out == 0
    with BackupFile.open(third.data.path) as backup:
        assert backup.manifest.sessions[kept.session] < 3 * PEOPLE + 2


def test_an_anchor_of_a_key_that_came_after_the_backup_counts_where_it_is_pinned(
    kept: Kept, tmp_path: Path
) -> None:
    house = kept.house.copied(tmp_path / "copy")
    keys = house.log_in()
    with house.open(keys) as store:
        rotate_station(house.root, store, keys, BY)
    entry, note = erase(house, kept.session, "002")
    newer = house.root.station_key()
    known = Known(anchors=(parse_anchor(note.encode(), label="note"),), shreds=(entry,))
    with pytest.raises(RestoreAnchorError, match="unproven"):
        kept.restored(tmp_path / "new", known=known)
    done = kept.restored(tmp_path / "new", known=known, signers=(newer,))
    assert ([anchor.label for anchor in done.ahead], done.left_out, done.shreds) == (["note"], 3, 1)
    back = House(done.root, clock=house.clock)
    report = back.verify(back.log_in())
    assert not [found for found in report.findings if found.severity == "altered"], report
    codes = {found.code for found in report.findings if found.code.startswith("epoch-")}
    assert codes == {
        "epoch-entries-lost",
        "epoch-previous-unproven",
    }  # of the later key its own log knows nothing


@pytest.mark.parametrize("what", ["seq", "body", "note", "proof", "station"])
def test_erasures_that_nobody_signed_are_refused(kept: Kept, tmp_path: Path, what: str) -> None:
    house = kept.house.copied(tmp_path / "copy")
    entry, _ = erase(house, kept.session, "002")
    thief = Signer(house.root.origin, bytes(range(32)))
    wrong = {
        "seq": replace(entry, seq=entry.seq + 1),
        "body": replace(entry, body=entry.body.replace(b'"seq":', b'"Seq":')),
        "note": replace(entry, note=thief.sign_note(entry.note.split("\n\n")[0] + "\n")),
        "proof": replace(entry, proof=entry.proof[:-1]),
        "station": replace(entry, note=entry.note.replace(house.root.origin, "proctor.real/ffffffff")),
    }[what]
    with pytest.raises(RestoreAnchorError):
        kept.restored(tmp_path / "new", known=Known(shreds=(wrong,)))
    assert not (tmp_path / "new").exists()


def test_an_anchor_of_another_history_is_refused(kept: Kept, tmp_path: Path) -> None:
    house = kept.house.copied(tmp_path / "copy")
    with house.open(house.log_in()) as store:
        store.append("key", {"event": "password-changed", "user": "an"}, operator=BY_AN)
        note = store.note()
    other = kept.house.copied(tmp_path / "other")
    with other.open(other.log_in()) as store:
        store.append("key", {"event": "password-changed", "user": "binh"}, operator=BY_AN)
        store.append("key", {"event": "password-changed", "user": "an"}, operator=BY_AN)
    later = replace(kept, made=back_up(other, tmp_path / "safe"))
    anchors = (parse_anchor(note.encode(), label="note"),)
    with pytest.raises(SessionsError) as found:
        later.restored(tmp_path / "new", known=Known(anchors=anchors))
    assert found.value.code == "restore-log"


# -- what is refused -----------------------------------------------------------------------------------


def test_places(kept: Kept, tmp_path: Path) -> None:
    house = kept.house.copied(tmp_path / "copy")
    for name in ("data", "data/below", "keys"):
        (tmp_path / name).mkdir(exist_ok=True)
    for data, keys in (("data", "data"), ("data", "data/below"), ("data/below", "data")):
        with pytest.raises(BackupPlaceError):
            back_up(house, tmp_path, to=tmp_path / data, keys_to=tmp_path / keys)
    with pytest.raises(BackupPlaceError):
        back_up(house, tmp_path, to=house.root.sheets_dir)
    with pytest.raises(BackupTargetError):
        back_up(house, tmp_path, to=tmp_path / "absent")
    (tmp_path / "file").touch()
    with pytest.raises(BackupTargetError):
        back_up(house, tmp_path, to=tmp_path / "file")
    assert not list((tmp_path / "data").glob("*.backup"))


def test_without_a_department_key(tmp_path: Path) -> None:
    house = House.build(tmp_path / "station", attempts=1)
    made = back_up(house, tmp_path)
    assert made.keys is None
    assert isinstance(made.keys_error, DepartmentNotPinnedError)
    assert made.data.path.is_file()
    assert not list((tmp_path / "keys").iterdir())


@pytest.mark.parametrize(
    ("number", "error"),
    [
        (errno.ENOSPC, BackupFullError),
        (errno.EROFS, BackupReadOnlyError),
        (errno.EIO, BackupIoError),
        (errno.ENOENT, BackupTargetError),
        (errno.ENODEV, BackupTargetError),
    ],
)
@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_medium_that_fails(
    kept: Kept,
    tmp_path: Path,
    number: int,
    error: type[Exception],
    call: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    house = kept.house.copied(tmp_path / "copy")
    (tmp_path / "data").mkdir()
    (tmp_path / "keys").mkdir()
    real: Callable[..., Any] = os.fsync if call == "fsync" else Path.replace

    def failing(what: Any, *others: Any) -> Any:
        inside = isinstance(what, Path) and tmp_path / "data" == what.parent
        if inside or (isinstance(what, int) and ".part" in str(Path(f"/proc/self/fd/{what}").readlink())):
            raise OSError(number, "no")
        return real(what, *others)

    with monkeypatch.context() as patched:
        patched.setattr(*((os, "fsync", failing) if call == "fsync" else (Path, "replace", failing)))
        with pytest.raises(error):
            back_up(house, tmp_path)
    assert [*(tmp_path / "data").iterdir(), *(tmp_path / "keys").iterdir()] == []
    assert back_up(house, tmp_path).keys is not None


def test_a_medium_that_gives_back_other_bytes(
    kept: Kept, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = kept.house.copied(tmp_path / "copy")
    with monkeypatch.context() as patched:
        patched.setattr(backup_places, "hash_of_medium", lambda _path: ("00" * 32, 1))
        with pytest.raises(BackupUnverifiedError):
            back_up(house, tmp_path)
    assert not list((tmp_path / "data").iterdir())


def test_no_room(kept: Kept, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    house = kept.house.copied(tmp_path / "copy")
    usage = shutil.disk_usage(tmp_path)
    with monkeypatch.context() as patched:
        patched.setattr(backup_places.shutil, "disk_usage", lambda _path: usage._replace(free=1000))
        with pytest.raises((BackupFullError, StoreFullError)):
            back_up(house, tmp_path)


def test_what_a_killed_backup_left_is_cleared_away(kept: Kept, tmp_path: Path) -> None:
    house = kept.house.copied(tmp_path / "copy")
    (tmp_path / "data").mkdir()
    left = tmp_path / "data" / ".proctor.real-0a1b2c3d-9-20261122T010203Z.backup.00112233.part"
    other = tmp_path / "data" / ".note.part"
    left.touch()
    other.touch()
    back_up(house, tmp_path)
    assert not left.exists()
    assert other.exists()


# -- hostile files -------------------------------------------------------------------------------------


def refused(kept: Kept, target: Path, data: Path | None = None, keys: Path | None = None) -> str:
    """Restore, which must fail with one of our errors and leave nothing; return its code."""
    assert kept.made.keys is not None
    with pytest.raises(SessionsError) as found:
        kept.restored(target, data=data or kept.made.data.path, keys_file=keys or kept.made.keys.path)
    assert not target.exists()
    assert not list(target.parent.glob("*.restoring"))
    return found.value.code


def test_truncated_and_longer_data(kept: Kept, tmp_path: Path) -> None:
    raw = kept.made.data.path.read_bytes()
    length = int.from_bytes(raw[12:16], "big")
    edges = [0, 1, 8, 12, 16, 48, 111, 112, 113, 112 + length - 1, 112 + length, 112 + length + 1]
    with BackupFile.open(kept.made.data.path) as backup:
        place = 112 + length
        for member in backup.manifest.members:
            place += member.size
            edges += [place - 1, place]
    hostile = tmp_path / "hostile.backup"
    for edge in sorted(set(edges) - {len(raw)}):
        hostile.write_bytes(raw[:edge])
        assert refused(kept, tmp_path / "new", hostile).startswith("backup-"), edge
    hostile.write_bytes(raw + b"\0")
    assert refused(kept, tmp_path / "new", hostile) == "backup-altered"


def test_flipped_bytes_of_the_data(kept: Kept, tmp_path: Path) -> None:
    raw = kept.made.data.path.read_bytes()
    chosen = random.Random(20261122)
    places = [*range(112), *(chosen.randrange(112, len(raw)) for _ in range(150))]
    hostile = tmp_path / "hostile.backup"
    for place in places:
        flipped = bytearray(raw)
        flipped[place] ^= 1 << chosen.randrange(8)
        hostile.write_bytes(flipped)
        assert refused(kept, tmp_path / "new", hostile).startswith("backup-"), place


@pytest.mark.slow
def test_flipped_and_cut_bytes_of_the_keys(kept: Kept, tmp_path: Path) -> None:
    assert kept.made.keys is not None
    raw = kept.made.keys.path.read_bytes()
    chosen = random.Random(20261122)
    hostile = tmp_path / "hostile.keys"
    codes = set()
    for _ in range(250):
        place = chosen.randrange(len(raw))
        hostile.write_bytes(raw[:place] + bytes([raw[place] ^ 1]) + raw[place + 1 :])
        codes.add(refused(kept, tmp_path / "new", keys=hostile))
    for length in (0, 1, len(raw) // 2, len(raw) - 3):
        hostile.write_bytes(raw[:length])
        codes.add(refused(kept, tmp_path / "new", keys=hostile))
    assert codes <= {"backup-invalid", "restore-keys", "department-wrap-invalid", "department-key-mismatch"}


def rebuilt(kept: Kept, tmp_path: Path, change: Callable[[dict[str, bytes]], None], signer: Signer) -> Path:
    """Write the backup again with other members, signed by whoever."""
    with BackupFile.open(kept.made.data.path) as backup:
        members = {name: backup.read(name) for name in backup.names}
        manifest = backup.manifest
    change(members)
    sources = tuple(Source(name=name, data=data) for name, data in members.items())
    changed = replace(manifest, members=tuple(source.measured() for source in sources))
    path = tmp_path / "rebuilt.backup"
    with path.open("wb") as stream:
        write_data(stream, changed, sources, signer)
    return path


def test_members_changed_and_signed_by_somebody_else(kept: Kept, tmp_path: Path) -> None:
    thief = Signer(kept.house.root.origin, bytes(range(32)))

    def swap(members: dict[str, bytes]) -> None:
        slots = sorted(name for name in members if name.endswith(".slot"))
        members[slots[0]], members[slots[1]] = members[slots[1]], members[slots[0]]

    path = rebuilt(kept, tmp_path, swap, thief)
    assert refused(kept, tmp_path / "new", path) in {"restore-keys", "backup-altered"}
    with pytest.raises(BackupAlteredError):  # without keys, whose part names another manifest
        kept.restored(
            tmp_path / "new",
            data=rebuilt(kept, tmp_path, lambda _: None, thief),
            keys_file=None,
            department=None,
        )


def test_members_changed_by_the_station_itself(kept: Kept, tmp_path: Path) -> None:
    own = kept.house.log_in().bundle.signer(kept.house.root.origin)

    def cut(members: dict[str, bytes]) -> None:
        members["station.db"] = members["station.db"][:-4096]

    for change in (
        cut,
        lambda members: members.pop("root.toml"),
        lambda members: members.pop("keys/keys.toml"),
    ):
        path = rebuilt(kept, tmp_path, change, own)  # type: ignore[arg-type]
        with pytest.raises(SessionsError):
            kept.restored(tmp_path / "new", data=path, keys_file=None, department=None)
        assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    "name",
    [
        *("../evil", "/etc/passwd", "keys/../../evil", "trust/../evil", "trust//evil", "trust/.hidden"),
        *(
            "C:\\evil",
            "trust\\evil",
            "trust/evil\0",
            "trust/evil\n",
            "keys/evidence.slots",
            "keys/database.key",
        ),
        *(
            "trust/con.txt",
            "trust/NUL",
            "pending/aux",
            "trust/a/b/c/d/e",
            "trust",
            "",
            "station.db/",
            "trust/…",
        ),
        *("keys/slots/../../x.slot", "memory.bin", "backup.toml", "trust/" + "a" * 129),
    ],
)
def test_names_that_lead_elsewhere(name: str) -> None:
    with pytest.raises(ValueError, match="member name"):
        require_member_name(name)


@pytest.mark.parametrize(
    "change",
    [
        {"form": "proctor backup 2"},
        {"members": []},
        {"members": [{"name": "../evil", "size": 1, "sha256": "00" * 32}]},
        {"members": 7},
        {"size": -1},
        {"size": 2**53},
        {"size": 1.5},
        {"root": "zz"},
        {"sessions": []},
        {"sessions": {"S": -1}},
        {"department": "x"},
        {"station": "proctor.real/0a1b2c3d/2"},
        {"note": 7},
        {"extra": "field"},
    ],
)
def test_hostile_manifests(kept: Kept, change: dict[str, Any]) -> None:
    with BackupFile.open(kept.made.data.path) as backup:
        encoded = backup.manifest.encode()
    assert Manifest.decode(encoded).encode() == encoded
    fields = {**json.loads(encoded), **change}
    data = json.dumps(fields, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    with pytest.raises(BackupFormError):
        Manifest.decode(data)


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b"\xff", b"[" * 100_000, b'{"form":1,"form":1}'])
def test_what_is_no_manifest_and_no_keys_part(data: bytes) -> None:
    with pytest.raises(BackupFormError):
        Manifest.decode(data)
    with pytest.raises(BackupFormError):
        KeysPart.decode(data)


def test_members_twice_are_refused(kept: Kept) -> None:
    with BackupFile.open(kept.made.data.path) as backup:
        manifest = backup.manifest
    double = replace(manifest, members=(*manifest.members, manifest.members[0]))
    other_case = replace(manifest.members[1], name="trust/A"), replace(manifest.members[1], name="trust/a")
    for wrong in (double, replace(manifest, members=(*manifest.members, *other_case))):
        with pytest.raises(BackupFormError):
            Manifest.decode(wrong.encode())


def test_keys_that_somebody_else_wrapped(kept: Kept, tmp_path: Path) -> None:
    with BackupFile.open(kept.made.data.path) as backup:
        manifest = backup.manifest
    station = {"database": kept.house.log_in().bundle.database_key}
    assert kept.made.keys is not None
    true = KeysPart.decode(kept.made.keys.path.read_bytes())
    sessions = {name: true.open_session(kept.department, name) for name in manifest.sessions}
    some = next(name for name, keys in sessions.items() if keys)
    slot = min(sessions[some])
    hostile = tmp_path / "hostile.keys"

    def wrapped(station_keys: dict[str, bytes], parts: dict[str, dict[int, bytes]]) -> str:
        part = KeysPart.wrap(manifest, kept.department.public, station_keys=station_keys, sessions=parts)
        hostile.write_bytes(part.encode())
        return refused(kept, tmp_path / "new", keys=hostile)

    assert wrapped({"database": bytes(32)}, sessions) == "restore-keys"
    assert wrapped({"database": b"short"}, sessions) == "restore-keys"
    assert wrapped(station, {**sessions, some: {**sessions[some], slot: bytes(32)}}) == "restore-keys"
    assert wrapped(station, {**sessions, some: {10**6: bytes(32)}}) == "restore-keys"
    assert wrapped(station, {**sessions, some: {}}) == "restore-keys"
    assert wrapped(station, {}) == "restore-keys"


def test_the_parts_of_another_station(kept: Kept, tmp_path: Path) -> None:
    other = House.build(tmp_path / "other", attempts=1)
    other.pin_department()
    made = back_up(other, tmp_path / "safe")
    assert made.keys is not None
    assert refused(kept, tmp_path / "new", keys=made.keys.path) == "restore-keys"
    with pytest.raises(UnknownStationError):
        kept.restored(tmp_path / "new", data=made.data.path, keys_file=None, department=None)


def test_what_a_restore_needs(kept: Kept, tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    for target in (tmp_path / "there", tmp_path / "a" / "b"):
        with pytest.raises(RestoreTargetError):
            kept.restored(target)
    with pytest.raises(RestoreKeysError):
        kept.restored(tmp_path / "new", department=None)
    with pytest.raises(UnknownStationError):
        kept.restored(tmp_path / "new", pins=StationPins())

    def nobody(_root: Any, _store: Any) -> Any:
        raise RoleForbiddenError

    with pytest.raises(RoleForbiddenError):
        restore(
            kept.job(tmp_path / "new"),
            unlock=lambda root: users.authenticate(root, AN.user_id, AN.secret).keys,
            persons=nobody,
        )
    assert sorted(path.name for path in tmp_path.iterdir()) == ["there"]
    left = tmp_path / ".new.00112233.restoring"
    left.mkdir()
    kept.restored(tmp_path / "new")
    assert not left.exists()
