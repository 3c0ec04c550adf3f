"""Anchors on a stick: the newest checkpoint with its cosignatures, and every erasure with its proof.

What was written is read back from the medium and verified before the log says that it left.
"""

import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from proctor.errors import CommandError
from proctor.files import require_folder
from proctor.roots import OpenRoot
from proctor.sheets import cosigned_head
from proctor.witness.client import WitnessClient
from proctor.witness.cosigning import left_entry
from sessions.anchor import parse_anchor
from sessions.checkpoint import Checkpoint, VerifierKey, parse_note, station_of
from sessions.cosignature import split_lines, verify_lines, verify_note
from sessions.errors import NoteFormatError, NoteSignatureError, SessionsError
from sessions.files import write_private
from sessions.keyschedule import KeySchedule
from sessions.roles import require_may
from sessions.store import Store
from sessions.witness_protocol import LeftEntry
from sessions.witnesses import Cosigners, Witness

WHAT = "anchor"


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenAnchor:
    """An anchor on its medium: both files, the note's SHA-256, its tree head, who cosigned it, how many erasures."""

    note: Path
    shreds: Path
    sha256: str
    head: Checkpoint
    cosigners: Cosigners
    count: int


def write_anchor(opened: OpenRoot, folder: Path, *, session: str | None = None) -> WrittenAnchor:
    """Write the newest tree head and the erasures it covers into `folder`, read them back, then enter the export.

    Witnesses are asked for a moment; what they do not sign now is not waited for. Raises CommandError "cannot-write",
    "anchor-not-read-back", SessionsError.
    """
    operator = require_may(opened.require_login().operator, "export")
    head, cosigners = cosigned_head(opened)
    note = opened.store.note(head.size)
    entries = [left_entry(opened.store, entry.seq, head) for entry in opened.store.entries("shred")]
    name = anchor_name(head)
    written = WrittenAnchor(
        note=require_folder(folder) / f"{name}.note",
        shreds=folder / f"{name}.shreds.json",
        sha256=hashlib.sha256(note.encode()).hexdigest(),
        head=head,
        cosigners=cosigners,
        count=len(entries),
    )
    write_files(written.note, note, written.shreds, station_of(head.origin), entries)
    require_read_back(written, note, key_of(opened.store, head.size))
    body = {"what": WHAT, "sha256": written.sha256, "size": head.size, "root": head.root.hex()}
    opened.store.append("export", body if session is None else body | {"session": session}, operator=operator)
    return written


def anchor_name(head: Checkpoint) -> str:
    """Return the files' name: the station's digits, its epoch if it has one, the size."""
    digits = head.origin.partition("/")[2].replace("/", "-") or "log"
    kept = "".join(char if char.isalnum() or char in "-_." else "_" for char in digits)
    return f"anchor-{kept}-{head.size}"


def key_of(store: Store, size: int) -> VerifierKey:
    """Return the key that signs this log's checkpoint of a size."""
    schedule = KeySchedule()
    entries = sorted((*store.entries("key"), *store.entries("epoch")), key=lambda entry: entry.seq)
    for entry in entries:
        schedule.add(entry.seq, entry.body)
    key = schedule.key_of(size)
    if key is None:
        raise CommandError("anchor-not-read-back", file="")
    return key


def write_files(
    note_file: Path, note: str, shreds_file: Path, station: str, entries: Sequence[LeftEntry]
) -> None:
    """Write both files, whole and synced. Raises CommandError "cannot-write"."""
    document = {"station": station, "entries": [entry.as_row() for entry in entries]}
    for path, data in (
        (note_file, note.encode()),
        (shreds_file, json.dumps(document, indent=1).encode()),
    ):
        try:
            write_private(path, data)
        except OSError:
            raise CommandError("cannot-write", file=str(path)) from None


def require_read_back(written: WrittenAnchor, note: str, key: VerifierKey) -> None:
    """Raise CommandError "anchor-not-read-back" unless the medium gives back what verifies."""
    try:
        data = _from_medium(written.note)
        anchor = parse_anchor(data)
        head = verify_note(parse_note(anchor.note), key)
        rows = json.loads(_from_medium(written.shreds))["entries"]
        entries = [LeftEntry.of_row(row) for row in rows]
        kinds = {entry.verify(key)["kind"] for entry in entries}
    except (OSError, ValueError, KeyError, TypeError, SessionsError):
        raise CommandError("anchor-not-read-back", file=str(written.note)) from None
    if data != note.encode() or head != written.head or len(entries) != written.count or kinds - {"shred"}:
        raise CommandError("anchor-not-read-back", file=str(written.note))


def _from_medium(path: Path) -> bytes:
    """Return a file's bytes, from the medium and not from memory where the system can be asked for that."""
    with path.open("rb") as stream:
        if hasattr(os, "posix_fadvise"):
            os.posix_fadvise(stream.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        return stream.read()


def fetch_anchor(witness: Witness, origin: str, folder: Path) -> tuple[Path, Path, Checkpoint, int]:
    """Ask a witness for the last checkpoint of a log that it signed and for the erasures left with it; write both.

    The witness's own line is verified; the station's entries are verified by whoever restores. Raises WitnessError,
    CommandError "witness-knows-nothing", "cannot-write".
    """
    with WitnessClient(witness) as client:
        note = client.last_note(origin)
        if note is None:
            raise CommandError("witness-knows-nothing", origin=origin)
        entries = client.left(station_of(origin))
    try:
        text, lines = split_lines(note)
        anchor = parse_anchor(note.encode())
        signed = verify_lines(lines, text, [witness.key])
    except (NoteFormatError, NoteSignatureError):
        signed = ()
    if not signed or anchor.origin != origin:
        raise CommandError("witness-line-not-good", name=witness.name)
    head = Checkpoint(origin=anchor.origin, size=anchor.size, root=anchor.root)
    name = anchor_name(head)
    note_file, shreds_file = require_folder(folder) / f"{name}.note", folder / f"{name}.shreds.json"
    write_files(note_file, note, shreds_file, station_of(origin), entries)
    return note_file, shreds_file, head, len(entries)
