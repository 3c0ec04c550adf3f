from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from sessions import merkle
from sessions.errors import ProofError

VECTORS = tomllib.loads((Path(__file__).parents[2] / "vectors" / "merkle.toml").read_text(encoding="utf-8"))
LEAVES = [merkle.leaf_hash(bytes.fromhex(text)) for text in VECTORS["leaves"]]


@pytest.mark.parametrize("size", range(len(LEAVES) + 1))
def test_roots_of_the_vectors(size: int) -> None:
    assert merkle.root_of(LEAVES[:size]).hex() == VECTORS["roots"][size]


def stored(leaves: list[bytes]) -> merkle.NodeReader:
    nodes: dict[tuple[int, int], bytes] = {}
    edge: tuple[bytes, ...] = ()
    for size, leaf in enumerate(leaves):
        growth = merkle.grow(size, edge, leaf)
        edge = growth.edge
        nodes |= {(level, index): digest for level, index, digest in growth.nodes}
    return lambda level, index: nodes[level, index]


@pytest.mark.parametrize("case", VECTORS["inclusion"])
def test_inclusion_vectors(case: dict[str, object]) -> None:
    index, size = int(str(case["index"])), int(str(case["size"]))
    proof = merkle.inclusion_proof(index, size, stored(LEAVES))
    assert [digest.hex() for digest in proof] == case["path"]
    merkle.verify_inclusion(LEAVES[index], index, size, proof, merkle.root_of(LEAVES[:size]))


@pytest.mark.parametrize("case", VECTORS["consistency"])
def test_consistency_vectors(case: dict[str, object]) -> None:
    old, new = int(str(case["old"])), int(str(case["new"]))
    proof = merkle.consistency_proof(old, new, stored(LEAVES))
    assert [digest.hex() for digest in proof] == case["path"]
    merkle.verify_consistency(old, merkle.root_of(LEAVES[:old]), new, merkle.root_of(LEAVES[:new]), proof)


def test_edge_and_root_from_nodes() -> None:
    assert merkle.edge(0) == ()
    assert merkle.edge(7) == ((2, 0), (1, 2), (0, 6))
    read = stored(LEAVES)
    assert merkle.root_at(7, read) == merkle.root_of(LEAVES[:7])
    assert merkle.root_at(0, read) == merkle.EMPTY_ROOT


def test_impossible_questions() -> None:
    read = stored(LEAVES)
    with pytest.raises(ValueError, match="leaf"):
        merkle.inclusion_proof(3, 3, read)
    with pytest.raises(ValueError, match="old"):
        merkle.consistency_proof(0, 3, read)
    with pytest.raises(ValueError, match="edge"):
        merkle.grow(3, [LEAVES[0]], LEAVES[1])
    for bad in ((-1, 3), (3, 3)):
        with pytest.raises(ProofError):
            merkle.verify_inclusion(LEAVES[0], *bad, (), merkle.EMPTY_ROOT)
    with pytest.raises(ProofError):
        merkle.verify_consistency(0, merkle.EMPTY_ROOT, 3, merkle.EMPTY_ROOT, ())
    with pytest.raises(ProofError):
        merkle.verify_consistency(3, merkle.EMPTY_ROOT, 3, merkle.root_of(LEAVES), ())
    with pytest.raises(ProofError):
        merkle.verify_consistency(3, merkle.EMPTY_ROOT, 5, merkle.root_of(LEAVES), ())
