"""Times of the face work, pipeline against the bare OpenCV calls in the same run; a table, then JSON.

Rounds alternate between the two ways, so that a busy machine slows both. Nothing is asserted.
"""

import json
import subprocess
import sys
from collections.abc import Callable
from statistics import median
from time import perf_counter
from typing import Any

import cv2
import numpy as np
import psutil

from biometrics.decode import PortraitDecoder
from biometrics.engine import FaceEngine
from biometrics.frames import Burst, Image
from biometrics.recorded import portrait_jpeg, vary
from biometrics.weights import load_models
from tests.support.portraits import astronaut_path, burst, hopper_path, picture

ROUNDS = 40
FIRST_RESULT = """
from time import perf_counter; began = perf_counter()
import sys
from biometrics.engine import FaceEngine
reference, probe = (open(path, "rb").read() for path in sys.argv[1:])
FaceEngine.load().compare_images(reference, probe); print(perf_counter() - began)
"""


def bare_calls(image: Image) -> Callable[[], Any]:
    """Return detection, alignment and template of one frame by OpenCV's own calls."""
    models = load_models()
    path = str(models.embedder.weights.path)
    detector = cv2.FaceDetectorYN.create(str(models.detector.weights.path), "", (320, 320), 0.6, 0.3, 5000)
    aligner = cv2.FaceRecognizerSF.create(path, "")
    network = cv2.dnn.readNetFromONNX(path)

    def run() -> Any:
        detector.setInputSize((image.shape[1], image.shape[0]))
        faces: Any = detector.detect(image)[1]
        crop = aligner.alignCrop(image, faces[0])
        network.setInput(cv2.dnn.blobFromImage(crop, 1.0, (112, 112), (0, 0, 0), True, False), "data")
        return network.forward()

    return run


def timed(work: Callable[[], Any]) -> float:
    """Return the milliseconds of one call."""
    began = perf_counter()
    work()
    return (perf_counter() - began) * 1000


def decision(engine: FaceEngine, decoder: PortraitDecoder, portrait: bytes, frames: Burst) -> None:
    """Do what is left when chip and burst are ready: decode DG2, template, probe, score."""
    reference = engine.reference(decoder.decode(portrait))
    engine.require_match(reference, engine.probe(frames), engine.thresholds())


def measure() -> dict[str, float]:
    """Return the medians in ms, the ratio, the first result in a fresh process, and memory."""
    with FaceEngine.load() as engine, PortraitDecoder() as decoder:
        engine.warm_up()
        hopper = picture("hopper")
        frames = vary(hopper, seed=1)
        five = burst(*frames)
        bare = bare_calls(frames[0])
        portrait = portrait_jpeg(hopper, face=engine.find_face(hopper))
        calls = {
            "frame_pipeline_ms": lambda: engine.reference(frames[0]),
            "frame_bare_ms": bare,
            "decision_burst_of_5_ms": lambda: decision(engine, decoder, portrait, five),
            "dg2_decode_ms": lambda: decoder.decode(portrait),
        }
        times: dict[str, list[float]] = {name: [] for name in calls}
        for _ in range(ROUNDS):
            for name, call in calls.items():
                times[name].append(timed(call))
    result = {name: round(median(values[3:]), 2) for name, values in times.items()}
    result["ratio"] = round(result["frame_pipeline_ms"] / result["frame_bare_ms"], 3)
    result["first_result_s"] = first_result()
    result["memory_mib"] = round(psutil.Process().memory_info().rss / 2**20)
    return result


def first_result() -> float:
    """Return the seconds from an empty process to the first comparison, imports included."""
    command = [sys.executable, "-c", FIRST_RESULT, str(hopper_path()), str(astronaut_path())]
    return round(float(subprocess.run(command, check=True, capture_output=True, text=True).stdout), 3)


def main() -> None:
    """Print the table and the JSON."""
    result = measure()
    print(
        f"faces, VGA frame, OpenCV {cv2.__version__}, {cv2.getNumThreads()} threads, numpy {np.__version__}"
    )
    for name, value in result.items():
        print(f"  {name:26}{value:>10}")
    print(json.dumps({"bench": "faces", **result}))


if __name__ == "__main__":
    main()
