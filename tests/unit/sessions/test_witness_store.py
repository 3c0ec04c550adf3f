from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sessions import merkle
from sessions.checkpoint import Signer, parse_note
from sessions.cosignature import Cosigner, Kind, verify_line, verify_note
from sessions.engine import connect_plain
from sessions.errors import (
    NoteFormatError,
    ProofError,
    SessionsError,
    StationKeyMismatchError,
    StationPinReplaceError,
    StoreAlteredError,
    WitnessRefusedError,
)
from sessions.witness_protocol import LeftEntry, parse_add_checkpoint, require_growth
from sessions.witness_store import FRESH_S, WitnessStore
from tests.support.witness import NAME, NOW, ORIGIN, PaperLog

COSIGNER = Cosigner(NAME, bytes(32))
OTHER = Signer(ORIGIN, bytes([7]) * 32)


@pytest.fixture
def store(tmp_path: Path) -> WitnessStore:
    WitnessStore.create(tmp_path / "witness.db")
    opened = WitnessStore.open(tmp_path / "witness.db")
    opened.trust(PaperLog().signer.key, at=NOW)
    yield opened
    opened.close()


def add(store: WitnessStore, body: bytes, at: int = NOW) -> str:
    return store.cosign(parse_add_checkpoint(body), COSIGNER, at=at).line


def refused(store: WitnessStore, body: bytes) -> tuple[int, str]:
    with pytest.raises(WitnessRefusedError) as caught:
        add(store, body)
    return int(caught.value.facts["status"]), str(caught.value.facts["why"])


# -- growth ----------------------------------------------------------------------------------------


def test_a_log_that_grows_is_cosigned_step_by_step(store: WitnessStore) -> None:
    log, old = PaperLog().grown(40), 0
    for size in (1, 2, 3, 7, 8, 9, 31, 32, 40):
        line = add(store, log.request(old, size))
        found = verify_line(line, log.head(size).text, COSIGNER.key)
        assert found.at == NOW
        old = size
    last = store.last(ORIGIN)
    assert last is not None
    assert (last.head, last.head.size) == (log.head(), 40)
    assert [found.head.size for found in store.all_signed()] == [1, 2, 3, 7, 8, 9, 31, 32, 40]
    assert parse_note(last.whole).verify(log.signer.key) == log.head().text


def test_the_empty_tree_may_be_cosigned_and_no_other_of_size_0(store: WitnessStore) -> None:
    log = PaperLog()
    assert add(store, log.request(0, 0))
    wrong = log.head(0).text.replace(log.head(0).text.split("\n")[2], "A" * 43 + "=")
    note = log.signer.sign_note(wrong)
    assert refused(store, f"old 0\n\n{note}".encode()) == (409, "other-root")
    assert add(store, log.grown(3).request(0, 3))


def test_a_wrong_old_size_is_told_the_right_one(store: WitnessStore) -> None:
    log = PaperLog().grown(9)
    add(store, log.request(0, 5))
    for old in (0, 3, 9):
        with pytest.raises(WitnessRefusedError) as caught:
            add(store, log.request(old, 9))
        assert caught.value.facts == {"status": 409, "why": "old-size", "size": 5}
    assert store.notices() == ()
    assert add(store, log.request(5, 9))


def test_the_same_head_again_gets_the_same_line_for_a_while(store: WitnessStore) -> None:
    log = PaperLog().grown(4)
    first = add(store, log.request(0, 4))
    assert add(store, log.request(4, 4), NOW + FRESH_S - 1) == first
    again = add(store, log.request(4, 4), NOW + FRESH_S)
    assert again != first
    assert len(list(store.all_signed())) == 2


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "form"),
        (b"old 1\n", "form"),
        (b"\xff\n\n", "utf-8"),
        (b"old 01\n\nx\n", "first-line"),
        (b"old -1\n\nx\n", "first-line"),
        (b"old  1\n\nx\n", "first-line"),
        (b"new 1\n\nx\n", "first-line"),
        (b"old 1\nAA==\n\nx\n", "hash"),
        (b"old 1\n!\n\nx\n", "base64"),
        (b"old 1\r\n\r\nx\n", "form"),
        (b"old 1\n\nx\n", "note-parts"),
        (b"old 1\n" + b"A" * 43 + b"=\n" * 1 + b"\nx\n", "note-parts"),
    ],
)
def test_what_is_no_request(store: WitnessStore, body: bytes, why: str) -> None:
    assert refused(store, body) == (400, why)


def test_too_many_proof_lines_and_too_much(store: WitnessStore) -> None:
    line = b"A" * 43 + b"=\n"
    note = PaperLog().grown(3).head().note.encode()
    assert refused(store, b"old 1\n" + line * 64 + b"\n" + note) == (400, "proof-lines")
    assert refused(store, b"old 1\n" + b"x" * 600_000) == (400, "size")


def test_old_larger_than_the_checkpoint(store: WitnessStore) -> None:
    log = PaperLog().grown(5)
    assert refused(store, log.request(6, 5)) == (400, "old-larger")


def test_an_unknown_log_and_a_wrong_signature(store: WitnessStore) -> None:
    assert refused(store, PaperLog(origin="proctor.real/00000000").grown(1).request(0)) == (
        404,
        "unknown-log",
    )
    assert refused(store, PaperLog().grown(1).request(0, signer=OTHER)) == (403, "signature")
    note = PaperLog().grown(2).head().note.replace("\n2\n", "\n3\n")
    assert refused(store, f"old 0\n\n{note}".encode()) == (403, "signature")
    assert store.notices() == ()


def test_signatures_of_unknown_keys_are_left_aside(store: WitnessStore) -> None:
    log = PaperLog().grown(2)
    body = log.request(0) + COSIGNER.cosign(log.head().text, 5).encode() + b"\n"
    assert add(store, body)


def test_a_proof_where_there_must_be_none(store: WitnessStore) -> None:
    log = PaperLog().grown(4)
    line = "A" * 43 + "="
    assert refused(store, f"old 0\n{line}\n\n{log.head().note}".encode()) == (422, "proof")
    add(store, log.request(0))
    assert refused(store, f"old 4\n{line}\n\n{log.head().note}".encode()) == (422, "proof")


# -- misbehaviour ----------------------------------------------------------------------------------


def test_another_root_of_the_same_size_is_refused_and_kept(store: WitnessStore) -> None:
    log = PaperLog().grown(6)
    add(store, log.request(0))
    fork = log.forked(3, 6)
    assert refused(store, fork.request(6)) == (409, "other-root")
    assert refused(store, fork.request(6)) == (409, "other-root")
    assert refused(store, fork.request(0)) == (409, "old-size")
    (notice,) = store.notices()
    assert (notice.kind, notice.alarm, notice.size, notice.known, notice.count) == ("fork", True, 6, 6, 3)
    assert verify_note(parse_note(notice.note), log.signer.key) == fork.head()  # evidence: both are signed


def test_growth_from_a_fork_is_refused_and_kept(store: WitnessStore) -> None:
    log = PaperLog().grown(6)
    add(store, log.request(0))
    fork = log.forked(3, 9)
    assert refused(store, fork.request(6, 9)) == (422, "proof")
    assert [notice.kind for notice in store.notices()] == ["inconsistent"]
    assert store.last(ORIGIN).head == log.head()


def test_a_smaller_tree_is_refused_and_kept(store: WitnessStore) -> None:
    log = PaperLog().grown(6)
    add(store, log.request(0))
    assert refused(store, log.request(0, 4)) == (409, "old-size")
    assert refused(store, log.request(4, 4)) == (409, "old-size")
    assert refused(store, log.forked(2, 4).request(4, 4)) == (409, "old-size")
    assert [(notice.kind, notice.size) for notice in store.notices()] == [("behind", 4), ("behind", 4)]
    assert refused(store, log.request(6, 4)) == (400, "old-larger")


def test_an_old_size_with_another_root_is_a_fork(store: WitnessStore) -> None:
    log = PaperLog().grown(8)
    add(store, log.request(0, 4))
    add(store, log.request(4, 8))
    assert refused(store, log.forked(2, 4).request(4, 4)) == (409, "old-size")
    assert [notice.kind for notice in store.notices()] == ["fork"]


def test_notices_do_not_fill_the_disk(store: WitnessStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sessions.witness_store.MAX_NOTICES", 5)
    log = PaperLog().grown(20)
    add(store, log.request(0))
    for size in range(1, 20):
        refused(store, log.request(size, size))
    kinds = [notice.kind for notice in store.notices()]
    assert (kinds.count("behind"), kinds.count("more")) == (5, 1)
    assert next(notice for notice in store.notices() if notice.kind == "more").count == 14


def test_the_file_itself_refuses_a_second_root(store: WitnessStore, tmp_path: Path) -> None:
    log = PaperLog().grown(6)
    add(store, log.request(0))
    conn = connect_plain(tmp_path / "witness.db").conn
    row = "INSERT INTO signed (station, epoch, origin, size, root, note, line, at) VALUES ('s', 1, ?, ?, ?, '', '', 1)"
    for size, root in ((6, bytes(32)), (5, log.head(5).root)):
        with pytest.raises(Exception, match="append-only"):
            conn.execute(row, (ORIGIN, size, root))
    for sql in ("UPDATE signed SET size = 1", "DELETE FROM signed", "DELETE FROM keys"):
        with pytest.raises(Exception, match="append-only"):
            conn.execute(sql)
    conn.execute("DROP TRIGGER signed_no_delete")
    conn.close()
    with pytest.raises(StoreAlteredError, match="schema"):
        WitnessStore.open(tmp_path / "witness.db")


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_whatever_is_sent_no_two_trees_are_signed(
    seed: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Random honest and dishonest requests: every signed tree is one history."""
    rng = random.Random(seed)
    path = tmp_path_factory.mktemp("random") / "witness.db"
    WitnessStore.create(path)
    base = PaperLog().grown(12)
    logs = [base, *(base.forked(rng.randrange(12), 12) for _ in range(3))]
    with WitnessStore.open(path) as store:
        store.trust(base.signer.key, at=NOW)
        for _ in range(40):
            log, size = rng.choice(logs), rng.randrange(1, 13)
            known = store.last(ORIGIN)
            old = known.head.size if known is not None and rng.random() < 0.7 else rng.randrange(13)
            try:
                add(store, log.request(old, size))
            except WitnessRefusedError:
                continue
        signed = [found.head for found in store.all_signed()]
        assert [head.size for head in signed] == sorted({head.size for head in signed})
        last = signed[-1] if signed else None
        histories = [log for log in logs if last is not None and log.head(last.size).root == last.root]
        assert last is None or any(
            all(log.head(head.size).root == head.root for head in signed) for log in histories
        )


def test_every_flipped_byte_of_a_request_is_refused(store: WitnessStore) -> None:
    log = PaperLog().grown(13)
    add(store, log.request(0, 6))
    body = log.request(6)
    for place in range(len(body)):
        changed = bytes([*body[:place], body[place] ^ 1, *body[place + 1 :]])
        with pytest.raises(WitnessRefusedError):
            add(store, changed)
    assert store.last(ORIGIN).head.size == 6
    assert add(store, body)


@given(st.binary(max_size=400))
def test_no_bytes_get_through(data: bytes) -> None:
    for parse in (parse_add_checkpoint, LeftEntry.parse):
        with pytest.raises(WitnessRefusedError):
            parse(data)


# -- keys, epochs ----------------------------------------------------------------------------------


def test_one_key_for_each_log(store: WitnessStore) -> None:
    assert not store.trust(PaperLog().signer.key, at=NOW)
    with pytest.raises(StationKeyMismatchError):
        store.trust(OTHER.key, at=NOW)
    with pytest.raises(StationPinReplaceError):
        store.trust(OTHER.key, at=NOW, replace=OTHER.key.fingerprint)
    assert not store.trust(PaperLog().signer.key, at=NOW)


def test_a_stolen_key_is_replaced_by_hand(store: WitnessStore) -> None:
    log = PaperLog().grown(9)
    add(store, log.request(0, 5))
    assert store.trust(OTHER.key, at=NOW, replace=log.signer.key.fingerprint)
    assert not store.trust(OTHER.key, at=NOW, replace=log.signer.key.fingerprint)
    assert refused(store, log.request(5, 8)) == (403, "signature")
    add(store, log.request(5, 8, signer=OTHER))
    assert [(row.after, row.how) for row in store.key_rows(log.origin)] == [(-1, "pinned"), (5, "pinned")]


def rotation(log: PaperLog, new: Signer, **changes: object) -> bytes:
    fields = {
        "kind": "key",
        "event": "station-key-rotated",
        "origin": log.origin,
        "seq": len(log.bodies),
        "vkey": new.key.encode(),
        **changes,
    }
    return json.dumps(fields).encode()


def test_a_rotation_is_believed_from_the_next_size_on(store: WitnessStore) -> None:
    log = PaperLog().grown(5)
    log.add(rotation(log, OTHER)).grown(9)
    assert refused(store, log.request(0, 6, signer=OTHER)) == (403, "signature")
    add(store, log.request(0, 5))
    with pytest.raises(WitnessRefusedError, match="not-cosigned"):
        store.keep(log.left(5, 6), at=NOW)
    add(store, log.request(5, 6))
    assert store.keep(log.left(5, 6), at=NOW) == "key"
    assert store.keep(log.left(5, 6), at=NOW) == "key"
    assert refused(store, log.request(6, 9)) == (403, "signature")
    assert add(store, log.request(6, 9, signer=OTHER))
    assert store.keep(log.left(5, 6), at=NOW) == "key"  # told again, later
    assert [row.how for row in store.key_rows(ORIGIN)] == ["pinned", "rotated"]
    assert [entry.seq for entry in store.left(ORIGIN)] == [5]


def test_a_rotation_of_long_ago_is_not_made_up_later(store: WitnessStore) -> None:
    log = PaperLog().grown(5)
    log.add(rotation(log, OTHER)).grown(9)
    add(store, log.request(0, 6))
    add(store, log.request(6, 8))  # the old key signed on: no rotation happened in this witness's eyes
    with pytest.raises(WitnessRefusedError, match="not-the-head"):
        store.keep(log.left(5, 6), at=NOW)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"vkey": "x"}, "vkey"),
        ({"vkey": "\ud800+00000000+AA=="}, "vkey"),
        ({"vkey": Signer("proctor.real/00000000", bytes(32)).key.encode()}, "vkey"),
        ({"event": "user-added"}, "kind"),
        ({"kind": "attempt"}, "kind"),
        ({"origin": "proctor.real/00000000"}, "origin"),
        ({"seq": 4}, "entry"),
    ],
)
def test_what_is_no_rotation(store: WitnessStore, changes: dict[str, object], why: str) -> None:
    log = PaperLog().grown(5)
    log.add(rotation(log, OTHER, **changes))
    add(store, log.request(0))
    with pytest.raises(WitnessRefusedError, match=why):
        store.keep(log.left(5), at=NOW)


def epoch(number: int, log: PaperLog, kept: int, size: int) -> PaperLog:
    """A later epoch of a log: its first `kept` entries, and others up to a size."""
    other = PaperLog(origin=f"{ORIGIN}/{number}", salt=f"epoch {number}")
    for body in log.bodies[:kept]:
        other.add(body)
    return other.grown(size)


def noticed(store: WitnessStore) -> list[tuple[str, bool, int, int]]:
    return [(notice.kind, notice.alarm, notice.size, notice.known) for notice in store.notices()]


def test_an_epoch_that_continues_needs_no_pin_and_is_told(store: WitnessStore) -> None:
    log = PaperLog().grown(7)
    add(store, log.request(0))
    second = epoch(2, log, 7, 9)
    assert add(store, second.request(7, 8))
    assert noticed(store) == [("epoch", False, 8, 7)]
    assert add(store, second.request(8, 9))
    assert refused(store, log.grown(8).request(7)) == (403, "old-epoch")
    assert [notice.kind for notice in store.notices() if notice.alarm] == ["old-epoch"]


def test_an_epoch_with_fewer_entries_goes_on_under_an_alarm_that_stays(store: WitnessStore) -> None:
    log = PaperLog().grown(12)
    add(store, log.request(0))
    second = epoch(2, log, 5, 20)
    with pytest.raises(WitnessRefusedError) as caught:
        add(store, second.request(6, 6))
    assert caught.value.facts == {"status": 409, "why": "old-size", "size": 0}
    assert add(store, second.request(0, 6))
    assert add(store, second.request(6, 20))
    (notice,) = store.notices()
    assert (notice.kind, notice.alarm, notice.size, notice.known) == ("epoch-behind", True, 6, 12)
    assert notice.missing == 6


def test_an_epoch_that_is_not_shown_to_continue_is_an_alarm(store: WitnessStore) -> None:
    log = PaperLog().grown(7)
    add(store, log.request(0))
    other = epoch(2, log, 4, 9)  # entries were lost, and grown over
    assert refused(store, other.request(7, 9)) == (422, "epoch-proof")
    assert refused(store, other.request(9, 9)) == (409, "old-size")
    assert refused(store, other.request(10, 9)) == (400, "old-larger")
    assert store.notices() == ()
    assert add(store, other.request(0, 9))
    assert noticed(store) == [("epoch-unproven", True, 9, 7)]


def test_an_epoch_of_the_same_size_is_the_same_tree_or_an_alarm(store: WitnessStore) -> None:
    log = PaperLog().grown(7)
    add(store, log.request(0))
    assert refused(store, epoch(2, log, 3, 7).request(7, 7)) == (422, "epoch-proof")
    assert add(store, epoch(2, log, 7, 7).request(7, 7))
    assert noticed(store) == [("epoch", False, 7, 7)]


def test_only_the_next_epoch_is_taken(store: WitnessStore) -> None:
    log = PaperLog().grown(12)
    add(store, log.request(0))
    assert refused(store, epoch(999_999, log, 0, 1).request(0)) == (403, "epoch-skipped")
    assert refused(store, epoch(3, log, 12, 14).request(12)) == (403, "epoch-skipped")
    assert [(row[0], row[1]) for row in noticed(store)] == [("epoch-skipped", False)] * 2
    assert add(store, log.grown(13).request(12))  # the log itself goes on
    second = epoch(2, log, 13, 14)
    assert add(store, second.request(13))
    assert add(store, epoch(3, second, 14, 15).request(14))


def test_of_a_station_never_seen_any_epoch_is_taken(store: WitnessStore) -> None:
    assert add(store, epoch(5, PaperLog(), 0, 3).request(0))
    assert noticed(store) == [("epoch-first", False, 3, 0)]
    assert refused(store, epoch(7, PaperLog(), 0, 3).request(0)) == (403, "epoch-skipped")
    assert refused(store, PaperLog().grown(9).request(0)) == (403, "old-epoch")


def test_a_keeper_may_pin_an_epoch_that_is_not_the_next(store: WitnessStore) -> None:
    log = PaperLog().grown(6)
    add(store, log.request(0))
    fourth = epoch(4, log, 3, 5)
    assert refused(store, fourth.request(0)) == (403, "epoch-skipped")
    store.trust(fourth.signer.key, at=NOW)
    assert add(store, fourth.request(0))
    assert ("epoch-behind", True, 5, 6) in noticed(store)


def test_an_epoch_with_another_key_needs_a_pin(store: WitnessStore) -> None:
    second = PaperLog(origin=f"{ORIGIN}/2", seed=bytes([9]) * 32).grown(3)
    assert refused(store, second.request(0)) == (403, "signature")
    store.trust(second.signer.key, at=NOW)
    assert add(store, second.request(0))


def test_an_epoch_after_a_rotation_is_vouched_for_by_the_new_key_only(store: WitnessStore) -> None:
    log = PaperLog().grown(2)
    log.add(rotation(log, OTHER))
    add(store, log.request(0))
    store.keep(log.left(2), at=NOW)
    second = PaperLog(origin=f"{ORIGIN}/2").grown(4)
    assert refused(store, second.request(0)) == (403, "signature")
    renamed = Signer(second.origin, bytes([7]) * 32)
    assert add(store, second.request(0, signer=renamed))
    third = Signer(second.origin, bytes([8]) * 32)
    second.add(rotation(second, third))
    add(store, second.request(4, signer=renamed))
    assert store.keep(second.left(4, signer=renamed), at=NOW) == "key"
    assert add(store, second.grown(6).request(5, signer=third))


# -- entries ---------------------------------------------------------------------------------------


def shred(log: PaperLog) -> bytes:
    return json.dumps({"kind": "shred", "origin": log.origin, "seq": len(log.bodies), "scope": "x"}).encode()


def test_shreds_are_kept_for_a_restore(store: WitnessStore) -> None:
    log = PaperLog().grown(3)
    log.add(shred(log)).grown(5)
    log.add(shred(log)).grown(8)
    with pytest.raises(WitnessRefusedError, match="not-cosigned"):
        store.keep(log.left(3), at=NOW)
    add(store, log.request(0))
    for seq in (5, 3, 3):
        assert store.keep(log.left(seq), at=NOW) == "shred"
    kept = store.left(ORIGIN)
    assert [entry.seq for entry in kept] == [3, 5]
    assert [entry.seq for entry in store.left(ORIGIN, after=3)] == [5]
    assert store.left("proctor.real/00000000") == ()
    for entry in kept:
        again = LeftEntry.of_row(json.loads(json.dumps(entry.as_row())))
        assert again == entry
        assert again.verify(log.signer.key)["scope"] == "x"
        assert LeftEntry.parse(entry.encode().encode()) == entry


def test_every_flipped_byte_of_a_left_entry_is_refused(store: WitnessStore) -> None:
    log = PaperLog().grown(3)
    log.add(shred(log)).grown(6)
    add(store, log.request(0))
    body = log.left(3).encode().encode()
    for place in range(len(body)):
        changed = bytes([*body[:place], body[place] ^ 1, *body[place + 1 :]])
        with pytest.raises(WitnessRefusedError):
            store.keep(LeftEntry.parse(changed), at=NOW)
    assert store.left(ORIGIN) == ()


def test_pages_do_not_lose_entries_of_two_epochs(
    store: WitnessStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sessions.witness_store.PAGE", 3)
    logs = [PaperLog(), PaperLog(origin=f"{ORIGIN}/2")]
    for log in logs:
        for _ in range(4):
            log.add(shred(log))
        add(store, log.request(0))
        for seq in range(4):
            store.keep(log.left(seq), at=NOW)
    found, after = [], -1
    while page := store.left(ORIGIN, after=after):
        found += [entry.seq for entry in page]
        after = page[-1].seq
    assert found == [0, 0, 1, 1, 2, 2, 3, 3]


@pytest.mark.parametrize(
    "row",
    [
        None,
        [],
        {},
        {"seq": True, "body": "", "proof": [], "note": ""},
        {"seq": -1, "body": "AA==", "proof": [], "note": ""},
        {"seq": 0, "body": 5, "proof": [], "note": ""},
        {"seq": 0, "body": "AA==", "proof": [5], "note": ""},
        {"seq": 0, "body": "AA==", "proof": ["AA=="], "note": ""},
        {"seq": 0, "body": "AA==", "proof": ["A" * 43 + "="] * 64, "note": ""},
    ],
)
def test_no_row(row: object) -> None:
    with pytest.raises(NoteFormatError):
        LeftEntry.of_row(row)


def test_an_entry_under_another_key_or_place_is_refused() -> None:
    log = PaperLog().grown(5)
    left = log.left(2)
    with pytest.raises(SessionsError):
        left.verify(OTHER.key)
    moved = LeftEntry(seq=3, body=left.body, proof=left.proof, note=left.note)
    with pytest.raises(ProofError):
        moved.verify(log.signer.key)


def test_growth_is_judged_without_a_store() -> None:
    log = PaperLog().grown(4)
    request = parse_add_checkpoint(log.request(0))
    assert require_growth(request, None) == log.head()
    assert request.encode().encode() == log.request(0)
    assert log.head().root != merkle.EMPTY_ROOT


def test_ml_dsa_lines_are_kept_as_well(store: WitnessStore) -> None:
    signer = Cosigner(NAME, bytes(32), Kind.ML_DSA_44)
    log = PaperLog().grown(2)
    line = store.cosign(parse_add_checkpoint(log.request(0)), signer, at=NOW).line
    assert verify_line(line, log.head().text, signer.key).at == NOW
    assert store.last(ORIGIN).line == line
