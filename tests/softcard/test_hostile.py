"""Hostile and broken cards, sample by sample and fault by fault: each ends with its code, none with a traceback."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from readers.emrtd.access_key import Can
from readers.errors import CardLostError, CardMuteError, ReaderError
from readers.softcard.chip import SoftCard
from readers.softcard.faults import Faults
from readers.softcard.in_process import InProcessConnection
from readers.softcard.personalise import personalise
from readers.softcard.pki import TrainingPki, training_pki
from readers.softcard.samples import sample_card, sample_holder
from tests.support.softcard import NOW, connect, fake_jpeg, read_all, read_and_verify, trust_store

if TYPE_CHECKING:
    from readers.emrtd.pki.store import TrustStore

HOLDER = sample_holder("mau", today=NOW.date())
KEY = HOLDER.number.can


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> TrainingPki:
    return training_pki(tmp_path_factory.mktemp("pki"), now=NOW)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory, pki: TrainingPki) -> TrustStore:
    return trust_store(tmp_path_factory.mktemp("store") / "s", pki)


@pytest.fixture(scope="module")
def image(pki: TrainingPki):
    return personalise(HOLDER, fake_jpeg(), pki, now=NOW)


def outcome(image, store: TrustStore, key=KEY) -> str:
    try:
        return read_and_verify(image, key, store).chip.proven_by
    except ReaderError as error:
        return error.code


@pytest.mark.parametrize(
    "fault", ["wrong-mac", "no-mac", "no-status", "status-mismatch", "bad-padding", "unprotected"]
)
@pytest.mark.parametrize("after", [0, 1, 5, 20])
def test_answers_that_are_not_protected_rightly(image, store: TrustStore, fault: str, after: int) -> None:
    spoilt = replace(image, faults=Faults(answer=fault, answer_after=after))
    assert outcome(spoilt, store) == "sm-failed"


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ("short", "ca+aa"),
        ("empty", "chip-malformed"),
        ("repeated", "pa-dg-hash"),
        ("too-much", "chip-malformed"),
        ("status", "chip-status"),
    ],
)
def test_reads_that_give_other_than_asked(image, store: TrustStore, fault: str, code: str) -> None:
    assert outcome(replace(image, faults=Faults(read=fault)), store) == code


@pytest.mark.parametrize("fault", ["replayed", "truncated", "refused"])
def test_failed_proofs(image, store: TrustStore, fault: str) -> None:
    assert outcome(replace(image, faults=Faults(proof=fault)), store) == "aa-failed"


@pytest.mark.parametrize("octets", [65_531, 70_000, 2**31, 2**32 - 1])
def test_announced_length_is_capped(pki: TrainingPki, store: TrustStore, octets: int) -> None:
    image = personalise(HOLDER, fake_jpeg(), pki, now=NOW, faults=Faults(announced_octets=octets))
    assert outcome(image, store) == "chip-file-too-large"


def test_announced_length_beyond_the_file(pki: TrainingPki, store: TrustStore) -> None:
    image = personalise(HOLDER, fake_jpeg(), pki, now=NOW, faults=Faults(announced_octets=60_000))
    assert outcome(image, store) == "chip-malformed"


@pytest.mark.parametrize("name", ["DG1", "DG2", "SOD"])
def test_missing_files(pki: TrainingPki, store: TrustStore, name: str) -> None:
    image = personalise(HOLDER, fake_jpeg(), pki, now=NOW, faults=Faults(hidden=frozenset({name})))
    assert outcome(image, store) == "chip-file-missing"


def test_national_details_that_are_withheld_are_no_gate_but_are_named(pki: TrainingPki) -> None:
    image = personalise(HOLDER, fake_jpeg(), pki, now=NOW, faults=Faults(hidden=frozenset({"DG13"})))
    assert read_all(connect(image), KEY).chip.facts["not_read"] == "DG3 DG13"


def test_missing_card_access_and_com_are_survived(pki: TrainingPki, store: TrustStore) -> None:
    faults = Faults(hidden=frozenset({"CardAccess", "COM"}))
    image = personalise(HOLDER, fake_jpeg(), pki, now=NOW, faults=faults)
    steps = read_all(connect(image), KEY)
    assert steps.opened.access.card_access == "assumed"
    assert steps.keys.facts["com"] == "absent"


@pytest.mark.parametrize("number", [14, 15])
def test_key_files_hidden_from_com_are_read_all_the_same(pki: TrainingPki, number: int) -> None:
    image = personalise(HOLDER, fake_jpeg(), pki, now=NOW, faults=Faults(unlisted=frozenset({number})))
    steps = read_all(connect(image), KEY)
    assert steps.keys.facts["com_lacks"] == f"DG{number}"
    assert steps.genuine.proven_by == "ca+aa"


def test_withheld_key_is_in_the_facts(pki: TrainingPki) -> None:
    image = sample_card("hidden-dg15", fake_jpeg(), pki, now=NOW)
    assert read_all(connect(image), KEY).keys.facts["withheld"] == "DG15"


@pytest.mark.parametrize("octets", [0, 1, 5000, 13_000])
def test_pulled_card_stays_lost_until_it_is_put_back(image, octets: int) -> None:
    card = SoftCard(replace(image, faults=Faults(pulled_at=octets)))
    connection = InProcessConnection(card)
    reader = connect(replace(image, faults=Faults(pulled_at=octets)))
    with pytest.raises(CardLostError):
        read_all(reader, KEY)
    if octets == 0:
        for _ in range(2):
            with pytest.raises(CardLostError):
                connection.transceive(b"\0\xa4\x02\x0c\x02\x01\x1c")


def test_mute_card_stays_mute(image) -> None:
    connection = InProcessConnection(SoftCard(replace(image, faults=Faults(mute_at=0))))
    for _ in range(2):
        with pytest.raises(CardMuteError):
            connection.transceive(b"\0\xa4\x02\x0c\x02\x01\x1c")


def test_closed_connection(image) -> None:
    connection = InProcessConnection(SoftCard(image))
    connection.close()
    with pytest.raises(CardLostError):
        connection.transceive(b"\0\xa4\x02\x0c\x02\x01\x1c")


def test_wrong_number_four_times_then_nothing_is_sent(image) -> None:
    reader = connect(image)
    codes = []
    for _ in range(5):
        with pytest.raises(ReaderError) as caught:
            reader.open(Can("999999"))
        codes.append(caught.value.code)
    assert codes == ["access-wrong-key"] * 4 + ["access-tries-exhausted"]
