"""Two or three stations that share one session: divided, joined, attended, handed over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sessions.closing import close_part
from sessions.course.merge import PartPack, read_pack
from sessions.course.part_file import join_part, make_part, open_part, seal_part
from sessions.course.parts import Assignment, by_ranges, split_session
from sessions.pack_file import write_pack
from sessions.pack_write import draft_pack
from sessions.record import Verdict
from sessions.session import Session, load_session
from sessions.store import Store
from tests.support.packs import department, open_session, roster_of
from tests.support.sessions_station import OPERATOR, Bench, evidence, record

ORIGINS = ("proctor.training/0a1b2c3d", "proctor.training/1b2c3d4e", "proctor.training/2c3d4e5f")


@dataclass
class Shared:
    """A session at several stations: the first divided it."""

    benches: list[Bench]
    stores: list[Store]
    sessions: list[Session] = field(default_factory=list)

    @classmethod
    def divided(cls, folder: Path, ranges: str, *, candidates: int = 6) -> Shared:
        """Open, divide and join; `ranges` as an operator would type them."""
        count = ranges.count(",") + 1
        benches = [
            Bench(folder / f"station-{n}" / "station.db", origin=ORIGINS[n]).made() for n in range(count)
        ]
        shared = cls(benches, [bench.create() for bench in benches])
        whole = open_session(shared.stores[0], roster_of(candidates))
        split_session(shared.stores[0], whole, by_ranges(whole.seats, ranges), operator=OPERATOR)
        shared.sessions.append(load_session(shared.stores[0], whole.session_id))
        for number in range(2, count + 1):
            file = open_part(seal_part(shared.signed(number), None), None, benches[0].pins)
            shared.sessions.append(join_part(shared.stores[number - 1], file, operator=OPERATOR))
        return shared

    @property
    def main(self) -> Session:
        return self.sessions[0]

    @property
    def assignment(self) -> Assignment:
        return Assignment.of_body(self.stores[0].entries("split")[-1].body)

    def signed(self, number: int) -> bytes:
        signer = self.benches[0].bundle.signer(self.benches[0].origin)
        return make_part(self.stores[0], self.sessions[0], number, signer=signer)

    def attend(
        self, station: int, sbd: str, verdict: Verdict = Verdict.ADMIT, reasons: Sequence[str] = ()
    ) -> None:
        """One attempt at a station, counted from 1."""
        store, session = self.stores[station - 1], self.sessions[station - 1]
        number = len(store.entries("begin"))
        attempt = record(
            number,
            attempt_id=f"{session.session_id}-{number:04d}",
            session_id=session.session_id,
            sbd=sbd,
            verdict=verdict,
            reasons=tuple(reasons),
            rules_sha256=session.rules_sha256,
            roster_hash=session.roster_hash,
        )
        store.begin_attempt(
            attempt.attempt_id, session=session.session_id, component="theory", operator=OPERATOR
        )
        store.append_attempt(attempt, evidence(number))

    def handed_over(self, station: int, folder: Path, *, close: bool = True) -> Path:
        """Close a part and write its pack."""
        bench, store, session = (each[station - 1] for each in (self.benches, self.stores, self.sessions))
        if close:
            close_part(store, session, operator=OPERATOR)
        signer = bench.bundle.signer(bench.origin)
        draft = draft_pack(store, session.session_id, signer=signer, department=department().public)
        path = folder / f"{session.session_id}.pack"
        path.unlink(missing_ok=True)
        write_pack(path, draft.chunks())
        return path

    def pack(self, station: int, folder: Path) -> PartPack:
        """Hand a part over and read its pack as the main station does."""
        return read_pack(self.handed_over(station, folder), self.benches[station - 1].pins)
