"""Face work in a process of its own: a hung or dead library costs one call, never the desk or its preview.

`FaceWorker` has the methods of `FaceEngine` and does them in a child (`biometrics.worker_process`) with a deadline for
each. A child that dies or is late is ended and replaced at once; `restarts` counts, and the call says so.
"""

import os
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from pickle import UnpicklingError
from queue import Empty, SimpleQueue
from threading import Lock, Thread
from time import monotonic
from types import TracebackType
from typing import Any, Self, TypeVar

from biometrics.detect import Face
from biometrics.errors import BiometricsError
from biometrics.evidence import Comparison, Live, Match, Reference
from biometrics.frame_link import ANSWER, MOST_ANSWER, Outbox, Request, unpack_answer
from biometrics.frames import Burst, Frame, Image
from biometrics.pad.observation import Look, Observation
from biometrics.pad_model import PadScore
from biometrics.quality_report import FrameReport
from biometrics.thresholds import Thresholds
from biometrics.worker_errors import FaceWorkBugError, FaceWorkerGoneError, FaceWorkerLateError

T = TypeVar("T")
ERROR, BUG = "error", "bug"
_KEPT_ENVIRONMENT = ("PATH", "SYSTEMROOT", "LD_LIBRARY_PATH", "TEMP", "TMP", "NUMBER_OF_PROCESSORS")
_SMALL = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "2"}


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerLimits:
    """Seconds: until the engine is loaded, for one call, for calls of certain names; and the life below which a child
    that died is replaced only when it is needed, so that one that always dies does not keep the machine busy."""

    start_s: float = 60.0
    call_s: float = 10.0
    calls: Mapping[str, float] = field(default_factory=lambda: {"compare_images": 45.0, "forget": 2.0})
    short_life_s: float = 5.0


class FaceWorker:
    """A face engine in a child process. May be used from several threads; calls run one after another.

    Every call may raise FaceWorkerGoneError, FaceWorkerLateError, and what the loading raised (ModelMissingError and
    the like), besides what the engine's method raises. Pictures inside a Frame or Reference must not be written into.
    """

    def __init__(self, *, limits: WorkerLimits | None = None, **options: Any) -> None:
        """Nothing runs yet. `options`: of `FaceEngine.load`."""
        self.limits = limits or WorkerLimits()
        self._options = options
        self._lock = Lock()
        self._child: _Child | None = None
        self._children = 0
        self._closed = False

    @classmethod
    def start(cls, *, limits: WorkerLimits | None = None, **options: Any) -> Self:
        """Return a worker whose engine loads while the caller goes on; the first call waits for it."""
        worker = cls(limits=limits, **options)
        with worker._lock:
            worker._ready()
        return worker

    def __enter__(self) -> Self:
        """Return the worker."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the child."""
        self.close()

    @property
    def restarts(self) -> int:
        """How many children had to be replaced so far."""
        return max(0, self._children - 1)

    @property
    def process_id(self) -> int | None:
        """The child's process id; None while there is none."""
        child = self._child
        return None if child is None else child.process.pid

    def close(self) -> None:
        """End the child and wait for it. A later call raises FaceWorkerGoneError."""
        with self._lock:
            self._closed = True
            self._drop()

    # --- what the engine does ---

    def warm_up(self) -> None:
        """Wait until the engine is loaded and has run once. Raises ModelMissingError(file) and the like."""
        self.thresholds()

    def thresholds(self, **rates: float) -> Thresholds:
        """As `FaceEngine.thresholds`."""
        return self._ask(Thresholds, "thresholds", **rates)

    def find_face(self, image: Image) -> Face:
        """As `FaceEngine.find_face`."""
        return self._ask(Face, "find_face", image)

    def reference(self, image: Image) -> Reference:
        """As `FaceEngine.reference`."""
        return self._ask(Reference, "reference", image)

    def usable(self, frame: Frame) -> bool:
        """As `FaceEngine.usable`; the frame crosses once, for `probe` too."""
        return self._ask(bool, "usable", frame)

    def judge(self, frame: Frame) -> FrameReport:
        """As `FaceEngine.judge`; the frame crosses once, for `probe` too."""
        return self._ask(FrameReport, "judge", frame)

    def observe(self, frame: Frame, look: Look) -> Observation:
        """As `FaceEngine.observe`."""
        return self._ask(Observation, "observe", frame, look)

    def probe(self, burst: Burst) -> Live:
        """As `FaceEngine.probe`."""
        return self._ask(Live, "probe", burst)

    def pad_score(self, image: Image, face: Face) -> PadScore | None:
        """As `FaceEngine.pad_score`."""
        return self._maybe(PadScore, "pad_score", image, face)

    def require_match(self, reference: Reference, live: Live, thresholds: Thresholds) -> Match:
        """As `FaceEngine.require_match`."""
        return self._ask(Match, "require_match", reference, live, thresholds)

    def compare_images(
        self, reference: bytes, probe: bytes, thresholds: Thresholds | None = None
    ) -> Comparison:
        """As `FaceEngine.compare_images`."""
        return self._ask(Comparison, "compare_images", reference, probe, thresholds)

    def forget(self) -> None:
        """Let the child drop every picture: to be called when a candidate's attempt ends. Starts nothing, and a
        child that cannot answer is ended, which drops them too."""
        with self._lock:
            if self._child is None or not self._child.loaded:
                return
        try:
            self._ask(int, "forget")
        except BiometricsError:
            return

    # --- how it gets there ---

    def _ask(self, kind: type[T], name: str, *arguments: Any, **options: Any) -> T:
        """Do one call in the child and return its answer, which is a `kind`."""
        with self._lock:
            child = self._ready()
            try:
                child.await_load(self.limits.start_s)
                value = child.ask(name, arguments, options, self.limits.calls.get(name, self.limits.call_s))
                if not isinstance(value, kind):
                    raise FaceWorkerGoneError(call=name, reason="answer")
            except (FaceWorkerGoneError, FaceWorkerLateError) as error:
                self._drop(at_once=True)
                if child.loaded or isinstance(error, FaceWorkerLateError):
                    self._ready()
                raise type(error)(**error.facts, restarts=self.restarts) from None
            except FaceWorkBugError:
                if not child.loaded:
                    self._drop(at_once=True)
                raise
            if name == "forget":
                child.outbox.forget_all()
            return value

    def _maybe(self, kind: type[T], name: str, *arguments: Any) -> T | None:
        """As `_ask`; the engine may also answer None."""
        value = self._ask(object, name, *arguments)
        if value is not None and not isinstance(value, kind):
            raise FaceWorkerGoneError(call=name, reason="answer")
        return value

    def _ready(self) -> "_Child":
        """Return the child, a new one where there is none. Called with the lock held."""
        if self._closed:
            raise FaceWorkerGoneError(call="start", reason="closed")
        if self._child is not None and self._child.process.poll() is not None:
            self._drop(at_once=True)
        if self._child is None:
            self._children += 1
            self._child = _Child(self._options, on_end=self._lost)
        return self._child

    def _lost(self, child: "_Child") -> None:
        """Replace a child that died between two calls; one that never lived long waits for the next call."""
        with self._lock:
            if self._child is child and not self._closed:
                self._drop(at_once=True)
                if child.loaded and child.age_s >= self.limits.short_life_s:
                    with suppress(FaceWorkerGoneError):  # the next call says so
                        self._ready()

    def _drop(self, *, at_once: bool = False) -> None:
        child, self._child = self._child, None
        if child is not None:
            child.end(grace_s=0.0 if at_once else 2.0)


class _Child:
    """The process, a thread that writes and one that reads, so that waiting can end."""

    def __init__(self, options: Mapping[str, Any], *, on_end: Any) -> None:
        self.loaded = False
        self.outbox = Outbox()
        self._refusal: BiometricsError | None = None
        self._born = monotonic()
        self._on_end = on_end
        self._ended = False
        self._requests: SimpleQueue[Request | None] = SimpleQueue()
        self._answers: SimpleQueue[bytes | None] = SimpleQueue()
        self.process = _spawn()
        self._threads = (Thread(target=self._write, daemon=True), Thread(target=self._read, daemon=True))
        for thread in self._threads:
            thread.start()
        self._load = self.outbox.pack("load", (), options)
        self._requests.put(self._load)

    @property
    def age_s(self) -> float:
        """Seconds since it was started."""
        return monotonic() - self._born

    def await_load(self, deadline_s: float) -> None:
        """Wait until the engine is loaded, counted from the start; raise what the loading raised, every time."""
        if not self.loaded and self._refusal is None:
            try:
                self._answer("load", self._load, max(0.0, deadline_s - self.age_s))
                self.loaded = True
            except (FaceWorkerGoneError, FaceWorkerLateError):
                raise
            except BiometricsError as error:
                self._refusal = error
        if self._refusal is not None:
            raise type(self._refusal)(**self._refusal.facts)

    def ask(
        self, name: str, arguments: tuple[Any, ...], options: Mapping[str, Any], deadline_s: float
    ) -> Any:
        """Send one call and wait for its answer."""
        request = self.outbox.pack(name, arguments, options)
        self._requests.put(request)
        return self._answer(name, request, deadline_s)

    def end(self, *, grace_s: float) -> None:
        """End the process: it goes when its input ends, and is killed after `grace_s`."""
        self._ended = True
        self._requests.put(None)
        try:
            if grace_s:
                self._threads[0].join(grace_s)
            else:
                self.process.kill()
            self.process.wait(grace_s or None)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def _answer(self, name: str, request: Request, deadline_s: float) -> Any:
        try:
            body = self._answers.get(timeout=deadline_s)
        except Empty:
            raise FaceWorkerLateError(call=name, deadline_ms=round(deadline_s * 1000)) from None
        if body is None:
            raise FaceWorkerGoneError(call=name, reason="ended")
        try:
            content = unpack_answer(body, request)
        except (UnpicklingError, ValueError, TypeError, EOFError, AttributeError, ImportError):
            raise FaceWorkerGoneError(call=name, reason="answer") from None
        if content[0] == ERROR:
            raise content[1]
        if content[0] == BUG:
            raise FaceWorkBugError(name, *content[1:])
        return content[1]

    def _write(self) -> None:
        pipe = self.process.stdin
        if pipe is None:
            return
        try:
            while (request := self._requests.get()) is not None:
                for part in request.parts:
                    left = memoryview(part)
                    while left:
                        left = left[pipe.write(left) :]
                del request, part, left
        except (OSError, ValueError):
            pass
        finally:
            _close(pipe)

    def _read(self) -> None:
        pipe = self.process.stdout
        while pipe is not None and (body := self._body(pipe)) is not None:
            self._answers.put(body)
        _close(pipe)
        self._answers.put(None)
        if not self._ended:
            self._on_end(self)

    def _body(self, pipe: Any) -> bytes | None:
        head = _exactly(pipe, ANSWER.size)
        size = ANSWER.unpack(head)[0] if head is not None else MOST_ANSWER + 1
        return _exactly(pipe, size) if size <= MOST_ANSWER else None


def _spawn() -> "subprocess.Popen[bytes]":
    environment = {name: os.environ[name] for name in _KEPT_ENVIRONMENT if name in os.environ}
    environment |= {**_SMALL, "PYTHONPATH": str(Path(__file__).parent.parent)}
    try:
        return subprocess.Popen(
            [sys.executable, "-P", "-m", "biometrics.worker_process"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            bufsize=0,
            creationflags=getattr(subprocess, "BELOW_NORMAL_PRIORITY_CLASS", 0)
            | getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
    except OSError:
        raise FaceWorkerGoneError(call="start", reason="start") from None


def _exactly(pipe: Any, size: int) -> bytes | None:
    """Return `size` bytes, None when the pipe ends before."""
    data = bytearray(size)
    left = memoryview(data)
    while left:
        try:
            count = pipe.readinto(left)
        except (OSError, ValueError):
            return None
        if not count:
            return None
        left = left[count:]
    return bytes(data)


def _close(pipe: Any) -> None:
    try:
        if pipe is not None:
            pipe.close()
    except OSError:
        return
