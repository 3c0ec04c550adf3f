"""Compact ranges against the tree itself: any set of leaves, any sizes; nothing flipped, cut or added passes."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sessions import merkle, merkle_range
from sessions.errors import ProofError
from sessions.merkle_range import MAX_SIZE, Walk, cover, gaps, range_proof

SIZES = st.integers(min_value=1, max_value=150)


def tree(size: int) -> tuple[list[bytes], dict[tuple[int, int], bytes], list[bytes]]:
    leaves = [merkle.leaf_hash(number.to_bytes(2, "big")) for number in range(size)]
    nodes: dict[tuple[int, int], bytes] = {}
    roots, edge = [merkle.EMPTY_ROOT], ()
    for number, leaf in enumerate(leaves):
        growth = merkle.grow(number, edge, leaf)
        edge = growth.edge
        nodes |= {(level, index): digest for level, index, digest in growth.nodes}
        roots.append(growth.root)
    return leaves, nodes, roots


def walked(leaves: dict[int, bytes], sizes: set[int], proof: list[bytes]) -> dict[int, bytes]:
    """Walk over leaves and proof and return the root at every wanted size; raises ProofError."""
    walk, found, rest = Walk(), {}, list(proof)
    for stop in sorted({*leaves, *sizes}):
        if stop > walk.size:
            count = len(list(cover(walk.size, stop)))
            walk.skip(stop, rest[:count])
            del rest[:count]
        if stop in sizes:
            found[stop] = walk.root
        if stop in leaves:
            walk.leaf(leaves[stop])
    if rest:
        raise ProofError(why="left-over")
    return found


@given(st.integers(min_value=0, max_value=2000), st.integers(min_value=0, max_value=2000))
def test_a_cover_is_whole_ordered_and_of_the_largest_subtrees(first: int, second: int) -> None:
    start, end = sorted((first, second))
    nodes = list(cover(start, end))
    place = start
    for level, index in nodes:
        assert index << level == place
        place += 1 << level
    assert place == end
    assert len(nodes) <= 2 * max(1, (end - start).bit_length())
    for (level, index), (next_level, _) in itertools.pairwise(nodes):
        assert level != next_level or index % 2 == 1  # else the two were one
    if start == 0:
        assert tuple(nodes) == merkle.edge(end)


@settings(max_examples=150, deadline=None)
@given(st.data(), SIZES)
def test_every_root_on_the_way_is_the_trees_own(data: st.DataObject, size: int) -> None:
    leaves, nodes, roots = tree(size)
    seqs = sorted(data.draw(st.sets(st.integers(min_value=0, max_value=size - 1))))
    sizes = data.draw(st.sets(st.integers(min_value=1, max_value=size))) | {size}
    proof = range_proof(seqs, sizes, lambda level, index: nodes[level, index])
    found = walked({seq: leaves[seq] for seq in seqs}, sizes, list(proof))
    assert found == {each: roots[each] for each in sizes}
    covered = {leaf for start, end in gaps(seqs, sizes) for leaf in range(start, end)}
    assert covered == set(range(size)) - set(seqs)


@settings(max_examples=100, deadline=None)
@given(st.data(), SIZES)
def test_what_is_flipped_cut_added_or_moved_gives_another_root(data: st.DataObject, size: int) -> None:
    leaves, nodes, roots = tree(size)
    seqs = sorted(data.draw(st.sets(st.integers(min_value=0, max_value=size - 1), min_size=1)))
    proof = list(range_proof(seqs, {size}, lambda level, index: nodes[level, index]))
    mine = {seq: leaves[seq] for seq in seqs}
    for place in range(len(proof)):
        changed = [*proof]
        changed[place] = bytes([proof[place][0] ^ 1 << data.draw(st.integers(0, 7))]) + proof[place][1:]
        assert walked(mine, {size}, changed)[size] != roots[size]
        with pytest.raises(ProofError):
            walked(mine, {size}, proof[:place] + proof[place + 1 :])
    with pytest.raises(ProofError):
        walked(mine, {size}, [*proof, bytes(32)])
    for seq in seqs:
        assert walked({**mine, seq: bytes(32)}, {size}, proof)[size] != roots[size]


def test_impossible_ranges_are_refused() -> None:
    for start, end in ((-1, 3), (3, 2), (0, MAX_SIZE + 1)):
        with pytest.raises(ValueError, match="range"):
            list(cover(start, end))
    walk = Walk()
    walk.leaf(bytes(32))
    for end, hashes in ((0, ()), (3, (bytes(32),)), (2, (bytes(31),)), (MAX_SIZE * 4, ()), (1, (bytes(32),))):
        with pytest.raises(ProofError):
            walk.skip(end, hashes)
    walk.skip(1, ())
    assert walk.size == 1


def test_a_root_with_one_more_leaf_changes_nothing() -> None:
    leaves, _, roots = tree(9)
    walk = Walk()
    for number, leaf in enumerate(leaves):
        assert walk.root_with(leaf) == roots[number + 1]
        assert walk.root == roots[number]
        walk.leaf(leaf)
    assert merkle_range.Walk().root == merkle.EMPTY_ROOT
