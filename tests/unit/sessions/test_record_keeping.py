"""Begun attempts, clock entries, the machine's memory, epochs, another signing key, an older schema."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from sessions import opening, schema, schema_1
from sessions.checkpoint import Signer, epoch_of, station_of, verify_checkpoint
from sessions.clocks import jump_of
from sessions.engine import connect
from sessions.errors import (
    AttemptIdReusedError,
    EventFormError,
    EvidenceErasedError,
    InstanceChangedError,
    KeyFileError,
    StoreAlteredError,
    StoreError,
    StoreFullError,
    StoreMissingError,
    StoreOnNetworkError,
)
from sessions.events import events
from sessions.evidence_keys import SLOT_BYTES, EvidenceKeys
from sessions.instance import Instance
from sessions.interrupted import INTERRUPTED
from sessions.keys import KeyBundle
from sessions.record import Moment, Second
from sessions.store import Store
from tests.support.sessions_station import OPERATOR, START, Bench, evidence, record

SECOND = Second(user_id="gs01", role="overseer")
SESSION = "HL-20261122-01"
OLD_LOG = Path(__file__).parents[2] / "vectors" / "log-schema-1.db"


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(path=tmp_path / "station.db")


def begin(store: Store, name: str = "attempt-0001") -> None:
    store.begin_attempt(name, session=SESSION, component="theory", operator=OPERATOR)


# -- attempts that begin ----------------------------------------------------------------------------


def test_an_attempt_that_began_and_ended_is_two_entries(bench: Bench) -> None:
    with bench.create() as store:
        begin(store)
        store.append_attempt(record(1), evidence(1))
        assert [entry.kind for entry in store.entries()] == ["key", "begin", "attempt"]
        ended = store.attempt("attempt-0001")
        assert ended is not None
        assert ended.kind == "attempt"
        with pytest.raises(AttemptIdReusedError):
            begin(store)
    with bench.open() as store:
        assert len(store.entries()) == 3


def test_what_a_crash_left_begun_is_ended_once_by_the_next_opening(bench: Bench) -> None:
    with bench.create() as store:
        begin(store)
        begin(store, "attempt-0002")
        store.append_attempt(record(2))
    for _ in range(2):
        with bench.open() as store:
            ended = store.attempt("attempt-0001")
            assert ended is not None
            assert ended.body["verdict"] == "REFER"
            assert ended.body["reasons"] == [INTERRUPTED]
            assert ended.body["operator"] == {"id": "station", "role": "station"}
            assert {row["outcome"] for row in ended.body["checks"].values()} == {"not-performed"}
            assert len(store.entries("attempt")) == 2


def test_a_begun_attempt_that_waits_in_pending_is_committed_late_not_as_interrupted(bench: Bench) -> None:
    with bench.create() as store:
        begin(store)
        store._set_aside(record(1).as_body(), {}, OPERATOR, StoreFullError())
    with bench.open() as store:
        ended = store.attempt("attempt-0001")
        assert ended is not None
        assert ended.body["reasons"][0] == "record-late"
        assert len(store.entries("attempt")) == 1


# -- clocks -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("step", "monotonic", "jump"),
    [
        (timedelta(seconds=5), 5_000, None),
        (timedelta(seconds=5), 3_100, None),
        (timedelta(hours=1), 1_000, 3_599_000),
        (timedelta(hours=-1), 1_000, -3_601_000),
        (timedelta(milliseconds=2_001), 0, 2_001),
    ],
)
def test_a_jump_of_the_clock_is_an_entry_of_its_own(
    bench: Bench, step: timedelta, monotonic: int, jump: int | None
) -> None:
    with bench.create() as store:
        store.append_attempt(record(1))
        bench.clock.at += step - timedelta(seconds=1)
        bench.clock.monotonic_ms += monotonic - 1_000
        receipt = store.append_attempt(record(2))
        found = store.entries("clock")
        assert [entry.body["jump_ms"] for entry in found] == ([] if jump is None else [jump])
        assert receipt.seq == (2 if jump is None else 3)
        assert store.entry(receipt.seq).kind == "attempt"


def test_a_jump_while_the_station_was_closed_is_seen_at_the_next_entry(bench: Bench) -> None:
    with bench.create() as store:
        store.append_attempt(record(1))
    bench.clock.at -= timedelta(days=1)
    with bench.open() as store:
        store.append_attempt(record(2))
        assert store.entries("clock")[0].body["before"]["at"] == store.entry(1).body["at"]


def test_over_a_boot_only_a_step_back_is_a_jump() -> None:
    before = {"at": "2026-11-22T01:00:00.000Z", "monotonic_ms": 9, "boot_id": "a"}
    assert jump_of(before, {"at": "2026-11-23T01:00:00.000Z", "monotonic_ms": 5, "boot_id": "b"}) is None
    assert jump_of(before, {"at": "2026-11-22T00:59:59.000Z", "monotonic_ms": 5, "boot_id": "b"}) == -1_000


def test_a_failed_commit_is_not_taken_for_the_last_moment(bench: Bench) -> None:
    with bench.create() as store:
        bench.clock.at += timedelta(minutes=4)
        body = {"session": SESSION, "code": "x"}
        with pytest.raises(StoreError):
            store.append("incident", body, operator=OPERATOR, also=lambda conn, _: conn.execute("nonsense"))
        assert store.head().size == 1
        store.append_attempt(record(1))
        assert len(store.entries("clock")) == 1


# -- the machine's memory -----------------------------------------------------------------------------


@dataclass
class Remembering:
    """A station whose machine remembers its log in two places."""

    bench: Bench
    machine: bytes = b"machine"
    places: tuple[Path, ...] = field(default=())

    def __post_init__(self) -> None:
        folder = self.bench.path.parent
        self.places = (folder / "memory.bin", folder.parent / "outside" / "memory.bin")

    @property
    def instance(self) -> Instance:
        return Instance(
            self.places,
            station=self.bench.origin,
            evidence_key=self.bench.bundle.evidence_key,
            machine=self.machine,
        )

    def open(self, **others: Any) -> Store:
        return self.bench.open(instance=self.instance, **others)


@pytest.fixture
def remembering(tmp_path: Path) -> Remembering:
    (tmp_path / "root").mkdir()
    found = Remembering(Bench(path=tmp_path / "root" / "station.db"))
    with Store.create(found.bench.path, **found.bench.keys, instance=found.instance) as store:
        store.append_attempt(record(1))
    return found


def test_the_same_log_opens_again_and_again(remembering: Remembering) -> None:
    for number in (2, 3):
        with remembering.open() as store:
            store.append_attempt(record(number))
    with remembering.open() as store:
        assert len(store.entries("attempt")) == 3


def test_an_older_state_put_back_is_recognised(remembering: Remembering, tmp_path: Path) -> None:
    shutil.copyfile(remembering.bench.path, tmp_path / "older.db")
    with remembering.open() as store:
        store.append_attempt(record(2))
    remembering.bench.path.write_bytes((tmp_path / "older.db").read_bytes())  # the same file, older contents
    with pytest.raises(InstanceChangedError, match=r"behind.*remembered=3|remembered=3.*behind"):
        remembering.open()


def test_the_whole_folder_put_back_is_recognised_by_the_memory_outside(
    remembering: Remembering, tmp_path: Path
) -> None:
    older = shutil.copytree(remembering.bench.path.parent, tmp_path / "older")
    with remembering.open() as store:
        store.append_attempt(record(2))
    for path in older.iterdir():
        if path.is_file():
            (remembering.bench.path.parent / path.name).write_bytes(path.read_bytes())
    with pytest.raises(InstanceChangedError, match="behind"):
        remembering.open()


def test_a_copy_another_machine_and_a_lost_memory_are_recognised(remembering: Remembering) -> None:
    path = remembering.bench.path
    copy = path.with_name("copy.db")
    shutil.copyfile(path, copy)
    copy.replace(path)
    with pytest.raises(InstanceChangedError, match="other-file"):
        remembering.open()
    remembering.machine = b"another"
    with pytest.raises(InstanceChangedError, match="other-file"):
        remembering.open()
    for place in remembering.places:
        place.unlink()
    with pytest.raises(InstanceChangedError, match="unknown"):
        remembering.open()


def test_one_deleted_memory_stops_the_station_too(remembering: Remembering, tmp_path: Path) -> None:
    older = shutil.copytree(remembering.bench.path.parent, tmp_path / "older")
    with remembering.open() as store:
        store.append_attempt(record(2))
    for path in older.iterdir():
        if path.is_file():
            (remembering.bench.path.parent / path.name).write_bytes(path.read_bytes())
    remembering.places[1].unlink()
    with pytest.raises(InstanceChangedError, match="memory-missing"):
        remembering.open()


def test_no_new_log_is_made_where_one_was(remembering: Remembering) -> None:
    bench = remembering.bench
    bench.path.unlink()
    with pytest.raises(StoreMissingError):
        Store.create(bench.path, **bench.keys, instance=remembering.instance)
    for place in remembering.places:
        place.unlink()
    with Store.create(bench.path, **bench.keys, instance=remembering.instance) as store:
        store.append_attempt(record(1), evidence(1))
    bench.path.unlink()
    for place in remembering.places:
        place.unlink()
    with pytest.raises(StoreMissingError):  # its evidence had keys
        Store.create(bench.path, **bench.keys, instance=remembering.instance)


def test_another_history_of_the_same_length_is_recognised(remembering: Remembering, tmp_path: Path) -> None:
    shutil.copyfile(remembering.bench.path, tmp_path / "older.db")
    with remembering.open() as store:
        store.append_attempt(record(2))
    memory = [place.read_bytes() for place in remembering.places]
    remembering.bench.path.write_bytes((tmp_path / "older.db").read_bytes())
    with remembering.bench.open() as store:  # by a program that does not ask the memory
        store.append_attempt(record(7))
        store.append_attempt(record(8))
    for place, data in zip(remembering.places, memory, strict=True):
        place.write_bytes(data)
    with pytest.raises(InstanceChangedError, match="other-history"):
        remembering.open()


def test_a_memory_written_by_somebody_else_or_torn_does_not_count(remembering: Remembering) -> None:
    for place in remembering.places:
        data = bytearray(place.read_bytes())
        for start in range(0, len(data), 512):
            data[start + 20] ^= 1
        place.write_bytes(data)
    with pytest.raises(InstanceChangedError, match="unknown"):
        remembering.open()


def test_a_torn_record_leaves_the_one_before_it(remembering: Remembering) -> None:
    with remembering.open() as store:
        store.append_attempt(record(2))
        store.append_attempt(record(3))
    for place in remembering.places:
        data = bytearray(place.read_bytes())
        data[-100:] = os.urandom(100)  # padding only
        place.write_bytes(data)
    with remembering.open() as store:
        assert store.head().size == 4


# -- epochs and keys ------------------------------------------------------------------------------------


def test_a_new_epoch_goes_on_under_a_new_origin(remembering: Remembering) -> None:
    path = remembering.bench.path
    before = remembering.bench.open()
    note = before.note()
    before.close()
    remembering.machine = b"another"
    with remembering.open(for_epoch=True) as store:
        receipt = store.begin_epoch(reason="moved", operator=OPERATOR, second=SECOND, path=path)
        assert store.origin == f"{remembering.bench.origin}/2"
        assert store.station == remembering.bench.origin
        body = store.entry(receipt.seq).body
        assert body["origin"] == store.origin
        assert body["previous"]["note"] == note
        assert body["previous"]["size"] == receipt.seq
        store.append_attempt(record(5), evidence(5))
    with remembering.open() as store:
        assert store.origin.endswith("/2")
        assert store.checkpoint(2).origin == remembering.bench.origin
        kept = store.attempt("attempt-0005")
        assert kept is not None
        assert store.evidence(kept.seq, "identity") == evidence(5)["identity"]
        store.begin_epoch(reason="again", operator=OPERATOR, second=SECOND, path=path)
    with remembering.open() as store:
        assert epoch_of(store.origin) == 3
        assert station_of(store.origin) == remembering.bench.origin


def test_an_epoch_needs_two_persons(remembering: Remembering) -> None:
    same = Second(user_id=OPERATOR.user_id, role="overseer")
    with remembering.open() as store:
        with pytest.raises(EventFormError, match="second"):
            store.begin_epoch(reason="x", operator=OPERATOR, second=same, path=remembering.bench.path)
        assert store.origin == remembering.bench.origin


def test_another_signing_key_signs_what_follows(bench: Bench) -> None:
    bench.filled(2)
    new = Signer(bench.origin, bytes(range(32)))
    with bench.open() as store:
        before = store.head()
        receipt = store.rotate_key(
            new, {"custody": "file", "reason": "yearly"}, operator=OPERATOR, second=SECOND
        )
        assert store.head().size == receipt.size
        after = store.append_attempt(record(7))
        assert store.checkpoint(before.size).root == before.root
    with bench.open(signer=new) as store:
        assert store.head().root == after.root
        assert store.checkpoint(receipt.size).root == receipt.root
    with pytest.raises(StoreAlteredError, match=r"signer|checkpoint"):
        bench.open()


def test_a_log_that_ends_with_the_rotation_opens_with_the_new_key(bench: Bench) -> None:
    bench.filled(1)
    new = Signer(bench.origin, bytes(range(32)))
    with bench.open() as store:
        store.rotate_key(new, {"custody": "file", "reason": "yearly"}, operator=OPERATOR, second=SECOND)
    with bench.open(signer=new) as store:
        receipt = store.append_attempt(record(7))
        assert verify_checkpoint(receipt.note, new.key).size == store.head().size


def test_a_lost_key_is_replaced_by_an_epoch_that_the_pinned_key_stands_for(remembering: Remembering) -> None:
    bench = remembering.bench
    new = Signer(bench.origin, bytes(range(32)))
    with pytest.raises(StoreAlteredError):
        remembering.open(for_epoch=True, signer=new)
    former = bench.bundle.signer(bench.origin).key
    with remembering.open(for_epoch=True, signer=new, former=former) as store:
        store.begin_epoch(reason="key lost", operator=OPERATOR, second=SECOND, path=bench.path)
    with remembering.open(signer=new) as store:
        assert store.head().origin == f"{bench.origin}/2"


# -- kinds of entries -------------------------------------------------------------------------------------


def test_only_known_kinds_with_their_fields_are_written(bench: Bench) -> None:
    with bench.create() as store:
        for kind, body in (
            ("gossip", {}),
            ("key", {"event": "gossip"}),
            ("incident", {"session": SESSION}),
            ("close", {"session": SESSION, "reason": "x", "candidates": "3"}),
            ("override", {"session": SESSION, "of": "a", "sbd": "1", "verdict": "ADMIT", "reason": "x"}),
        ):
            with pytest.raises(EventFormError):
                store.append(kind, body, operator=OPERATOR)
        with pytest.raises(EventFormError, match="portrait"):
            store.append(
                "exit", {"session": SESSION, "sbd": "1", "reason": "x"}, {"portrait": b"x"}, operator=OPERATOR
            )
        assert store.head().size == 1


def test_every_kind_of_the_table_can_be_written(bench: Bench) -> None:
    samples: dict[str, Any] = {
        "text": "x",
        "id": "x",
        "hash": "0" * 64,
        "integer": 1,
        "time": "2026-11-22T01:02:03.456Z",
        "list": [],
        "object": {},
        "vkey": bench.bundle.signer(bench.origin).key.encode(),
    }
    special = {"attempt", "station-key-rotated", "station-key", "epoch", "clock"}
    with bench.create() as store:
        written = 0
        for number, (name, event) in enumerate(events().items()):
            kind, _, part = name.partition("/")
            if kind in special or part in special:
                continue
            body = {field: samples[type_] for field, type_ in event.fields.items()}
            body |= {"event": part} if part else {}
            body |= {"attempt": f"a{number}"} if "attempt" in body else {}
            pieces = dict.fromkeys(event.evidence | event.optional_evidence, b"x")
            store.append(kind, body, pieces, operator=OPERATOR, second=SECOND if event.second else None)
            written += 1
    assert written > 25


# -- where the log may lie, and what it is made of ---------------------------------------------------------


MOUNTS = """\
24 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
30 24 0:45 / /mnt/share rw - nfs4 server:/x rw
31 24 0:46 / /mnt/with\\040space rw - cifs //server/x rw
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/var/x.db", "ext4"),
        ("/mnt/share/a/x.db", "nfs4"),
        ("/mnt/with space/x.db", "cifs"),
        ("/mnt/shared/x.db", "ext4"),
    ],
)
def test_the_kind_of_drive(tmp_path: Path, path: str, kind: str) -> None:
    mounts = tmp_path / "mountinfo"
    mounts.write_text(MOUNTS)
    assert opening.drive_kind(Path(path), mounts) == kind
    assert opening.drive_kind(Path(path), tmp_path / "absent") == ""


def test_a_log_on_a_network_drive_is_refused(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.filled(1)
    monkeypatch.setattr(opening, "drive_kind", lambda _path: "nfs4")
    with pytest.raises(StoreOnNetworkError):
        bench.open()
    with pytest.raises(StoreOnNetworkError):
        Bench(path=bench.path.with_name("other.db")).create()


def test_the_schema_text_is_pinned() -> None:
    assert opening.digest_of(schema.STATEMENTS) == opening.SCHEMA_SHA256
    assert opening.digest_of(schema_1.STATEMENTS) != opening.SCHEMA_SHA256


# -- the key file ----------------------------------------------------------------------------------------


def test_slots_are_on_disk_before_they_are_used(tmp_path: Path) -> None:
    keys = EvidenceKeys.create(tmp_path / "keys" / "evidence.slots", bytes(32), "s")
    first, found = keys.take(3)
    assert (first, len(found)) == (0, 3)
    again = EvidenceKeys.open(keys.path, bytes(32), "s", taken=3)
    assert [again.read(slot) for slot in range(3)] == list(found)
    assert again.take(1)[0] == 3
    assert keys.destroy([1, 1]) == 2
    with pytest.raises(EvidenceErasedError):
        again.read(1)
    assert again.is_destroyed(1)
    assert again.read(2) == found[2]
    for wrong in (-1, 10**9):
        with pytest.raises(KeyFileError):
            again.read(wrong)
    with pytest.raises(KeyFileError):
        EvidenceKeys.open(keys.path, bytes(32), "s", taken=10**9)
    with pytest.raises(KeyFileError, match="slot"):
        EvidenceKeys.open(keys.path, bytes(32), "other", taken=3).read(0)
    with pytest.raises(KeyFileError, match="missing"):
        EvidenceKeys.open(tmp_path / "absent", bytes(32), "s", taken=0)
    keys.path.write_bytes(bytes(SLOT_BYTES))
    with pytest.raises(KeyFileError, match="header"):
        EvidenceKeys.open(keys.path, bytes(32), "s", taken=0)


def test_a_log_without_its_key_file_does_not_open(bench: Bench) -> None:
    bench.filled(1)
    (bench.path.parent / "keys" / "evidence.slots").unlink()
    with pytest.raises(KeyFileError):
        bench.open()


def test_no_slot_is_used_twice(bench: Bench) -> None:
    taken: list[int] = []
    with bench.create() as store:
        store.append_attempt(record(1), evidence(1))
    for number in (2, 3):
        with bench.open() as store:
            store.append_attempt(record(number), evidence(number))
            for entry in store.entries("attempt"):
                assert store.evidence(entry.seq, "identity") == evidence(entry.seq)["identity"]
            taken = [entry.body["evidence_slot"] for entry in store.entries("attempt")]
    assert taken == [0, 2, 4]


# -- schema 1 --------------------------------------------------------------------------------------------


class NextDayClock:
    """The machine that opens the old log: another boot, later."""

    def now(self) -> Moment:
        return Moment(at=START + timedelta(days=1), monotonic_ms=1, boot_id="next")


@pytest.fixture
def old_log(tmp_path: Path) -> dict[str, Any]:
    """A log that the program of schema 1 wrote, and its keys."""
    import hashlib

    def key(what: str) -> bytes:
        return hashlib.sha256(b"proctor test vector " + what.encode()).digest()

    shutil.copyfile(OLD_LOG, tmp_path / "station.db")
    bundle = KeyBundle.generate()
    return {
        "path": tmp_path / "station.db",
        "database_key": key("database"),
        "evidence_key": key("evidence"),
        "signer": Signer("proctor.training/0a1b2c3d", key("signing")),
        "clock": NextDayClock(),
        "reserve": 4096,
        "seal": bundle.seal_pkcs8,
    }


def test_a_log_of_schema_1_goes_on_as_schema_2(old_log: dict[str, Any]) -> None:
    path = old_log.pop("path")
    del old_log["seal"]
    before = connect(path, old_log["database_key"]).conn
    bodies = [row[0] for row in before.execute("SELECT body FROM entries ORDER BY seq")]
    before.close()
    with Store.open(path, **old_log) as store:
        head = store.checkpoint(5)
        assert (head.size, head.root.hex()) == (
            5,
            "be1d9fc84ebe87ca49f815e7a2cef02837652c4d86c6eb859fb42f5c3538819b",
        )
        assert [store.body(seq) for seq in range(5)] == bodies
        assert store.entry(5).body["event"] == "schema-migrated"
        assert store.evidence(2, "chip-portrait") == bytes([0]) * 500
        store.append_attempt(record(9), evidence(9))
    with Store.open(path, **old_log) as store:
        assert store.head().size == 7
        assert store.evidence(6, "identity") == evidence(9)["identity"]
        assert store.evidence(4, "live-portrait") == bytes([12]) * 700


def test_an_old_log_is_remembered_before_it_is_brought_to_schema_2(
    old_log: dict[str, Any], tmp_path: Path
) -> None:
    path = old_log.pop("path")
    del old_log["seal"]
    shutil.copyfile(path, tmp_path / "old.db")

    def instance() -> Instance:
        places = (tmp_path / "memory.bin", tmp_path / "outside" / "memory.bin")
        return Instance(places, station="x", evidence_key=old_log["evidence_key"], machine=b"m")

    with Store.open(path, **old_log, instance=instance()) as store:
        store.append_attempt(record(9), evidence(9))
    path.write_bytes((tmp_path / "old.db").read_bytes())
    with pytest.raises(InstanceChangedError, match="behind"):
        Store.open(path, **old_log, instance=instance())
    for name in ("memory.bin", "outside/memory.bin"):
        (tmp_path / name).unlink()
    path.write_bytes((tmp_path / "old.db").read_bytes())
    with pytest.raises(InstanceChangedError, match="unknown"):
        Store.open(path, **old_log, instance=instance())


def test_migration_refuses_a_changed_schema_and_a_full_disk(
    old_log: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = old_log.pop("path")
    del old_log["seal"]
    usage: Any = type("Usage", (), {"free": 10})
    monkeypatch.setattr("sessions.migration.shutil.disk_usage", lambda _path: usage)
    with pytest.raises(StoreFullError):
        Store.open(path, **old_log)
    monkeypatch.undo()
    tampered = connect(path, old_log["database_key"]).conn
    tampered.execute("DROP TRIGGER entries_no_update")
    tampered.close()
    with pytest.raises(StoreAlteredError, match="schema"):
        Store.open(path, **old_log)
