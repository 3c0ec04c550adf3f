"""Rendered test species as labelled recordings, for `proctor pad report`: what runs at a desk, before a scene.

Odd seeds show the one specimen and are for reporting, even seeds the other and are for tuning.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Final

from biometrics.detect import FaceDetector
from biometrics.face_work import FaceWork
from biometrics.notice import NoticeShown
from biometrics.recorded import portrait_jpeg
from biometrics.scenes.actors import SPECIES
from biometrics.scenes.camera import SceneCamera
from biometrics.scenes.portraits import Variation, prepare_portrait, vary_portrait
from biometrics.scenes.scene import Scene
from biometrics.weights import load_detector
from proctor.errors import CommandError
from proctor.pad_recording import Labels, record, write_recorded
from proctor.pad_report import ALL_CHECKS
from proctor.softcards import specimen_faces

BONA_FIDE: Final = "bona-fide"
FACES: Final = {"report": "astronaut", "tuning": "hopper"}
VARIATIONS: Final = 6  # the portrait itself and five others: mirrored, another tone, narrower eyes, glasses
CONSENT: Final = (
    "rendered from a public-domain portrait that an installed package carries; no person was recorded"
)
_NOTICE: Final = NoticeShown(version="rendered", sha256="00" * 32, shown_at=datetime(2026, 1, 1, tzinfo=UTC))


def render_species(
    out: Path,
    seeds: Sequence[int],
    *,
    faces: FaceWork,
    species: Sequence[str] | None = None,
    light: str = "room",
    turns: int = 3,
    on_progress: Callable[[int, int], None] | None = None,
) -> tuple[Path, ...]:
    """Write one recording below `out` for each species and seed, and return their folders. `species`: all by default.

    About 10 s of a core and 20 MB each. Raises CommandError "pad-species-unknown", RecordingError.
    """
    names = tuple(SPECIES if species is None else species)
    for name in names:
        if name not in SPECIES:
            raise CommandError("pad-species-unknown", usage=True, species=name, known=", ".join(SPECIES))
    written: list[Path] = []
    for seed in seeds:
        for name in names:
            written.append(_render_one(out, name, seed, faces=faces, light=light, turns=turns))
            if on_progress is not None:
                on_progress(len(written), len(seeds) * len(names))
    return tuple(written)


def _render_one(out: Path, species: str, seed: int, *, faces: FaceWork, light: str, turns: int) -> Path:
    split = "report" if seed % 2 else "tuning"
    detector = FaceDetector(load_detector())
    image, _ = specimen_faces((FACES[split],))[FACES[split]]
    photograph = vary_portrait(image, detector, Variation.drawn(_variation(seed)))
    scene = Scene(SPECIES[species](prepare_portrait(photograph, detector), seed=seed), seed=seed, light=light)
    random = Random(seed)  # noqa: S311  (the same seed renders the same recording)
    recorded = record(
        SceneCamera(scene), scene, faces, _NOTICE, random=random, checks=ALL_CHECKS, turns=turns
    )
    face = faces.find_face(photograph)
    labels, consent = labels_of(species, seed, light)
    return write_recorded(
        out, recorded, labels, consent=consent, reference=portrait_jpeg(photograph, face=face)
    )


def labels_of(species: str, seed: int, light: str) -> tuple[Labels, str]:
    """Return what a rendered recording is of, and the words of consent, which name variation and seed.

    The subject is the portrait: one person, however often varied.
    """
    split = "report" if seed % 2 else "tuning"
    labels = Labels(
        label="bona-fide" if species == BONA_FIDE else "attack",
        species=species,
        subject=FACES[split],
        source="rendered",
        split=split,
        light=light,
    )
    return labels, f"{CONSENT}; variation {_variation(seed)} of {FACES[split]}, seed {seed}"


def _variation(seed: int) -> int:
    return seed // 2 % VARIATIONS
