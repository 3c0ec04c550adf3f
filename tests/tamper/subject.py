"""What the insider has: a station's files as of today and of yesterday, its keys, another station's, and the anchors
that left the machine.
"""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sessions import codec
from sessions.anchor import Anchor, parse_anchor
from sessions.cosignature import Cosigner, Kind
from sessions.engine import connect
from sessions.record import Second
from sessions.selection import Piece
from sessions.shredding import shred
from sessions.store import Store
from sessions.verify import LogReport
from tests.support.packs import attend, open_session, print_sheet, whole_session
from tests.support.schema_1_log import write_schema_1
from tests.support.sessions_station import OPERATOR, Bench

SECOND = Second(user_id="nv02", role="chairman")
OTHER = "proctor.training/1b2c3d4e"
FILES = ("station.db", "station.db-wal", "keys/evidence.slots")
COSIGNED_AT = 1_795_309_200  # seconds since 1970: within the session


@dataclass
class Files:
    """Copies of what lies on a station's disk: names below its directory, and contents."""

    contents: dict[str, bytes] = field(repr=False)

    @classmethod
    def of(cls, root: Path) -> Files:
        """Read them; what is not there is left out."""
        return cls({name: (root / name).read_bytes() for name in FILES if (root / name).exists()})

    def put(self, root: Path) -> None:
        """Make a directory hold exactly these."""
        for name in FILES:
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if name in self.contents:
                path.write_bytes(self.contents[name])
            else:
                path.unlink(missing_ok=True)
        (root / "station.db-shm").unlink(missing_ok=True)


@dataclass(kw_only=True)
class Subject:
    """A station today, yesterday and later, its log merged or with a write-ahead log; a copy that went its own way."""

    bench: Bench
    witness: Cosigner
    today: Files
    yesterday: Files
    with_wal: Files
    later: Files
    other_bodies: list[dict[str, Any]] = field(repr=False)
    strayed: Files
    anchors: tuple[Anchor, ...]
    head_size: int
    erased: frozenset[Piece]

    def verify(self, root: Path, *, anchored: bool = False, **others: Any) -> LogReport:
        """Verify the files in a directory as the station does, with or without the anchors."""
        bench = Bench(path=root / "station.db", bundle=self.bench.bundle, origin=self.bench.origin)
        wanted: dict[str, Any] = {
            "evidence_key": bench.bundle.evidence_key,
            "origin": bench.origin,
            "witnesses": (self.witness.key,),
            "anchors": self.anchors if anchored else (),
        }
        return bench.verify(**{**wanted, **others})


def cosigned(store: Store, witness: Cosigner, size: int) -> None:
    """Let the witness cosign a checkpoint."""
    text = store.checkpoint(size).text
    store.add_cosignatures(size, [witness.cosign(text, COSIGNED_AT)])


def work_yesterday(store: Store, witness: Cosigner) -> frozenset[Piece]:
    """A whole session, cosigned; two pieces of it are erased."""
    session = whole_session(store, attempts=3)
    cosigned(store, witness, store.head().size)
    attempts = store.entries("attempt", session.session_id)
    gone = frozenset(
        {Piece(seq=attempts[0].seq, name="identity"), Piece(seq=attempts[1].seq, name="chip-portrait")}
    )
    shred(
        store,
        gone,
        scope="retention",
        reason="test",
        operator=OPERATOR,
        second=SECOND,
        session=session.session_id,
    )
    return gone


def work_today(store: Store, witness: Cosigner, attempts: int = 2) -> None:
    """A second session, still open, with a correction and an incident; cosigned at the end."""
    session = open_session(store)
    for number in range(attempts):
        attend(store, session, number)
    of = [each for each in store.entries("attempt", session.session_id) if each.body["verdict"] == "REFER"][
        -1
    ]
    store.append(
        "override",
        {
            "session": session.session_id,
            "of": of.body["attempt"],
            "sbd": of.body["sbd"],
            "verdict": "ADMIT",
            "reason": "papers shown",
        },
        {"note": b"a note of specimen text"},
        operator=OPERATOR,
        second=SECOND,
    )
    store.append("incident", {"session": session.session_id, "code": "noise"}, operator=OPERATOR)
    print_sheet(store, session)
    cosigned(store, witness, store.head().size)


def make_subject(folder: Path) -> Subject:
    """Let two stations work for two days."""
    witness = Cosigner("proctor.witness/00000001", bytes(range(32)), Kind.ED25519)
    bench = Bench(path=folder / "station" / "station.db")
    bench.path.parent.mkdir(parents=True)
    write_schema_1(bench, attempts=2)
    with bench.open() as store:
        gone = work_yesterday(store, witness)
        anchors = [store.note().encode()]
    root = bench.path.parent
    yesterday = Files.of(root)
    shutil.copytree(root, folder / "strayed")
    with bench.open() as store:
        work_today(store, witness)
        anchors.append(store.note().encode())
        size = store.head().size
        with_wal = Files.of(root)
    today = Files.of(root)
    with bench.open() as store:
        for number in range(4):
            store.append(
                "incident",
                {"session": store.entries("open")[-1].body["session"], "code": f"late-{number}"},
                operator=OPERATOR,
            )
    later = Files.of(root)
    today.put(root)
    return Subject(
        bench=bench,
        witness=witness,
        today=today,
        later=later,
        yesterday=yesterday,
        with_wal=with_wal,
        other_bodies=_other(folder / "other", witness),
        strayed=_strayed(folder / "strayed", bench, witness),
        anchors=tuple(parse_anchor(data, label=f"anchor {n}") for n, data in enumerate(anchors)),
        head_size=size,
        erased=gone,
    )


def _other(folder: Path, witness: Cosigner) -> list[dict[str, Any]]:
    """The bodies of another station's log."""
    other = Bench(path=folder / "station.db", origin=OTHER)
    folder.mkdir()
    with other.create() as store:
        work_yesterday(store, witness)
        work_today(store, witness)
        return [codec.decode(store.body(entry.seq)) for entry in store.entries()]


def _strayed(folder: Path, bench: Bench, witness: Cosigner) -> Files:
    """The copy of yesterday that worked on by itself, as a second machine."""
    copy = Bench(path=folder / "station.db", bundle=bench.bundle, clock=bench.clock)
    with copy.open() as store:
        work_today(store, witness, attempts=3)
    return Files.of(folder)


@contextmanager
def insider(root: Path, subject: Subject, *, tables: tuple[str, ...] = ()) -> Iterator[Callable[..., Any]]:
    """Yield `execute` in a transaction with the station's own key; the triggers of `tables` are off and come back.

    What the database refuses rolls everything back and is raised.
    """
    connection = connect(root / "station.db", subject.bench.bundle.database_key).conn
    execute = connection.execute
    try:
        execute("PRAGMA synchronous = OFF")
        execute("BEGIN")
        made = execute("SELECT name, sql, tbl_name FROM sqlite_schema WHERE type = 'trigger'").fetchall()
        mine = [(name, sql) for name, sql, table in made if table in tables]
        for name, _ in mine:
            execute(f"DROP TRIGGER {name}")
        yield execute
        for _, sql in mine:
            execute(sql)
        execute("COMMIT")
    finally:
        connection.close()


def another(rng: random.Random, data: bytes, start: int = 0, stop: int | None = None) -> tuple[bytes, str]:
    """Return bytes of which one, between two places, is another; and which."""
    place = rng.randrange(start, len(data) if stop is None else stop)
    new = data[place] ^ rng.randrange(1, 256)
    return data[:place] + bytes([new]) + data[place + 1 :], f"byte {place}"
