"""What a pack knows that a restore asks for: a tree head, and the erasures up to it, each with its own proof.

Nothing is verified here; a restore verifies each entry and the head for itself.
"""

from __future__ import annotations

from pathlib import Path

from sessions import merkle, pack, pack_parts
from sessions.errors import PackFormatError, ProofError
from sessions.merkle_range import Walk, cover
from sessions.pack_file import open_pack_file
from sessions.pack_walk import claims
from sessions.witness_protocol import LeftEntry


def is_pack(path: Path) -> bool:
    """Whether a file begins as a pack does; raises OSError."""
    with path.open("rb") as stream:
        return stream.read(len(pack.MAGIC)) == pack.MAGIC


def left_in_pack(path: Path) -> tuple[str, tuple[LeftEntry, ...]]:
    """Return a pack's newest checkpoint (signed note) and its `shred` entries, each proven by the checkpoint with it.

    Raises PackError for what is no pack.
    """
    with open_pack_file(path) as file:
        manifest = file.manifest
        frames, _ = pack_parts.split_entries(file.read(manifest.member(pack.ENTRIES)))
        notes, _ = pack_parts.split_notes(file.read(manifest.member(pack.CHECKPOINTS)))
        hashes, _ = pack_parts.split_proof(file.read(manifest.member(pack.PROOF)))
    by_size = {_size(note): note for note in notes}
    bodies = {frame.seq: frame.body for frame in frames}
    walk, rest, found = Walk(), list(reversed(hashes)), []
    try:
        for stop in sorted({*bodies, *by_size}):
            walk.skip(stop, [rest.pop() for _ in cover(walk.size, stop)] if stop > walk.size else [])
            if stop not in bodies:
                continue
            body = bodies[stop]
            if claims(body).get("kind") == "shred" and stop + 1 in by_size:
                proof = tuple(reversed(walk.edge))
                found.append(LeftEntry(seq=stop, body=body, proof=proof, note=by_size[stop + 1]))
            walk.leaf(merkle.leaf_hash(body))
    except (ProofError, IndexError, ValueError):
        raise PackFormatError(why="proof") from None
    return by_size[max(by_size)], tuple(found)


def _size(note: str) -> int:
    """Return the size that a note's second line says."""
    line = [*note.split("\n", 2), "", ""][1]
    if not (line.isascii() and line.isdecimal()) or len(line) > 16:
        raise PackFormatError(why="checkpoints")
    return int(line)
