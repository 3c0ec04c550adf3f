from __future__ import annotations

import tomllib
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

import sessions.errors
from sessions import codec
from sessions.errors import SessionsError
from sessions.finding import CODES
from sessions.record import (
    CHECK_NAMES,
    Check,
    Outcome,
    SystemClock,
    format_utc,
    parse_utc,
)
from tests.support.sessions_station import check, record

TEXTS = Path(__file__).parents[3] / "proctor" / "text"


def test_times_have_milliseconds_and_z() -> None:
    at = datetime(2026, 11, 22, 8, 0, 0, 123_999, tzinfo=timezone(timedelta(hours=7)))
    assert format_utc(at) == "2026-11-22T01:00:00.123Z"
    assert parse_utc("2026-11-22T01:00:00.123Z") == datetime(2026, 11, 22, 1, 0, 0, 123_000, tzinfo=UTC)
    with pytest.raises(ValueError, match="zone"):
        format_utc(datetime(2026, 1, 1))  # noqa: DTZ001
    for text in ("2026-11-22T01:00:00Z", "2026-11-22 01:00:00.123Z", "2026-13-22T01:00:00.123Z", ""):
        with pytest.raises(ValueError, match=r"."):
            parse_utc(text)


def test_check_round_trip() -> None:
    row = check(Outcome.FAILED, "face-no-match")
    assert Check.from_body(row.as_body()) == row


def test_every_named_check_has_a_row() -> None:
    body = record(1).as_body()
    assert list(body["checks"]) == list(CHECK_NAMES)
    assert codec.decode(codec.encode(body)) == body
    short = {name: check() for name in CHECK_NAMES if name != "pad"}
    with pytest.raises(ValueError, match="pad"):
        record(1, checks=short).as_body()


def test_string_and_integer_subclasses_become_plain() -> None:
    facts = {"a": Outcome.PASSED, "b": True}
    body = record(1, facts=facts).as_body()
    assert codec.encode(body)
    assert type(body["facts"]["a"]) is str
    assert body["facts"]["b"] == 1


def test_sbd_is_left_out_when_unknown() -> None:
    assert "sbd" not in record(1, sbd=None).as_body()


def test_system_clock() -> None:
    clock = SystemClock()
    first, second = clock.now(), clock.now()
    assert first.boot_id == second.boot_id
    assert second.monotonic_ms >= first.monotonic_ms
    assert first.at.tzinfo is UTC


def all_errors() -> list[type[SessionsError]]:
    found = vars(sessions.errors).values()
    return [each for each in found if isinstance(each, type) and issubclass(each, SessionsError)]


@pytest.mark.parametrize("language", ["vi", "en"])
def test_every_code_has_a_text(language: str) -> None:
    texts: dict[str, str] = {}
    for file in (TEXTS / language).glob("*.toml"):
        texts |= tomllib.loads(file.read_text(encoding="utf-8"))
    codes = {error.code for error in all_errors()} - {SessionsError.code}
    assert len(codes) == len(all_errors()) - 1
    assert (codes | set(CODES) | {"record-late", "log-cannot-open"}) <= texts.keys()
    assert all(len(texts[code]) > 20 for code in codes)


def test_an_error_says_its_code_and_facts() -> None:
    assert str(sessions.errors.StoreBusyError(pending=1)) == "store-busy (pending=1)"
    assert str(sessions.errors.StoreBusyError()) == "store-busy"
