"""Erases one candidate again and again, each time killed at another line of the erasure; prints what was found after.

A process of its own, so that it may fork: each fork opens a copy of the same station, erases, and dies without a word
at the chosen line, as kill -9 would let it. Then the station is opened again and everything is looked at.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path
from types import FrameType
from typing import Any

from sessions import destruction, evidence_keys, merkle, shredding
from sessions.errors import EvidenceErasedError
from sessions.evidence_box import slot_of
from sessions.selection import Selection, select
from sessions.session import load_session
from sessions.store import Store
from tests.support.erasure import BOTH, Hall
from tests.support.sessions_station import Bench
from tests.support.traces import plain_bytes, seen, windows

FILES = {destruction.__file__, shredding.__file__, evidence_keys.__file__}
SBD = "002"
Line = tuple[str, int]


class Killer:
    """Ends the process at the first visit of one line; with no line, only notes the lines that are visited."""

    def __init__(self, line: Line | None) -> None:
        self._line = line
        self.visited: dict[Line, None] = {}

    def __call__(self, frame: FrameType, event: str, _arg: Any) -> Any:
        name = frame.f_code.co_filename
        if name not in FILES:
            return None
        place = (Path(name).name, frame.f_lineno)
        if event == "line":
            if place == self._line:
                os._exit(9)
            self.visited.setdefault(place)
        return self


def chosen(store: Store, session: str) -> Selection:
    return select(store, session, sbd=SBD)


def erase(bench: Bench, session: str, line: Line | None) -> Killer:
    killer = Killer(line)
    with bench.open() as store:
        selection = chosen(store, session)
        sys.settrace(killer)
        try:
            shredding.shred_selection(store, selection, scope="candidate", reason="request", **BOTH)
        finally:
            sys.settrace(None)
    return killer


def state_after(bench: Bench, session: str, before: dict[str, Any]) -> dict[str, Any]:
    """Open the station as after a crash and say what is there."""
    with bench.open() as store:
        shreds = store.entries("shred")
        seq = before["seq"]
        entry = store.entry(seq)
        open_pieces = 0
        for name in entry.body["evidence"]:
            try:
                store.evidence(seq, name)
            except EvidenceErasedError:
                continue
            open_pieces += 1
        slots = [slot_of(entry.body, name) for name in entry.body["evidence"]]
        head = store.head()
        for number in range(head.size):
            proof = merkle.inclusion_proof(number, head.size, store.node)
            merkle.verify_inclusion(merkle.leaf_hash(store.body(number)), number, head.size, proof, head.root)
        return {
            "shreds": len(shreds),
            "open": open_pieces,
            "keys": len(store.evidence_keys.remaining(slots)),
            "left": seen(plain_bytes(bench.path, bench.bundle.database_key), before["noted"]),
            "others": len(store.evidence(before["other"], "identity")) > 0,
            "erased_rows": sum(seat.erased for seat in load_session(store, session).seats),
            "again": destruction.finish(store),
        }


def noted(bench: Bench, session: str) -> dict[str, Any]:
    with bench.open() as store:
        by_sbd = {entry.body["sbd"]: entry.seq for entry in store.entries("attempt")}
        with store.maintain() as conn:
            rows = conn.execute("SELECT ciphertext FROM evidence WHERE seq = ?", (by_sbd[SBD],)).fetchall()
        needles = [window for (data,) in rows for window in windows(data, 300)]
    return {"seq": by_sbd[SBD], "other": by_sbd["001"], "noted": needles}


def main(folder: Path) -> None:
    """Run every line once, and print one JSON object for each."""
    (folder / "origin").mkdir()
    hall = Hall.filled(folder / "origin", people=3)
    before = noted(hall.bench, hall.session)

    def copied() -> Bench:
        shutil.rmtree(folder / "run", ignore_errors=True)
        shutil.copytree(folder / "origin", folder / "run")
        return Bench(path=folder / "run" / "station.db", bundle=hall.bench.bundle)

    lines = list(erase(copied(), hall.session, None).visited)
    for line in lines:
        bench = copied()
        child = os.fork()
        if child == 0:
            erase(bench, hall.session, line)
            os._exit(0)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        found = state_after(bench, hall.session, before)
        print(json.dumps({"line": line, "status": status, **found}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
