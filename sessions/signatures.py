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
    """Collects checkpoint signatures. `every` checks all of them, otherwise only the last of each key."""

    def __init__(self, *, every: bool) -> None:
        self._every = every
        self._jobs: list[Job] = []
        self._last: dict[VerifierKey, Job] = {}
        self._sent: list[tuple[list[Job], Future[list[int]] | None]] = []
        self._pool: ProcessPoolExecutor | None = None
        self.skipped = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def add(self, size: int, key: VerifierKey, text: str, signature: bytes) -> None:
        """Have a signature checked sooner or later."""
        job = (size, key.public, text, signature)
        if not self._every:
            self.skipped = self.skipped or key in self._last
            self._last[key] = job
            return
        self._jobs.append(job)
        if len(self._jobs) >= BATCH:
            self._send()

    def bad(self) -> tuple[Job, ...]:
        """Return the jobs whose signature is wrong, in order, once everything was handed over."""
        self._jobs += self._last.values()
        self._last = {}
        if self._jobs:
            self._send()
        wrong: set[int] = set()
        for jobs, future in reversed(self._sent):  # what the helper has not come to is done here meanwhile
            wrong.update(bad_sizes(jobs) if future is None or future.cancel() else ())
        for jobs, future in self._sent:
            if future is not None and not future.cancelled():
                wrong.update(_result(jobs, future))
        return tuple(sorted(job for jobs, _ in self._sent for job in jobs if job[0] in wrong))

    def _send(self) -> None:
        """Hand the jobs on, to the helper once it pays."""
        jobs, self._jobs = self._jobs, []
        self._sent.append((jobs, None))
        if self._pool is None and sum(len(sent) for sent, _ in self._sent) >= _HELPER_FROM:
            self._pool = _helper()
        if self._pool is not None:
            self._sent = [(sent, future or self._submit(sent)) for sent, future in self._sent]

    def _submit(self, jobs: list[Job]) -> Future[list[int]] | None:
        try:
            return None if self._pool is None else self._pool.submit(bad_sizes, jobs)
        except (BrokenProcessPool, OSError, RuntimeError):
            return None


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
