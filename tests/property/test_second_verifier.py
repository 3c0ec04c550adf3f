"""Two verifiers that share no code agree on every log and every change of one: verdict and first bad entry."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sessions.engine import DatabaseError
from sessions.errors import StoreError
from sessions.events import events
from sessions.finding import Severity
from sessions.key_slots import KeySlots
from sessions.log_file import opened
from sessions.rows_export import export_rows
from sessions.verify import LogReport
from tests import second_verifier
from tests.support.sessions_rich import RichLog, make_rich
from tests.tamper import rebuilt, rows
from tests.tamper.catalogue import log_cases
from tests.tamper.subject import Subject, make_subject

PER_CASE = int(os.environ.get("PER_CASE", "1"))
ROW_CHANGES = 150
SEED = 20261122
UNSEEN = {"integrity"}
"""What only SQLite itself sees: an index that does not fit its table."""


def second_of(path: Path, log: Any, anchors: Any = ()) -> dict[str, Any]:
    """What the second verifier says of a file, by way of the export."""
    slots = KeySlots(path.parent / "keys" / "evidence.slots", None)
    with opened(path, log.database_key) as connection:
        lines = list(export_rows(connection, slots))
    return second_verifier.verify(
        lines,
        pins=[key.encode() for key in log.pins.keys],
        witnesses=[log.witness.key.encode()],
        anchors=[(each.origin, each.size, each.root) for each in anchors],
    )


def first_of(report: LogReport) -> tuple[str, int | None]:
    bad = report.first_bad
    return report.code, None if bad is None else bad.seq


def irregular(report: LogReport) -> list[tuple[str, int | None]]:
    odd = [(each.code, each.seq) for each in report.findings if each.severity is Severity.IRREGULAR]
    unseen = {
        "witness-unpinned",
        "epoch-entries-lost",
        "epoch-forked",
    }
    return sorted({each for each in odd if each[0] not in unseen}, key=str)


def agree(path: Path, log: Any, anchors: Any = ()) -> LogReport | None:
    """Let both judge a file; None where the rows cannot even be read."""
    report = log.verify(path, anchors=anchors)
    if report.first_bad is not None and report.first_bad.page is not None:
        return None
    if report.first_bad is not None and report.first_bad.facts.get("object") in UNSEEN:
        return None
    try:
        second = second_of(path, log, anchors)
    except StoreError:
        return None
    if "entries-unreadable" in report.skipped:  # a table is gone: one of them reads on
        assert second["code"] != "ok"
        assert not report.ok
        return None
    assert (second["code"], second["first_bad"]) == first_of(report), (second, report.findings[:3])
    if report.ok:
        assert (second["size"], second["root"]) == (report.size, report.root)
        assert sorted({tuple(each) for each in second["irregular"]}, key=str) == irregular(report)
    return report


class OfSubject:
    """The catalogue's station, as the two verifiers are asked about it."""

    def __init__(self, subject: Subject) -> None:
        self.subject, self.witness = subject, subject.witness
        self.database_key, self.pins = subject.bench.bundle.database_key, subject.bench.pins

    def verify(self, path: Path, **others: Any) -> LogReport:
        slots = path.parent / "keys" / "evidence.slots"
        wanted = {"evidence_key": None, "key_file": slots, "origin": None, **others}
        return self.subject.verify(path.parent, **wanted)


@pytest.fixture(scope="module")
def subject(tmp_path_factory: pytest.TempPathFactory) -> Subject:
    return make_subject(tmp_path_factory.mktemp("subject"))


@pytest.fixture(scope="module")
def rich(tmp_path_factory: pytest.TempPathFactory) -> RichLog:
    return make_rich(tmp_path_factory.mktemp("rich"))


def test_the_second_verifier_has_the_table_of_kinds() -> None:
    """Every kind, field, type, evidence and second person of events.toml stands in the second verifier's own table."""
    assert second_verifier.KINDS.keys() == events().keys()
    for name, event in events().items():
        fields, _, evidence = second_verifier.KINDS[name].partition("|")
        words = fields.split()
        assert ("*" in words) == event.second, name
        found = {word.rstrip("?").partition(":")[0]: word for word in words if word != "*"}
        assert found.keys() == event.fields.keys(), name
        for field, word in found.items():
            assert (word.rstrip("?").partition(":")[2] or "text") == event.fields[field], (name, field)
            assert word.endswith("?") == (field in event.optional), (name, field)
        assert {each for each in evidence.split() if not each.endswith("?")} == event.evidence, name
        assert {each[:-1] for each in evidence.split() if each.endswith("?")} == event.optional_evidence, name


def test_honest_logs(subject: Subject, rich: RichLog, tmp_path: Path) -> None:
    log = OfSubject(subject)
    for files in (subject.today, subject.with_wal, subject.later, subject.yesterday, subject.strayed):
        files.put(tmp_path)
        report = agree(tmp_path / "station.db", log)
        assert report is not None
        assert report.ok
    report = agree(rich.path, rich)
    assert report is not None
    assert report.ok, report.findings[:3]
    codes = {each.code for each in report.findings}
    assert {"clock-jump", "session-not-closed"} <= codes


def test_anchors(subject: Subject, tmp_path: Path) -> None:
    log = OfSubject(subject)
    for files in (subject.today, subject.yesterday, subject.strayed, subject.later):
        files.put(tmp_path)
        assert agree(tmp_path / "station.db", log, subject.anchors) is not None


@pytest.mark.slow
def test_the_catalogue_of_tampering(subject: Subject, tmp_path: Path) -> None:
    """Every class of change of a log that leaves rows to read."""
    log, rng = OfSubject(subject), random.Random(SEED)
    judged = 0
    for case in log_cases(subject):
        for _ in range(PER_CASE):
            case.files(subject).put(tmp_path)
            try:
                what = case.mutate(subject, tmp_path, rng)
            except DatabaseError:
                continue
            if what is not None:
                judged += agree(tmp_path / "station.db", log) is not None
                judged += agree(tmp_path / "station.db", log, subject.anchors) is not None
    assert judged > 100


def changes() -> Iterator[Any]:
    for table in rows.COLUMNS:
        for change in rows.ROW_CHANGES.values():
            yield table, change


@pytest.mark.slow
def test_rows_of_a_log_with_rotations_and_epochs(rich: RichLog) -> None:
    """Random single changes of rows; each is found by both, at the same place."""
    rng, judged, found = random.Random(SEED), 0, 0
    choices = list(changes())
    while judged < ROW_CHANGES:
        table, change = rng.choice(choices)
        with rich.copy() as copy:
            try:
                with copy.insider() as execute:
                    what = change(execute, table, rng)
            except (DatabaseError, IndexError, ValueError):  # refused, or a table with no row
                continue
            if what is None:
                continue
            report = agree(copy.path, copy)
            judged += 1
            found += report is None or not report.ok
            if report is not None and report.ok:
                assert table == "cosignatures", (table, what)
    assert found > ROW_CHANGES // 2


@pytest.mark.slow
def test_rewritten_with_the_stations_keys(rich: RichLog) -> None:
    """Bodies that the station's program would not write, under its own good signatures."""
    for name, edit in rich.contradictions().items():
        with rich.copy() as copy:
            copy.rewrite(edit)
            report = agree(copy.path, copy)
            assert report is not None, name
            assert not report.ok, name


def test_the_catalogues_rewriting_is_not_empty() -> None:
    assert rebuilt.CONSISTENT
    assert rebuilt.CONTRADICTORY
