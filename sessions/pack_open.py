"""A pack opened by the department: what it shows, as files, each piece checked before it is written."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Final

from sessions import pack, pack_parts
from sessions.errors import PackAlteredError, PackError, PackFolderError
from sessions.events import events
from sessions.files import PRIVATE_FILE, make_private_dir
from sessions.pack_file import open_pack_file
from sessions.pack_verify import Examination, Outside, PackReport, unreadable

_SUFFIXES: Final = (
    (b"\xff\xd8", ".jpg"),
    (b"\x00\x00\x00\x0cjP", ".jp2"),
    (b"\xff\x4f\xff\x51", ".j2k"),
    (b"{", ".json"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedPack:
    """The report on a pack, and the files written; none where the report is not ok."""

    report: PackReport
    files: tuple[Path, ...] = field(default=())


def open_pack(path: Path, folder: Path, outside: Outside) -> OpenedPack:
    """Examine a pack with the department's key and, if it is good, write what it holds into a new or empty folder.

    `manifest.json`, `checkpoint.txt` (the newest, with its cosignatures), `entries/`, `evidence/`, `sheets/`. Raises
    PackFolderError, PackAlteredError when the file changed meanwhile, OSError.
    """
    try:
        with open_pack_file(path) as file:
            examination = Examination(file, outside)
            report = examination.run()
            if not report.ok or examination.seals is None:
                return OpenedPack(report=report)
            _require_empty(folder)
            return OpenedPack(report=report, files=tuple(_write(folder, _contents(examination))))
    except PackAlteredError:
        raise
    except PackError as error:
        if isinstance(error, PackFolderError):
            raise
        return OpenedPack(report=unreadable(error))


def _contents(examination: Examination) -> Iterator[tuple[str, bytes]]:
    """Yield name and bytes of everything; evidence and sheets are checked once more as they are read."""
    file, seals = examination.file, examination.seals
    manifest = file.manifest
    yield "manifest.json", file.manifest_bytes
    notes, _ = pack_parts.split_notes(file.read(manifest.member(pack.CHECKPOINTS)))
    yield "checkpoint.txt", notes[-1].encode()
    records = {record.seq: record for record in examination.records}
    frames, _ = pack_parts.split_entries(file.read(manifest.member(pack.ENTRIES)))
    for frame in frames:
        yield entry_file(frame.seq, records[frame.seq].kind), frame.body
    for place, member in enumerate(manifest.members):
        if seals is not None and member.piece is not None:
            seq, name = member.piece
            plain = seals.evidence(member, file.read(member), records[seq].body)
            yield piece_file(seq, name, place) + _suffix(plain), plain
        elif seals is not None and member.sheet is not None:
            body = records[member.sheet].body
            yield f"sheets/{member.sheet:07d}.pdf", seals.sheet(member, file.read(member), body)


def entry_file(seq: int, kind: str) -> str:
    """Return the file's name for an entry: its number, and its kind if it is one of ours; nothing else of a pack."""
    return f"entries/{seq:07d}-{kind}.json" if kind in _kinds() else f"entries/{seq:07d}.json"


def piece_file(seq: int, name: str, place: int) -> str:
    """Return the file's name, without its ending, for a piece of evidence.

    Its entry's number, and its name if it is one of ours, else its place among the members.
    """
    return f"evidence/{seq:07d}-{name if name in _names() else place}"


@cache
def _kinds() -> frozenset[str]:
    """The kinds of entries that there are."""
    return frozenset(name.partition("/")[0] for name in events())


@cache
def _names() -> frozenset[str]:
    """The names of pieces that there are."""
    return frozenset().union(*(event.evidence | event.optional_evidence for event in events().values()))


def _require_empty(folder: Path) -> None:
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise PackFolderError(folder=str(folder))


def _write(folder: Path, contents: Iterator[tuple[str, bytes]]) -> Iterator[Path]:
    make_private_dir(folder)
    for name, data in contents:
        path = folder / name
        make_private_dir(path.parent)
        descriptor = os.open(
            path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), PRIVATE_FILE
        )
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(data)  # not synced: it is a copy, and the pack is still there
        yield path


def _suffix(data: bytes) -> str:
    return next((suffix for start, suffix in _SUFFIXES if data.startswith(start)), ".bin")
