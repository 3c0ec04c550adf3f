"""The data part of a backup: one file of members under a signed manifest. Form: docs/log-format.md, "Backups".

Written beside its place, read back and renamed; read with bounds, verified before it is parsed, and nothing in it
chooses where on the disk it goes: the names that a member may have are listed here.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import struct
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Final, Self

from sessions.checkpoint import Signer, VerifierKey, station_of
from sessions.errors import BackupAlteredError, BackupFormError, NoteFormatError, NoteSignatureError

MAGIC: Final = b"PRCTBKUP"
VERSION: Final = 1
FORM: Final = "proctor backup 1"
DATABASE: Final = "station.db"
_HEAD: Final = struct.Struct(">8sII32s64s")  # magic, version, length of the manifest, public key, signature
_DOMAIN: Final = b"proctor backup manifest 1\n"
_CHUNK: Final = 1 << 20
MAX_MANIFEST: Final = 16 << 20
MAX_MEMBER: Final = 64 << 20
MAX_MEMBERS: Final = 50_000
_WORD: Final = r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}"
_NAME: Final = re.compile(
    rf"station\.db|root\.toml|keys/keys\.toml|keys/bundle(?:\.[0-9]{{1,6}})?\.sealed"
    rf"|keys/slots(?:\.[0-9]{{1,6}})?/{_WORD}\.slot|trust(?:/{_WORD}){{1,4}}|pending/{_WORD}|calibrations/{_WORD}"
)
_HASH: Final = re.compile(r"[0-9a-f]{64}")
_RESERVED: Final = frozenset(
    {"con", "prn", "aux", "nul", *(f"{p}{n}" for p in ("com", "lpt") for n in range(10))}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One file in a backup: its place in a data root, its size in bytes, its SHA-256."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a backup says it is. `note` is the log's last checkpoint with its cosignatures; `slots` how many evidence
    keys the log had used, `sessions` how many of them each session had that were not destroyed; `department` the
    fingerprint of the key that the keys part is wrapped to, "" where there is none.
    """

    station: str
    made_at: str
    size: int
    root: str
    note: str = field(repr=False)
    slots: int
    sessions: Mapping[str, int]
    department: str
    members: tuple[Member, ...]

    def encode(self) -> bytes:
        """Return the manifest's bytes."""
        fields = {
            "form": FORM,
            "station": self.station,
            "made_at": self.made_at,
            "size": self.size,
            "root": self.root,
            "note": self.note,
            "slots": self.slots,
            "sessions": dict(self.sessions),
            "department": self.department,
            "members": [{"name": m.name, "size": m.size, "sha256": m.sha256} for m in self.members],
        }
        return json.dumps(fields, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Return the manifest of its bytes; raises BackupFormError."""
        try:
            fields = json.loads(data.decode("utf-8"), object_pairs_hook=_unique)
            manifest = cls(
                station=_text(fields, "station"),
                made_at=_text(fields, "made_at"),
                size=_number(fields, "size"),
                root=_hash(fields["root"]),
                note=_text(fields, "note"),
                slots=_number(fields, "slots"),
                sessions=_sessions(fields["sessions"]),
                department=_hash(fields["department"]) if fields["department"] else "",
                members=_members(fields["members"]),
            )
        except (ValueError, KeyError, TypeError, RecursionError):
            raise BackupFormError(why="manifest") from None
        if fields["form"] != FORM or station_of(manifest.station) != manifest.station:
            raise BackupFormError(why="manifest")
        if manifest.encode() != data:
            raise BackupFormError(why="manifest-bytes")
        return manifest


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What becomes a member: a file, or bytes."""

    name: str
    path: Path | None = None
    data: bytes = field(default=b"", repr=False)

    def chunks(self) -> Iterator[bytes]:
        """Yield the content; raises OSError."""
        if self.path is None:
            yield self.data
            return
        with self.path.open("rb") as stream:
            while chunk := stream.read(_CHUNK):
                yield chunk

    def measured(self) -> Member:
        """Return size and hash of the content now."""
        digest, size = hashlib.sha256(), 0
        for chunk in self.chunks():
            digest.update(chunk)
            size += len(chunk)
        return Member(name=self.name, size=size, sha256=digest.hexdigest())


def write_data(stream: BinaryIO, manifest: Manifest, sources: Sequence[Source], signer: Signer) -> str:
    """Write the data part and return its SHA-256; raises BackupAlteredError for a source that changed, OSError."""
    encoded = manifest.encode()
    head = _HEAD.pack(MAGIC, VERSION, len(encoded), signer.key.public, signer.sign(_DOMAIN + encoded))
    whole = hashlib.sha256()
    for part in (head, encoded):
        stream.write(part)
        whole.update(part)
    for member, source in zip(manifest.members, sources, strict=True):
        digest = hashlib.sha256()
        for chunk in source.chunks():
            stream.write(chunk)
            digest.update(chunk)
            whole.update(chunk)
        if digest.hexdigest() != member.sha256:
            raise BackupAlteredError(why="source", member=member.name)
    return whole.hexdigest()


class BackupFile:
    """An open data part whose manifest was verified by the key it names; whether that key is believed is another
    question. Members are checked as they are read.
    """

    def __init__(
        self, stream: BinaryIO, manifest: Manifest, raw: bytes, key: VerifierKey, start: int
    ) -> None:
        self._stream, self.manifest, self.key = stream, manifest, key
        self.manifest_sha256 = hashlib.sha256(raw).hexdigest()
        self._places: dict[str, tuple[int, Member]] = {}
        for member in manifest.members:
            self._places[member.name] = (start, member)
            start += member.size

    @classmethod
    @contextmanager
    def open(cls, path: Path) -> Iterator[Self]:
        """Open a data part. Raises BackupFormError, BackupAlteredError, OSError."""
        with path.open("rb") as stream:
            head = stream.read(_HEAD.size)
            if len(head) != _HEAD.size:
                raise BackupFormError(why="short")
            magic, version, length, public, signature = _HEAD.unpack(head)
            if magic != MAGIC or version != VERSION or not 0 < length <= MAX_MANIFEST:
                raise BackupFormError(why="head")
            raw = stream.read(length)
            key = _signed_by(public, signature, raw)
            manifest = Manifest.decode(raw)
            start = _HEAD.size + length
            expected = start + sum(member.size for member in manifest.members)
            if os.fstat(stream.fileno()).st_size != expected:
                raise BackupAlteredError(why="length")
            named = VerifierKey(name=manifest.station, public=key)
            yield cls(stream, manifest, raw, named, start)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the members, in order."""
        return tuple(self._places)

    def read(self, name: str) -> bytes:
        """Return a small member; raises BackupAlteredError, BackupFormError, OSError."""
        start, member = self._place(name)
        if member.size > MAX_MEMBER:
            raise BackupFormError(why="member-size")
        self._stream.seek(start)
        data = self._stream.read(member.size)
        if len(data) != member.size or hashlib.sha256(data).hexdigest() != member.sha256:
            raise BackupAlteredError(why="member", member=name)
        return data

    def copy(self, name: str, target: Path) -> None:
        """Write a member to a new private file, durably; raises BackupAlteredError and leaves nothing, OSError."""
        start, member = self._place(name)
        descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
        try:
            with os.fdopen(descriptor, "wb") as out:
                self._stream.seek(start)
                self._copy(member, out)
                out.flush()
                os.fsync(out.fileno())
        except BaseException:
            target.unlink(missing_ok=True)
            raise

    def _copy(self, member: Member, out: BinaryIO) -> None:
        digest, left = hashlib.sha256(), member.size
        while left:
            chunk = self._stream.read(min(left, _CHUNK))
            if not chunk:
                break
            digest.update(chunk)
            out.write(chunk)
            left -= len(chunk)
        if left or digest.hexdigest() != member.sha256:
            raise BackupAlteredError(why="member", member=member.name)

    def _place(self, name: str) -> tuple[int, Member]:
        try:
            return self._places[name]
        except KeyError:
            raise BackupFormError(why="member-missing", member=name[:64]) from None


def require_member_name(name: object) -> str:
    """Return a name that a member may have; raises ValueError."""
    if type(name) is not str or not _NAME.fullmatch(name):
        raise ValueError("member name")
    if any(part.split(".")[0].lower() in _RESERVED for part in name.split("/")):
        raise ValueError("member name")
    return name


def _signed_by(public: bytes, signature: bytes, raw: bytes) -> bytes:
    try:
        VerifierKey(name="backup", public=public).verify(signature, _DOMAIN + raw)
    except (NoteFormatError, NoteSignatureError):
        raise BackupAlteredError(why="manifest") from None
    return public


def _members(rows: Any) -> tuple[Member, ...]:
    if type(rows) is not list or not 0 < len(rows) <= MAX_MEMBERS:
        raise ValueError("members")
    found = tuple(
        Member(name=require_member_name(row["name"]), size=_number(row, "size"), sha256=_hash(row["sha256"]))
        for row in rows
    )
    if len({member.name.lower() for member in found}) != len(found):
        raise ValueError("member twice")
    if DATABASE not in {member.name for member in found}:
        raise ValueError("no database")
    return found


def _sessions(rows: Any) -> Mapping[str, int]:
    if type(rows) is not dict or len(rows) > MAX_MEMBERS:
        raise ValueError("sessions")
    return {_text(rows, name, key=True): _number(rows, name) for name in rows}


def _text(fields: Mapping[str, Any], name: str, *, key: bool = False) -> str:
    value = name if key else fields[name]
    if type(value) is not str or len(value) > 65_536:
        raise ValueError(name)
    return value


def _number(fields: Mapping[str, Any], name: str) -> int:
    value = fields[name]
    if type(value) is not int or not 0 <= value < 2**53:
        raise ValueError(name)
    return value


def _hash(value: Any) -> str:
    if type(value) is not str or not _HASH.fullmatch(value):
        raise ValueError("hash")
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("duplicate key")
    return found
