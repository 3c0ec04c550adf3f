"""Every sample of the catalogue, read with the real reader: each ends as said here, none with a traceback."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from readers.errors import ReaderError
from readers.softcard.chip import SoftCard
from readers.softcard.in_process import CardSlot, InProcessConnection
from readers.softcard.pki import TrainingPki, training_pki
from readers.softcard.samples import (
    UnknownSampleError,
    catalogue,
    require_sample,
    sample_card,
    sample_holder,
    samples,
)
from readers.softcard.tables import TableError, read_record
from tests.support.softcard import NOW, fake_jpeg
from tests.support.softcard_samples import EXPECTED, image_of, keys_of, outcome_of, read_chip, whole_store

if TYPE_CHECKING:
    from readers.emrtd.pki.store import TrustStore


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> TrainingPki:
    return training_pki(tmp_path_factory.mktemp("pki"), now=NOW)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory, pki: TrainingPki) -> TrustStore:
    return whole_store(tmp_path_factory.mktemp("store") / "s", pki)


def test_every_sample_is_expected_and_described() -> None:
    assert sorted(name for name, _ in EXPECTED) == sorted(catalogue())
    for language in ("vi", "en"):
        assert all(text and "\n" not in text for text in samples(language).values())


@pytest.mark.parametrize(("name", "outcome"), EXPECTED)
def test_sample(name: str, outcome: str, pki: TrainingPki, store: TrustStore) -> None:
    assert outcome_of(name, pki, store) == outcome


def test_unknown_sample(pki: TrainingPki) -> None:
    with pytest.raises(UnknownSampleError):
        sample_card("nobody", b"", pki, now=NOW)


@pytest.mark.parametrize(
    ("table", "key"),
    [
        ({"about": "x", "vi": "x", "colour": 1}, "s.colour"),
        ({"about": "x", "vi": "x", "faults": {"pace": "tired"}}, "s.faults.pace"),
        ({"about": "x", "vi": "x", "faults": {"incidents": ["sneeze@3"]}}, "s.faults.incidents"),
        (
            {"about": "x", "vi": "x", "faults": {"incidents": [{"kind": "drop"}]}},
            "s.faults.incidents.at_command",
        ),
        ({"about": "x", "vi": "x", "chip": {"pace": ["ecdh-gm:rot13:13"]}}, "s.chip.pace"),
        ({"about": 1, "vi": "x"}, "s.about"),
        (5, "s"),
    ],
)
def test_rows_with_unknown_keys_or_values_are_refused_by_name(table, key: str) -> None:
    from readers.softcard.samples import Sample

    with pytest.raises(TableError) as caught:
        read_record(Sample, table, "s")
    assert caught.value.key == key


def test_a_card_that_was_lifted_comes_back_and_is_read_on(pki: TrainingPki, store: TrustStore) -> None:
    clock = Clock()
    slot = CardSlot(SoftCard(image_of("lifted", pki)), monotonic=clock.now, sleep=clock.sleep)
    chip = read_chip(
        slot.connect(),
        keys_of("lifted"),
        store,
        reconnect=lambda: slot.connect(20.0),
        fresh_challenge=lambda: bytes(range(8)),
    )
    assert chip.chip.proven_by.startswith("ca+aa")
    assert clock.now() >= 2.0


@pytest.mark.parametrize("name", ["lifted-and-changed", "lifted-for-another"])
def test_another_card_put_back_is_not_read_on(pki: TrainingPki, store: TrustStore, name: str) -> None:
    clock = Clock()
    other = SoftCard(image_of(require_sample(name).replaced_by, pki))
    slot = CardSlot(SoftCard(image_of(name, pki)), replacement=other, monotonic=clock.now, sleep=clock.sleep)
    with pytest.raises(ReaderError) as caught:
        read_chip(
            slot.connect(),
            keys_of(name),
            store,
            reconnect=lambda: slot.connect(20.0),
            fresh_challenge=lambda: bytes(range(8)),
        )
    assert caught.value.code != "card-lost"


def test_holders_do_not_exist(pki: TrainingPki) -> None:
    numbers = {sample_holder(name, today=NOW.date()).id_number for name in catalogue()}
    assert numbers == {"001099000001", "001199000002"}


def test_an_image_shows_nothing_of_its_holder_or_keys(pki: TrainingPki) -> None:
    image = sample_card("passport-pace-cam", fake_jpeg(), pki, now=NOW)
    shown = repr(image)
    for secret in (image.can, image.mrz_information, str(image.static_key), "NGUYEN"):
        assert secret not in shown


def test_a_connection_is_needed_after_the_card_is_gone(pki: TrainingPki) -> None:
    connection = InProcessConnection(SoftCard(image_of("mau", pki)))
    connection.close()
    with pytest.raises(ReaderError):
        connection.transceive(b"\0\xa4\x02\x0c\x02\x01\x1c")


class Clock:
    """Time that passes only by waiting."""

    def __init__(self) -> None:
        self._now = 0.0

    def now(self) -> float:
        return self._now

    def sleep(self, seconds: float) -> None:
        self._now += seconds
