"""Cosignatures: a witness's timestamped statement that a checkpoint is the largest consistent tree it saw. Pure.

Two kinds of keys: Ed25519 (`cosignature/v1`, signature type 0x04) and ML-DSA-44 (`subtree/v1`, type 0x06), each as a
line of a signed note, "— name base64(key hash ‖ timestamped_signature)", a timestamped_signature being eight octets of
POSIX time and the signature. References: C2SP tlog-cosignature, signed-note, tlog-checkpoint; RFC 8032; FIPS 204.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey, MLDSA44PublicKey

from sessions.checkpoint import Checkpoint, Note, Signature, VerifierKey, parse_note, unbase64
from sessions.errors import NoteFormatError, NoteSignatureError

SEED_BYTES: Final = 32
MAX_TIME: Final = 2**63 - 1
_HEADER: Final = b"cosignature/v1\n"
_LABEL: Final = b"subtree/v1\n\0"
_NAME: Final = re.compile(r"[^\s+\u0000-\u0020]{1,128}")
_CONTROL: Final = re.compile(r"[\x00-\x09\x0b-\x1f]")
_SIZE: Final = re.compile(r"0|[1-9][0-9]{0,15}")
_MAX_ORIGIN: Final = 255
_MAX_EXTENSIONS: Final = 16


class Kind(IntEnum):
    """The signature type identifiers of cosignature keys."""

    ED25519 = 0x04
    ML_DSA_44 = 0x06


_PUBLIC_BYTES: Final = {Kind.ED25519: 32, Kind.ML_DSA_44: 1312}
_SIGNATURE_BYTES: Final = {Kind.ED25519: 64, Kind.ML_DSA_44: 2420}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cosignature:
    """A verified cosignature: whose, the moment it states (seconds since 1970, UTC), and its line without line end."""

    name: str
    key_id: str
    at: int
    line: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class CosignerKey:
    """A witness's public key under its name: 32 octets of Ed25519 or 1,312 of ML-DSA-44."""

    name: str
    public: bytes = field(repr=False)
    kind: Kind = Kind.ED25519

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name) or len(self.name.encode()) > _MAX_ORIGIN:
            raise NoteFormatError(why="cosigner-name")
        if len(self.public) != _PUBLIC_BYTES[self.kind]:
            raise NoteFormatError(why="cosigner-key")

    @property
    def key_hash(self) -> bytes:
        """The 4-octet key id: SHA-256(name ‖ 0x0A ‖ type ‖ public)[:4]."""
        return hashlib.sha256(self.name.encode() + b"\n" + bytes([self.kind]) + self.public).digest()[:4]

    @property
    def key_id(self) -> str:
        """The key id as people read it: 8 hexadecimal digits."""
        return self.key_hash.hex()

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the public octets, lowercase hexadecimal: what people compare."""
        return hashlib.sha256(self.public).hexdigest()

    def encode(self) -> str:
        """Return the vkey: name+keyhash+base64(type ‖ public)."""
        packed = base64.b64encode(bytes([self.kind]) + self.public).decode()
        return f"{self.name}+{self.key_id}+{packed}"

    @classmethod
    def parse(cls, text: str) -> CosignerKey:
        """Return the key of a cosigner's vkey line, type 0x04 or 0x06; raises NoteFormatError."""
        parts = text.strip().split("+", 2)
        if len(parts) != 3:
            raise NoteFormatError(why="vkey-parts")
        data = unbase64(parts[2])
        if not data or data[0] not in _PUBLIC_BYTES:
            raise NoteFormatError(why="vkey-type")
        key = cls(name=parts[0], public=data[1:], kind=Kind(data[0]))
        if key.encode() != text.strip():
            raise NoteFormatError(why="vkey-hash")
        return key

    def verify(self, text: str, timestamped: bytes) -> int:
        """Return the time that a timestamped_signature over a checkpoint's text states, 0 for none.

        Raises NoteFormatError, NoteSignatureError.
        """
        if len(timestamped) != 8 + _SIGNATURE_BYTES[self.kind]:
            raise NoteSignatureError(key=self.fingerprint, why="length")
        at = int.from_bytes(timestamped[:8], "big")
        message = cosigned_message(self.kind, self.name, at, text)
        public: Ed25519PublicKey | MLDSA44PublicKey
        try:
            if self.kind is Kind.ED25519:
                public = Ed25519PublicKey.from_public_bytes(self.public)
            else:
                public = MLDSA44PublicKey.from_public_bytes(self.public)
            public.verify(timestamped[8:], message)
        except (InvalidSignature, ValueError):
            raise NoteSignatureError(key=self.fingerprint) from None
        return at


class Cosigner:
    """A witness's private key under its name. No repr or pickle shows it."""

    __slots__ = ("_private", "key")

    def __init__(self, name: str, seed: bytes, kind: Kind = Kind.ED25519) -> None:
        if len(seed) != SEED_BYTES:
            raise NoteFormatError(why="seed")
        self._private: Ed25519PrivateKey | MLDSA44PrivateKey
        if kind is Kind.ED25519:
            self._private = Ed25519PrivateKey.from_private_bytes(seed)
        else:
            self._private = MLDSA44PrivateKey.from_seed_bytes(seed)
        self.key = CosignerKey(name=name, kind=kind, public=self._private.public_key().public_bytes_raw())

    def __repr__(self) -> str:
        return f"Cosigner({self.key.name!r}, {self.key.fingerprint})"

    def __reduce__(self) -> tuple[object, ...]:
        raise TypeError("a private key is not pickled")

    @property
    def seed(self) -> bytes:
        """The 32 octets that the key is made of, for whoever seals them."""
        return self._private.private_bytes_raw()

    def cosign(self, text: str, at: int) -> str:
        """Return the signature line (no line end) over a checkpoint's text, stating the time `at`."""
        signature = self._private.sign(cosigned_message(self.key.kind, self.key.name, at, text))
        blob = base64.b64encode(self.key.key_hash + at.to_bytes(8, "big") + signature).decode()
        return f"\u2014 {self.key.name} {blob}"


def cosigned_message(kind: Kind, name: str, at: int, text: str) -> bytes:
    """Return the octets that a cosigner signs for a checkpoint's text: C2SP tlog-cosignature, "signed message".

    The Ed25519 form covers the whole text with its extension lines; the ML-DSA-44 form covers the cosigner's name,
    and of the checkpoint only origin, size and root, so that there must be no extension line it would seem to cover.
    Raises NoteFormatError.
    """
    if not 0 <= at <= MAX_TIME:
        raise NoteFormatError(why="time")
    head = read_head(text)
    if kind is Kind.ED25519:
        return _HEADER + f"time {at}\n".encode() + text.encode()
    if text != head.text:
        raise NoteFormatError(why="extension")
    start = 0
    return b"".join(
        (
            _LABEL,
            _prefixed(name.encode()),
            at.to_bytes(8, "big"),
            _prefixed(head.origin.encode()),
            start.to_bytes(8, "big"),
            head.size.to_bytes(8, "big"),
            head.root,
        )
    )


def _prefixed(data: bytes) -> bytes:
    """Return opaque<1..2^8-1>: one octet of length, then the data."""
    if not 0 < len(data) <= _MAX_ORIGIN:
        raise NoteFormatError(why="length")
    return bytes([len(data)]) + data


def read_head(text: str) -> Checkpoint:
    """Return the unverified tree head of a checkpoint's text; extension lines are allowed and left aside.

    Raises NoteFormatError. Reference: C2SP tlog-checkpoint, "note text".
    """
    lines = text.removesuffix("\n").split("\n")
    if not text.endswith("\n") or not 3 <= len(lines) <= 3 + _MAX_EXTENSIONS or not all(lines):
        raise NoteFormatError(why="checkpoint")
    if _CONTROL.search(text) or len(lines[0].encode()) > _MAX_ORIGIN:
        raise NoteFormatError(why="checkpoint")
    if not _SIZE.fullmatch(lines[1]):
        raise NoteFormatError(why="size")
    root = unbase64(lines[2])
    if len(root) != 32:
        raise NoteFormatError(why="root")
    return Checkpoint(origin=lines[0], size=int(lines[1]), root=root)


def parse_line(line: str) -> Signature:
    """Return one signature line taken apart; with or without its line end. Raises NoteFormatError."""
    signatures = parse_note(f"-\n\n{line.removesuffix(chr(10))}\n").signatures
    if len(signatures) != 1:
        raise NoteFormatError(why="signature-line")
    return signatures[0]


def verify_line(line: str, text: str, key: CosignerKey) -> Cosignature:
    """Return what a line of this witness states of a checkpoint's text.

    A time is demanded: without one the line does not say that this was the largest tree. Raises NoteFormatError,
    NoteSignatureError (also for another key's line).
    """
    signature = parse_line(line)
    if (signature.name, signature.key_hash) != (key.name, key.key_hash):
        raise NoteSignatureError(key=key.fingerprint, why="no-line")
    at = key.verify(text, signature.signature)
    if at == 0:
        raise NoteSignatureError(key=key.fingerprint, why="no-time")
    return Cosignature(name=key.name, key_id=key.key_id, at=at, line=line.removesuffix("\n"))


def verify_lines(lines: Iterable[str], text: str, keys: Sequence[CosignerKey]) -> tuple[Cosignature, ...]:
    """Return the cosignatures of known keys among signature lines; lines of unknown keys are left aside.

    A line that names a known key and is not good raises NoteSignatureError: C2SP signed-note, "Signatures".
    """
    known = {(key.name, key.key_hash): key for key in keys}
    found = []
    for line in lines:
        signature = parse_line(line)
        key = known.get((signature.name, signature.key_hash))
        if key is not None:
            found.append(verify_line(line, text, key))
    return tuple(found)


def verify_note(note: Note, key: VerifierKey) -> Checkpoint:
    """Return the tree head of a parsed note that the log's key signed, whatever other lines it bears.

    Raises NoteFormatError, NoteSignatureError (also when the note is of another origin).
    """
    head = read_head(note.text)
    if head.origin != key.name:
        raise NoteSignatureError(key=key.fingerprint, why="origin")
    note.verify(key)
    return head


def with_lines(note: str, lines: Iterable[str]) -> str:
    """Return a note with further signature lines at its end."""
    return note + "".join(f"{line.removesuffix(chr(10))}\n" for line in lines)


def split_lines(note: str) -> tuple[str, tuple[str, ...]]:
    """Return a note's text (with its line end) and its signature lines as written. Raises NoteFormatError."""
    parsed = parse_note(note)
    return parsed.text, tuple(note[len(parsed.text) + 1 :].removesuffix("\n").split("\n"))
