from __future__ import annotations

import os
import stat
import sys
from pathlib import Path
from typing import Any

import pytest

from sessions import merkle
from sessions.checkpoint import verify_checkpoint
from sessions.engine import connect, require_sqlite, translate
from sessions.errors import (
    AttemptIdReusedError,
    CanonicalFormError,
    EvidenceMissingError,
    SqliteTooOldError,
    StoreAlteredError,
    StoreBusyError,
    StoreError,
    StoreFullError,
    StoreSchemaError,
    StoreUnreadableError,
)
from sessions.record import Verdict
from sessions.store import LATE, Store
from tests.support.sessions_station import OPERATOR, Bench, evidence, record


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(path=tmp_path / "station.db")


def test_first_entry_names_the_stations_key(bench: Bench) -> None:
    with bench.create() as store:
        first = store.entries()[0]
        assert first.kind == "key"
        assert first.body["vkey"] == bench.bundle.signer(bench.origin).key.encode()
        assert first.body["operator"] == {"id": "station", "role": "station"}
        assert store.head().size == 1


def test_entry_has_the_common_fields_and_identity_only_outside(bench: Bench) -> None:
    with bench.create() as store:
        receipt = store.append_attempt(record(1), evidence(1))
        entry = store.entries("attempt")[0]
        data = store._db.conn.execute("SELECT body FROM entries WHERE seq = 1").fetchone()[0]
        assert store.evidence(1, "identity") == evidence(1)["identity"]
    assert (receipt.seq, receipt.size) == (1, 2)
    assert entry.body["operator"] == {"id": "nv01", "role": "identity-examiner"}
    assert entry.body["at"].endswith("Z")
    assert {
        "schema",
        "seq",
        "origin",
        "monotonic_ms",
        "boot_id",
        "evidence_keys",
        "evidence_slot",
    } <= entry.body.keys()
    assert set(entry.body["evidence"]) == {"identity", "chip-portrait"}
    assert "MẪU".encode() not in data


def test_receipt_is_a_signed_head_over_the_entries(bench: Bench) -> None:
    with bench.create() as store:
        for number in range(9):
            receipt = store.append_attempt(record(number), evidence(number))
        key = bench.bundle.signer(bench.origin).key
        assert verify_checkpoint(receipt.note, key).root == receipt.root == store.head().root
        rows = store._db.conn.execute("SELECT body FROM entries ORDER BY seq").fetchall()
        assert merkle.root_of([merkle.leaf_hash(row[0]) for row in rows]) == receipt.root
        proof = merkle.inclusion_proof(4, receipt.size, store.node)
        merkle.verify_inclusion(merkle.leaf_hash(rows[4][0]), 4, receipt.size, proof, receipt.root)


def test_same_attempt_twice_is_one_entry(bench: Bench) -> None:
    with bench.create() as store:
        first = store.append_attempt(record(1), evidence(1))
        store.append_attempt(record(2), evidence(2))
        assert store.append_attempt(record(1), evidence(1)) == first
        assert len(store.entries("attempt")) == 2
        with pytest.raises(AttemptIdReusedError):
            store.append_attempt(record(1, verdict=Verdict.REFUSE), evidence(1))


def test_reading_by_kind_and_session(bench: Bench) -> None:
    with bench.create() as store:
        store.append_attempt(record(1))
        store.append_attempt(record(2, session_id="HL-20261122-02"))
        store.append("incident", {"session": "HL-20261122-02", "code": "…"}, operator=OPERATOR)
        assert [entry.seq for entry in store.entries("attempt")] == [1, 2]
        assert [entry.seq for entry in store.entries(session="HL-20261122-02")] == [2, 3]
        assert [entry.seq for entry in store.entries("attempt", "HL-20261122-01")] == [1]
        found = store.attempt("attempt-0002")
        assert found is not None
        assert found.seq == 2
        assert store.attempt("absent") is None
        with pytest.raises(EvidenceMissingError):
            store.evidence(1, "identity")


@pytest.mark.parametrize("field", ["seq", "origin", "at", "operator", "evidence"])
def test_the_store_alone_sets_the_common_fields(bench: Bench, field: str) -> None:
    with bench.create() as store:
        with pytest.raises(ValueError, match=field):
            store.append("incident", {field: "x"}, operator=OPERATOR)
        with pytest.raises(CanonicalFormError):
            store.append("incident", {"session": "S", "code": "x", "a": 1.5}, operator=OPERATOR)
        assert store.head().size == 1


def test_bad_attempt_ids(bench: Bench) -> None:
    with bench.create() as store:
        for bad in ("", "../x", "a b", "x" * 65, ".hidden"):
            with pytest.raises(ValueError, match="attempt id"):
                store.append_attempt(record(1, attempt_id=bad))


def test_pragmas(bench: Bench) -> None:
    with bench.create() as store:
        execute = store._db.conn.execute
        wanted = {
            "journal_mode": "wal",
            "synchronous": 2,
            "foreign_keys": 1,
            "secure_delete": 1,
            "recursive_triggers": 1,
            "trusted_schema": 0,
        }
        assert {name: execute(f"PRAGMA {name}").fetchone()[0] for name in wanted} == wanted


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE entries SET body = x'00' WHERE seq = 1",
        "DELETE FROM entries WHERE seq = 1",
        "INSERT INTO entries (seq, kind, body) VALUES (7, 'attempt', x'00')",
        "INSERT OR REPLACE INTO entries (seq, kind, body) VALUES (1, 'attempt', x'00')",
        "UPDATE nodes SET hash = x'00'",
        "DELETE FROM nodes",
        "INSERT OR REPLACE INTO nodes (level, idx, hash) VALUES (0, 0, x'00')",
        "UPDATE checkpoints SET note = ''",
        "DELETE FROM checkpoints",
        "INSERT OR REPLACE INTO checkpoints (size, note) VALUES (1, '')",
        "UPDATE evidence SET ciphertext = NULL",
        "DELETE FROM evidence",
        "INSERT OR REPLACE INTO evidence (seq, name, ciphertext) VALUES (1, 'identity', x'00')",
    ],
)
def test_tables_are_append_only_on_any_connection(bench: Bench, sql: str) -> None:
    bench.filled(2)
    connection = connect(bench.path, bench.bundle.database_key).conn
    connection.execute("PRAGMA recursive_triggers = OFF")
    with pytest.raises(Exception, match="append-only"):
        connection.execute(sql)
    connection.close()
    assert bench.verify().ok


@pytest.mark.skipif(sys.platform == "win32", reason="no POSIX modes")
def test_file_modes(bench: Bench) -> None:
    old = os.umask(0o022)
    try:
        with bench.create() as store:
            store.append_attempt(record(1))
            for path in bench.path.parent.iterdir():
                assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path.name
    finally:
        os.umask(old)


def test_create_refuses_an_existing_log_and_survives_a_cut_creation(bench: Bench) -> None:
    bench.path.with_name("station.db.new").write_bytes(b"half")
    bench.filled(1)
    with pytest.raises(StoreSchemaError):
        bench.create()
    assert bench.verify().ok


def test_open_without_file_with_another_key_and_with_damage(bench: Bench, tmp_path: Path) -> None:
    with pytest.raises(StoreUnreadableError, match="no-file"):
        bench.open()
    bench.filled(4)
    with pytest.raises(StoreUnreadableError, match="key"):
        bench.open(database_key=bytes(32))
    data = bytearray(bench.path.read_bytes())
    data[100] ^= 1
    bench.path.write_bytes(data)
    with pytest.raises(StoreAlteredError, match="page=1"):
        bench.open()
    bench.path.write_bytes(b"")
    with pytest.raises((StoreUnreadableError, StoreSchemaError)):
        bench.open()


@pytest.mark.parametrize(
    ("sql", "why"),
    [
        ("DROP TRIGGER entries_no_update", "schema"),
        ("CREATE TABLE notes (x)", "schema"),
        ("CREATE TRIGGER z AFTER INSERT ON entries BEGIN SELECT 1; END", "schema"),
    ],
)
def test_open_refuses_a_changed_schema(bench: Bench, sql: str, why: str) -> None:
    bench.filled(2)
    connection = connect(bench.path, bench.bundle.database_key).conn
    connection.execute(sql)
    connection.close()
    with pytest.raises(StoreAlteredError, match=why):
        bench.open()


def test_open_refuses_another_head_and_another_signer(bench: Bench) -> None:
    bench.filled(3)
    with pytest.raises(StoreAlteredError, match=r"signer|checkpoint"):
        bench.open(signer=Bench(path=bench.path).bundle.signer(bench.origin))
    with bench.insider(triggers=True) as execute:
        execute("DELETE FROM checkpoints WHERE size = 4")
    with pytest.raises(StoreAlteredError, match="head"):
        bench.open()


def test_unknown_version(bench: Bench) -> None:
    bench.filled(1)
    connection = connect(bench.path, bench.bundle.database_key).conn
    connection.execute("PRAGMA user_version = 9")
    connection.close()
    with pytest.raises(StoreSchemaError, match="version=9"):
        bench.open()


def test_busy_database_sets_the_attempt_aside_and_commits_it_later(bench: Bench) -> None:
    bench.filled(1)
    other = connect(bench.path, bench.bundle.database_key).conn
    with bench.open(wait_s=0.05) as store:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreBusyError, match="pending=1"):
            store.append_attempt(record(5), evidence(5))
        with pytest.raises(StoreBusyError):
            store.append("incident", {"session": "S", "code": "x"}, operator=OPERATOR)
        other.execute("ROLLBACK")
        other.close()
    sealed = (bench.path.parent / "pending" / "attempt-0005").read_bytes()
    assert "MẪU".encode() not in sealed
    assert b"verdict" not in sealed
    with bench.open() as store:
        late = store.attempt("attempt-0005")
        assert late is not None
        assert late.body["verdict"] == "REFER"
        assert late.body["reasons"] == [LATE]
        assert late.body["late"] == {
            "operator": {"id": "nv01", "role": "identity-examiner"},
            "verdict": "ADMIT",
        }
        assert store.evidence(late.seq, "identity") == evidence(5)["identity"]
    with bench.open() as store:
        assert len(store.entries("attempt")) == 2
    assert bench.verify(evidence_key=bench.bundle.evidence_key).ok
    assert not list((bench.path.parent / "pending").iterdir())


def test_retry_of_a_set_aside_attempt_is_one_entry(bench: Bench) -> None:
    bench.filled(0)
    other = connect(bench.path, bench.bundle.database_key).conn
    with bench.open(wait_s=0.01) as store:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreBusyError):
            store.append_attempt(record(5), evidence(5))
        other.execute("ROLLBACK")
        store.append_attempt(record(5), evidence(5))
    other.close()
    with bench.open() as store:
        kept = store.attempt("attempt-0005")
        assert kept is not None
        assert kept.body["verdict"] == "ADMIT"
        assert len(store.entries("attempt")) == 1


def test_waiting_file_of_a_committed_attempt_is_dropped(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.filled(0)
    with bench.open() as store:
        store._set_aside(record(1).as_body(), {}, OPERATOR, StoreBusyError())
        monkeypatch.setattr(store._pending, "drop", lambda _id: None)
        store.append_attempt(record(1))
    with bench.open() as store:
        assert [entry.body["verdict"] for entry in store.entries("attempt")] == ["ADMIT"]
    assert not list((bench.path.parent / "pending").iterdir())


def test_altered_waiting_file(bench: Bench) -> None:
    bench.filled(0)
    with bench.open() as store:
        store._set_aside(record(1).as_body(), {}, OPERATOR, StoreBusyError())
    path = bench.path.parent / "pending" / "attempt-0001"
    data = bytearray(path.read_bytes())
    data[20] ^= 1
    path.write_bytes(data)
    with pytest.raises(StoreAlteredError, match="pending"):
        bench.open()


def test_room_is_required_before_an_attempt(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    with bench.create() as store:
        assert store.require_room() == bench.reserve
        store._reserve.free()
        assert store.require_room() == bench.reserve
        store._reserve.free()
        usage: Any = type("Usage", (), {"free": 10})
        monkeypatch.setattr("sessions.pending.shutil.disk_usage", lambda _path: usage)
        with pytest.raises(StoreFullError):
            store.require_room()


def test_old_sqlite_is_refused() -> None:
    assert require_sqlite()
    with pytest.raises(SqliteTooOldError, match=r"3\.40\.1"):
        require_sqlite((3, 40, 1))


def test_errors_without_a_result_code_keep_no_text() -> None:
    assert "secret" not in str(translate(Exception("secret")))
    assert isinstance(translate(Exception()), StoreError)


def test_methods_from_another_thread(bench: Bench) -> None:
    import threading

    with bench.create() as store:
        done: list[int] = []
        threads = [
            threading.Thread(
                target=lambda number=number: done.append(store.append_attempt(record(number)).seq)
            )
            for number in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(done) == [1, 2, 3, 4]
    assert bench.verify().ok


def test_close_twice_is_harmless(bench: Bench) -> None:
    store: Store = bench.create()
    store.close()
    store.close()
    assert bench.verify().ok
