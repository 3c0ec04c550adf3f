"""The active authentication challenge: fresh, bound to a tree head, silent."""

import hashlib

import pytest

from proctor.challenge import Challenge
from proctor.chip_means import fresh_challenge


def test_the_challenge_is_the_documented_digest() -> None:
    random, root = bytes(range(32)), bytes(reversed(range(32)))
    expected = hashlib.sha256(b"proctor-aa-1" + random + root).digest()[:8]
    assert Challenge(random, root).value == expected


def test_no_two_are_alike_and_the_randomness_stays_hidden() -> None:
    challenges = [fresh_challenge() for _ in range(200)]
    assert len({challenge.value for challenge in challenges}) == 200
    assert challenges[0].random.hex() not in repr(challenges[0])


@pytest.mark.parametrize(("random", "root"), [(b"short", bytes(32)), (bytes(32), b"")])
def test_wrong_sizes_are_refused(random: bytes, root: bytes) -> None:
    with pytest.raises(ValueError, match="32"):
        Challenge(random, root)
