"""1:N inside the session: is this face, or this card's portrait, that of another candidate?

A hit stops only where the calibration supports so strict a false match rate that a whole session of this size raises at
most ALARMS false alarms, and templates are means of frames, as the calibration's were. That expectation is an estimate:
calibrated was a chip's portrait against a person at a desk; probes against probes share camera and light, portraits
against portraits the photographer, and nobody measured those. Elsewhere the search says "not performed", and
`proctor face search` ranks what is alike. Nobody is refused by a hit: twins and relatives look alike, and people decide
(proctor.policy.NEVER_REFUSED).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import floor, log10
from types import MappingProxyType
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from biometrics.errors import BiometricsError
from biometrics.evidence import Live
from biometrics.template import Template
from biometrics.template_code import Kind, Space, template_bytes
from proctor.face_gallery import Enrolled, SessionGallery
from sessions.session import Session

ALARMS: Final = 0.1
"""The most false alarms that a whole session may be expected to raise, if a hit is to stop anybody."""
NOT_CALIBRATED: Final = "search-not-calibrated"
ADVICE_ONLY: Final = "search-advice"


class FaceElsewhereError(BiometricsError):
    """The face, or the card's portrait, is another candidate's of this session. Facts: `other` (SBD), `score_e4`, `of`
    and `like` ("reference" or "probe": which of this attempt is like which of theirs), `other_entry`.

    Evidence against, so that the check FAILs whatever a rules file requires; it refers to people and never refuses.
    """

    code = "face-elsewhere"
    conclusive = True


class SearchThresholds(Protocol):
    """What the search needs of the thresholds in use."""

    @property
    def model(self) -> str:
        """The model's name."""

    @property
    def search(self) -> float | None:
        """Scores at or above it are hits; None where the calibration does not support one."""

    @property
    def search_fmr(self) -> float | None:
        """The false match rate of one comparison at that threshold."""

    @property
    def rule(self) -> str:
        """How a template is made of frames."""

    @property
    def flip(self) -> bool:
        """Whether each is the mean of a picture and its mirror image."""


class HasTemplate(Protocol):
    """A reference portrait, as far as the search is concerned."""

    @property
    def template(self) -> Template:
        """Its template."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchedFace:
    """A search without a hit. `not_performed_code`: why a hit would have stopped nobody, or None."""

    facts: Mapping[str, str | int]
    not_performed_code: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """The other candidate's template that is most alike. `of`: which of this attempt's two it is like."""

    of: Kind
    other: Enrolled
    score: float


def space_of(thresholds: SearchThresholds, weights_sha256: str) -> Space:
    """Return what templates made under these thresholds have in common."""
    rule = f"{thresholds.rule}+flip" if thresholds.flip else thresholds.rule
    return Space(model=thresholds.model, model_sha256=weights_sha256, rule=rule)


def planned_comparisons(candidates: int, components: int) -> int:
    """Return how many comparisons a whole session makes: everybody has one reference and a probe at each component.

    Every two templates of different candidates are compared once, whoever comes first.
    """
    return candidates * (candidates - 1) // 2 * (1 + components) ** 2


def search_fmr_for(session: Session) -> float:
    """Return the false match rate to ask the calibration for: the rules', or less where the session is so large that
    more than ALARMS false alarms were to be expected; then in two digits, rounded down, as people write it.
    """
    planned = planned_comparisons(len(session.seats), len(session.components))
    needed = ALARMS / max(1, planned)
    digits = 1 - floor(log10(needed))
    return min(session.rules.search_fmr, float(f"{floor(needed * 10**digits)}e{-digits}"))


class SessionFaces:
    """The search at one desk. `stops`: False where hits are never to stop anybody (training with two portraits)."""

    def __init__(
        self, gallery: SessionGallery, session: Session, *, weights_sha256: str, stops: bool = True
    ) -> None:
        self._gallery = gallery
        self._weights_sha256 = weights_sha256
        self._stops = stops
        self._planned = planned_comparisons(len(session.seats), len(session.components))

    def forget(self) -> None:
        """Forget every template; the next search reads them again."""
        self._gallery.clear()

    def piece(
        self, reference: HasTemplate | None, live: Live | None, thresholds: SearchThresholds
    ) -> bytes | None:
        """Return the attempt's evidence piece "template", or None without any template."""
        return template_bytes(
            space_of(thresholds, self._weights_sha256),
            reference=None if reference is None else reference.template,
            probe=None if live is None else live.template,
        )

    def require_single(
        self, sbd: str | None, reference: HasTemplate | None, live: Live, thresholds: SearchThresholds
    ) -> SearchedFace:
        """Return that nobody else of the session has this face; attempts of the same candidate are no hit.

        Where the calibration does not carry a stop, the result says so and nothing is raised. Raises
        FaceElsewhereError, StoreAlteredError.
        """
        self._gallery.refresh()
        found = _Search(self._gallery, space_of(thresholds, self._weights_sha256), sbd)
        found.look("probe", live.template.vector)
        if reference is not None:
            found.look("reference", reference.template.vector)
        facts = {**found.facts, **_expectation(thresholds, self._planned, found.made + found.comparisons)}
        why = self._why_not(thresholds, found.made + found.comparisons)
        if why is not None or thresholds.search is None:
            return SearchedFace(facts=MappingProxyType(facts), not_performed_code=why)
        if found.best is not None and found.best.score >= thresholds.search:
            raise FaceElsewhereError(**facts, **_facts_of(found.best))
        return SearchedFace(facts=MappingProxyType(facts))

    def _why_not(self, thresholds: SearchThresholds, made: int) -> str | None:
        """Return why a hit stops nobody: no threshold, or one that a session of this size is too large for."""
        if not may_stop(thresholds, max(self._planned, made)):
            return NOT_CALIBRATED
        return None if self._stops else ADVICE_ONLY


@dataclass(slots=True)
class _Search:
    """One search while it is made. `comparisons`: of this attempt; `made`: of all attempts before it."""

    gallery: SessionGallery
    space: Space
    sbd: str | None
    comparisons: int = 0
    templates: int = 0
    best: Hit | None = None

    def look(self, kind: Kind, vector: NDArray[np.float32]) -> None:
        """Compare one template with all of the others."""
        shelf = self.gallery.shelf(self.space, len(vector))
        if shelf is None:
            return
        self.templates = shelf.count_others(self.sbd)
        if not (kind == "reference" and shelf.knows(self.sbd, vector)):
            self.comparisons += self.templates
        for other, found in shelf.nearest(vector, sbd=self.sbd):
            if self.best is None or found.score > self.best.score:
                self.best = Hit(of=kind, other=other, score=found.score)

    @property
    def made(self) -> int:
        """How many comparisons the session's earlier attempts came to."""
        return sum(
            shelf.index.comparisons()
            for (space, _), shelf in self.gallery.shelves.items()
            if space == self.space
        )

    @property
    def facts(self) -> dict[str, str | int]:
        """How many templates of others there are, how many comparisons were made, and the highest score."""
        highest = {} if self.best is None else {"highest_score_e4": round(self.best.score * 1e4)}
        unread = {"unreadable": len(self.gallery.unreadable)} if self.gallery.unreadable else {}
        return {"templates": self.templates, "comparisons": self.comparisons, **highest, **unread}


def expected_alarms(fmr: float | None, comparisons: int) -> float | None:
    """Return the expected number of false alarms: rate times comparisons; None without a rate. An estimate, no
    bound: the rate is that of references against probes, and of probes and references among themselves nobody knows it.
    """
    return None if fmr is None else fmr * comparisons


def may_stop(thresholds: SearchThresholds, comparisons: int) -> bool:
    """Say whether a hit may stop anybody: there is a threshold, a session of so many comparisons is expected to raise
    at most ALARMS false alarms, and the calibration's scores were made as the search's are: of mean templates.
    """
    alarms = expected_alarms(thresholds.search_fmr, comparisons)
    if thresholds.search is None or alarms is None or thresholds.rule != "mean":
        return False
    return alarms <= ALARMS * (1 + 1e-9)


def _expectation(thresholds: SearchThresholds, planned: int, made: int) -> dict[str, str | int]:
    alarms = expected_alarms(thresholds.search_fmr, max(planned, made))
    facts: dict[str, str | int] = {"session_comparisons": max(planned, made)}
    if thresholds.search is None or alarms is None or thresholds.search_fmr is None:
        return facts
    return facts | {
        "search_threshold_e4": round(thresholds.search * 1e4),
        "search_fmr_e9": round(thresholds.search_fmr * 1e9),
        "expected_false_alarms_e4": round(alarms * 1e4),
    }


def _facts_of(hit: Hit) -> dict[str, str | int]:
    return {
        "other": str(hit.other.sbd),
        "score_e4": round(hit.score * 1e4),
        "of": hit.of,
        "like": hit.other.kind,
        "other_entry": hit.other.entry,
    }
