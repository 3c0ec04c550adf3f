"""Compare labelled pairs of face images by the pipeline and by bare OpenCV calls in the same run.

    python tests/bench/measure_pairs.py --pairs PAIRS.csv [--images FOLDER] [--people PEOPLE.csv] [--json]

PAIRS.csv has the columns reference, probe, same (1 or 0); paths are relative to FOLDER (by default `images` beside
the file, or the file's own folder). Prints pairs correct at the best threshold, the equal error rate, FNMR at FMR
1e-2, both error rates at the pipeline's own thresholds, and how many images gave no template.

PEOPLE.csv has the columns image, subject and perhaps role, with several frames of a burst in one cell
(docs/calibration.md): every reference meets every probe, and FNMR at FMR 1e-2, 1e-3 and 1e-4 is printed for the first
good frame and for the burst rule, where the number of people supports it. Figures hold for the set that was measured
and no other.
"""

import argparse
import csv
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from biometrics.calibration_points import measure as measure_points
from biometrics.calibration_points import support_of
from biometrics.calibration_scores import engine_for, score, shown_to_test_persons
from biometrics.decode import FILE_LIMITS, PortraitDecoder
from biometrics.engine import FaceEngine
from biometrics.errors import BiometricsError
from biometrics.pairs import read_pairs
from biometrics.rule_of_three import smallest_rate
from biometrics.weights import load_models

Vector = NDArray[np.float32]


def bare_opencv() -> Callable[[Path], Vector | None]:
    """Return the same models through OpenCV's own calls: imread, detect, alignCrop, forward."""
    models = load_models()
    path = models.embedder.weights.path
    detector = cv2.FaceDetectorYN.create(str(models.detector.weights.path), "", (320, 320), 0.6, 0.3, 5000)
    aligner = cv2.FaceRecognizerSF.create(str(path), "")
    network = cv2.dnn.readNetFromONNX(str(path))

    def template(file: Path) -> Vector | None:
        image: Any = cv2.imread(str(file))
        height, width = image.shape[:2]
        detector.setInputSize((width, height))
        faces: Any = detector.detect(image)[1]
        if faces is None:
            return None
        middle = np.array([width / 2, height / 2])
        face = min(faces, key=lambda row: float(np.linalg.norm(row[:2] + row[2:4] / 2 - middle)))
        crop = aligner.alignCrop(image, face)
        network.setInput(cv2.dnn.blobFromImage(crop, 1.0, (112, 112), (0, 0, 0), True, False), "data")
        vector = np.asarray(network.forward(), dtype=np.float32).reshape(-1)
        return vector / np.float32(np.linalg.norm(vector))

    return template


def pipeline(engine: FaceEngine, decoder: PortraitDecoder) -> Callable[[Path], Vector | None]:
    """Return the project's way: the decoding process, then the engine's reference."""

    def template(file: Path) -> Vector | None:
        try:
            return engine.reference(decoder.decode_file(file)).template.vector
        except BiometricsError as error:
            print(f"{file.name}: {error}")
            return None

    return template


def scores(pairs: Sequence[Mapping[str, str]], templates: Mapping[str, Vector | None]) -> NDArray[np.float64]:
    """Return one score for each pair; -1 where a template is missing."""
    values = []
    for pair in pairs:
        reference, probe = templates[pair["reference"]], templates[pair["probe"]]
        values.append(-1.0 if reference is None or probe is None else float(reference @ probe))
    return np.array(values)


def figures(
    score: NDArray[np.float64], same: NDArray[np.bool_], accept: float, refer: float
) -> dict[str, Any]:
    """Return the error rates of one engine. A pair is correct when its side of the threshold is its label."""
    genuine, impostor = np.sort(score[same]), np.sort(score[~same])
    steps = np.unique(score)
    fnmr = np.searchsorted(genuine, steps, side="left") / max(len(genuine), 1)
    fmr = 1 - np.searchsorted(impostor, steps, side="left") / max(len(impostor), 1)
    correct = ((score[None, :] >= steps[:, None]) == same[None, :]).mean(axis=1)
    at = int(np.argmin(np.abs(fnmr - fmr)))
    return {
        "pairs_correct": round(float(correct.max()), 4),
        "equal_error_rate": round(float(fnmr[at] + fmr[at]) / 2, 4),
        "fnmr_at_fmr_1e-2": round(float(fnmr[fmr <= 1e-2].min(initial=1.0)), 4),
        "fnmr_at_accept": round(float((genuine < accept).mean()), 4),
        "fmr_at_accept": round(float((impostor >= accept).mean()), 4),
        "fnmr_at_refer": round(float((genuine < refer).mean()), 4),
        "fmr_at_refer": round(float((impostor >= refer).mean()), 4),
        "highest_impostor": round(float(impostor.max()), 4),
    }


def measure(pairs_file: Path, images: Path) -> dict[str, Any]:
    """Return the figures of both ways on one file of pairs."""
    with pairs_file.open(encoding="utf-8", newline="") as file:
        pairs = list(csv.DictReader(file))
    names = sorted({pair[side] for pair in pairs for side in ("reference", "probe")})
    same = np.array([pair["same"] == "1" for pair in pairs])
    with FaceEngine.load() as engine, PortraitDecoder(FILE_LIMITS) as decoder:
        limits = engine.thresholds()
        result: dict[str, Any] = {"pairs": len(pairs), "same": int(same.sum()), "images": len(names)}
        for way, template in (("pipeline", pipeline(engine, decoder)), ("bare_opencv", bare_opencv())):
            templates = {name: template(images / name) for name in names}
            score = scores(pairs, templates)
            failed = sum(1 for value in templates.values() if value is None)
            rates = figures(score, same, limits.accept, limits.refer)
            result[way] = {**rates, "failed_to_enrol": failed}
    return result


def bursts(people_file: Path, images: Path) -> dict[str, Any]:
    """Return FNMR at fixed FMRs for the first good frame and for the burst rule, by the engine as a station uses it."""
    labelled = read_pairs(people_file.read_bytes())
    smallest = smallest_rate(support_of(labelled).person_pairs)
    asked = [fmr for fmr in (1e-2, 1e-3, 1e-4) if fmr >= smallest]
    if not asked:
        return {"smallest_fmr": round(smallest, 6)}
    notice = shown_to_test_persons(datetime.now(UTC))
    with engine_for(load_models(), rule="mean", flip=True) as engine:
        scored = score(engine, labelled, images, notice=notice, progress=lambda _done, _of: None)
    found = measure_points(scored, asked)
    rows: dict[str, Any] = {
        "smallest_fmr": round(smallest, 6),
        "impostor": found.support.impostor,
        "person_pairs": found.support.person_pairs,
        "genuine": found.support.genuine,
        "people": found.support.people,
        "not_enrolled": dict(scored.enrol_failures),
        "not_acquired": dict(scored.acquire_failures),
    }
    for way, points in (("single_frame", found.single), ("burst", found.points)):
        for point in points:
            if point.fmr in asked and point.genuine is not None:
                rate = point.genuine
                text = f"{rate.errors}/{rate.comparisons} (95 %: {rate.low:.4f} to {rate.high:.4f})"
                rows[f"fnmr_{way}_at_{point.fmr:g}"] = f"{rate.value:.4f} = {text} at {point.threshold:.4f}"
    return rows


def main() -> None:
    """Print a table, or JSON."""
    parser = argparse.ArgumentParser(description="Compare labelled face pairs: pipeline against bare OpenCV.")
    parser.add_argument("--pairs", type=Path, required=True)
    parser.add_argument("--images", type=Path)
    parser.add_argument("--people", type=Path)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    beside = options.pairs.parent / "images"
    folder = options.images or (beside if beside.is_dir() else options.pairs.parent)
    result = measure(options.pairs, folder)
    if options.people is not None:
        result["people"] = bursts(options.people, folder)
    if options.json:
        print(json.dumps(result, indent=2))
        return
    print(f"{result['pairs']} pairs ({result['same']} same), {result['images']} images")
    print(f"{'':24}{'pipeline':>12}{'bare OpenCV':>14}")
    for name, value in result["pipeline"].items():
        print(f"{name:24}{value:>12}{result['bare_opencv'][name]:>14}")
    for name, value in result.get("people", {}).items():
        print(f"{name:32}{value}")


if __name__ == "__main__":
    main()
