"""What somebody does who has the station's own signing key: edit the entries, then make tree and checkpoints anew."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from sessions import codec, merkle
from sessions.checkpoint import Checkpoint, Signer, station_of
from sessions.record import format_utc, parse_utc
from tests.support.sessions_station import OPERATOR
from tests.tamper.subject import SECOND, Files, Subject, insider

Log = list[dict[str, Any]]
"""Bodies in order. `_from` is the number whose evidence belongs to an entry, where that is another one; `_signer` signs
from an entry on.
"""
Edit = Callable[[Log, Subject, random.Random], str | None]
TABLES: Final = ("cosignatures", "shredded", "evidence", "evidence_keys", "checkpoints", "nodes", "entries")
_OWN: Final = ("_from", "_signer", "_false")
_BINDING: Final = ("evidence", "evidence_keys", "evidence_slot", "evidence_key")


def rebuild(edit: Edit, *, files: Callable[[Subject], Files] | None = None, stranger: bool = False) -> Any:
    """Return a mutation: the log with edited entries, whole and signed again, without cosignatures.

    `files`: those it begins with, today's unless told otherwise; `stranger`: another key of the same name signs.
    """

    def mutate(subject: Subject, root: Path, rng: random.Random) -> str | None:
        if files is not None:
            files(subject).put(root)
        signer = subject.bench.bundle.signer(subject.bench.origin)
        if stranger:
            signer = Signer(subject.bench.origin, rng.randbytes(32))
        with insider(root, subject, tables=TABLES) as execute:
            log = [
                codec.decode(body) for (body,) in execute("SELECT body FROM entries ORDER BY seq").fetchall()
            ]
            for seq, body in enumerate(log):
                body["_from"] = seq
            what = edit(log, subject, rng)
            if what is None:
                return None
            if stranger:
                log[0]["vkey"] = signer.key.encode()
            _write(execute, log, signer)
        return what

    return mutate


def _print_again(body: dict[str, Any], roots: list[bytes], *, false: bool) -> None:
    """A sheet bears the tree head of the log as it is now, unless it is to be `false`."""
    if body["kind"] == "print" and not false:
        body["sheet_size"] = min(body["sheet_size"], len(roots) - 1)
        body["sheet_root"] = roots[body["sheet_size"]].hex()


def _write(execute: Any, log: Log, signer: Signer) -> None:
    evidence = execute("SELECT seq, name, ciphertext FROM evidence").fetchall()
    shredded = execute("SELECT seq, name, by FROM shredded").fetchall()
    wrapped = execute("SELECT seq, wrapped FROM evidence_keys").fetchall()
    for table in TABLES:
        execute(f"DELETE FROM {table}")  # noqa: S608
    edge: tuple[bytes, ...] = ()
    roots = [merkle.EMPTY_ROOT]
    now = {}
    for seq, fields in enumerate(log):
        body = {name: value for name, value in fields.items() if name not in _OWN} | {"seq": seq}
        signer = fields.get("_signer", signer)
        now[fields["_from"]] = seq
        _print_again(body, roots, false="_false" in fields)
        data = codec.encode(body)
        growth = merkle.grow(seq, edge, merkle.leaf_hash(data))
        edge = growth.edge
        roots.append(growth.root)
        row = (seq, body["kind"], body.get("session"), body.get("attempt"), data)
        execute("INSERT INTO entries VALUES (?, ?, ?, ?, ?)", row)
        for node in growth.nodes:
            execute("INSERT INTO nodes VALUES (?, ?, ?)", node)
        head = Checkpoint(origin=signer.key.name, size=growth.size, root=growth.root).sign(signer)
        execute("INSERT INTO checkpoints VALUES (?, ?)", (head.size, head.note))
    for seq, key in wrapped:
        if seq in now and "evidence_key" in log[now[seq]]:
            execute("INSERT INTO evidence_keys VALUES (?, ?)", (now[seq], key))
    for seq, name, data in evidence:
        if seq in now and name in log[now[seq]].get("evidence", {}):
            execute("INSERT INTO evidence VALUES (?, ?, ?)", (now[seq], name, data))
    for seq, name, by in shredded:
        if seq in now and by in now:
            execute("INSERT INTO shredded VALUES (?, ?, ?)", (now[seq], name, now[by]))


def _attempts(log: Log, subject: Subject) -> list[int]:
    """Places of attempts that no later entry refers to."""
    named, gone = {body.get("of") for body in log}, {piece.seq for piece in subject.erased}
    return [
        at
        for at, body in enumerate(log)
        if body["kind"] == "attempt" and at not in gone and body["attempt"] not in named
    ]


def _renumber(log: Log) -> None:
    """What entries say of other entries' numbers follows them."""
    now = {body["_from"]: at for at, body in enumerate(log)}
    for body in log:
        if body["kind"] == "shred":
            for target in body["targets"]:
                target["seq"] = now[target["seq"]]


def _count(log: Log, session: str, change: int) -> None:
    """The counts of a close entry follow what was done to its session."""
    for body in log:
        if body["kind"] == "close" and body["session"] == session:
            body["attempts"] += change


def change_verdict(log: Log, subject: Subject, rng: random.Random) -> str:
    """A refusal becomes an admission, or the other way round."""
    at = rng.choice(_attempts(log, subject))
    log[at]["verdict"] = "REFUSE" if log[at]["verdict"] == "ADMIT" else "ADMIT"
    return f"entry {at}"


def change_candidate(log: Log, subject: Subject, rng: random.Random) -> str:
    """An attempt becomes another candidate's."""
    at = rng.choice(_attempts(log, subject))
    log[at]["sbd"] = "002" if log[at]["sbd"] != "002" else "003"
    return f"entry {at}"


def change_any(log: Log, subject: Subject, rng: random.Random) -> str | None:
    """Any text of any entry is another."""
    at = rng.randrange(1, len(log))
    free = {"place", "reason", "code", "component_label", "what", "chip_verdict", "method"}
    names = sorted(name for name in log[at] if name in free)
    if not names or log[at]["kind"] == "shred":
        return None
    name = rng.choice(names)
    log[at][name] = f"{log[at][name]}, otherwise"
    return f"{name} of entry {at}"


def back_date(log: Log, subject: Subject, rng: random.Random) -> str:
    """All entries are some hours earlier, clocks and all: a whole day's log is moved."""
    by = timedelta(hours=rng.randint(1, 10))
    for body in log:
        body["at"] = format_utc(parse_utc(body["at"]) - by)
    return f"by {by}"


def delete_attempt(log: Log, subject: Subject, rng: random.Random) -> str:
    """An attempt was never made: its beginning and its end are gone, and the counts know nothing of it."""
    at = rng.choice(_attempts(log, subject))
    gone = log[at]
    log[:] = [body for body in log if body.get("attempt") != gone["attempt"]]
    _renumber(log)
    _count(log, gone["session"], -1)
    return f"attempt of entry {at}"


def insert_attempt(log: Log, subject: Subject, rng: random.Random) -> str:
    """An attempt is invented, between two others."""
    at = rng.choice([at for at in _attempts(log, subject) if log[at]["schema"] > 1])
    made = []
    for kind in ("begin", "attempt"):
        body = copy.deepcopy(
            next(b for b in log if b["kind"] == kind and b.get("attempt") == log[at]["attempt"])
        )
        for name in _BINDING:
            body.pop(name, None)
        for name in ("at", "monotonic_ms", "boot_id"):
            body[name] = log[at][name]
        made.append({**body, "attempt": f"made-{rng.randrange(10**6)}", "_from": -1 - len(made)})
    made[1]["attempt"] = made[0]["attempt"]
    log[at + 1 : at + 1] = made
    _renumber(log)
    _count(log, log[at]["session"], 1)
    return f"after entry {at}"


def swap_attempts(log: Log, subject: Subject, rng: random.Random) -> str | None:
    """Two attempts exchange what they say; the times stay."""
    attempts = _attempts(log, subject)
    one, two = rng.sample(attempts, 2)
    if log[one]["session"] != log[two]["session"]:
        return None
    for name in ("verdict", "sbd", "reasons"):
        log[one][name], log[two][name] = log[two][name], log[one][name]
    return None if log[one]["sbd"] == log[two]["sbd"] else f"entries {one} and {two}"


def truncate(log: Log, subject: Subject, rng: random.Random) -> str:
    """The last entries never were; the last anchor remembers them."""
    keep = rng.randrange(subject.anchors[0].size, len(log))
    gone = len(log) - keep
    del log[keep:]
    return f"{gone} entries"


def regrow(log: Log, subject: Subject, rng: random.Random) -> str:
    """Cut off, then made as long as it was, or longer, with entries of no importance."""
    size = len(log)
    what = truncate(log, subject, rng)
    last = log[-1]
    while len(log) < size + rng.choice((0, 0, 3)):
        body = {
            name: last[name] for name in ("schema", "origin", "at", "monotonic_ms", "boot_id", "operator")
        }
        log.append({**body, "kind": "view", "what": f"nothing {len(log)}", "_from": -len(log)})
    return what


def rotate_to_the_pinned_key(log: Log, subject: Subject, rng: random.Random) -> str:
    """A verdict is changed, and the last entry names the station's real key, which signs nothing."""
    what = change_verdict(log, subject, rng)
    key = subject.bench.bundle.signer(subject.bench.origin).key
    body = {"kind": "key", "event": "station-key-rotated", "vkey": key.encode(), "custody": "file"}
    _append_by_two(log, {**body, "reason": "yearly"})
    return what


def rotate_to_the_pinned_key_and_on(log: Log, subject: Subject, rng: random.Random) -> str:
    """The same, and an epoch under the forger's own key takes the real key's place before it signs anything."""
    what = rotate_to_the_pinned_key(log, subject, rng)
    signer = Signer(subject.bench.origin, rng.randbytes(32))
    _append_epoch(log, signer, Checkpoint(origin=signer.key.name, size=len(log), root=bytes(32)).sign(signer))
    return what


def rewrite_in_an_epoch(log: Log, subject: Subject, rng: random.Random) -> str:
    """All but the first entry is told again, a verdict changed, in an epoch that declares everything else lost."""
    change_verdict(log, subject, rng)
    signer = subject.bench.bundle.signer(subject.bench.origin)
    return _begin_again(
        log, Checkpoint(origin=signer.key.name, size=10**9, root=bytes(32)).sign(signer), signer
    )


def cut_and_forge_a_loss(log: Log, subject: Subject, rng: random.Random) -> str:
    """The same, and the checkpoint that the epoch names bears nobody's signature."""
    signer = subject.bench.bundle.signer(subject.bench.origin)
    nobody = Signer(signer.key.name, rng.randbytes(32))
    return _begin_again(
        log, Checkpoint(origin=signer.key.name, size=10**9, root=bytes(32)).sign(nobody), signer
    )


def _begin_again(log: Log, said: Checkpoint, signer: Signer) -> str:
    """Cut a log back to its first entry of schema 2 and begin an epoch there; what came after is told again in it."""
    keep = next(at for at, body in enumerate(log) if body["schema"] > 1)
    rest = [body for body in log[keep + 1 :] if body["kind"] not in {"print", "clock"}]
    del log[keep + 1 :]
    _append_epoch(log, signer, said)
    for body in rest:
        log.append({**body, "origin": log[keep + 1]["origin"]})
    _renumber(log)
    return f"after entry {keep}"


def _append_by_two(log: Log, body: dict[str, Any]) -> None:
    """Append an entry of two persons, with the clocks of the one before."""
    common = {name: log[-1][name] for name in ("origin", "at", "monotonic_ms", "boot_id")}
    persons = {"operator": OPERATOR.as_body(), "second": SECOND.as_body()}
    log.append({**common, "schema": 2, **persons, **body, "_from": -len(log)})


def _append_epoch(log: Log, signer: Signer, said: Checkpoint) -> None:
    """Append an entry that begins epoch 2 under a key, which signs from there on."""
    origin = f"{station_of(said.origin)}/2"
    named = signer.named(origin)
    previous = {"origin": said.origin, "size": said.size, "root": said.root.hex(), "note": said.note}
    body = {"kind": "epoch", "origin": origin, "epoch": 2, "reason": "restored", "previous": previous}
    _append_by_two(log, {**body, "vkey": named.key.encode(), "_signer": named})


def edit_clock(log: Log, subject: Subject, rng: random.Random) -> str:
    """One entry's wall clock is moved, and nothing around it: the clocks contradict each other."""
    at = rng.choice([at for at in range(1, len(log)) if log[at - 1]["schema"] > 1])
    by = timedelta(seconds=rng.choice((-1, 1)) * rng.randint(3, 40_000))
    log[at]["at"] = format_utc(parse_utc(log[at]["at"]) + by)
    return f"entry {at} by {by}"


def remove_clock_fields(log: Log, subject: Subject, rng: random.Random) -> str:
    """An entry loses a field that it must have."""
    at = rng.randrange(1, len(log))
    name = rng.choice(("at", "monotonic_ms", "boot_id", "operator", "origin"))
    del log[at][name]
    return f"{name} of entry {at}"


def without_second_person(log: Log, subject: Subject, rng: random.Random) -> str:
    """What takes two persons is done by one."""
    at = rng.choice([at for at, body in enumerate(log) if "second" in body])
    if rng.random() < 0.5:
        del log[at]["second"]
    else:
        log[at]["second"]["id"] = log[at]["operator"]["id"]
    return f"entry {at}"


def second_person_in_disguise(log: Log, subject: Subject, rng: random.Random) -> str:
    """The second person's id is the operator's, written otherwise, or no person's."""
    at = rng.choice([at for at, body in enumerate(log) if "second" in body])
    own = log[at]["operator"]["id"]
    log[at]["second"]["id"] = rng.choice(
        (own.upper(), f"{own} ", f"{own}\u200b", f"\u0430{own[1:]}", "station")
    )
    return f"entry {at}"


def admit_as_station(log: Log, subject: Subject, rng: random.Random) -> str:
    """The station itself admits somebody, as if a crash had left the attempt; it may only refer."""
    at = rng.choice([at for at in _attempts(log, subject) if log[at]["schema"] > 1])
    log[at] |= {"operator": {"id": "station", "role": "station"}, "verdict": rng.choice(("ADMIT", "REFUSE"))}
    return f"entry {at}"


def decide_about_nothing(log: Log, subject: Subject, rng: random.Random) -> str:
    """Two persons decide otherwise about an attempt that was none, or is another session's."""
    at = rng.choice([at for at, body in enumerate(log) if body["kind"] == "override"])
    others = [b["attempt"] for b in log if b["kind"] == "attempt" and b["session"] != log[at]["session"]]
    log[at]["of"] = rng.choice(["no-such-attempt", *others])
    return f"entry {at}"


def print_another_head(log: Log, subject: Subject, rng: random.Random) -> str:
    """A sheet is said to bear a tree head that the log never had."""
    at = rng.choice([at for at, body in enumerate(log) if body["kind"] == "print"])
    log[at] |= {"sheet_root": rng.randbytes(32).hex(), "_false": True}
    return f"entry {at}"


def erase_elsewhere(log: Log, subject: Subject, rng: random.Random) -> str:
    """An erasure is entered under another session than that of what it took."""
    at = rng.choice([at for at, body in enumerate(log) if body["kind"] == "shred"])
    others = {body["session"] for body in log if "session" in body} - {log[at]["session"]}
    log[at]["session"] = rng.choice(sorted(others))
    return f"entry {at}"


def unbind_evidence(log: Log, subject: Subject, rng: random.Random) -> str:
    """An attempt's portrait is taken out of entry and table alike."""
    at = rng.choice([at for at in _attempts(log, subject) if "evidence" in log[at]])
    for name in _BINDING:
        log[at].pop(name, None)
    return f"entry {at}"


def replay_as_is(log: Log, subject: Subject, rng: random.Random) -> str:
    """Entries of another station, as they are, under this station's signatures."""
    other = _others(subject)
    at = rng.choice([at for at, body in enumerate(other) if body["kind"] in {"attempt", "incident", "view"}])
    body = {name: value for name, value in other[at].items() if not name.startswith("evidence")}
    log.append({**body, "_from": -1})
    return f"entry {at} of the other"


def replay_renamed(log: Log, subject: Subject, rng: random.Random) -> str:
    """Entries of another station, rewritten as this station's own: name, clocks, session."""
    other = _others(subject)
    at = rng.choice([at for at, body in enumerate(other) if body["kind"] == "attempt"])
    begin = next(b for b in other if b["kind"] == "begin" and b["attempt"] == other[at]["attempt"])
    place = rng.randrange(subject.anchors[0].size + 4, len(log) - 1)
    last, session = log[place - 1], [body for body in log[:place] if body["kind"] == "open"][-1]
    made = []
    for number, body in enumerate((begin, other[at])):
        mine = {name: last[name] for name in ("origin", "at", "monotonic_ms", "boot_id")}
        kept = {name: value for name, value in body.items() if not name.startswith("evidence")}
        theirs = {name: session[name] for name in ("session", "roster_hash") if name in kept}
        made.append({**kept, **mine, **theirs, "attempt": f"{body['attempt']}-r", "_from": -1 - number})
    log[place:place] = made
    _renumber(log)
    return f"entry {at} of the other"


def _others(subject: Subject) -> Log:
    """The other station's bodies; its database key lies beside it for this test."""
    return copy.deepcopy(subject.other_bodies)


CONSISTENT: Final[dict[str, Edit]] = {
    "change a verdict": change_verdict,
    "change whose attempt it was": change_candidate,
    "change any text": change_any,
    "back-date the whole log": back_date,
    "delete an attempt": delete_attempt,
    "insert an attempt": insert_attempt,
    "swap two attempts": swap_attempts,
    "take evidence out": unbind_evidence,
    "truncate": truncate,
    "truncate and regrow": regrow,
    "replay another station's attempt, renamed": replay_renamed,
}
"""What only somebody finds who remembers."""

EPOCHS_CONSISTENT: Final = {"tell it again in an epoch that declares the rest lost": rewrite_in_an_epoch}
EPOCHS_UNPROVEN: Final = {"the same, by a checkpoint that nobody signed": cut_and_forge_a_loss}
"""A loss that is declared is decided by nothing, one that nobody signed is none."""

STRANGE: Final[dict[str, Edit]] = {
    "change a verdict": change_verdict,
    "change a verdict, and name the pinned key last": rotate_to_the_pinned_key,
    "change a verdict, name the pinned key, then begin an epoch": rotate_to_the_pinned_key_and_on,
}
"""What somebody else's key signs: named or not, the pinned key did not."""

CONTRADICTORY: Final[dict[str, Edit]] = {
    "change one entry's clock": edit_clock,
    "leave a field out": remove_clock_fields,
    "do without the second person": without_second_person,
    "replay another station's entry as it is": replay_as_is,
    "let one person be two": second_person_in_disguise,
    "let the station admit": admit_as_station,
    "decide about an attempt that is not there": decide_about_nothing,
    "print a tree head that was none": print_another_head,
    "erase under another session's name": erase_elsewhere,
}
"""What contradicts itself, whoever signed it."""
