"""Whose key signs which checkpoint, and which pins suffice."""

from __future__ import annotations

from typing import Any

import pytest

from sessions.checkpoint import Checkpoint, Signer
from sessions.keyschedule import KeySchedule, judge
from sessions.pins import StationPins

NAME = "proctor.training/0a1b2c3d"
ONE, TWO, THREE = (Signer(NAME, bytes([number]) * 32) for number in (1, 2, 3))


def first(signer: Signer = ONE) -> dict[str, Any]:
    return {"schema": 2, "kind": "key", "event": "station-key", "vkey": signer.key.encode()}


def rotated(signer: Signer) -> dict[str, Any]:
    return {"schema": 2, "kind": "key", "event": "station-key-rotated", "vkey": signer.key.encode()}


def epoch(signer: Signer, number: int, size: int = 4, by: Signer = ONE) -> dict[str, Any]:
    head = Checkpoint(origin=by.key.name, size=size, root=bytes([size]) * 32).sign(by)
    said = {"origin": head.origin, "size": size, "root": head.root.hex(), "note": head.note}
    named = signer.named(f"{NAME}/{number}")
    return {"schema": 2, "kind": "epoch", "epoch": number, "vkey": named.key.encode(), "previous": said}


def schedule(*entries: tuple[int, dict[str, Any]]) -> KeySchedule:
    made = KeySchedule()
    for seq, body in entries:
        assert made.add(seq, body) is None
    return made


def test_the_first_key_signs_all() -> None:
    made = schedule((0, first()), (3, {"kind": "key", "event": "user-added"}), (4, {"kind": "attempt"}))
    assert made.key_of(1) == made.key_of(999) == ONE.key
    assert made.key_of(0) is None
    assert made.last_sizes(7) == (7,)
    assert made.origin == NAME


def test_a_rotation_is_signed_by_the_old_key() -> None:
    made = schedule((0, first()), (5, rotated(TWO)))
    assert [made.key_of(size) for size in (5, 6, 7)] == [ONE.key, ONE.key, TWO.key]
    assert made.last_sizes(9) == (6, 9)
    assert [period.vouched for period in made.signing(7)] == [False, True]


def test_an_epoch_is_signed_by_its_own_key() -> None:
    made = schedule((0, first()), (5, epoch(ONE, 2)), (8, epoch(TWO, 3)))
    keys = [made.key_of(size) for size in (5, 6, 8, 9)]
    assert [key.name if key else "" for key in keys] == [NAME, f"{NAME}/2", f"{NAME}/2", f"{NAME}/3"]
    assert keys[3] is not None
    assert keys[3].public == TWO.key.public
    assert made.origin == f"{NAME}/3"
    assert [period.vouched for period in made.periods] == [False, True, False]
    assert [each.previous_size for each in made.epochs] == [4, 4]


def test_a_rotation_that_an_epoch_of_the_same_key_follows() -> None:
    """The key signs under the epoch's name only; whoever pinned it under the first name knows it all the same."""
    made = schedule((0, first()), (5, rotated(TWO)), (6, epoch(TWO, 2)))
    assert made.key_of(6) == ONE.key
    found = made.key_of(7)
    assert found is not None
    assert (found.name, found.public) == (f"{NAME}/2", TWO.key.public)
    assert made.periods[-1].keys == (found, TWO.key)
    for pins in (*(StationPins(keys=(key,)) for key in (ONE.key, TWO.key, found)), by_fingerprint(TWO)):
        assert judge(made, pins, 7).ok
    assert judge(made, StationPins(keys=(THREE.key,)), 7).mismatch == THREE.key


def by_fingerprint(signer: Signer) -> StationPins:
    return StationPins.of_fingerprint(signer.key.fingerprint)


def test_a_key_that_is_only_named_proves_nothing() -> None:
    """Somebody's own key signed all; what the last entry names, be it the pinned key, signed nothing."""
    made = schedule((0, first(THREE)), (8, rotated(ONE)))
    assert [period.key for period in made.signing(9)] == [THREE.key]
    for pins in (StationPins(keys=(ONE.key,)), by_fingerprint(ONE)):
        assert judge(made, pins, 9).refused
        assert judge(made, pins, 10).ok  # what is in force signs the next one, or a pack's manifest
    refused = judge(made, StationPins(keys=(ONE.key,)), 9)
    assert (refused.mismatch, refused.found) == (ONE.key, THREE.key)


def test_a_key_that_an_epoch_of_another_replaced_at_once_proves_nothing() -> None:
    made = schedule((0, first(THREE)), (8, rotated(ONE)), (9, epoch(THREE, 2)))
    assert judge(made, StationPins(keys=(ONE.key,)), 12).refused
    assert judge(made, by_fingerprint(ONE), 12).refused
    again = schedule((0, first(THREE)), (8, epoch(THREE, 2)), (9, rotated(ONE.named(f"{NAME}/2"))))
    assert judge(again, StationPins(keys=(ONE.key,)), 10).refused
    assert judge(again, by_fingerprint(ONE), 10).refused


def test_a_key_vouches_forward_and_covers_what_was_before() -> None:
    made = schedule((0, first()), (5, epoch(TWO, 2)), (8, rotated(THREE.named(f"{NAME}/2"))))
    second = TWO.named(f"{NAME}/2").key
    assert judge(made, StationPins(keys=(second,)), 20).ok
    unknown = judge(made, StationPins(keys=(ONE.key,)), 20).unknown
    assert unknown is not None
    assert unknown.key == second


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (first(TWO), "event"),
        ({**rotated(TWO), "vkey": "nonsense"}, "vkey"),
        ({**rotated(TWO), "vkey": 7}, "vkey"),
        (rotated(TWO.named("proctor.training/ffffffff")), "vkey"),
        ({**rotated(TWO), "schema": 1}, "schema"),
        (epoch(TWO, 3), "epoch"),
        ({**epoch(TWO, 2), "epoch": "2"}, "epoch"),
        ({**epoch(TWO, 2), "vkey": TWO.key.encode()}, "vkey"),
        ({**epoch(TWO, 2), "schema": 1}, "schema"),
        ({**epoch(TWO, 2), "previous": 7}, "previous"),
        ({**epoch(TWO, 2), "previous": {}}, "previous"),
        ({**epoch(TWO, 2), "previous": {**epoch(TWO, 2)["previous"], "size": 5}}, "previous"),
        ({**epoch(TWO, 2), "previous": {**epoch(TWO, 2)["previous"], "note": "no note"}}, "previous"),
        (epoch(TWO, 2, by=ONE.named("proctor.training/ffffffff")), "previous"),
    ],
)
def test_what_names_no_key_begins_nothing(body: dict[str, Any], field: str) -> None:
    made = schedule((0, first()))
    assert made.add(5, body) == field
    assert made.key_of(999) == ONE.key
    assert made.epochs == []


def test_pins() -> None:
    made = schedule((0, first()), (5, rotated(TWO)), (9, epoch(THREE, 2)))
    last = THREE.named(f"{NAME}/2").key
    assert judge(made, StationPins(keys=(last,)), 20).ok
    assert judge(made, StationPins.of_fingerprint(last.fingerprint), 20).ok
    unknown = judge(made, StationPins(keys=(ONE.key,)), 20)
    assert not unknown.ok
    assert unknown.unknown is not None
    assert (unknown.unknown.key, unknown.unknown.seq) == (last, 9)
    nobody = judge(made, StationPins(), 20)
    assert nobody.unknown is not None
    assert nobody.unknown.key == ONE.key
    refused = judge(made, StationPins(keys=(THREE.key,)), 20)
    assert refused.refused
    assert (refused.mismatch, refused.found) == (THREE.key, ONE.key)
    assert judge(made, StationPins.of_fingerprint("ab" * 32), 20).refused


def test_a_pinned_key_stands_in() -> None:
    made = KeySchedule()
    made.stand_in(None)
    assert made.last is None
    made.stand_in(ONE.key)
    assert made.key_of(3) == ONE.key
    made.stand_in(TWO.key)
    assert made.key_of(3) == ONE.key
