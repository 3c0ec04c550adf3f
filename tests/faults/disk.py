"""A disk that forgets: what was written to a directory, in order, and what a power cut leaves of it.

The files themselves are real and hold what the operating system's cache would. Beside them every write, sync and
change of a name is recorded. A cut at any moment of that record keeps what was synced, and of the rest what chance
keeps: whole writes, single sectors of 512 bytes, torn ones, names without contents and contents without names.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

SECTOR = 512
DIRECTORY = -1
"""Stands where a name has the number of its file."""


@dataclass(frozen=True, slots=True)
class Write:
    """Bytes for a file; nothing of them is durable yet."""

    node: int
    offset: int
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Cut:
    """A file's new length."""

    node: int
    size: int


@dataclass(frozen=True, slots=True)
class Sync:
    """A file's contents and length are durable; its name may not be."""

    node: int


@dataclass(frozen=True, slots=True)
class Names:
    """Names that change in one step: name to number of the file, or None for gone."""

    changes: tuple[tuple[str, int | None], ...]


@dataclass(frozen=True, slots=True)
class SyncNames:
    """The names in a directory ("" for the top) are durable."""

    directory: str


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that the program said at this moment: an acknowledgement."""

    what: tuple[object, ...]


Event = Write | Cut | Sync | Names | SyncNames | Mark


@dataclass(slots=True)
class State:
    """Names and contents of a directory."""

    names: dict[str, int] = field(default_factory=dict)
    contents: dict[int, bytearray] = field(default_factory=dict)

    @classmethod
    def read(cls, root: Path, *, ignore: Sequence[str] = ()) -> State:
        """Return a directory as it is."""
        found = cls()
        for path in sorted(root.rglob("*")):
            name = path.relative_to(root).as_posix()
            if name.endswith(tuple(ignore)):
                continue
            if path.is_dir():
                found.names[name] = DIRECTORY
            else:
                node = len(found.contents)
                found.names[name], found.contents[node] = node, bytearray(path.read_bytes())
        return found

    def reachable(self) -> Iterator[tuple[str, int]]:
        """Yield the names whose directories are all there, the outer ones first."""
        for name, node in sorted(self.names.items()):
            parents = [parent.as_posix() for parent in PurePosixPath(name).parents][:-1]
            if all(self.names.get(parent) == DIRECTORY for parent in parents):
                yield name, node

    def write(self, root: Path) -> None:
        """Put the names and contents into a new directory."""
        root.mkdir(parents=True)
        for name, node in self.reachable():
            if node == DIRECTORY:
                (root / name).mkdir()
            else:
                (root / name).write_bytes(self.contents.get(node, b""))


@dataclass(slots=True)
class Record:
    """Everything that happened to a directory since `start`, which was durable."""

    start: State
    events: list[Event] = field(default_factory=list)

    def marks(self, moment: int) -> list[tuple[object, ...]]:
        """Return what the program had said before a moment."""
        return [event.what for event in self.events[:moment] if isinstance(event, Mark)]

    def cut(self, moment: int, rng: random.Random) -> State:
        """Return what is on the disk when the power goes before event number `moment`."""
        plain = State(
            names=dict(self.start.names),
            contents={node: bytearray(data) for node, data in self.start.contents.items()},
        )
        writes: dict[int, list[Write | Cut]] = {}
        names: list[Names] = []
        for event in self.events[:moment]:
            if isinstance(event, Write | Cut):
                writes.setdefault(event.node, []).append(event)
            elif isinstance(event, Sync):
                for each in writes.pop(event.node, ()):
                    _apply(plain.contents, each)
            elif isinstance(event, Names):
                names.append(event)
            elif isinstance(event, SyncNames):
                names = _synced(plain.names, names, event.directory)
        for event in _kept_names(names, rng):
            _rename(plain.names, event)
        for waiting in writes.values():
            for each in _kept_writes(waiting, rng):
                _apply(plain.contents, each, junk=rng if rng.random() < 0.1 else None)
        return plain


def _apply(contents: dict[int, bytearray], event: Write | Cut, junk: random.Random | None = None) -> None:
    """Do one write; what lies between the old end and a write beyond it is zeros, or junk."""
    data = contents.setdefault(event.node, bytearray())
    wanted = event.size if isinstance(event, Cut) else event.offset
    if wanted > len(data):
        gap = wanted - len(data)
        data.extend(junk.randbytes(gap) if junk is not None else bytes(gap))
    if isinstance(event, Cut):
        del data[event.size :]
    else:
        data[event.offset : event.offset + len(event.data)] = event.data


def _rename(names: dict[str, int], event: Names) -> None:
    for name, node in event.changes:
        if node is None:
            names.pop(name, None)
        else:
            names[name] = node


def _synced(durable: dict[str, int], waiting: list[Names], directory: str) -> list[Names]:
    """Make the changes in one directory durable and return the others."""
    left = []
    for event in waiting:
        if any(_parent(name) == directory for name, _ in event.changes):
            _rename(durable, event)
        else:
            left.append(event)
    return left


def _parent(name: str) -> str:
    return name.rpartition("/")[0]


def _kept_names(waiting: list[Names], rng: random.Random) -> list[Names]:
    """Return the changes of names that chance keeps: none, all, the first ones, or any."""
    how = rng.randrange(4)
    if how == 0:
        return []
    if how == 1:
        return waiting
    if how == 2:
        return waiting[: rng.randrange(len(waiting) + 1)]
    return [event for event in waiting if rng.random() < 0.5]


def _kept_writes(waiting: list[Write | Cut], rng: random.Random) -> Iterator[Write | Cut]:
    """Yield what chance keeps of a file's writes: nothing, all, the first ones, or any sectors, some torn."""
    how = rng.randrange(6)
    if how == 0:
        return
    if how == 1:
        yield from waiting
        return
    if how == 2:
        waiting = waiting[: rng.randrange(len(waiting) + 1)]
        yield from waiting[:-1]
        waiting = waiting[-1:]
    share = rng.choice((0.05, 0.5, 0.95))
    for event in waiting:
        if isinstance(event, Cut):
            if rng.random() < share:
                yield event
            continue
        for piece in _sectors(event):
            if rng.random() < share:
                yield piece
            elif rng.random() < 0.05:
                yield Write(piece.node, piece.offset, piece.data[: rng.randrange(len(piece.data))])


def _sectors(event: Write) -> Iterator[Write]:
    """Yield the parts of a write that lie in one sector each."""
    start, end = event.offset, event.offset + len(event.data)
    while start < end:
        stop = min(end, (start // SECTOR + 1) * SECTOR)
        yield Write(event.node, start, event.data[start - event.offset : stop - event.offset])
        start = stop
