"""Comparison scores of labelled pairs, by the engine that a station uses: decoder, reference, burst rule.

Where no probe has several frames they are stills: they are taken as references are, without the gate for live frames,
and each file is looked at once. Where any has, every probe goes through the gate and the burst rule, as at the desk.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import file_digest
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from biometrics.calibration import CalibrationFile, Point, Rate, Rule
from biometrics.calibration_errors import PairsImageError
from biometrics.decode import FILE_LIMITS, PortraitDecoder
from biometrics.engine import FaceEngine
from biometrics.errors import BiometricsError, DecoderGoneError, ModelUnusableError, TemplateMismatchError
from biometrics.frames import Burst, Frame, Image
from biometrics.notice import NoticeShown
from biometrics.opencv import prepare
from biometrics.pairs import Labelled, Presentation
from biometrics.quality import load_quality_rules
from biometrics.weights import Models

Vectors = NDArray[np.float32]
Progress = Callable[[int, int], None]
"""Done and all, in images."""
FRAME_S: Final = 0.04
"""Frames of a burst are told to lie so far apart."""
_BLOCK: Final = 65_536
_STOPS: Final = (DecoderGoneError, ModelUnusableError, TemplateMismatchError)
"""What says nothing of an image."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Scored:
    """Scores of the comparisons that could be made, -1 to 1, higher is more alike.

    `burst`: by the rule over every good frame; `single`: of the first good frame alone; both of the length of
    `labelled`'s comparisons. `enrol_failures`, `acquire_failures`: code → references, probes that gave no template.
    """

    labelled: Labelled
    burst: NDArray[np.float32]
    single: NDArray[np.float32]
    enrol_failures: Mapping[str, int]
    acquire_failures: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Templates:
    """Of each probe: `first`, `mean` (P, D), `frames` (P, K, D) with NaN where a burst has fewer; `ok` (P,)."""

    ok: NDArray[np.bool_]
    first: Vectors = field(repr=False)
    mean: Vectors = field(repr=False)
    frames: Vectors = field(repr=False)


def engine_for(models: Models, *, rule: Rule, flip: bool) -> FaceEngine:
    """Return an engine of a model and a rule that nobody has calibrated yet: its thresholds decide nothing."""
    prepare()
    nothing = Rate(errors=0, comparisons=1, independent=1, low=0.0, high=1.0)
    never, always = ((1e-9, 1.0), (1.0, -1.0))
    calibration = CalibrationFile(
        model=models.embedder.weights.name,
        card_sha256=models.embedder.card_sha256,
        weights_sha256=models.embedder.weights.sha256,
        detector_sha256=models.detector.weights.sha256,
        rule=rule,
        flip=flip,
        made_on="",
        source="",
        pairs_sha256="",
        counts={},
        points=tuple(
            Point(fmr=fmr, threshold=threshold, impostor=nothing, genuine=None)
            for fmr, threshold in (always, never)
        ),
        single=(),
        groups=(),
        signature=None,
        sha256="",
    )
    return FaceEngine(models, rules=load_quality_rules(), calibration=calibration)


def require_images(labelled: Labelled, folder: Path) -> None:
    """Return if every image is there. Raises PairsImageError(row, file)."""
    for each in (*labelled.references, *labelled.probes):
        for name in each.files:
            try:
                there = (folder / name).is_file()
            except (OSError, ValueError):
                there = False
            if not there:
                raise PairsImageError(row=each.row, file=Path(name).name[:128])


def same_pictures(labelled: Labelled, folder: Path) -> Mapping[str, str]:
    """Return which files hold the same bytes: path → the path that stands for them. Files of one length are read.

    Raises PairsImageError.
    """
    by_size: dict[int, list[Presentation]] = {}
    seen: set[str] = set()
    for each in (*labelled.references, *labelled.probes):
        for name in each.files:
            if name not in seen:
                seen.add(name)
                one = Presentation(files=(name,), row=each.row)
                by_size.setdefault(_size(folder, one), []).append(one)
    first: dict[bytes, str] = {}
    found: dict[str, str] = {}
    for size, several in by_size.items():
        if len(several) == 1 or size > FILE_LIMITS.max_bytes:  # such a one will not be decoded
            continue
        for one in several:
            stands = first.setdefault(_digest(folder, one), one.files[0])
            if stands != one.files[0]:
                found[one.files[0]] = stands
    return found


def _size(folder: Path, one: Presentation) -> int:
    try:
        return (folder / one.files[0]).stat().st_size
    except (OSError, ValueError):
        raise PairsImageError(row=one.row, file=Path(one.files[0]).name[:128]) from None


def _digest(folder: Path, one: Presentation) -> bytes:
    try:
        with (folder / one.files[0]).open("rb") as stream:
            return file_digest(stream, "sha256").digest()
    except (OSError, ValueError):
        raise PairsImageError(row=one.row, file=Path(one.files[0]).name[:128]) from None


def score(
    engine: FaceEngine, labelled: Labelled, folder: Path, *, notice: NoticeShown, progress: Progress
) -> Scored:
    """Return the scores of every comparison whose images gave templates; the others are counted as failures.

    `notice`: what the people of the images were told; the engine takes no burst without. Raises PairsImageError.
    """
    require_images(labelled, folder)
    with PortraitDecoder(FILE_LIMITS) as decoder:
        stills = not labelled.has_bursts
        work = _Work(engine, decoder, folder, notice, _Steps(progress, _images(labelled)), stills)
        enrol, vectors = _references(work, labelled.references)
        acquire, templates = _probes(work, labelled.probes, engine.models.embedder.dimension)
    has_reference = np.array([vector is not None for vector in vectors], dtype=np.bool_)
    made = labelled.only(has_reference[labelled.reference] & templates.ok[labelled.probe])
    dimension = engine.models.embedder.dimension
    stacked = np.stack(
        [np.zeros(dimension, dtype=np.float32) if vector is None else vector for vector in vectors]
    )
    burst, single = _compare(made, stacked, templates, engine.calibration.rule)
    return Scored(labelled=made, burst=burst, single=single, enrol_failures=enrol, acquire_failures=acquire)


def _images(labelled: Labelled) -> int:
    """Return how many images will be looked at."""
    references = {each.files[0] for each in labelled.references}
    frames = [name for probe in labelled.probes for name in probe.files]
    return len(references) + len(frames) if labelled.has_bursts else len(references.union(frames))


class _Steps:
    """Counts images and tells."""

    def __init__(self, tell: Progress, every: int) -> None:
        self._tell, self._all, self._done = tell, every, 0

    def done(self) -> None:
        self._done += 1
        self._tell(self._done, self._all)


@dataclass(frozen=True, slots=True)
class _Work:
    """What makes templates of files. `known`: of stills, by file: the template or why there is none."""

    engine: FaceEngine
    decoder: PortraitDecoder
    folder: Path
    notice: NoticeShown
    steps: _Steps
    stills: bool
    known: dict[str, Vectors | BiometricsError] = field(default_factory=dict, repr=False)

    def image(self, name: str) -> Image:
        try:
            return self.decoder.decode_file(self.folder / name)
        finally:
            self.steps.done()

    def reference(self, each: Presentation) -> Vectors:
        name = each.files[0]
        found = self.known.get(name)
        if found is None:
            try:
                found = self.engine.reference(self.image(name)).template.vector
            except _STOPS:
                raise
            except BiometricsError as error:
                found = error
            if self.stills:
                self.known[name] = found
        if isinstance(found, BiometricsError):
            raise found
        return found

    def probe(self, each: Presentation, number: int) -> tuple[list[Vectors], Vectors]:
        """Return the good frames' templates and their mean. A frame that cannot be decoded is one frame less."""
        if self.stills:
            still = self.reference(each)
            return [still], still
        images, broken = [], None
        for name in each.files:
            try:
                images.append(self.image(name))
            except _STOPS:
                raise
            except BiometricsError as error:
                broken = error
        if not images and broken is not None:
            raise broken
        start = number * 60.0
        frames = tuple(
            Frame(image=image, monotonic_s=start + at * FRAME_S, number=at + 1)
            for at, image in enumerate(images)
        )
        live = self.engine.probe(Burst(frames=frames, notice=self.notice, camera_kind="memory"))
        return [template.vector for template in live.templates], live.template.vector


def shown_to_test_persons(at: datetime) -> NoticeShown:
    """Return what stands for the consent of those whose pictures a calibration is made with."""
    return NoticeShown(version="calibration", sha256="", shown_at=at)


def _references(
    work: _Work, references: Sequence[Presentation]
) -> tuple[Mapping[str, int], list[Vectors | None]]:
    failed: Counter[str] = Counter()
    vectors: list[Vectors | None] = []
    for each in references:
        try:
            vectors.append(work.reference(each))
        except _STOPS:
            raise
        except BiometricsError as error:
            failed[error.code] += 1
            vectors.append(None)
    return dict(sorted(failed.items())), vectors


def _probes(
    work: _Work, probes: Sequence[Presentation], dimension: int
) -> tuple[Mapping[str, int], _Templates]:
    failed: Counter[str] = Counter()
    most = max((len(probe.files) for probe in probes), default=1)
    made = _Templates(
        ok=np.zeros(len(probes), dtype=np.bool_),
        first=np.zeros((len(probes), dimension), dtype=np.float32),
        mean=np.zeros((len(probes), dimension), dtype=np.float32),
        frames=np.full((len(probes), most, dimension), np.nan, dtype=np.float32),
    )
    for number, each in enumerate(probes):
        try:
            frames, mean = work.probe(each, number)
        except _STOPS:
            raise
        except BiometricsError as error:
            failed[error.code.removeprefix("reference-")] += 1
            continue
        made.ok[number] = True
        made.first[number], made.mean[number] = frames[0], mean
        made.frames[number, : len(frames)] = np.stack(frames)
    return dict(sorted(failed.items())), made


def _compare(
    made: Labelled, references: Vectors, templates: _Templates, rule: Rule
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the scores by the rule and of the first frames, block by block. As `compare_burst` has them."""
    burst, single = (np.empty(len(made.same), dtype=np.float32) for _ in range(2))
    block = max(1, _BLOCK // templates.frames.shape[1])
    for start in range(0, len(made.same), block):
        part = slice(start, start + block)
        left, probe = references[made.reference[part]], made.probe[part]
        single[part] = np.einsum("md,md->m", left, templates.first[probe])
        if rule == "mean":
            burst[part] = np.einsum("md,md->m", left, templates.mean[probe])
            continue
        scores = np.einsum("md,mkd->mk", left, templates.frames[probe])
        burst[part] = np.nanmax(scores, axis=1) if rule == "best" else np.nanmedian(scores, axis=1)
    return np.clip(burst, -1.0, 1.0), np.clip(single, -1.0, 1.0)
