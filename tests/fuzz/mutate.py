"""A small mutator, the same everywhere for the same seed: for the runs of `make test`, which have no libFuzzer."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from random import Random

MAX_OCTETS = 70_000
_TELLING = (
    b"\x00",
    b"\x7f",
    b"\x80",
    b"\xff",
    b"\x30\x80",
    b"\x81\xff",
    b"\x82\xff\xff",
    b"\x84\xff\xff\xff\xff",
    b"\x1f\xff\xff\x7f",
    b"\xe2\x80\xae",
    b"\xc3\x28",
    b"|",
    b"<",
    b"0\x82",
)


def mutated(random: Random, seeds: list[bytes]) -> bytes:
    """One to four changes to a seed."""
    octets = bytearray(random.choice(seeds))
    for _ in range(random.choice((1, 1, 2, 4))):
        random.choice(_CHANGES)(random, octets, seeds)
    return bytes(octets[:MAX_OCTETS])


def _flip(random: Random, octets: bytearray, _: list[bytes]) -> None:
    if octets:
        octets[random.randrange(len(octets))] ^= 1 << random.randrange(8)


def _replace(random: Random, octets: bytearray, _: list[bytes]) -> None:
    if octets:
        octets[random.randrange(len(octets))] = random.randrange(256)


def _tell(random: Random, octets: bytearray, _: list[bytes]) -> None:
    at, what = random.randrange(len(octets) + 1), random.choice(_TELLING)
    octets[at : at + random.choice((0, len(what)))] = what


def _cut(random: Random, octets: bytearray, _: list[bytes]) -> None:
    at = random.randrange(len(octets) + 1)
    del octets[at : at + random.choice((1, 2, 16, len(octets)))]


def _repeat(random: Random, octets: bytearray, _: list[bytes]) -> None:
    at = random.randrange(len(octets) + 1)
    piece = octets[at : at + random.choice((1, 4, 32))]
    octets[at:at] = piece * random.choice((1, 2, 200))


def _splice(random: Random, octets: bytearray, seeds: list[bytes]) -> None:
    other = random.choice(seeds)
    start = random.randrange(len(other) + 1)
    at = random.randrange(len(octets) + 1)
    octets[at : at + random.randrange(64)] = other[start : start + random.randrange(1, 256)]


_CHANGES = (_flip, _replace, _replace, _tell, _cut, _repeat, _splice)
