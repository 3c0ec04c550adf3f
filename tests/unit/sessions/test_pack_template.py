"""Templates stay at the station: a pack is whole without them, and not good with one."""

from __future__ import annotations

from pathlib import Path

from tests import second_pack_reader
from tests.support.face_templates import come, face
from tests.support.packs import Loose, department, drafted, open_session, verified
from tests.support.sessions_station import Bench


def test_a_pack_is_whole_without_templates_and_not_good_with_one(tmp_path: Path) -> None:
    bench = Bench(path=tmp_path / "station.db")
    with bench.create() as store:
        session = open_session(store)
        seq = come(store, session, "001", face(1), face(1, 7), more={"live-portrait": b"\xff\xd8"})
        template = store.sealed(seq, "template").ciphertext
        draft = drafted(bench, store, session, sheets=())
        data = b"".join(draft.chunks())
    for outside in ({}, {"department": department()}):
        report = verified(data, pins=bench.pins, **outside)
        assert report.ok, report
    loose = Loose.of(data)
    assert [name for name in loose.members if name.startswith(f"evidence/{seq}/")] == [
        f"evidence/{seq}/live-portrait"
    ]
    assert template not in data
    key = bench.bundle.signer(bench.origin)
    manifest, entries, _ = second_pack_reader.read(data, key.key.encode())
    assert manifest["session"] == session.session_id
    assert b'"template"' in entries[seq]  # the body binds its ciphertext all the same
    loose.members[f"evidence/{seq}/template"] = template
    report = verified(loose.assemble(key), pins=bench.pins)
    assert not report.ok
    assert ("pack-evidence-unbound", seq) in [(found.code, found.seq) for found in report.findings]
