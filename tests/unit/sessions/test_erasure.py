"""Erasure by two persons: what goes, what stays provable, and what is refused before anything is written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sessions import merkle, writer
from sessions.course.board import Board
from sessions.engine import connect
from sessions.errors import (
    ErasureHeldError,
    ErasureNothingError,
    ErasureTargetError,
    ErasureUnfinishedError,
    EventFormError,
    EvidenceErasedError,
    HoldError,
    KeyFileError,
    NotOnRosterError,
    SecondPersonError,
    StoreAlteredError,
    UnknownSessionError,
)
from sessions.evidence_box import slot_of
from sessions.holds import active_holds, place_hold, release_hold
from sessions.record import Second, Verdict
from sessions.roster.document import make_document
from sessions.selection import GROUPS, Piece, select
from sessions.session import load_session, newest_roster, require_seat
from sessions.shredding import MAX_TARGETS, finish, shred, shred_selection
from sessions.store import Store
from tests.support.erasure import BOTH, CHIEF, SECOND, Hall
from tests.support.sessions_station import record


@pytest.fixture
def hall(tmp_path: Path) -> Hall:
    return Hall.filled(tmp_path)


@pytest.fixture
def store(hall: Hall) -> Iterator[Store]:
    with hall.bench.open() as opened:
        yield opened


def attempt_of(store: Store, sbd: str) -> int:
    return next(entry.seq for entry in store.entries("attempt") if entry.body.get("sbd") == sbd)


def erase(store: Store, hall: Hall, **selecting: Any) -> None:
    scope = "candidate" if selecting.get("sbd") else "session"
    shred_selection(store, select(store, hall.session, **selecting), scope=scope, reason="request", **BOTH)


def test_a_candidate_goes_and_the_others_stay(store: Store, hall: Hall) -> None:
    seq, other = attempt_of(store, "002"), attempt_of(store, "003")
    before = load_session(store, hall.session)
    erase(store, hall, sbd="002")
    for name in ("identity", "chip-portrait", "live-portrait"):
        with pytest.raises(EvidenceErasedError):
            store.evidence(seq, name)
        assert store.evidence(other, name)
    after = load_session(store, hall.session)
    assert after.roster_hash == before.roster_hash
    assert [seat.erased for seat in after.seats] == [False, True, False, False, False, False]
    assert len(after.seats) == len(before.seats)
    with pytest.raises(NotOnRosterError):
        require_seat(after, hall.people[1].number)
    for empty in ("", "0"):
        with pytest.raises(NotOnRosterError):
            require_seat(after, empty)
    body = store.entries("shred")[0].body
    assert (body["scope"], body["sbd"], body["session"]) == ("candidate", "002", hall.session)
    assert body["targets"] == [
        {"names": ["roster"], "seq": before.seq},
        {"names": ["chip-portrait", "identity", "live-portrait"], "seq": seq},
    ]
    assert [row.seq for row in Board(store, after).standings()].count(None) == 1
    assert finish(store) == 0


def test_every_inclusion_proof_verifies_afterwards(store: Store, hall: Hall) -> None:
    erase(store, hall)
    head = store.head()
    for entry in store.entries():
        proof = merkle.inclusion_proof(entry.seq, head.size, store.node)
        leaf = merkle.leaf_hash(store.body(entry.seq))
        assert merkle.verify_inclusion(leaf, entry.seq, head.size, proof, head.root) == head.root


def test_a_whole_session_goes_and_is_still_a_session(store: Store, hall: Hall) -> None:
    before = load_session(store, hall.session)
    erase(store, hall)
    after = load_session(store, hall.session)
    assert after.roster_hash == before.roster_hash
    assert all(seat.erased for seat in after.seats)
    assert len(after.seats) == len(before.seats)
    assert after.rules == before.rules
    assert select(store, hall.session).pieces == ()
    with pytest.raises(ErasureNothingError):
        erase(store, hall)


def test_kinds_of_pieces(store: Store, hall: Hall) -> None:
    erase(store, hall, names=GROUPS["portrait"])
    assert select(store, hall.session).counts == {"identity": 6, "roster": 1}
    assert not any(seat.erased for seat in load_session(store, hall.session).seats)
    erase(store, hall, sbd="001", names=GROUPS["roster"])
    assert select(store, hall.session).counts == {"identity": 6, "roster": 1}
    assert load_session(store, hall.session).seats[0].erased


def test_what_concerns_a_candidate_by_another_entry(store: Store, hall: Hall) -> None:
    person = hall.people[3]
    seq = attempt_of(store, person.sbd)
    attempt = store.entry(seq).body["attempt"]
    two = BOTH
    about = {"session": hall.session, "code": "lookalike", "attempt_of": attempt}
    first = store.append("incident", about, {"note": b"n", "photo": b"p"}, operator=CHIEF).seq
    fixed = {"session": hall.session, "corrects": first, "reason": "typo"}
    second = store.append("correction", fixed, {"note": b"m"}, **two).seq
    checked = {"session": hall.session, "sbd": person.sbd, "outcome": "ok", "draw": "seat 4"}
    third = store.append("spot-check", checked, {"live-portrait": b"x" * 99}, operator=CHIEF).seq
    lost = record(90, session_id=hall.session, sbd=None, verdict=Verdict.REFER)
    fourth = store.append_attempt(lost, {"identity": f'{{"asked_number":"{person.number}"}}'.encode()}).seq
    nobody = record(91, session_id=hall.session, sbd=None, verdict=Verdict.REFER)
    fifth = store.append_attempt(nobody, {"identity": b'{"asked_number":"001099999999"}'}).seq
    pieces = select(store, hall.session, sbd=person.sbd).pieces
    assert {first, second, third, fourth, seq} < {piece.seq for piece in pieces}
    assert fifth not in {piece.seq for piece in pieces}
    erase(store, hall, sbd=person.sbd)
    for gone, name in (
        (first, "note"),
        (first, "photo"),
        (second, "note"),
        (third, "live-portrait"),
        (fourth, "identity"),
    ):
        with pytest.raises(EvidenceErasedError):
            store.evidence(gone, name)


def test_a_roster_entry_and_its_additions_go_too(store: Store, hall: Hall) -> None:
    seats = load_session(store, hall.session).seats
    document, _ = make_document((*seats, replace(seats[0], sbd="900", id_number="001099900000")), b"")
    body = {"session": hall.session, "reason": "late", "added": 1, "roster_hash": document.roster_hash}
    store.append("roster", body, {"roster": document.data}, **BOTH)
    assert load_session(store, hall.session).seats[-1].sbd == "900"
    erase(store, hall, sbd="900")
    session = load_session(store, hall.session)
    assert session.roster_hash == document.roster_hash
    assert [seat.erased for seat in session.seats] == [False] * 6 + [True]
    assert {target["seq"] for target in store.entries("shred")[0].body["targets"]} == {
        session.seq,
        store.entries("roster")[0].seq,
    }
    erase(store, hall)
    assert len(load_session(store, hall.session).seats) == 7


# -- refused -------------------------------------------------------------------------------------------


def test_two_persons_or_nothing(store: Store, hall: Hall) -> None:
    piece = Piece(seq=attempt_of(store, "001"), name="identity")
    common: dict[str, Any] = {
        "scope": "session",
        "reason": "request",
        "session": hall.session,
        "operator": CHIEF,
    }
    for second in (Second(user_id=CHIEF.user_id, role="chairman"), Second(user_id="", role="chairman")):
        with pytest.raises(SecondPersonError):
            shred(store, [piece], second=second, **common)
    with pytest.raises(EventFormError):
        shred(store, [piece], second=Second(user_id="nv02", role="chairman", proof="word"), **common)
    body = {"scope": "session", "reason": "request", "targets": [], "session": hall.session}
    with pytest.raises(EventFormError):
        store.append("shred", body, operator=CHIEF)
    assert store.evidence(piece.seq, piece.name)
    assert not store.entries("shred")


@pytest.mark.parametrize(
    ("piece", "why"),
    [
        (Piece(seq=-1, name="identity"), "no-entry"),
        (Piece(seq=10_000, name="identity"), "no-entry"),
        (Piece(seq=2**63, name="identity"), "no-entry"),
        (Piece(seq=0, name="identity"), "other-session"),
        (Piece(seq=2, name="portrait"), "no-piece"),
        (Piece(seq=2, name=""), "no-piece"),
        (Piece(seq=2, name="x" * 10_000), "no-piece"),
        (Piece(seq=1, name="rules"), "rules"),
    ],
)
def test_targets_that_cannot_be(store: Store, hall: Hall, piece: Piece, why: str) -> None:
    with pytest.raises(ErasureTargetError) as caught:
        shred(store, [piece], scope="session", reason="request", session=hall.session, **BOTH)
    assert caught.value.facts["why"] == why
    assert not store.entries("shred")


def test_twice_and_of_another_session(store: Store, hall: Hall) -> None:
    other = hall.fill(store).session_id
    piece = Piece(seq=attempt_of(store, "001"), name="identity")
    common: dict[str, Any] = {"scope": "session", "reason": "request", **BOTH}
    with pytest.raises(ErasureTargetError) as caught:
        shred(store, [piece], session=other, **common)
    assert caught.value.facts["why"] == "other-session"
    with pytest.raises(ErasureTargetError):
        shred(store, [piece], session=None, **common)
    shred(store, [piece, piece], session=hall.session, **common)
    with pytest.raises(ErasureTargetError) as caught:
        shred(store, [piece], session=hall.session, **common)
    assert caught.value.facts["why"] == "erased"
    with pytest.raises(ErasureNothingError):
        shred(store, [], session=hall.session, **common)
    with pytest.raises(HoldError):
        shred(
            store,
            [Piece(seq=piece.seq, name="chip-portrait")],
            session=hall.session,
            **{**common, "reason": "Ông A"},
        )
    with pytest.raises(UnknownSessionError):
        select(store, "S-1")


def test_more_than_one_entry_holds(store: Store, hall: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    assert MAX_TARGETS * 80 < 262_144
    monkeypatch.setattr("sessions.shredding.MAX_TARGETS", 3)
    with pytest.raises(ErasureTargetError):
        shred(
            store,
            select(store, hall.session).pieces,
            scope="session",
            reason="x",
            session=hall.session,
            **BOTH,
        )
    erase(store, hall)
    shreds = store.entries("shred")
    assert [len(entry.body["targets"]) for entry in shreds] == [2, 2, 3]
    assert ["roster" in entry.body.get("evidence", {}) for entry in shreds] == [False, False, True]
    assert all(seat.erased for seat in load_session(store, hall.session).seats)


def test_what_is_stated_again_is_this_sessions(store: Store, hall: Hall) -> None:
    seq, document = newest_roster(store, hall.session) or (0, None)
    assert document is not None
    forged = make_document([replace(seat, full_name="TRẦN THỊ MẪU") for seat in document.seats], b"")[0]
    common: dict[str, Any] = {"scope": "session", "reason": "request", "session": hall.session, **BOTH}
    piece, other = Piece(seq=seq, name="roster"), Piece(seq=attempt_of(store, "001"), name="identity")
    for targets, stated, why in (
        ([piece], {"roster": forged}, "roster"),
        ([other], {"roster": document.without({"001"})}, "roster-left"),
        ([piece], {"rules": b"id = 1"}, "rules"),
    ):
        with pytest.raises(ErasureTargetError) as caught:
            shred(store, targets, **stated, **common)
        assert caught.value.facts["why"] == why
    assert not store.entries("shred")


# -- holds ---------------------------------------------------------------------------------------------


def test_what_is_held_is_never_erased(store: Store, hall: Hall) -> None:
    seq = attempt_of(store, "002")
    place_hold(store, hall.session, sbd="002", reason="dispute", **BOTH)
    assert [hold.sbd for hold in active_holds(store)] == ["002"]
    with pytest.raises(ErasureHeldError):
        erase(store, hall, sbd="002")
    common: dict[str, Any] = {"scope": "session", "reason": "request", "session": hall.session, **BOTH}
    with pytest.raises(ErasureHeldError):
        shred(store, [Piece(seq=seq, name="identity")], **common)
    opened = load_session(store, hall.session).seq
    found = newest_roster(store, hall.session)
    assert found is not None
    with pytest.raises(ErasureHeldError):
        shred(store, [Piece(seq=opened, name="roster")], **common)
    with pytest.raises(ErasureHeldError):
        shred(store, [Piece(seq=opened, name="roster")], roster=found[1].without(), **common)
    chosen = select(store, hall.session)
    assert {piece.seq for piece in chosen.held} == {seq}
    assert chosen.kept == ("002",)
    erase(store, hall)
    assert store.evidence(seq, "identity")
    session = load_session(store, hall.session)
    assert [seat.sbd for seat in session.seats if not seat.erased] == ["002"]
    assert store.entries("shred")[-1].body["kept"] == ["002"]
    release_hold(store, hall.session, sbd="002", reason="settled", **BOTH)
    erase(store, hall)
    assert select(store, hall.session).pieces == ()


def test_a_held_session(store: Store, hall: Hall) -> None:
    place_hold(store, hall.session, reason="dispute", **BOTH)
    chosen = select(store, hall.session)
    assert chosen.pieces == ()
    assert len(chosen.held) == 6 * 3 + 1
    for selecting in ({}, {"sbd": "001"}):
        with pytest.raises(ErasureHeldError):
            erase(store, hall, **selecting)
    release_hold(store, hall.session, reason="settled", **BOTH)
    assert active_holds(store) == ()
    erase(store, hall)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"sbd": "2"}, HoldError),
        ({"reason": "Ông Mẫu"}, HoldError),
        ({"second": Second(user_id="nv01", role="chairman")}, SecondPersonError),
        ({"session": "S-1"}, UnknownSessionError),
    ],
)
def test_holds_that_cannot_be(
    store: Store, hall: Hall, changes: dict[str, Any], error: type[Exception]
) -> None:
    fields = {"reason": "dispute", "operator": CHIEF, "second": SECOND, **changes}
    session = fields.pop("session", hall.session)
    with pytest.raises(error):
        place_hold(store, session, **fields)
    assert not store.entries("hold")


def test_a_hold_once_and_a_release_of_what_is_held(store: Store, hall: Hall) -> None:
    with pytest.raises(HoldError):
        release_hold(store, hall.session, reason="settled", **BOTH)
    place_hold(store, hall.session, sbd="001", reason="dispute", **BOTH)
    with pytest.raises(HoldError):
        place_hold(store, hall.session, sbd="001", reason="dispute", **BOTH)
    with pytest.raises(HoldError):
        release_hold(store, hall.session, reason="settled", **BOTH)


# -- what stands in the way ----------------------------------------------------------------------------


def test_another_program_that_reads_the_file_delays_only_the_old_pages(hall: Hall) -> None:
    with hall.bench.open(wait_s=0.1) as store:
        reader = connect(hall.bench.path, hall.bench.bundle.database_key).conn
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM entries").fetchone()
        with pytest.raises(ErasureUnfinishedError) as caught:
            erase(store, hall, sbd="001")
        shredded = store.entries("shred")
        assert caught.value.facts == {"entry": shredded[0].seq}
        with pytest.raises(EvidenceErasedError):
            store.evidence(attempt_of(store, "001"), "identity")
        assert finish(store) == 0
        reader.execute("ROLLBACK")
        reader.close()
    with hall.bench.open() as store:
        assert not Path(f"{hall.bench.path}-wal").stat().st_size
        erase(store, hall)


def test_a_key_that_came_back_is_destroyed_at_the_next_opening(hall: Hall) -> None:
    slots = hall.bench.path.parent / "keys" / "evidence.slots"
    before = slots.read_bytes()
    with hall.bench.open() as store:
        erase(store, hall)
    assert slots.read_bytes() != before
    slots.write_bytes(before)
    with hall.bench.open() as store:
        body = store.entries("attempt")[0].body
        named = [slot_of(body, name) for name in body["evidence"]]
        assert store.evidence_keys.remaining(named) == ()
        assert finish(store) == 0


def test_without_its_key_file_nothing_is_opened_and_nothing_is_said_to_be_erased(hall: Hall) -> None:
    with hall.bench.open() as store:
        chosen = select(store, hall.session, sbd="001")
        store.evidence_keys.path.unlink()
        with pytest.raises(KeyFileError):
            shred_selection(store, chosen, scope="candidate", reason="request", **BOTH)
        assert not store.entries("shred")
    with pytest.raises(KeyFileError):
        hall.bench.open()


# -- an insider ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "sql",
    [
        (
            "INSERT INTO shredded (seq, name, by) SELECT seq, 'identity', {shred} FROM entries WHERE kind = 'attempt' "
            "AND seq NOT IN (SELECT seq FROM shredded) LIMIT 1"
        ),
        (
            "INSERT INTO shredded (seq, name, by) SELECT seq, 'identity', 1 FROM entries WHERE kind = 'attempt' "
            "AND seq NOT IN (SELECT seq FROM shredded) LIMIT 1"
        ),
        "DELETE FROM shredded WHERE name = 'identity'",
        "DELETE FROM shredded",
    ],
)
def test_the_station_destroys_nothing_for_who_only_writes_the_table(hall: Hall, sql: str) -> None:
    with hall.bench.open() as store:
        erase(store, hall, sbd="001")
        shred_seq = store.entries("shred")[0].seq
    with hall.bench.insider(triggers=True) as execute:
        execute(sql.format(shred=shred_seq))
    slots = (hall.bench.path.parent / "keys" / "evidence.slots").read_bytes()
    with pytest.raises(StoreAlteredError):
        hall.bench.open()
    assert (hall.bench.path.parent / "keys" / "evidence.slots").read_bytes() == slots
    assert not hall.bench.verify(evidence_key=hall.bench.bundle.evidence_key).ok


@pytest.mark.parametrize("what", ["ciphertext", "slot"])
def test_a_piece_that_goes_without_an_entry_is_found(hall: Hall, what: str) -> None:
    with hall.bench.open() as store:
        body = store.entries("attempt")[0].body
    if what == "slot":
        with hall.bench.open() as store:
            store.evidence_keys.destroy([slot_of(body, "identity")])
    else:
        with hall.bench.insider(triggers=True) as execute:
            execute(
                "UPDATE evidence SET ciphertext = NULL WHERE name = 'identity' AND seq = ?", (body["seq"],)
            )
    report = hall.bench.verify(evidence_key=hall.bench.bundle.evidence_key, full=True)
    assert not report.ok
    assert report.first_bad is not None
    assert report.first_bad.seq == body["seq"]


@pytest.mark.parametrize(
    ("schema", "second"),
    [
        (1, SECOND),
        (2, None),
        (2, Second(user_id=CHIEF.user_id, role="chairman")),
        (2, Second(user_id="nv02", role="chairman", proof="because")),
    ],
)
def test_the_station_destroys_nothing_for_one_person_who_signs_with_its_key(
    hall: Hall, monkeypatch: pytest.MonkeyPatch, schema: int, second: Second | None
) -> None:
    """Entry, tree and checkpoints are right: only the rule of two persons is broken, or left aside with schema 1."""
    monkeypatch.setattr(writer, "require_event", lambda *_: None)
    monkeypatch.setattr(writer, "SCHEMA", schema)
    with hall.bench.open() as store:
        seq = attempt_of(store, "001")
        body = {"scope": "candidate", "reason": "alone", "session": hall.session}
        body |= {"targets": [{"seq": seq, "names": ["identity"]}]}

        def name(conn: Any, by: int) -> None:
            conn.execute("INSERT INTO shredded (seq, name, by) VALUES (?, 'identity', ?)", (seq, by))

        store.append("shred", body, operator=CHIEF, second=second, also=name)
        with pytest.raises(StoreAlteredError):
            select(store, hall.session)
        with pytest.raises(StoreAlteredError):
            finish(store)
    slots = (hall.bench.path.parent / "keys" / "evidence.slots").read_bytes()
    with pytest.raises(StoreAlteredError):
        hall.bench.open()
    assert (hall.bench.path.parent / "keys" / "evidence.slots").read_bytes() == slots
    assert not hall.bench.verify(evidence_key=hall.bench.bundle.evidence_key).ok
