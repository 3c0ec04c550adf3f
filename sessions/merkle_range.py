"""Compact ranges of the Merkle tree: the root over leaves that are here and subtrees that are not. Pure.

A range of leaves start … end-1 is made of the largest perfect subtrees that fit, left to right; their hashes
stand for the leaves. Walking a tree from the left over leaves and such ranges gives its root at every place
passed, so that one list of hashes proves any set of entries, and every checkpoint among them (RFC 6962
section 2.1; compact ranges as in "Compact Ranges for Merkle Trees", transparency-dev).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from sessions import merkle
from sessions.errors import ProofError

MAX_SIZE: Final = 2**53
_HASH: Final = 32


def cover(start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield the nodes (level, index) of the largest perfect subtrees over leaves start … end-1, left to right."""
    if not 0 <= start <= end <= MAX_SIZE:
        raise ValueError("no such range of leaves")
    while start < end:
        level = (end - start).bit_length() - 1
        if start:
            level = min(level, (start & -start).bit_length() - 1)
        yield level, start >> level
        start += 1 << level


def gaps(seqs: Sequence[int], sizes: Iterable[int]) -> Iterator[tuple[int, int]]:
    """Yield the ranges of leaves that are absent, in order, cut at every size whose root is wanted.

    `seqs`: the leaves that are present, ascending. The walk ends at the largest size.
    """
    present = set(seqs)
    place = 0
    for stop in sorted({*seqs, *sizes}):
        if stop > place:
            yield place, stop
            place = stop
        if stop in present:
            place = stop + 1


class Walk:
    """A tree as it grows from the left: `size` leaves so far, by leaf or by subtree."""

    __slots__ = ("_edge", "size")

    def __init__(self) -> None:
        self.size = 0
        self._edge: list[bytes] = []

    @property
    def edge(self) -> tuple[bytes, ...]:
        """The hashes of the perfect subtrees so far, left to right; the other way round they prove the next leaf."""
        return tuple(self._edge)

    @property
    def root(self) -> bytes:
        """The root of the leaves so far."""
        return merkle.fold(self._edge)

    def leaf(self, digest: bytes) -> None:
        """Go over one leaf, by its hash."""
        self._node(0, digest)

    def root_with(self, digest: bytes) -> bytes:
        """Return the root that one more leaf would give."""
        return merkle.grow(self.size, self._edge, digest).root

    def skip(self, end: int, hashes: Sequence[bytes]) -> None:
        """Go over the leaves up to `end` by the hashes of their `cover`; raises ProofError."""
        if not self.size <= end <= MAX_SIZE:
            raise ProofError(why="range", size=self.size)
        nodes = tuple(cover(self.size, end))
        if len(nodes) != len(hashes) or any(len(each) != _HASH for each in hashes):
            raise ProofError(why="range", size=self.size)
        for (level, _), digest in zip(nodes, hashes, strict=True):
            self._node(level, digest)

    def _node(self, level: int, digest: bytes) -> None:
        """Append a perfect subtree: its left sibling, if it has one, is the last of the edge."""
        index = self.size >> level
        self.size += 1 << level
        while index & 1:
            digest = merkle.node_hash(self._edge.pop(), digest)
            index >>= 1
        self._edge.append(digest)


def range_proof(seqs: Sequence[int], sizes: Iterable[int], read: merkle.NodeReader) -> tuple[bytes, ...]:
    """Return the hashes of all that is absent, from stored nodes: what `Walk.skip` takes, gap after gap."""
    found = []
    for start, end in gaps(seqs, sizes):
        found += [read(level, index) for level, index in cover(start, end)]
    return tuple(found)
