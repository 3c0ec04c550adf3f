"""The catalogue of software cards through a real PC/SC service: the same ends as in process."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

from readers.softcard.pki import training_pki
from tests.support.softcard import NOW
from tests.support.softcard_samples import EXPECTED, whole_store

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.pcsc import PrivatePcsc

pytestmark = pytest.mark.pcsc
CHOSEN = (
    "mau can-card-2024 no-ca ecdsa-aa rsa-sha256-aa ca-3des ca-two-keys p521 tdes dh im dh-im cam no-parameter-id "
    "card-access-missing mrz-only bac-only short-length lds-1 pss-signer jpeg2000 dg11-dg12 passport passport-pace-cam "
    "bare-refusals clone ca-clone aa-clone replayed-aa card-access-stripped pace-wrong-token wrong-can "
    "sm-ssc-off-by-one huge-length altered-dg2 hidden-dg15 unknown-signer revoked"
)
"""Every way of access, proof and reading, and of each kind of attack one; `INTEROP_ALL=1` takes them all."""
SLOW = {"mute", "taken", "slow", "slow-after-wrong-keys", "dropped"}
"""Their time is that of the deadline or of their delays; in process they cost nothing. A dropped answer is a mute card
here."""
ROUNDS = 4


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The training PKI and a store that trusts it."""
    made = tmp_path_factory.mktemp("catalogue")
    whole_store(made / "store", training_pki(made / "pki", now=NOW))
    return made


@pytest.mark.slow
@pytest.mark.parametrize("part", range(ROUNDS))
def test_every_sample_ends_as_in_process(private_pcsc: PrivatePcsc, folder: Path, part: int) -> None:
    expected = {name: outcome for name, outcome in EXPECTED if name not in SLOW}
    names = (sorted(expected) if os.environ.get("INTEROP_ALL") else CHOSEN.split())[part::ROUNDS]
    command = (
        "-m",
        "tests.support.pcsc_catalogue",
        "--pki",
        str(folder / "pki"),
        "--store",
        str(folder / "store"),
    )
    done = private_pcsc.run(*command, *names, timeout=280)
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [row["sample"] for row in rows] == names
    assert {row["sample"]: row["outcome"] for row in rows} == {name: expected[name] for name in names}
