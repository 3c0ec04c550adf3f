"""The examination of a pack, on any machine, without the station: what it is, and the first thing that is wrong.

A key inside a pack proves nothing; what is believed comes from outside: pinned station keys, witnesses, anchors, the
department's key. Nothing here writes, nothing raises for what is in the file. Form: docs/pack-format.md.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from pathlib import Path

from sessions import pack, pack_parts
from sessions.anchor import Anchor
from sessions.checkpoint import Checkpoint, VerifierKey, station_of
from sessions.cosignature import CosignerKey, split_lines, verify_line
from sessions.errors import (
    NoteFormatError,
    NoteSignatureError,
    PackAlteredError,
    PackError,
    PackFormatError,
    PackRecipientError,
    StationKeyMismatchError,
    UnknownStationError,
)
from sessions.pack import Manifest, Member
from sessions.pack_course import check_course
from sessions.pack_file import PackFile, open_pack_file
from sessions.pack_finding import PackFindings
from sessions.pack_keys import KeyHistory
from sessions.pack_people import check_people
from sessions.pack_report import OK, Outside, PackReport, unreadable
from sessions.pack_rules import Record, check_rules, read_bodies
from sessions.pack_seals import Seals
from sessions.pack_walk import PackWalk, Parts
from sessions.record import Outcome
from sessions.roster.binding import roster_hash

__all__ = ["Examination", "Outside", "PackReport", "examine", "unreadable", "verify_pack"]


def verify_pack(path: Path, outside: Outside) -> PackReport:
    """Return the report on a pack; the file is not changed. Never raises for what is in it."""
    try:
        with open_pack_file(path) as file:
            return examine(file, outside)
    except PackError as error:
        return unreadable(error)


def examine(file: PackFile, outside: Outside) -> PackReport:
    """Return the report on an open pack. Raises PackUnreadableError when the disk fails."""
    return Examination(file, outside).run()


class Examination:
    """One pass over one pack."""

    def __init__(self, file: PackFile, outside: Outside) -> None:
        self.file, self._outside = file, outside
        self.findings = PackFindings()
        self.records: tuple[Record, ...] = ()
        self.own: tuple[Record, ...] = ()
        self.erased: frozenset[tuple[int, str]] = frozenset()
        self._stated: tuple[Record, ...] = ()
        self.seals: Seals | None = None
        self._manifest: Manifest = file.manifest
        self._digests: dict[str, str] = {}
        self._cosigned: list[tuple[str, int]] = []

    def run(self) -> PackReport:
        """Examine everything that can be, in the order of docs/pack-format.md."""
        self._members()
        parts = self._parts()
        history = KeyHistory.of(parts.frames, self._outside.pins, self._manifest.key, self._manifest.size)
        walk = PackWalk(self._manifest, parts, history.key_at, self.findings)
        walk.run()
        self._signature(history)
        proven = [frame for frame in walk.frames if frame.seq + 1 in walk.roots]
        self._learn(read_bodies(proven, self.findings))
        for record in self.records:
            key = history.key_at(record.seq + 1)
            fault = history.faults.get(record.seq, "origin")
            if fault != "origin" or (key is not None and record.body["origin"] != key.name):
                self.findings.add("pack-entry-form", seq=record.seq, why=fault)
        check_rules(self.records, self._manifest, self.findings)
        if walk.whole:  # else entries are missing here that the pack may have
            check_course(self.records, self._manifest, self.findings)
            check_people(self.records, walk.roots, self.findings)
        self._head(walk)
        self._prints(walk)
        self._evidence(whole=walk.whole)
        self._sheets(whole=walk.whole)
        self._open_seals()
        self._cosignatures(walk)
        self._anchors(walk, history)
        return self._judge(history)

    def _learn(self, records: tuple[Record, ...]) -> None:
        """Keep the proven entries, those of the session, and the pieces that erasures among them name."""
        self.records = records
        self.own = tuple(each for each in records if each.body.get("session") == self._manifest.session)
        self._stated = tuple(each for each in self.own if each.kind in {"open", "roster"})
        self.erased = frozenset(piece for record in records for piece in record.erased)

    # -- the file ---------------------------------------------------------------------------------

    def _members(self) -> None:
        """Hash every member that is whole; say where the file was cut or has more."""
        if self.file.cut is not None and self.file.cut.name != pack.ENTRIES:  # the walk knows the entry
            self.findings.add("pack-truncated", member=self.file.cut.name)
        if self.file.surplus:
            self.findings.add("pack-surplus", bytes=self.file.surplus)
        for member in self._manifest.members:
            if not self.file.has(member):
                continue
            digest = self._digests[member.name] = self.file.digest(member)
            if digest != member.sha256:
                self.findings.add("pack-member-altered", member=member.name)

    def _parts(self) -> Parts:
        """Take the lists apart; what cannot be is a finding, and the rest is still looked at.

        Of a list that the file ends in, what is whole is taken.
        """
        cut = frozenset(m.name for m in self._manifest.members[: len(pack.FIXED)] if not self.file.has(m))
        frames, whole = pack_parts.split_entries(self._bytes(pack.ENTRIES))
        if not whole and pack.ENTRIES not in cut:
            self.findings.add("pack-member-altered", member=pack.ENTRIES, why="frames", entries=len(frames))
        notes, whole = pack_parts.split_notes(self._bytes(pack.CHECKPOINTS))
        if not whole and pack.CHECKPOINTS not in cut:
            self.findings.add("pack-member-altered", member=pack.CHECKPOINTS, why="frames")
        proof, whole = pack_parts.split_proof(self._bytes(pack.PROOF))
        if not whole and pack.PROOF not in cut:
            self.findings.add("pack-member-altered", member=pack.PROOF, why="frames")
        return Parts(frames=frames, notes=notes, proof=proof, cut=cut)

    def _bytes(self, name: str) -> bytes:
        return self.file.rest(self._manifest.member(name))

    def _signature(self, history: KeyHistory) -> None:
        """Verify the manifest under the key that was the station's when the pack was made."""
        key = history.key_at(self._manifest.size + 1)
        message = pack.signed(self.file.manifest_bytes)
        if key is None:
            self.findings.skip("manifest-signature")
            return
        try:
            key.verify(self.file.signature, message)
        except NoteSignatureError:
            self.findings.add("pack-resigned" if self._signed_by_own(message) else "pack-manifest-altered")
            return
        if key != self._manifest.key:
            self.findings.add("pack-manifest-altered", why="key")

    def _signed_by_own(self, message: bytes) -> bool:
        """Whether the key that the manifest itself names signed it."""
        try:
            self._manifest.key.verify(self.file.signature, message)
        except NoteSignatureError:
            return False
        return True

    def _head(self, walk: PackWalk) -> None:
        """Compare the manifest's tree head with the newest checkpoint."""
        head = walk.heads.get(self._manifest.size)
        if head is not None and (head.root.hex(), head.origin) != (
            self._manifest.root,
            self._manifest.origin,
        ):
            self.findings.add("pack-manifest-altered", why="head")

    # -- what the entries bind --------------------------------------------------------------------

    def _prints(self, walk: PackWalk) -> None:
        """Compare the tree heads on the session's sheets with the tree, and the certificate with the prints.

        A sheet shows the log as it stood between the session's opening and the print.
        """
        prints = [record for record in self.own if record.kind == "print"]
        for record in prints:
            size = record.number("sheet_size")
            root = walk.roots.get(size)
            known = self._manifest.first < size <= record.seq or record.body["schema"] == 1
            if not known or (root is not None and root.hex() != record.text("sheet_root")):
                self.findings.add("pack-print-differs", seq=record.seq)
        digest = self._digests.get(pack.CERTIFICATE)
        if (
            walk.whole
            and digest is not None
            and digest not in {record.text("seal_certificate") for record in prints}
        ):
            self.findings.add("pack-certificate-exchanged", member=pack.CERTIFICATE)

    def _evidence(self, *, whole: bool) -> None:
        """Compare every ciphertext with the hash in its entry's body, in both directions.

        Unless `whole`, pieces of entries that were not proven are left aside.
        """
        bound = {
            (record.seq, name): digest
            for record in self.own
            for name, digest in record.bound.items()
            if name not in pack.STAYS
        }
        erased, digests = self.erased, set(bound.values())
        present = {member.piece: member for member in self._manifest.members if member.piece is not None}
        known = {record.seq for record in self.records}
        for piece, member in present.items():
            if whole or piece[0] in known:
                self._piece(member, piece, bound.get(piece), erased=piece in erased, digests=digests)
        for seq, name in sorted(bound.keys() - present.keys() - erased):
            self.findings.add("pack-evidence-missing", seq=seq, name=name[:40])

    def _piece(
        self, member: Member, piece: tuple[int, str], digest: str | None, *, erased: bool, digests: set[str]
    ) -> None:
        found = self._digests.get(member.name)
        seq, name = piece
        if found is None:
            return  # reported as truncated
        if digest is None:
            self.findings.add("pack-evidence-unbound", seq=seq, name=name)
        elif erased:
            self.findings.add("pack-evidence-erased", seq=seq, name=name)
        elif found != digest:
            code = "pack-evidence-swapped" if found in digests else "pack-evidence-changed"
            self.findings.add(code, seq=seq, name=name)

    def _sheets(self, *, whole: bool) -> None:
        """Check that every sheet has its print entry."""
        prints = {record.seq for record in self.own if record.kind == "print"}
        for member in self._manifest.members:
            if whole and member.sheet is not None and member.sheet not in prints:
                self.findings.add("pack-sheet-unlogged", member=member.name)

    # -- what is sealed ---------------------------------------------------------------------------

    def _open_seals(self) -> None:
        """With the department's key, open every piece; without, say what was not looked at."""
        department, pack_key = self._outside.department, self._outside.pack_key
        if department is None and pack_key is None:
            self.findings.skip("evidence-not-opened")
            self.findings.skip("sheets-not-opened")
            return
        try:
            if pack_key is not None:
                self.seals = Seals.of_pack_key(self.file, pack_key)
            elif department is not None:
                self.seals = Seals.open(self.file, department)
        except (PackAlteredError, PackFormatError) as error:
            self.findings.add("pack-keys-foreign", member=str(error.facts.get("member", pack.KEYS)))
            return
        except PackRecipientError as error:
            self.findings.add(error.code, recipient=self._manifest.recipient)
            return
        bodies = {record.seq: record for record in self.records}
        for member in self._manifest.members:
            seq = member.piece[0] if member.piece is not None else member.sheet
            if seq in bodies and self.file.has(member):
                self._open_piece(member, bodies[seq])

    def _open_piece(self, member: Member, record: Record) -> None:
        if self.seals is None:
            return
        data = self.file.read(member)
        try:
            if member.piece is None:
                self.seals.sheet(member, data, record.body)
                return
            plain = self.seals.evidence(member, data, record.body)
        except PackAlteredError:
            if member.piece is None:
                self.findings.add("pack-sheet-exchanged", member=member.name, print=record.seq)
            elif hashlib.sha256(data).hexdigest() == record.bound.get(member.piece[1]):
                self.findings.add("pack-evidence-closed", seq=record.seq, name=member.piece[1])
            return
        if member.piece[1] == "roster" and roster_hash(plain) != self._roster_hash(record):
            self.findings.add("pack-roster-differs", seq=record.seq)

    def _roster_hash(self, record: Record) -> str:
        """Return the roster hash in force at an entry: its own, or the last one stated before."""
        place = bisect_right(self._stated, record.seq, key=lambda each: each.seq)
        return self._stated[place - 1].text("roster_hash") if place else ""

    # -- from outside -----------------------------------------------------------------------------

    def _cosignatures(self, walk: PackWalk) -> None:
        """Verify the lines of pinned witnesses; lines of others prove nothing and are left aside."""
        for size in sorted(walk.heads):
            head = walk.heads[size]
            for key in self._outside.witnesses:
                self._lines_of(head, key)
        named = {name for name, _ in self._cosigned}
        for key in self._outside.witnesses:
            if key.name not in named:
                self.findings.add("pack-not-cosigned", witness=key.name)

    def _lines_of(self, head: Checkpoint, key: CosignerKey) -> None:
        try:
            text, lines = split_lines(head.note)
        except NoteFormatError:
            return
        prefix = f"\u2014 {key.name} "
        for line in lines:
            if not line.startswith(prefix):
                continue
            try:
                verify_line(line, text, key)
            except (NoteFormatError, NoteSignatureError) as error:
                if error.facts.get("why") != "no-line":
                    self.findings.add("pack-cosignature-altered", seq=head.size - 1, witness=key.name)
                continue
            self._cosigned.append((key.name, head.size))

    def _anchors(self, walk: PackWalk, history: KeyHistory) -> None:
        """Compare the tree with what left the station by another way."""
        keys = (*history.keys, *self._outside.pins.keys)
        for anchor in self._outside.anchors:
            if station_of(anchor.origin) != station_of(self._manifest.origin):
                self.findings.add("pack-anchor-other-station", anchor=anchor.size, label=anchor.label)
                continue
            code = self._against(anchor, walk)
            contradicts = code in {"pack-older", "pack-anchor-mismatch"}
            if contradicts and not anchor.proven_by(keys, self._outside.witnesses):
                code = "pack-anchor-unproven"
            if code is not None:
                self.findings.add(code, anchor=anchor.size, size=self._manifest.size, label=anchor.label)

    def _against(self, anchor: Anchor, walk: PackWalk) -> str | None:
        """Return what an anchor says against the pack, or None."""
        if anchor.size > self._manifest.size:
            return "pack-older"
        if anchor.size not in walk.roots:
            return "pack-anchor-uncovered"
        return None if walk.roots[anchor.size] == anchor.root else "pack-anchor-mismatch"

    # -- the verdict ------------------------------------------------------------------------------

    def _judge(self, history: KeyHistory) -> PackReport:
        code, outcome = OK, Outcome.PASSED
        facts: dict[str, str | int] = {}
        try:
            history.require()
        except StationKeyMismatchError as error:
            self.findings.add(error.code, seq=history.first_foreign)
            facts.update(error.facts)
        except UnknownStationError as error:
            code, outcome, facts = error.code, Outcome.INDETERMINATE, dict(error.facts)
        found = self.findings.in_order()
        bad = next((each for each in found if each.severity != "irregular"), None)
        if bad is not None and bad.severity == "altered":
            code, outcome = bad.code, Outcome.FAILED
        elif bad is not None and code == OK:
            code, outcome = bad.code, Outcome.INDETERMINATE
        if self.findings.has(StationKeyMismatchError.code):
            code = StationKeyMismatchError.code
        return PackReport(
            code=code,
            outcome=outcome,
            version=pack.VERSION,
            origin=self._manifest.origin,
            session=self._manifest.session,
            size=self._manifest.size,
            root=self._manifest.root,
            station_fingerprint=_fingerprint(history.claimed),
            recipient=self._manifest.recipient,
            findings=found,
            skipped=self.findings.skipped,
            cosigned=tuple(sorted(set(self._cosigned))),
            counts=self._counts(),
            facts=facts,
        )

    def _counts(self) -> dict[str, int]:
        members = self._manifest.members
        return {
            "entries": len(self.records),
            "attempts": sum(record.kind == "attempt" for record in self.own),
            "evidence": sum(member.piece is not None for member in members),
            "sheets": sum(member.sheet is not None for member in members),
            "erased": sum((record.seq, name) in self.erased for record in self.own for name in record.bound),
        }


def _fingerprint(key: VerifierKey | None) -> str:
    return "" if key is None else key.fingerprint
