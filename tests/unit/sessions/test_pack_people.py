"""A pack shows both persons' signatures: whoever has only the station's key adds no entry of two persons."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sessions.checkpoint import Signer
from sessions.record import Operator, Second
from tests import second_pack_reader
from tests.support.packs import Station, drafted, whole_session
from tests.support.sessions_station import OPERATOR, Bench

BY = replace(OPERATOR, signer=Signer("nv01", b"1" * 32))
OTHER = Signer("nv09", b"9" * 32)
SECOND = Second(user_id="nv09", role="chairman", signer=OTHER)


def added(user: Operator, key: Signer) -> dict[str, Any]:
    return {"event": "user-added", "user": user.user_id, "role": user.role, "vkey": key.key.encode()}


@pytest.fixture(scope="module")
def station(tmp_path_factory: pytest.TempPathFactory) -> Station:
    bench = Bench(path=tmp_path_factory.mktemp("people") / "station.db")
    with bench.create() as store:
        chair = Operator(user_id="nv09", role="chairman")
        store.append("key", added(BY, Signer("nv01", b"1" * 32)), {"identity": b"{}"}, operator=BY)
        store.append("key", added(chair, OTHER), {"identity": b"{}"}, operator=BY)
        session = whole_session(store)
        hold = {"session": session.session_id, "event": "placed", "reason": "specimen"}
        store.append("hold", hold, operator=BY, second=SECOND)
        draft = drafted(bench, store, session)
        return Station(bench, session, b"".join(draft.chunks()), draft)


def hold_of(station: Station) -> dict[str, Any]:
    found = [json.loads(frame.body) for frame in station.loose.frames]
    return next(body for body in found if body["kind"] == "hold")


def forged(station: Station, **changes: Any) -> bytes:
    left = {"seq", "origin", "at", "monotonic_ms", "boot_id", "schema"}
    body = {name: value for name, value in hold_of(station).items() if name not in left}
    whole = {name: value for name, value in {**body, **changes}.items() if value is not None}
    loose = station.loose
    loose.append(whole)
    return loose.resign(station.signer)


def test_what_both_signed_is_sound(station: Station) -> None:
    assert station.verify().ok
    second_pack_reader.read(station.data, station.signer.key.encode())


@pytest.mark.parametrize(
    "changes",
    [{}, {"signatures": None}, {"reason": "another"}],
    ids=["copied", "unsigned", "under another text"],
)
def test_what_both_did_not_sign_is_found(station: Station, tmp_path: Path, changes: dict[str, Any]) -> None:
    data = forged(station, **changes)
    found = {(each.code, each.facts.get("why")) for each in station.verify(data).findings}
    assert ("pack-entry-form", "signature") in found
    with pytest.raises(second_pack_reader.RefusedError):
        second_pack_reader.read(data, station.signer.key.encode())
