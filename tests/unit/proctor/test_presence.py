"""A second person's own card: the registered one, and no other."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from proctor.presence import NEEDED, OwnCard
from proctor.roots import OpenRoot
from sessions.people_changes import register_card
from sessions.people_errors import PresenceError
from sessions.record import CHECK_NAMES, Second
from sessions.rules.faces import PAD_CHECKS
from tests.support.sessions_station import OPERATOR, Bench


@dataclass
class Holder:
    id_number: str


def chip(number: str) -> Any:
    return SimpleNamespace(holder=Holder(number))


def test_another_persons_card_shows_nobodys_presence(tmp_path: Path) -> None:
    bench = Bench(path=tmp_path / "station.db")
    with bench.create() as store:
        second = Second(user_id="nv02", role="chairman")
        seq = register_card(store, "001099000001", operator=OPERATOR, second=second).seq
        own = OwnCard(cast("OpenRoot", SimpleNamespace(store=store)), user="nv01", card=seq)
        assert own.require(chip("001099000001")).holder.id_number == "001099000001"
        with pytest.raises(PresenceError) as found:
            own.require(chip("001099000002"))
        assert found.value.facts == {"user": "nv01", "why": "other-card"}
        assert "001099000002" not in str(found.value)


def test_everything_but_what_this_version_lacks_has_to_pass() -> None:
    assert {str(name) for name in NEEDED} == set(CHECK_NAMES) - {"duplicate", *PAD_CHECKS, "face-search"}
