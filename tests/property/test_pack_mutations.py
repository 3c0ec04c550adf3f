"""Every byte of a pack counts: flipped, cut, doubled or moved, it is refused by a code, never by a traceback."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from sessions import pack
from sessions.pack_finding import CODES
from sessions.pack_parts import join_entries
from sessions.pins import StationPins
from sessions.record import Outcome
from tests.support.packs import Loose, Station, attend, department, drafted, make_station, open_session
from tests.support.sessions_station import OPERATOR

FLIPS = int(os.environ.get("PACK_FLIPS", "500"))
"""`make soak` flips every byte."""
REFUSALS = {"pack-malformed", "pack-version-unknown", "pack-unreadable", "unknown-station", *CODES}


@pytest.fixture(scope="module")
def station(tmp_path_factory: pytest.TempPathFactory) -> Station:
    return make_station(tmp_path_factory.mktemp("station"), attempts=1)


def how_taken(station: Station, data: bytes) -> str:
    """Return how a pack is taken: "refused", or else what is wrong with the answer."""
    report = station.verify(data)
    if report.outcome is Outcome.PASSED:
        return "passed"
    if report.code not in REFUSALS:
        return f"refused by another code: {report.code}"
    if report.code in CODES and report.first_bad is None:
        return "refused, and nothing named"
    return "refused"


def places(chance: random.Random, size: int) -> list[int]:
    """All of a small file's bytes, or so many of them; always the first and last."""
    if size <= FLIPS:
        return list(range(size))
    return sorted({0, size - 1, *chance.sample(range(size), FLIPS)})


@pytest.mark.slow
def test_every_flipped_byte_is_refused(station: Station) -> None:
    chance = random.Random("flips")
    for place in places(chance, len(station.data)):
        changed = bytearray(station.data)
        changed[place] ^= 1 << chance.randrange(8)
        assert how_taken(station, bytes(changed)) == "refused", place


def test_every_flip_of_an_entry_names_that_entry(station: Station) -> None:
    """With the manifest made anew (the hashes fit, the signature cannot), the entry is still named."""
    chance = random.Random("entries")
    loose = station.loose
    for at in range(len(loose.frames)):
        for _ in range(5):
            changed = station.loose
            body = bytearray(changed.frames[at].body)
            body[chance.randrange(len(body))] ^= 1 << chance.randrange(8)
            changed.frames[at] = type(changed.frames[at])(changed.frames[at].seq, bytes(body))
            report = station.verify(changed.assemble())
            assert report.first_bad is not None
            if at:  # whoever edits entry 0 edits the station's key
                assert report.first_bad.seq == changed.frames[at].seq
                assert report.code in {"pack-entry-changed", "pack-entry-foreign", "pack-entry-missing"}


@pytest.mark.slow
def test_cuts_and_additions_are_refused(station: Station) -> None:
    chance = random.Random("cuts")
    for _ in range(120):
        start = chance.randrange(len(station.data))
        end = min(len(station.data), start + chance.randrange(1, 200))
        cut, doubled = station.data[:start] + station.data[end:], station.data[:end] + station.data[start:]
        assert how_taken(station, cut) == "refused", ("cut", start, end)
        assert how_taken(station, doubled) == "refused", ("doubled", start, end)
        assert how_taken(station, station.data[:start]) == "refused", ("short", start)


def test_a_cut_within_the_entries_names_the_first_that_is_not_whole(station: Station) -> None:
    """In its number, its length, its body; with the pinned key and without: the number follows from checkpoints."""
    place = station.data.index(station.loose.members[pack.ENTRIES])
    for frame in station.loose.frames:
        length = len(join_entries([frame]))
        for at in (*range(place, place + 14), *range(place + 14, place + length, 37), place + length - 1):
            report = station.verify(station.data[:at])
            found = report.first_bad
            assert found is not None
            assert (report.outcome, report.code, found.code) == (
                Outcome.FAILED,
                found.code,
                "pack-truncated",
            ), at
            assert (found.seq, found.member) == (frame.seq, pack.ENTRIES), at
            assert [each.code for each in report.findings if each.severity == "altered"] == [found.code], at
        place += length
    stranger = station.verify(station.data[: place - 1], pins=StationPins())
    assert stranger.first_bad is not None
    assert stranger.first_bad.seq == station.loose.frames[-1].seq


def test_a_cut_behind_the_sessions_entries_names_the_key_entry(tmp_path: Path) -> None:
    station = make_station(tmp_path, attempts=1)
    with station.bench.open() as store:
        for user in ("nv03", "nv04"):
            body = {"event": "user-added", "user": user, "role": "auditor"}
            store.append("key", body, {"identity": b"{}"}, operator=OPERATOR)
            attend(store, open_session(store), 1)
        data = b"".join(drafted(station.bench, store, station.session).chunks())
    loose = Loose.of(data)
    place = data.index(loose.members[pack.ENTRIES])
    behind = 0
    for frame in loose.frames:
        found = station.verify(data[: place + 5]).first_bad
        assert found is not None
        assert (found.code, found.seq) == ("pack-truncated", frame.seq)
        place += len(join_entries([frame]))
        behind += frame.seq > loose.manifest.last
    assert behind == 2


def test_a_cut_within_another_list_names_the_list(station: Station) -> None:
    for name in (pack.CHECKPOINTS, pack.PROOF):
        content = station.loose.members[name]
        place = station.data.index(content)
        for at in range(place, place + len(content), 31):
            report = station.verify(station.data[:at])
            found = report.first_bad
            assert found is not None
            assert (report.code, found.code, found.member) == ("pack-truncated", "pack-truncated", name), at


def test_what_is_wrong_before_a_cut_comes_first(station: Station) -> None:
    loose = station.loose
    at = loose.at("begin")
    loose.frames[at], loose.frames[at + 1] = loose.frames[at + 1], loose.frames[at]
    data = loose.assemble()
    entries = join_entries(loose.frames)
    found = station.verify(data[: data.index(entries) + len(entries) - 5]).first_bad
    assert found is not None
    assert (found.code, found.seq) == ("pack-entry-reordered", station.loose.frames[at].seq)


def test_members_exchanged_emptied_or_left_out_are_refused(station: Station) -> None:
    names = list(station.loose.members)
    for first in names:
        for second in names:
            if first >= second:
                continue
            loose = station.loose
            members = loose.members
            if {first, second} & {pack.ENTRIES, pack.CHECKPOINTS, pack.PROOF}:
                continue
            members[first], members[second] = members[second], members[first]
            for signer in (None, station.signer):
                data = loose.assemble(signer)
                report = station.verify(data, department=department())
                assert report.outcome is Outcome.FAILED, (first, second)
    for name in names:
        for content in (b"", b"\0" * 40):
            loose = station.loose
            loose.members[name] = content
            loose.frames = [] if name == pack.ENTRIES else loose.frames
            loose.notes = [] if name == pack.CHECKPOINTS else loose.notes
            loose.proof = [] if name == pack.PROOF else loose.proof
            report = station.verify(loose.assemble(station.signer), department=department())
            assert report.outcome is Outcome.FAILED, (name, content)


def test_random_edits_of_the_entries_signed_again_by_a_stranger(station: Station) -> None:
    """Deleted, doubled, exchanged, edited; then every checkpoint and the manifest by another key of that name."""
    from sessions.checkpoint import Signer
    from sessions.pack_parts import Frame

    chance = random.Random("stranger")
    stranger = Signer(station.bench.origin, bytes(range(32)))
    for _ in range(60):
        loose = station.loose
        loose.edit(0, station.signer.key.encode().encode(), stranger.key.encode().encode())
        inside = [at for at, frame in enumerate(loose.frames) if loose.inside(frame.seq)]
        one, two = chance.sample(inside, 2)
        edit = chance.choice(("exchange", "repeat", "edit"))
        if edit == "exchange":
            loose.swap_bodies(one, two)
        elif edit == "repeat":
            loose.frames[one] = Frame(loose.frames[one].seq, loose.frames[two].body)
        else:
            body = bytearray(loose.frames[one].body)
            body[chance.randrange(len(body))] ^= 1
            loose.frames[one] = Frame(loose.frames[one].seq, bytes(body))
        report = station.verify(loose.resign(stranger))
        assert report.outcome is Outcome.FAILED
        assert report.code == "station-key-mismatch"
