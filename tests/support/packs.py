"""A station with a whole session, its pack, the department's key; a pack taken apart to be put together otherwise."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from sessions import codec, merkle, pack
from sessions.checkpoint import Checkpoint, Signer, parse_checkpoint
from sessions.closing import close_session
from sessions.department import DepartmentPrivate
from sessions.errors import PackError
from sessions.merkle_range import Walk, cover
from sessions.pack import Manifest, Member
from sessions.pack_file import pack_of
from sessions.pack_parts import Frame, join_entries, join_notes, split_entries, split_notes, split_proof
from sessions.pack_verify import Outside, PackReport, examine, unreadable
from sessions.pack_write import PackDraft, Sheets, draft_pack
from sessions.pins import StationPins
from sessions.record import Verdict
from sessions.roster.csv_roster import read_roster
from sessions.rules import load_rules
from sessions.session import Session, create_session
from sessions.store import Store
from tests.support.sessions_station import OPERATOR, ROSTER, Bench, evidence, record

DAY = date(2026, 11, 22)
RULES = "driving-tt108-2026"
CERTIFICATE = b"a certificate in DER, as far as a pack is concerned"
PDF = b"%PDF-1.7 a sheet with names\n"
VERDICTS = (Verdict.ADMIT, Verdict.REFER, Verdict.REFUSE, Verdict.ADMIT)


@cache
def department(name: str = "Sở Mẫu") -> DepartmentPrivate:
    """The department's key, the same in one run."""
    return DepartmentPrivate.generate(name)


def open_session(store: Store, roster: bytes = ROSTER) -> Session:
    """Open a training session."""
    return create_session(
        store,
        root_kind="training",
        roster=read_roster(roster),
        rules=load_rules(RULES),
        component="theory",
        place="Sân Mẫu",
        day=DAY,
        operator=OPERATOR,
    )


def roster_of(count: int) -> bytes:
    """A roster of so many specimens."""
    rows = [f"{n + 1:03d},NGUYỄN VĂN MẪU,15/01/1999,001099{n + 1:06d},B" for n in range(count)]
    return "\n".join(["SBD,Họ và tên,Ngày sinh,Số định danh,Hạng", *rows, ""]).encode()


def attend(
    store: Store, session: Session, number: int, pieces: Callable[[int], dict[str, bytes]] = evidence
) -> None:
    """One attempt of candidate `number` (from 0), begun and ended."""
    attempt = record(
        number,
        attempt_id=f"{session.session_id}-{number:04d}",
        session_id=session.session_id,
        verdict=VERDICTS[number % len(VERDICTS)],
        rules_sha256=session.rules_sha256,
        roster_hash=session.roster_hash,
    )
    store.begin_attempt(attempt.attempt_id, session=session.session_id, component="theory", operator=OPERATOR)
    store.append_attempt(attempt, pieces(number))


def print_sheet(store: Store, session: Session, pdf: bytes = PDF) -> int:
    """Enter a sheet and return the entry's number."""
    head = store.head()
    body = {
        "session": session.session_id,
        "sheet": "attendance",
        "sheet_size": head.size,
        "sheet_root": head.root.hex(),
        "pdf_sha256": hashlib.sha256(pdf).hexdigest(),
        "seal_certificate": hashlib.sha256(CERTIFICATE).hexdigest(),
    }
    return store.append("print", body, operator=OPERATOR).seq


def whole_session(store: Store, *, attempts: int = 3, close: bool = True) -> Session:
    """A session with attempts, another entry between them, a sheet, and its end."""
    session = open_session(store)
    for number in range(attempts):
        attend(store, session, number)
        if number == 0:
            store.append("view", {"what": "other business"}, operator=OPERATOR)
    print_sheet(store, session)
    if close:
        close_session(store, session, operator=OPERATOR)
    return session


@dataclass
class Station:
    """A station with one session, and what is needed to verify its pack."""

    bench: Bench
    session: Session
    data: bytes = field(repr=False)
    draft: PackDraft

    @property
    def pins(self) -> StationPins:
        return self.bench.pins

    @property
    def signer(self) -> Signer:
        return self.bench.bundle.signer(self.bench.origin)

    def verify(self, data: bytes | None = None, **outside: Any) -> PackReport:
        return verified(self.data if data is None else data, **{"pins": self.pins, **outside})

    @property
    def loose(self) -> Loose:
        return Loose.of(self.data)


def verified(data: bytes, **outside: Any) -> PackReport:
    """Examine bytes as a pack."""
    try:
        return examine(pack_of(data), Outside(**outside))
    except PackError as error:
        return unreadable(error)


def make_station(folder: Path, *, attempts: int = 3, close: bool = True, **fields: Any) -> Station:
    """A fresh station in a folder, with a session before the one whose pack is made."""
    bench = Bench(path=folder / "station.db", **fields)
    with bench.create() as store:
        store.append(
            "key",
            {"event": "user-added", "user": "nv02", "role": "auditor"},
            {"identity": b"{}"},
            operator=OPERATOR,
        )
        earlier = open_session(store)
        attend(store, earlier, 7)
        session = whole_session(store, attempts=attempts, close=close)
        attend(store, earlier, 8)
        draft = drafted(bench, store, session)
        return Station(bench, session, b"".join(draft.chunks()), draft)


def drafted(bench: Bench, store: Store, session: Session, sheets: Iterable[bytes] = (PDF,)) -> PackDraft:
    """The pack of a session as the log stands."""
    return draft_pack(
        store,
        session.session_id,
        signer=bench.bundle.signer(bench.origin),
        department=department().public,
        sheets=Sheets(files=tuple(sheets), certificate=CERTIFICATE),
    )


@dataclass
class Loose:
    """A pack taken apart. `assemble` puts it together; hashes and sizes in the manifest follow the members."""

    manifest: Manifest
    members: dict[str, bytes]
    signature: bytes
    frames: list[Frame]
    notes: list[str]
    proof: list[bytes]

    @classmethod
    def of(cls, data: bytes) -> Loose:
        file = pack_of(data)
        members = {member.name: file.read(member) for member in file.manifest.members}
        return cls(
            manifest=file.manifest,
            members=members,
            signature=file.signature,
            frames=list(split_entries(members[pack.ENTRIES])[0]),
            notes=list(split_notes(members[pack.CHECKPOINTS])[0]),
            proof=list(split_proof(members[pack.PROOF])[0]),
        )

    def assemble(self, signer: Signer | None = None, *, keep_manifest: bool = False, **fields: Any) -> bytes:
        """Return the pack with what was changed; signed anew with `signer`, else under the old signature."""
        members = {
            **self.members,
            pack.ENTRIES: join_entries(self.frames),
            pack.CHECKPOINTS: join_notes(self.notes),
            pack.PROOF: b"".join(self.proof),
        }
        manifest = self.manifest
        if not keep_manifest:
            rows = [
                Member(name=name, size=len(data), sha256=hashlib.sha256(data).hexdigest())
                for name, data in members.items()
            ]
            rows.sort(key=lambda row: row.order)
            manifest = replace(manifest, members=tuple(rows), **fields)
        encoded = manifest.encode()
        signature = signer.sign(pack.signed(encoded)) if signer else self.signature
        head = pack.HEADER.pack(pack.MAGIC, pack.VERSION, len(encoded)) + encoded + signature
        return head + b"".join(members[row.name] for row in manifest.members)

    def at(self, kind: str, number: int = 0) -> int:
        """The place among the frames of the numberth entry of a kind, within the session's."""
        mark = f'"kind":"{kind}"'.encode()
        places = [at for at, frame in enumerate(self.frames) if mark in frame.body and self.inside(frame.seq)]
        return places[number]

    def inside(self, seq: int) -> bool:
        return self.manifest.first <= seq <= self.manifest.last

    def resign(self, signer: Signer) -> bytes:
        """Return the pack with every checkpoint made anew over the frames as they are, by another signer or the own.

        The gaps keep their hashes: this is what an insider does who edits the session and signs again.
        """
        sizes = {parse_checkpoint(note)[0].size for note in self.notes}
        leaves = {frame.seq: merkle.leaf_hash(frame.body) for frame in self.frames}
        sizes |= {seq + 1 for seq in leaves}
        top = self.manifest.size
        walk, rest, notes = Walk(), list(self.proof), []
        for stop in sorted({*leaves, *(size for size in sizes if size <= top), top}):
            count = len(list(cover(walk.size, stop)))
            walk.skip(stop, rest[:count])
            del rest[:count]
            if stop in sizes and stop:
                head = Checkpoint(origin=signer.key.name, size=stop, root=walk.root).sign(signer)
                notes.append(head.note)
            if stop in leaves:
                walk.leaf(leaves[stop])
        self.notes = notes
        return self.assemble(signer, root=walk.root.hex(), key=signer.key)

    def append(self, *entries: dict[str, Any]) -> None:
        """Add entries behind the newest checkpoint, with the clocks of the last one; `resign` makes them proven.

        Only where the session's last entry is the log's.
        """
        before = json.loads(self.frames[-1].body)
        common = {name: before[name] for name in ("origin", "at", "monotonic_ms", "boot_id")}
        for fields in entries:
            seq = self.manifest.size
            assert self.frames[-1].seq == seq - 1
            body = {"schema": 2, "seq": seq, "operator": OPERATOR.as_body(), **common, **fields}
            self.frames.append(Frame(seq, codec.encode(body)))
            self.manifest = replace(self.manifest, size=seq + 1, last=seq)

    def swap_bodies(self, first: int, second: int) -> None:
        """Exchange the bodies of two frames; the numbers stay."""
        one, two = self.frames[first], self.frames[second]
        self.frames[first], self.frames[second] = Frame(one.seq, two.body), Frame(two.seq, one.body)

    def edit(self, at: int, old: bytes, new: bytes) -> None:
        """Change a body's text."""
        frame = self.frames[at]
        assert old in frame.body
        self.frames[at] = Frame(frame.seq, frame.body.replace(old, new, 1))
