"""What entries must say and what may follow what; the quick mode; evidence, its keys, its erasure; schema 1."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sessions.evidence_keys import SLOT_BYTES
from sessions.finding import ALTERED, IRREGULAR, UNDECIDED, Finding, Findings
from sessions.log_file import opened
from sessions.record import Moment, Outcome
from sessions.rows_export import export_rows
from sessions.tiles import export_tiles, tile_path
from sessions.verify import FULL, QUICK, LogReport
from tests.support.schema_1_log import write_schema_1
from tests.support.sessions_rich import RichLog, make_rich
from tests.support.sessions_station import OPERATOR, Bench, evidence, record


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> RichLog:
    return make_rich(tmp_path_factory.mktemp("rich"))


@pytest.fixture
def rich(original: RichLog) -> Iterator[RichLog]:
    with original.copy() as copy:
        yield copy


def verify(rich: RichLog, **others: Any) -> LogReport:
    return rich.verify(rich.path, evidence_key=rich.bench.bundle.evidence_key, **others)


def codes(report: LogReport) -> set[str]:
    return {each.code for each in report.findings}


def seq_of(rich: RichLog, kind: str, number: int = 0) -> int:
    return [seq for seq, body in enumerate(rich.bodies()) if body["kind"] == kind][number]


@contextmanager
def key_file(rich: RichLog) -> Iterator[bytearray]:
    path = rich.path.parent / "keys" / "evidence.slots"
    data = bytearray(path.read_bytes())
    yield data
    path.write_bytes(data)


# -- honest ------------------------------------------------------------------------------------------


def test_an_eventful_day_is_unaltered(rich: RichLog) -> None:
    report = verify(rich)
    assert report.ok
    assert (report.mode, report.skipped) == (FULL, ())
    assert {"clock-jump", "session-not-closed"} == codes(report)
    assert report.cosigned == {rich.witness.key.name: report.size}


def test_the_quick_mode_says_what_it_left_out(rich: RichLog) -> None:
    report = verify(rich, full=False)
    assert report.ok
    assert report.mode == QUICK
    assert set(report.skipped) == {
        "checkpoints",
        "ciphertext-hashes",
        "cosignatures",
        "database-structure",
        "evidence-keys",
        "evidence-not-decrypted",
        "pages",
        "rosters-and-rules",
    }


def test_the_quick_mode_owns_up_to_keys_it_did_not_open(rich: RichLog) -> None:
    with key_file(rich) as data:
        for start in range(SLOT_BYTES, len(data), SLOT_BYTES):
            if any(data[start : start + SLOT_BYTES]):
                data[start : start + SLOT_BYTES - 4] = b"x" * (SLOT_BYTES - 4)
    quick = verify(rich, full=False)
    assert quick.ok
    assert {"evidence-keys", "evidence-not-decrypted", "rosters-and-rules"} <= set(quick.skipped)
    assert verify(rich, full=True).code == "log-altered-evidence"


@pytest.mark.parametrize(
    ("limit", "mode"), [({"FULL_ENTRIES": 5}, QUICK), ({"FULL_BYTES": 100}, QUICK), ({}, FULL)]
)
def test_large_logs_are_checked_quickly(
    rich: RichLog, monkeypatch: pytest.MonkeyPatch, limit: dict[str, int], mode: str
) -> None:
    for name, value in limit.items():
        monkeypatch.setattr(f"sessions.verify.{name}", value)
    assert verify(rich).mode == mode
    assert verify(rich, full=True).mode == FULL


def test_a_quick_check_that_finds_something_names_it_as_the_full_one(rich: RichLog) -> None:
    with rich.insider() as execute:
        changed = "CAST(replace(CAST(body AS TEXT), 'ADMIT', 'ADMIX') AS BLOB)"
        execute(f"UPDATE entries SET body = {changed} WHERE kind = 'override'")  # noqa: S608
    quick, full = verify(rich, full=False), verify(rich, full=True)
    assert (quick.mode, quick.findings) == (FULL, full.findings)


def test_a_large_file_is_checked_in_parts(rich: RichLog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sessions.verify._STRUCTURE_BYTES", 100)
    assert verify(rich, full=True).ok
    with rich.insider() as execute:
        execute("PRAGMA writable_schema = ON")
        execute("DROP INDEX entries_kind")
        execute("CREATE INDEX entries_kind ON entries(kind, seq) WHERE seq < 3")
        sql = "CREATE INDEX entries_kind ON entries(kind, seq)"
        execute("UPDATE sqlite_schema SET sql = ? WHERE name = 'entries_kind'", (sql,))
    report = verify(rich, full=True)
    assert report.first_bad is not None
    assert report.first_bad.facts["object"] == "integrity"
    assert verify(rich, full=False).ok  # what it says it skips


# -- one thing that nobody may write ------------------------------------------------------------------


EXPECTED = {
    "one person": ("log-altered-event", "override"),
    "same person": ("log-altered-event", "override"),
    "the same person in capitals": ("log-altered-event", "override"),
    "the same person and a space": ("log-altered-event", "override"),
    "the same person in other letters": ("log-altered-event", "override"),
    "an operator in capitals": ("log-altered-event", "override"),
    "the station as second": ("log-altered-event", "override"),
    "the station as one of two": ("log-altered-event", "override"),
    "a proof that is a list": ("log-altered-event", "override"),
    "an override of nothing": ("log-altered-order", "override"),
    "an override in another session": ("log-altered-order", "override"),
    "a correction of the future": ("log-altered-order", "correction"),
    "a correction of another session": ("log-altered-order", "correction"),
    "an admission by the station": ("log-altered-order", "attempt"),
    "a late admission by the station": ("log-altered-order", "last"),
    "a referral by the station without a reason": ("log-altered-order", "last"),
    "interrupted, but never begun": ("log-altered-order", "last"),
    "late, but not as what": ("log-altered-order", "last"),
    "late by a person": ("log-altered-order", "attempt"),
    "a sheet with a tree head of its own": ("log-altered-event", "print"),
    "an export of what is not there": ("log-altered-event", "export"),
    "targets of another session": ("log-altered-event", "shred"),
    "targets of no session": ("log-altered-event", "shred"),
    "a piece named twice in one target": ("log-altered-event", "shred"),
    "a whole session of one candidate": ("log-altered-event", "shred"),
    "a scope that is a list": ("log-altered-event", "shred"),
    "a field missing": ("log-altered-event", "attempt"),
    "a field of another type": ("log-altered-event", "attempt"),
    "an unknown kind": ("log-altered-event", "override"),
    "a kind with a slash": ("log-altered-event", "override"),
    "schema 1 late": ("log-altered-body", "override"),
    "schema 3": ("log-altered-body", "override"),
    "an operator of three": ("log-altered-body", "override"),
    "a clock set back": ("log-altered-clock", "override"),
    "a clock entry that says less": ("log-altered-clock", "clock"),
    "an epoch that leaps": ("log-altered-event", "epoch"),
    "targets of the future": ("log-altered-event", "shred"),
    "targets named twice": ("log-altered-event", "shred"),
    "another origin": ("log-altered-body", "override"),
    "evidence without keys": ("log-altered-body", "attempt"),
}


@pytest.mark.parametrize("name", EXPECTED)
def test_what_the_program_would_not_write(rich: RichLog, name: str) -> None:
    code, kind = EXPECTED[name]
    before = rich.bodies()
    there = [seq for seq, body in enumerate(before) if body["kind"] == kind]
    seq = there[0] if there else len(before)  # of such a kind there was none, or it is the last
    rich.rewrite(rich.contradictions()[name])
    report = verify(rich)
    assert report.outcome is Outcome.FAILED
    assert (code, seq) in {(each.code, each.seq) for each in report.findings}, report.findings[:4]


@pytest.mark.parametrize(
    "name",
    [
        "an attempt twice",
        "closed twice",
        "opened twice",
        "an attempt after the close",
        "begun after it ended",
    ],
)
def test_what_may_not_follow(rich: RichLog, name: str) -> None:
    last = len(rich.bodies())
    rich.rewrite(rich.contradictions()[name])
    report = verify(rich)
    assert ("log-altered-order", last) in {
        (each.code, each.seq) for each in report.findings
    } or report.code != "ok"
    assert not report.ok


@pytest.mark.parametrize(
    "fields",
    [
        {"at": "9999-12-31T23:59:59.999Z"},
        {"at": "0001-01-01T00:00:00.000Z"},
        {"second": {"id": "x", "role": "y", "proof": {}}},
        {"second": []},
        {"evidence_slot": 2**53 - 1},
        {"monotonic_ms": -(2**53 - 1)},
    ],
)
def test_strange_values_are_found_and_end_nothing(rich: RichLog, fields: dict[str, Any]) -> None:
    seq = seq_of(rich, "override")
    rich.rewrite(lambda log: log[seq].update(fields))
    for full in (True, False):
        assert verify(rich, full=full).outcome is Outcome.FAILED


def test_schema_1_after_schema_2_escapes_no_rule(rich: RichLog) -> None:
    seq = seq_of(rich, "incident")
    rich.rewrite(lambda log: log[seq].update(schema=1))
    assert ("log-altered-order", seq) in {(each.code, each.seq) for each in verify(rich).findings}


def test_an_entry_before_its_session_is_named(rich: RichLog) -> None:
    second = [body for body in rich.bodies() if body["kind"] == "open"][1]["session"]
    early = seq_of(rich, "incident")
    rich.rewrite(lambda log: log[early].update(session=second))
    found = {(each.code, each.seq) for each in verify(rich).findings}
    assert ("log-altered-order", early) in found


# -- irregular ----------------------------------------------------------------------------------------


def test_attempts_without_begin_and_sessions_without_open(tmp_path: Path) -> None:
    bench = Bench(path=tmp_path / "station.db").filled(2)
    report = bench.verify()
    assert report.ok
    assert codes(report) == {"attempt-without-begin", "session-not-opened"}


def test_a_begun_attempt_is_irregular_unless_it_is_the_last(tmp_path: Path) -> None:
    bench = Bench(path=tmp_path / "station.db")
    with bench.create() as store:
        for number in range(2):
            store.begin_attempt(f"a{number}", session="S-1", component="theory", operator=OPERATOR)
        report = bench.verify()
        assert report.ok
        found = [each.seq for each in report.findings if each.code == "attempt-unfinished"]
        assert found == [1]


def test_a_monotonic_clock_that_goes_back(tmp_path: Path) -> None:
    bench = Bench(path=tmp_path / "station.db")

    class Back:
        def __init__(self, now: Callable[[], Moment]) -> None:
            self.now_before, self.by = now, 0

        def now(self) -> Moment:
            moment = self.now_before()
            return replace(moment, monotonic_ms=moment.monotonic_ms - self.by)

    clock = Back(bench.clock.now)
    with bench.create() as store:
        store.append("view", {"what": "roll"}, operator=OPERATOR)
    with bench.open(clock=clock) as store:
        clock.by = 1_500
        store.append("view", {"what": "roll"}, operator=OPERATOR)
    report = bench.verify()
    assert report.ok
    assert codes(report) == {"clock-back"}


def test_findings_keep_the_lowest_place_of_very_many() -> None:
    findings = Findings()
    for seq in reversed(range(1_000)):
        findings.add("log-altered-body", seq=seq)
    assert len(findings.in_order()) == 201
    assert findings.in_order()[0].seq == 0
    assert findings.altered


@pytest.mark.parametrize("code", [*ALTERED, *UNDECIDED, *IRREGULAR])
def test_every_code_has_its_gravity(code: str) -> None:
    order = [Finding(code="log-altered-body", seq=5), Finding(code=code), Finding(code="clock-jump", seq=1)]
    assert Finding(code=code).severity in {"altered", "undecided", "irregular"}
    assert sorted(order, key=lambda each: each.rank)[-1].severity == "irregular"


# -- evidence, keys, erasure --------------------------------------------------------------------------


@pytest.mark.parametrize("full", [True, False])
def test_a_key_destroyed_without_a_word_is_altered(rich: RichLog, full: bool) -> None:
    seq = seq_of(rich, "attempt", 3)
    slot = rich.bodies()[seq]["evidence_slot"]
    with key_file(rich) as data:
        data[(slot + 1) * SLOT_BYTES : (slot + 2) * SLOT_BYTES] = bytes(SLOT_BYTES)
    report = verify(rich, full=full)
    assert report.first_bad is not None
    assert (report.code, report.first_bad.seq) == ("log-altered-evidence", seq)
    assert report.first_bad.facts["why"] == "key-destroyed"


def test_a_key_of_another_piece(rich: RichLog) -> None:
    seq = seq_of(rich, "attempt", 3)
    slot = (rich.bodies()[seq]["evidence_slot"] + 1) * SLOT_BYTES
    with key_file(rich) as data:
        data[slot : slot + SLOT_BYTES] = data[slot + SLOT_BYTES : slot + 2 * SLOT_BYTES]
    report = verify(rich)
    assert report.first_bad is not None
    assert (report.first_bad.seq, report.first_bad.facts["why"]) == (seq, "key-slot")


@pytest.mark.parametrize("data", [None, b"", b"PRCTKEYS", bytes(64), bytes(10_000)])
def test_a_key_file_that_is_none(rich: RichLog, data: bytes | None) -> None:
    path = rich.path.parent / "keys" / "evidence.slots"
    if data is None:
        path.unlink()
    else:
        path.write_bytes(data)
    report = verify(rich)
    assert report.code == "log-altered-evidence"
    assert rich.verify(rich.path, key_file=None).ok  # nobody asked for keys


def test_a_short_key_file_is_read_twice_at_most(rich: RichLog) -> None:
    path = rich.path.parent / "keys" / "evidence.slots"
    path.write_bytes(path.read_bytes()[: 3 * SLOT_BYTES])
    report = verify(rich)
    assert report.first_bad is not None
    assert report.first_bad.facts["why"] == "key-short"


def test_what_was_decided_to_go_and_is_still_there_is_irregular(rich: RichLog) -> None:
    gone = next(body for body in rich.bodies() if body["kind"] == "shred")["targets"][0]
    slot = rich.bodies()[gone["seq"]]["evidence_slot"]
    place = sorted(rich.bodies()[gone["seq"]]["evidence"]).index(gone["names"][0])
    with key_file(rich) as data:
        data[(slot + place + 1) * SLOT_BYTES] = 7
    report = verify(rich)
    assert report.ok
    assert ("erasure-unfinished", gone["seq"]) in {(each.code, each.seq) for each in report.findings}


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE evidence SET ciphertext = NULL WHERE seq = (SELECT max(seq) FROM evidence)",
        "DELETE FROM shredded",
        "INSERT INTO shredded SELECT seq, name, 3 FROM evidence WHERE ciphertext IS NOT NULL LIMIT 1",
        "UPDATE shredded SET by = by - 1",
        "INSERT INTO evidence_keys SELECT max(seq), x'00' FROM entries",
        "UPDATE evidence SET ciphertext = x'' WHERE seq = (SELECT max(seq) FROM evidence)",
    ],
)
@pytest.mark.parametrize("full", [True, False])
def test_evidence_against_erasure(rich: RichLog, sql: str, full: bool) -> None:
    with rich.insider() as execute:
        execute(sql)
    report = verify(rich, full=full)
    if not full and "x''" in sql:
        assert report.ok  # ciphertexts are not hashed in the quick mode, and it says so
        assert "ciphertext-hashes" in report.skipped
        return
    assert report.code == "log-altered-evidence"


# -- schema 1 -----------------------------------------------------------------------------------------


def test_a_file_of_schema_1_is_verified_as_it_is(tmp_path: Path) -> None:
    bench = write_schema_1(Bench(path=tmp_path / "station.db"), attempts=4)
    report = bench.verify(evidence_key=bench.bundle.evidence_key)
    assert report.ok
    assert report.size == 5
    with bench.insider(triggers=True) as execute:
        execute("UPDATE evidence_keys SET wrapped = NULL WHERE seq = 2")
    report = bench.verify()
    assert report.first_bad is not None
    assert (report.code, report.first_bad.seq) == ("log-altered-evidence", 2)


def test_a_log_that_was_brought_to_schema_2(tmp_path: Path) -> None:
    bench = write_schema_1(Bench(path=tmp_path / "station.db"), attempts=4)
    with bench.open() as store:
        store.append_attempt(record(30), evidence(30))
    report = bench.verify(evidence_key=bench.bundle.evidence_key)
    assert report.ok
    assert report.size == 7
    assert bench.verify(evidence_key=bytes(32)).code == "log-altered-evidence"


# -- exports ------------------------------------------------------------------------------------------


def test_exporting_changes_nothing_and_reads_back(rich: RichLog, tmp_path: Path) -> None:
    before = rich.path.read_bytes()
    with opened(rich.path, rich.database_key) as connection:
        exported = export_tiles(connection, tmp_path / "tiles")
        lines = list(export_rows(connection))
    assert rich.path.read_bytes() == before
    assert exported.left_out == ()
    note = (tmp_path / "tiles" / "checkpoint").read_text(encoding="utf-8")
    assert note.count("\u2014 ") == 2  # the station's and the witness's
    assert lines[-1] == f'{{"end":{len(lines) - 2}}}'


def test_a_long_body_is_left_out_of_the_tiles(tmp_path: Path) -> None:
    bench = Bench(path=tmp_path / "station.db")
    with bench.create() as store:
        store.append("view", {"what": "x" * 70_000}, operator=OPERATOR)
    with opened(bench.path, bench.bundle.database_key) as connection:
        assert export_tiles(connection, tmp_path / "tiles").left_out == (0,)


@pytest.mark.parametrize(
    ("number", "width", "path"),
    [(0, 256, "000"), (5, 3, "005.p/3"), (1234, 256, "x001/234"), (1234567, 1, "x001/x234/567.p/1")],
)
def test_tile_paths(number: int, width: int, path: str) -> None:
    assert tile_path("0", number, width) == f"tile/0/{path}"


def test_a_log_beside_its_write_ahead_log_is_exported_whole(tmp_path: Path) -> None:
    bench = Bench(path=tmp_path / "station.db")
    with bench.create() as store:
        store.append("view", {"what": "roll"}, operator=OPERATOR)
        with opened(bench.path, bench.bundle.database_key) as connection:
            assert connection.execute("SELECT count(*) FROM entries").fetchone()[0] == 2
    shutil.rmtree(tmp_path)
