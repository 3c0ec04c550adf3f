"""Decode a portrait in a child process with limits: the bytes come from a chip and may be made to harm.

The child (`biometrics.decode_process`) stays warm between images. When it misses the deadline it is killed,
and a new one is started at once. Frames on the pipes: "+" when the child is up; request = length, then bytes;
answer = kind, width, height, length, then the pixels. All numbers big-endian.
"""

import os
import signal
import struct
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Lock, Thread
from types import TracebackType
from typing import IO, Self

import numpy as np

from biometrics.errors import (
    BiometricsError,
    DecoderGoneError,
    ImageMalformedError,
    ImageTimeoutError,
    ImageTooLargeError,
)
from biometrics.frames import Image

REQUEST = struct.Struct(">I")
ANSWER = struct.Struct(">BIII")
OK, MALFORMED, TOO_LARGE = 0, 1, 2
READY = b"+"
START_S = 30.0
_KEPT_ENVIRONMENT = ("PATH", "SYSTEMROOT", "LD_LIBRARY_PATH", "TEMP", "TMP")


@dataclass(frozen=True, slots=True, kw_only=True)
class DecodeLimits:
    """Bytes in, pixels out, memory of the child in MiB, processor seconds and wall seconds for one image."""

    max_bytes: int
    max_pixels: int
    memory_mib: int
    cpu_s: int
    deadline_s: float
    formats: tuple[str, ...]


DG2_LIMITS = DecodeLimits(
    max_bytes=64 * 1024,
    max_pixels=4_000_000,
    memory_mib=512,
    cpu_s=3,
    deadline_s=3.0,
    formats=("JPEG", "JPEG2000"),
)
FILE_LIMITS = DecodeLimits(
    max_bytes=24 * 1024 * 1024,
    max_pixels=25_000_000,
    memory_mib=1024,
    cpu_s=10,
    deadline_s=10.0,
    formats=("JPEG", "JPEG2000", "PNG"),
)
_MAGIC = (
    (b"\xff\xd8\xff", "JPEG"),
    (b"\x00\x00\x00\x0cjP  \r\n\x87\n", "JPEG2000"),
    (b"\xff\x4f\xff\x51", "JPEG2000"),
    (b"\x89PNG\r\n\x1a\n", "PNG"),
)
_DECLARED = {
    "jpeg": "JPEG", "jpg": "JPEG", "image/jpeg": "JPEG",
    "jpeg2000": "JPEG2000", "jp2": "JPEG2000", "j2k": "JPEG2000", "image/jp2": "JPEG2000",
    "png": "PNG", "image/png": "PNG",
}  # fmt: skip


def image_format(data: bytes) -> str | None:
    """Return "JPEG", "JPEG2000" or "PNG" by the first bytes; None for anything else."""
    return next((name for magic, name in _MAGIC if data.startswith(magic)), None)


class PortraitDecoder:
    """Decodes one image at a time; may be used from several threads. A context manager."""

    def __init__(self, limits: DecodeLimits = DG2_LIMITS) -> None:
        """Nothing is started before `warm` or the first image."""
        self.limits = limits
        self._lock = Lock()
        self._child: _Child | None = None

    def __enter__(self) -> Self:
        """Start the child."""
        self.warm()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the child."""
        self.close()

    def warm(self) -> None:
        """Start the child without waiting for it. Raises DecoderGoneError."""
        with self._lock:
            self._ready()

    def close(self) -> None:
        """End the child and wait for it. The decoder can be used again."""
        with self._lock:
            self._drop()

    def decode(self, data: bytes, declared: str | None = None) -> Image:
        """Return the image: uint8, shape (H, W, 3), BGR, upright.

        `declared`: the format by the container; a known name that contradicts the bytes is an error.
        Raises ImageMalformedError, ImageTooLargeError, ImageTimeoutError, DecoderGoneError.
        """
        found = image_format(data)
        if found is None or found not in self.limits.formats:
            raise ImageMalformedError(reason="format", bytes=len(data))
        if _DECLARED.get((declared or "").lower(), found) != found:
            raise ImageMalformedError(reason="declared", format=found)
        if len(data) > self.limits.max_bytes:
            raise ImageTooLargeError(bytes=len(data), limit=self.limits.max_bytes)
        with self._lock:
            return self._decode(data)

    def decode_file(self, path: Path) -> Image:
        """Decode a file. Raises ImageMalformedError(reason="unreadable") besides what `decode` raises."""
        try:
            with path.open("rb") as file:
                data = file.read(self.limits.max_bytes + 1)
        except OSError:
            raise ImageMalformedError(reason="unreadable") from None
        return self.decode(data)

    def _decode(self, data: bytes) -> Image:
        child = self._ready()
        try:
            return child.ask(data, self.limits.deadline_s)
        except (ImageTimeoutError, DecoderGoneError) as error:
            self._drop(grace_s=0.5 if isinstance(error, DecoderGoneError) else 0.0)
            self._ready()
            raise _cause(child, error) from None

    def _ready(self) -> "_Child":
        if self._child is not None and self._child.process.poll() is not None:
            self._drop()
        if self._child is None:
            self._child = _Child(self.limits)
        return self._child

    def _drop(self, *, grace_s: float = 0.0) -> None:
        if self._child is not None:
            self._child.end(grace_s=grace_s)
        self._child = None


def _cause(child: "_Child", error: BiometricsError) -> BiometricsError:
    """Name what ended the child: the processor limit is a timeout, a crash is the image's fault."""
    cpu = getattr(signal, "SIGXCPU", None)
    if isinstance(error, ImageTimeoutError) or (cpu is not None and child.died_by == -cpu):
        return ImageTimeoutError(deadline_ms=round(child.limits.deadline_s * 1000))
    return ImageMalformedError(reason="decoder-died") if child.started else error


class _Child:
    """The process, and a thread that reads its answers so that waiting can end."""

    def __init__(self, limits: DecodeLimits) -> None:
        self.limits = limits
        self.started = False
        self.died_by = 0
        arguments = (limits.max_pixels, limits.memory_mib, limits.cpu_s)
        environment = {name: os.environ[name] for name in _KEPT_ENVIRONMENT if name in os.environ}
        environment["PYTHONPATH"] = str(Path(__file__).parent.parent)
        try:
            self.process = subprocess.Popen(
                [sys.executable, "-P", "-m", "biometrics.decode_process", *map(str, arguments)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=environment,
            )
        except OSError:
            raise DecoderGoneError(reason="start") from None
        self._starts: SimpleQueue[bool] = SimpleQueue()
        self._answers: SimpleQueue[BiometricsError | Image | None] = SimpleQueue()
        self._requests: SimpleQueue[bytes | None] = SimpleQueue()
        self._threads = (Thread(target=self._read, daemon=True), Thread(target=self._write, daemon=True))
        for thread in self._threads:
            thread.start()

    def ask(self, data: bytes, deadline_s: float) -> Image:
        """Send one image and wait for the answer."""
        self._await_start()
        self._requests.put(data)
        try:
            answer = self._answers.get(timeout=deadline_s)
        except Empty:
            raise ImageTimeoutError(deadline_ms=round(deadline_s * 1000)) from None
        if answer is None:
            raise DecoderGoneError(reason="ended")
        if isinstance(answer, BiometricsError):
            raise answer
        return answer

    def _await_start(self) -> None:
        """Wait until the process is up, which is no part of an image's deadline."""
        if self.started:
            return
        try:
            self.started = self._starts.get(timeout=START_S)
        except Empty:
            self.started = False
        if not self.started:
            raise DecoderGoneError(reason="start")

    def end(self, *, grace_s: float = 0.0) -> None:
        """Reap the process, killing it after `grace_s`, and wait for the threads."""
        try:
            self.died_by = self.process.wait(grace_s)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.died_by = self.process.wait()
        self._requests.put(None)
        for thread in self._threads:
            thread.join(2.0)
        for pipe in (self.process.stdin, self.process.stdout):
            _close(pipe)

    def _write(self) -> None:
        pipe = self.process.stdin
        while pipe is not None and (data := self._requests.get()) is not None:
            try:
                pipe.write(REQUEST.pack(len(data)) + data)
                pipe.flush()
            except (OSError, ValueError):
                return

    def _read(self) -> None:
        pipe = self.process.stdout
        answer: BiometricsError | Image | None = None
        if pipe is not None:
            self._starts.put(pipe.read(1) == READY)
            while (answer := self._answer(pipe)) is not None:
                self._answers.put(answer)
        self._answers.put(None)

    def _answer(self, pipe: IO[bytes]) -> BiometricsError | Image | None:
        """Return one answer; None when the process ended or answers nonsense."""
        head = pipe.read(ANSWER.size)
        if len(head) < ANSWER.size:
            return None
        kind, width, height, length = ANSWER.unpack(head)
        if kind == MALFORMED:
            return ImageMalformedError(reason="decoding")
        if kind == TOO_LARGE:
            return ImageTooLargeError(width_px=width, height_px=height, limit=self.limits.max_pixels)
        sound = length == width * height * 3 and width * height <= self.limits.max_pixels
        pixels = pipe.read(length) if sound else b""
        if not pixels or len(pixels) < length:
            return None
        return np.frombuffer(bytearray(pixels), dtype=np.uint8).reshape(height, width, 3)


def _close(pipe: IO[bytes] | None) -> None:
    try:
        if pipe is not None:
            pipe.close()
    except OSError:
        return
