"""The day on a session of 999 candidates: where it stood after a crash, a split, a merge, places."""

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sessions.course.allocation import ROOMS, allocate, groups_of
from sessions.course.day import where_we_were
from sessions.course.merge import merge_parts
from sessions.course.parts import by_ranges
from tests.support.parts import Shared
from tests.support.sessions_station import OPERATOR

CANDIDATES = 999
HALF = 500


def _ms(call: Callable[[], Any]) -> tuple[float, Any]:
    started = time.perf_counter()
    found = call()
    return (time.perf_counter() - started) * 1000, found


def main() -> None:
    """Print what each takes."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder)
        ms, shared = _ms(
            lambda: Shared.divided(path, f"001-{HALF},{HALF + 1}-{CANDIDATES}", candidates=CANDIDATES)
        )
        print(f"open, split, seal, join {CANDIDATES} candidates: {ms:,.0f} ms")
        ms, _ = _ms(lambda: by_ranges(shared.main.seats, f"001-{HALF},{HALF + 1}-{CANDIDATES}"))
        print(f"who is whose, by range: {ms:.1f} ms")
        for number in range(1, CANDIDATES + 1):
            shared.attend(1 if number <= HALF else 2, f"{number:03d}")
        session = shared.main
        shared.stores[0].begin_attempt(
            "cut-short", session=session.session_id, component="theory", operator=OPERATOR
        )
        shared.stores[0].close()
        ms, shared.stores[0] = _ms(shared.benches[0].open)
        told, stood = _ms(lambda: where_we_were(shared.stores[0], session))
        cut = len(stood.interrupted)
        print(
            f"after a kill: log open {ms:,.0f} ms, where it stood {told:.1f} ms ({stood.at}, {cut} cut short)"
        )
        ms, pack = _ms(lambda: shared.pack(2, path))
        print(f"hand-over and reading of a pack of {CANDIDATES - HALF} candidates: {ms:,.0f} ms")
        ms, _ = _ms(lambda: merge_parts(shared.stores[0], session, [pack], operator=OPERATOR))
        print(f"merge: {ms:,.0f} ms")
        rooms = [f"P{number}" for number in range(42)]
        groups = groups_of(session.seats, "theory")
        ms, _ = _ms(lambda: allocate(groups, rooms, 24, seed=bytes(32), method=ROOMS))
        print(f"places for {CANDIDATES}: {ms:.1f} ms")


if __name__ == "__main__":
    main()
