"""Ed25519 signatures by the thousand: collected while the log is walked, checked in a second process if they are many.

One check costs more than all else of an entry, and Python does it under its one lock.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from types import TracebackType
from typing import Final, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from sessions.checkpoint import VerifierKey

Job = tuple[int, bytes, str, bytes]
"""Size of the checkpoint, public key (32 bytes), signed text, signature."""
BATCH: Final = 1_000
_HELPER_FROM: Final = 3 * BATCH
"""So many jobs are worth starting a process for."""
_AHEAD: Final = 2
"""So many batches the helper has at a time."""


def bad_sizes(jobs: Sequence[Job]) -> list[int]:
    """Return the sizes whose signature is wrong."""
    keys: dict[bytes, Ed25519PublicKey | None] = {}
    bad = []
    for size, public, text, signature in jobs:
        if public not in keys:
            keys[public] = _key(public)
        key = keys[public]
        try:
            if key is None:
                raise InvalidSignature
            key.verify(signature, text.encode())
        except InvalidSignature:
            bad.append(size)
    return bad


def _key(public: bytes) -> Ed25519PublicKey | None:
    try:
        return Ed25519PublicKey.from_public_bytes(public)
    except ValueError:
        return None


class Signatures:
    """Collects checkpoint signatures, and checks them as they become many."""

    def __init__(self) -> None:
        self._jobs: list[Job] = []
        self._waiting: list[list[Job]] = []
        self._running: list[tuple[list[Job], Future[list[int]]]] = []
        self._wrong: list[Job] = []
        self._pool: ProcessPoolExecutor | None = None
        self._sent = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        if self._pool is not None:
            self._pool.shutdown()

    def add(self, size: int, key: VerifierKey, text: str, signature: bytes) -> None:
        """Have a signature checked sooner or later."""
        self._jobs.append((size, key.public, text, signature))
        if len(self._jobs) >= BATCH:
            self._waiting.append(self._jobs)
            self._sent += len(self._jobs)
            self._jobs = []
            self._feed()

    def bad(self) -> tuple[Job, ...]:
        """Return the jobs whose signature is wrong, in order, once everything was handed over."""
        self._waiting.append(self._jobs)
        self._jobs = []
        while self._waiting:
            self._feed()
            if self._waiting:  # the helper is busy: do a part here meanwhile
                jobs = self._waiting.pop()
                self._take(jobs, bad_sizes(jobs))
        for jobs, future in self._running:
            self._take(jobs, _result(jobs, future))
        self._running = []
        return tuple(sorted(self._wrong))

    def _feed(self) -> None:
        """Keep the helper busy, once there is enough to do for one."""
        if self._pool is None and self._sent >= _HELPER_FROM:
            self._pool, self._sent = _helper(), 0
        done = [pair for pair in self._running if pair[1].done()]
        self._running = [pair for pair in self._running if pair not in done]
        for jobs, future in done:
            self._take(jobs, _result(jobs, future))
        while self._pool is not None and self._waiting and len(self._running) < _AHEAD:
            jobs = self._waiting.pop(0)
            try:
                self._running.append((jobs, self._pool.submit(bad_sizes, jobs)))
            except (BrokenProcessPool, OSError, RuntimeError):
                self._waiting.insert(0, jobs)
                self._pool.shutdown()
                self._pool = None

    def _take(self, jobs: Sequence[Job], wrong: Sequence[int]) -> None:
        if wrong:
            sizes = set(wrong)
            self._wrong += [job for job in jobs if job[0] in sizes]


def _helper() -> ProcessPoolExecutor | None:
    """Return a second process, where there is a second core and the system gives one."""
    if (os.cpu_count() or 1) < 2:
        return None
    try:
        return ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn"))
    except OSError:
        return None


def _result(jobs: list[Job], future: Future[list[int]]) -> list[int]:
    """Return what the helper found; if it died, find it here."""
    try:
        return future.result()
    except (BrokenProcessPool, OSError):
        return bad_sizes(jobs)
