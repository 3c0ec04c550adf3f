"""What whoever has the station's signing key may write into a pack: it is found by rule, and never becomes a path."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sessions.errors import RestoreAnchorError
from sessions.pack_left import left_in_pack
from sessions.pack_open import entry_file, open_pack, piece_file
from sessions.pack_verify import Outside
from sessions.record import Outcome, Second
from sessions.restore_log import RestoredLog
from tests import second_pack_reader
from tests.support.packs import Loose, Station, department, drafted, whole_session
from tests.support.sessions_station import OPERATOR, Bench

PERSON = OPERATOR.as_body()
SECOND = Second(user_id="nv09", role="chairman").as_body()
BY_STATION = {"id": "station", "role": "station"}
BINDING = {"evidence", "evidence_keys", "evidence_slot"}


@pytest.fixture(scope="module")
def station(tmp_path_factory: pytest.TempPathFactory) -> Station:
    """A station whose last entry is the session's: what is appended continues the session."""
    bench = Bench(path=tmp_path_factory.mktemp("insider") / "station.db")
    with bench.create() as store:
        session = whole_session(store)
        draft = drafted(bench, store, session)
        return Station(bench, session, b"".join(draft.chunks()), draft)


def bodies(loose: Loose, kind: str) -> list[dict[str, Any]]:
    """The bodies of a kind, in order."""
    found = [json.loads(frame.body) for frame in loose.frames]
    return [body for body in found if body["kind"] == kind]


def copy_of(body: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """An attempt like another one, without evidence, by other fields."""
    left_out = BINDING | {"seq", "origin", "at", "monotonic_ms", "boot_id", "schema", "operator"}
    return {name: value for name, value in body.items() if name not in left_out} | fields


def forged(station: Station, *entries: dict[str, Any]) -> bytes:
    """The station's pack with more entries, every checkpoint and the manifest signed by the station's own key."""
    loose = station.loose
    loose.append(*entries)
    return loose.resign(station.signer)


def codes(station: Station, data: bytes) -> set[tuple[str, int | None, object]]:
    report = station.verify(data)
    return {(each.code, each.seq, each.facts.get("why")) for each in report.findings}


def second_refuses(station: Station, data: bytes) -> bool:
    """Whether the second reader refuses a pack."""
    try:
        second_pack_reader.read(data, station.signer.key.encode())
    except second_pack_reader.RefusedError:
        return True
    return False


def test_the_pack_that_is_forged_is_sound_before(station: Station) -> None:
    assert station.verify().ok
    assert not second_refuses(station, station.data)
    more = forged(station, {"kind": "view", "what": "nothing wrong"})
    assert codes(station, more) == set()
    assert not second_refuses(station, more)


# -- names of files ------------------------------------------------------------------------------------


@pytest.mark.parametrize("schema", [1, 2])
@pytest.mark.parametrize("kind", ["/../../../out/x", "..", "key/user-added", "C:x", "con", "a\\b", ""])
def test_no_kind_becomes_a_path(station: Station, tmp_path: Path, kind: str, schema: int) -> None:
    entry = {"kind": kind, "schema": schema, "session": station.session.session_id, "text": "outside"}
    data = forged(station, entry)
    path = tmp_path / "deep" / "in" / "a.pack"
    path.parent.mkdir(parents=True)
    path.write_bytes(data)
    before = set(tmp_path.rglob("*"))
    opened = open_pack(path, path.parent / "opened", Outside(pins=station.pins, department=department()))
    assert (opened.report.code, opened.files) == ("pack-entry-form", ())
    assert set(tmp_path.rglob("*")) == before
    assert second_refuses(station, data)


def test_names_of_files_are_numbers_and_words_of_ours() -> None:
    assert entry_file(12, "attempt") == "entries/0000012-attempt.json"
    assert entry_file(12, "key") == "entries/0000012-key.json"
    for hostile in ("../x", "/x", "key/user-added", "con", "\0", "nothing"):
        assert entry_file(12, hostile) == "entries/0000012.json"
        assert piece_file(12, hostile, 7) == "evidence/0000012-7"
    assert piece_file(12, "chip-portrait", 7) == "evidence/0000012-chip-portrait"


# -- schema 1 ------------------------------------------------------------------------------------------


def test_an_entry_of_schema_1_after_one_of_schema_2_is_no_way_around(station: Station) -> None:
    session, size = station.session.session_id, station.loose.manifest.size
    attempt = bodies(station.loose, "attempt")[0]
    override = {"kind": "override", "session": session, "of": attempt["attempt"], "sbd": "001"}
    override |= {"verdict": "ADMIT", "reason": "alone"}
    shred = {"kind": "shred", "session": session, "scope": "session", "reason": "alone"}
    shred |= {"targets": [{"seq": attempt["seq"], "names": sorted(attempt["evidence"])}]}
    for entry in (override, shred, {"kind": "close", "session": session}, copy_of(attempt)):
        data = forged(station, entry | {"schema": 1})
        assert ("pack-entry-form", size, "schema") in codes(station, data)
        assert second_refuses(station, data)
    report = station.verify(forged(station, shred | {"schema": 1}))
    assert (report.outcome, report.counts["erased"]) == (Outcome.FAILED, 0)


def test_schema_1_had_four_kinds(station: Station) -> None:
    """Before any entry of schema 2 too: the whole pack is made again as one of schema 1, and only then names a kind."""
    loose = station.loose
    for at, frame in enumerate(loose.frames):
        if frame.seq == loose.manifest.first:
            break
        loose.edit(at, b'"schema":2', b'"schema":1')
    at = next(at for at, frame in enumerate(loose.frames) if frame.seq == 0)
    loose.edit(at, b'"kind":"key"', b'"kind":"spy"')
    assert ("pack-entry-form", 0, "kind") in codes(station, loose.resign(station.signer))


# -- erasure -------------------------------------------------------------------------------------------


def test_an_erasure_names_what_was_there_once_and_by_two(station: Station) -> None:
    session, size = station.session.session_id, station.loose.manifest.size
    attempt = bodies(station.loose, "attempt")[0]
    common = {"kind": "shred", "session": session, "scope": "session", "reason": "asked", "second": SECOND}
    piece = {"seq": attempt["seq"], "names": ["identity"]}
    good = common | {"targets": [piece]}
    loose = Loose.of(forged(station, good))
    del loose.members[f"evidence/{attempt['seq']}/identity"]
    sound = loose.assemble(station.signer)
    assert station.verify(sound).ok
    assert not second_refuses(station, sound)
    for targets in (
        [{"seq": size, "names": ["identity"]}],
        [{"seq": -1, "names": ["identity"]}],
        [{"seq": attempt["seq"], "names": ["none-such"]}],
        [{"seq": attempt["seq"], "names": []}],
        [{"seq": attempt["seq"]}],
        [piece, piece],
        [{"seq": attempt["seq"], "names": ["identity", "identity"]}],
        ["identity"],
    ):
        data = forged(station, common | {"targets": targets})
        assert ("pack-entry-form", size, "targets") in codes(station, data), targets
        assert second_refuses(station, data), targets
    for entry in (
        {name: value for name, value in good.items() if name != "second"},
        good | {"second": PERSON | {"proof": "password"}},
        good | {"second": SECOND | {"proof": "because"}},
    ):
        data = forged(station, entry)
        assert ("pack-entry-form", size, "second") in codes(station, data)
        assert second_refuses(station, data)
        assert station.verify(data).counts["erased"] == 0
    data = forged(station, good | {"session": "HL-20261122-77"})
    assert ("pack-entry-form", size, "targets") in codes(station, data)
    assert second_refuses(station, data)
    twice = forged(station, good, good)
    assert ("pack-entry-form", size + 1, "targets") in codes(station, twice)
    assert second_refuses(station, twice)


def test_a_restore_does_again_only_what_two_persons_erased(station: Station, tmp_path: Path) -> None:
    """An erasure that a later pack tells of, and the backup does not have."""
    session, attempt = station.session.session_id, bodies(station.loose, "attempt")[0]
    common = {"kind": "shred", "session": session, "scope": "session", "reason": "asked"}
    common |= {"targets": [{"seq": attempt["seq"], "names": ["identity"]}]}
    log = RestoredLog(station.bench.origin, {})
    path = tmp_path / "a.pack"
    path.write_bytes(forged(station, common | {"second": SECOND}))
    assert len(log.erasures(left_in_pack(path)[1], station.pins).lost) == 1
    for entry in (common, common | {"second": SECOND, "schema": 1}):
        path.write_bytes(forged(station, entry))
        with pytest.raises(RestoreAnchorError) as raised:
            log.erasures(left_in_pack(path)[1], station.pins)
        assert raised.value.facts["why"] == "shred"


# -- the course of the session -------------------------------------------------------------------------


def test_attempts_after_the_end(station: Station) -> None:
    size, attempt = station.loose.manifest.size, bodies(station.loose, "attempt")[0]
    new = copy_of(attempt, attempt="late-0001", verdict="ADMIT", reasons=[])
    late = {"verdict": "ADMIT", "operator": PERSON}
    bad = (
        (new, "after-close"),
        (new | {"operator": BY_STATION}, "by-station"),
        (new | {"operator": BY_STATION, "verdict": "REFER", "reasons": ["odd"]}, "by-station"),
        (new | {"operator": BY_STATION, "verdict": "REFER", "reasons": ["record-late"]}, "by-station"),
        (new | {"operator": BY_STATION, "reasons": ["record-late"], "late": late}, "by-station"),
        (new | {"operator": BY_STATION, "reasons": ["attempt-interrupted"]}, "by-station"),
        (
            new | {"operator": BY_STATION, "verdict": "REFER", "reasons": ["attempt-interrupted"]},
            "by-station",
        ),
        (new | {"late": late, "verdict": "REFER", "reasons": ["record-late"]}, "by-station"),
        (new | {"operator": BY_STATION, "attempt": attempt["attempt"]}, "attempt-twice"),
    )
    for entry, why in bad:
        data = forged(station, entry)
        assert ("pack-session-differs", size, why) in codes(station, data), why
        assert second_refuses(station, data), why
    good = new | {"operator": BY_STATION, "verdict": "REFER", "reasons": ["record-late", "x"], "late": late}
    data = forged(station, good)
    assert codes(station, data) == set()
    assert not second_refuses(station, data)


def test_an_attempt_that_never_began_is_listed(station: Station) -> None:
    size, attempt = station.loose.manifest.size, bodies(station.loose, "attempt")[0]
    new = copy_of(attempt, attempt="late-0001", verdict="REFER", reasons=["face-unsure"])
    found = codes(station, forged(station, new))
    assert ("pack-attempt-unbegun", size, None) in found


def test_what_a_closed_session_has_no_more_of(station: Station) -> None:
    session, size = station.session.session_id, station.loose.manifest.size
    begin = {"kind": "begin", "session": session, "attempt": "late-0001", "component": "theory"}
    leave = {"kind": "exit", "session": session, "sbd": "001", "reason": "ill"}
    back = {"kind": "re-entry", "session": session, "sbd": "001", "outcome": "ok"}
    spot = {"kind": "spot-check", "session": session, "sbd": "001", "outcome": "ok", "draw": "seat 4"}
    for entry in (begin, leave, back, spot):
        data = forged(station, entry)
        assert ("pack-session-differs", size, "after-close") in codes(station, data)
        assert second_refuses(station, data)


def test_begun_twice_and_ended_elsewhere(station: Station) -> None:
    size, attempt = station.loose.manifest.size, bodies(station.loose, "attempt")[0]
    session = station.session.session_id
    begin = {"kind": "begin", "session": session, "attempt": attempt["attempt"], "component": "theory"}
    data = forged(station, begin)
    assert ("pack-session-differs", size, "begun-twice") in codes(station, data)
    assert second_refuses(station, data)
    new = copy_of(attempt, attempt="other-0001", operator=BY_STATION, verdict="REFER")
    new |= {"reasons": ["attempt-interrupted"]}
    data = forged(station, begin | {"session": "HL-20261122-77", "attempt": "other-0001"}, new)
    assert ("pack-session-differs", size + 1, "other-session") in codes(station, data)
    assert second_refuses(station, data)


def test_what_is_named_must_be_there(station: Station) -> None:
    session, size = station.session.session_id, station.loose.manifest.size
    attempt = bodies(station.loose, "attempt")[1]
    two = {"session": session, "reason": "seen again", "second": SECOND}
    override = {"kind": "override", "sbd": "002", "verdict": "ADMIT", **two}
    correction = {"kind": "correction", **two}
    good = forged(station, override | {"of": attempt["attempt"]}, correction | {"corrects": attempt["seq"]})
    assert codes(station, good) == set()
    assert not second_refuses(station, good)
    for entry, why in (
        (override | {"of": "nothing"}, "of"),
        (correction | {"corrects": 999_999}, "corrects"),
        (correction | {"corrects": 0}, "corrects"),
        (correction | {"corrects": size}, "corrects"),
    ):
        data = forged(station, entry)
        assert ("pack-session-differs", size, why) in codes(station, data)
        assert second_refuses(station, data)


def test_a_sheet_shows_the_log_between_opening_and_print(station: Station) -> None:
    loose = station.loose
    size, printed = loose.manifest.size, bodies(loose, "print")[0]
    for wrong in (0, 1, size + 1, size + 1000):
        data = forged(station, copy_of(printed, sheet_size=wrong))
        assert ("pack-print-differs", size, None) in codes(station, data), wrong
        assert second_refuses(station, data), wrong
    assert codes(station, forged(station, copy_of(printed))) == set()
