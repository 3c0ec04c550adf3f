"""Times and memory of the face work against the bare OpenCV calls and face_recognition in the same run; tables, then
JSON.

Rounds alternate between the ways, so that a busy machine slows all. face_recognition runs in a process of its own,
where it is installed: its import loads a file that the station itself never opens. Nothing is asserted.
"""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from itertools import count
from statistics import median
from time import perf_counter
from typing import Any

import cv2
import numpy as np
import psutil

from biometrics.decode import PortraitDecoder
from biometrics.engine import FaceEngine
from biometrics.face_work import FaceWork
from biometrics.frames import Burst, Frame, Image
from biometrics.recorded import portrait_jpeg, vary
from biometrics.thresholds import Thresholds
from biometrics.weights import load_models
from biometrics.worker import FaceWorker
from tests.support.portraits import astronaut_path, burst, hopper_path, picture

ROUNDS = 40
FIRST_RESULT = """
from time import perf_counter; began = perf_counter()
import sys
from biometrics.engine import FaceEngine
reference, probe = (open(path, "rb").read() for path in sys.argv[1:])
FaceEngine.load().compare_images(reference, probe); print(perf_counter() - began)
"""
PLAIN_LIBRARY = """
import json, sys, warnings; warnings.simplefilter("ignore")
from statistics import median
from time import perf_counter; began = perf_counter()
import face_recognition
picture = face_recognition.load_image_file(sys.argv[1])[:480, :640]
face_recognition.face_encodings(picture, face_recognition.face_locations(picture))
first, times = perf_counter() - began, []
for _ in range(12):
    began = perf_counter()
    face_recognition.face_encodings(picture, face_recognition.face_locations(picture))
    times.append((perf_counter() - began) * 1000)
import psutil
print(json.dumps({"frame_face_recognition_ms": round(median(times), 2), "first_face_recognition_s": round(first, 3),
                  "memory_face_recognition_mib": round(psutil.Process().memory_info().rss / 2**20)}))
"""


def bare_calls(image: Image, *, flip: bool = False) -> Callable[[], Any]:
    """Return detection, alignment and template of one frame by OpenCV's own calls; `flip`: also of its mirror image."""
    models = load_models()
    path = str(models.embedder.weights.path)
    detector = cv2.FaceDetectorYN.create(str(models.detector.weights.path), "", (320, 320), 0.6, 0.3, 5000)
    aligner = cv2.FaceRecognizerSF.create(path, "")
    network = cv2.dnn.readNetFromONNX(path)

    def run() -> Any:
        detector.setInputSize((image.shape[1], image.shape[0]))
        faces: Any = detector.detect(image)[1]
        crop = aligner.alignCrop(image, faces[0])
        for side in (crop, cv2.flip(crop, 1)) if flip else (crop,):
            network.setInput(cv2.dnn.blobFromImage(side, 1.0, (112, 112), (0, 0, 0), True, False), "data")
            found = network.forward()
        return found

    return run


def timed(work: Callable[[], Any]) -> float:
    """Return the milliseconds of one call."""
    began = perf_counter()
    work()
    return (perf_counter() - began) * 1000


def decision(
    faces: FaceWork, decoder: PortraitDecoder, portrait: bytes, frames: Burst, thresholds: Thresholds
) -> None:
    """Do what is left when the chip is read and nothing of the burst was looked at: DG2, template, probe, score."""
    reference = faces.reference(decoder.decode(portrait))
    faces.require_match(reference, faces.probe(frames), thresholds)


def judged(faces: FaceWork, image: Image) -> Iterator[Frame]:
    """Yield frames that nobody has seen, as a camera gives them."""
    for number in count(1):
        yield Frame(image=image.copy(), monotonic_s=number / 30, number=number)


def ready_decision(
    faces: FaceWork, decoder: PortraitDecoder, portrait: bytes, frames: Burst, thresholds: Thresholds
) -> float:
    """Return the milliseconds of a decision when the burst is ready: its frames were judged as they came."""
    for frame in frames.frames:
        faces.usable(frame)
    return timed(lambda: decision(faces, decoder, portrait, frames, thresholds))


def measure(rounds: int = ROUNDS) -> dict[str, float]:
    """Return the medians in ms, the ratio, the first result in a fresh process, and memory."""
    with FaceEngine.load() as engine, FaceWorker.start() as worker, PortraitDecoder() as decoder:
        engine.warm_up()
        thresholds = engine.thresholds()
        worker.warm_up()
        hopper = picture("hopper")
        frames = vary(hopper, seed=1)
        five = burst(*frames)
        bare = bare_calls(frames[0], flip=thresholds.flip)
        here, there = judged(engine, frames[0]), judged(worker, frames[0])
        portrait, face = portrait_jpeg(hopper, face=engine.find_face(hopper)), engine.find_face(frames[0])
        calls: dict[str, Callable[[], float]] = {
            "frame_pipeline_ms": lambda frame=here: timed(lambda: engine.usable(next(frame))),
            "frame_bare_ms": lambda: timed(bare),
            "frame_in_worker_ms": lambda frame=there: timed(lambda: worker.usable(next(frame))),
            "reference_ms": lambda: timed(lambda: engine.reference(frames[0])),
            "decision_burst_of_5_ms": lambda: timed(
                lambda: decision(engine, decoder, portrait, five, thresholds)
            ),
            "decision_ready_in_worker_ms": lambda: ready_decision(
                worker, decoder, portrait, five, thresholds
            ),
            "dg2_decode_ms": lambda: timed(lambda: decoder.decode(portrait)),
            "worker_round_trip_ms": lambda: timed(worker.thresholds),
            "frame_crossing_ms": lambda: timed(lambda: worker.pad_score(frames[0], face)),  # answered at once
        }
        times: dict[str, list[float]] = {name: [] for name in calls}
        for _ in range(rounds):
            for name, call in calls.items():
                times[name].append(call())
    result = {name: round(median(values[3:]), 2) for name, values in times.items()}
    result["ratio"] = round(result["frame_pipeline_ms"] / result["frame_bare_ms"], 3)
    result["ratio_in_worker"] = round(result["frame_in_worker_ms"] / result["frame_bare_ms"], 3)
    result["first_result_s"] = first_result()
    return result | memory() | plain_library()


def first_result() -> float:
    """Return the seconds from an empty process to the first comparison, imports included."""
    command = [sys.executable, "-c", FIRST_RESULT, str(hopper_path()), str(astronaut_path())]
    return round(float(subprocess.run(command, check=True, capture_output=True, text=True).stdout), 3)


def plain_library() -> dict[str, float]:
    """Return what face_recognition takes for the same work; nothing where it is not installed."""
    command = [sys.executable, "-c", PLAIN_LIBRARY, str(hopper_path())]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    result: dict[str, float] = json.loads(done.stdout) if done.returncode == 0 and done.stdout else {}
    return result


def memory() -> dict[str, float]:
    """Return MiB of a fresh station after a candidate, its face process and its decoder, dlib's number included."""
    command = [sys.executable, "-m", "tests.bench.bench_faces", "station"]
    result: dict[str, float] = json.loads(
        subprocess.run(command, check=True, capture_output=True, text=True).stdout
    )
    return result


def station() -> None:
    """Print what a station's processes hold after one candidate."""
    import proctor.app  # noqa: F401  what a station has loaded besides

    with FaceWorker.start(dlib=True) as worker, PortraitDecoder() as decoder:
        hopper = picture("hopper")
        five = burst(*vary(hopper, seed=1))
        portrait = portrait_jpeg(hopper, face=worker.find_face(hopper))
        ready_decision(worker, decoder, portrait, five, worker.thresholds())
        here = psutil.Process()
        own = {"station": here, "worker": psutil.Process(worker.process_id)}
        decoders = [child for child in here.children() if child.pid != worker.process_id]
        held = [held_by(process) for process in (*own.values(), *decoders)]
    private = dict(zip((*own, "decoder"), (private for private, _ in held), strict=True))
    shared = max(shared for _, shared in held)
    result = {f"memory_{name}_mib": round(value) for name, value in private.items()}
    together = {"memory_shared_mib": round(shared), "memory_mib": round(sum(private.values()) + shared)}
    print(json.dumps(result | together))


def held_by(process: psutil.Process) -> tuple[float, float]:
    """Return the MiB that a process has for itself, and those that it shares with others: libraries, mostly the same
    ones, so that the largest share counts once."""
    full = process.memory_full_info()
    return full.uss / 2**20, (full.rss - full.uss) / 2**20


GOALS = {"ratio": 1.1, "decision_ready_in_worker_ms": 400.0, "memory_mib": 300.0}


def main() -> None:
    """Print the table and the JSON."""
    result = measure()
    print(
        f"faces, VGA frame, OpenCV {cv2.__version__}, {cv2.getNumThreads()} threads, numpy {np.__version__}"
    )
    for name, value in result.items():
        goal = f"   goal <= {GOALS[name]:g}" if name in GOALS else ""
        print(f"  {name:30}{value:>10}{goal}")
    print(json.dumps({"bench": "faces", **result}))


if __name__ == "__main__":
    station() if "station" in sys.argv[1:] else main()
