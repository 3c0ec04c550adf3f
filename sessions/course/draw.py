"""Drawing by lot so that anybody with the seed draws the same again, and random checks drawn from a logged seed.

The algorithm `proctor-lot-1`: a stream of 64-bit numbers, HMAC-SHA256(seed, "proctor lot 1\\n" ‖ counter) taken as
four numbers of eight bytes, big-endian, counter from 0 in eight bytes; a number below n is the next one of the
stream below the largest multiple of n, modulo n; a list is shuffled from its end (Fisher and Yates, Durstenfeld's
form), item i changing places with item j ≤ i. Form: docs/log-format.md, "Lots".
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sessions.course.day_errors import DrawCountError, DrawNobodyError, DrawSeedError

METHOD: Final = "proctor-lot-1"
SEED_BYTES: Final = 32
_STREAM: Final = b"proctor lot 1\n"
_BOUND: Final = b"proctor draw seed 1\n"
_NUMBERS: Final = 2**64
_SEED: Final = re.compile(r"[0-9a-f]{64}")
RandomBytes = Callable[[int], bytes]


class Lot:
    """The stream of numbers of one seed (32 bytes)."""

    def __init__(self, seed: bytes) -> None:
        if len(seed) != SEED_BYTES:
            raise DrawSeedError
        self._numbers = _numbers(seed)

    def below(self, bound: int) -> int:
        """Return the next number from 0 to bound − 1, each as likely; `bound` at least 1."""
        limit = _NUMBERS - _NUMBERS % bound
        return next(number for number in self._numbers if number < limit) % bound

    def shuffled(self, items: Iterable[str]) -> list[str]:
        """Return the items in the order of the lot."""
        found = list(items)
        for last in range(len(found) - 1, 0, -1):
            other = self.below(last + 1)
            found[last], found[other] = found[other], found[last]
        return found


def parse_seed(text: str) -> bytes:
    """Return the 32 bytes of 64 hexadecimal digits; raises DrawSeedError."""
    cleaned = text.strip().lower()
    if not _SEED.fullmatch(cleaned):
        raise DrawSeedError
    return bytes.fromhex(cleaned)


def bound_seed(fresh: bytes, root: bytes) -> bytes:
    """Return the seed of a draw: SHA-256 over fresh randomness and the root of the log just before."""
    return hashlib.sha256(_BOUND + fresh + root).digest()


def drawn_of(seed: bytes, population: Iterable[str], count: int) -> tuple[str, ...]:
    """Return `count` of a population by lot, in the order they were drawn; the population's own order is by SBD."""
    return tuple(Lot(seed).shuffled(sorted(population))[:count])


@dataclass(frozen=True, slots=True, kw_only=True)
class Draw:
    """A draw before it is committed: the body's fields but for the session and component."""

    seed: bytes
    fresh: bytes
    size: int
    root: bytes
    population: tuple[str, ...]
    drawn: tuple[str, ...]

    def as_body(self) -> dict[str, Any]:
        """Return the fields of the entry."""
        return {
            "seed": self.seed.hex(),
            "method": METHOD,
            "population": len(self.population),
            "among": list(self.population),
            "drawn": list(self.drawn),
            "fresh": self.fresh.hex(),
            "size": self.size,
            "root": self.root.hex(),
        }


def make_draw(
    population: Iterable[str],
    count: int,
    *,
    size: int,
    root: bytes,
    random_bytes: RandomBytes,
    component: str,
) -> Draw:
    """Return a draw of `count` candidates bound to the tree head (size, root) just before it.

    Raises DrawNobodyError, DrawCountError.
    """
    among = tuple(sorted(population))
    if not among:
        raise DrawNobodyError(component=component)
    if not 1 <= count <= len(among):
        raise DrawCountError(given=count, population=len(among))
    fresh = random_bytes(SEED_BYTES)
    seed = bound_seed(fresh, root)
    return Draw(
        seed=seed,
        fresh=fresh,
        size=size,
        root=root,
        population=among,
        drawn=drawn_of(seed, among, count),
    )


def count_of_share(percent: int, population: int) -> int:
    """Return how many a share of 1 to 100 percent is: rounded up, so that some share is somebody.

    Raises DrawCountError.
    """
    if not 1 <= percent <= 100:
        raise DrawCountError(given=percent, population=population)
    return -(-population * percent // 100)


def draw_fault(body: Mapping[str, Any]) -> str:
    """Return which field of a draw entry does not follow from the others, or the empty text."""
    among, drawn = body.get("among"), body.get("drawn")
    if not _texts(among) or not _texts(drawn) or list(among) != sorted(set(among)):  # type: ignore[arg-type]
        return "among"
    if body.get("method") != METHOD:
        return "method"
    if body.get("population") != len(among):  # type: ignore[arg-type]
        return "population"
    try:
        seed, fresh, root = (bytes.fromhex(str(body.get(name))) for name in ("seed", "fresh", "root"))
    except ValueError:
        return "seed"
    if len(fresh) != SEED_BYTES or seed != bound_seed(fresh, root):
        return "seed"
    follows = 1 <= len(drawn) <= len(among) and list(drawn) == list(drawn_of(seed, among, len(drawn)))  # type: ignore[arg-type]
    return "" if follows else "drawn"


def _texts(value: Any) -> bool:
    return isinstance(value, (list, tuple)) and all(type(text) is str for text in value)


def _numbers(seed: bytes) -> Iterator[int]:
    counter = 0
    while True:
        block = hmac.digest(seed, _STREAM + counter.to_bytes(8, "big"), "sha256")
        yield from (int.from_bytes(block[at : at + 8], "big") for at in range(0, 32, 8))
        counter += 1


def open_draws(entries: Sequence[Any], component: str) -> tuple[str, ...]:
    """Return who was drawn at a component and has no `spot-check` entry after that, in the order drawn."""
    waiting: dict[str, None] = {}
    for entry in entries:
        body = entry.body
        if entry.kind == "draw" and body["component"] == component:
            waiting.update(dict.fromkeys(body["drawn"]))
        elif entry.kind == "spot-check" and body.get("component", component) == component:
            waiting.pop(body["sbd"], None)
    return tuple(waiting)
