"""Makes new keys again and again, each time killed at another line; prints what the station was like afterwards.

A process of its own, so that it may fork. Each fork takes a copy of the same station, begins a rotation and dies at the
chosen line, as kill -9 would let it. The next opening, which finishes what was left, is killed once too; the one after
that must find a station that is whole.
"""

from __future__ import annotations

import json
import os
import random
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

from sessions import evidence_keys, files, keys, rekeying, rotation, slots, store
from sessions.engine import DatabaseError, connect
from sessions.errors import SessionsError
from sessions.rotation import rotate_secrets, rotate_station
from tests.support.keeping import BY, House, require_whole

FILES = {
    rotation.__file__,
    rekeying.__file__,
    keys.__file__,
    slots.__file__,
    files.__file__,
    evidence_keys.__file__,
    store.__file__,
}
MANY = 3
"""Of a line that is visited often, the first visits are tried."""
Visit = tuple[str, int, int]


class Killer:
    """Ends the process at one visit of one line; with none, only notes the visits."""

    def __init__(self, place: Visit | None) -> None:
        self._place = place
        self._counts: dict[tuple[str, int], int] = {}
        self.visited: list[Visit] = []

    def __call__(self, frame: FrameType, event: str, _arg: Any) -> Any:
        name = frame.f_code.co_filename
        if name not in FILES:
            return None
        if event == "line":
            line = (Path(name).name, frame.f_lineno)
            count = self._counts[line] = self._counts.get(line, 0) + 1
            if count <= MANY:
                visit = (*line, count)
                if visit == self._place:
                    os._exit(9)
                self.visited.append(visit)
        return self

    def watch(self, work: Callable[[], Any]) -> Any:
        sys.settrace(self)
        try:
            return work()
        finally:
            sys.settrace(None)


def rotate(house: House, what: str, place: Visit | None) -> Killer:
    killer = Killer(place)
    present = house.log_in()
    with house.open(present) as log:
        if what == "station":
            killer.watch(lambda: rotate_station(house.root, log, present, BY))
        else:
            killer.watch(lambda: rotate_secrets(house.root, log, present, BY, clock=house.clock))
    return killer


def forked(work: Callable[[], Any]) -> int:
    child = os.fork()
    if child == 0:
        work()
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def recover(house: House, place: Visit | None) -> Killer:
    killer = Killer(place)
    killer.watch(house.log_in)
    return killer


def state_after(house: House, old: Any) -> dict[str, Any]:
    after = require_whole(house)
    with house.open(after) as log:
        rotated = [entry for entry in log.entries("key") if entry.body["event"].endswith("rotated")]
    return {
        "entries": len(rotated),
        "new_secrets": after.bundle.database_key != old.bundle.database_key,
        "new_master": after.master != old.master,
        "new_signer": after.bundle.signing_seed != old.bundle.signing_seed,
        "old_database_key": _opens(house.root.database, old.bundle.database_key),
        "old_master": _opens_bundle(house, old.master),
        "left": sorted(path.name for path in house.root.keys_dir.iterdir() if path.name.startswith(".")),
        "generations": len(list(house.root.keys_dir.glob("slots*"))),
    }


def _opens(path: Path, key: bytes) -> bool:
    connection = connect(path, key).conn
    try:
        connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    except DatabaseError:
        return False
    finally:
        connection.close()
    return True


def _opens_bundle(house: House, master: bytes) -> bool:
    try:
        house.root.keys.open_bundle(master)
    except SessionsError:
        return False
    return True


def main(folder: Path, what: str, step: int) -> None:
    """Run every `step`-th visit once, and print one JSON object for each."""
    origin = House.build(folder / "origin")
    old = origin.log_in()
    chosen = random.Random(20261122)

    visits = rotate(origin.copied(folder / "run"), what, None).visited
    for place in visits[chosen.randrange(step) :: step]:
        house = origin.copied(folder / "run")
        status = forked(lambda house=house, place=place: rotate(house, what, place))
        again = chosen.choice(visits)
        second = forked(lambda house=house, again=again: recover(house, again))
        found = state_after(house, old)
        print(json.dumps({"line": place, "status": status, "second": second, **found}), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
