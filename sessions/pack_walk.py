"""The walk over a pack's entries: every leaf and gap, every checkpoint on the way, and where it first goes wrong.

What lies between entries is skipped by hashes; the station signed the root before and after each entry, so that the
first entry that is not the station's is known by its number. The station's key at each size is a parameter.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from sessions import merkle
from sessions.checkpoint import Checkpoint, Note, VerifierKey, parse_checkpoint, station_of
from sessions.errors import NoteFormatError, NoteSignatureError, ProofError
from sessions.merkle_range import Walk, cover
from sessions.pack import CHECKPOINTS, ENTRIES, PROOF, Manifest
from sessions.pack_finding import PackFindings
from sessions.pack_parts import Frame

KeyAt = Callable[[int], VerifierKey | None]
"""Returns the station's key that signs the checkpoint of a size."""
_LOOK_AHEAD: Final = 5_000
_MAX_BAD: Final = 100
"""After so many bad checkpoints the others are not tried any more."""
ROOTS_SKIPPED: Final = "roots-after-first-bad-entry"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """The lists of a pack, taken apart: entries, signed notes, hashes; `cut`: the names of those that the file ends
    in or before.
    """

    frames: tuple[Frame, ...] = field(repr=False)
    notes: tuple[str, ...] = field(repr=False)
    proof: tuple[bytes, ...] = field(repr=False)
    cut: frozenset[str] = frozenset()


class PackWalk:
    """One walk. `roots`: the proven root at every size that was passed; `heads`: the checkpoints, verified;
    `frames`: the entries, as far as their numbers rise.
    """

    def __init__(self, manifest: Manifest, parts: Parts, key_at: KeyAt, findings: PackFindings) -> None:
        self._manifest, self.frames, self._notes = manifest, parts.frames, parts.notes
        self._proof = list(reversed(parts.proof))
        self._cut = parts.cut
        self._read_to = parts.frames[-1].seq if parts.frames else -1
        self._seqs = {frame.seq for frame in parts.frames}
        self._key_at, self._findings = key_at, findings
        self.heads: dict[int, Checkpoint] = {}
        self.parsed: dict[int, Note] = {}
        self.roots: dict[int, bytes] = {}
        self._walk = Walk()
        self._bad = 0

    @property
    def whole(self) -> bool:
        """Whether every entry was passed."""
        return ROOTS_SKIPPED not in self._findings.skipped

    def run(self) -> None:
        """Walk; what is wrong goes to the findings."""
        self.frames = self._in_sequence()
        self._read_notes()
        if ENTRIES in self._cut:
            self._say_cut()
        else:
            self._require_checkpoints()
        try:
            self._go()
        except ProofError as error:
            if PROOF not in self._cut or error.facts.get("why") != "short":
                self._findings.add("pack-proof-altered", member=PROOF, size=self._walk.size)
            self._findings.skip(ROOTS_SKIPPED)
            return
        if self._proof:
            self._findings.add("pack-proof-altered", member=PROOF, left=len(self._proof))

    # -- which entries are there ------------------------------------------------------------------

    def _in_sequence(self) -> tuple[Frame, ...]:
        """Return the entries as far as their numbers rise and none of the session's is missing."""
        frames, first, last = self.frames, self._manifest.first, self._manifest.last
        later = {frame.seq for frame in frames}
        before = -1
        for at, frame in enumerate(frames):
            missing = _hole(before, frame.seq, first, last)
            if frame.seq <= before or missing is not None:
                self._sequence_fault(at, before, missing, later)
                return frames[:at]
            before = frame.seq
        missing = _hole(before, last + 1, first, last)
        if ENTRIES in self._cut:
            self._findings.skip(ROOTS_SKIPPED)
        elif missing is not None:
            self._findings.add("pack-entry-missing", seq=missing)
            self._findings.skip(ROOTS_SKIPPED)
        return frames

    def _say_cut(self) -> None:
        """Name the first entry that the file has not all of; where its checkpoints cannot tell, the list."""
        if CHECKPOINTS in self._cut:
            return  # the file ends before its entries
        first, last = self._manifest.first, self._manifest.last
        before = self._read_to
        after: int | None = before + 1
        if before >= 0 and not first - 1 <= before < last:
            # an entry has the checkpoint with it, and the one before it (docs/pack-format.md, "checkpoints")
            known = {*self.heads, before + 1}
            after = min((seq for seq in known if seq > before and seq + 1 in known), default=None)
            if before < first:
                after = first if after is None else min(after, first)
        self._findings.add("pack-truncated", seq=after, member=ENTRIES)

    def _sequence_fault(self, at: int, before: int, missing: int | None, later: set[int]) -> None:
        frame = self.frames[at]
        if missing is not None:
            code, seq = "pack-entry-reordered" if missing in later else "pack-entry-missing", missing
        elif frame.seq == before:
            same = frame.body == self.frames[at - 1].body
            code, seq = "pack-entry-repeated" if same else "pack-entry-inserted", frame.seq
        else:
            earlier = {each.body for each in self.frames[:at]}
            code, seq = "pack-entry-repeated" if frame.body in earlier else "pack-entry-reordered", frame.seq
        self._findings.add(code, seq=seq)
        self._findings.skip(ROOTS_SKIPPED)

    # -- checkpoints ------------------------------------------------------------------------------

    def _read_notes(self) -> None:
        before = 0
        for number, note in enumerate(self._notes):
            if self._bad > _MAX_BAD:
                self._findings.skip("checkpoint-signatures")
                return
            try:
                head, parsed = parse_checkpoint(note)
                if head.size <= before:
                    raise NoteFormatError(why="order")
            except NoteFormatError:
                self._findings.add("pack-checkpoint-altered", member=CHECKPOINTS, number=number)
                self._bad += 1
                continue
            before = head.size
            self._keep(head, parsed)

    def _keep(self, head: Checkpoint, parsed: Note) -> None:
        """Keep a checkpoint whose signature is the station's; say what another one looks like."""
        seq, key = head.size - 1, self._key_at(head.size)
        if key is None:
            self._findings.skip("checkpoint-signatures")
            return
        try:
            if head.origin != key.name:
                raise NoteSignatureError(why="origin")
            parsed.verify(key)
        except NoteSignatureError:
            foreign = station_of(head.origin) != station_of(self._manifest.origin)
            code = "pack-resigned" if _by_another(parsed, key) else "pack-checkpoint-altered"
            self._findings.add("pack-entry-foreign" if foreign else code, seq=seq, what="checkpoint")
            self._bad += 1
            return
        self.heads[head.size], self.parsed[head.size] = head, parsed

    def _require_checkpoints(self) -> None:
        """Find a checkpoint that is missing, and one that speaks of an entry that is."""
        seqs = self._seqs
        starts = {seq for seq in seqs if seq and seq - 1 not in seqs}
        wanted = {seq + 1 for seq in seqs} | starts | {self._manifest.size}
        for size in sorted(wanted - self.heads.keys()):
            if not self._findings.has("pack-checkpoint-altered") and not self._findings.has("pack-resigned"):
                self._findings.add("pack-checkpoint-altered", seq=size - 1, why="missing")
        for size in sorted(self.heads.keys() - wanted):
            if len(self.parsed[size].signatures) < 2:  # one that is cosigned may stand for itself
                self._findings.add("pack-entry-missing", seq=size - 1)

    # -- the tree ---------------------------------------------------------------------------------

    def _go(self) -> None:
        sizes = {size for size in self.heads if size <= self._manifest.size} | {self._manifest.size}
        frames = {frame.seq: at for at, frame in enumerate(self.frames)}
        for stop in sorted(sizes | {seq for seq in frames if seq < self._manifest.size}):
            self._skip_to(stop)
            if stop in frames and not self._leaf(frames[stop]):
                return
        for seq in sorted(seq for seq in frames if seq >= self._manifest.size):
            self._findings.add("pack-entry-inserted", seq=seq)

    def _skip_to(self, stop: int) -> None:
        """Go over the gap before `stop` and compare the root there; raises ProofError."""
        count = sum(1 for _ in cover(self._walk.size, stop))
        if count > len(self._proof):
            raise ProofError(why="short")
        hashes = [self._proof.pop() for _ in range(count)]
        self._walk.skip(stop, hashes)
        head = self.heads.get(stop)
        if head is not None and head.root != self._walk.root:
            raise ProofError(why="root")
        self.roots[stop] = self._walk.root

    def _leaf(self, at: int) -> bool:
        """Go over one entry if the checkpoint with it confirms it; whether the walk may go on."""
        frame = self.frames[at]
        digest = merkle.leaf_hash(frame.body)
        head = self.heads.get(frame.seq + 1)
        if head is not None and self._walk.root_with(digest) != head.root:
            self._findings.add(self._kind(at, head.root), seq=frame.seq)
            self._findings.skip(ROOTS_SKIPPED)
            return False
        self._walk.leaf(digest)
        self.roots[frame.seq + 1] = self._walk.root
        return True

    def _kind(self, at: int, root: bytes) -> str:
        """Return what an entry that the signed root does not confirm is consistent with."""
        frame = self.frames[at]
        own = claims(frame.body)
        origin = own.get("origin")
        if type(origin) is str and station_of(origin) != station_of(self._manifest.origin):
            return "pack-entry-foreign"
        if any(frame.body == earlier.body for earlier in self.frames[:at]):
            return "pack-entry-repeated"
        said = own.get("seq")
        later = self.frames[at + 1 : at + 1 + _LOOK_AHEAD]
        found = any(self._walk.root_with(merkle.leaf_hash(each.body)) == root for each in later)
        ahead = type(said) is int and said > frame.seq
        if found:
            return "pack-entry-reordered" if ahead else "pack-entry-inserted"
        return "pack-entry-missing" if ahead else "pack-entry-changed"


def claims(body: bytes) -> Mapping[str, Any]:
    """Return what bytes that may be anything say as an object; nothing of it is believed."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _hole(before: int, found: int, first: int, last: int) -> int | None:
    """Return the first of the session's entries that lies between two numbers, or None."""
    missing = max(before + 1, first)
    return missing if missing < found and missing <= last else None


def _by_another(note: Note, key: VerifierKey) -> bool:
    """Whether a note bears the station's name with another key."""
    return any(line.name == key.name and line.key_hash != key.key_hash for line in note.signatures)
