"""Checkpoints: C2SP signed notes (Ed25519) over a tree head, and the keys that sign and verify them.

A note is text, an empty line, and signature lines "— name base64(key hash ‖ signature)". A checkpoint's
text is origin, size in decimal, root in base64. The key's name is the origin.
References: C2SP signed-note, tlog-checkpoint.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass, field
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from sessions.errors import NoteFormatError, NoteSignatureError

_ED25519: Final = 0x01
_NAME = re.compile(r"[^\s+\u0000-\u0020]{1,128}")
_SIZE = re.compile(r"0|[1-9][0-9]{0,15}")
_MAX_NOTE: Final = 98_304  # 16 lines of ML-DSA-44 cosignatures and some more


_STATION: Final = re.compile(r"(proctor\.(?:real|training)/[0-9a-f]{8})(?:/([1-9][0-9]{0,5}))?")


def station_of(origin: str) -> str:
    """Return the station's name in an origin: the origin without its epoch."""
    found = _STATION.fullmatch(origin)
    return origin if found is None else found[1]


def epoch_of(origin: str) -> int:
    """Return the number of an origin's epoch; the first, 1, is not written."""
    found = _STATION.fullmatch(origin)
    return 1 if found is None or found[2] is None else int(found[2])


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifierKey:
    """A station's public key under its name (the log's origin); 32 bytes of Ed25519."""

    name: str
    public: bytes

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name) or len(self.public) != 32:
            raise NoteFormatError(why="verifier-key")

    @property
    def key_hash(self) -> bytes:
        """The 4-byte key id: SHA-256(name ‖ 0x0A ‖ 0x01 ‖ public)[:4]."""
        data = self.name.encode() + b"\n" + bytes([_ED25519]) + self.public
        return hashlib.sha256(data).digest()[:4]

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the 32 public bytes, lowercase hexadecimal: what people compare."""
        return hashlib.sha256(self.public).hexdigest()

    def encode(self) -> str:
        """Return the vkey: name+keyhash+base64(0x01 ‖ public)."""
        packed = base64.b64encode(bytes([_ED25519]) + self.public).decode()
        return f"{self.name}+{self.key_hash.hex()}+{packed}"

    @classmethod
    def parse(cls, text: str) -> VerifierKey:
        """Return the key of a vkey line; raises NoteFormatError."""
        parts = text.strip().split("+", 2)
        if len(parts) != 3:
            raise NoteFormatError(why="vkey-parts")
        data = unbase64(parts[2])
        if len(data) != 33 or data[0] != _ED25519:
            raise NoteFormatError(why="vkey-type")
        key = cls(name=parts[0], public=data[1:])
        if key.encode() != text.strip():
            raise NoteFormatError(why="vkey-hash")
        return key

    def verify(self, signature: bytes, message: bytes) -> bytes:
        """Return the message if the signature is this key's; raises NoteSignatureError."""
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, message)
        except (InvalidSignature, ValueError):
            raise NoteSignatureError(key=self.fingerprint) from None
        return message


class Signer:
    """A station's private key under its name. No repr or pickle shows it."""

    __slots__ = ("_private", "key")

    def __init__(self, name: str, seed: bytes) -> None:
        self._private = Ed25519PrivateKey.from_private_bytes(seed)
        self.key = VerifierKey(name=name, public=self._private.public_key().public_bytes_raw())

    def __repr__(self) -> str:
        return f"Signer({self.key.name!r}, {self.key.fingerprint})"

    def named(self, name: str) -> Signer:
        """Return the same key under another name: that of an epoch."""
        return Signer(name, self._private.private_bytes_raw())

    def sign(self, message: bytes) -> bytes:
        """Return the 64-byte Ed25519 signature."""
        return self._private.sign(message)

    def sign_note(self, text: str) -> str:
        """Return the signed note of a text that ends in a newline."""
        if not text.endswith("\n") or "\n\n" in text:
            raise NoteFormatError(why="text")
        blob = base64.b64encode(self.key.key_hash + self.sign(text.encode())).decode()
        return f"{text}\n\u2014 {self.key.name} {blob}\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """One signature line: name, 4-byte key hash, signature bytes."""

    name: str
    key_hash: bytes
    signature: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A note taken apart; nothing in it is verified yet."""

    text: str
    signatures: tuple[Signature, ...]

    def verify(self, key: VerifierKey) -> str:
        """Return the text if `key` signed it; raises NoteSignatureError, also when its line is missing."""
        own = [s for s in self.signatures if s.name == key.name and s.key_hash == key.key_hash]
        if not own:
            raise NoteSignatureError(key=key.fingerprint, why="no-line")
        for line in own:
            key.verify(line.signature, self.text.encode())
        return self.text


def parse_note(note: str) -> Note:
    """Return a note's text and signature lines; raises NoteFormatError."""
    if len(note) > _MAX_NOTE or "\r" in note or not note.endswith("\n"):
        raise NoteFormatError(why="note")
    text, gap, tail = note.rpartition("\n\n")
    if not gap or not text or not tail:
        raise NoteFormatError(why="note-parts")
    lines = tail.removesuffix("\n").split("\n")
    return Note(text=text + "\n", signatures=tuple(_signature(line) for line in lines))


def _signature(line: str) -> Signature:
    parts = line.split(" ")
    if len(parts) != 3 or parts[0] != "\u2014" or not _NAME.fullmatch(parts[1]):
        raise NoteFormatError(why="signature-line")
    blob = unbase64(parts[2])
    if len(blob) < 5:
        raise NoteFormatError(why="signature-line")
    return Signature(name=parts[1], key_hash=blob[:4], signature=blob[4:])


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """A tree head of an origin; `note` is the signed form it came in or was given ("" when unsigned)."""

    origin: str
    size: int
    root: bytes
    note: str = field(default="", repr=False, compare=False)

    @property
    def text(self) -> str:
        """The three lines that are signed."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"

    def sign(self, signer: Signer) -> Checkpoint:
        """Return this checkpoint with its signed note; the signer's name must be the origin."""
        if signer.key.name != self.origin:
            raise NoteFormatError(why="origin")
        return Checkpoint(
            origin=self.origin, size=self.size, root=self.root, note=signer.sign_note(self.text)
        )


def parse_checkpoint(note: str) -> tuple[Checkpoint, Note]:
    """Return the unverified tree head of a signed note; extension lines are refused. Raises
    NoteFormatError.
    """
    parsed = parse_note(note)
    lines = parsed.text.removesuffix("\n").split("\n")
    if len(lines) != 3 or not _NAME.fullmatch(lines[0]) or not _SIZE.fullmatch(lines[1]):
        raise NoteFormatError(why="checkpoint")
    root = unbase64(lines[2])
    if len(root) != 32:
        raise NoteFormatError(why="root")
    return Checkpoint(origin=lines[0], size=int(lines[1]), root=root, note=note), parsed


def verify_checkpoint(note: str, key: VerifierKey) -> Checkpoint:
    """Return the tree head that `key` signed; raises NoteFormatError or NoteSignatureError."""
    head, parsed = parse_checkpoint(note)
    if head.origin != key.name:
        raise NoteSignatureError(key=key.fingerprint, why="origin")
    parsed.verify(key)
    return head


def unbase64(text: str) -> bytes:
    """Return the bytes of canonical base64; raises NoteFormatError."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise NoteFormatError(why="base64") from None
    if base64.b64encode(data).decode() != text:
        raise NoteFormatError(why="base64")
    return data
