"""1:N: exact search. Every template is compared with every other one; nothing is approximated.

Scores are cosines of unit vectors of one space: -1 to 1, higher is more alike, not a probability (ISO/IEC 2382-37).
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from biometrics.errors import TemplateMismatchError

_FIRST: Final = 256
_BLOCK: Final = 128
NOBODY: Final = -1
"""The owner of a template of which nobody knows whose attempt it was."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A template that was found: its row, and its score."""

    row: int
    score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundPair:
    """Two owners, the lower first, and their two rows that are most alike."""

    owners: tuple[int, int]
    rows: tuple[int, int]
    score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Grouped:
    """Rows in the order of their owners. `starts`: where each owner's rows begin; one more for where the last ends."""

    order: NDArray[np.intp]
    owners: NDArray[np.int32]
    starts: NDArray[np.intp]

    def rows(self, place: int) -> NDArray[np.intp]:
        """Return the rows of the owner at a place."""
        return self.order[self.starts[place] : self.starts[place + 1]]


class TemplateIndex:
    """Templates of one space in one matrix, which grows by doubling. Rows are numbered from 0 as they are added.

    `owner`: a number of whoever the template belongs to, 0 or higher, or NOBODY. Not for several threads at once.
    """

    def __init__(self, dimension: int, *, capacity: int = _FIRST) -> None:
        """Start empty. Shape of every vector: (dimension,)."""
        self._dimension = dimension
        self._matrix = np.zeros((max(1, capacity), dimension), dtype=np.float32)
        self._owners = np.full(max(1, capacity), NOBODY, dtype=np.int32)
        self._count = 0

    def __len__(self) -> int:
        """How many templates there are."""
        return self._count

    def add(self, owner: int, vector: NDArray[np.float32]) -> int:
        """Add a template and return its row. Raises TemplateMismatchError for another shape."""
        self._require_shape(vector)
        if self._count == len(self._matrix):
            self._grow()
        row = self._count
        self._matrix[row], self._owners[row] = vector, owner
        self._count += 1
        return row

    def clear(self) -> None:
        """Forget every template; nothing of them stays in the matrix."""
        self._matrix.fill(0.0)
        self._owners.fill(NOBODY)
        self._count = 0

    def count_others(self, owner: int) -> int:
        """How many templates belong to somebody else, whom the search knows."""
        return int(np.count_nonzero(self._others(owner)))

    def nearest(self, vector: NDArray[np.float32], *, owner: int, top: int = 1) -> tuple[Found, ...]:
        """Return the best of others' templates, best first, at most `top`; those of `owner` and of NOBODY are left out.

        Raises TemplateMismatchError for another shape.
        """
        self._require_shape(vector)
        # on one thread: a second one would save nothing at this size, and waits for whoever else works
        alike = np.einsum("ij,j->i", self._matrix[: self._count], vector)
        scores = np.where(self._others(owner), alike, -np.inf)
        best = np.argpartition(-scores, top - 1)[:top] if top < len(scores) else np.arange(len(scores))
        ranked = sorted(best[np.isfinite(scores[best])], key=lambda row: (-scores[row], row))
        return tuple(Found(row=int(row), score=_score(scores[row])) for row in ranked)

    def strangers(self) -> tuple[tuple[int, Found], ...]:
        """Return each row of NOBODY with the most alike of somebody's, where there is one; in order of the rows."""
        rows = np.flatnonzero(self._owners[: self._count] == NOBODY)
        found = ((int(row), self.nearest(self._matrix[row], owner=NOBODY)) for row in rows)
        return tuple((row, best[0]) for row, best in found if best)

    def pairs(self, *, top: int, floor: float = -1.0) -> tuple[FoundPair, ...]:
        """Return the pairs of different owners that are most alike, best first, at most `top`, none below `floor`.

        Each pair of owners comes once, with its best two rows.
        """
        if top < 1:
            return ()
        grouped = self._grouped()
        found: list[FoundPair] = []
        for first in range(0, len(grouped.owners), _BLOCK):
            found += self._block(grouped, first, top, floor)
            found = sorted(found, key=lambda pair: (-pair.score, pair.owners))[:top]
        return tuple(found)

    def _grouped(self) -> "_Grouped":
        order = np.flatnonzero(self._owners[: self._count] != NOBODY)
        order = order[np.argsort(self._owners[order], kind="stable")]
        owners, starts = np.unique(self._owners[order], return_index=True)
        return _Grouped(order=order, owners=owners, starts=np.append(starts, len(order)))

    def _block(self, grouped: "_Grouped", first: int, top: int, floor: float) -> list[FoundPair]:
        """Return the best pairs whose lower owner is one of the `_BLOCK` owners from the `first`."""
        order, starts = grouped.order, grouped.starts
        last = min(first + _BLOCK, len(grouped.owners))
        begin, end = starts[first], starts[last]
        scores = self._matrix[order[begin:end]] @ self._matrix[order[begin:]].T
        by_owner = np.maximum.reduceat(scores, starts[first:-1] - begin, axis=1)
        best = np.maximum.reduceat(by_owner, starts[first:last] - begin, axis=0)
        best[
            np.tril_indices(best.shape[0], 0, best.shape[1])
        ] = -np.inf  # each pair once, nobody with themselves
        flat = best.ravel()
        chosen = np.argpartition(-flat, top - 1)[:top] if flat.size > top else np.arange(flat.size)
        places = (divmod(int(place), best.shape[1]) for place in chosen[flat[chosen] >= floor])
        return [self._pair(grouped, first + row, first + column) for row, column in places]

    def _pair(self, grouped: "_Grouped", one: int, other: int) -> FoundPair:
        """Return a pair of owners with its best two rows; of equal scores the earliest."""
        mine, theirs = grouped.rows(one), grouped.rows(other)
        scores = self._matrix[mine] @ self._matrix[theirs].T
        left, right = divmod(int(np.argmax(scores)), len(theirs))
        return FoundPair(
            owners=(int(grouped.owners[one]), int(grouped.owners[other])),
            rows=(int(mine[left]), int(theirs[right])),
            score=_score(scores[left, right]),
        )

    def comparisons(self) -> int:
        """How many comparisons `pairs` makes: of every two templates of different owners, once."""
        known = self._owners[: self._count]
        sizes = np.unique(known[known != NOBODY], return_counts=True)[1].astype(np.int64)
        return int((sizes.sum() ** 2 - (sizes**2).sum()) // 2)

    def _others(self, owner: int) -> NDArray[np.bool_]:
        owners = self._owners[: self._count]
        return np.asarray((owners != NOBODY) & (owners != owner))

    def _grow(self) -> None:
        size = 2 * len(self._matrix)
        matrix, owners = self._matrix, self._owners
        self._matrix = np.zeros((size, self._dimension), dtype=np.float32)
        self._owners = np.full(size, NOBODY, dtype=np.int32)
        self._matrix[: self._count], self._owners[: self._count] = matrix, owners
        matrix.fill(0.0)  # the old one is not left in memory with faces in it

    def _require_shape(self, vector: NDArray[np.float32]) -> None:
        if vector.shape != (self._dimension,):
            raise TemplateMismatchError(defect="shape")


def _score(value: np.float32) -> float:
    return max(-1.0, min(1.0, float(value)))
