from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sessions import merkle
from sessions.errors import ProofError

SIZES = st.integers(min_value=1, max_value=70)


def reference_root(leaves: Sequence[bytes]) -> bytes:
    """RFC 6962 section 2.1, word for word."""
    if not leaves:
        return merkle.EMPTY_ROOT
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return merkle.node_hash(reference_root(leaves[:split]), reference_root(leaves[split:]))


def tree(size: int) -> tuple[list[bytes], dict[tuple[int, int], bytes]]:
    leaves = [merkle.leaf_hash(number.to_bytes(2, "big")) for number in range(size)]
    nodes: dict[tuple[int, int], bytes] = {}
    edge: tuple[bytes, ...] = ()
    for number, leaf in enumerate(leaves):
        growth = merkle.grow(number, edge, leaf)
        edge = growth.edge
        nodes |= {(level, index): digest for level, index, digest in growth.nodes}
        assert growth.root == reference_root(leaves[: number + 1])
    return leaves, nodes


@settings(max_examples=40, deadline=None)
@given(st.data(), SIZES)
def test_every_flipped_bit_of_an_inclusion_proof_is_refused(data: st.DataObject, size: int) -> None:
    leaves, nodes = tree(size)
    index = data.draw(st.integers(min_value=0, max_value=size - 1))
    root = reference_root(leaves)
    proof = merkle.inclusion_proof(index, size, lambda level, at: nodes[level, at])
    assert merkle.verify_inclusion(leaves[index], index, size, proof, root) == root
    for place, digest in enumerate(proof):
        for bit in range(0, 256, 37):
            changed = bytearray(digest)
            changed[bit // 8] ^= 1 << bit % 8
            altered = (*proof[:place], bytes(changed), *proof[place + 1 :])
            with pytest.raises(ProofError):
                merkle.verify_inclusion(leaves[index], index, size, altered, root)
    for altered in (proof[1:], proof[:-1], (*proof, root)):
        if altered != proof:
            with pytest.raises(ProofError):
                merkle.verify_inclusion(leaves[index], index, size, altered, root)


@settings(max_examples=40, deadline=None)
@given(st.data(), SIZES)
def test_consistency_holds_and_flipped_bits_are_refused(data: st.DataObject, new: int) -> None:
    leaves, nodes = tree(new)
    old = data.draw(st.integers(min_value=1, max_value=new))
    roots = reference_root(leaves[:old]), reference_root(leaves)
    proof = merkle.consistency_proof(old, new, lambda level, at: nodes[level, at])
    assert merkle.verify_consistency(old, roots[0], new, roots[1], proof) == roots[1]
    for place, digest in enumerate(proof):
        changed = bytes([digest[0] ^ 1]) + digest[1:]
        altered = (*proof[:place], changed, *proof[place + 1 :])
        with pytest.raises(ProofError):
            merkle.verify_consistency(old, roots[0], new, roots[1], altered)
    with pytest.raises(ProofError):
        merkle.verify_consistency(old, bytes(32), new, roots[1], proof)
    with pytest.raises(ProofError):
        merkle.verify_consistency(old, roots[0], new, roots[1], (*proof, bytes(32)))
