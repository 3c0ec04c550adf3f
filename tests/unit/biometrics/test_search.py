"""Exact search: the same answers as comparing everything with everything, one by one."""

from itertools import combinations

import numpy as np
import pytest
from numpy.typing import NDArray

from biometrics.errors import TemplateMismatchError
from biometrics.search import NOBODY, TemplateIndex


def units(count: int, seed: int, dimension: int = 32) -> NDArray[np.float32]:
    vectors = np.random.default_rng(seed).normal(size=(count, dimension)).astype(np.float32)
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), dtype=np.float32)


def filled(owners: list[int], vectors: NDArray[np.float32]) -> TemplateIndex:
    index = TemplateIndex(vectors.shape[1], capacity=2)
    for row, (owner, vector) in enumerate(zip(owners, vectors, strict=True)):
        assert index.add(owner, vector) == row
    return index


@pytest.mark.parametrize("seed", range(3))
def test_the_nearest_is_the_nearest(seed: int) -> None:
    vectors = units(400, seed)
    owners = [int(each) for each in np.random.default_rng(seed).integers(-1, 90, 400)]
    index = filled(owners, vectors)
    for row in range(0, 400, 37):
        expected = sorted(
            (-float(vectors[row] @ vectors[other]), other)
            for other in range(400)
            if owners[other] not in {NOBODY, owners[row]}
        )[:7]
        found = index.nearest(vectors[row], owner=owners[row], top=7)
        assert [each.row for each in found] == [other for _, other in expected]
        assert [each.score for each in found] == pytest.approx([-score for score, _ in expected], abs=1e-6)
        assert index.count_others(owners[row]) == sum(o not in {NOBODY, owners[row]} for o in owners)


@pytest.mark.parametrize(("floor", "top"), [(-1.0, 25), (0.35, 5000)])
def test_pairs_are_those_of_a_search_by_hand(floor: float, top: int) -> None:
    count = 700  # more owners than one block has
    vectors = units(count, 5)
    owners = [int(each) for each in np.random.default_rng(6).integers(-1, 300, count)]
    best: dict[tuple[int, int], float] = {}
    made = 0
    scores = vectors @ vectors.T
    for one, other in combinations(range(count), 2):
        if NOBODY in (owners[one], owners[other]) or owners[one] == owners[other]:
            continue
        made += 1
        pair = min(owners[one], owners[other]), max(owners[one], owners[other])
        best[pair] = max(best.get(pair, -2.0), float(scores[one, other]))
    expected = sorted((score for score in best.values() if score >= floor), reverse=True)[:top]
    index = filled(owners, vectors)
    found = index.pairs(top=top, floor=floor)
    assert [pair.score for pair in found] == pytest.approx(expected, abs=1e-6)
    assert index.comparisons() == made
    for pair in found:
        assert pair.owners == tuple(owners[row] for row in pair.rows)
        assert pair.score == pytest.approx(best[pair.owners], abs=1e-6)
    assert len({pair.owners for pair in found}) == len(found)


def test_a_face_of_ones_own_is_no_hit() -> None:
    vectors = units(3, 1)
    index = filled([7, 7, 8], vectors[[0, 0, 1]])
    assert [each.row for each in index.nearest(vectors[0], owner=7, top=5)] == [2]
    assert [each.score for each in index.nearest(vectors[0], owner=9)] == pytest.approx([1.0])


def test_nobody_is_compared_with_everybody_and_found_by_nobody() -> None:
    vectors = units(2, 2)
    index = filled([NOBODY, 3, NOBODY], vectors[[0, 0, 1]])
    assert index.pairs(top=5) == ()
    assert index.comparisons() == 0
    assert [(row, found.row) for row, found in index.strangers()] == [(0, 1), (2, 1)]
    assert index.nearest(vectors[0], owner=3) == ()


def test_an_empty_one_and_a_cleared_one_find_nothing() -> None:
    vectors = units(5, 3)
    index = TemplateIndex(32)
    assert (index.nearest(vectors[0], owner=1), index.pairs(top=3), len(index)) == ((), (), 0)
    index = filled([1, 2, 3, 4, 5], vectors)
    index.clear()
    assert (index.nearest(vectors[0], owner=1), index.pairs(top=3), len(index)) == ((), (), 0)
    assert not index._matrix.any()  # no number of a face stays behind
    assert index.add(1, vectors[0]) == 0


def test_other_shapes_are_refused() -> None:
    index = TemplateIndex(32)
    with pytest.raises(TemplateMismatchError):
        index.add(1, units(1, 1, dimension=16)[0])
    with pytest.raises(TemplateMismatchError):
        index.nearest(units(1, 1, dimension=16)[0], owner=1)
