"""Anchors: a tree head that left the machine, as a signed note or as the text of a page seal. Pure.

An anchor is compared with the log's own root of its size; who signed it matters only where the two differ: then
somebody rewrote the log, or somebody made up an anchor. Nothing in it is believed before `proven_by` said so.
Forms: docs/log-format.md, "Checkpoints" and "Sheets".
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

import cbor2

from sessions import base45
from sessions.checkpoint import VerifierKey, parse_note, station_of
from sessions.cosignature import CosignerKey, read_head, split_lines, verify_lines
from sessions.errors import NoteFormatError, NoteSignatureError

SEAL_PREFIX: Final = "PRS1:"
MAX_BYTES: Final = 131_072
_MAX_SEAL: Final = 1_500
_SIGN1_HEAD: Final = b"\xd2"
"""Tag 18 (RFC 9052, 4.2), as deterministic CBOR has it."""
_KID: Final = 8
_PLACES: Final = (2, 6, 7)
"""Where the payload of a page seal has origin, size and root."""
_FIELDS: Final = {1: 12, 2: 13}
"""How many fields a payload of each version has."""
_MAX_SIZE: Final = 2**53
_STRINGS: Final = (2, 3)
_TAGGED: Final = 6
_WIDEST: Final = 27
"""Major types of CBOR, and the widest length of an item's head that is not reserved or indefinite."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SealSignature:
    """Who says that they signed a seal (8 bytes of a fingerprint), over what, and the signature."""

    key_id: bytes
    message: bytes = field(repr=False)
    signature: bytes = field(repr=False)

    def is_by(self, key: VerifierKey) -> bool:
        """Whether this key signed it."""
        return bytes.fromhex(key.fingerprint)[:_KID] == self.key_id and _verifies(
            key, self.signature, self.message
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """A tree head of an origin that was kept elsewhere: `size` entries had the 32-byte `root`.

    `note` is the signed note it came in, or `seal` the signature of the page seal. `label` says to people which one
    it is (a file's name).
    """

    origin: str
    size: int
    root: bytes
    note: str = field(default="", repr=False)
    seal: SealSignature | None = field(default=None, repr=False)
    label: str = ""

    def proven_by(self, keys: Iterable[VerifierKey], witnesses: Iterable[CosignerKey] = ()) -> bool:
        """Whether one of these keys signed the tree head: the station's, in whichever epoch, or a witness's."""
        publics = {key.public for key in keys if station_of(key.name) == station_of(self.origin)}
        named = [VerifierKey(name=self.origin, public=public) for public in publics]
        if self.seal is not None:
            return any(self.seal.is_by(key) for key in named)
        return any(_signed_note(self.note, key) for key in named) or self._cosigned(tuple(witnesses))

    def _cosigned(self, witnesses: tuple[CosignerKey, ...]) -> bool:
        if not self.note or not witnesses:
            return False
        text, lines = split_lines(self.note)
        try:
            return bool(verify_lines(lines, text, witnesses))
        except (NoteFormatError, NoteSignatureError):
            return False


def parse_anchor(data: bytes, *, label: str = "") -> Anchor:
    """Return the unverified anchor of a signed note or of a seal's text ("PRS1:…"); raises NoteFormatError."""
    if len(data) > MAX_BYTES:
        raise NoteFormatError(why="anchor-size")
    try:
        text = data.decode("utf-8").replace("\r\n", "\n")
    except ValueError:
        raise NoteFormatError(why="anchor") from None
    stripped = text.lstrip().rstrip("\r\n\t")  # a space may be a letter of Base45
    if stripped.startswith(SEAL_PREFIX):
        return parse_seal(stripped, label=label)
    return parse_note_anchor(text if text.endswith("\n") else f"{text}\n", label=label)


def parse_note_anchor(note: str, *, label: str = "") -> Anchor:
    """Return the unverified anchor of a signed note, with whatever cosignature lines it has; raises NoteFormatError."""
    text, _ = split_lines(note)
    head = read_head(text)
    return Anchor(origin=head.origin, size=head.size, root=head.root, note=note, label=label)


def parse_seal(text: str, *, label: str = "") -> Anchor:
    """Return the unverified anchor of a page seal's text; raises NoteFormatError."""
    if len(text) > _MAX_SEAL or not text.startswith(SEAL_PREFIX):
        raise NoteFormatError(why="seal")
    tagged = base45.decode(text.removeprefix(SEAL_PREFIX))
    if not tagged.startswith(_SIGN1_HEAD):
        raise NoteFormatError(why="seal")
    parts = _cbor(tagged.removeprefix(_SIGN1_HEAD))
    if not isinstance(parts, (list, tuple)) or len(parts) != 4 or parts[1] != {}:
        raise NoteFormatError(why="seal")
    protected, _, payload, signature = parts
    if not all(isinstance(part, bytes) for part in (protected, payload, signature)):
        raise NoteFormatError(why="seal")
    origin, size, root = _head_of(_cbor(payload))
    signed = SealSignature(
        key_id=_key_id(_cbor(protected)),
        message=cbor2.dumps(["Signature1", protected, b"", payload], canonical=True),  # RFC 9052, 4.4
        signature=signature,
    )
    return Anchor(origin=origin, size=size, root=root, seal=signed, label=label)


def _head_of(payload: Any) -> tuple[str, int, bytes]:
    """Return origin, size and root of a seal's payload."""
    if not isinstance(payload, (list, tuple)) or not payload or type(payload[0]) is not int:
        raise NoteFormatError(why="seal-payload")
    if len(payload) != _FIELDS.get(payload[0]):
        raise NoteFormatError(why="seal-payload")
    origin, size, root = (payload[place] for place in _PLACES)
    if type(origin) is not str or type(size) is not int or type(root) is not bytes:
        raise NoteFormatError(why="seal-payload")
    if not 0 <= size <= _MAX_SIZE or len(root) != 32:
        raise NoteFormatError(why="seal-payload")
    return origin, size, root


def _key_id(header: Any) -> bytes:
    """Return the key id of the protected header {1: -8, 4: key id}."""
    if not isinstance(header, dict) or set(header) != {1, 4} or header[1] != -8:
        raise NoteFormatError(why="seal-header")
    if type(header[4]) is not bytes or len(header[4]) != _KID:
        raise NoteFormatError(why="seal-header")
    return header[4]


def _cbor(data: bytes) -> Any:
    """Return the value of CBOR that has no tags: what they stand for is made while reading, at any cost, and a seal
    needs none. Raises NoteFormatError.
    """
    _require_plain(data)
    try:
        return cbor2.loads(data)
    except (cbor2.CBORError, ValueError, TypeError, RecursionError, ArithmeticError, MemoryError):
        raise NoteFormatError(why="seal-cbor") from None


def _require_plain(data: bytes) -> None:
    """Raise NoteFormatError for a tag, an indefinite length, or an item cut short (RFC 8949, 3)."""
    place = 0
    while place < len(data):
        major, length = data[place] >> 5, data[place] & 31
        wide = 0 if length < 24 else 1 << length - 24
        if major == _TAGGED or length > _WIDEST or place + wide >= len(data):
            raise NoteFormatError(why="seal-cbor")
        if wide:
            length = int.from_bytes(data[place + 1 : place + 1 + wide])
        place += 1 + wide
        if major in _STRINGS:
            place += length
    if place > len(data):
        raise NoteFormatError(why="seal-cbor")


def _verifies(key: VerifierKey, signature: bytes, message: bytes) -> bool:
    try:
        key.verify(signature, message)
    except NoteSignatureError:
        return False
    return True


def _signed_note(note: str, key: VerifierKey) -> bool:
    """Whether a note bears a good line of this key, whatever other lines it has."""
    try:
        parse_note(note).verify(key)
    except (NoteFormatError, NoteSignatureError):
        return False
    return True
