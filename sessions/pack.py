"""The form of a pack, version 1: one sealed file that shows a session to the department.

Header, manifest, signature, members; nothing before, between or behind them. What is in the clear names nobody.
The form is docs/pack-format.md, sufficient for a second implementation.
"""

from __future__ import annotations

import hashlib
import re
import struct
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

from sessions import codec
from sessions.checkpoint import Signer, VerifierKey
from sessions.errors import CanonicalFormError, NoteFormatError, PackFormatError, PackVersionError

VERSION: Final = 1
MAGIC: Final = b"PROCTOR PACK"
HEADER: Final = struct.Struct(">12sII")
SIGNATURE_BYTES: Final = 64
MAX_MANIFEST: Final = 16 * 1024 * 1024
MAX_MEMBERS: Final = 100_000
MAX_PIECE: Final = 64 * 1024 * 1024
MAX_MEMBER: Final = 1024 * 1024 * 1024
FORM: Final = "proctor pack 1"

CHECKPOINTS: Final = "checkpoints"
ENTRIES: Final = "entries"
PROOF: Final = "proof"
PACK_KEY: Final = "pack-key"
KEYS: Final = "keys"
CERTIFICATE: Final = "seal-certificate"
FIXED: Final = (CHECKPOINTS, ENTRIES, PROOF, PACK_KEY, KEYS)
_FIELDS: Final = {
    "first": int,
    "form": str,
    "last": int,
    "members": list,
    "origin": str,
    "recipient": str,
    "root": str,
    "session": str,
    "size": int,
    "vkey": str,
}
_HASH: Final = re.compile(r"[0-9a-f]{64}")
_SESSION: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_NUMBER: Final = r"(0|[1-9][0-9]{0,14})"
STAYS: Final = frozenset({"template"})
"""Pieces of evidence that no pack has: numbers of faces are of use in their session only, and soon erased."""
_EVIDENCE: Final = re.compile(rf"evidence/{_NUMBER}/([a-z][a-z0-9-]{{0,39}})")
_SHEET: Final = re.compile(rf"sheets/{_NUMBER}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One part of a pack: `size` octets with this SHA-256 (hexadecimal)."""

    name: str
    size: int
    sha256: str

    @property
    def piece(self) -> tuple[int, str] | None:
        """Entry and name of a piece of evidence, or None for another member."""
        found = _EVIDENCE.fullmatch(self.name)
        return None if found is None else (int(found[1]), found[2])

    @property
    def sheet(self) -> int | None:
        """The `print` entry of a sheet, or None for another member."""
        found = _SHEET.fullmatch(self.name)
        return None if found is None else int(found[1])

    @property
    def sealed(self) -> bool:
        """Whether it is a ciphertext with a key of its own in the member `keys`."""
        return self.piece is not None or self.sheet is not None

    @property
    def order(self) -> tuple[int, int, str]:
        """Where it stands: the fixed ones, the certificate, evidence by entry and name, sheets by entry."""
        if self.name in FIXED:
            return 0, FIXED.index(self.name), ""
        if self.name == CERTIFICATE:
            return 1, 0, ""
        if self.piece is not None:
            return 2, *self.piece
        return 3, self.sheet or 0, ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a pack says of itself. `first` … `last`: the session's entries; `size`, `root`: the newest checkpoint;
    `recipient`: fingerprint of the department's key; `key`: the station's, which signs it.
    """

    origin: str
    session: str
    first: int
    last: int
    size: int
    root: str
    recipient: str
    key: VerifierKey
    members: tuple[Member, ...]

    def encode(self) -> bytes:
        """Return the one canonical form (RFC 8785)."""
        fields = {
            "form": FORM,
            "origin": self.origin,
            "session": self.session,
            "first": self.first,
            "last": self.last,
            "size": self.size,
            "root": self.root,
            "recipient": self.recipient,
            "vkey": self.key.encode(),
            "members": [
                {"name": each.name, "size": each.size, "sha256": each.sha256} for each in self.members
            ],
        }
        return codec.encode(fields, limit=MAX_MANIFEST)

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Return the manifest of these bytes; raises PackFormatError for anything `encode` would not produce."""
        try:
            fields = codec.decode(data, limit=MAX_MANIFEST)
            key = VerifierKey.parse(str(fields.get("vkey")))
        except (CanonicalFormError, NoteFormatError):
            raise PackFormatError(why="manifest") from None
        _require_fields(fields)
        manifest = cls(
            origin=fields["origin"],
            session=fields["session"],
            first=fields["first"],
            last=fields["last"],
            size=fields["size"],
            root=fields["root"],
            recipient=fields["recipient"],
            key=key,
            members=_members(fields["members"]),
        )
        if key.name != manifest.origin:
            raise PackFormatError(why="manifest-key")
        return manifest

    def member(self, name: str) -> Member:
        """Return one member; raises PackFormatError where there is none of this name."""
        for each in self.members:
            if each.name == name:
                return each
        raise PackFormatError(why="member", member=name)

    @property
    def context(self) -> bytes:
        """What seals in the pack are bound to: station, session, tree head, recipient."""
        return f"{self.origin}\n{self.session}\n{self.size}\n{self.root}\n{self.recipient}\n".encode()


def signed(manifest: bytes) -> bytes:
    """Return what the station signs for a manifest; no note, seal or other thing it signs begins so."""
    return FORM.encode() + b"\n" + hashlib.sha256(manifest).digest()


def head(manifest: Manifest, signer: Signer) -> bytes:
    """Return a pack as far as its first member: header, manifest, signature."""
    data = manifest.encode()
    return HEADER.pack(MAGIC, VERSION, len(data)) + data + signer.sign(signed(data))


def parse_header(data: bytes) -> int:
    """Return the length of the manifest; raises PackFormatError, PackVersionError."""
    if len(data) != HEADER.size:
        raise PackFormatError(why="header")
    magic, version, length = HEADER.unpack(data)
    if magic != MAGIC:
        raise PackFormatError(why="header")
    if version != VERSION:
        raise PackVersionError(version=version)
    if not 0 < length <= MAX_MANIFEST:
        raise PackFormatError(why="manifest-length")
    return int(length)


def evidence_name(seq: int, name: str) -> str:
    """Return the name of the member that holds a piece of evidence."""
    return f"evidence/{seq}/{name}"


def sheet_name(seq: int) -> str:
    """Return the name of the member that holds the sheet of a `print` entry."""
    return f"sheets/{seq}"


def sheet_aad(station: str, seq: int) -> bytes:
    """Return the associated data of a sheet's ciphertext."""
    return f"proctor pack sheet 1\n{station}\n{seq}\n".encode()


def wrap_info(manifest: Manifest) -> bytes:
    """Return the HPKE `info` of the pack key."""
    return b"proctor pack key 1\n" + manifest.context


def keys_aad(manifest: Manifest) -> bytes:
    """Return the associated data of the member `keys`."""
    return b"proctor pack keys 1\n" + manifest.context


def _require_fields(fields: Mapping[str, Any]) -> None:
    """Raise PackFormatError unless a manifest has its fields, with types and forms."""
    if {name: type(value) for name, value in fields.items()} != _FIELDS or fields["form"] != FORM:
        raise PackFormatError(why="manifest-fields")
    rules: Iterable[tuple[Callable[[str], object], str]] = (
        (_HASH.fullmatch, fields["root"]),
        (_HASH.fullmatch, fields["recipient"]),
        (_SESSION.fullmatch, fields["session"]),
    )
    if not all(rule(value) for rule, value in rules):
        raise PackFormatError(why="manifest-fields")
    if not 0 < fields["first"] <= fields["last"] < fields["size"]:
        raise PackFormatError(why="manifest-range")


def _members(rows: list[Any]) -> tuple[Member, ...]:
    if len(rows) > MAX_MEMBERS:
        raise PackFormatError(why="members")
    members = tuple(_member(row) for row in rows)
    orders = [member.order for member in members]
    if orders != sorted(set(orders)) or [each.name for each in members[: len(FIXED)]] != list(FIXED):
        raise PackFormatError(why="members")
    return members


def _member(row: Any) -> Member:
    """Return one row of the list of members; raises PackFormatError."""
    if not isinstance(row, dict) or {name: type(value) for name, value in row.items()} != {
        "name": str,
        "size": int,
        "sha256": str,
    }:
        raise PackFormatError(why="member")
    member = Member(name=row["name"], size=row["size"], sha256=row["sha256"])
    if not member.sealed and member.name not in {*FIXED, CERTIFICATE}:
        raise PackFormatError(why="member")
    limit = MAX_PIECE if member.sealed else MAX_MEMBER
    if not 0 <= member.size <= limit or not _HASH.fullmatch(member.sha256):
        raise PackFormatError(why="member")
    return member
