"""After erasure nothing is left in file, write-ahead log, key file or pending; the same search finds it before.

Searching an encrypted file for a marker proves nothing: it is absent before, too. So every page and frame is
decrypted, every key that is left is tried, and each search has a control in which it must find what it looks for.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import re
import shutil
from dataclasses import asdict
from pathlib import Path

import pytest

from sessions import merkle
from sessions.evidence_box import slot_of
from sessions.roster.csv_roster import read_roster
from sessions.selection import Piece, select
from sessions.session import load_session, newest_roster
from sessions.shredding import shred, shred_selection
from sessions.store import Store
from tests.support.erasure import BOTH, CHIEF, Hall, Person, roster_of
from tests.support.sessions_station import Bench, record
from tests.support.traces import (
    opened_evidence,
    plain_bytes,
    plain_pages,
    seen,
    slot_keys,
    spellings,
    windows,
)

ERASED = 12
PEOPLE = 16


def markers(people: list[Person]) -> list[bytes]:
    """Return what names a person: pictures, the name in every spelling, the number."""
    found: list[bytes] = []
    for person in people:
        found += [*windows(person.picture("chip", 6_400), 640), *windows(person.picture("live", 3_200), 640)]
        found += [*spellings(person.name), person.number.encode(), person.number.encode("utf-16-le")]
    return found


def sealed(store: Store, people: list[Person]) -> tuple[list[bytes], list[bytes]]:
    """Return pieces of the ciphertexts and of the key slots of some people, as an insider may have noted them."""
    sbds = {person.sbd for person in people}
    slots = store.evidence_keys.path.read_bytes()
    ciphertexts: list[bytes] = []
    keys: list[bytes] = []
    with store.maintain() as conn:
        for entry in store.entries("attempt"):
            if entry.body["sbd"] not in sbds:
                continue
            for name, data in conn.execute(
                "SELECT name, ciphertext FROM evidence WHERE seq = ?", (entry.seq,)
            ):
                ciphertexts += windows(data, 300)
                slot = slot_of(entry.body, name)
                keys += [store.evidence_keys.read(slot), slots[(slot + 1) * 64 : (slot + 1) * 64 + 60]]
    return ciphertexts, keys


def in_the_clear(bench: Bench, path: Path | None = None) -> bytes:
    """Return everything that can be read with every key that the station still has."""
    path = path or bench.path
    return plain_bytes(path, bench.bundle.database_key) + opened_evidence(
        path, bench.bundle.database_key, bench.bundle.evidence_key, bench.origin
    )


def copy_of(bench: Bench, folder: Path) -> Path:
    """Copy database, write-ahead log and key file, as a backup of the whole root would."""
    folder.mkdir()
    for name in ("station.db", "station.db-wal"):
        if (bench.path.parent / name).exists():
            shutil.copy(bench.path.parent / name, folder / name)
    shutil.copytree(bench.path.parent / "keys", folder / "keys")
    return folder / "station.db"


def erase(store: Store, hall: Hall, people: list[Person]) -> None:
    for person in people:
        chosen = select(store, hall.session, sbd=person.sbd)
        shred_selection(store, chosen, scope="candidate", reason="request", **BOTH)


def test_nothing_is_left_and_the_controls_find_it(tmp_path: Path) -> None:
    (tmp_path / "root").mkdir()
    hall = Hall.filled(tmp_path / "root", people=PEOPLE)
    gone, stay = hall.people[:ERASED], hall.people[ERASED:]
    bench = hall.bench
    with bench.open() as store:
        ciphertexts, keys = sealed(store, gone)
        kept_ciphertexts, kept_keys = sealed(store, stay)
        backup = copy_of(bench, tmp_path / "backup")
        raw = plain_bytes(bench.path, bench.bundle.database_key)
        assert seen(raw, ciphertexts) >= len(ciphertexts) * 0.9  # a window may lie across two pages
        assert seen(raw, keys) == len(keys) // 2  # the sealed ones; the keys themselves lie nowhere
        assert seen(in_the_clear(bench), markers(gone)) >= len(gone) * 15
        erase(store, hall, gone)
        assert not Path(f"{bench.path}-wal").stat().st_size
        left = in_the_clear(bench)
        assert seen(left, markers(gone)) == 0
        assert seen(left, ciphertexts + keys) == 0
        assert seen(left, markers(stay)) >= len(stay) * 15
        assert seen(left, kept_ciphertexts) >= len(kept_ciphertexts) * 0.9
    left = in_the_clear(bench)
    assert seen(left, [*markers(gone), *ciphertexts, *keys]) == 0
    assert not set(
        slot_keys(bench.path.parent / "keys" / "evidence.slots", bench.bundle.evidence_key, bench.origin)
    ) & set(keys)
    assert seen(in_the_clear(bench, backup), markers(gone)) >= len(gone) * 15
    assert seen(in_the_clear(bench, backup), kept_keys) >= len(kept_keys) // 2


def test_a_copy_of_the_data_without_its_keys_opens_nothing_that_was_erased(tmp_path: Path) -> None:
    (tmp_path / "root").mkdir()
    hall = Hall.filled(tmp_path / "root")
    data = copy_of(hall.bench, tmp_path / "backup")
    with hall.bench.open() as store:
        erase(store, hall, hall.people[:3])
    shutil.copy(hall.bench.path.parent / "keys" / "evidence.slots", data.parent / "keys" / "evidence.slots")
    assert seen(in_the_clear(hall.bench, data), markers(hall.people[:3])) == 0
    assert seen(in_the_clear(hall.bench, data), markers(hall.people[3:])) > 0


@pytest.mark.parametrize("overwrite", [False, True])
def test_the_search_finds_what_a_plain_delete_leaves(tmp_path: Path, overwrite: bool) -> None:
    """The control: an insider deletes rows, once without and once with secure_delete."""
    hall = Hall.filled(tmp_path)
    bench = hall.bench
    with bench.open() as store:
        ciphertexts, _ = sealed(store, hall.people)
    with bench.insider() as execute:
        execute(f"PRAGMA secure_delete = {'ON' if overwrite else 'OFF'}")
        execute("CREATE TABLE plain (name TEXT, number TEXT, picture BLOB)")
        for person in hall.people:
            execute(
                "INSERT INTO plain VALUES (?, ?, ?)",
                (person.name, person.number, person.picture("chip", 6_400)),
            )
        execute("PRAGMA wal_checkpoint(TRUNCATE)")
        execute("DELETE FROM evidence")
        execute("DELETE FROM plain")
        execute("PRAGMA wal_checkpoint(TRUNCATE)")
    raw = plain_bytes(bench.path, bench.bundle.database_key)
    assert (seen(raw, ciphertexts) > 0) is not overwrite
    assert (seen(raw, markers(hall.people)) > 0) is not overwrite


def test_frames_of_the_write_ahead_log_are_searched_too(tmp_path: Path) -> None:
    hall = Hall.filled(tmp_path, people=2)
    bench = hall.bench
    with bench.open() as store:
        again = record(70, session_id=hall.session, sbd=hall.people[0].sbd)
        store.append_attempt(again, hall.people[0].evidence())
        raw = plain_bytes(bench.path, bench.bundle.database_key)
        entry = store.entries("attempt")[-1]
        with store.maintain() as conn:
            ciphertext = conn.execute(
                "SELECT ciphertext FROM evidence WHERE seq = ? AND name = 'chip-portrait'", (entry.seq,)
            ).fetchone()[0]
        assert seen(raw, windows(ciphertext, 300)) > 0
        assert (
            seen(b"".join(plain_pages(bench.path, bench.bundle.database_key)), windows(ciphertext, 300)) == 0
        )  # only the frames have it
        erase(store, hall, hall.people[:1])
        assert seen(plain_bytes(bench.path, bench.bundle.database_key), windows(ciphertext, 300)) == 0


@pytest.mark.slow
def test_small_pieces_leave_nothing_in_the_gaps_of_pages(tmp_path: Path) -> None:
    """Small rows move within and between pages as a table grows; what they leave behind must not be theirs."""
    hall = Hall.filled(tmp_path, people=150, size=320)
    bench = hall.bench
    with bench.open() as store:
        for round_ in range(3):
            for person in hall.people[:60]:
                body = {"session": hall.session, "sbd": person.sbd, "code": "noise"}
                note = f"{person.name} {person.number} {round_}".encode() * (round_ + 1)
                store.append("incident", body, {"note": note}, operator=CHIEF)
        with store.maintain() as conn:
            rows = conn.execute("SELECT ciphertext FROM evidence WHERE name <> 'rules'").fetchall()
        noted = [window for (data,) in rows for window in windows(data, 120)]
        assert seen(plain_bytes(bench.path, bench.bundle.database_key), noted) > len(noted) * 0.8
        chosen = select(store, hall.session)
        shred_selection(store, chosen, scope="session", reason="request", **BOTH)
        assert seen(plain_bytes(bench.path, bench.bundle.database_key), noted) == 0
    assert seen(plain_bytes(bench.path, bench.bundle.database_key), noted) == 0


@pytest.mark.slow
def test_150_of_200_and_every_proof_verifies(tmp_path: Path) -> None:
    hall = Hall.filled(tmp_path, people=200, size=640)
    with hall.bench.open() as store:
        gone = {person.sbd for person in hall.people[:150]}
        found = newest_roster(store, hall.session)
        assert found is not None
        pieces = [Piece(seq=found[0], name="roster")]
        for entry in store.entries("attempt"):
            if entry.body["sbd"] in gone:
                pieces += [Piece(seq=entry.seq, name=name) for name in entry.body["evidence"]]
        again = found[1].without(gone)
        shred(store, pieces, scope="session", reason="request", session=hall.session, roster=again, **BOTH)
        head = store.head()
        attempts = store.entries("attempt")
        assert len(attempts) == 200
        for entry in attempts:
            proof = merkle.inclusion_proof(entry.seq, head.size, store.node)
            merkle.verify_inclusion(
                merkle.leaf_hash(store.body(entry.seq)), entry.seq, head.size, proof, head.root
            )
        session = load_session(store, hall.session)
        assert sum(seat.erased for seat in session.seats) == 150
    report = hall.bench.verify(evidence_key=hall.bench.bundle.evidence_key)
    assert report.ok, report


# -- a dictionary ----------------------------------------------------------------------------------------

_DIGEST = re.compile(r"[0-9a-f]{64}")
PREFIXES = (
    "",
    "proctor roster row 2\n",
    "proctor roster 2\n",
    "proctor roster file 2\n",
    "proctor roster 1\n",
)


def digests(store: Store, hall: Hall) -> set[bytes]:
    """Return every digest that is left: in the bodies, and in the roster that was stated again."""
    texts = [store.body(entry.seq).decode() for entry in store.entries()]
    texts += [
        store.evidence(entry.seq, "roster").decode()
        for entry in store.entries("shred")[-1:]
        if "roster" in entry.body["evidence"]
    ]
    return {bytes.fromhex(digest) for text in texts for digest in _DIGEST.findall(text)}


def dictionary(people: list[Person]) -> set[bytes]:
    """Return the digest of every name × date of birth, of every number of a range, and of the rows made of them."""
    dates = [f"1999-{month:02d}-{day:02d}" for month in range(1, 13) for day in range(1, 32)]
    guesses = [f"{person.name}|{day}" for person in people for day in dates]
    guesses += [person.name + day for person in people for day in dates]
    guesses += [f"001099{number:06d}" for number in range(20_000)]
    guesses += [person.name for person in people] + dates
    for seat in read_roster(roster_of(len(people))).rows:
        row = {**asdict(seat), "birth": seat.birth.iso, "components": []}
        row.pop("erased")
        guesses.append(json.dumps(row, sort_keys=True, separators=(",", ":"), ensure_ascii=False))
    guesses += [person.row.strip() for person in people]
    return {
        hashlib.sha256((prefix + guess).encode()).digest()
        for prefix, guess in itertools.product(PREFIXES, guesses)
    }


def test_a_dictionary_finds_nothing_in_what_remains(tmp_path: Path) -> None:
    hall = Hall.filled(tmp_path)
    tried = dictionary(hall.people)
    with hall.bench.open() as store:
        erase(store, hall, hall.people[:3])
        left = digests(store, hall)
        assert len(left) > 20
        assert not left & tried
        body = store.entries("shred")[-1].body
        assert not any(person.name in str(body) or person.number in str(body) for person in hall.people)
        control = {
            "session": hall.session,
            "reason": hashlib.sha256(b"001099000001").hexdigest(),
            "sbd": "002",
        }
        store.append("exit", control, operator=CHIEF)
        assert digests(store, hall) & tried == {hashlib.sha256(b"001099000001").digest()}
