"""What leaves the machine: a pack, a sheet's PDF, the seal on its page, a checkpoint on a stick, a pinned key. Each is
changed byte by byte and must not be taken for what it was.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec

from reports.certificate import make_station_certificate
from reports.errors import ReportsError
from reports.pdf import draw
from reports.seal import PageSeal, read_seal, seal_text
from reports.signature import seal_pdf
from reports.verification import verify_pdf
from sessions.anchor import parse_anchor
from sessions.checkpoint import parse_note
from sessions.errors import NoteFormatError, SessionsError
from sessions.pins import StationPins
from tests.support.packs import make_station
from tests.support.reports_sheets import mixed_roll, sheet_of, signer, texts
from tests.tamper import raw
from tests.tamper.catalogue import Case, Found, Mutate
from tests.tamper.subject import Subject

Accepts = Callable[[bytes], bool]
BYTE_CHANGES: Final[Mapping[str, raw.Bytes]] = {
    "flip a byte": raw.flip,
    "change a run of bytes": raw.flip_many,
    "remove bytes": raw.remove,
    "insert bytes": raw.insert,
    "swap bytes": raw.swap_bytes,
    "cut": raw.cut_anywhere,
    "append bytes": raw.append_junk,
}


@dataclass(frozen=True, kw_only=True)
class Paper:
    """One file, and whether a reader takes bytes for it: `accepts` of the original is true."""

    name: str
    data: bytes = field(repr=False)
    accepts: Accepts

    def cases(self) -> list[Case]:
        """Every change of it is found by whoever reads it, without anything else."""
        return [
            Case(
                target=self.name, how=how, label=Found.CHAIN, mutate=self._mutation(change), judge=self.judge
            )
            for how, change in BYTE_CHANGES.items()
        ]

    def _mutation(self, change: raw.Bytes) -> Mutate:
        def mutate(_subject: Subject, root: Path, rng: random.Random) -> str | None:
            made = change(self.data, rng)
            if made is None or made[0].decode("latin-1").strip() == self.data.decode("latin-1").strip():
                return None  # a line feed more at the end of a text says nothing else
            (root / "paper").write_bytes(made[0])
            return made[1]

        return mutate

    def judge(self, _subject: Subject, root: Path) -> Found:
        """Whether its reader refuses it."""
        return Found.NOT if self.accepts((root / "paper").read_bytes()) else Found.CHAIN


def pack_paper(folder: Path) -> Paper:
    """A pack, verified against the station's pinned key, away from the station."""
    folder.mkdir(parents=True, exist_ok=True)
    station = make_station(folder, attempts=1)
    return Paper(name="pack", data=station.data, accepts=lambda data: station.verify(data).ok)


def sheet_paper() -> Paper:
    """An attendance sheet as sealed by the station."""
    key, at = ec.generate_private_key(ec.SECP256R1()), datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
    certificate = make_station_certificate(key, signer().key.name, at)
    drawn = draw(sheet_of(mixed_roll(4)), signer())
    data = seal_pdf(drawn, key=key, certificate=certificate, at=at, texts=texts())

    def accepts(pdf: bytes) -> bool:
        try:
            verify_pdf(pdf, certificate)
        except ReportsError:
            return False
        return True

    return Paper(name="sheet's PDF", data=data, accepts=accepts)


def seal_paper(subject: Subject) -> Paper:
    """The seal of a page as its QR code says it, read under the station's key."""
    own = subject.bench.bundle.signer(subject.bench.origin)
    anchor = subject.anchors[-1]
    seal = PageSeal(
        kind="attendance",
        origin=anchor.origin,
        session_id="HL-20261122-01",
        page=1,
        pages=1,
        size=anchor.size,
        root=anchor.root,
        roster=bytes(16),
        digest=bytes(16),
        rows=(("001", "A"), ("002", "R"), ("003", "-")),
    )

    def accepts(data: bytes) -> bool:
        try:
            read_seal(data.decode(), own.key)
        except (ReportsError, UnicodeDecodeError):
            return False
        return True

    return Paper(name="seal of a page", data=seal_text(seal, own).encode(), accepts=accepts)


def note_paper(subject: Subject) -> Paper:
    """A checkpoint on a stick, as a signed note that the station's pinned key must verify."""
    key = subject.bench.bundle.signer(subject.bench.origin).key
    note = subject.anchors[-1].note.partition("\n\n")
    own = note[2].split("\n")[0]

    def accepts(data: bytes) -> bool:
        try:
            parse_note(data.decode()).verify(key)
        except (SessionsError, UnicodeDecodeError):
            return False
        return True

    return Paper(name="checkpoint", data=f"{note[0]}\n\n{own}\n".encode(), accepts=accepts)


def anchor_paper(subject: Subject, root: Path) -> Paper:
    """A checkpoint that is held against the log: changed, it agrees no more."""
    anchor = subject.anchors[-1]
    head = anchor.note.partition("\n\n")[0].encode()

    def accepts(data: bytes) -> bool:
        subject.today.put(root)
        try:
            found = parse_anchor(data + anchor.note.encode()[len(head) :])
        except NoteFormatError:
            return False
        return subject.verify(root, anchors=(found,)).ok

    return Paper(name="tree head of an anchor, against the log", data=head, accepts=accepts)


def pin_paper(subject: Subject, folder: Path, root: Path) -> Paper:
    """The pinned key of the station: changed, the log is no longer this station's."""
    own = subject.bench.bundle.signer(subject.bench.origin)
    file = folder / "station.vkey"
    folder.mkdir(parents=True, exist_ok=True)

    def accepts(data: bytes) -> bool:
        subject.today.put(root)
        file.write_bytes(data)
        try:
            pins = StationPins.load(folder)
        except (SessionsError, UnicodeDecodeError):
            return False
        return subject.verify(root, pins=pins).ok

    return Paper(name="pinned key", data=own.key.encode().encode(), accepts=accepts)


def paper_cases(subject: Subject, folder: Path) -> list[Case]:
    """Every class of tampering with what left the machine."""
    work = folder / "read"
    papers = [
        pack_paper(folder / "pack"),
        sheet_paper(),
        seal_paper(subject),
        note_paper(subject),
        anchor_paper(subject, work),
        pin_paper(subject, folder / "pins", work),
    ]
    for paper in papers:
        if not paper.accepts(paper.data):
            raise ValueError(f"the untouched {paper.name} is refused")
    return [case for paper in papers for case in paper.cases()]
