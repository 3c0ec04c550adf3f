import os
import pickle
import signal
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import numpy as np
import psutil
import pytest

from biometrics.detect import Face
from biometrics.engine import FaceEngine
from biometrics.errors import FaceNoMatchError, NoFaceError
from biometrics.face_work import FaceWork
from biometrics.frame_link import Inbox, Outbox, Request, unpack_answer
from biometrics.frames import Frame
from biometrics.model_errors import ModelUnknownError
from biometrics.pad.observation import Look
from biometrics.recorded import vary
from biometrics.worker import FaceWorker, WorkerLimits
from biometrics.worker_errors import FaceWorkBugError, FaceWorkerGoneError, FaceWorkerLateError
from tests.support.portraits import burst, hopper_path, picture

posix = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
FRAMES = burst(*vary(picture("hopper"), seed=1))
QUICK = WorkerLimits(calls={"pad_score": 0.5}, short_life_s=0.0)

FACE = Face(x=1.0, y=1.0, width=9.0, height=9.0, points=np.zeros((5, 2)), score=1.0)


@pytest.fixture(scope="module")
def worker():
    with FaceWorker.start() as worker:
        yield worker


@pytest.fixture(scope="module")
def engine():
    with FaceEngine.load() as engine:
        yield engine


def stop(worker: FaceWorker) -> int:
    """Freeze the child as a library that hangs would."""
    pid = worker.process_id
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    return pid


def wait_until(holds, seconds: float = 10.0) -> bool:
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True


def test_it_is_the_engine_to_its_callers(worker: FaceWorker, engine: FaceEngine):
    for faces in (worker, engine):
        desk: FaceWork = faces
        thresholds = faces.thresholds(fmr=1e-4, refer_fmr=1e-3)
        reference = desk.reference(picture("hopper"))
        assert all(desk.judge(frame).usable for frame in FRAMES.frames)
        live = desk.probe(FRAMES)
        assert desk.observe(FRAMES.frames[0], Look()).face is not None
        assert desk.pad_score(FRAMES.frames[0].image, live.face) is None
        assert desk.require_match(reference, live, thresholds).score > 0.9
        assert reference.image is picture("hopper")
        assert any(live.best_frame is frame for frame in FRAMES.frames)


def test_its_scores_and_templates_are_the_engine_s(worker: FaceWorker, engine: FaceEngine):
    here, there = engine.reference(picture("astronaut")), worker.reference(picture("astronaut"))
    assert np.abs(here.template.vector - there.template.vector).max() < 1e-5
    assert np.allclose(here.face.points, there.face.points, atol=1e-3)
    assert here.facts == there.facts
    data = hopper_path().read_bytes()
    assert worker.compare_images(data, data).decision == engine.compare_images(data, data).decision == "match"


def test_an_error_crosses_with_its_code_and_facts(worker: FaceWorker):
    with pytest.raises(NoFaceError) as caught:
        worker.find_face(np.zeros((480, 640, 3), dtype=np.uint8))
    assert caught.value.code == "face-none"
    live = worker.probe(FRAMES)
    with pytest.raises(FaceNoMatchError) as refused:
        worker.require_match(worker.reference(picture("astronaut")), live, worker.thresholds())
    assert refused.value.conclusive
    assert isinstance(refused.value.facts["score_e4"], int)


def test_a_picture_that_was_written_into_is_looked_at_again(worker: FaceWorker):
    image = picture("hopper").copy()
    worker.find_face(image)
    image[:] = 0
    with pytest.raises(NoFaceError):
        worker.find_face(image)


def test_a_bug_in_the_child_is_no_outcome_and_ends_nothing(worker: FaceWorker):
    before = worker.process_id
    with pytest.raises(FaceWorkBugError) as caught:
        worker.require_match(None, None, None)  # type: ignore[arg-type]
    assert caught.value.kind == "AttributeError"
    assert "engine.py:" in caught.value.place
    assert worker.process_id == before
    assert worker.reference(picture("hopper")).facts


def test_several_threads_get_their_own_answers(worker: FaceWorker):
    found: dict[str, float] = {}

    def look(name: str) -> None:
        for _ in range(4):
            found[name] = worker.find_face(picture(name)).width

    threads = [threading.Thread(target=look, args=(name,)) for name in ("hopper", "astronaut")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found["hopper"] == pytest.approx(worker.find_face(picture("hopper")).width)
    assert found["hopper"] != pytest.approx(found["astronaut"])


@posix
def test_a_hung_call_is_cut_at_its_deadline_and_the_next_one_works():
    with FaceWorker.start(limits=QUICK) as worker:
        worker.warm_up()
        hung = stop(worker)
        began = time.monotonic()
        with pytest.raises(FaceWorkerLateError) as caught:
            worker.pad_score(FRAMES.frames[0].image, FACE)
        assert 0.4 < time.monotonic() - began < 9.0
        assert dict(caught.value.facts) == {"call": "pad_score", "deadline_ms": 500, "restarts": 1}
        assert not caught.value.conclusive
        assert not psutil.pid_exists(hung)
        assert worker.process_id != hung
        assert worker.judge(FRAMES.frames[0]).usable
        assert worker.restarts == 1

        killed = stop(worker)  # and one that dies in the middle of a call
        threading.Timer(0.2, os.kill, (killed, signal.SIGKILL)).start()
        with pytest.raises(FaceWorkerGoneError) as gone:
            worker.judge(FRAMES.frames[1])
        assert dict(gone.value.facts) == {"call": "judge", "reason": "ended", "restarts": 2}

        worker.warm_up()
        idle = worker.process_id
        os.kill(idle, signal.SIGKILL)  # and one that dies while nobody asks: replaced before anybody does
        assert wait_until(lambda: worker.restarts == 3)
        assert worker.probe(FRAMES).facts["good_frames"] == 5


def test_what_the_loading_refuses_is_said_by_every_call(tmp_path: Path):
    with FaceWorker.start(site=tmp_path, model="no-such-model") as worker:
        for call in (worker.warm_up, worker.thresholds, lambda: worker.judge(FRAMES.frames[0])):
            with pytest.raises(ModelUnknownError) as caught:
                call()
            assert caught.value.facts["model"] == "no-such-model"
        assert worker.restarts == 0
        worker.forget()


def test_a_bug_while_loading_does_not_leave_the_next_call_waiting():
    with FaceWorker.start(nonsense=1) as worker:
        for _ in range(2):
            with pytest.raises(FaceWorkBugError) as caught:
                worker.warm_up()
            assert caught.value.kind == "TypeError"
            assert worker.process_id is None


def test_closing_ends_the_child_and_later_calls_say_so():
    worker = FaceWorker.start()
    pid = worker.process_id
    worker.close()
    worker.close()
    assert pid is not None
    assert not psutil.pid_exists(pid)
    with pytest.raises(FaceWorkerGoneError) as caught:
        worker.thresholds()
    assert caught.value.facts["reason"] == "closed"
    worker.forget()


@posix
def test_the_child_ends_with_its_parent_and_starts_from_any_folder(tmp_path: Path):
    code = (
        "import os, signal\nfrom biometrics.worker import FaceWorker\n"
        "worker = FaceWorker.start(); print(worker.process_id, flush=True)\n"
        "worker.warm_up(); os.kill(os.getpid(), signal.SIGKILL)"
    )
    root = str(Path(__file__).parents[3])
    (tmp_path / "biometrics.py").write_text("raise SystemExit('a file of the folder was taken')")
    environment = {**os.environ, "PYTHONPATH": root}
    parent = psutil.Popen(
        [sys.executable, "-P", "-c", code], cwd=tmp_path, env=environment, stdout=-1, text=True
    )
    child = int(parent.communicate(timeout=60)[0])
    assert parent.returncode == -signal.SIGKILL
    assert wait_until(lambda: not psutil.pid_exists(child) or psutil.Process(child).status() == "zombie")


@posix
def test_the_child_writes_no_core_files_and_lets_the_preview_go_first(worker: FaceWorker):
    worker.warm_up()
    child = psutil.Process(worker.process_id)
    assert child.nice() > psutil.Process().nice()
    if sys.platform.startswith("linux"):
        assert child.rlimit(psutil.RLIMIT_CORE) == (0, 0)


def test_the_child_holds_what_its_caller_holds_and_nothing_after_forget(worker: FaceWorker):
    frame = Frame(image=picture("hopper").copy(), monotonic_s=1.0, number=1)
    worker.judge(frame)
    child = worker._child
    assert child is not None
    held = len(child.outbox._sent)
    del frame
    worker.judge(FRAMES.frames[0])
    assert len(child.outbox._sent) <= held
    worker.forget()
    assert len(child.outbox._sent) == 0
    assert worker.probe(FRAMES).facts["good_frames"] == 5


# --- the messages ---


def across(outbox: Outbox, inbox: Inbox, *arguments: object) -> tuple[Request, tuple[object, ...], int]:
    """Return the request, what the other side sees, and the bytes it took."""
    request = outbox.pack("call", arguments, {})
    data = b"".join(bytes(part) for part in request.parts)
    at = 0

    def read(size: int) -> bytes:
        nonlocal at
        at += size
        return data[at - size : at]

    name, seen, options = inbox.take(read)
    assert (name, options, at) == ("call", {}, len(data))
    return request, seen, len(data)


def test_a_frame_crosses_once_and_is_the_same_frame_there():
    outbox, inbox = Outbox(), Inbox()
    _, (first,), full = across(outbox, inbox, FRAMES.frames[0])
    request, (again, whole), short = across(outbox, inbox, FRAMES.frames[0], replace(FRAMES))
    assert again is first
    assert whole.frames[0] is first
    assert full > 900_000
    assert short < 5 * 900_000
    assert np.array_equal(first.image, FRAMES.frames[0].image)
    answer = inbox.pack(("ok", whole, MappingProxyType({"a": 1}), NoFaceError(side="probe")))
    assert len(answer) < 1000
    _, burst_again, facts, error = unpack_answer(answer[4:], request)
    assert burst_again.frames[0] is FRAMES.frames[0]
    assert facts == {"a": 1}
    assert error.facts["side"] == "probe"


def test_a_picture_that_its_caller_let_go_is_dropped_there():
    outbox, inbox = Outbox(), Inbox()
    for _ in range(5):
        across(outbox, inbox, Frame(image=picture("hopper").copy(), monotonic_s=0.0, number=1))
    assert inbox.held <= 2


def test_no_more_than_the_newest_pictures_are_held_there():
    outbox, inbox = Outbox(), Inbox()
    kept = [Frame(image=np.zeros((1080, 1920, 3), np.uint8), monotonic_s=0.0, number=i) for i in range(12)]
    for frame in kept:
        across(outbox, inbox, frame)
    assert inbox.held == 48 * 2**20 // kept[0].image.nbytes
    _, (seen,), _ = across(outbox, inbox, kept[0])
    assert seen.number == 0


@pytest.mark.parametrize("shape", [(1, 1, 3), (64, 64), (480, 640, 3)])
def test_any_shape_and_any_stride_arrives_as_it_was(shape: tuple[int, ...]):
    image = np.random.default_rng(1).integers(0, 256, shape, dtype=np.uint8)[::-1]
    _, (seen,), _ = across(Outbox(), Inbox(), image)
    assert np.array_equal(seen, image)


class _Trap:
    def __reduce__(self):
        return os.system, ("exit 1",)


@pytest.mark.parametrize(
    "content",
    [
        pickle.dumps(_Trap()),
        b"cbiometrics.decode\nos\n.",
        b"\x80\x04\x8c\x11biometrics.decode\x8c\tos.system\x93.",
        b"cbiometrics.decode\nPortraitDecoder\n.",
        b"cbuiltins\neval\n.",
    ],
)
def test_an_answer_may_name_records_alone(content: bytes):
    request = Outbox().pack("call", (), {})
    with pytest.raises(pickle.UnpicklingError):
        unpack_answer(content, request)
