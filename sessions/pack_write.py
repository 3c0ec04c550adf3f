"""Making a pack from an open log: what belongs to a session, proven against the newest checkpoint, sealed.

Evidence goes as the ciphertexts the log holds; its keys go under one key of the pack, and that key to the department
alone. What was erased is absent. The form is docs/pack-format.md.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from sessions import pack
from sessions.checkpoint import Checkpoint, Signer, station_of
from sessions.department import DepartmentPublic
from sessions.errors import EvidenceErasedError, PackSheetError, UnknownSessionError
from sessions.merkle_range import range_proof
from sessions.pack import Manifest, Member
from sessions.pack_parts import Frame, join_entries, join_notes
from sessions.reader import Entry, LogReader

RandomBytes = Callable[[int], bytes]
_KEY_BYTES: Final = 32
_KEY_KINDS: Final = ("key", "epoch")


@dataclass(frozen=True, slots=True)
class _Part:
    """A member and where its bytes come from; `key` seals it, if it is sealed."""

    member: Member
    read: Callable[[], bytes] = field(repr=False)
    key: bytes = field(repr=False, default=b"")


@dataclass(frozen=True, slots=True, kw_only=True)
class PackDraft:
    """A pack that is ready to be written: its manifest, its bytes in order, and the key of its seals."""

    manifest: Manifest
    signer: Signer
    parts: Sequence[_Part] = field(repr=False)
    pack_key: bytes = field(repr=False)

    def chunks(self) -> Iterator[bytes]:
        """Yield the file's bytes, one member at a time; raises as `LogReader.sealed`."""
        yield pack.head(self.manifest, self.signer)
        for part in self.parts:
            yield part.read()


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheets:
    """Sheets as PDF files, and the certificate (DER) that sealed them."""

    files: Sequence[bytes] = field(default=(), repr=False)
    certificate: bytes = field(default=b"", repr=False)


def draft_pack(
    log: LogReader,
    session: str,
    *,
    signer: Signer,
    department: DepartmentPublic,
    sheets: Sheets | None = None,
    random_bytes: RandomBytes = secrets.token_bytes,
) -> PackDraft:
    """Return the pack of a session as the log stands now.

    Raises UnknownSessionError, PackSheetError for a sheet that no print entry of the session names, StoreError,
    DepartmentKeyError.
    """
    head, given = log.head(), sheets or Sheets()
    first, last = _span(log, session, head.size)
    keys = [entry.seq for kind in _KEY_KINDS for entry in log.entries(kind)]
    seqs = sorted({*range(first, last + 1), *(seq for seq in keys if seq < head.size)})
    prints = {
        entry.body["pdf_sha256"]: entry.seq
        for entry in log.entries("print", session)
        if first <= entry.seq <= last
    }
    sealed = [
        *_evidence(log, session, last),
        *_sheets(given, prints, station_of(head.origin), random_bytes),
    ]
    plain = [*_records(log, seqs, head), *_certificate(log, session, given, last)]
    blank = Manifest(
        origin=head.origin,
        session=session,
        first=first,
        last=last,
        size=head.size,
        root=head.root.hex(),
        recipient=department.fingerprint,
        key=signer.key,
        members=(),
    )
    return _assemble(blank, plain, sealed, signer=signer, department=department, random_bytes=random_bytes)


def _assemble(
    blank: Manifest,
    plain: list[_Part],
    sealed: list[_Part],
    *,
    signer: Signer,
    department: DepartmentPublic,
    random_bytes: RandomBytes,
) -> PackDraft:
    """Put the parts in order, and the keys of the sealed ones under a key for the department."""
    sealed = sorted(sealed, key=lambda part: part.member.order)
    pack_key, nonce = random_bytes(_KEY_BYTES), random_bytes(12)
    listed = b"".join(part.key for part in sealed)
    box = nonce + AESGCM(pack_key).encrypt(nonce, listed, pack.keys_aad(blank))
    wrapped = department.wrap(pack_key, info=pack.wrap_info(blank))
    parts = [*plain, _part(pack.PACK_KEY, wrapped), _part(pack.KEYS, box), *sealed]
    parts.sort(key=lambda part: part.member.order)
    manifest = replace(blank, members=tuple(part.member for part in parts))
    return PackDraft(manifest=manifest, signer=signer, parts=tuple(parts), pack_key=pack_key)


def _span(log: LogReader, session: str, size: int) -> tuple[int, int]:
    """Return the first and last entry of a session: its open, and the last that names it or erases of it."""
    own = log.entries(session=session)
    opened = [entry.seq for entry in own if entry.kind == "open"]
    if not opened:
        raise UnknownSessionError
    bearers = {entry.seq for entry in own if "evidence" in entry.body}
    shreds = [entry.seq for entry in log.entries("shred") if bearers & set(_targets(entry))]
    return opened[0], max(seq for seq in (*(entry.seq for entry in own), *shreds) if seq < size)


def _targets(entry: Entry) -> list[int]:
    return [int(target["seq"]) for target in entry.body["targets"]]


def _records(log: LogReader, seqs: Sequence[int], head: Checkpoint) -> list[_Part]:
    """Return the members that prove: entries, a checkpoint for each and for each gap's end, hashes."""
    present = set(seqs)
    sizes = {seq + 1 for seq in seqs} | {seq for seq in seqs if seq and seq - 1 not in present}
    cosigned = log.last_cosigned()
    sizes |= {head.size} | ({cosigned} if cosigned is not None and cosigned <= head.size else set())
    ordered = sorted(sizes)
    entries = join_entries(Frame(seq, log.body(seq)) for seq in seqs)
    proof = b"".join(range_proof(seqs, ordered, log.node))
    return [
        _part(pack.CHECKPOINTS, join_notes(log.note(size) for size in ordered)),
        _part(pack.ENTRIES, entries),
        _part(pack.PROOF, proof),
    ]


def _evidence(log: LogReader, session: str, last: int) -> Iterator[_Part]:
    """Yield the session's evidence that was not erased and may leave; each piece is read again when it is written."""
    for entry in log.entries(session=session):
        for name in sorted(entry.body.get("evidence", {}).keys() - pack.STAYS) if entry.seq <= last else ():
            try:
                piece = log.sealed(entry.seq, name)
            except EvidenceErasedError:
                continue
            member = Member(
                name=pack.evidence_name(entry.seq, name),
                size=len(piece.ciphertext),
                sha256=entry.body["evidence"][name],
            )
            yield _Part(member, _reading(log, entry.seq, name), piece.key)


def _reading(log: LogReader, seq: int, name: str) -> Callable[[], bytes]:
    return lambda: log.sealed(seq, name).ciphertext


def _sheets(
    sheets: Sheets, prints: Mapping[str, int], station: str, random_bytes: RandomBytes
) -> Iterator[_Part]:
    """Yield the sheets, each once and under a key of its own: they show names and faces."""
    for number, pdf in enumerate(dict.fromkeys(sheets.files)):
        seq = prints.get(hashlib.sha256(pdf).hexdigest())
        if seq is None:
            raise PackSheetError(number=number + 1)
        key, nonce = random_bytes(_KEY_BYTES), random_bytes(12)
        data = nonce + AESGCM(key).encrypt(nonce, pdf, pack.sheet_aad(station, seq))
        part = _part(pack.sheet_name(seq), data)
        yield _Part(part.member, part.read, key)


def _certificate(log: LogReader, session: str, sheets: Sheets, last: int) -> Iterator[_Part]:
    """Yield the seal's certificate if a print entry of the session names it."""
    named = {entry.body["seal_certificate"] for entry in log.entries("print", session) if entry.seq <= last}
    if hashlib.sha256(sheets.certificate).hexdigest() in named:
        yield _part(pack.CERTIFICATE, sheets.certificate)


def _part(name: str, data: bytes) -> _Part:
    member = Member(name=name, size=len(data), sha256=hashlib.sha256(data).hexdigest())
    return _Part(member, lambda: data)
