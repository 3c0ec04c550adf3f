"""Photos that come with a list, in a folder or a ZIP, named by number or candidate number: which row has which.

Nothing is unpacked and no picture is decoded here: a file is matched by its name and known by its SHA-256.
"""

from __future__ import annotations

import hashlib
import re
import zipfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Final

from sessions.errors import RosterPhotosError
from sessions.roster.model import Seat

MAX_PHOTOS: Final = 20_000
MAX_PHOTO: Final = 10_000_000
"""Bytes of one picture."""
MAX_ALL: Final = 4_000_000_000
_PICTURES: Final = (
    b"\xff\xd8\xff",
    b"\x89PNG\r\n\x1a\n",
    b"BM",
    b"RIFF",
    b"GIF8",
    b"\x00\x00\x00\x0cjP",
    b"II*\x00",
    b"MM\x00*",
)
_IGNORED: Final = {"thumbs.db", "desktop.ini", ".ds_store"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Photo:
    """One file: its name as given (without folders), SHA-256 (hexadecimal), bytes; or why it is refused."""

    name: str = field(repr=False)
    sha256: str = field(default="", repr=False)
    octets: int = 0
    refused: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PhotoReport:
    """Which row (by SBD) has which photo; rows without; files of nobody; rows with several; refused files."""

    matched: tuple[tuple[str, Photo], ...]
    without: tuple[Seat, ...]
    unmatched: tuple[str, ...] = field(repr=False)
    several: tuple[tuple[str, tuple[str, ...]], ...] = field(repr=False)
    refused: tuple[tuple[str, str], ...] = field(repr=False)


def read_photos(path: Path) -> tuple[Photo, ...]:
    """Return every file of a folder (with the folders in it) or a ZIP. Raises RosterPhotosError."""
    try:
        found = _of_folder(path) if path.is_dir() else _of_zip(path)
        return tuple(_counted(found))
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, ValueError):
        raise RosterPhotosError(why="zip") from None
    except OSError:
        raise RosterPhotosError(why="missing") from None


def match_photos(seats: Sequence[Seat], photos: Iterable[Photo]) -> PhotoReport:
    """Return which row each photo belongs to: by 12 digits in its name, an old number, or the candidate number."""
    by_number = {seat.id_number: seat for seat in seats if seat.id_number}
    by_old = {seat.old_number: seat for seat in seats if seat.old_number}
    by_sbd = {_plain(seat.sbd): seat for seat in seats}
    found: dict[str, list[Photo]] = defaultdict(list)
    unmatched, refused = [], []
    for photo in photos:
        if photo.refused:
            refused.append((photo.name, photo.refused))
            continue
        tokens = re.findall(r"[0-9A-Za-zĐđ]+", PurePosixPath(photo.name).stem)
        digits = [token for token in tokens if token.isdigit()]
        seat = next((by_number[each] for each in digits if each in by_number), None)
        seat = seat or next((by_old[each] for each in digits if each in by_old), None)
        seat = seat or _by_sbd(by_sbd, tokens)
        if seat is None:
            unmatched.append(photo.name)
        else:
            found[seat.sbd].append(photo)
    return PhotoReport(
        matched=tuple((sbd, each[0]) for sbd, each in found.items() if len(each) == 1),
        without=tuple(seat for seat in seats if seat.sbd not in found),
        unmatched=tuple(unmatched),
        several=tuple(
            (sbd, tuple(photo.name for photo in each)) for sbd, each in found.items() if len(each) > 1
        ),
        refused=tuple(refused),
    )


def _by_sbd(by_sbd: dict[str, Seat], tokens: Sequence[str]) -> Seat | None:
    """Return the seat whose candidate number is the name's first word, alone or after "SBD"."""
    if any(token.isdigit() and len(token) in {9, 12} for token in tokens):
        return None  # another person's number: the rest of the name decides nothing
    words = [token for token in tokens if token.lower() != "sbd"]
    return by_sbd.get(_plain(re.sub(r"^sbd", "", words[0], flags=re.IGNORECASE))) if words else None


def _plain(sbd: str) -> str:
    bare = re.sub(r"[^0-9A-Za-zĐđ]", "", sbd)
    return str(int(bare)) if bare.isascii() and bare.isdigit() else bare.upper()


def _counted(found: Iterator[Photo]) -> Iterator[Photo]:
    total = 0
    for count, photo in enumerate(found, 1):
        total += photo.octets
        if count > MAX_PHOTOS or total > MAX_ALL:
            raise RosterPhotosError(why="too-many", limit=MAX_PHOTOS)
        yield photo


def _of_folder(folder: Path) -> Iterator[Photo]:
    for path in sorted(folder.rglob("*")):
        if path.is_symlink():
            yield Photo(name=path.name, refused="photo-path")
        elif path.is_file() and not _is_ignored(path.name):
            with path.open("rb") as file:
                yield _photo(path.name, file.read(MAX_PHOTO + 1))


def _of_zip(path: Path) -> Iterator[Photo]:
    with zipfile.ZipFile(path) as archive:
        parts = archive.infolist()
        if len(parts) > MAX_PHOTOS:
            raise RosterPhotosError(why="too-many", limit=MAX_PHOTOS)
        for part in parts:
            pure = PurePosixPath(part.filename.replace("\\", "/"))
            if part.is_dir() or "__MACOSX" in pure.parts or _is_ignored(pure.name):
                continue
            if ".." in pure.parts or pure.is_absolute() or ":" in part.filename:
                yield Photo(name=pure.name, refused="photo-path")
            elif part.flag_bits & 1:
                yield Photo(name=pure.name, refused="photo-encrypted")
            else:
                with archive.open(part) as file:
                    yield _photo(pure.name, file.read(MAX_PHOTO + 1))


def _photo(name: str, data: bytes) -> Photo:
    if len(data) > MAX_PHOTO:
        return Photo(name=name, refused="photo-too-large")
    if not data.startswith(_PICTURES) and data[4:12] not in {
        b"ftypheic",
        b"ftypheix",
        b"ftypmif1",
        b"ftypavif",
    }:
        return Photo(name=name, refused="photo-no-picture")
    return Photo(name=name, sha256=hashlib.sha256(data).hexdigest(), octets=len(data))


def _is_ignored(name: str) -> bool:
    return name.lower() in _IGNORED or name.startswith("._")
