"""A pack as a station makes it: keys that change, epochs, witnesses, an old log; and what the department gets."""

from __future__ import annotations

import base64
import hashlib
import json
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from sessions import codec, pack
from sessions.checkpoint import Signer, parse_checkpoint
from sessions.cosignature import Cosigner, Kind
from sessions.errors import (
    PackFolderError,
    PackFormatError,
    PackRecipientError,
    PackSheetError,
    PackVersionError,
    SessionsError,
    UnknownSessionError,
)
from sessions.merkle import leaf_hash, verify_inclusion
from sessions.pack import Manifest, Member
from sessions.pack_file import open_pack_file, pack_of, write_pack
from sessions.pack_finding import ALTERED, CODES, PackFindings
from sessions.pack_left import is_pack, left_in_pack
from sessions.pack_open import open_pack
from sessions.pack_parts import Frame, split_entries, split_notes, split_proof
from sessions.pack_seals import Seals
from sessions.pack_verify import Outside, verify_pack
from sessions.pack_write import Sheets, draft_pack
from sessions.pins import StationPins
from sessions.record import Outcome, Second
from sessions.roster.binding import roster_hash
from sessions.rules import load_rules
from tests.support.packs import (
    PDF,
    Loose,
    Station,
    attend,
    department,
    drafted,
    make_station,
    open_session,
    print_sheet,
    verified,
    whole_session,
)
from tests.support.schema_1_log import SESSION, write_schema_1
from tests.support.sessions_station import OPERATOR, ROSTER, Bench

SECOND = Second(user_id="nv09", role="chairman")


@pytest.fixture(scope="module")
def station(tmp_path_factory: pytest.TempPathFactory) -> Station:
    return make_station(tmp_path_factory.mktemp("station"))


def test_nothing_personal_is_in_the_clear(station: Station) -> None:
    for text in ("NGUYỄN VĂN MẪU", "001099000001", "a sheet with names", "Họ và tên"):
        assert text.encode() not in station.data


def test_the_manifest_is_the_same_bytes_for_the_same_members(station: Station) -> None:
    manifest = station.loose.manifest
    assert Manifest.decode(manifest.encode()) == manifest
    assert station.loose.assemble() == station.data
    shuffled = replace(manifest, members=tuple(reversed(manifest.members)))
    with pytest.raises(PackFormatError):
        Manifest.decode(shuffled.encode())


@pytest.mark.parametrize(
    "change",
    [
        {"form": "proctor pack 2"},
        {"first": 0},
        {"last": 0},
        {"size": 1},
        {"root": "00"},
        {"recipient": "A" * 64},
        {"session": "../S"},
        {"vkey": "x"},
        {"origin": "proctor.real/00000000"},
        {"members": []},
        {"members": [{"name": "entries"}]},
        {"extra": 1},
        {"first": "1"},
    ],
)
def test_other_manifests_are_refused(station: Station, change: dict[str, object]) -> None:
    fields = codec.decode(station.loose.manifest.encode(), limit=pack.MAX_MANIFEST)
    with pytest.raises(PackFormatError):
        Manifest.decode(codec.encode({**fields, **change}))


@pytest.mark.parametrize(
    "name",
    [
        "evidence/../x",
        "evidence/01/photo",
        "evidence/1/PHOTO",
        "sheets/-1",
        "sheets/1.pdf",
        "other",
        "/entries",
    ],
)
def test_names_of_members_are_no_paths(station: Station, name: str) -> None:
    manifest = station.loose.manifest
    member = Member(name=name, size=1, sha256="0" * 64)
    with pytest.raises(PackFormatError):
        Manifest.decode(replace(manifest, members=(*manifest.members, member)).encode())


def test_other_files_are_no_packs(station: Station, tmp_path: Path) -> None:
    for data in (b"", b"PK\x03\x04" * 9, station.data[:19], station.data[:200], b"PROCTOR PACK" + bytes(99)):
        with pytest.raises((PackFormatError, PackVersionError)):
            pack_of(data)
    newer = pack.HEADER.pack(pack.MAGIC, 2, 10) + bytes(100)
    report = verified(newer, pins=StationPins())
    assert (report.code, report.outcome) == ("pack-version-unknown", Outcome.INDETERMINATE)
    assert verified(b"x" * 40, pins=StationPins()).outcome is Outcome.FAILED
    missing = verify_pack(tmp_path / "none", Outside(pins=StationPins()))
    assert (missing.code, missing.outcome) == ("pack-unreadable", Outcome.INDETERMINATE)
    folder = verify_pack(tmp_path, Outside(pins=StationPins()))
    assert folder.code == "pack-unreadable"


def test_lists_that_do_not_end_where_they_should() -> None:
    assert split_entries(b"x") == ((), False)
    assert split_entries(b"") == ((), True)
    assert split_entries(bytes(12) * 3) == ((), False)  # bodies of no length are no bodies
    assert split_notes(b"\xff" * 40) == ((), False)
    assert split_notes(b"\0\0\0\x40" + b"\xff" * 64) == (("",), True)
    assert split_proof(bytes(33)) == ((bytes(32),), False)


def test_the_department_opens_every_piece(station: Station, tmp_path: Path) -> None:
    path = tmp_path / "a.pack"
    sha256, size = write_pack(path, iter((station.data[:99], station.data[99:])))
    assert (sha256, size) == (hashlib.sha256(path.read_bytes()).hexdigest(), len(station.data))
    outside = Outside(pins=station.pins, department=department())
    opened = open_pack(path, tmp_path / "out", outside)
    assert opened.report.ok
    texts = {file.relative_to(tmp_path / "out").as_posix(): file.read_bytes() for file in opened.files}
    first = station.session.seq
    assert texts[f"evidence/{first + 2:07d}-identity.json"] == '{"name":"NGUYỄN VĂN MẪU 0"}'.encode()
    assert texts[f"evidence/{first:07d}-roster.json"].startswith(b'{"file_salt"')
    assert PDF in texts.values()
    assert "checkpoint.txt" in texts
    assert len([name for name in texts if name.startswith("entries/")]) == opened.report.counts["entries"]
    with pytest.raises(PackFolderError):
        open_pack(path, tmp_path / "out", outside)


def test_a_pack_that_does_not_verify_is_not_opened(station: Station, tmp_path: Path) -> None:
    path = tmp_path / "a.pack"
    path.write_bytes(station.data[:-1])
    opened = open_pack(path, tmp_path / "out", Outside(pins=station.pins, department=department()))
    assert (opened.report.ok, opened.files) == (False, ())
    assert not (tmp_path / "out").exists()
    path.write_bytes(station.data)
    assert not open_pack(path, tmp_path / "out", Outside(pins=StationPins(), department=department())).files
    other = open_pack(path, tmp_path / "out", Outside(pins=station.pins, department=department("other")))
    assert (other.report.code, other.files) == ("pack-other-recipient", ())
    assert (
        open_pack(tmp_path / "none", tmp_path / "out", Outside(pins=station.pins)).report.code
        == "pack-unreadable"
    )
    assert not (tmp_path / "out").exists()


def test_another_department_cannot_open(station: Station) -> None:
    with pytest.raises(PackRecipientError):
        Seals.open(pack_of(station.data), department("other"))
    assert "key" not in repr(Seals.open(pack_of(station.data), department())).replace("Seals", "")


def test_a_rotated_key_is_followed_from_the_pinned_one(tmp_path: Path) -> None:
    bench = Bench(path=tmp_path / "station.db")
    new = Signer(bench.origin, bytes(range(32)))
    with bench.create() as store:
        session = open_session(store)
        attend(store, session, 0)
        store.rotate_key(new, {"custody": "file", "reason": "yearly"}, operator=OPERATOR, second=SECOND)
        attend(store, session, 1)
        draft = draft_pack(store, session.session_id, signer=new, department=department().public)
        data = b"".join(draft.chunks())
    assert verified(data, pins=bench.pins).ok
    later = StationPins((new.key,))
    assert verified(data, pins=later).ok
    old = bench.bundle.signer(bench.origin)
    assert verified(Loose.of(data).assemble(old, key=old.key), pins=bench.pins).code == "pack-resigned"
    loose = Loose.of(data)
    at = next(at for at, frame in enumerate(loose.frames) if b"station-key-rotated" in frame.body)
    loose.edit(at, new.key.encode().encode(), Signer(bench.origin, bytes(32)).key.encode().encode())
    assert verified(loose.assemble(), pins=bench.pins).first_bad.seq == loose.frames[at].seq  # type: ignore[union-attr]


def test_the_last_entry_may_be_the_rotation(tmp_path: Path) -> None:
    bench = Bench(path=tmp_path / "station.db")
    new = Signer(bench.origin, bytes(range(32)))
    with bench.create() as store:
        session = whole_session(store)
        store.rotate_key(new, {"custody": "file", "reason": "yearly"}, operator=OPERATOR, second=SECOND)
        data = b"".join(
            draft_pack(store, session.session_id, signer=new, department=department().public).chunks()
        )
    assert verified(data, pins=bench.pins).ok


def test_a_new_epoch_under_the_same_key_and_under_another(tmp_path: Path) -> None:
    bench = Bench(path=tmp_path / "station.db")
    with bench.create() as store:
        session = whole_session(store)
        store.begin_epoch(reason="restored", operator=OPERATOR, second=SECOND, path=bench.path)
        signer = bench.bundle.signer(store.origin)
        data = b"".join(
            draft_pack(store, session.session_id, signer=signer, department=department().public).chunks()
        )
        report = verified(data, pins=bench.pins, department=department())
        assert report.ok, report
        assert report.origin == f"{bench.origin}/2"
        lost = Signer(bench.origin, bytes(range(32)))
        store.begin_epoch(reason="key lost", operator=OPERATOR, second=SECOND, path=bench.path, signer=lost)
        signer = lost.named(store.origin)
        data = b"".join(
            draft_pack(store, session.session_id, signer=signer, department=department().public).chunks()
        )
    report = verified(data, pins=bench.pins)
    assert (report.code, report.outcome) == ("unknown-station", Outcome.INDETERMINATE)
    assert report.station_fingerprint == lost.key.fingerprint
    assert verified(data, pins=bench.pins.add(signer.key.encode())).ok


def test_cosignatures_of_witnesses(tmp_path: Path) -> None:
    witnesses = [
        Cosigner("witness.example/a", bytes(32)),
        Cosigner("witness.example/b", bytes(32), Kind.ML_DSA_44),
    ]
    keys = tuple(witness.key for witness in witnesses)
    station = make_station(tmp_path)
    with station.bench.open() as store:
        size = store.head().size
        text = store.note(size).partition("\n\n")[0] + "\n"
        store.add_cosignatures(size, [witness.cosign(text, 1_800_000_000) for witness in witnesses])
        store.append("view", {"what": "the clock"}, operator=OPERATOR)
        data = b"".join(drafted(station.bench, store, station.session).chunks())
    report = station.verify(data, witnesses=keys)
    assert report.cosigned == (("witness.example/a", size), ("witness.example/b", size))
    stranger = Cosigner("witness.example/c", bytes(range(32))).key
    asked = station.verify(data, witnesses=(stranger,))
    assert (asked.code, asked.outcome) == ("pack-not-cosigned", Outcome.INDETERMINATE)
    loose = Loose.of(data)
    place = next(at for at, note in enumerate(loose.notes) if "witness.example/a" in note)
    loose.notes[place] = loose.notes[place].replace(
        "\u2014 witness.example/a ", "\u2014 witness.example/b ", 1
    )
    assert station.verify(loose.assemble(station.signer), witnesses=keys).code == "pack-not-cosigned"
    head, _, tail = loose.notes[place].rpartition(" ")
    loose.notes[place] = f"{head} {tail[:60]}{'A' if tail[60] != 'A' else 'B'}{tail[61:]}"
    broken = station.verify(loose.assemble(station.signer), witnesses=keys)
    assert broken.code == "pack-cosignature-altered"


def test_a_session_of_schema_1_is_packed_with_its_keys(tmp_path: Path) -> None:
    document = json.dumps(
        {"file": base64.b64encode(ROSTER).decode(), "salt": "00" * 32}, sort_keys=True
    ).encode()
    rules = load_rules("driving-tt108-2026")
    body = {"session": SESSION, "root_kind": "training", "day": "2026-11-21", "place": "Sân Mẫu"}
    body |= {"component": "theory", "component_label": "Lý thuyết", "rules": rules.rules_id}
    opening: dict[str, object] = {**body, "rules_sha256": rules.sha256, "roster_hash": roster_hash(document)}
    opening |= {"candidates": 3, "refused_rows": 0, "operator": OPERATOR.as_body()}
    bench = write_schema_1(
        Bench(path=tmp_path / "station.db"),
        extra=(("open", opening, {"roster": document, "rules": rules.data}),),
    )
    with bench.open() as store:
        data = b"".join(
            draft_pack(
                store, SESSION, signer=bench.bundle.signer(bench.origin), department=department().public
            ).chunks()
        )
    report = verified(data, pins=bench.pins, department=department())
    assert report.ok, report
    assert report.counts == {"entries": 9, "attempts": 6, "evidence": 14, "sheets": 0, "erased": 0}
    loose = Loose.of(data)
    loose.members["evidence/2/identity"], loose.members["evidence/3/identity"] = (
        loose.members["evidence/3/identity"],
        loose.members["evidence/2/identity"],
    )
    signer = bench.bundle.signer(bench.origin)
    assert verified(loose.assemble(signer), pins=bench.pins).code == "pack-evidence-swapped"


def test_what_cannot_be_packed(station: Station) -> None:
    signer = station.signer
    with station.bench.open() as store:
        with pytest.raises(UnknownSessionError):
            draft_pack(store, "HL-20261122-99", signer=signer, department=department().public)
        with pytest.raises(PackSheetError):
            draft_pack(
                store,
                station.session.session_id,
                signer=signer,
                department=department().public,
                sheets=Sheets(files=(b"never printed",)),
            )


def test_a_later_pack_holds_the_export_of_the_earlier_one(tmp_path: Path) -> None:
    station = make_station(tmp_path)
    manifest = station.loose.manifest
    with station.bench.open() as store:
        print_sheet(store, station.session, b"%PDF later")
        body = {"what": "pack", "session": station.session.session_id, "sha256": "0" * 64}
        body |= {"size": manifest.size, "root": manifest.root}
        seq = store.append("export", body, operator=OPERATOR).seq
        data = b"".join(drafted(station.bench, store, station.session).chunks())
    assert Loose.of(data).manifest.last == seq
    assert station.verify(data).ok


def test_findings_are_kept_in_order_and_in_bounds() -> None:
    findings = PackFindings()
    for seq in reversed(range(500)):
        findings.add("pack-entry-changed", seq=seq)
    findings.add("pack-manifest-altered")
    findings.add("pack-member-altered", member="entries")
    findings.add("pack-session-open", seq=0)
    found = findings.in_order()
    assert len(found) == 103
    assert found[0].seq == 0
    assert [each.code for each in found[-3:]] == [
        "pack-member-altered",
        "pack-manifest-altered",
        "pack-session-open",
    ]
    assert set(ALTERED) < set(CODES)


def test_a_disk_that_fails_is_said(station: Station, tmp_path: Path) -> None:
    path = tmp_path / "a.pack"
    path.write_bytes(station.data)
    with open_pack_file(path) as file:
        file._stream.close()
        with pytest.raises(SessionsError) as raised:
            file.digest(file.manifest.members[0])
    assert raised.value.code == "pack-unreadable"


def test_a_pack_tells_a_restore_of_erasures(tmp_path: Path) -> None:
    path = Path(__file__).parents[2] / "vectors" / "pack-1.pack"
    assert is_pack(path)
    note, shreds = left_in_pack(path)
    head, _ = parse_checkpoint(note)
    assert head.size == 16
    (left,) = shreds
    assert b'"kind":"shred"' in left.body
    covering, _ = parse_checkpoint(left.note)
    verify_inclusion(leaf_hash(left.body), left.seq, covering.size, left.proof, covering.root)
    other = tmp_path / "other"
    other.write_bytes(b"no pack")
    assert not is_pack(other)
    loose = Loose.of(path.read_bytes())
    loose.proof.clear()
    other.write_bytes(loose.assemble())
    with pytest.raises(PackFormatError):
        left_in_pack(other)
    loose.notes[0] = loose.notes[0].replace("\n1\n", "\nx\n")
    other.write_bytes(loose.assemble())
    with pytest.raises(PackFormatError):
        left_in_pack(other)


def framed(manifest: bytes) -> bytes:
    return pack.HEADER.pack(pack.MAGIC, pack.VERSION, len(manifest)) + manifest + bytes(64)


def test_hostile_manifests_end_soon_and_small(station: Station) -> None:
    fields = codec.decode(station.loose.manifest.encode(), limit=pack.MAX_MANIFEST)
    row = {"name": "sheets/1", "size": 1, "sha256": "0" * 64}
    bombs = [
        b"[" * 2_000_000,
        b'{"a":' * 200_000,
        b'{"first":' + b"9" * 5_000 + b"}",
        codec.encode({**fields, "members": [row] * (pack.MAX_MEMBERS + 1)}, limit=pack.MAX_MANIFEST),
        codec.encode({**fields, "members": [*fields["members"], {**row, "size": 2**52}]}),
        codec.encode({**fields, "members": [*fields["members"], {**row, "size": -1}]}),
        codec.encode({**fields, "size": 2**53 - 1}),
    ]
    for bomb in bombs:
        begun = time.process_time()
        report = verified(framed(bomb), pins=station.pins)
        assert report.outcome is Outcome.FAILED
        assert time.process_time() - begun < 5
    assert verified(pack.HEADER.pack(pack.MAGIC, 1, 2**32 - 1), pins=station.pins).code == "pack-malformed"


@pytest.mark.slow
def test_hostile_lists_end_soon(station: Station) -> None:
    loose = station.loose
    loose.frames = [Frame(seq, b"x" * 64) for seq in range(20_000)]
    begun = time.process_time()
    assert station.verify(loose.assemble()).outcome is Outcome.FAILED
    loose = station.loose
    loose.notes = [loose.notes[0].replace("\n1\n", f"\n{size}\n") for size in range(1, 20_000)]
    assert station.verify(loose.assemble()).outcome is Outcome.FAILED
    loose = station.loose
    loose.frames += [
        Frame(10**15 + at, b'{"event":"station-key-rotated","vkey":"%d"}' % at + b" " * 40)
        for at in range(20_000)
    ]
    assert station.verify(loose.assemble()).outcome is Outcome.FAILED
    assert time.process_time() - begun < 20


def test_whoever_verifies_has_no_writer() -> None:
    code = "import sys, sessions.pack_open, sessions.pack_left; print('sessions.store' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
