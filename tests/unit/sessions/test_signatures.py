"""Signatures by the thousand: here, in the helper, and when the helper dies."""

from __future__ import annotations

import pytest

from sessions import signatures
from sessions.checkpoint import Signer
from sessions.signatures import BATCH, Signatures, bad_sizes

SIGNER = Signer("proctor.training/0a1b2c3d", bytes(32))
SIGNATURE = SIGNER.sign(b"text\n")


def fill(collected: Signatures, count: int, wrong: set[int]) -> None:
    for size in range(1, count + 1):
        text = "other\n" if size in wrong else "text\n"
        collected.add(size, SIGNER.key, text, SIGNATURE)


def sizes_of(collected: Signatures) -> list[int]:
    return [job[0] for job in collected.bad()]


def test_a_few_are_checked_here() -> None:
    with Signatures() as collected:
        fill(collected, 5, {2, 4})
        assert sizes_of(collected) == [2, 4]


@pytest.mark.parametrize("cores", [1, 2])
def test_many(monkeypatch: pytest.MonkeyPatch, cores: int) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: cores)
    count = 4 * BATCH + 7
    wrong = {1, BATCH, BATCH + 1, 3 * BATCH + 5, count}
    with Signatures() as collected:
        fill(collected, count, wrong)
        assert sizes_of(collected) == sorted(wrong)


def test_a_helper_that_dies_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    with Signatures() as collected:
        fill(collected, 4 * BATCH, {7, 3_500})
        pool = collected._pool
        assert pool is not None
        for process in list(pool._processes.values()):
            process.kill()
        assert sizes_of(collected) == [7, 3_500]


def test_no_second_process_is_to_be_had(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_arguments: object, **_more: object) -> None:
        raise OSError

    monkeypatch.setattr(signatures, "ProcessPoolExecutor", refused)
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    with Signatures() as collected:
        fill(collected, 3 * BATCH + 1, {9})
        assert sizes_of(collected) == [9]


def test_a_public_key_that_is_none() -> None:
    assert bad_sizes(
        [(1, b"\xff" * 31, "text\n", SIGNATURE), (2, SIGNER.key.public, "text\n", SIGNATURE)]
    ) == [1]
