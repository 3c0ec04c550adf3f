"""What somebody may do to a pack, one by one: where it is found, and what it is said to be consistent with."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from sessions import pack
from sessions.anchor import parse_anchor
from sessions.checkpoint import Signer, VerifierKey
from sessions.pack_parts import Frame
from sessions.pins import StationPins
from sessions.record import Outcome, Second
from tests.support.packs import (
    CERTIFICATE,
    PDF,
    Loose,
    Station,
    attend,
    department,
    drafted,
    make_station,
    print_sheet,
    verified,
)
from tests.support.sessions_station import OPERATOR

CODE = tuple[str, int | None]


@pytest.fixture(scope="module")
def station(tmp_path_factory: pytest.TempPathFactory) -> Station:
    return make_station(tmp_path_factory.mktemp("station"))


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Station:
    return make_station(tmp_path_factory.mktemp("other"), origin="proctor.training/11112222")


@pytest.fixture(scope="module")
def stranger(station: Station) -> Signer:
    """Another key under the station's name."""
    return Signer(station.bench.origin, bytes(range(32)))


def first_of(station: Station, data: bytes, **outside: object) -> CODE:
    report = station.verify(data, **outside)
    assert not report.ok
    assert report.first_bad is not None, report
    return report.first_bad.code, report.first_bad.seq


def drop(loose: Loose, at: int) -> None:
    del loose.frames[at]


def drop_and_close_up(loose: Loose, at: int) -> None:
    for place in range(at, len(loose.frames) - 1):
        loose.frames[place] = Frame(loose.frames[place].seq, loose.frames[place + 1].body)
    loose.frames.pop()


def insert_between(loose: Loose, at: int) -> None:
    forged = loose.frames[at].body.replace(b'"ADMIT"', b'"REFER"')
    bodies = [frame.body for frame in loose.frames]
    bodies.insert(at, forged)
    for place, frame in enumerate(loose.frames):
        loose.frames[place] = Frame(frame.seq, bodies[place])


def repeat(loose: Loose, at: int) -> None:
    loose.frames.insert(at + 1, loose.frames[at])


def repeat_in_place(loose: Loose, at: int) -> None:
    loose.frames[at + 1] = Frame(loose.frames[at + 1].seq, loose.frames[at].body)


def exchange(loose: Loose, at: int) -> None:
    loose.swap_bodies(at, at + 1)


def exchange_with_numbers(loose: Loose, at: int) -> None:
    loose.frames[at], loose.frames[at + 1] = loose.frames[at + 1], loose.frames[at]


def truncate(loose: Loose, at: int) -> None:
    del loose.frames[at:]


def change(loose: Loose, at: int) -> None:
    loose.edit(at, b'"ADMIT"', b'"REFER"')


EDITS: tuple[tuple[Callable[[Loose, int], None], str], ...] = (
    (change, "pack-entry-changed"),
    (drop, "pack-entry-missing"),
    (drop_and_close_up, "pack-entry-missing"),
    (insert_between, "pack-entry-inserted"),
    (repeat, "pack-entry-repeated"),
    (exchange, "pack-entry-reordered"),
    (exchange_with_numbers, "pack-entry-reordered"),
    (truncate, "pack-entry-missing"),
)


@pytest.mark.parametrize(("edit", "code"), EDITS)
@pytest.mark.parametrize("anew", [False, True])
def test_an_edit_of_the_entries_is_named_with_its_number(
    station: Station, edit: Callable[[Loose, int], None], code: str, anew: bool
) -> None:
    """`anew`: the manifest is made and signed again by the station's own key; the checkpoints are not."""
    loose = station.loose
    at = loose.at("attempt")
    seq = loose.frames[at].seq
    edit(loose, at)
    assert first_of(station, loose.assemble(station.signer if anew else None)) == (code, seq)


def test_an_entry_that_stands_twice_is_named_at_the_second_place(station: Station) -> None:
    loose = station.loose
    at = loose.at("attempt")
    repeat_in_place(loose, at)
    assert first_of(station, loose.assemble()) == ("pack-entry-repeated", loose.frames[at + 1].seq)


def test_an_entry_of_another_station_is_foreign(station: Station, other: Station) -> None:
    loose, foreign = station.loose, other.loose
    at = loose.at("attempt")
    loose.frames[at] = Frame(loose.frames[at].seq, foreign.frames[foreign.at("attempt")].body)
    assert first_of(station, loose.assemble(station.signer)) == ("pack-entry-foreign", loose.frames[at].seq)


def test_a_key_entry_cannot_be_left_out(station: Station) -> None:
    loose = station.loose
    assert loose.frames[1].seq == 1
    del loose.frames[1]
    assert first_of(station, loose.assemble(station.signer)) == ("pack-entry-missing", 1)
    loose.notes = [note for note in loose.notes if not note.startswith(f"{station.bench.origin}\n2\n")]
    report = station.verify(loose.assemble(station.signer))
    assert not report.ok


def test_checkpoints(station: Station) -> None:
    loose = station.loose
    number = loose.at("attempt")
    size = loose.frames[number].seq + 1
    place = next(at for at, note in enumerate(loose.notes) if f"\n{size}\n" in note)
    whole = loose.notes[place]
    loose.notes[place] = whole.replace(f"\n{size}\n", f"\n{size}1\n")
    assert station.verify(loose.assemble(station.signer)).code == "pack-checkpoint-altered"
    del loose.notes[place]
    assert first_of(station, loose.assemble(station.signer)) == ("pack-checkpoint-altered", size - 1)
    loose.notes.insert(place, whole.replace("\u2014 ", "- "))
    assert not station.verify(loose.assemble(station.signer)).ok
    loose.notes[place] = "x" * 10
    assert not station.verify(loose.assemble(station.signer)).ok


def test_proof(station: Station) -> None:
    for edit in (
        lambda proof: proof.pop(),
        lambda proof: proof.append(bytes(32)),
        lambda proof: proof.__setitem__(0, bytes(32)),
        lambda proof: proof.reverse(),
    ):
        loose = station.loose
        edit(loose.proof)
        report = station.verify(loose.assemble(station.signer))
        assert report.code == "pack-proof-altered"
        assert report.first_bad is not None
        assert report.first_bad.member == pack.PROOF


def test_signed_again_by_another_key_of_the_same_name(station: Station, stranger: Signer) -> None:
    """Entry 0 names the new key, every checkpoint is signed by it: sound in itself, and refused."""
    loose = station.loose
    loose.edit(0, station.signer.key.encode().encode(), stranger.key.encode().encode())
    again = Loose.of(loose.resign(stranger))
    sheet = json_of(again, "print")
    again.edit(
        again.at("print"), sheet["sheet_root"].encode(), root_at(again, int(sheet["sheet_size"])).encode()
    )
    data = again.resign(stranger)
    report = station.verify(data)
    assert (report.code, report.outcome) == ("station-key-mismatch", Outcome.FAILED)
    assert report.station_fingerprint == stranger.key.fingerprint
    unknown = station.verify(data, pins=StationPins())
    assert (unknown.code, unknown.outcome) == ("unknown-station", Outcome.INDETERMINATE)
    assert unknown.facts["found"] == stranger.key.fingerprint


def test_signed_again_by_another_key_that_the_log_does_not_name(station: Station, stranger: Signer) -> None:
    loose = station.loose
    assert first_of(station, loose.resign(stranger)) == ("pack-resigned", 0)
    only = station.loose.assemble(stranger, key=stranger.key)
    assert station.verify(only).code == "pack-resigned"
    unknown = station.verify(only, pins=StationPins())
    assert unknown.outcome is not Outcome.PASSED


def test_signed_again_by_the_stations_own_key_needs_an_anchor(station: Station) -> None:
    """Said plainly: who has the station's key rewrites the day, and the pack alone does not show it."""
    loose = station.loose
    loose.edit(loose.at("close"), b'"admitted":1', b'"admitted":2')
    loose.edit(loose.at("close"), b'"refused":1', b'"refused":0')
    loose.edit(loose.at("attempt", 2), b'"REFUSE"', b'"ADMIT"')
    loose.edit(loose.at("print"), json_of(loose, "print")["sheet_root"].encode(), b"0" * 64)
    draft = loose.resign(station.signer)  # the sheet's root is made to fit, too
    again = Loose.of(draft)
    root = root_at(again, int(json_of(again, "print")["sheet_size"]))
    again.edit(again.at("print"), b"0" * 64, root.encode())
    data = again.resign(station.signer)
    report = station.verify(data)
    assert report.ok, report.findings
    size = station.loose.manifest.size
    for anchor_size in (size, loose.frames[loose.at("close")].seq):
        with station.bench.open() as store:
            anchor = parse_anchor(store.note(anchor_size).encode(), label="USB")
        found = station.verify(data, anchors=(anchor,))
        assert (found.code, found.outcome) == ("pack-anchor-mismatch", Outcome.FAILED)
        assert station.verify(anchors=(anchor,)).ok


def json_of(loose: Loose, kind: str) -> dict[str, str]:
    found: dict[str, str] = json.loads(loose.frames[loose.at(kind)].body)
    return found


def root_at(loose: Loose, size: int) -> str:
    note = next(note for note in loose.notes if note.split("\n")[1] == str(size))
    return base64.b64decode(note.split("\n")[2]).hex()


def test_an_older_pack_of_the_session_is_told_by_an_anchor(tmp_path: Path) -> None:
    station = make_station(tmp_path)
    with station.bench.open() as store:
        store.append("incident", {"session": station.session.session_id, "code": "late"}, operator=OPERATOR)
        anchor = parse_anchor(store.note().encode(), label="sheet")
        newer = b"".join(drafted(station.bench, store, station.session).chunks())
    assert station.verify(newer, anchors=(anchor,)).ok
    report = station.verify(anchors=(anchor,))
    assert (report.code, report.outcome) == ("pack-older", Outcome.INDETERMINATE)
    made_up = replace(anchor, note=anchor.note.replace("\u2014", "-"), size=anchor.size + 1)
    assert station.verify(newer, anchors=(made_up,)).code == "pack-anchor-unproven"


def test_evidence(station: Station) -> None:
    names = [name for name in station.loose.members if name.endswith("/chip-portrait")]
    seq = int(names[0].split("/")[1])
    loose = station.loose
    loose.members[names[0]], loose.members[names[1]] = loose.members[names[1]], loose.members[names[0]]
    assert first_of(station, loose.assemble(station.signer)) == ("pack-evidence-swapped", seq)
    loose = station.loose
    loose.members[names[0]] = loose.members[names[0]][:-1] + b"\0"
    assert first_of(station, loose.assemble(station.signer)) == ("pack-evidence-changed", seq)
    loose = station.loose
    del loose.members[names[0]]
    assert first_of(station, loose.assemble(station.signer)) == ("pack-evidence-missing", seq)
    loose = station.loose
    loose.members[f"evidence/{seq}/photo"] = b"what nobody bound"
    assert first_of(station, loose.assemble(station.signer)) == ("pack-evidence-unbound", seq)


def test_sheets_and_certificate(station: Station, tmp_path: Path) -> None:
    loose = station.loose
    name = next(name for name in loose.members if name.startswith("sheets/"))
    loose.members[name] = loose.members[name][:-1] + b"\0"
    report = station.verify(loose.assemble(station.signer), department=department())
    assert report.code == "pack-sheet-exchanged"
    assert report.first_bad is not None
    assert report.first_bad.member == name
    loose = station.loose
    loose.members["sheets/1"] = loose.members.pop(name)
    assert station.verify(loose.assemble(station.signer)).code == "pack-sheet-unlogged"
    loose = station.loose
    loose.members[pack.CERTIFICATE] = b"another"
    assert station.verify(loose.assemble(station.signer)).code == "pack-certificate-exchanged"


def test_members_of_another_pack(station: Station, other: Station) -> None:
    for name in (*pack.FIXED, "seal-certificate"):
        loose, foreign = station.loose, other.loose
        if loose.members[name] == foreign.members[name]:
            continue
        loose.members[name] = foreign.members[name]
        loose.frames, loose.notes, loose.proof = (
            (foreign if name == own else loose).__dict__[part]
            for part, own in (("frames", pack.ENTRIES), ("notes", pack.CHECKPOINTS), ("proof", pack.PROOF))
        )
        for signer in (None, station.signer):
            report = station.verify(loose.assemble(signer), department=department())
            assert report.outcome is Outcome.FAILED, (name, signer, report)
    loose = station.loose
    loose.members[pack.KEYS] = other.loose.members[pack.KEYS]
    report = station.verify(loose.assemble(station.signer), department=department())
    assert (report.code, report.first_bad and report.first_bad.member) == ("pack-keys-foreign", pack.KEYS)


def test_the_manifest(station: Station) -> None:
    manifest = station.loose.manifest
    for fields in (
        {"session": "HL-20261122-01"},
        {"last": manifest.last - 1},
        {"first": manifest.first - 1},
        {"size": manifest.size - 1},
        {"root": "0" * 64},
        {"recipient": "0" * 64},
    ):
        edited = station.loose.assemble(**fields)
        assert station.verify(edited).outcome is Outcome.FAILED, fields
    assert station.verify(station.loose.assemble(recipient="0" * 64)).code == "pack-manifest-altered"
    for fields in ({"session": "HL-20261122-01"}, {"size": manifest.size - 1}, {"root": "0" * 64}):
        assert not station.verify(station.loose.assemble(station.signer, **fields)).ok
    # a recipient that only the station could have written makes no lie about the record, and opens for nobody
    report = station.verify(
        station.loose.assemble(station.signer, recipient="0" * 64), department=department()
    )
    assert (report.code, report.outcome) == ("pack-other-recipient", Outcome.INDETERMINATE)


def test_cut_and_lengthened_files(station: Station) -> None:
    assert station.verify(station.data + b"x").code == "pack-surplus"
    for cut in range(1, len(station.data), 997):
        report = station.verify(station.data[:-cut])
        assert report.outcome is Outcome.FAILED
    member = station.verify(station.data[:-1]).first_bad
    assert member is not None
    assert (member.code, member.member) == ("pack-truncated", station.loose.manifest.members[-1].name)


def test_an_erased_piece_is_absent_and_must_be(tmp_path: Path) -> None:
    station = make_station(tmp_path)
    with station.bench.open() as store:
        seq = next(entry.seq for entry in store.entries("attempt", station.session.session_id))
        body = {"scope": "candidate", "reason": "asked", "session": station.session.session_id}
        body |= {"targets": [{"seq": seq, "names": ["identity"]}]}

        def also(conn: object, by: int) -> None:
            conn.execute("INSERT INTO shredded (seq, name, by) VALUES (?, ?, ?)", (seq, "identity", by))  # type: ignore[attr-defined]

        store.append(
            "shred", body, operator=OPERATOR, second=Second(user_id="nv09", role="chairman"), also=also
        )
        data = b"".join(drafted(station.bench, store, station.session).chunks())
    report = station.verify(data, department=department())
    assert report.ok, report
    assert report.counts["erased"] == 1
    loose, name = Loose.of(data), f"evidence/{seq}/identity"
    assert name not in loose.members
    loose.members[name] = station.loose.members[name]
    assert first_of(station, loose.assemble(station.signer)) == ("pack-evidence-erased", seq)


def test_counts_and_course_of_the_session(tmp_path: Path) -> None:
    station = make_station(tmp_path, close=False)
    report = station.verify()
    assert report.ok
    assert [finding.code for finding in report.findings] == ["pack-session-open"]
    with station.bench.open() as store:
        counts = {"candidates": 3, "admitted": 1, "referred": 1, "refused": 0, "absent": 0, "attempts": 3}
        body = {"session": station.session.session_id, "reason": "finished", **counts}
        seq = store.append("close", body, operator=OPERATOR).seq
        attend(store, station.session, 0 + 9)
        data = b"".join(drafted(station.bench, store, station.session).chunks())
    report = station.verify(data)
    codes = {(finding.code, finding.seq) for finding in report.findings}
    assert ("pack-counts-differ", seq) in codes
    assert ("pack-session-differs", seq + 1) in codes


def test_a_sheet_that_shows_another_tree_head(tmp_path: Path) -> None:
    station = make_station(tmp_path)
    with station.bench.open() as store:
        body = {"session": station.session.session_id, "sheet": "attendance", "sheet_size": 3}
        body |= {"sheet_root": "0" * 64, "pdf_sha256": "0" * 64}
        body["sheet_size"] = station.session.seq + 2
        body["seal_certificate"] = hashlib.sha256(CERTIFICATE).hexdigest()
        seq = store.append("print", body, operator=OPERATOR).seq
        data = b"".join(drafted(station.bench, store, station.session).chunks())
    assert first_of(station, data) == ("pack-print-differs", seq)


def test_fingerprints_pin_as_well(station: Station) -> None:
    good = StationPins.of_fingerprint(station.signer.key.fingerprint)
    assert station.verify(pins=good).ok
    bad = StationPins.of_fingerprint("0" * 64)
    assert station.verify(pins=bad).code == "station-key-mismatch"
    wrong = StationPins((VerifierKey(name=station.bench.origin, public=bytes(32)),))
    assert station.verify(pins=wrong).code == "station-key-mismatch"


def test_two_sheets_and_one_that_was_never_printed(tmp_path: Path) -> None:
    station = make_station(tmp_path)
    with station.bench.open() as store:
        print_sheet(store, station.session, b"%PDF second")
        data = b"".join(drafted(station.bench, store, station.session, (PDF, b"%PDF second", PDF)).chunks())
    report = verified(data, pins=station.pins, department=department())
    assert report.ok, report
    assert report.counts["sheets"] == 2
