"""A session's day: self-test, start, pause, resume, calls, health, scans, the close; and what verification finds."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from sessions.closing import close_session
from sessions.course.allocation import ROOMS, allocate, groups_of, places_of
from sessions.course.board import Board
from sessions.course.calls import (
    call_list,
    commit_call,
    commit_end,
    commit_start,
    require_in_time,
    starts_at,
)
from sessions.course.day import (
    WithoutTest,
    outcome_of,
    pause_session,
    record_self_test,
    require_not_paused,
    require_started,
    resume_session,
    start_session,
    where_we_were,
)
from sessions.course.day_errors import (
    AlreadyPausedError,
    AlreadyStartedError,
    ComponentEndedError,
    RosterHashDiffersError,
    SelfTestExceptionError,
    SelfTestNeededError,
)
from sessions.course.draw import make_draw
from sessions.course.entries import session_entries
from sessions.course.errors import LateError, SessionNotStartedError, SessionPausedError
from sessions.course.health import health_warnings, scans
from sessions.course.reconcile import totals, unsettled
from sessions.errors import SessionClosedError
from sessions.key_slots import KeySlots
from sessions.log_file import opened
from sessions.record import Operator, Second, Verdict
from sessions.roster.csv_roster import read_roster
from sessions.rows_export import export_rows
from sessions.rules import load_rules
from sessions.session import Session
from sessions.store import Store
from sessions.vietnam import VIETNAM
from tests import second_verifier
from tests.support.packs import open_session, roster_of
from tests.support.parts import Shared
from tests.support.sessions_station import OPERATOR, START, Bench

GOOD = {"readers": {"ok": 1, "needed": 1}, "backup": {"ok": 0, "needed": 0}}
BAD = {"readers": {"ok": 0, "needed": 1}}
SECOND = Second(user_id="ct01", role="chairman", proof="training")
RULES = load_rules("written-exam")


class Day:
    """A station with one session of six candidates."""

    def __init__(self, folder: Path) -> None:
        self.bench = Bench(folder / "station.db").made()
        self.store: Store = self.bench.create()
        self.session: Session = open_session(self.store, roster_of(6))
        self.shared = Shared([self.bench], [self.store], [self.session])

    @property
    def as_real(self) -> Session:
        """The session as a real one, whose rules need a start."""
        return replace(
            self.session, kind="real", rules=replace(self.session.rules, session_start_required=True)
        )

    def entries(self) -> Any:
        return session_entries(self.store, self.session.session_id)

    def verified(self) -> Any:
        """The log's report, and that the second verifier, written from the text, says the same."""
        self.store.close()
        report = self.bench.verify(now=START + timedelta(hours=1))
        slots = KeySlots(self.bench.path.parent / "keys" / "evidence.slots", None)
        with opened(self.bench.path, self.bench.bundle.database_key) as connection:
            lines = list(export_rows(connection, slots))
        second = second_verifier.verify(lines, pins=[key.encode() for key in self.bench.pins.keys])
        bad = report.first_bad
        assert (second["code"], second["first_bad"]) == (report.code, None if bad is None else bad.seq), (
            second
        )
        return report


@pytest.fixture
def day(tmp_path: Path) -> Iterator[Day]:
    found = Day(tmp_path)
    yield found
    found.store.close()


# -- start ---------------------------------------------------------------------------------------------


def test_a_session_starts_with_a_self_test_of_the_day_only(day: Day) -> None:
    session, store = day.as_real, day.store
    now = START + timedelta(minutes=5)
    with pytest.raises(SessionNotStartedError):
        require_started(store, session)
    with pytest.raises(SelfTestNeededError) as none:
        start_session(store, session, operator=OPERATOR, now=now)
    assert none.value.facts["why"] == "none"
    record_self_test(store, BAD, note=b"", session=None, operator=OPERATOR)
    with pytest.raises(SelfTestNeededError) as failed:
        start_session(store, session, operator=OPERATOR, now=now)
    assert failed.value.facts["why"] == "failed"
    test = record_self_test(store, GOOD, note="đầu đọc".encode(), session=None, operator=OPERATOR)
    with pytest.raises(SelfTestNeededError):
        start_session(store, session, operator=OPERATOR, now=now + timedelta(hours=13))
    with pytest.raises(RosterHashDiffersError):
        start_session(store, session, operator=OPERATOR, now=now, roster_hash="ab" * 8)
    typed = " ".join(session.roster_hash[at : at + 4].upper() for at in range(0, 16, 4))
    receipt = start_session(store, session, operator=OPERATOR, now=now, roster_hash=typed)
    body = store.entry(receipt.seq).body
    assert (body["self_test"], body["roster_hash"]) == (test.seq, session.roster_hash)
    assert body["notice"] == session.rules.notice_version
    assert require_started(store, session) is session
    with pytest.raises(AlreadyStartedError):
        start_session(store, session, operator=OPERATOR, now=now)
    assert day.verified().ok


def test_a_self_test_of_another_session_does_not_count(day: Day) -> None:
    record_self_test(day.store, GOOD, note=b"", session="HL-20261122-09", operator=OPERATOR)
    with pytest.raises(SelfTestNeededError):
        start_session(day.store, day.as_real, operator=OPERATOR, now=START)


def test_starting_without_a_self_test_takes_words_and_two_persons(day: Day) -> None:
    for reason in ("", "  "):
        exception = WithoutTest(reason=reason, second=SECOND)
        with pytest.raises(SelfTestExceptionError):
            start_session(day.store, day.as_real, operator=OPERATOR, now=START, exception=exception)
    exception = WithoutTest(reason="máy quay đang thay", second=SECOND)
    receipt = start_session(day.store, day.as_real, operator=OPERATOR, now=START, exception=exception)
    body = day.store.entry(receipt.seq).body
    assert "self_test" not in body
    assert (body["exception"], body["second"]["id"]) == ("no-self-test", "ct01")
    assert "máy quay" not in str(body)


def test_outcomes_of_a_self_test() -> None:
    assert [outcome_of(checks) for checks in (GOOD, BAD, {"readers": {"ok": 1, "needed": 1}})] == [
        "partly",
        "failed",
        "passed",
    ]


def test_training_needs_no_start(day: Day) -> None:
    assert require_started(day.store, day.session) is day.session
    start_session(day.store, day.session, operator=OPERATOR, now=START)


# -- pause and resume ----------------------------------------------------------------------------------


def test_nobody_is_checked_in_while_a_session_is_paused(day: Day) -> None:
    pause_session(day.store, day.session, operator=OPERATOR, reason="mất điện ở xã")
    entry = day.store.entries("pause")[0]
    assert entry.body["reason"] == "other"
    assert day.store.evidence(entry.seq, "note").decode() == "mất điện ở xã"
    with pytest.raises(SessionPausedError):
        require_not_paused(day.store, day.session)
    with pytest.raises(AlreadyPausedError):
        pause_session(day.store, day.session, operator=OPERATOR, reason="break")
    stood, receipt = resume_session(day.store, day.session, operator=OPERATOR)
    assert receipt is not None
    assert day.store.entry(receipt.seq).body["after"] == "pause"
    assert stood.state.paused is not None
    assert require_not_paused(day.store, day.session) is day.session
    assert resume_session(day.store, day.session, operator=OPERATOR)[1] is None


def test_after_a_crash_the_log_says_who_was_at_the_desk(day: Day) -> None:
    start_session(day.store, day.session, operator=OPERATOR, now=START)
    day.shared.attend(1, "001")
    session_id = day.session.session_id
    day.store.begin_attempt("cut-short", session=session_id, component="theory", operator=OPERATOR)
    day.store.close()
    day.store = day.bench.open()
    stood = where_we_were(day.store, day.session)
    assert (stood.last_sbd, stood.at, stood.last_verdict) == ("001", "001", "ADMIT")
    assert [each.attempt for each in stood.interrupted] == ["cut-short"]
    assert stood.broken
    _, receipt = resume_session(day.store, day.session, operator=OPERATOR)
    assert receipt is not None
    assert day.store.entry(receipt.seq).body["after"] == "interruption"
    assert not where_we_were(day.store, day.session).interrupted
    assert day.verified().ok


def test_another_boot_is_an_interruption_too(day: Day) -> None:
    start_session(day.store, day.session, operator=OPERATOR, now=START)
    entries = day.store.entries(session=day.session.session_id)
    later = replace(entries[-1], body={**entries[-1].body, "boot_id": "x", "kind": "attempt"})
    from sessions.course.day import _rebooted

    assert not _rebooted(entries, entries[-1].seq)
    assert _rebooted([*entries, replace(later, seq=later.seq + 1)], entries[-1].seq)


# -- calling -------------------------------------------------------------------------------------------


def test_calls_go_down_the_list_and_by_seat_within_a_room(day: Day) -> None:
    session, store = day.session, day.store
    first = call_list(session, day.entries(), "theory", {}, limit=2)
    assert [each.seat.sbd for each in first] == ["001", "002"]
    commit_call(store, session, "theory", ["001", "002"], room="", operator=OPERATOR)
    rest = call_list(session, day.entries(), "theory", {}, seen=["003"], limit=2)
    assert [each.seat.sbd for each in rest] == ["004", "005"]
    found = allocate(groups_of(session.seats, "theory"), ["P1", "P2"], 3, seed=bytes(32), method=ROOMS)
    body = {"session": session.session_id, "component": "theory", **found.as_body()}
    store.append("allocation", body, operator=OPERATOR)
    places = places_of(day.entries(), "theory")
    called = call_list(session, day.entries(), "theory", places, room="p2")
    assert {each.room for each in called} == {"P2"}
    assert [int(each.place) for each in called] == sorted(int(each.place) for each in called)


def test_late_is_later_than_the_rules_minutes_after_the_start(day: Day) -> None:
    session = replace(day.session, rules=replace(day.session.rules, late_minutes=15))
    seat = replace(session.seats[0], room="P1")
    starts = starts_at(date(2026, 11, 22), "7h30")
    assert starts is not None
    require_in_time(session, day.entries(), "theory", starts + timedelta(hours=3), seat)
    commit_start(day.store, session, "theory", starts, room="", operator=OPERATOR)
    require_in_time(session, day.entries(), "theory", starts + timedelta(minutes=15), seat)
    with pytest.raises(LateError) as late:
        require_in_time(session, day.entries(), "theory", starts + timedelta(minutes=16, seconds=1), seat)
    assert late.value.facts == {"minutes": 16, "limit": 15}
    commit_start(day.store, session, "theory", starts + timedelta(hours=1), room="P1", operator=OPERATOR)
    require_in_time(session, day.entries(), "theory", starts + timedelta(minutes=70), seat)
    with pytest.raises(LateError):
        require_in_time(session, day.entries(), "theory", starts + timedelta(minutes=70), session.seats[1])
    require_in_time(day.session, day.entries(), "road", starts, seat)
    none = replace(session, rules=replace(session.rules, late_minutes=None))
    require_in_time(none, day.entries(), "theory", starts + timedelta(hours=9), seat)
    commit_end(day.store, session, "theory", room="P1", operator=OPERATOR)
    with pytest.raises(ComponentEndedError):
        require_in_time(session, day.entries(), "theory", starts + timedelta(minutes=70), seat)


@pytest.mark.parametrize("text", ["", "25:00", "7", "7:60", "bảy giờ", "7:3x", "٧:30"])
def test_what_is_no_time(text: str) -> None:
    assert starts_at(date(2026, 11, 22), text) is None


def test_a_time_is_vietnams(day: Day) -> None:
    found = starts_at(date(2026, 11, 22), "07:30")
    assert found is not None
    assert (found.tzinfo, found.utcoffset()) == (VIETNAM, timedelta(hours=7))


# -- health and scans ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "codes"),
    [
        ({}, ()),
        ({"health_valid": "yes", "health_number": "12/GKSK", "health_date": "2026-08-01"}, ()),
        ({"health_valid": "no", "health_number": "12/GKSK"}, ("health-invalid",)),
        ({"health_valid": "yes"}, ("health-number-missing",)),
        ({"health_number": "12", "health_date": "2025-11-22"}, ("health-date-old",)),
        ({"health_number": "12", "health_date": "2025-11-23"}, ()),
        ({"health_number": "12", "health_date": "2026-11-23"}, ("health-date-later",)),
    ],
)
def test_health_certificates_warn(fields: dict[str, str], codes: tuple[str, ...]) -> None:
    seat = replace(read_roster(roster_of(1)).rows[0], **fields)  # type: ignore[arg-type]
    day = date(2026, 11, 22)
    assert health_warnings(seat, load_rules("driving-tt108-2026"), day) == codes
    assert health_warnings(seat, RULES, day) == ()


def test_scans_are_counted_and_charged_only_where_the_rules_say_so(day: Day) -> None:
    day.shared.attend(1, "001")
    day.shared.attend(1, "002", Verdict.REFER, ("face-grey",))
    found = scans(day.entries(), day.session.rules)
    assert (found.count, found.enabled, found.total_vnd) == (2, False, 0)
    charged = replace(found, enabled=True, fee_vnd=5_000)
    assert charged.total_vnd == 10_000


# -- the close -----------------------------------------------------------------------------------------


def test_a_close_states_who_is_still_out_and_reconciles_the_absent(day: Day) -> None:
    for sbd in ("001", "002"):
        day.shared.attend(1, sbd)
    day.store.append(
        "exit", {"session": day.session.session_id, "sbd": "002", "reason": "wc"}, operator=OPERATOR
    )
    board = Board(day.store, day.session)
    assert [(row.sbd, str(row.state)) for row in unsettled(board)] == [("002", "out")]
    whole = totals(board)[0]
    assert (whole.listed, whole.present, whole.absent, whole.not_let_in) == (6, 2, 4, 0)
    close_session(day.store, day.session, operator=OPERATOR)
    body = day.store.entries("close")[0].body
    assert body["unsettled"] == [{"sbd": "002", "component": "theory", "state": "out"}]
    assert body["absent"] == 4
    for act in (pause_session, resume_session):  # an entry of the day behind the close would be altered
        with pytest.raises(SessionClosedError):
            act(day.store, day.session, operator=OPERATOR, reason="break")


# -- what verification finds ---------------------------------------------------------------------------


def _write(day: Day, kind: str, operator: Operator = OPERATOR, **body: Any) -> int:
    return day.store.append(kind, {"session": day.session.session_id, **body}, operator=operator).seq


def _draw_body(day: Day, **changes: Any) -> dict[str, Any]:
    head = day.store.head()
    found = make_draw(
        ["001", "002"], 1, size=head.size, root=head.root, random_bytes=bytes, component="theory"
    )
    return {"component": "theory", **found.as_body(), **changes}


def test_a_good_days_lots_verify(day: Day) -> None:
    found = allocate(groups_of(day.session.seats, "theory"), ["P1"], 24, seed=bytes(32), method=ROOMS)
    _write(day, "allocation", component="theory", **found.as_body())
    for sbd in ("001", "002"):
        day.shared.attend(1, sbd)
    _write(day, "draw", **_draw_body(day))
    assert day.verified().ok


@pytest.mark.parametrize("case", ["drawn", "among", "root", "places", "self_test", "parts", "number", "part"])
def test_an_insiders_lot_is_found(day: Day, case: str) -> None:
    for sbd in ("001", "002", "003") if case == "among" else ("001", "002"):
        day.shared.attend(1, sbd)
    found = allocate(groups_of(day.session.seats, "theory"), ["P1"], 24, seed=bytes(32), method=ROOMS)
    places = dict(found.as_body()["places"])
    places["001"], places["002"] = places["002"], places["001"]
    split = {"group": day.session.session_id, "number": 1, "method": "even", "roster_hash": "00" * 32}
    halves = {"1": ["001", "002", "003"], "2": ["004", "005", "006"]}
    if case == "drawn":
        body = _draw_body(day)
        others = [sbd for sbd in body["among"] if sbd not in body["drawn"]]
        seq = _write(day, "draw", **{**body, "drawn": others})
    elif case == "among":
        seq = _write(day, "draw", **_draw_body(day))
    elif case == "root":
        head = day.store.head()
        forged = make_draw(
            ["001", "002"], 1, size=head.size, root=bytes(32), random_bytes=bytes, component="theory"
        )
        seq = _write(day, "draw", component="theory", **forged.as_body())
    elif case == "places":
        seq = _write(day, "allocation", component="theory", **{**found.as_body(), "places": places})
    elif case == "self_test":
        test = record_self_test(day.store, BAD, note=b"", session=None, operator=OPERATOR)
        seq = _write(day, "start", roster_hash="00" * 32, notice="1", self_test=test.seq)
    elif case == "parts":
        seq = _write(day, "split", **split, parts={**halves, "2": ["003", "004", "005", "006"]})
    elif case == "number":
        seq = _write(day, "split", **{**split, "number": 3}, parts=halves)
    else:
        _write(day, "split", **split, parts=halves)
        merge = {"part": 3, "part_origin": "x", "size": 1, "root": "00" * 32, "pack_sha256": "00" * 32}
        rows: dict[str, Any] = {"entries": 0, "double": [], "conflicts": []}
        body = {"session": day.session.session_id, **merge, **rows}
        seq = day.store.append("merge", body, {"part": b""}, operator=OPERATOR).seq
    report = day.verified()
    assert report.code == "log-altered-event"
    assert report.first_bad is not None
    assert (report.first_bad.seq, report.first_bad.facts["field"]) == (seq, case)
