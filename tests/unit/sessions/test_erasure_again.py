"""Erasures that are done again in a restored log, and erasures of what schema 1 wrote."""

from __future__ import annotations

import base64
import hashlib
import json
import shutil
from pathlib import Path

import pytest

from sessions.errors import ErasureTargetError, EvidenceErasedError, EvidenceMissingError
from sessions.holds import place_hold, release_hold
from sessions.selection import GROUPS, Piece, select
from sessions.session import load_session
from sessions.shredding import replay, shred, shred_selection, slots_to_destroy
from sessions.store import Store
from tests.support.erasure import BOTH, CHIEF, RULES, SECOND, Hall, roster_of
from tests.support.schema_1_log import SESSION, write_schema_1
from tests.support.sessions_station import Bench, evidence
from tests.support.traces import opened_evidence, plain_bytes, seen, spellings, windows


@pytest.fixture
def hall(tmp_path: Path) -> Hall:
    (tmp_path / "root").mkdir()
    return Hall.filled(tmp_path / "root")


def copied(hall: Hall, folder: Path) -> Hall:
    shutil.copytree(hall.bench.path.parent, folder)
    return Hall(
        bench=Bench(path=folder / "station.db", bundle=hall.bench.bundle),
        people=hall.people,
        session=hall.session,
    )


def begin_epoch(store: Store, bench: Bench) -> None:
    store.begin_epoch(reason="restored", operator=CHIEF, second=SECOND, path=bench.path)


def test_a_restored_log_erases_again(hall: Hall, tmp_path: Path) -> None:
    old = copied(hall, tmp_path / "old")
    with hall.bench.open() as store:
        shred_selection(
            store, select(store, hall.session, sbd="002"), scope="candidate", reason="request", **BOTH
        )
        chosen = select(store, hall.session, sbd="003", names=GROUPS["portrait"])
        shred_selection(store, chosen, scope="candidate", reason="request", **BOTH)
        lost = [entry.body for entry in store.entries("shred")]
        expected = [seat.erased for seat in load_session(store, hall.session).seats]
    with old.bench.open() as store:
        bodies = {entry.seq: entry.body for entry in store.entries()}
        slots = slots_to_destroy(lost, bodies)
        assert len(slots) == 3 + 2  # the roster's is left for the redaction
        store.evidence_keys.destroy(slots)
        place_hold(store, old.session, sbd="002", reason="dispute", **BOTH)
        begin_epoch(store, old.bench)
        assert replay(store, lost, operator=CHIEF, second=SECOND) == 2
        assert replay(store, lost, operator=CHIEF, second=SECOND) == 0
        session = load_session(store, old.session)
        assert [seat.erased for seat in session.seats] == expected
        assert [entry.body["scope"] for entry in store.entries("shred")] == ["restore", "restore"]
        seq = {entry.body["sbd"]: entry.seq for entry in store.entries("attempt")}
        for sbd, name in (("002", "identity"), ("003", "chip-portrait")):
            with pytest.raises(EvidenceErasedError):
                store.evidence(seq[sbd], name)
        assert store.evidence(seq["003"], "identity")
    gone = hall.people[1]
    bundle = hall.bench.bundle
    left = plain_bytes(old.bench.path, bundle.database_key) + opened_evidence(
        old.bench.path, bundle.database_key, bundle.evidence_key, old.bench.origin
    )
    assert seen(left, [*spellings(gone.name), gone.number.encode()]) == 0
    assert seen(left, [hall.people[2].number.encode()]) == 1
    assert old.bench.verify(evidence_key=bundle.evidence_key).ok


def test_one_candidate_after_the_other(hall: Hall, tmp_path: Path) -> None:
    """The second erasure replaced a roster that only the lost part had."""
    old = copied(hall, tmp_path / "old")
    with hall.bench.open() as store:
        for sbd in ("002", "005"):
            shred_selection(
                store, select(store, hall.session, sbd=sbd), scope="candidate", reason="x", **BOTH
            )
        lost = [entry.body for entry in store.entries("shred")]
    with old.bench.open() as store:
        begin_epoch(store, old.bench)
        assert replay(store, lost, operator=CHIEF, second=SECOND) == 2
        assert [seat.sbd for seat in load_session(store, old.session).seats] == [
            "001",
            "",
            "003",
            "004",
            "",
            "006",
        ]
    assert old.bench.verify(evidence_key=old.bench.bundle.evidence_key).ok


def test_a_session_is_erased_again_but_for_what_was_kept(hall: Hall, tmp_path: Path) -> None:
    old = copied(hall, tmp_path / "old")
    with hall.bench.open() as store:
        place_hold(store, hall.session, sbd="004", reason="dispute", **BOTH)
        shred_selection(store, select(store, hall.session), scope="session", reason="request", **BOTH)
        lost = [entry.body for entry in store.entries("shred")]
    with old.bench.open() as store:
        begin_epoch(store, old.bench)
        assert replay(store, lost, operator=CHIEF, second=SECOND) == 1
        session = load_session(store, old.session)
        assert [seat.sbd for seat in session.seats if not seat.erased] == ["004"]


def test_numbers_of_the_lost_part_mean_nothing_in_the_new_epoch(hall: Hall, tmp_path: Path) -> None:
    old = copied(hall, tmp_path / "old")
    with hall.bench.open() as store:
        size = store.head().size
        for number in range(3):
            body = {"session": hall.session, "code": "noise"}
            store.append("incident", body, {"note": bytes([number])}, operator=CHIEF)
        pieces = [Piece(seq=size + number, name="note") for number in range(3)]
        shred(store, pieces, scope="session", reason="request", session=hall.session, **BOTH)
        lost = [entry.body for entry in store.entries("shred")]
    with old.bench.open() as store:
        begin_epoch(store, old.bench)
        after = store.append(
            "incident", {"session": hall.session, "code": "new"}, {"note": b"n"}, operator=CHIEF
        )
        assert size < after.seq <= size + 2
        assert replay(store, lost, operator=CHIEF, second=SECOND) == 0
        assert store.evidence(after.seq, "note") == b"n"


# -- schema 1 --------------------------------------------------------------------------------------------


def test_entries_of_schema_1_go_whole(tmp_path: Path) -> None:
    bench = write_schema_1(Bench(path=tmp_path / "station.db"), 3)
    with bench.open() as store:
        seq = store.entries("attempt")[0].seq
        names = sorted(store.entry(seq).body["evidence"])
        common = {"scope": "session", "reason": "request", "session": SESSION, **BOTH}
        with pytest.raises(ErasureTargetError) as caught:
            shred(store, [Piece(seq=seq, name=names[0])], **common)
        assert caught.value.facts["why"] == "whole"
        with store.maintain() as conn:
            wrapped = conn.execute("SELECT wrapped FROM evidence_keys WHERE seq = ?", (seq,)).fetchone()[0]
            pieces = conn.execute("SELECT ciphertext FROM evidence WHERE seq = ?", (seq,)).fetchall()
        noted = [wrapped[:24], *(window for (data,) in pieces for window in windows(data, 90))]
        assert seen(plain_bytes(bench.path, bench.bundle.database_key), noted) == len(noted)
        shred(store, [Piece(seq=seq, name=name) for name in names], **common)
        for name in names:
            with pytest.raises(EvidenceMissingError):
                store.evidence(seq, name)
        assert store.evidence(store.entries("attempt")[1].seq, "identity") == evidence(1)["identity"]
        assert seen(plain_bytes(bench.path, bench.bundle.database_key), noted) == 0
        with store.maintain() as conn:
            rows = conn.execute("SELECT seq FROM evidence_keys WHERE wrapped IS NULL").fetchall()
        assert rows == [(seq,)]
    assert bench.verify(evidence_key=bench.bundle.evidence_key).ok


def old_session(bench: Bench) -> None:
    """Write a log of schema 1 whose session has a roster of form 1."""
    file = roster_of(3)
    document = json.dumps(
        {"salt": "ab" * 32, "file": base64.b64encode(file).decode()}, sort_keys=True
    ).encode()
    opening = {
        "session": SESSION,
        "root_kind": "training",
        "day": "2026-11-21",
        "place": "Sân 1",
        "component": "theory",
        "component_label": "Lý thuyết",
        "rules": RULES.rules_id,
        "rules_sha256": RULES.sha256,
        "roster_hash": hashlib.sha256(b"proctor roster 1\n" + document).hexdigest(),
        "candidates": 3,
        "refused_rows": 0,
        "operator": CHIEF.as_body(),
    }
    extra = [("open", opening, {"roster": document, "rules": RULES.data})]
    write_schema_1(bench, 3, extra=extra)


def test_a_session_of_schema_1(tmp_path: Path) -> None:
    bench = Bench(path=tmp_path / "station.db")
    old_session(bench)
    with bench.open() as store:
        before = load_session(store, SESSION)
        assert [seat.sbd for seat in before.seats] == ["001", "002", "003"]
        one = select(store, SESSION, sbd="002")
        assert one.stays == ("roster-form-1",)
        assert {piece.name for piece in one.pieces} == {"identity", "chip-portrait"}
        portraits = select(store, SESSION, names=GROUPS["portrait"])
        assert portraits.counts == {"chip-portrait": 3, "identity": 3}
        assert len(portraits.whole) == 3
        late = select(store, SESSION, names=GROUPS["portrait"], whole=GROUPS["portrait"])
        assert late.pieces == ()
        assert set(late.stays) == {"entry-schema-1"}
        place_hold(store, SESSION, sbd="001", reason="dispute", **BOTH)
        held = select(store, SESSION)
        assert "roster" not in held.counts
        assert any(piece.name == "roster" for piece in held.held)
    with bench.open() as store:
        release_hold(store, SESSION, sbd="001", reason="settled", **BOTH)
        whole = select(store, SESSION)
        assert whole.rules == RULES.data
        assert whole.counts == {"chip-portrait": 3, "identity": 3, "roster": 1, "rules": 1}
        shred_selection(store, whole, scope="session", reason="request", **BOTH)
        after = load_session(store, SESSION)
        assert after.rules == RULES
        assert after.roster_hash == before.roster_hash
        assert len(after.seats) == 3
        assert all(seat.erased for seat in after.seats)
        assert select(store, SESSION).pieces == ()
    left = plain_bytes(bench.path, bench.bundle.database_key) + opened_evidence(
        bench.path, bench.bundle.database_key, bench.bundle.evidence_key, bench.origin
    )
    assert seen(left, [b"001099000001", *spellings("TRẦN VĂN MẪU AAAC")]) == 0
    assert bench.verify(evidence_key=bench.bundle.evidence_key).ok
