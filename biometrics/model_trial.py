"""Try a site's model out in a process that may die of it: `python -m biometrics.model_trial CARD`.

A weight file is a program of a kind: OpenCV's reader may crash on one, take all memory or never end. So nothing of a
new model runs in the station before it ran here. One line of JSON tells how it went; the caller has the clock.
"""

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from time import perf_counter
from typing import Any

import cv2
import numpy as np

from biometrics.detect import FaceDetector
from biometrics.errors import BiometricsError
from biometrics.frames import Image
from biometrics.opencv import prepare, unusable
from biometrics.pad_model import PadNetwork
from biometrics.recorded import specimen_portraits, vary
from biometrics.site_models import model_of, read_card
from biometrics.template import Embedder
from biometrics.weights import EmbedderModel, PadModel, load_detector

if sys.platform != "win32":  # on Windows the caller's deadline remains
    import resource

MEMORY_MIB = 4096
CPU_S = 120
ROUNDS = 5
APART = 0.05
"""Scores by which one person's pictures must be more alike than two people's: a good model's differ by 0.5 and more."""


def main() -> None:
    """Try one card, and write what came of it as the last line of standard output."""
    _limit()
    prepare()
    try:
        said: Mapping[str, Any] = {"ok": True, **try_model(Path(sys.argv[1]))}
    except BiometricsError as error:
        said = {"ok": False, "code": error.code, "facts": dict(error.facts)}
    sys.stdout.write("\n" + json.dumps(said) + "\n")
    sys.stdout.flush()


def _limit() -> None:
    if sys.platform != "win32":
        for what, most in ((resource.RLIMIT_AS, MEMORY_MIB << 20), (resource.RLIMIT_CPU, CPU_S)):
            resource.setrlimit(what, (most, most))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        os.nice(5)


def try_model(path: Path) -> Mapping[str, Any]:
    """Return what a card's model does with the specimen portraits. Raises what loading raises, ModelUnusableError."""
    model = model_of(path.parent, read_card(path))
    if isinstance(model, PadModel):
        return _try_pad(model)
    return _try_embedder(model)


def _try_embedder(model: EmbedderModel) -> Mapping[str, Any]:
    """A face and the same face a little changed must be more alike than two people: else the card is wrong, whatever
    its hashes say."""
    embedder = Embedder(model, flip=True)
    vectors = [
        [embedder.template_of_crop(embedder.align(*each)).vector for each in person] for person in _people()
    ]
    again = embedder.template_of_crop(embedder.align(*_people()[0][0])).vector
    if float(np.abs(again - vectors[0][0]).max()) > 1e-3:
        raise unusable(model.weights, "changing")
    same = min(float(first @ other) for first, *others in vectors for other in others)
    other = max(float(one @ two) for one in vectors[0] for two in vectors[1])
    if same < other + APART:
        raise unusable(model.weights, "faces", same_e4=round(same * 1e4), other_e4=round(other * 1e4))
    grey = np.full((*model.size[::-1], 3), 127, dtype=np.uint8)
    once = _milliseconds(lambda: embedder.template_of_crop(grey))
    return {"same_e4": round(same * 1e4), "other_e4": round(other * 1e4), "template_ms": once}


def _try_pad(model: PadModel) -> Mapping[str, Any]:
    network = PadNetwork(model)
    image, face = _people()[0][0]
    score = network.score(image, face)
    return {**score.facts, "score_ms": _milliseconds(lambda: network.score(image, face))}


def _people() -> list[list[tuple[Image, Any]]]:
    """Return both specimens as they are and a little changed, each with its face."""
    detector = FaceDetector(load_detector())
    people = []
    for data in specimen_portraits().values():
        portrait = np.asarray(cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR), dtype=np.uint8)
        pictures = [portrait, *vary(portrait, seed=1, frames=2)]
        found = [(picture, detector.detect(picture)) for picture in pictures]
        people.append([(picture, faces[0]) for picture, faces in found if faces])
    return people


def _milliseconds(work: Any) -> int:
    times = []
    for _ in range(ROUNDS):
        began = perf_counter()
        work()
        times.append(perf_counter() - began)
    return round(float(np.median(times)) * 1000)


if __name__ == "__main__":
    main()
