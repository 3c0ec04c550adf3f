"""`make soak`: power cuts, kills and tampering at full counts; the results go to docs/soak.md.

usage: python -m tests.soak [power] [kill] [tamper] [papers] [replay] [desk] [--count N] [--seed N] [--no-docs]

Without names, all of them; `--count` is for each named series in the place of its full count.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import apsw
import sqlcipher3

from proctor.config import Places
from proctor.replay.plan import Size, Without
from proctor.replay.run import replay
from proctor.report17.gather import gather
from proctor.report17.logs import sources_of_log
from proctor.roots import ensure_training_root, open_training
from sessions.errors import SessionsError
from tests.faults.kills import Worker, kill_often
from tests.faults.power import OPERATIONS, Tally, cut_power
from tests.tamper.catalogue import Tampering, log_cases
from tests.tamper.papers import paper_cases
from tests.tamper.subject import make_subject

DOCS = Path(__file__).parents[2] / "docs" / "soak.md"
FULL = {"power": 1_200, "kill": 204, "tamper": 10_500, "papers": 3_000, "replay": 18, "desk": 500}
CONTROL = 60
HEAD = (
    "| operation | {} | acknowledged entries | lost, torn, double | slowest restart | complained of before |"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What a series came to: lines of Markdown, and whether anything was lost or missed."""

    name: str
    lines: tuple[str, ...]
    good: bool
    seconds: float


@contextmanager
def folder() -> Iterator[Path]:
    """A place on a real disk."""
    with tempfile.TemporaryDirectory(prefix="proctor-soak-") as name:
        yield Path(name)


def _row(name: str, tallies: list[Tally]) -> str:
    cuts, said, lost, complaints = (
        sum(getattr(tally, field) for tally in tallies)
        for field in ("cuts", "acknowledged", "lost", "complaints")
    )
    slowest = max(tally.slowest_s for tally in tallies)
    return f"| {name} | {cuts} | {said} | {lost} | {slowest:.2f} s | {complaints} |"


def _tally_rows(what: str, tallies: dict[str, Tally]) -> list[str]:
    each = [_row(name, [tally]) for name, tally in tallies.items()]
    return [HEAD.format(what), "|---|---|---|---|---|---|", *each, _row("all", list(tallies.values()))]


def proved(tallies: dict[str, Tally], each: int) -> bool:
    """Whether every operation was cut as often as asked, had acknowledged something, and lost nothing of it."""
    return all(tally.cuts >= each and tally.acknowledged > 0 and not tally.lost for tally in tallies.values())


def power(count: int, seed: int) -> tuple[list[str], bool]:
    """Power cuts of every operation, and the control."""
    each, tallies = -(-count // len(OPERATIONS)), {}
    with folder() as place:
        for name, operation in OPERATIONS.items():
            tallies[name] = cut_power(operation, count=each, seed=seed, folder=place)
        control = cut_power(
            OPERATIONS["check-in"],
            count=CONTROL,
            seed=seed,
            folder=place,
            synchronous="NORMAL",
            tolerant=True,
        )
    said = (
        f"Control with `synchronous = NORMAL`: {control.runs} runs, of which {control.lost} lost what was "
        "acknowledged. (It must lose some, or the cuts prove nothing.)"
    )
    good = control.lost > 0 and proved(tallies, each)
    return [*_tally_rows("power cuts", tallies), "", said], good


def kill(count: int, seed: int) -> tuple[list[str], bool]:
    """kill -9 during every operation."""
    each, tallies = -(-count // len(OPERATIONS)), {}
    with folder() as place, Worker() as worker:
        for name, operation in OPERATIONS.items():
            tallies[name] = kill_often(worker, operation, count=each, seed=seed, folder=place)
    return _tally_rows("kills", tallies), proved(tallies, each)


def tamper(count: int, seed: int) -> tuple[list[str], bool]:
    """Changes of the log, its write-ahead log and its key file."""
    with folder() as place:
        subject = make_subject(place / "subject")
        tampering = Tampering(subject, place / "work", seed=seed)
        tampering.run(log_cases(subject), count)
    return _tampered(tampering)


def papers(count: int, seed: int) -> tuple[list[str], bool]:
    """Changes of packs, sheets, seals, checkpoints and pins."""
    with folder() as place:
        subject = make_subject(place / "subject")
        tampering = Tampering(subject, place / "work", seed=seed)
        tampering.run(paper_cases(subject, place / "papers"), count)
    return _tampered(tampering)


def pilot(count: int, seed: int) -> tuple[list[str], bool]:
    """The pilot's load, `count` sessions of it, and every printed count held against the log."""
    with folder() as place:
        done = replay(Places.of(str(place / "root")), seed=seed, size=Size(sessions=count), without=Without())
        reported, same = _reported(place / "root", [each.candidates for each in done.sittings])
    lines = [
        "| session | candidates | entries | sheets | counts compared | differences | day | sheets written |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for each in done.sittings:
        counts = sum(len(sheet.counts) for sheet in each.sheets)
        lines.append(
            f"| {each.number} | {each.candidates} | {each.entries} | {len(each.sheets)} | {counts} | "
            f"{len(each.differences)} | {each.day_s:.1f} s | {each.sheets_s:.1f} s |"
        )
    candidates = sum(each.candidates for each in done.sittings)
    lines += ["", f"{len(done.sittings)} sessions, {candidates} candidates, {done.report.size} entries."]
    return [*lines, *reported], done.ok and same


def _reported(root: Path, sizes: list[int]) -> tuple[list[str], bool]:
    """What the report on mô hình 17 says of the kinds of sittings, and whether that is what was played."""
    days = (date(2000, 1, 1), date(2100, 1, 1))
    with open_training(ensure_training_root(root)) as opened:
        found = gather(sources_of_log(opened.store, *days), (), since=days[0], until=days[1], training=True)
    kinds: dict[str, list[int]] = {}
    for each in found.counted:
        kinds.setdefault(each.source.category, []).append(each.tally.person("candidates"))
    said = "; ".join(
        f"{kind} {len(counts)} sessions, {sum(counts)} candidates" for kind, counts in kinds.items()
    )
    counted = sorted(count for counts in kinds.values() for count in counts)
    return ["", f"`report model17`: {said}."], found.good and counted == sorted(sizes)


def desk(count: int, _seed: int) -> tuple[list[str], bool]:
    """Check-ins in a row with the whole window."""
    order = [sys.executable, "-m", "tests.soak.desk", "--count", str(count), "--json"]
    ran = subprocess.run(order, stdout=subprocess.PIPE, check=False, timeout=6 * 3600)
    if not ran.stdout.lstrip().startswith(b"{"):
        return ["The run broke off, or there is no display."], False
    told = json.loads(ran.stdout)
    return told["lines"], told["good"]


def _tampered(tampering: Tampering) -> tuple[list[str], bool]:
    misses = [f"- MISSED {miss}" for miss in tampering.misses[:50]]
    return [tampering.table(), *([""] if misses else []), *misses], not misses


SERIES: dict[str, tuple[str, Callable[[int, int], tuple[list[str], bool]]]] = {
    "power": ("Power cuts", power),
    "kill": ("kill -9", kill),
    "tamper": ("Tampering with the log", tamper),
    "papers": ("Tampering with what left the machine", papers),
    "replay": ("Replay of the pilot", pilot),
    "desk": ("Check-ins with the whole window", desk),
}


def machine() -> str:
    """What kind of machine this is; nothing that names it."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") if hasattr(os, "sysconf") else 0
    try:
        system = platform.freedesktop_os_release()["PRETTY_NAME"]
    except (OSError, AttributeError, KeyError):
        system = platform.system()
    return (
        f"{os.cpu_count()} cores ({platform.machine()}), {memory / 2**30:.0f} GiB of memory, {system}, "
        f"Python {platform.python_version()}, SQLite {sqlcipher3.sqlite_version} (sqlcipher3), "
        f"{apsw.sqlite_lib_version()} (under the power cuts)"
    )


def write_docs(results: list[Result], path: Path, *, seed: int) -> None:
    """Write the results, the series that were run."""
    lines = [
        "# Soak",
        "",
        "Made by `make soak`; what each series does is said below it. Series that were not run are not listed.",
        "",
        f"Date: {datetime.now(UTC):%Y-%m-%d}. Machine: {machine()}. Seed {seed}.",
        "",
    ]
    for result in results:
        title, call = SERIES[result.name]
        lines += [f"## {title}", "", str(call.__doc__), "", WHAT[result.name], "", *result.lines, ""]
        lines += [
            f"{result.seconds / 60:.1f} minutes. {'Nothing lost, nothing missed.' if result.good else 'NOT GOOD.'}",
            "",
        ]
    path.write_text("\n".join(lines).rstrip() + "\n", encoding="utf-8")


WHAT = {
    "power": (
        "The store, unchanged, runs over a SQLite whose VFS records every write, sync and change of a name, as do the "
        "key file, `pending/`, the memory, backups and packs. The record is cut at a random moment; of what was not "
        "synced, chance keeps whole writes, single sectors of 512 bytes or torn ones. Then the station is opened by "
        "its own library: every acknowledged entry is there with the same bytes, no attempt twice, none that began "
        "without an end, every piece of evidence opens or is erased altogether, backups and packs that have their "
        "name are whole, the log verifies with every checkpoint and ciphertext, and the next entry is written. In the "
        "last column: verification of the files before they were opened spoke of a torn page or frame."
    ),
    "kill": (
        "A process works as a station does and is killed within 0.6 s, every other time counted from its first entry; "
        "then the same proof."
    ),
    "tamper": (
        "Each class of change is tried in turn, at a random place. A miss is a change that comes out otherwise than "
        "expected, the third class included: what nobody finds without an anchor must verify as good."
    ),
    "replay": (
        "What `proctor replay pilot` does (docs/replay.md): lists, sessions, check-ins with recorded chips and faces, "
        "exceptions, results, sheets, one log, its verification; a second count of every printed figure."
    ),
    "desk": (
        "The station's window under Xvfb, driven by keys: a training session under rules without challenges, a "
        "software card made for each candidate, recorded frames before the camera, the real face process. Memory is "
        "what no other process shares (anonymous pages, children included); it may grow by 20 MB after the first "
        "thirty. Of widgets, pictures, commands and timers of Tk, key bindings, threads, files, processes and what "
        "waits in queues not one may be more in every later look than in every early one."
    ),
    "papers": "As above, for each reader by itself: what was changed must be refused.",
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=" ".join(SERIES))
    parser.add_argument("--count", type=int)
    parser.add_argument("--seed", type=int, default=20261122)
    parser.add_argument("--no-docs", action="store_true")
    asked = parser.parse_args()
    if unknown := set(asked.names) - SERIES.keys():
        parser.error(f"no such series: {' '.join(sorted(unknown))}")
    results = []
    for name in asked.names or list(SERIES):
        title, call = SERIES[name]
        print(f"\n== {title}", flush=True)
        started = time.monotonic()
        try:
            lines, good = call(asked.count or FULL[name], asked.seed)
        except (AssertionError, SessionsError) as error:
            traceback.print_exc()
            lines, good = [f"STOPPED: {type(error).__name__}: {str(error)[:300]}"], False
        print("\n".join(lines), flush=True)
        results.append(Result(name=name, lines=tuple(lines), good=good, seconds=time.monotonic() - started))
    if not asked.no_docs:
        write_docs(results, DOCS, seed=asked.seed)
    sys.exit(0 if all(result.good for result in results) else 1)


if __name__ == "__main__":
    main()
