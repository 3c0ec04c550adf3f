"""Who is alike in a session: ranked suggestions for people to look at, with what chance alone would bring."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from biometrics.template_code import Space
from biometrics.thresholds import Thresholds
from proctor.face_gallery import Enrolled, SessionGallery, Shelf
from proctor.face_search import expected_alarms, may_stop

MOST: Final = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Alike:
    """Two attempts' templates of different candidates. `score`: -1 to 1; `over`: at or above the search threshold, None
    where there is none for their model. `one.sbd` None: an attempt that found nobody's number.
    """

    one: Enrolled
    other: Enrolled
    score: float
    over: bool | None
    space: Space


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranking:
    """What a search of a whole session came to. `comparisons`: of templates of different candidates, made now;
    `by_chance`: how many of them reach the refer threshold by chance alone, None where the model is no longer in use.

    `stops`: whether a hit stops anybody at the desk, and `alarms` how many false alarms that brings, None without
    a threshold. `others`: templates of other models or rules, compared among themselves; `numberless`: templates of
    attempts without a candidate; `unreadable`: entries.
    """

    alike: tuple[Alike, ...]
    floor: float
    templates: int
    candidates: int
    comparisons: int
    by_chance: float
    alarms: float | None
    stops: bool
    others: int
    numberless: int
    unreadable: tuple[int, ...]


def rank(
    gallery: SessionGallery, thresholds: Thresholds, space: Space, *, planned: int, top: int, every: bool
) -> Ranking:
    """Return the `top` pairs of candidates that are most alike, best first, each pair once; each model apart, that in
    use (`space`) first. `every`: also pairs below the refer threshold. `planned`: comparisons of the whole session.
    """
    floor = -1.0 if every else thresholds.refer
    shelves = sorted(gallery.shelves.values(), key=lambda shelf: (shelf.space != space, shelf.space))
    alike: list[Alike] = []
    for shelf in shelves:
        threshold = thresholds.search if shelf.space == space else None
        found = _of_shelf(shelf, top=top, floor=floor, threshold=threshold)
        alike += sorted(found, key=lambda pair: -pair.score)[:top]
    mine = [shelf for shelf in shelves if shelf.space == space]
    comparisons = sum(shelf.index.comparisons() for shelf in mine)
    alarms = expected_alarms(thresholds.search_fmr, max(planned, comparisons))
    return Ranking(
        alike=tuple(alike),
        floor=floor,
        templates=sum(len(shelf.index) for shelf in shelves),
        candidates=gallery.candidates,
        comparisons=sum(shelf.index.comparisons() for shelf in shelves),
        by_chance=thresholds.refer_fmr * comparisons,
        alarms=alarms if thresholds.search is not None else None,
        stops=may_stop(thresholds, max(planned, comparisons)),
        others=sum(len(shelf.index) for shelf in shelves if shelf.space != space),
        numberless=sum(who.sbd is None for shelf in shelves for who in shelf.enrolled),
        unreadable=tuple(gallery.unreadable),
    )


def _of_shelf(shelf: Shelf, *, top: int, floor: float, threshold: float | None) -> Iterator[Alike]:
    """Yield the pairs of one space, and what is like the attempts that found nobody's number."""
    rows = [(pair.rows, pair.score) for pair in shelf.index.pairs(top=top, floor=floor)]
    rows += [((row, best.row), best.score) for row, best in shelf.index.strangers() if best.score >= floor]
    for (one, other), score in rows:
        yield Alike(
            one=shelf.enrolled[one],
            other=shelf.enrolled[other],
            score=score,
            over=None if threshold is None else score >= threshold,
            space=shelf.space,
        )
