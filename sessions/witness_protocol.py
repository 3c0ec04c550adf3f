"""What a witness is asked, as text, and whether it may sign (C2SP tlog-witness); entries left for a restore. Pure."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sessions.checkpoint import Checkpoint, Note, VerifierKey, parse_note, unbase64
from sessions.cosignature import read_head, verify_note
from sessions.errors import NoteFormatError, NoteSignatureError, ProofError, WitnessRefusedError
from sessions.merkle import EMPTY_ROOT, leaf_hash, verify_consistency, verify_inclusion

MAX_PROOF: Final = 63
MAX_REQUEST: Final = 512 * 1024
"""Room for an entry of 262,144 octets in base64, a proof, and a note with sixteen ML-DSA-44 lines."""
MAX_BODY: Final = 262_144
ROTATED: Final = "station-key-rotated"
_CONTROL: Final = re.compile(r"[\x00-\x09\x0b-\x1f]")
_NUMBER: Final = re.compile(r"0|[1-9][0-9]{0,15}")


@dataclass(frozen=True, slots=True, kw_only=True)
class AddCheckpoint:
    """A request for a cosignature: the size the client believes the witness knows, the proof from it, the note."""

    old: int
    proof: tuple[bytes, ...]
    head: Checkpoint
    note: Note = field(repr=False)
    text: str = field(repr=False)

    def encode(self) -> str:
        """Return the request's body."""
        return add_checkpoint_body(self.old, self.proof, self.text)


def add_checkpoint_body(old: int, proof: Sequence[bytes], note: str) -> str:
    """Return the body of an add-checkpoint request for a signed note."""
    lines = "".join(f"{base64.b64encode(node).decode()}\n" for node in proof)
    return f"old {old}\n{lines}\n{note}"


def parse_add_checkpoint(data: bytes) -> AddCheckpoint:
    """Return a request taken apart; nothing in it is verified yet. Raises WitnessRefusedError (400)."""
    head, note = _halves(data)
    first, *lines = head.split("\n")
    old = _numbered(first, "old ")
    if len(lines) > MAX_PROOF:
        raise WitnessRefusedError(status=400, why="proof-lines")
    try:
        proof = tuple(_hash(line) for line in lines)
        parsed = parse_note(note)
        return AddCheckpoint(old=old, proof=proof, head=read_head(parsed.text), note=parsed, text=note)
    except NoteFormatError as error:
        raise WitnessRefusedError(status=400, why=str(error.facts.get("why", "note"))) from None


def require_signed(request: AddCheckpoint, key: VerifierKey) -> Checkpoint:
    """Return the tree head that the log's key signed. Raises WitnessRefusedError (403)."""
    try:
        return verify_note(request.note, key)
    except (NoteSignatureError, NoteFormatError):
        raise WitnessRefusedError(status=403, why="signature") from None


def require_growth(request: AddCheckpoint, known: Checkpoint | None) -> Checkpoint:
    """Return the new head if it extends the last one that was cosigned, None standing for the empty tree.

    Raises WitnessRefusedError: 400 old larger than the checkpoint, 409 another old size (fact `size`: the known one)
    or another root of the same size, 422 a proof that does not prove it.
    """
    size, root = (0, EMPTY_ROOT) if known is None else (known.size, known.root)
    new = request.head
    if request.old > new.size:
        raise WitnessRefusedError(status=400, why="old-larger")
    if request.old != size:
        raise WitnessRefusedError(status=409, why="old-size", size=size)
    if size == new.size:
        if new.root != root:
            raise WitnessRefusedError(status=409, why="other-root")
        if request.proof:
            raise WitnessRefusedError(status=422, why="proof")
        return new
    try:
        if size == 0:
            _require_empty(request.proof)
        else:
            verify_consistency(size, root, new.size, new.root, request.proof)
    except ProofError:
        raise WitnessRefusedError(status=422, why="proof") from None
    return new


def require_beginning(request: AddCheckpoint, before: Checkpoint | None) -> tuple[Checkpoint, bool]:
    """Return the first head of a log, and whether it was shown to continue `before`.

    `before` is the last head that was cosigned of the same station's epoch before, None where there is none. Size 0
    as the old one is always taken: C2SP's, and the way on after a restore. Raises WitnessRefusedError: 409 (fact
    `size`: of `before` where it is not larger than the new head, else 0), 422 a proof that does not prove it.
    """
    new = request.head
    if request.old == 0 or before is None or before.size > new.size:
        return require_growth(request, None), before is not None and before.size == 0
    if request.old != before.size:
        if request.old > new.size:
            raise WitnessRefusedError(status=400, why="old-larger")
        raise WitnessRefusedError(status=409, why="old-size", size=before.size)
    try:
        verify_consistency(before.size, before.root, new.size, new.root, request.proof)
    except ProofError:
        raise WitnessRefusedError(status=422, why="epoch-proof") from None
    return new, True


def _require_empty(proof: Sequence[bytes]) -> None:
    if proof:
        raise ProofError(why="too-long")


# -- entries that leave the station ----------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftEntry:
    """An entry's body with the proof that it is in a signed tree: what a restore asks for, and an anchor carries."""

    seq: int
    body: bytes = field(repr=False)
    proof: tuple[bytes, ...] = field(repr=False)
    note: str = field(repr=False)

    def encode(self) -> str:
        """Return it as a request's body: "entry SEQ", the body in base64, the proof, an empty line, the note."""
        parts = [base64.b64encode(self.body), *(base64.b64encode(node) for node in self.proof)]
        lines = "".join(f"{part.decode()}\n" for part in parts)
        return f"entry {self.seq}\n{lines}\n{self.note}"

    def as_row(self) -> dict[str, Any]:
        """Return it as the object that answers and anchors hold."""
        return {
            "seq": self.seq,
            "body": base64.b64encode(self.body).decode(),
            "proof": [base64.b64encode(node).decode() for node in self.proof],
            "note": self.note,
        }

    @classmethod
    def parse(cls, data: bytes) -> LeftEntry:
        """Return a request taken apart; nothing in it is verified yet. Raises WitnessRefusedError (400)."""
        head, note = _halves(data)
        first, *lines = head.split("\n")
        seq = _numbered(first, "entry ")
        try:
            return cls._of(seq, lines[:1], lines[1:], note)
        except NoteFormatError:
            raise WitnessRefusedError(status=400, why="entry") from None

    @classmethod
    def of_row(cls, row: object) -> LeftEntry:
        """Return the entry of a decoded JSON object; nothing in it is verified yet. Raises NoteFormatError."""
        if not isinstance(row, dict):
            raise NoteFormatError(why="entry-row")
        seq, body, proof, note = (row.get(name) for name in ("seq", "body", "proof", "note"))
        if type(seq) is not int or not isinstance(proof, list) or not isinstance(note, str):
            raise NoteFormatError(why="entry-row")
        if not 0 <= seq < 10**15 or not all(isinstance(line, str) for line in (body, *proof)):
            raise NoteFormatError(why="entry-row")
        return cls._of(seq, [str(body)], proof, note)

    @classmethod
    def _of(cls, seq: int, body: Sequence[str], proof: Sequence[str], note: str) -> LeftEntry:
        if len(body) != 1 or len(proof) > MAX_PROOF or len(body[0]) > 2 * MAX_BODY:
            raise NoteFormatError(why="entry-lines")
        data = unbase64(body[0])
        if not 0 < len(data) <= MAX_BODY:
            raise NoteFormatError(why="entry-body")
        return cls(seq=seq, body=data, proof=tuple(_hash(line) for line in proof), note=note)

    @property
    def head(self) -> Checkpoint:
        """The tree head that the note is over, not verified."""
        return read_head(parse_note(self.note).text)

    def verify(self, key: VerifierKey) -> dict[str, Any]:
        """Return the body's fields, if the key signed the tree head and the proof leads to it.

        Raises NoteFormatError, NoteSignatureError, ProofError.
        """
        head = verify_note(parse_note(self.note), key)
        verify_inclusion(leaf_hash(self.body), self.seq, head.size, self.proof, head.root)
        try:
            fields = json.loads(self.body)
        except (ValueError, RecursionError):
            raise NoteFormatError(why="entry-body") from None
        if not isinstance(fields, dict) or fields.get("seq") != self.seq:
            raise NoteFormatError(why="entry-body")
        return fields


def _halves(data: bytes) -> tuple[str, str]:
    """Return what stands before the first empty line, and the note after it. Raises WitnessRefusedError (400)."""
    if len(data) > MAX_REQUEST:
        raise WitnessRefusedError(status=400, why="size")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise WitnessRefusedError(status=400, why="utf-8") from None
    head, gap, note = text.partition("\n\n")
    if not gap or not head or _CONTROL.search(text):
        raise WitnessRefusedError(status=400, why="form")
    return head, note


def _numbered(line: str, prefix: str) -> int:
    number = line.removeprefix(prefix)
    if not line.startswith(prefix) or not _NUMBER.fullmatch(number):
        raise WitnessRefusedError(status=400, why="first-line")
    return int(number)


def _hash(line: str) -> bytes:
    data = unbase64(line)
    if len(data) != 32:
        raise NoteFormatError(why="hash")
    return data
