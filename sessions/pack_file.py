"""The file that is a pack: read strictly, in bounds, never more than one member in memory."""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final

from sessions.errors import PackFormatError, PackUnreadableError
from sessions.pack import HEADER, MAX_MANIFEST, SIGNATURE_BYTES, Manifest, Member, parse_header

_CHUNK: Final = 1024 * 1024


class PackFile:
    """An open pack: its manifest and where each member lies. Nothing in it is verified yet.

    `cut` is the first member that the file ends in, or None; `surplus` counts the bytes behind the last.
    """

    def __init__(self, stream: BinaryIO, size: int) -> None:
        self._stream, self._size = stream, size
        length = parse_header(self._take(0, HEADER.size))
        self.manifest_bytes = self._take(HEADER.size, length)
        self.signature = self._take(HEADER.size + length, SIGNATURE_BYTES)
        if len(self.signature) != SIGNATURE_BYTES:
            raise PackFormatError(why="cut-manifest")
        self.manifest = Manifest.decode(self.manifest_bytes)
        self._places: dict[str, int] = {}
        place = HEADER.size + length + SIGNATURE_BYTES
        self.cut: Member | None = None
        for member in self.manifest.members:
            self._places[member.name] = place
            place += member.size
            if place > size and self.cut is None:
                self.cut = member
        self.surplus = max(0, size - place)

    def has(self, member: Member) -> bool:
        """Whether the file holds all of this member."""
        return self._places[member.name] + member.size <= self._size

    def chunks(self, member: Member) -> Iterator[bytes]:
        """Yield a member's bytes; raises PackFormatError when the file ends in it, PackUnreadableError."""
        return self._run(member.name, member.size)

    def _run(self, name: str, left: int) -> Iterator[bytes]:
        place = self._places[name]
        while left:
            data = self._take(place, min(left, _CHUNK))
            if not data:
                raise PackFormatError(why="cut", member=name)
            yield data
            place, left = place + len(data), left - len(data)

    def read(self, member: Member) -> bytes:
        """Return a member's bytes; raises as `chunks`, before anything is read when the file is too short."""
        if not self.has(member):
            raise PackFormatError(why="cut", member=member.name)
        return b"".join(self.chunks(member))

    def rest(self, member: Member) -> bytes:
        """Return what the file holds of a member, all or the beginning; raises PackUnreadableError."""
        held = max(0, min(member.size, self._size - self._places[member.name]))
        return b"".join(self._run(member.name, held))

    def digest(self, member: Member) -> str:
        """Return the SHA-256 of a member's bytes as they are, in hexadecimal; raises as `chunks`."""
        digest = hashlib.sha256()
        for data in self.chunks(member):
            digest.update(data)
        return digest.hexdigest()

    def _take(self, place: int, length: int) -> bytes:
        try:
            self._stream.seek(place)
            return self._stream.read(min(length, max(_CHUNK, MAX_MANIFEST)))
        except (OSError, ValueError):
            raise PackUnreadableError(why="read") from None


@contextmanager
def open_pack_file(path: Path) -> Iterator[PackFile]:
    """Yield the pack at a path; raises PackUnreadableError, PackFormatError, PackVersionError."""
    try:
        stream = path.open("rb")
    except OSError:
        raise PackUnreadableError(why="open") from None
    with stream:
        yield PackFile(stream, os.fstat(stream.fileno()).st_size)


def pack_of(data: bytes) -> PackFile:
    """Return the pack that these bytes are; raises as `open_pack_file`."""
    return PackFile(io.BytesIO(data), len(data))


def write_pack(path: Path, parts: Iterable[bytes]) -> tuple[str, int]:
    """Write a new private file, synced, and return its SHA-256 (hexadecimal) and size; raises OSError."""
    digest, size = hashlib.sha256(), 0
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        for data in parts:
            stream.write(data)
            digest.update(data)
            size += len(data)
        stream.flush()
        os.fsync(stream.fileno())
    return digest.hexdigest(), size
