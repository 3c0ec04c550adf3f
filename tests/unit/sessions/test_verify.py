"""The insider's catalogue: what was changed, and which entry or page the verifier names."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from sessions import codec, merkle
from sessions.checkpoint import Checkpoint, Signer
from sessions.engine import connect
from sessions.finding import Finding, Severity
from sessions.pins import StationPins
from sessions.record import Outcome
from sessions.verify import LogReport
from tests.support.sessions_station import OPERATOR, Bench, evidence, record

Execute = Callable[..., Any]


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(path=tmp_path / "station.db").filled(8)


def place(report: LogReport) -> tuple[str, int | None]:
    assert not report.ok
    assert report.outcome is Outcome.FAILED
    assert report.first_bad is not None
    return report.first_bad.code, report.first_bad.seq


def altered(report: LogReport) -> list[Finding]:
    """The findings that are evidence against the log."""
    return [finding for finding in report.findings if finding.severity is Severity.ALTERED]


def changed_body(execute: Execute, seq: int, **fields: Any) -> bytes:
    body = json.loads(execute("SELECT body FROM entries WHERE seq = ?", (seq,)).fetchone()[0])
    data = codec.encode({**body, **fields})
    execute("UPDATE entries SET body = ? WHERE seq = ?", (data, seq))
    return data


def rebuild(execute: Execute, signer: Signer | None = None) -> None:
    """Recompute every node from the bodies, and every checkpoint if there is a signer."""
    execute("DELETE FROM nodes")
    edge: tuple[bytes, ...] = ()
    for seq, body in execute("SELECT seq, body FROM entries ORDER BY seq").fetchall():
        growth = merkle.grow(seq, edge, merkle.leaf_hash(body))
        edge = growth.edge
        for node in growth.nodes:
            execute("INSERT INTO nodes (level, idx, hash) VALUES (?, ?, ?)", node)
        if signer is not None:
            head = Checkpoint(origin=signer.key.name, size=growth.size, root=growth.root).sign(signer)
            execute("UPDATE checkpoints SET note = ? WHERE size = ?", (head.note, head.size))


def test_untouched(bench: Bench) -> None:
    before = bench.path.read_bytes()
    report = bench.verify(evidence_key=bench.bundle.evidence_key, origin=bench.origin)
    assert report.ok
    assert (report.code, report.size, report.first_bad, report.skipped) == ("ok", 9, None, ())
    assert len(report.root) == 64
    assert report.station_fingerprint == bench.bundle.signer(bench.origin).key.fingerprint
    assert bench.path.read_bytes() == before
    assert bench.verify().skipped == ("evidence-not-decrypted",)


def test_body_edited_without_a_trace_of_triggers(bench: Bench) -> None:
    with bench.insider() as execute:
        changed_body(execute, 5, verdict="REFUSE")
    report = bench.verify()
    assert place(report) == ("log-altered-body", 5)
    assert {finding.seq for finding in altered(report)} == {5, None}
    assert any(finding.code == "log-altered-schema" for finding in report.findings)


def test_body_edited_and_triggers_put_back(bench: Bench) -> None:
    with bench.insider(triggers=True) as execute:
        changed_body(execute, 5, verdict="REFUSE")
    report = bench.verify()
    assert place(report) == ("log-altered-body", 5)
    assert len(altered(report)) == 1


def test_two_edits_are_both_named(bench: Bench) -> None:
    with bench.insider(triggers=True) as execute:
        changed_body(execute, 6, verdict="REFUSE")
        changed_body(execute, 3, verdict="REFUSE")
    assert [finding.seq for finding in altered(bench.verify())] == [3, 6]


def test_body_leaf_and_nodes_edited_together(bench: Bench) -> None:
    with bench.insider(triggers=True) as execute:
        changed_body(execute, 4, verdict="REFUSE")
        rebuild(execute)
    report = bench.verify()
    assert place(report) == ("log-altered-body", 4)
    assert "roots-after-first-bad-entry" in report.skipped


def test_everything_rebuilt_and_signed_by_another_key(bench: Bench) -> None:
    thief = Bench(path=bench.path).bundle.signer(bench.origin)
    with bench.insider(triggers=True) as execute:
        changed_body(execute, 4, verdict="REFUSE")
        rebuild(execute, thief)
    assert place(bench.verify()) == ("log-altered-checkpoint", 0)


def test_everything_rebuilt_and_the_key_entry_replaced_too(bench: Bench) -> None:
    thief = Bench(path=bench.path).bundle.signer(bench.origin)
    with bench.insider(triggers=True) as execute:
        changed_body(execute, 0, vkey=thief.key.encode())
        rebuild(execute, thief)
    report = bench.verify()
    assert report.code == "station-key-mismatch"
    assert place(report) == ("station-key-mismatch", 0)
    assert report.station_fingerprint == thief.key.fingerprint
    unpinned = bench.verify(pins=StationPins())
    assert (unpinned.code, unpinned.outcome, unpinned.ok) == ("unknown-station", Outcome.INDETERMINATE, False)
    own = bench.bundle.signer(bench.origin).key.fingerprint
    assert bench.verify(pins=StationPins.of_fingerprint(own)).code == "station-key-mismatch"
    assert bench.verify(pins=StationPins.of_fingerprint(thief.key.fingerprint)).ok


def test_edited_and_re_signed_by_the_stations_own_key_needs_an_anchor(bench: Bench) -> None:
    head = bench.verify().root
    with bench.insider(triggers=True) as execute:
        changed_body(execute, 4, verdict="REFUSE")
        rebuild(execute, bench.bundle.signer(bench.origin))
    report = bench.verify()
    assert report.ok
    assert report.root != head


def test_unpinned_station(bench: Bench) -> None:
    report = bench.verify(pins=StationPins())
    assert (report.code, report.outcome, report.ok) == ("unknown-station", Outcome.INDETERMINATE, False)
    assert report.station_fingerprint == bench.bundle.signer(bench.origin).key.fingerprint
    assert report.first_bad is None
    assert bench.verify(pins=StationPins.of_fingerprint(report.station_fingerprint)).ok


def test_unpinned_and_altered_is_altered(bench: Bench) -> None:
    with bench.insider(triggers=True) as execute:
        changed_body(execute, 4, verdict="REFUSE")
    assert place(bench.verify(pins=StationPins())) == ("log-altered-body", 4)


def test_another_stations_log_in_this_place(bench: Bench, tmp_path: Path) -> None:
    other = Bench(path=tmp_path / "other" / "station.db", origin="proctor.training/ffffffff").made().filled(1)
    report = other.verify(origin=bench.origin)
    assert place(report) == ("log-other-station", None)


def test_entry_deleted(bench: Bench) -> None:
    with bench.insider(triggers=True) as execute:
        execute("DELETE FROM evidence WHERE seq = 5")
        execute("DELETE FROM evidence_keys WHERE seq = 5")
        execute("DELETE FROM entries WHERE seq = 5")
    report = bench.verify()
    assert place(report) == ("log-altered-gap", 5)
    assert {finding.seq for finding in altered(report)} == {5}


def test_entry_deleted_with_its_nodes_and_checkpoint(bench: Bench) -> None:
    with bench.insider(triggers=True) as execute:
        for sql in (
            "DELETE FROM evidence WHERE seq = 5",
            "DELETE FROM evidence_keys WHERE seq = 5",
            "DELETE FROM entries WHERE seq = 5",
            "DELETE FROM nodes WHERE level = 0 AND idx = 5",
            "DELETE FROM checkpoints WHERE size = 6",
        ):
            execute(sql)
    assert place(bench.verify()) == ("log-altered-gap", 5)


def test_entry_deleted_and_the_rest_renumbered(bench: Bench) -> None:
    with bench.insider(triggers=True) as execute:
        execute("PRAGMA foreign_keys = OFF")
        execute("DELETE FROM entries WHERE seq = 5")
        for seq in (6, 7, 8):
            execute("UPDATE entries SET seq = ? WHERE seq = ?", (seq - 1, seq))
        execute("DELETE FROM checkpoints WHERE size = 9")
        rebuild(execute)
    assert place(bench.verify())[1] == 5


def test_entry_inserted(bench: Bench) -> None:
    with bench.insider(triggers=True) as execute:
        data = changed_body(execute, 8)
        body = codec.encode({**json.loads(data), "seq": 9, "attempt": "attempt-9999"})
        execute("INSERT INTO entries VALUES (9, 'attempt', 'HL-20261122-01', 'attempt-9999', ?)", (body,))
    assert place(bench.verify()) == ("log-altered-checkpoint", 9)


def test_entries_swapped(bench: Bench) -> None:
    with bench.insider(triggers=True) as execute:
        first = execute("SELECT body FROM entries WHERE seq = 3").fetchone()[0]
        second = execute("SELECT body FROM entries WHERE seq = 6").fetchone()[0]
        execute("UPDATE entries SET body = ? WHERE seq = 3", (second,))
        execute("UPDATE entries SET body = ? WHERE seq = 6", (first,))
    report = bench.verify()
    assert place(report) == ("log-altered-body", 3)
    assert {3, 6} <= {finding.seq for finding in report.findings}


def test_truncated_with_the_checkpoints_left(bench: Bench) -> None:
    with bench.insider(triggers=True) as execute:
        for table in ("evidence", "evidence_keys", "entries"):
            execute(f"DELETE FROM {table} WHERE seq >= 6")  # noqa: S608
    assert place(bench.verify()) == ("log-altered-gap", 6)


def test_truncated_consistently_is_not_seen_without_an_anchor(bench: Bench) -> None:
    with bench.insider(triggers=True) as execute:
        for table in ("evidence", "evidence_keys", "entries"):
            execute(f"DELETE FROM {table} WHERE seq >= 6")  # noqa: S608
        execute("DELETE FROM checkpoints WHERE size > 6")
        rebuild(execute)
    report = bench.verify()
    assert report.ok
    assert report.size == 6


@pytest.mark.parametrize(
    ("sql", "code", "seq"),
    [
        (
            "UPDATE evidence SET ciphertext = NULL WHERE seq = 4 AND name = 'identity'",
            "log-altered-evidence",
            4,
        ),
        (
            "UPDATE evidence SET ciphertext = x'00' WHERE seq = 4 AND name = 'identity'",
            "log-altered-evidence",
            4,
        ),
        (
            "UPDATE evidence SET ciphertext = zeroblob(40) WHERE seq = 4 AND name = 'identity'",
            "log-altered-evidence",
            4,
        ),
        ("DELETE FROM evidence WHERE seq = 4 AND name = 'identity'", "log-altered-evidence", 4),
        ("INSERT INTO evidence VALUES (4, 'live-portrait', x'00')", "log-altered-evidence", 4),
        ("UPDATE evidence SET name = 'other' WHERE seq = 4 AND name = 'identity'", "log-altered-evidence", 4),
        ("INSERT INTO evidence_keys VALUES (0, x'00')", "log-altered-evidence", 0),
        ("UPDATE nodes SET hash = zeroblob(32) WHERE level = 0 AND idx = 4", "log-altered-leaf", 4),
        ("UPDATE nodes SET hash = zeroblob(32) WHERE level = 1 AND idx = 1", "log-altered-node", 3),
        ("UPDATE nodes SET hash = zeroblob(32) WHERE level = 3", "log-altered-node", 7),
        ("DELETE FROM nodes WHERE level = 1 AND idx = 1", "log-altered-node", 3),
        ("DELETE FROM nodes WHERE level = 0 AND idx = 4", "log-altered-node", 4),
        ("INSERT INTO nodes VALUES (0, 9, zeroblob(32))", "log-altered-extra", None),
        ("INSERT INTO nodes VALUES (70, 0, zeroblob(32))", "log-altered-extra", None),
        ("INSERT INTO nodes VALUES (-1, -4, zeroblob(32))", "log-altered-extra", None),
        ("UPDATE checkpoints SET note = '' WHERE size = 5", "log-altered-checkpoint", 4),
        (
            "UPDATE checkpoints SET note = (SELECT note FROM checkpoints WHERE size = 4) WHERE size = 5",
            "log-altered-checkpoint",
            4,
        ),
        ("DELETE FROM checkpoints WHERE size = 5", "log-altered-checkpoint", 4),
        ("DELETE FROM checkpoints WHERE size = 9", "log-altered-checkpoint", 8),
        ("DELETE FROM checkpoints", "log-altered-checkpoint", 0),
        ("INSERT INTO checkpoints VALUES (0, '')", "log-altered-checkpoint", None),
        ("UPDATE entries SET kind = 'incident' WHERE seq = 4", "log-altered-body", 4),
        ("UPDATE entries SET session = 'S-1' WHERE seq = 4", "log-altered-body", 4),
        ("UPDATE entries SET attempt = 'another' WHERE seq = 4", "log-altered-body", 4),
        ("UPDATE entries SET body = x'7b7d' WHERE seq = 4", "log-altered-body", 4),
        ("INSERT INTO entries VALUES (-3, 'key', NULL, NULL, x'7b7d')", "log-altered-extra", None),
        ("DELETE FROM entries", "log-altered-gap", 0),
        ("CREATE TABLE extra (x)", "log-altered-schema", None),
        ("CREATE VIEW v AS SELECT 1", "log-altered-schema", None),
        ("DROP INDEX entries_kind", "log-altered-schema", None),
        ("PRAGMA user_version = 1", "log-altered-order", 0),
        ("PRAGMA user_version = 3", "log-altered-schema", None),
        ("PRAGMA application_id = 2", "log-altered-schema", None),
        ("DROP TABLE evidence", "log-altered-schema", None),
    ],
)
def test_catalogue(bench: Bench, sql: str, code: str, seq: int | None) -> None:
    with bench.insider(triggers="DROP TABLE" not in sql) as execute:
        if "DROP TABLE" in sql:
            execute("PRAGMA foreign_keys = OFF")
        execute(sql)
    report = bench.verify()
    assert place(report) == (code, seq)


def test_evidence_of_another_entry(bench: Bench) -> None:
    with bench.insider(triggers=True) as execute:
        sql = "SELECT ciphertext FROM evidence WHERE seq = 3 AND name = 'identity'"
        other = execute(sql).fetchone()[0]
        execute("UPDATE evidence SET ciphertext = ? WHERE seq = 4 AND name = 'identity'", (other,))
    assert place(bench.verify()) == ("log-altered-evidence", 4)


def test_trigger_removed(bench: Bench) -> None:
    connection = connect(bench.path, bench.bundle.database_key).conn
    connection.execute("DROP TRIGGER evidence_no_update")
    connection.close()
    report = bench.verify()
    assert place(report) == ("log-altered-schema", None)
    assert report.first_bad is not None
    assert report.first_bad.facts == {"object": "trigger evidence_no_update", "change": "missing"}


def test_table_replaced_by_one_without_types(bench: Bench) -> None:
    with bench.insider() as execute:
        execute("PRAGMA foreign_keys = OFF")
        execute("CREATE TABLE other (seq INTEGER PRIMARY KEY, kind, session, attempt, body)")
        execute("INSERT INTO other SELECT * FROM entries")
        execute("UPDATE other SET body = 17 WHERE seq = 4")
        execute("UPDATE other SET kind = NULL WHERE seq = 5")
        execute("DROP TABLE entries")
        execute("ALTER TABLE other RENAME TO entries")
    report = bench.verify()
    assert place(report)[1] == 4


def test_wrong_key_is_no_alteration(bench: Bench) -> None:
    report = bench.verify(database_key=bytes(32))
    assert (report.code, report.outcome) == ("log-cannot-open", Outcome.INDETERMINATE)
    assert report.facts["why"] == "key"


@pytest.mark.parametrize("content", [None, b"", b"no database", bytes(8192), b"\x07" * 40_960])
def test_no_log_at_all(tmp_path: Path, content: bytes | None) -> None:
    bench = Bench(path=tmp_path / "x.db")
    if content is not None:
        bench.path.write_bytes(content)
    assert bench.verify().code == "log-cannot-open"


@pytest.mark.parametrize("offset", [0, 15, 16, 24, 100, 4000, 4095])
def test_damage_to_the_first_page_is_not_a_wrong_key(bench: Bench, offset: int) -> None:
    data = bytearray(bench.path.read_bytes())
    data[offset] ^= 0x40
    bench.path.write_bytes(data)
    report = bench.verify()
    assert report.code == "log-altered-page"
    assert report.first_bad is not None
    assert report.first_bad.page == 1
    assert bench.verify(database_key=bytes(32)).code == "log-cannot-open"


def test_page_swapped_with_another(bench: Bench) -> None:
    data = bytearray(bench.path.read_bytes())
    data[4096:8192], data[8192:12288] = data[8192:12288], data[4096:8192]
    bench.path.write_bytes(data)
    report = bench.verify()
    assert report.first_bad is not None
    assert (report.code, report.first_bad.page) == ("log-altered-page", 2)


@pytest.mark.parametrize("extra", [b"\x00", bytes(4096), b"x" * 5000])
def test_bytes_added_at_the_end(bench: Bench, extra: bytes) -> None:
    pages = bench.path.stat().st_size // 4096
    with bench.path.open("ab") as stream:
        stream.write(extra)
    report = bench.verify()
    assert report.first_bad is not None
    assert (report.code, report.first_bad.page) == ("log-altered-page", pages + 1)


@pytest.mark.parametrize(
    ("full", "extra"),
    [(full, extra) for full in (None, False, True) for extra in (1, 4096)] + [(None, 300 << 20)],
)
def test_a_file_is_large_by_what_is_in_it(bench: Bench, full: bool | None, extra: int) -> None:
    """What is appended makes no log large, and is found however it is checked."""
    pages = bench.path.stat().st_size // 4096
    with bench.path.open("r+b") as stream:
        stream.truncate(pages * 4096 + extra)  # a hole: it takes no room on the disk
    report = bench.verify(full=full)
    assert report.first_bad is not None
    assert (report.code, report.mode, report.first_bad.page) == ("log-altered-page", "full", pages + 1)


def test_with_the_write_ahead_log_still_there(bench: Bench, tmp_path: Path) -> None:
    with bench.open() as store:
        store.append_attempt(record(20), evidence(20))
        copy = Bench(path=tmp_path / "copy" / "station.db", bundle=bench.bundle)
        copy.path.parent.mkdir()
        for suffix in ("", "-wal"):
            shutil.copyfile(f"{bench.path}{suffix}", f"{copy.path}{suffix}")
        assert bench.verify().size == 10
    before = {path.name: path.read_bytes() for path in copy.path.parent.iterdir()}
    assert (copy.verify().ok, copy.verify().size) == (True, 10)
    assert {path.name: path.read_bytes() for path in copy.path.parent.iterdir()} == before
    wal = Path(f"{copy.path}-wal")
    for place_ in (5, 40, 90, len(before["station.db-wal"]) - 1):
        data = bytearray(before["station.db-wal"])
        data[place_] ^= 1
        wal.write_bytes(data)
        report = copy.verify()
        assert report.code == "log-altered-page", place_
        assert report.first_bad is not None
        assert "frame" in report.first_bad.facts


def test_leftover_frames_of_an_earlier_generation_are_no_finding(bench: Bench) -> None:
    with bench.open() as store:
        for number in range(30, 40):
            store.append_attempt(record(number), evidence(number))
        store._db.conn.execute("PRAGMA wal_checkpoint(RESTART)")
        store.append("incident", {"session": "S-1", "code": "x"}, operator=OPERATOR)
        report = bench.verify()
        assert (report.ok, report.size) == (True, 20)


def test_another_evidence_key(bench: Bench) -> None:
    assert place(bench.verify(evidence_key=bytes(32))) == ("log-altered-evidence", 1)


def test_verify_does_not_load_the_writer() -> None:
    code = "import sys, sessions.verify; sys.exit('sessions.store' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.fixture
def generations(bench: Bench) -> Iterator[tuple[bytes, bytes, int]]:
    """A database and its write-ahead log with leftovers of two earlier generations; the frames of the present one."""
    with bench.open() as store:
        for count in (12, 7, 2):
            for number in range(count):
                at = 1_000 * count + number
                store.append_attempt(record(at), evidence(at))
            wal = Path(f"{bench.path}-wal").read_bytes()
            salts = wal[16:24]
            if count > 2:
                store._db.conn.execute("PRAGMA wal_checkpoint(RESTART)")
        present = sum(wal[at + 8 : at + 16] == salts for at in range(32, len(wal), 24 + 4096))
        yield bench.path.read_bytes(), wal, present


def put(bench: Bench, folder: Path, database: bytes, wal: bytes) -> Bench:
    copy = Bench(path=folder / "copy" / "station.db", bundle=bench.bundle)
    copy.path.parent.mkdir(exist_ok=True)
    copy.path.write_bytes(database)
    Path(f"{copy.path}-wal").write_bytes(wal)
    return copy


def test_leftovers_of_several_generations_are_no_finding(
    bench: Bench, tmp_path: Path, generations: tuple[bytes, bytes, int]
) -> None:
    database, wal, _ = generations
    salts = {wal[at + 8 : at + 16] for at in range(32, len(wal), 24 + 4096)}
    report = put(bench, tmp_path, database, wal).verify()
    assert (report.ok, report.size, len(salts)) == (True, 30, 3)


@pytest.mark.parametrize("how", ["both", "older", "newer", "one", "leftover"])
def test_frames_that_are_made_to_look_left_over(
    bench: Bench, tmp_path: Path, generations: tuple[bytes, bytes, int], how: str
) -> None:
    database, wal, present = generations
    data, frame = bytearray(wal), 24 + 4096
    first = present // 2 if how != "leftover" else present + 2
    for number in range(first, present if how != "leftover" else first + 1):
        at = 32 + number * frame + 8
        salts = bytes(byte ^ 0x55 for byte in data[at : at + 8])
        if how in {"older", "newer"}:
            one = int.from_bytes(data[at : at + 4], "big") + (1 if how == "newer" else -1)
            salts = (one % 2**32).to_bytes(4, "big") + salts[4:]
        data[at : at + 8] = salts if how != "one" else salts[:4] + data[at + 4 : at + 8]
    report = put(bench, tmp_path, database, bytes(data)).verify()
    assert report.first_bad is not None
    assert (report.code, report.first_bad.facts["frame"]) == ("log-altered-page", first + 1)


@pytest.mark.parametrize("make", ["mkdir", "mkfifo", "dangling"])
@pytest.mark.parametrize("name", ["wal", "journal"])
def test_something_else_where_sqlite_has_a_file(bench: Bench, name: str, make: str) -> None:
    beside = Path(f"{bench.path}-{name}")
    if make == "dangling":
        beside.symlink_to(bench.path.with_name("nowhere"))
    elif make == "mkdir":
        beside.mkdir()
    elif hasattr(os, "mkfifo"):
        os.mkfifo(beside)
    else:
        pytest.skip("this system has no pipes with a name")
    report = bench.verify()
    assert report.first_bad is not None
    assert (report.code, report.first_bad.facts) == ("log-altered-extra", {"what": name})
    assert report.size == 9  # the log itself is read all the same
