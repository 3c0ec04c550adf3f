"""Wrong passwords that make one wait, codes that are good once: RFC 6238's own vectors, and the two files of counts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from sessions.people_errors import LoginLockedError, TotpCodeError
from sessions.people_guard import FREE_TRIES, LONGEST_WAIT_S, LoginGuard, wait_after
from sessions.people_totp import (
    NEVER,
    STEP_S,
    as_address,
    as_text,
    code_at,
    new_secret,
    require_code,
)

NOW = datetime(2026, 11, 22, 1, tzinfo=UTC)
RFC_SECRET = b"12345678901234567890"


@pytest.fixture
def places(tmp_path: Path) -> tuple[Path, Path]:
    return tmp_path / "root" / "logins.json", tmp_path / "memory" / "station.logins.json"


@pytest.fixture
def guard(places: tuple[Path, Path]) -> LoginGuard:
    return LoginGuard(places)


def fail(guard: LoginGuard, times: int, at: datetime = NOW) -> None:
    for _ in range(times):
        guard.failed("an", at)


@pytest.mark.parametrize(
    ("seconds", "code"),
    [
        (59, "94287082"),
        (1111111109, "07081804"),
        (1111111111, "14050471"),
        (1234567890, "89005924"),
        (2000000000, "69279037"),
        (20000000000, "65353130"),
    ],
)
def test_the_vectors_of_rfc_6238_appendix_b(seconds: int, code: str) -> None:
    assert code_at(RFC_SECRET, seconds // STEP_S, digits=8) == code


def test_a_code_is_good_once_and_one_step_around() -> None:
    seconds = 1_795_309_215
    step = seconds // STEP_S
    assert require_code(RFC_SECRET, code_at(RFC_SECRET, step), seconds=seconds, last=NEVER) == step
    for drift in (-1, 1):
        assert require_code(RFC_SECRET, code_at(RFC_SECRET, step + drift), seconds=seconds) == step + drift
    for drift in (-2, 2):
        with pytest.raises(TotpCodeError) as found:
            require_code(RFC_SECRET, code_at(RFC_SECRET, step + drift), seconds=seconds)
        assert found.value.facts["why"] == "wrong"
    with pytest.raises(TotpCodeError) as found:
        require_code(RFC_SECRET, code_at(RFC_SECRET, step), seconds=seconds, last=step)
    assert found.value.facts["why"] == "used"
    for text in ("", "abcdef", "１２３４５６", "1" * 500):
        with pytest.raises(TotpCodeError):
            require_code(RFC_SECRET, text, seconds=seconds)


def test_the_secret_as_a_telephone_reads_it() -> None:
    assert as_text(RFC_SECRET) == "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
    address = as_address(RFC_SECRET, user="an", station="proctor.real/0a1b2c3d")
    assert address.startswith("otpauth://totp/proctor:an@proctor.real%2F0a1b2c3d?secret=GEZDG")
    assert len(new_secret()) == 20 != new_secret()


def test_waits_grow_and_end() -> None:
    assert [wait_after(count) for count in (0, 4, 5, 6, 7, 10, 400)] == [0, 0, 30, 60, 120, 900, 900]
    assert LONGEST_WAIT_S == 900


def test_the_fifth_wrong_password_makes_one_wait(guard: LoginGuard, places: tuple[Path, Path]) -> None:
    fail(guard, FREE_TRIES - 1)
    guard.require("an", NOW)
    fail(guard, 1)
    again = LoginGuard(places)  # after a restart
    with pytest.raises(LoginLockedError) as found:
        again.require("an", NOW + timedelta(seconds=10))
    assert found.value.facts == {"user": "an", "seconds": 21, "count": 5}
    again.require("binh", NOW)
    again.require("an", NOW + timedelta(seconds=30))


def test_a_clock_put_back_does_not_end_the_wait(guard: LoginGuard) -> None:
    fail(guard, FREE_TRIES)
    earlier = NOW - timedelta(days=1)
    with pytest.raises(LoginLockedError):
        guard.require("an", earlier)
    with pytest.raises(LoginLockedError):
        guard.require("an", earlier + timedelta(seconds=20))
    guard.require("an", earlier + timedelta(seconds=31))


def test_what_happened_is_owed_to_the_log_even_after_the_right_password(guard: LoginGuard) -> None:
    fail(guard, FREE_TRIES - 1)
    guard.passed("an")
    assert guard.owed() == ()
    fail(guard, FREE_TRIES + 1)
    guard.passed("an")
    guard.require("an", NOW)
    (owed,) = guard.owed()
    assert (owed.user, owed.count, owed.since, owed.lost) == ("an", 6, "2026-11-22T01:00:00.000Z", False)
    guard.entered()
    assert guard.owed() == ()


@pytest.mark.parametrize("gone", [0, 1])
def test_a_file_that_was_removed_is_noticed_and_the_wait_stays(
    guard: LoginGuard, places: tuple[Path, Path], gone: int
) -> None:
    fail(guard, FREE_TRIES)
    places[gone].unlink()
    with pytest.raises(LoginLockedError):
        guard.require("an", NOW)
    assert [each.lost for each in guard.owed()] == [True]
    guard.entered()
    assert places[gone].is_file()


@pytest.mark.parametrize(
    "data", [b"", b"[]", b"{}", b"\xff", b'{"form": "proctor logins 1", "users": {"an": {"count": "x"}}}']
)
def test_a_file_that_is_none_counts_as_gone(
    guard: LoginGuard, places: tuple[Path, Path], data: bytes
) -> None:
    fail(guard, FREE_TRIES)
    places[0].write_bytes(data)
    assert [each.lost for each in guard.owed()] == [True]
    places[1].write_bytes(data)
    guard.require("an", NOW)  # both gone: the password's own strength is left


def test_two_others_let_one_try_again_and_codes_are_remembered(guard: LoginGuard) -> None:
    fail(guard, FREE_TRIES)
    guard.clear("an")
    guard.require("an", NOW)
    assert guard.counts() == {}
    guard.passed("an", 77)
    guard.passed("an", 76)
    assert guard.step_of("an") == 77
