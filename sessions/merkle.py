"""The Merkle tree of RFC 6962: hashing, proofs, and the append that reads only the right edge. Pure.

A tree of size n has leaves 0 … n-1. A *node* (level, index) is the root of the perfect subtree over
the leaves index·2**level … (index+1)·2**level - 1; level 0 are the leaf hashes. Hashes are 32 bytes,
SHA-256.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sessions.errors import ProofError

NodeReader = Callable[[int, int], bytes]
"""Returns the hash of the stored node (level, index)."""

EMPTY_ROOT = hashlib.sha256(b"").digest()


def leaf_hash(data: bytes) -> bytes:
    """Return SHA-256(0x00 ‖ data): RFC 6962 section 2.1."""
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return SHA-256(0x01 ‖ left ‖ right): RFC 6962 section 2.1."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def edge(size: int) -> tuple[tuple[int, int], ...]:
    """Return the nodes (level, index) of the perfect subtrees that make up a tree of this size, left
    to right.
    """
    found = []
    start = 0
    for level in reversed(range(size.bit_length())):
        if size >> level & 1:
            found.append((level, start >> level))
            start += 1 << level
    return tuple(found)


def fold(hashes: Sequence[bytes]) -> bytes:
    """Return the root over the edge's hashes, left to right; the empty tree has SHA-256("")."""
    if not hashes:
        return EMPTY_ROOT
    root = hashes[-1]
    for left in reversed(hashes[:-1]):
        root = node_hash(left, root)
    return root


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """What one more leaf adds: the new nodes, and size and root of the tree with it."""

    nodes: tuple[tuple[int, int, bytes], ...]
    size: int
    root: bytes
    edge: tuple[bytes, ...]


def grow(size: int, edge_hashes: Sequence[bytes], leaf: bytes) -> Growth:
    """Return what appending `leaf` to a tree of `size` adds; `edge_hashes` are those of `edge(size)`."""
    if len(edge_hashes) != size.bit_count():
        raise ValueError("the edge of this size has another number of nodes")
    kept = list(edge_hashes)
    new = [(0, size, leaf)]
    level, index, digest = 0, size, leaf
    while index & 1:
        digest = node_hash(kept.pop(), digest)
        level, index = level + 1, index >> 1
        new.append((level, index, digest))
    kept.append(digest)
    return Growth(nodes=tuple(new), size=size + 1, root=fold(kept), edge=tuple(kept))


def root_of(leaves: Sequence[bytes]) -> bytes:
    """Return the root of a tree given by its leaf hashes."""
    growth_edge: tuple[bytes, ...] = ()
    for size, leaf in enumerate(leaves):
        growth_edge = grow(size, growth_edge, leaf).edge
    return fold(growth_edge)


def root_at(size: int, read: NodeReader) -> bytes:
    """Return the root of the first `size` leaves, from stored nodes."""
    return fold([read(level, index) for level, index in edge(size)])


def inclusion_proof(index: int, size: int, read: NodeReader) -> tuple[bytes, ...]:
    """Return the audit path of leaf `index` in a tree of `size`, leaf side first: RFC 6962 section 2.1.1."""
    if not 0 <= index < size:
        raise ValueError("no such leaf in a tree of this size")
    path: list[bytes] = []
    start, width = 0, size
    while width > 1:
        half = _largest_power_below(width)
        if index - start < half:
            path.append(_range_root(start + half, width - half, read))
            width = half
        else:
            path.append(_range_root(start, half, read))
            start, width = start + half, width - half
    return tuple(reversed(path))


def consistency_proof(old: int, new: int, read: NodeReader) -> tuple[bytes, ...]:
    """Return the proof that the tree of `new` begins with the tree of `old`: RFC 6962 section 2.1.2."""
    if not 0 < old <= new:
        raise ValueError("a consistency proof needs 0 < old ≤ new")
    path: list[bytes] = []
    start, width, whole = 0, new, True
    while old - start < width:
        half = _largest_power_below(width)
        if old - start <= half:
            path.append(_range_root(start + half, width - half, read))
            width = half
        else:
            path.append(_range_root(start, half, read))
            start, width, whole = start + half, width - half, False
    if not whole:
        path.append(_range_root(start, width, read))
    return tuple(reversed(path))


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bytes:
    """Return the root that the proof proves, or raise ProofError: RFC 9162 section 2.1.3.2."""
    if not 0 <= index < size:
        raise ProofError(why="index")
    fn, sn, digest = index, size - 1, leaf
    for sibling in proof:
        if sn == 0:
            raise ProofError(why="too-long")
        if fn & 1 or fn == sn:
            digest = node_hash(sibling, digest)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            digest = node_hash(digest, sibling)
        fn, sn = fn >> 1, sn >> 1
    if sn != 0 or digest != root:
        raise ProofError(why="root")
    return root


def verify_consistency(old: int, old_root: bytes, new: int, new_root: bytes, proof: Sequence[bytes]) -> bytes:
    """Return the new root if the proof shows that it extends the old one, or raise: RFC 9162 2.1.4.2."""
    if not 0 < old <= new:
        raise ProofError(why="sizes")
    if old == new:
        if proof or old_root != new_root:
            raise ProofError(why="root")
        return new_root
    path = list(proof)
    if old & (old - 1) == 0:
        path.insert(0, old_root)
    if not path:
        raise ProofError(why="too-short")
    if _walk_consistency(old - 1, new - 1, path) != (old_root, new_root):
        raise ProofError(why="root")
    return new_root


def _walk_consistency(fn: int, sn: int, path: Sequence[bytes]) -> tuple[bytes, bytes]:
    """Return the old and new roots that a consistency path leads to."""
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    old = new = path[0]
    for sibling in path[1:]:
        if sn == 0:
            raise ProofError(why="too-long")
        if fn & 1 or fn == sn:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            new = node_hash(new, sibling)
        fn, sn = fn >> 1, sn >> 1
    if sn != 0:
        raise ProofError(why="too-short")
    return old, new


def _largest_power_below(width: int) -> int:
    """Return the largest power of two smaller than `width` (≥ 2)."""
    return 1 << (width - 1).bit_length() - 1


def _range_root(start: int, width: int, read: NodeReader) -> bytes:
    """Return the root over leaves start … start+width-1, where start is a multiple of the widest part."""
    hashes = []
    for level in reversed(range(width.bit_length())):
        if width >> level & 1:
            hashes.append(read(level, start >> level))
            start += 1 << level
    return fold(hashes)
