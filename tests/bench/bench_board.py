"""Where everybody stands, in a session of 999 candidates with three components and all that a day brings.

The board as a desk keeps it (one new entry, then the whole component), and as a single command reads it; beside them
the bare query of the same entries with json.loads, in the same run. A table, then JSON. Nothing is asserted.
"""

from __future__ import annotations

import json
import tempfile
import uuid
from datetime import date
from pathlib import Path
from statistics import median
from time import perf_counter

from sessions.course.board import Board
from sessions.course.progress import Progress
from sessions.record import Second, Verdict
from sessions.roster.csv_roster import read_roster
from sessions.rules import load_rules
from sessions.session import Session, create_session
from sessions.store import Store
from tests.support.sessions_station import OPERATOR, Bench, record

CANDIDATES = 999
ROUNDS = 20
SECOND = Second(user_id="giam-sat", role="overseer", proof="training")


def roster() -> bytes:
    """A list of plainly made-up candidates."""
    lines = ["SBD,Họ và tên,Ngày sinh,Số định danh,Hạng"]
    lines += [f"{n:03d},NGUYỄN VĂN MẪU,15/01/1999,001099{n:06d},B" for n in range(1, CANDIDATES + 1)]
    return "\n".join(lines).encode()


def session_of(store: Store) -> Session:
    """A session with three components."""
    return create_session(
        store,
        root_kind="training",
        roster=read_roster(roster()),
        rules=load_rules("driving-tt108-2026"),
        component="theory",
        components=("yard", "road"),
        place="Sân Mẫu",
        day=date(2026, 11, 22),
        operator=OPERATOR,
    )


def attempt(store: Store, session: Session, number: int, component: str, verdict: Verdict) -> str:
    """One attempt of a candidate; its id."""
    attempt_id = str(uuid.uuid4())
    fields = {"attempt_id": attempt_id, "session_id": session.session_id, "component": component}
    reasons = () if verdict is Verdict.ADMIT else ("face-grey-band",)
    store.append_attempt(record(1, sbd=f"{number:03d}", verdict=verdict, reasons=reasons, **fields))
    return attempt_id


def fill(store: Store, session: Session) -> None:
    """Theory: nearly all come, one in ten is let in by a person; results; the half of them on at the yard."""
    common = {"session": session.session_id}
    for number in range(1, CANDIDATES - 30):
        referred = number % 10 == 0
        sbd = f"{number:03d}"
        made = attempt(store, session, number, "theory", Verdict.REFER if referred else Verdict.ADMIT)
        if referred:
            body = {**common, "of": made, "sbd": sbd, "verdict": "ADMIT", "reason": "glasses"}
            store.append("override", {**body, "component": "theory"}, operator=OPERATOR, second=SECOND)
        result = {**common, "sbd": sbd, "component": "theory", "source": "máy chấm"}
        outcome = (
            {"outcome": "passed", "points_e1": 290} if number % 2 else {"outcome": "failed", "points_e1": 200}
        )
        store.append("result", {**result, **outcome}, operator=OPERATOR)
        if number % 2:
            attempt(store, session, number, "yard", Verdict.ADMIT)


def timed(rounds: int, work: object) -> float:
    """Median time of a call in ms."""
    times = []
    for _ in range(rounds):
        begun = perf_counter()
        work()  # type: ignore[operator]
        times.append((perf_counter() - begun) * 1000)
    return median(times)


def main() -> None:
    """Print the times."""
    with tempfile.TemporaryDirectory() as folder, Bench(path=Path(folder) / "station.db").create() as store:
        session = session_of(store)
        fill(store, session)
        store.entries(session=session.session_id)  # what any command does once: the log's own check
        board = Board(store, session)
        number = iter(range(1, CANDIDATES))

        def keep_up() -> None:
            store.append(
                "exit",
                {"session": session.session_id, "sbd": f"{next(number):03d}", "reason": "toilet"},
                operator=OPERATOR,
            )
            begun = perf_counter()
            board.refresh()
            board.standings("theory")
            board.counts("theory")
            warm.append((perf_counter() - begun) * 1000)

        warm: list[float] = []
        timed(ROUNDS, keep_up)
        rows = {
            "board kept up: one new entry, then everybody of a component": median(warm),
            "board read anew": timed(5, lambda: Board(store, session).standings("theory")),
            "progress of everybody": timed(5, lambda: Progress.of(session, board.entries)),
            "bare: the same entries, json.loads": timed(5, lambda: store.entries(session=session.session_id)),
        }
        entries = len(board.entries)
    print(f"{CANDIDATES} candidates, {entries} entries")
    for name, ms in rows.items():
        print(f"{name:64} {ms:9.1f} ms")
    print(
        json.dumps(
            {"candidates": CANDIDATES, "entries": entries, **{k: round(v, 2) for k, v in rows.items()}}
        )
    )


if __name__ == "__main__":
    main()
