"""One session at several stations: divided, joined, handed over, merged; nobody lost, nobody twice."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from sessions.closing import close_session
from sessions.course.allocation import allocate, groups_of, places_of
from sessions.course.board import Board
from sessions.course.day_errors import (
    MergeOpenError,
    MergeOtherError,
    MergePackError,
    MergeTwiceError,
    NotMergedError,
    NotSplitError,
    PartClosesError,
    PartExistsError,
    PartFileError,
    PartMainError,
    PartSecretError,
    SplitAgainError,
    SplitCountError,
    SplitEmptyError,
    SplitHoleError,
    SplitLateError,
    SplitOverlapError,
    SplitRangeError,
    SplitRoomError,
)
from sessions.course.entries import session_entries
from sessions.course.errors import OtherPartError
from sessions.course.merge import merge_parts, read_pack, require_merged
from sessions.course.part_file import join_part, make_part, needs_passphrase, open_part, seal_part
from sessions.course.parts import (
    by_list,
    by_ranges,
    by_rooms,
    evenly,
    own_seats,
    require_own_part,
    split_session,
)
from sessions.course.states import State
from sessions.errors import StationKeyMismatchError, UnknownStationError
from sessions.pins import StationPins
from sessions.record import Verdict
from sessions.roster.csv_roster import read_roster
from sessions.session import load_session
from sessions.slots import Argon2
from tests.support.packs import open_session, roster_of
from tests.support.parts import Shared
from tests.support.sessions_station import OPERATOR, Bench

SEATS = read_roster(roster_of(6)).rows
ROOMED = tuple(replace(seat, room=f"P{1 + at // 2}") for at, seat in enumerate(SEATS))
CHEAP = Argon2(passes=1, memory_kib=64, lanes=1)


@pytest.fixture
def two(tmp_path: Path) -> Shared:
    return Shared.divided(tmp_path, "001-003,004-006")


# -- dividing ------------------------------------------------------------------------------------------


def test_ranges_count_numbers_and_join_with_a_plus() -> None:
    parts = by_ranges(SEATS, "1-2+6-6, 003..005", 2).parts
    assert parts == {1: ("001", "002", "006"), 2: ("003", "004", "005")}


@pytest.mark.parametrize(
    ("text", "error", "facts"),
    [
        ("001-003,005-006", SplitHoleError, {"sbd": "004", "count": 1}),
        ("001-003,003-006", SplitOverlapError, {"sbd": "003"}),
        ("001-006,007-009", SplitEmptyError, {"part": 2}),
        ("001-006", SplitCountError, {}),
        ("001-003,006-004", SplitRangeError, {}),
        ("001-003,", SplitRangeError, {}),
        ("x-y,004-006", SplitRangeError, {}),
    ],
)
def test_a_division_that_loses_or_doubles_somebody_is_refused(
    text: str, error: type[Exception], facts: dict[str, object]
) -> None:
    with pytest.raises(error) as found:
        by_ranges(SEATS, text)
    assert facts.items() <= getattr(found.value, "facts").items()  # noqa: B009


def test_a_division_has_as_many_parts_as_were_asked_for() -> None:
    with pytest.raises(SplitCountError):
        by_ranges(SEATS, "001-003,004-006", 3)


def test_rooms_belong_to_one_part_each() -> None:
    assert by_rooms(ROOMED, "P1,P2:P3").parts == {1: ("001", "002", "003", "004"), 2: ("005", "006")}
    for text in ("P1:P9", "P1,P1:P2,P3"):
        with pytest.raises(SplitRoomError):
            by_rooms(ROOMED, text)
    with pytest.raises(SplitHoleError) as found:
        by_rooms(ROOMED, "P1:P2")
    assert found.value.facts["sbd"] == "005"


def test_even_parts_differ_by_one_at_most_and_keep_the_lists_order() -> None:
    parts = evenly(SEATS, 4).parts
    assert [len(sbds) for sbds in parts.values()] == [2, 2, 1, 1]
    assert [sbd for sbds in parts.values() for sbd in sbds] == [seat.sbd for seat in SEATS]


def test_the_lists_own_column_divides() -> None:
    seats = [replace(seat, part="bàn 2" if at % 2 else "bàn 1") for at, seat in enumerate(SEATS)]
    assert by_list(seats).parts == {1: ("001", "003", "005"), 2: ("002", "004", "006")}
    with pytest.raises(SplitHoleError):
        by_list([*seats[:5], SEATS[5]])


def test_nobody_is_divided_after_somebody_came_or_twice(two: Shared, tmp_path: Path) -> None:
    with pytest.raises(SplitAgainError):
        split_session(two.stores[0], two.main, evenly(two.main.seats, 2), operator=OPERATOR)
    with Bench(tmp_path / "late" / "station.db").made().create() as store:
        session = open_session(store)
        alone = Shared([], [store], [session])
        alone.attend(1, "001")
        with pytest.raises(SplitLateError):
            split_session(store, session, evenly(session.seats, 2), operator=OPERATOR)


# -- joining -------------------------------------------------------------------------------------------


def test_the_other_station_has_the_same_list_rules_and_id(two: Shared) -> None:
    main, other = two.sessions
    assert other.session_id == f"{main.session_id}-p2"
    assert (other.roster_hash, other.rules_sha256) == (main.roster_hash, main.rules_sha256)
    assert [seat.full_name for seat in other.seats] == [seat.full_name for seat in main.seats]
    assert [seat.sbd for seat in own_seats(main)] == ["001", "002", "003"]
    assert [seat.sbd for seat in own_seats(other)] == ["004", "005", "006"]


def test_a_candidate_of_another_part_is_sent_there(two: Shared) -> None:
    for session, theirs, number in ((two.main, "005", "2"), (two.sessions[1], "001", "1")):
        seat = next(seat for seat in session.seats if seat.sbd == theirs)
        with pytest.raises(OtherPartError) as found:
            require_own_part(session, seat)
        assert found.value.facts == {"part": number}


def test_a_part_is_joined_once_and_not_at_the_station_that_made_it(two: Shared) -> None:
    file = open_part(seal_part(two.signed(2), None), None, two.benches[0].pins)
    for store in two.stores:
        with pytest.raises(PartExistsError):
            join_part(store, file, operator=OPERATOR)


def test_a_join_that_was_cut_short_is_finished_and_lets_nobody_in_before(two: Shared, tmp_path: Path) -> None:
    file = open_part(seal_part(two.signed(2), None), None, two.benches[0].pins)
    with Bench(tmp_path / "cut" / "station.db", origin="proctor.training/99999999").made().create() as store:
        body = {"session": file.session_id, **file.body, "part": file.part.as_body()}
        store.append("open", body, {"roster": file.roster, "rules": file.rules}, operator=OPERATOR)
        cut = Board(store, two.sessions[1]).session
        with pytest.raises(OtherPartError):
            require_own_part(replace(cut, seats=cut.seats), replace(cut.seats[4], part=""))
        again = join_part(store, file, operator=OPERATOR)
        assert [seat.sbd for seat in own_seats(again)] == ["004", "005", "006"]


def test_a_part_file_opens_with_its_passphrase_and_the_stations_key_only(two: Shared) -> None:
    data = seal_part(two.signed(2), "câu mật khẩu mẫu", cost=CHEAP)
    pins = two.benches[0].pins
    assert needs_passphrase(data)
    assert open_part(data, "câu mật khẩu mẫu", pins).part.number == 2
    assert b"NGUY" not in data
    with pytest.raises(PartSecretError):
        open_part(data, "câu mật khẩu khác", pins)
    with pytest.raises(UnknownStationError):
        open_part(data, "câu mật khẩu mẫu", StationPins())
    with pytest.raises(StationKeyMismatchError):
        open_part(data, "câu mật khẩu mẫu", StationPins.of_fingerprint("ab" * 32))


def test_whatever_is_done_to_a_part_file_is_a_coded_error(two: Shared) -> None:
    pins, signed = two.benches[0].pins, two.signed(2)
    fields = json.loads(signed[64:])
    for wrong in (b"", b"{}", b"\xff", b'{"form":"proctor part 1","kdf":"none"}', b"[" * 5000):
        with pytest.raises(PartFileError):
            open_part(wrong, None, pins)
    for at in (3, 70, len(signed) // 2, len(signed) - 2):
        with pytest.raises(PartFileError):
            open_part(seal_part(signed[:at] + bytes([signed[at] ^ 1]) + signed[at + 1 :], None), None, pins)
    signer = two.benches[0].bundle.signer(two.benches[0].origin)
    from sessions import codec
    from sessions.course.part_file import _message

    for name, value in {
        "number": 9,
        "roster_hash": "00" * 32,
        "parts": {"1": ["001"], "2": ["002"]},
        "candidates": 7,
        "components": ["nothing"],
        "day": "hôm nay",
        "carried": [{"kind": "prior", "body": {"origin": "x"}}],
        "rules_sha256": "00" * 32,
    }.items():
        data = codec.encode({**fields, name: value}, limit=10**8)
        with pytest.raises(PartFileError):
            open_part(seal_part(signer.sign(_message(data)) + data, None), None, pins)


# -- merging -------------------------------------------------------------------------------------------


def test_parts_become_one_session_with_absences_and_totals(two: Shared, tmp_path: Path) -> None:
    two.attend(1, "001")
    two.attend(2, "004")
    two.attend(2, "001", Verdict.REFER, ("other-part",))
    with pytest.raises(NotMergedError) as missing:
        close_session(two.stores[0], two.main, operator=OPERATOR)
    assert missing.value.facts["parts"] == "2"
    with pytest.raises(PartClosesError):
        close_session(two.stores[1], two.sessions[1], operator=OPERATOR)
    merged = merge_parts(two.stores[0], two.main, [two.pack(2, tmp_path)], operator=OPERATOR)
    assert (merged.clean, merged.missing) == (True, ())
    part = two.stores[1].entries("close")[0].body
    assert (part["candidates"], part["admitted"], part["not_seen"]) == (3, 1, 2)
    assert "absent" not in part
    assert part["part"]["number"] == 2
    close_session(two.stores[0], two.main, operator=OPERATOR)
    closed = two.stores[0].entries("close")[0].body
    assert (closed["candidates"], closed["admitted"], closed["absent"]) == (6, 2, 4)
    board = Board(two.stores[0], two.main)
    assert board.closed
    assert board.standing("004").state is State.ADMITTED
    assert board.standing("004").part == 2
    assert board.standing("005").state is State.ABSENT
    for bench, store in zip(two.benches, two.stores, strict=True):
        store.close()
        report = bench.verify()
        assert report.ok, report


def test_double_check_ins_and_conflicts_are_named_in_the_entry(two: Shared, tmp_path: Path) -> None:
    two.attend(1, "001")
    two.attend(2, "001")
    two.attend(1, "002", Verdict.REFUSE, ("face-mismatch",))
    two.attend(2, "002", Verdict.REFER, ("face-grey",))
    store, session = two.stores[0], two.main
    merged = merge_parts(store, session, [two.pack(2, tmp_path)], operator=OPERATOR)
    assert not merged.clean
    body = store.entries("merge")[0].body
    assert [(row["sbd"], row["why"], row["parts"]) for row in body["double"]] == [
        ("001", "twice", [1, 2]),
        ("001", "other-part", [2]),
    ]
    assert body["conflicts"] == [
        {
            "sbd": "002",
            "component": "theory",
            "what": "verdict",
            "parts": [1, 2],
            "values": ["REFUSE", "REFER"],
        },
        *(
            {
                "sbd": sbd,
                "component": "theory",
                "what": "other-part",
                "parts": [1, 2],
                "values": [f"attempt {seq}"] * 2,
            }
            for sbd, seq in (("001", 4), ("002", 6))
        ),
    ]
    assert body["part_origin"] == two.benches[1].origin
    lines = store.evidence(store.entries("merge")[0].seq, "part").splitlines()
    assert len(lines) == body["entries"]
    with pytest.raises(MergeTwiceError):
        merge_parts(
            store, session, [read_pack(next(tmp_path.glob("*.pack")), two.benches[1].pins)], operator=OPERATOR
        )


def test_the_order_of_the_packs_changes_nothing(tmp_path: Path) -> None:
    bodies = []
    for order in ((2, 3), (3, 2)):
        folder = tmp_path / str(order[0])
        folder.mkdir()
        shared = Shared.divided(folder, "001-002,003-004,005-006")
        for station, sbd in ((1, "001"), (2, "003"), (3, "003"), (2, "005"), (3, "005"), (2, "001")):
            shared.attend(station, sbd)
        packs = {number: shared.pack(number, folder) for number in (2, 3)}
        merge_parts(shared.stores[0], shared.main, [packs[number] for number in order], operator=OPERATOR)
        entries = shared.stores[0].entries("merge")
        bodies.append([(each.body["part"], each.body["double"], each.body["conflicts"]) for each in entries])
        assert require_merged(shared.main, session_entries(shared.stores[0], shared.main.session_id))
    assert bodies[0] == bodies[1]
    assert [part for part, _, _ in bodies[0]] == [2, 3]


def test_only_this_sessions_parts_handed_over_and_verified_are_taken(two: Shared, tmp_path: Path) -> None:
    store, session = two.stores[0], two.main
    two.attend(2, "004")
    early = two.handed_over(2, tmp_path, close=False)
    pins = two.benches[1].pins
    with pytest.raises(MergeOpenError):
        merge_parts(store, session, [read_pack(early, pins)], operator=OPERATOR)
    pack = two.pack(2, tmp_path)
    for changed, why in (
        ({"rules_sha256": "00" * 32}, "rules"),
        ({"roster_hash": "00" * 32}, "roster"),
        ({"part": {"number": 2, "of": 3, "group": session.session_id}}, "parts"),
        ({"part": {"number": 2, "of": 2, "group": "HL-20200101-01"}}, "session"),
        ({"root_kind": "real"}, "kind"),
    ):
        wrong = replace(pack, opened={**pack.opened, **changed})
        with pytest.raises(MergeOtherError) as found:
            merge_parts(store, session, [wrong], operator=OPERATOR)
        assert found.value.facts["why"] == why
    with pytest.raises(MergeTwiceError):
        merge_parts(store, session, [pack, pack], operator=OPERATOR)
    with pytest.raises(PartMainError):
        merge_parts(two.stores[1], two.sessions[1], [pack], operator=OPERATOR)
    path = tmp_path / f"{two.sessions[1].session_id}.pack"
    with pytest.raises(UnknownStationError):
        read_pack(path, StationPins())
    data = bytearray(path.read_bytes())
    data[-40] ^= 1
    path.write_bytes(data)
    with pytest.raises(MergePackError):
        read_pack(path, pins)
    assert not store.entries("merge")


def test_a_part_to_which_nobody_came_is_taken_over_too(two: Shared, tmp_path: Path) -> None:
    two.attend(1, "001")
    merged = merge_parts(two.stores[0], two.main, [two.pack(2, tmp_path)], operator=OPERATOR)
    assert merged.clean
    close_session(two.stores[0], two.main, operator=OPERATOR)
    assert two.stores[0].entries("close")[0].body["absent"] == 5


def test_what_was_decided_before_the_division_goes_with_it_and_comes_back_once(tmp_path: Path) -> None:
    with Bench(tmp_path / "a" / "station.db").made().create() as store:
        session = open_session(store, roster_of(4))
        found = allocate(groups_of(session.seats, "theory"), ["P1"], 24, seed=bytes(32))
        body = {"session": session.session_id, "component": "theory", **found.as_body()}
        store.append("allocation", body, operator=OPERATOR)
        split_session(store, session, evenly(session.seats, 2), operator=OPERATOR)
        main = load_session(store, session.session_id)
        bench = Bench(tmp_path / "b" / "station.db", origin="proctor.training/1b2c3d4e").made()
        signer = Bench(tmp_path).bundle.signer("proctor.training/0a1b2c3d")
        file = open_part(
            seal_part(make_part(store, main, 2, signer=signer), None),
            None,
            StationPins().add(signer.key.encode()),
        )
        with bench.create() as other:
            part = join_part(other, file, operator=OPERATOR)
            assert places_of(session_entries(other, part.session_id), "theory") == found.places
            shared = Shared([bench, bench], [store, other], [main, part])
            shared.attend(2, "003")
            merge_parts(store, main, [shared.pack(2, tmp_path)], operator=OPERATOR)
        assert [entry.kind for entry in session_entries(store, main.session_id)].count("allocation") == 1


def test_a_session_that_was_not_divided_has_nothing_to_merge(tmp_path: Path) -> None:
    with Bench(tmp_path / "one" / "station.db").made().create() as store:
        session = open_session(store)
        with pytest.raises(NotSplitError):
            merge_parts(store, session, [], operator=OPERATOR)
        assert require_merged(session, ()) is session
