"""A log with everything in it: sessions, an override, a clock jump, erasure, a rotated key, an epoch, cosignatures."""

from __future__ import annotations

import copy
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from sessions import codec, merkle
from sessions.checkpoint import Checkpoint, Signer
from sessions.cosignature import Cosigner, Kind
from sessions.engine import connect
from sessions.keyschedule import KeySchedule
from sessions.pins import StationPins
from sessions.record import Second
from sessions.selection import Piece
from sessions.shredding import shred
from sessions.verify import LogReport, verify_log
from tests.support.packs import attend, open_session
from tests.support.sessions_station import OPERATOR, ORIGIN, Bench

SECOND = Second(user_id="nv02", role="chairman")
AT = 1_795_309_200
Edit = Callable[[list[dict[str, Any]]], None]
TABLES = ("cosignatures", "shredded", "evidence", "evidence_keys", "checkpoints", "nodes", "entries")


@dataclass(kw_only=True)
class RichLog:
    """The log on disk, its keys, a witness; and what an insider with all of these can do."""

    bench: Bench
    witness: Cosigner
    signers: tuple[Signer, ...] = field(repr=False)

    @property
    def path(self) -> Path:
        return self.bench.path

    @property
    def database_key(self) -> bytes:
        return self.bench.bundle.database_key

    @property
    def pins(self) -> StationPins:
        return self.bench.pins

    def verify(self, path: Path, **others: Any) -> LogReport:
        wanted = {"witnesses": (self.witness.key,), "key_file": path.parent / "keys" / "evidence.slots"}
        return verify_log(path, database_key=self.database_key, pins=self.pins, **{**wanted, **others})

    @contextmanager
    def copy(self) -> Iterator[RichLog]:
        """A copy to spoil."""
        with tempfile.TemporaryDirectory() as folder:
            shutil.copytree(self.path.parent, folder, dirs_exist_ok=True)
            bench = replace(self.bench, path=Path(folder) / self.path.name)
            yield replace(self, bench=bench)

    @contextmanager
    def insider(self) -> Iterator[Any]:
        """`execute` with the database key, in one transaction, all triggers put back."""
        connection = connect(self.path, self.database_key).conn
        execute = connection.execute
        try:
            execute("PRAGMA synchronous = OFF")
            execute("BEGIN")
            made = execute("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").fetchall()
            for name, _ in made:
                execute(f"DROP TRIGGER {name}")
            yield execute
            for _, sql in made:
                execute(sql)
            execute("COMMIT")
        finally:
            connection.close()

    def bodies(self) -> list[dict[str, Any]]:
        connection = connect(self.path, self.database_key, read_only=True).conn
        found = connection.execute("SELECT body FROM entries ORDER BY seq").fetchall()
        connection.close()
        return [codec.decode(body) for (body,) in found]

    def rewrite(self, edit: Edit) -> None:
        """Edit bodies in place, then make tree and checkpoints anew with the station's keys."""
        log = self.bodies()
        edit(log)
        with self.insider() as execute:
            for table in ("cosignatures", "checkpoints", "nodes"):
                execute(f"DELETE FROM {table}")  # noqa: S608
            edge: tuple[bytes, ...] = ()
            schedule = KeySchedule()
            for seq, body in enumerate(log):
                data = codec.encode(body)
                execute(
                    "INSERT OR REPLACE INTO entries VALUES (?, ?, ?, ?, ?)",
                    (seq, body["kind"], body.get("session"), body.get("attempt"), data),
                )
                if body["kind"] in {"key", "epoch"}:
                    schedule.add(seq, body)
                growth = merkle.grow(seq, edge, merkle.leaf_hash(data))
                edge = growth.edge
                for node in growth.nodes:
                    execute("INSERT INTO nodes VALUES (?, ?, ?)", node)
                note = self.sign(schedule, growth)
                execute("INSERT INTO checkpoints VALUES (?, ?)", (growth.size, note))

    def sign(self, schedule: KeySchedule, growth: merkle.Growth) -> str:
        key = schedule.key_of(growth.size)
        signer = next(
            (each.named(key.name) for each in self.signers if key and each.key.public == key.public),
            self.signers[0],
        )
        head = Checkpoint(origin=signer.key.name, size=growth.size, root=growth.root)
        return head.sign(signer).note

    def contradictions(self) -> dict[str, Edit]:
        """What nobody may write, by name."""
        log = self.bodies()
        at = {kind: [seq for seq, body in enumerate(log) if body["kind"] == kind] for kind in KINDS}

        def setting(seq: int, /, **fields: Any) -> Edit:
            return lambda log: log[seq].update(fields)

        def without(seq: int, name: str) -> Edit:
            return lambda log: log[seq].pop(name)

        def again(seq: int) -> Edit:
            return lambda log: log.append(
                {
                    **copy.deepcopy({k: v for k, v in log[seq].items() if not k.startswith("evidence")}),
                    **{name: log[-1][name] for name in ("origin", "at", "monotonic_ms", "boot_id")},
                    "seq": len(log),
                }
            )

        def late(**fields: Any) -> Edit:
            """An attempt that nobody began, after the close."""
            return lambda log: (again(attempt)(log), log[-1].update({"attempt": "new-one", **fields}))[-1]

        def and_more(kind: str, second: bool = False, **fields: Any) -> Edit:
            """One entry more."""
            common = {name: log[-1][name] for name in ("schema", "origin", "at", "monotonic_ms", "boot_id")}
            by = {"operator": OPERATOR.as_body(), **({"second": SECOND.as_body()} if second else {})}
            return lambda log: log.append({"seq": len(log), "kind": kind, **common, **by, **fields})

        station = {"id": "station", "role": "station"}
        override, attempt, close, epoch = at["override"][0], at["attempt"][0], at["close"][0], at["epoch"][0]
        shredding, clock = at["shred"][0], at["clock"][0]
        rotated = next(seq for seq, body in enumerate(log) if body.get("event") == "station-key-rotated")
        return {
            "one person": without(override, "second"),
            "same person": setting(
                override, second={"id": OPERATOR.user_id, "role": "x", "proof": "password"}
            ),
            "the same person in capitals": setting(
                override, second={"id": OPERATOR.user_id.upper(), "role": "x", "proof": "password"}
            ),
            "the same person and a space": setting(
                override, second={"id": f"{OPERATOR.user_id} ", "role": "x", "proof": "password"}
            ),
            "the same person in other letters": setting(
                override, second={"id": "nv01\u0301", "role": "x", "proof": "password"}
            ),
            "an operator in capitals": setting(override, operator={"id": "NV01", "role": "x"}),
            "the station as second": setting(override, second={**station, "proof": "password"}),
            "the station as one of two": setting(override, operator=station),
            "a proof that is a list": setting(override, second={"id": "x", "role": "x", "proof": []}),
            "an override of nothing": setting(override, of="no-such-attempt"),
            "an override in another session": setting(override, session=log[at["open"][1]]["session"]),
            "a correction of the future": and_more(
                "correction", True, session=log[override]["session"], corrects=999_999, reason="x"
            ),
            "a correction of another session": and_more(
                "correction", True, session=log[override]["session"], corrects=len(log) - 2, reason="x"
            ),
            "an admission by the station": setting(attempt, operator=station),
            "a late admission by the station": late(operator=station, verdict="ADMIT", reasons=[]),
            "a referral by the station without a reason": late(operator=station, verdict="REFER", reasons=[]),
            "interrupted, but never begun": late(
                operator=station, verdict="REFER", reasons=["attempt-interrupted"]
            ),
            "late, but not as what": late(operator=station, verdict="REFER", reasons=["record-late"]),
            "late by a person": setting(attempt, late={"verdict": "ADMIT", "operator": OPERATOR.as_body()}),
            "a sheet with a tree head of its own": and_more(
                "print",
                session=log[override]["session"],
                sheet="attendance",
                sheet_size=5,
                sheet_root="ab" * 32,
                pdf_sha256="00" * 32,
                seal_certificate="00" * 32,
            ),
            "an export of what is not there": and_more(
                "export", what="pack", sha256="00" * 32, size=10_000, root="cd" * 32
            ),
            "targets of another session": setting(shredding, session=log[at["open"][1]]["session"]),
            "targets of no session": without(shredding, "session"),
            "a piece named twice in one target": setting(
                shredding,
                targets=[
                    {**each, "names": [*each["names"], *each["names"]]} for each in log[shredding]["targets"]
                ],
            ),
            "a whole session of one candidate": setting(shredding, scope="session", sbd="002"),
            "a scope that is a list": setting(shredding, scope=[]),
            "a proof nobody knows": setting(override, second={"id": "x", "role": "x", "proof": "smile"}),
            "a field missing": without(attempt, "method"),
            "a field of another type": setting(attempt, reasons="none"),
            "a hash that is none": setting(attempt, rules_sha256="00"),
            "an unknown kind": setting(override, kind="overrule"),
            "a kind with a slash": setting(override, kind="key/user-added"),
            "an unknown event": setting(rotated, event="nothing"),
            "a second station key": setting(rotated, event="station-key"),
            "a key of another name": setting(
                rotated, vkey=Signer("proctor.training/ffffffff", bytes(32)).key.encode()
            ),
            "a key that is none": setting(rotated, vkey="a+b+c"),
            "an operator of three": setting(override, operator={"id": "a", "role": "b", "name": "c"}),
            "an operator without role": setting(override, operator={"id": "a", "role": ""}),
            "schema 1 late": setting(override, schema=1),
            "schema 3": setting(override, schema=3),
            "a time that is none": setting(override, at="2026-13-22T01:00:00.000Z"),
            "a clock set back": setting(override, at="2026-11-22T00:00:00.000Z"),
            "a clock entry that says less": setting(clock, jump_ms=2_001),
            "a clock entry of other clocks": setting(clock, before={}),
            "a clock entry called otherwise": setting(clock, kind="view", what="x"),
            "a needless clock entry": lambda log: log.append(
                {
                    **{k: v for k, v in log[-1].items() if not k.startswith("evidence")},
                    "kind": "clock",
                    "jump_ms": 0,
                    "before": {name: log[-1][name] for name in ("at", "monotonic_ms", "boot_id")},
                    "seq": len(log),
                }
            ),
            "an attempt twice": again(attempt),
            "begun after it ended": again(at["begin"][0]),
            "closed twice": again(close),
            "opened twice": again(at["open"][0]),
            "an attempt after the close": lambda log: (
                again(attempt)(log),
                log[-1].update(attempt="new-one"),
            )[-1],
            "an attempt of another session": setting(attempt, session=log[at["open"][1]]["session"]),
            "an epoch that leaps": setting(epoch, epoch=7),
            "an epoch of another station": setting(
                epoch, previous={**log[epoch]["previous"], "origin": "proctor.training/ffffffff"}
            ),
            "an epoch with a root of its own": setting(
                epoch, previous={**log[epoch]["previous"], "root": "00" * 32}
            ),
            "an epoch of schema 1": setting(epoch, schema=1),
            "targets that are not there": setting(shredding, targets=[{"seq": 0, "names": ["identity"]}]),
            "targets of the future": setting(shredding, targets=[{"seq": 10_000, "names": ["identity"]}]),
            "targets named twice": setting(shredding, targets=log[shredding]["targets"] * 2),
            "targets that are none": setting(shredding, targets=["x"]),
            "targets that are others": setting(
                shredding, targets=[{"seq": at["attempt"][2], "names": ["identity"]}]
            ),
            "a slot twice": setting(attempt, evidence_slot=log[at["attempt"][2]]["evidence_slot"]),
            "evidence of another name": setting(
                attempt,
                evidence={**log[attempt]["evidence"], "rumour": "00" * 32},
                evidence_keys={**log[attempt]["evidence_keys"], "rumour": "00" * 32},
            ),
            "evidence without keys": without(attempt, "evidence_keys"),
            "another seq": setting(override, seq=10_000),
            "another origin": setting(override, origin="proctor.training/ffffffff"),
        }


KINDS = ("open", "begin", "attempt", "override", "close", "epoch", "shred", "clock")


def make_rich(folder: Path) -> RichLog:
    """Write it."""
    bench = Bench(path=folder / "station.db")
    witness = Cosigner("proctor.witness/00000001", bytes(range(32)), Kind.ED25519)
    second_key = Signer(ORIGIN, b"2" * 32)
    with bench.create() as store:
        session = open_session(store)
        for number in range(5):
            attend(store, session, number)
        attempts = store.entries("attempt", session.session_id)
        decided = {"session": session.session_id, "of": attempts[1].body["attempt"], "sbd": "002"}
        store.append(
            "override",
            {**decided, "verdict": "ADMIT", "reason": "papers shown"},
            {"note": b"specimen"},
            operator=OPERATOR,
            second=SECOND,
        )
        bench.clock.at += timedelta(minutes=5)
        store.append("incident", {"session": session.session_id, "code": "noise"}, operator=OPERATOR)
        pieces = {
            Piece(seq=attempts[1].seq, name="identity"),
            Piece(seq=attempts[2].seq, name="chip-portrait"),
        }
        shred(
            store,
            frozenset(pieces),
            scope="retention",
            reason="specimen",
            operator=OPERATOR,
            second=SECOND,
            session=session.session_id,
        )
        store.rotate_key(
            second_key, {"custody": "file", "reason": "specimen"}, operator=OPERATOR, second=SECOND
        )
        attend(store, session, 7)
        size = store.head().size
        store.add_cosignatures(size, [witness.cosign(store.checkpoint(size).text, AT)])
        counts = dict.fromkeys(("candidates", "admitted", "referred", "refused", "absent"), 3)
        store.append(
            "close",
            {"session": session.session_id, "reason": "over", **counts, "attempts": 6},
            operator=OPERATOR,
        )
        bench.clock.at += timedelta(days=1)
        store.begin_epoch(reason="specimen", operator=OPERATOR, second=SECOND, path=bench.path)
        other = open_session(store)
        attend(store, other, 8)
        bench.clock.at += timedelta(days=1)
        store.append("view", {"what": "roll", "session": other.session_id}, operator=OPERATOR)
        size = store.head().size
        store.add_cosignatures(size, [witness.cosign(store.checkpoint(size).text, AT)])
    signers = (bench.bundle.signer(ORIGIN), second_key)
    return RichLog(bench=bench, witness=witness, signers=signers)
