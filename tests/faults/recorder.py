"""Watching a directory while the product writes to it: what SQLite does through a VFS, what Python does by looking.

Python's own writes are found by comparing the files with what they held before, at every sync and change of a
name; `os.fsync`, `os.replace` and their like are stood in for while a recorder is active. Linux only.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

from tests.faults.disk import DIRECTORY, SECTOR, Cut, Mark, Names, Record, State, Sync, SyncNames, Write

IGNORED = ("-shm", ".lock")
_ALWAYS_READ = 1 << 20


class Recorder:
    """The record of one directory, under way."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        start = State.read(self.root, ignore=IGNORED)
        self.record = Record(start=start)
        self._names = dict(start.names)
        self._known = {node: bytes(data) for node, data in start.contents.items()}
        self._stamps: dict[int, tuple[int, int]] = {}
        self._next = len(start.contents)
        self._open: dict[int, int] = {}
        self._busy = False

    # -- what the program says, and what SQLite's files do ----------------------------------------

    def mark(self, *what: object) -> None:
        """Record that the program has said something."""
        self.look()
        self.record.events.append(Mark(what))

    def name_of(self, path: str | os.PathLike[str]) -> str | None:
        """Return a path's name below the directory, or None where it is not ours."""
        text = os.path.abspath(os.fspath(path))  # noqa: PTH100 - links are not followed on purpose
        prefix = f"{self.root}{os.sep}"
        if text == str(self.root):
            return ""
        if not text.startswith(prefix) or text.endswith(IGNORED):
            return None
        return text[len(prefix) :].replace(os.sep, "/")

    def opened(self, name: str) -> int:
        """SQLite opened a file: from here on its writes come from SQLite, not from looking."""
        self.look()
        node = self._names.get(name)
        if node is None:
            node = self._fresh(name)
        self._open[node] = self._open.get(node, 0) + 1
        return node

    def closed(self, node: int) -> None:
        """SQLite closed a file."""
        self._open[node] -= 1
        if not self._open[node]:
            del self._open[node]
            for name, other in self._names.items():
                if other == node and (self.root / name).exists():
                    self._known[node] = (self.root / name).read_bytes()
                    self._stamps[node] = _stamp(self.root / name)

    def wrote(self, node: int, offset: int, data: bytes) -> None:
        """SQLite wrote."""
        self.record.events.append(Write(node, offset, bytes(data)))

    def truncated(self, node: int, size: int) -> None:
        """SQLite shortened a file."""
        self.record.events.append(Cut(node, size))

    def synced(self, node: int) -> None:
        """A file was synced."""
        self.record.events.append(Sync(node))

    def synced_names(self, directory: str) -> None:
        """A directory was synced."""
        self.record.events.append(SyncNames(directory))

    def gone(self, name: str) -> None:
        """A name was taken away."""
        if self._names.pop(name, None) is not None:
            self.record.events.append(Names(((name, None),)))

    def moved(self, old: str | None, new: str | None) -> None:
        """A file has another name; what had it before is gone, in the same step."""
        if old is None or old not in self._names:
            self.look()
            return
        changes: list[tuple[str, int | None]] = []
        for name in [each for each in self._names if each == old or each.startswith(f"{old}/")]:
            node = self._names.pop(name)
            changes.append((name, None))
            if new is not None:
                self._names[new + name[len(old) :]] = node
                changes.append((new + name[len(old) :], node))
        self.record.events.append(Names(tuple(changes)))

    # -- what Python's own files do ---------------------------------------------------------------

    def look(self) -> None:
        """Record what has changed since the last look, files that SQLite has open excepted."""
        seen = set()
        for name in _walk(self.root):
            seen.add(name)
            path = self.root / name
            if path.is_dir():
                if name not in self._names:
                    self._names[name] = DIRECTORY
                    self.record.events.append(Names(((name, DIRECTORY),)))
                continue
            node = self._names.get(name)
            if node is None:
                node = self._fresh(name)
            if node not in self._open:
                self._compare(node, path)
        for name in [each for each in self._names if each not in seen]:
            self.gone(name)

    def _fresh(self, name: str) -> int:
        node = self._next
        self._next += 1
        self._names[name], self._known[node] = node, b""
        self.record.events.append(Names(((name, node),)))
        return node

    def _compare(self, node: int, path: Path) -> None:
        stamp = _stamp(path)
        if stamp[1] > _ALWAYS_READ and self._stamps.get(node) == stamp:
            return
        old, new = self._known[node], path.read_bytes()
        self._stamps[node] = stamp
        if old == new:
            return
        self._known[node] = new
        if len(new) < len(old):
            self.record.events.append(Cut(node, len(new)))
        for start in range(0, len(new), SECTOR):
            piece = new[start : start + SECTOR]
            if piece != old[start : start + SECTOR]:
                self.record.events.append(Write(node, start, piece))

    @contextmanager
    def active(self) -> Iterator[Recorder]:
        """Stand in for the calls that make files durable or give them names."""
        with (
            mock.patch.object(os, "fsync", self._syncing(os.fsync)),
            mock.patch.object(os, "fdatasync", self._syncing(os.fdatasync)),
            mock.patch.object(os, "replace", self._moving(os.replace)),
            mock.patch.object(os, "rename", self._moving(os.rename)),
            mock.patch.object(os, "unlink", self._removing(os.unlink)),
            mock.patch.object(os, "remove", self._removing(os.remove)),
        ):
            yield self
            self.look()

    def _syncing(self, real: Callable[[int], None]) -> Callable[[Any], None]:
        def sync(descriptor: Any) -> None:
            number = descriptor if isinstance(descriptor, int) else descriptor.fileno()
            name = self.name_of(os.readlink(f"/proc/self/fd/{number}"))  # noqa: PTH115
            real(number)
            if name is None:
                return
            self.look()
            if name == "" or self._names.get(name) == DIRECTORY:
                self.synced_names(name)
            elif name in self._names:
                self.synced(self._names[name])

        return sync

    def _moving(self, real: Callable[..., None]) -> Callable[..., None]:
        def move(old: Any, new: Any, **options: Any) -> None:
            if options:
                real(old, new, **options)
                self.look()
                return
            self.look()
            real(old, new)
            self.moved(self.name_of(old), self.name_of(new))

        return move

    def _removing(self, real: Callable[..., None]) -> Callable[..., None]:
        def remove(path: Any, **options: Any) -> None:
            if not options and self.name_of(path) is not None:
                self.look()
            real(path, **options)
            name = None if options else self.name_of(path)
            if name is not None:
                self.gone(name)

        return remove


def _walk(root: Path) -> Iterator[str]:
    for folder, folders, files in os.walk(root):
        prefix = os.path.relpath(folder, root)
        base = "" if prefix == "." else f"{prefix}/".replace(os.sep, "/")
        yield from (base + name for name in sorted(folders))
        yield from (base + name for name in files if not name.endswith(IGNORED))


def _stamp(path: Path) -> tuple[int, int]:
    stat = path.stat()
    return stat.st_mtime_ns, stat.st_size
