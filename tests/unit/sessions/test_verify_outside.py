"""A log against what left the machine: rewritten, cut off, put back, and what epochs declare."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from sessions import merkle
from sessions.anchor import Anchor, parse_anchor
from sessions.checkpoint import Signer
from sessions.cosignature import Cosigner, Kind
from sessions.pins import StationPins
from sessions.record import Outcome
from sessions.verify import LogReport
from tests.support.sessions_rich import SECOND
from tests.support.sessions_station import OPERATOR, ORIGIN, Bench, evidence, record
from tests.unit.sessions.test_verify import changed_body, rebuild


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(path=tmp_path / "log" / "station.db").made().filled(8)


def anchors_at(bench: Bench, *sizes: int) -> list[Anchor]:
    with bench.open() as store:
        return [parse_anchor(store.note(size).encode(), label=f"at {size}") for size in sizes]


def rewritten(bench: Bench, seq: int) -> None:
    with bench.insider(triggers=True) as execute:
        changed_body(execute, seq, verdict="REFUSE")
        rebuild(execute, bench.bundle.signer(bench.origin))


def codes(report: LogReport) -> list[str]:
    return [each.code for each in report.anchors]


def test_what_fits(bench: Bench) -> None:
    anchors = anchors_at(bench, 1, 4, 9)
    report = bench.verify(anchors=anchors)
    assert report.ok
    assert codes(report) == ["ok"] * 3
    empty = Anchor(origin=ORIGIN, size=0, root=merkle.EMPTY_ROOT)
    assert codes(bench.verify(anchors=[empty])) == ["ok"]


def test_rewritten_is_found_and_narrowed_down(bench: Bench) -> None:
    anchors = anchors_at(bench, 2, 4, 6, 9)
    rewritten(bench, 4)
    assert bench.verify().ok
    report = bench.verify(anchors=anchors)
    assert codes(report) == ["ok", "ok", "anchor-mismatch", "anchor-mismatch"]
    assert (report.code, report.outcome) == ("anchor-mismatch", Outcome.FAILED)
    assert report.first_bad is not None
    assert (report.first_bad.facts["unchanged"], report.first_bad.facts["changed_by"]) == (4, 6)


def test_cut_off_is_found(bench: Bench) -> None:
    anchors = anchors_at(bench, 5, 9)
    with bench.insider(triggers=True) as execute:
        for table in ("evidence", "entries"):
            execute(f"DELETE FROM {table} WHERE seq >= 6")  # noqa: S608
        execute("DELETE FROM checkpoints WHERE size > 6")
        rebuild(execute)
    assert bench.verify().ok
    report = bench.verify(anchors=anchors)
    assert (report.code, codes(report)) == ("anchor-ahead", ["ok", "anchor-ahead"])
    assert report.findings[0].facts["log_size"] == 6


def test_yesterdays_file_is_found(bench: Bench, tmp_path: Path) -> None:
    yesterday = tmp_path / "yesterday.db"
    shutil.copyfile(bench.path, yesterday)
    with bench.open() as store:
        store.append_attempt(record(50), evidence(50))
        anchor = parse_anchor(store.note().encode())
    shutil.copyfile(yesterday, bench.path)
    assert bench.verify().ok
    assert bench.verify(anchors=[anchor]).code == "anchor-ahead"


def test_an_anchor_that_nobody_known_signed_decides_nothing(bench: Bench) -> None:
    head = Anchor(origin=ORIGIN, size=4, root=bytes(32), label="made up")
    report = bench.verify(anchors=[head])
    assert (report.code, report.outcome) == ("anchor-unproven", Outcome.INDETERMINATE)
    assert report.first_bad is None
    thief = Signer(ORIGIN, b"t" * 32)
    forged = parse_anchor(thief.sign_note(f"{ORIGIN}\n99\n{'A' * 43}=\n").encode())
    assert bench.verify(anchors=[forged]).code == "anchor-unproven"
    assert bench.verify(anchors=anchors_at(bench, 4), pins=StationPins()).code == "unknown-station"


def test_a_witness_proves_an_anchor_of_a_log_whose_key_is_gone(bench: Bench) -> None:
    """The whole log was made anew under another key: the old note is still the witness's word."""
    witness = Cosigner("proctor.witness/00000001", bytes(32), Kind.ED25519)
    with bench.open() as store:
        line = witness.cosign(store.checkpoint(9).text, 1_795_309_200)
        anchor = parse_anchor(f"{store.note(9)}{line}\n".encode())
    thief = Signer(ORIGIN, b"t" * 32)
    with bench.insider(triggers=True) as execute:
        changed_body(execute, 0, vkey=thief.key.encode())
        rebuild(execute, thief)
    pins = StationPins(keys=(thief.key,))
    assert bench.verify(pins=pins).ok
    assert bench.verify(pins=pins, anchors=[anchor]).code == "anchor-unproven"
    assert bench.verify(pins=pins, anchors=[anchor], witnesses=[witness.key]).code == "anchor-mismatch"


def test_another_stations_anchor(bench: Bench, tmp_path: Path) -> None:
    other = Bench(path=tmp_path / "other" / "station.db", origin="proctor.training/ffffffff").made().filled(2)
    report = bench.verify(anchors=anchors_at(other, 2))
    assert (report.code, report.outcome) == ("anchor-other-station", Outcome.INDETERMINATE)


def restored(bench: Bench, tmp_path: Path, *, keep: int = 2, say: str | None = None) -> list[Anchor]:
    """Write some entries, put the older file back and begin an epoch that names what was known. Return anchors."""
    older = tmp_path / "older.db"
    shutil.copyfile(bench.path, older)
    with bench.open() as store:
        for number in range(60, 60 + keep):
            store.append_attempt(record(number), evidence(number))
        note = store.note()
    anchors = anchors_at(bench, 9, 10, 11)
    shutil.copyfile(older, bench.path)
    with bench.open(for_epoch=True) as store:
        store.begin_epoch(
            reason="restored", operator=OPERATOR, second=SECOND, path=bench.path, previous=say or note
        )
        for number in range(70, 74):
            store.append_attempt(record(number), evidence(number))
    return anchors


def test_an_epoch_declares_what_was_lost(bench: Bench, tmp_path: Path) -> None:
    anchors = restored(bench, tmp_path)
    assert bench.verify().ok
    assert bench.verify(anchors=anchors[:1]).ok
    report = bench.verify(anchors=anchors)  # a comparison that was asked for did not come out
    assert (report.code, report.outcome) == ("anchor-lost", Outcome.INDETERMINATE)
    assert codes(report) == ["ok", "anchor-lost", "anchor-lost"]
    found = {each.code: each for each in report.findings}
    assert found["epoch-entries-lost"].facts["lost"] == 2
    assert report.origin == f"{ORIGIN}/2"
    with bench.open() as store:
        newest = parse_anchor(store.note().encode())
    assert newest.origin == f"{ORIGIN}/2"
    assert codes(bench.verify(anchors=[newest])) == ["ok"]


def test_an_epoch_that_declares_less_than_left_the_machine(bench: Bench, tmp_path: Path) -> None:
    with bench.open() as store:
        own = store.note()
    anchors = restored(bench, tmp_path, say=own)
    report = bench.verify(anchors=anchors)
    assert (report.code, codes(report)) == ("anchor-ahead", ["ok", "anchor-ahead", "anchor-ahead"])


def test_a_log_put_back_behind_its_epoch(bench: Bench, tmp_path: Path) -> None:
    older = tmp_path / "before.db"
    shutil.copyfile(bench.path, older)
    with bench.open(for_epoch=True) as store:
        store.begin_epoch(reason="x", operator=OPERATOR, second=SECOND, path=bench.path)
        anchor = parse_anchor(store.note().encode())
    shutil.copyfile(older, bench.path)
    assert bench.verify(anchors=[anchor]).code == "anchor-ahead"


def test_an_epoch_under_another_key_needs_a_pin(bench: Bench) -> None:
    new = Signer(ORIGIN, b"n" * 32)
    with bench.open(for_epoch=True) as store:
        store.begin_epoch(reason="lost", operator=OPERATOR, second=SECOND, path=bench.path, signer=new)
        store.append("view", {"what": "roll"}, operator=OPERATOR)
    report = bench.verify()
    assert (report.code, report.outcome) == ("unknown-station", Outcome.INDETERMINATE)
    assert report.facts == {"origin": f"{ORIGIN}/2", "found": new.key.fingerprint, "since": 9}
    key = new.named(f"{ORIGIN}/2").key
    assert bench.verify(pins=StationPins(keys=(key,))).ok
    assert bench.verify(pins=StationPins.of_fingerprint(new.key.fingerprint)).ok
    assert bench.verify(origin=ORIGIN, pins=StationPins(keys=(key,))).ok


def test_an_unsigned_previous_checkpoint_is_said_so(bench: Bench) -> None:
    thief = Signer(ORIGIN, b"t" * 32)
    note = thief.sign_note(f"{ORIGIN}\n3\n{'A' * 43}=\n")
    with bench.open(for_epoch=True) as store:
        store.begin_epoch(reason="x", operator=OPERATOR, second=SECOND, path=bench.path, previous=note)
    report = bench.verify()
    assert (report.code, report.outcome) == ("epoch-previous-unproven", Outcome.INDETERMINATE)
    assert {"epoch-previous-unproven", "epoch-forked"} <= {each.code for each in report.findings}


@pytest.mark.parametrize("known", [False, True])
def test_a_loss_that_nobody_known_signed_is_not_declared(bench: Bench, tmp_path: Path, known: bool) -> None:
    signer = bench.bundle.signer(ORIGIN) if known else Signer(ORIGIN, b"t" * 32)
    note = signer.sign_note(f"{ORIGIN}\n1000000000\n{'A' * 43}=\n")
    anchors = restored(bench, tmp_path, say=note)
    report = bench.verify(anchors=anchors)
    code, outcome = ("anchor-lost", Outcome.INDETERMINATE) if known else ("anchor-ahead", Outcome.FAILED)
    assert (report.code, report.outcome, codes(report)) == (code, outcome, ["ok", code, code])
    assert bench.verify().ok is known


def cosigned(bench: Bench, witness: Cosigner, *sizes: int) -> None:
    with bench.open() as store:
        for size in sizes:
            store.add_cosignatures(size, [witness.cosign(store.checkpoint(size).text, 1_795_309_200)])


@pytest.mark.parametrize("kind", list(Kind))
def test_cosignatures(bench: Bench, kind: Kind) -> None:
    witness = Cosigner("proctor.witness/00000001", bytes(32), kind)
    cosigned(bench, witness, 4, 7)
    report = bench.verify(witnesses=[witness.key])
    assert report.ok
    assert report.cosigned == {witness.key.name: 7}
    unknown = bench.verify()
    assert unknown.ok
    assert {each.code: each.facts for each in unknown.findings}["witness-unpinned"]["count"] == 2
    rewritten(bench, 5)
    report = bench.verify(witnesses=[witness.key])
    assert report.first_bad is not None
    assert (report.code, report.first_bad.seq) == ("log-altered-cosignature", 6)
    assert not bench.verify(witnesses=[witness.key], full=False).ok


@pytest.mark.parametrize("line", ["", "nonsense", "\u2014 a", "\u2014 a AAAA", "x\n\u2014 a AAAAAAAAAA=="])
def test_a_line_that_is_none(bench: Bench, line: str) -> None:
    with bench.insider(triggers=True) as execute:
        execute("INSERT INTO cosignatures VALUES (4, ?)", (line,))
    report = bench.verify()
    assert report.first_bad is not None
    assert (report.code, report.first_bad.seq) == ("log-altered-cosignature", 3)


def test_days_are_vietnamese(bench: Bench) -> None:
    """A session of the 22nd is over when the last entry or the caller's clock is in the 23rd, UTC+7."""
    opening: dict[str, Any] = {
        "session": "HL-20261122-09",
        "root_kind": "training",
        "day": "2026-11-22",
        "place": "P",
        "component": "theory",
        "component_label": "L",
        "rules": "r",
        "rules_sha256": "0" * 64,
        "roster_hash": "0" * 64,
        "candidates": 1,
        "refused_rows": 0,
    }
    with bench.open() as store:
        store.append("open", opening, {"roster": b"{}", "rules": b""}, operator=OPERATOR)
        start = bench.clock.at
    open_codes = {"session-not-closed", "session-empty"}
    assert not open_codes & {each.code for each in bench.verify().findings}
    late = start.replace(hour=16, minute=59)
    assert not open_codes & {each.code for each in bench.verify(now=late).findings}
    later = bench.verify(now=late + timedelta(minutes=2))
    assert later.ok
    assert open_codes <= {each.code for each in later.findings}
